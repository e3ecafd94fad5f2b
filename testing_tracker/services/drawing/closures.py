"""The facility's own word that it is closed on a day, at short notice, and that it is open after all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week, day_in_words
from testing_tracker.rules.drawing.closing import Because, every_sentence
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.schedules.days import fixed_week
from testing_tracker.rules.words import DrawKind, Status
from testing_tracker.services.schedules import closed_days, versions
from testing_tracker.services.schedules.closed_days import KnownDays
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.store.queries import id_of, of_facility, version_on
from testing_tracker.store.tables import Closure, Draw
from testing_tracker.store.work import Work

MOST_DAYS = 366


@dataclass(frozen=True)
class ClosedOrOpened:
    """What closing or opening days did: the days, how many of today's draws it changed, and what it cannot do."""

    days: list[date]
    draws: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ClosedOn:
    """A day on which the facility itself was closed, and why."""

    day: date
    reason: str


def close(work: Work, first: date, last: date, reason: str) -> ClosedOrOpened:
    """Close the facility on days from today on.

    Of today the draws that nothing was recorded for are excused. The days to come are decided as with a public holiday.
    Raises TestingTrackerError for days that are over, and where all are closed already.
    """
    days = _days_given(work, first, last)
    known = closed_days.known_now(work.session, work.facility_id)
    newly = [day for day in days if known.closure_of(day) is None]
    if not newly:
        raise TestingTrackerError(f"The facility is closed {_span(days)} already; there is nothing to do.")
    for run in _runs(newly):
        _add(work, run, reason, is_closed=True)
    excused = _excuse(work, reason) if work.today in newly else 0
    return ClosedOrOpened(newly, excused)


def reopen(work: Work, first: date, last: date, reason: str) -> ClosedOrOpened:
    """Take back that the facility is closed on days from today on, as far as nothing was decided from it.

    Today's draws that were excused for it are due again; of who does not come, the night says that it does not know,
    because they may have been told to stay away. Raises TestingTrackerError where no day was closed so, and for
    a day whose draws were made while it was closed: nobody was drawn that day.
    """
    days = _days_given(work, first, last)
    known = closed_days.known_now(work.session, work.facility_id)
    again = [day for day in days if known.closure_of(day) is not None]
    if not again:
        raise TestingTrackerError(
            f"Nobody closed the facility {_span(days)} with `facility close`. Public holidays and days under [closed] "
            "are the schedule files' to say."
        )
    decided_to = versions.decided_to(work) or date.min
    for day in again:
        closure = known.closure_of(day)
        if closure is not None and day <= decided_to and (closure.decided_to or date.min) < day:
            raise TestingTrackerError(
                f"The draws of {day} were made with the facility closed, so nobody was drawn. Open it from "
                f"{day + timedelta(days=1)} on, and order tests of that day with `testing-tracker test CODE`."
            )
    notes = list(_made_in_their_place(work, known, again, decided_to))
    due = sum(_make_due(work, known.closure_of(day)) for day in again if day == work.today)
    for run in _runs(again):
        _add(work, run, reason, is_closed=False)
    return ClosedOrOpened(again, due, notes)


def closed_between(session: Session, facility_id: int, first: date, last: date) -> list[ClosedOn]:
    """The days from one to another on which the facility itself was closed, by what was said last."""
    known = closed_days.known_now(session, facility_id)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [ClosedOn(day, row.reason) for day in days if (row := known.closure_of(day)) is not None]


def _days_given(work: Work, first: date, last: date) -> list[date]:
    if last < first:
        raise TestingTrackerError(f"{last} is before {first}. Give the first day, and the last one with --to.")
    if first < work.today:
        raise TestingTrackerError(
            f"{first} is over; today is {work.today}. If nobody could be tested then, excuse the draws of that day "
            f"with `testing-tracker excuse --all --on {first} --reason TEXT`."
        )
    if (last - first).days >= MOST_DAYS:
        raise TestingTrackerError(f"From {first} to {last} is more than a year. Check the dates.")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _add(work: Work, days: Sequence[date], reason: str, *, is_closed: bool) -> None:
    work.write(
        Closure(
            facility_id=work.facility_id,
            from_on=days[0],
            to_on=days[-1],
            closed=is_closed,
            reason=reason,
            decided_to=versions.decided_to(work),
        )
    )
    act = Act.FACILITY_CLOSE if is_closed else Act.FACILITY_OPEN
    work.on_record(act, reason=reason, from_on=days[0], to_on=days[-1])
    work.session.flush()


def _excuse(work: Work, reason: str) -> int:
    # Where a specimen is to be collected again, one was given, and stays on record.
    still_due = (Draw.status == Status.DUE, col(Draw.because).is_distinct_from(Because.RECOLLECT))
    return _set_todays(work, still_due, Status.EXCUSED, Because.WAS_CLOSED, reason)


def _make_due(work: Work, closure: Closure | None) -> int:
    assert closure is not None
    excused = (Draw.status == Status.EXCUSED, col(Draw.reason).in_(every_sentence(Because.WAS_CLOSED, closure.reason)))
    return _set_todays(work, excused, Status.DUE, Because.REOPENED)


def _set_todays(
    work: Work,
    which: Iterable[ColumnElement[bool] | bool],
    status: Status,
    because: Because,
    reason: str | None = None,
) -> int:
    """Change the status of today's draws with these conditions; returns how many there were."""
    today = (of_facility(work.facility_id, Draw.participant_id), Draw.due_on == work.today)
    draws = work.session.exec(select(Draw).where(*today, *which).order_by(col(Draw.id))).all()
    for draw in draws:
        set_status(work, draw, status, because, reason)
    return len(draws)


def _made_in_their_place(work: Work, known: KnownDays, days: Sequence[date], decided_to: date) -> list[str]:
    """What is said of fixed draws that were moved from a day that opens again to one whose draws were made."""
    said = []
    for schedule in versions.all_schedules(work):
        for week in sorted({Week.of(day) for day in days}):
            version = version_on(work.session, id_of(schedule), week.sunday)
            rule = versions.rule_of(work, version.text)
            if rule.draw.kind is not DrawKind.FIXED:
                continue
            closed = known.of(work, version, rule, week.sunday)
            wanted = {week.days[number] for number in rule.draw.days}
            moved = [day for day in fixed_week(rule, week, closed).days if day not in wanted and day <= decided_to]
            if moved and wanted & set(days):
                said.append(
                    f"{schedule.name}: draws of {day_in_words(moved[0])} were made in the place of a day that is open "
                    "again; who was drawn then is drawn on that day too, and may be excused."
                )
    return said


def _runs(days: Sequence[date]) -> list[list[date]]:
    """Days in order, cut where one is not the day after the one before."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _span(days: Sequence[date]) -> str:
    return f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
