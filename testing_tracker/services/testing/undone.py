"""Slips of a log session that were undone in it and on its day: kept, and shown only where all is asked for.

Something that is undone on a later day, or after it was printed, is a correction like any other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Decision
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import AuditEntry, Draw, Evidence, Recommendation

_TYPED = (Act.RESULT_LOG, Act.DRAW_MISSED, Act.DRAW_REFUSED)


@dataclass(frozen=True)
class Slip:
    """What was typed by mistake for a draw, and taken back by whom and when (UTC)."""

    due_on: date
    said: str
    undone_at: datetime
    undone_by: str


def is_same_day(acting: Acting, typed_at: datetime) -> bool:
    """Whether a line was typed on the facility's day that it is now."""
    return typed_at.astimezone(acting.zone).date() == acting.now.astimezone(acting.zone).date()


def mark_recommendation(session: Session, acting: Acting, number: int | None, draw: Draw) -> None:
    """Keep a recommendation out of sight that a slip raised today and that went with it; any other stays in sight."""
    recommendation = session.get(Recommendation, number) if number is not None else None
    if recommendation is None or recommendation.status != Decision.WITHDRAWN:
        return
    others = select(Evidence.id).where(Evidence.recommendation_id == number, Evidence.draw_id != draw.id)
    if session.exec(others).first() is None and is_same_day(acting, recommendation.raised_at):
        recommendation.undone = True
        session.add(recommendation)
        session.flush()


def slips_of(session: Session, participant_id: int, zone: tzinfo) -> list[Slip]:
    """A participant's slips that were undone on their day, oldest first."""
    rows = session.exec(
        select(AuditEntry, Draw)
        .join(Draw, col(Draw.id) == AuditEntry.draw_id)
        .where(AuditEntry.participant_id == participant_id, col(AuditEntry.act).in_((*_TYPED, Act.LOG_UNDO)))
        .order_by(col(AuditEntry.id))
    )
    typed: dict[int, AuditEntry] = {}
    slips = []
    for entry, draw in rows:
        if entry.act != Act.LOG_UNDO:
            typed[id_of(draw)] = entry
        elif (slip := typed.pop(id_of(draw), None)) is not None and _on_one_day(slip, entry, zone):
            said = str(json.loads(entry.detail or "{}").get("undone", slip.act))
            slips.append(Slip(draw.due_on, said, entry.at, entry.account))
    return slips


def without_slips(entries: Sequence[AuditEntry], zone: tzinfo) -> list[AuditEntry]:
    """The acts on draws, in their order, without those that were undone on their day, and without the undoing.

    What was typed before these acts begin, and undone among them, stays: it was in sight.
    """
    hidden: set[int] = set()
    typed: dict[int | None, AuditEntry] = {}
    goes_back: set[int | None] = set()
    for entry in sorted(entries, key=id_of):
        if (
            entry.act == Act.LOG_UNDO
            and (slip := typed.pop(entry.draw_id, None)) is not None
            and _on_one_day(slip, entry, zone)
        ):
            hidden |= {id_of(slip), id_of(entry)}
            goes_back.add(entry.draw_id)
        elif entry.draw_id in goes_back and entry.act.startswith("draw "):
            hidden.add(id_of(entry))  # the draw is what it was before
            goes_back.discard(entry.draw_id)
        elif entry.act in _TYPED:
            typed[entry.draw_id] = entry
    return [entry for entry in entries if id_of(entry) not in hidden]


def _on_one_day(typed: AuditEntry, undone: AuditEntry, zone: tzinfo) -> bool:
    return typed.at.astimezone(zone).date() == undone.at.astimezone(zone).date()
