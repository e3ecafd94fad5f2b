"""The nights that were taken back, for `verify` to name and for `doctor` not to wonder about."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select

from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Status
from testing_tracker.store.tables import AuditEntry, Draw, Participant, TakingBack
from testing_tracker.store.work import Work, as_json

Found = tuple[date, str, str]


@dataclass(frozen=True)
class NightsTakenBack:
    """Nights that do not count, by their days, with who took them back, when (UTC) and why."""

    first_day: date
    last_day: date
    recorded_at: datetime
    recorded_by: str
    reason: str


def taken_back(work: Work) -> list[NightsTakenBack]:
    """All that were ever taken back at the facility, in the order in which that was done."""
    rows = work.session.exec(
        select(TakingBack).where(TakingBack.facility_id == work.facility_id).order_by(col(TakingBack.id))
    )
    return [NightsTakenBack(row.first_day, row.last_day, row.recorded_at, row.recorded_by, row.reason) for row in rows]


def keep_as_it_was_made(work: Work, draw: Draw) -> None:
    """Have the audit table keep a draw whose night is taken back, because no run decides it again."""
    said = _as_it_was_made(draw)
    work.on_record(Act.DRAW_TAKE_BACK, draw=draw, **said)


def _as_it_was_made(draw: Draw) -> dict[str, Any]:
    return {
        "due_on": draw.due_on,
        "kind": str(draw.kind),
        "version": draw.schedule_version_id,
        "panel": draw.panel,
        "made_at": draw.recorded_at.isoformat(),
        "taken_back": draw.taken_back_id,
    }


def changed_remains(work: Work) -> Iterator[Found]:
    """Draws of nights that were taken back which are not as they were then."""
    said = (
        select(AuditEntry.detail)
        .where(AuditEntry.draw_id == Draw.id, AuditEntry.act == Act.DRAW_TAKE_BACK)
        .order_by(col(AuditEntry.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = work.session.exec(
        select(Draw, Participant.code, said)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(Participant.facility_id == work.facility_id, col(Draw.taken_back_id).is_not(None))
        .order_by(col(Draw.due_on), col(Draw.id))
    )
    for draw, code, detail in rows:
        is_free = draw.ordered_for is None and not (draw.expected or draw.unable or draw.late)
        if draw.status != Status.CANCELLED or not is_free or as_json(_as_it_was_made(draw)) != detail:
            yield draw.due_on, code, "the draw of a night that was taken back is not as it was then"
    lost = work.session.exec(
        select(AuditEntry, col(Participant.code))
        .join(Participant, col(Participant.id) == AuditEntry.participant_id)
        .join(Draw, col(Draw.id) == AuditEntry.draw_id, isouter=True)
        .where(
            AuditEntry.facility_id == work.facility_id,
            AuditEntry.act == Act.DRAW_TAKE_BACK,
            or_(col(Draw.id).is_(None), col(Draw.participant_id).is_distinct_from(col(AuditEntry.participant_id))),
        )
        .order_by(col(AuditEntry.id))
    )
    for entry, code in lost:
        day = date.fromisoformat(json.loads(entry.detail or "{}")["due_on"])
        yield day, code, "the draw of a night that was taken back is on record no more"
