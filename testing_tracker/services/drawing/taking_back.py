"""Takes back nights that were made while a clock was ahead, so that their days can be drawn when they come.

A run takes the clock's word for the day, and closes all before it. What it did is undone as far as it was the run's own
doing: its nights move to a table of their own, its draws do not count any more, and what it closed is open again or,
where the day is over by now, unrecorded. What a person has recorded of such a night is nobody's to undo, and refused by
name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import Because, because_in
from testing_tracker.rules.keeping.acts import LEADS_TO, Act
from testing_tracker.rules.people.permitted import TAKE_BACK_NIGHTS
from testing_tracker.rules.words import DrawKind, RecommendationStatus, Status
from testing_tracker.services.check_in.ending import day_counts, drawn_late
from testing_tracker.services.check_in.ending.day_ends import LAST_CHECK_IN
from testing_tracker.services.deciding.case import decided_on
from testing_tracker.services.drawing import keys, known_to_key
from testing_tracker.services.drawing.keys import Rotated
from testing_tracker.services.people import staff
from testing_tracker.services.reporting import outbox
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.services.testing.settling import bring_in_line
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.queries import id_of, newest
from testing_tracker.store.tables import (
    AuditEntry,
    CheckIn,
    Closing,
    Draw,
    Evidence,
    Night,
    NightTakenBack,
    Participant,
    Pool,
    Recommendation,
    TakingBack,
)
from testing_tracker.store.work import Work

_MOST_NAMED = 5


@dataclass(frozen=True)
class Ahead:
    """The nights that were made ahead of today, with the gaps that their runs recorded; `runs` are the days drawn."""

    first_day: date
    last_day: date
    nights: int
    runs: tuple[date, ...]


@dataclass(frozen=True)
class Reopened:
    """A draw that such a night had closed: what it was closed as, and what it is again."""

    participant: str
    due_on: date
    earlier: Status
    status: Status


@dataclass(frozen=True)
class TakenBack:
    """What was taken back; `draws` counts the draws that these nights had made, `key` draws from now on.

    `decided` are the recommendations, by number, that a clinician decided on with a draw that is restored as evidence.
    """

    ahead: Ahead
    draws: int
    restored: list[Reopened]
    decided: list[int]
    key: Rotated


@dataclass(frozen=True)
class NightsTakenBack:
    """Nights that do not count, by their days, with who took them back, when (UTC) and why."""

    first_day: date
    last_day: date
    recorded_at: datetime
    recorded_by: str
    reason: str


def nights_ahead(work: Work) -> Ahead:
    """The nights ahead, which would be taken back. It is a manager's to do.

    Raises TestingTrackerError where no night is later than today, and where somebody has recorded something of one.
    """
    staff.admit(work, TAKE_BACK_NIGHTS)
    last_good = select(func.max(Night.id)).where(
        Night.facility_id == work.facility_id, Night.day <= work.today, col(Night.ran)
    )
    after = work.session.exec(last_good).one() or 0
    nights = work.session.exec(
        select(Night).where(Night.facility_id == work.facility_id, col(Night.id) > after).order_by(col(Night.day))
    ).all()
    runs = tuple(night.day for night in nights if night.ran)
    if not runs:
        raise TestingTrackerError(
            f"No night later than today, {work.today}, is on record; there is nothing to take back. If today is "
            "another day, put the machine's clock right."
        )
    found = Ahead(nights[0].day, nights[-1].day, len(nights), runs)
    _refuse_what_is_recorded(work, found)
    return found


def take_back(work: Work, key_file: KeyFile, reason: str, expected: Ahead | None = None) -> TakenBack:
    """Take back the nights later than today, and begin a new key, because what they drew has been seen.

    `expected` are those that somebody has said yes to. Raises TestingTrackerError where they are others now, and where
    `nights_ahead` does.
    """
    ahead = nights_ahead(work)
    if expected is not None and ahead != expected:
        raise TestingTrackerError("Other nights are on record now than a moment ago. Look, and say it again.")
    by_them = _by_the_runs(work, ahead)
    touched = _touched(work, ahead, by_them)
    row, key = _begin_anew(work, key_file, ahead, reason)
    draws = _out_of_the_draws(work, ahead, row)
    restored, decided = _restore(work, by_them, touched)
    drawn_late.forget_since(work, row.closed_from)
    day_counts.forget_since(work, row.closed_from)
    _forget_deliveries(work)
    work.on_record(
        Act.NIGHT_TAKE_BACK,
        reason=reason,
        first_day=ahead.first_day,
        last_day=ahead.last_day,
        nights=ahead.nights,
        draws=draws,
        restored=len(restored),
        **_with_check_ins(work),
    )
    work.session.flush()
    return TakenBack(ahead, draws, restored, decided, key)


def _with_check_ins(work: Work) -> dict[str, Any]:
    """Up to which check-in they are those of the clock that was ahead; nothing where there never was one."""
    last = work.session.exec(select(func.max(CheckIn.id))).one()
    return {LAST_CHECK_IN: last} if last is not None else {}


def _begin_anew(work: Work, key_file: KeyFile, ahead: Ahead, reason: str) -> tuple[TakingBack, Rotated]:
    """Move the nights to their own table, and begin the key that the days are drawn by when they come."""
    row = TakingBack(
        facility_id=work.facility_id,
        first_day=ahead.first_day,
        last_day=ahead.last_day,
        closed_from=ahead.first_day - timedelta(days=1),
        last_pool_id=work.session.exec(select(func.max(Pool.id))).one() or 0,
        last_closing_id=work.session.exec(select(func.max(Closing.id))).one() or 0,
        last_draw_id=work.session.exec(select(func.max(Draw.id))).one() or 0,
        key_chain_id=0,
        reason=reason,
    )
    moved = _out_of_the_nights(work, ahead)
    key = keys.rotate(work, key_file, f"nights of a clock that was ahead were taken back: {reason}")
    known_to_key.tell(work, key_file)
    row.key_chain_id = id_of(keys.chains(work.session, work.facility_id)[-1])
    work.write(row)
    for night in moved:
        night.taking_back_id = id_of(row)
        work.add(night)
    work.session.flush()
    return row, key


def _by_the_runs(work: Work, ahead: Ahead) -> ColumnElement[bool]:
    """The condition that an audit entry is one of these runs' own: it is of a page of the ledger that is theirs."""
    pages = work.session.exec(
        select(Pool.last_page_id)
        .where(Pool.facility_id == work.facility_id, Pool.day >= ahead.first_day)
        .distinct()
        .order_by(col(Pool.last_page_id))
    ).all()
    spans = []
    for page in pages:
        after = ledger.known_at_page(work.session, page)["audit_entry"]
        up_to = ledger.known_after_page(work.session, work.facility_id, page)
        spans.append(
            and_(col(AuditEntry.id) > after, col(AuditEntry.id) <= (up_to or {"audit_entry": after})["audit_entry"])
        )
    return or_(*spans) & (col(AuditEntry.facility_id) == work.facility_id)


