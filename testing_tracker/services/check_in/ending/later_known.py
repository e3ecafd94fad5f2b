"""What is known of a day's check-in only after a night has closed it: an outage that is recorded, corrected or taken
back, or attempts that came here late.

The same rule is asked again. Who turns out not to have been told, and could not be, has not missed; what followed from
that is withdrawn. Where an outage is taken back, what the night had made of a draw holds again, and where no night had
said anything a person is asked. What a person has said stays as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import Standing, Stands
from testing_tracker.rules.check_in.could_not import how_they_tried, when_at_fault
from testing_tracker.rules.drawing.closing import Because, because_in, end_by_check_in
from testing_tracker.rules.keeping.acts import LEADS_TO
from testing_tracker.rules.words import Status
from testing_tracker.services.check_in.ending import day_counts
from testing_tracker.services.check_in.ending.day_ends import (
    DayOver,
    counted_on,
    day_over,
    draws_of_check_in,
    times_tried,
    when_it_was_at_fault,
)
from testing_tracker.services.deciding.case import decided_on
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import AuditEntry, Draw, Participant
from testing_tracker.store.work import Work

# What the program has made of a draw because of check-in alone, and may see otherwise when more is known.
_BY_CHECK_IN = (
    Because.NOT_CHECKED_IN,
    Because.CHECK_IN_AT_FAULT,
    Because.TRIED_TO_CHECK_IN,
    Because.CHECK_INS_HELD,
)
# Who was told, or asked unasked, may turn out to have been told otherwise since, or nothing, or kept from asking.
_MAY_BE_OTHERWISE = (Standing.TOLD_BEFORE_ORDERED, Standing.TRIED, Standing.TOLD_WITH_LITTLE_LEFT)
_DID_NEITHER = (Because.NOT_CHECKED_IN, Because.CHECK_INS_HELD)


@dataclass(frozen=True)
class Reconsidered:
    """A draw that is something else by what is known now; `decided` are recommendations, by number, that somebody
    decided on with it."""

    participant: str
    due_on: date
    earlier: Status
    status: Status
    decided: tuple[int, ...] = ()


@dataclass(frozen=True)
class _End:
    status: Status
    because: Because
    more: str | None = None


def bring_in_line(work: Work, days: Iterable[date]) -> list[Reconsidered]:
    """Ask the rule again about days that a night has closed; returns the draws that are something else now."""
    found = []
    for day in sorted(set(days)):
        over = day_over(work, day) if day < work.today else None
        if over is not None:
            day_counts.keep_again(work, day, counted_on(over))
            found += _reconsider(work, over)
    return found


def _reconsider(work: Work, day: DayOver) -> list[Reconsidered]:
    which = (
        col(Draw.status).in_((Status.MISSED, Status.UNRECORDED)),
        col(Draw.because).in_((*_BY_CHECK_IN, Because.CLOSED_OUT)),
    )
    found = []
    for one in draws_of_check_in(work, day, *which):
        draw = work.session.get_one(Draw, one.id)
        stands = day.stands(one)
        if draw.because == Because.CLOSED_OUT and stands.standing not in _MAY_BE_OTHERWISE:
            continue
        fault = None if day.went.is_at_fault else day.fault_for(one, stands)
        end = _at_fault(draw, when_at_fault([fault], work.zone)) if fault else _end(work, day, draw, stands)
        if end is None:
            continue
        earlier, decided = Status(draw.status), tuple(decided_on(work.session, draw))
        set_status(work, draw, end.status, end.because, end.more)
        if end.status is not earlier:
            code = work.session.get_one(Participant, draw.participant_id).code
            found.append(Reconsidered(code, draw.due_on, earlier, end.status, decided))
    return found


def _end(work: Work, day: DayOver, draw: Draw, stands: Stands) -> _End | None:
    """What a draw is by what is known now; None where it is that already, or a person is to say."""
    by_rule = end_by_check_in(stands.standing, day.went)
    if by_rule is None:
        # They knew of it. Where that came here late, the reason says so; what was never missed is a person's to see.
        told_late = draw.status == Status.MISSED and draw.because == Because.NOT_CHECKED_IN
        if told_late or (draw.because == Because.CHECK_IN_AT_FAULT and _before(work, draw, Because.CLOSED_OUT)):
            return _End(Status.MISSED, Because.CLOSED_OUT)
        return None
    because = by_rule[1]
    if because is Because.CHECK_IN_AT_FAULT:
        return _at_fault(draw, when_it_was_at_fault(work, day.day))
    if because is Because.TRIED_TO_CHECK_IN:
        if draw.because == because:
            return None
        times = times_tried(work, day.day, [draw.participant_id], day.into)[draw.participant_id]
        return _End(Status.UNRECORDED, because, how_they_tried(stands, times, work.zone))
    if because in _DID_NEITHER:
        return None if draw.because in _DID_NEITHER else _as_before(work, draw)
    return _unless_so(draw, _End(Status.UNRECORDED, because))


def _at_fault(draw: Draw, when: str) -> _End | None:
    return _unless_so(draw, _End(Status.UNRECORDED, Because.CHECK_IN_AT_FAULT, when))


def _unless_so(draw: Draw, end: _End) -> _End | None:
    """An end where the draw is not the same already, word for word."""
    is_so = draw.because == end.because and (end.more is None or (draw.reason or "").endswith(f": {end.more}"))
    return None if is_so else end


def _as_before(work: Work, draw: Draw) -> _End:
    """What a night had made of a draw before an outage was recorded; a question, where none had."""
    return _before(work, draw, *_DID_NEITHER) or _End(Status.UNRECORDED, Because.NOT_CHECKED_IN)


def _before(work: Work, draw: Draw, *because: Because) -> _End | None:
    """What was made of a draw last for one of these reasons; None where nothing was."""
    entries = work.session.exec(
        select(AuditEntry)
        .where(AuditEntry.draw_id == id_of(draw), col(AuditEntry.act).in_(tuple(LEADS_TO)))
        .order_by(col(AuditEntry.id).desc())
    )
    for entry in entries:
        said = because_in(entry.reason)
        if said in because:
            return _End(LEADS_TO[entry.act], said)
    return None