def _of_the_days(work: Work, ahead: Ahead) -> ColumnElement[bool]:
    people = select(Participant.id).where(Participant.facility_id == work.facility_id)
    return col(Draw.participant_id).in_(people) & col(Draw.due_on).between(ahead.first_day, ahead.last_day)


def _refuse_what_is_recorded(work: Work, ahead: Ahead) -> None:
    """Raise TestingTrackerError for a draw of these days that somebody ordered, or said something of.

    One that a discharge cancelled says nothing of the day.
    """
    by_a_person = exists().where(col(AuditEntry.draw_id) == Draw.id, ~_by_the_runs(work, ahead))
    standing = (col(Draw.status) != Status.CANCELLED) & col(Draw.taken_back_id).is_(None)
    decided = exists().where(
        col(Evidence.draw_id) == Draw.id,
        col(Evidence.withdrawn_at).is_(None),
        col(Recommendation.id) == Evidence.recommendation_id,
        col(Recommendation.status).in_((RecommendationStatus.ACCEPTED, RecommendationStatus.DECLINED)),
    )
    made = col(Draw.kind).in_((DrawKind.FIXED, DrawKind.RANDOM))
    found = work.session.exec(
        select(col(Participant.code), col(Draw.due_on))
        .join(Draw, col(Draw.participant_id) == Participant.id)
        .where(_of_the_days(work, ahead), or_(standing & by_a_person, ~made, decided))
        .order_by(col(Draw.due_on), col(Participant.code_key))
    ).all()
    if found:
        named = ", ".join(f"{code} on {day}" for code, day in found[:_MOST_NAMED])
        more = f" and {len(found) - _MOST_NAMED} more" if found[_MOST_NAMED:] else ""
        raise TestingTrackerError(
            f"Something was recorded of these nights, which cannot be taken back: {named}{more}. Bring back the last "
            "backup from before them (docs/operations.md), and record there what is known since."
        )


def _touched(work: Work, ahead: Ahead, by_them: ColumnElement[bool]) -> list[tuple[Draw, int]]:
    """The draws of earlier days whose last act was these runs', each with the newest entry before theirs."""
    first = work.session.exec(select(func.min(AuditEntry.id)).where(by_them)).one() or 0
    acts = (
        sa_select(col(AuditEntry.draw_id), func.max(col(AuditEntry.id)).label("entry_id"))
        .where(col(AuditEntry.facility_id) == work.facility_id, col(AuditEntry.act).in_(tuple(LEADS_TO)))
        .group_by(col(AuditEntry.draw_id))
        .subquery()
    )
    draws = work.session.exec(
        select(Draw)
        .join(acts, acts.c.draw_id == Draw.id)
        .join(AuditEntry, col(AuditEntry.id) == acts.c.entry_id)
        .where(by_them, Draw.due_on < ahead.first_day)
        .order_by(col(Draw.due_on), col(Draw.id))
    ).all()
    return [(draw, first) for draw in draws]


def _out_of_the_nights(work: Work, ahead: Ahead) -> list[NightTakenBack]:
    those = (col(Night.facility_id) == work.facility_id, col(Night.day) >= ahead.first_day)
    nights = work.session.exec(select(Night).where(*those).order_by(col(Night.id))).all()
    moved = [
        NightTakenBack(
            taking_back_id=0,
            night_id=id_of(night),
            facility_id=night.facility_id,
            day=night.day,
            ran=night.ran,
            last_participant_id=night.last_participant_id,
            made_at=night.recorded_at,
            made_by=night.recorded_by,
        )
        for night in nights
    ]
    for night in nights:
        work.session.delete(night)
    work.session.flush()
    return moved


def _out_of_the_draws(work: Work, ahead: Ahead, row: TakingBack) -> int:
    """Draws that were on a call list stay, cancelled; those made up for a gap go, for nobody was told of them.

    The newest draw of all stays too: in a file its number would be given to another one. Returns how many there were.
    """
    those = _of_the_days(work, ahead) & col(Draw.taken_back_id).is_(None)
    spoken_of = exists().where(col(AuditEntry.draw_id) == Draw.id)
    made_up = (col(Draw.due_on).not_in(ahead.runs), ~spoken_of, col(Draw.id) < row.last_draw_id)
    gone = work.session.connection().execute(delete(Draw).where(those, *made_up)).rowcount
    kept = work.session.exec(select(Draw).where(those).order_by(col(Draw.id))).all()
    for draw in kept:
        draw.taken_back_id = row.id
        if draw.status != Status.CANCELLED:
            set_status(work, draw, Status.CANCELLED, f"the night was taken back: {row.reason}")
        work.on_record(Act.DRAW_TAKE_BACK, draw=draw, **as_it_was_made(draw))
        work.add(draw)
    work.session.flush()
    return gone + len(kept)


def as_it_was_made(draw: Draw) -> dict[str, Any]:
    """What the audit table keeps of a draw whose night is taken back, because no run decides it again."""
    return {
        "due_on": draw.due_on,
        "kind": str(draw.kind),
        "version": draw.schedule_version_id,
        "panel": draw.panel,
        "made_at": draw.recorded_at.isoformat(),
        "taken_back": draw.taken_back_id,
    }


def _restore(
    work: Work, by_them: ColumnElement[bool], touched: Sequence[tuple[Draw, int]]
) -> tuple[list[Reopened], list[int]]:
    """What these runs closed is as it was before, or unrecorded where a missed draw's day is over by now."""
    restored: list[Reopened] = []
    decided: set[int] = set()
    for draw, first in touched:
        closed_as = Status(draw.status)
        if draw.due_on >= work.today:
            status, because = _before(work.session, draw, first)
        elif closed_as is Status.MISSED:
            status, because = Status.UNRECORDED, Because.CLOSED_BY_A_CLOCK
        else:
            continue
        decided.update(decided_on(work.session, draw))
        set_status(work, draw, status, because)
        bring_in_line(work, draw)
        code = work.session.get_one(Participant, draw.participant_id).code
        restored.append(Reopened(code, draw.due_on, closed_as, status))
    return restored, sorted(decided)


def _before(session: Session, draw: Draw, first: int) -> tuple[Status, Because]:
    """What a draw was before an audit entry. A specimen that is to be collected again still is."""
    acts = (AuditEntry.draw_id == draw.id, col(AuditEntry.act).in_(tuple(LEADS_TO)), col(AuditEntry.id) < first)
    entry = newest(session, AuditEntry, *acts)
    status = LEADS_TO[entry.act] if entry is not None else Status.DUE
    is_recollected = entry is not None and because_in(entry.reason) is Because.RECOLLECT
    return status, Because.RECOLLECT if is_recollected else Because.CLOSED_BY_A_CLOCK


def _forget_deliveries(work: Work) -> None:
    """A report that left before its week was over is to leave again when it is."""
    for week, row in outbox.reports(work):
        if week.sunday >= work.today:
            work.session.delete(row)
    work.session.flush()


def taken_back(work: Work) -> list[NightsTakenBack]:
    """All that were ever taken back at the facility, in the order in which that was done."""
    rows = work.session.exec(
        select(TakingBack).where(TakingBack.facility_id == work.facility_id).order_by(col(TakingBack.id))
    )
    return [NightsTakenBack(row.first_day, row.last_day, row.recorded_at, row.recorded_by, row.reason) for row in rows]
