"""Reads the attempts to check in of some days, and how each day of one participant went."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select as sa_select
from sqlmodel import col

from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInAttempt, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.counted import CheckedInOn, checked_in_on
from testing_tracker.services.check_in.attempts import attempt_said
from testing_tracker.services.check_in.reporting.asked import asked_days, days_asked
from testing_tracker.services.check_in.reporting.faulty_days import faulty_days
from testing_tracker.store.queries import joined_into
from testing_tracker.store.tables import CheckIn
from testing_tracker.store.work import Work

ROWS_AT_A_TIME = 2_000


class AttemptOnRecord(NamedTuple):
    """A row of `check_in`, of what the reports say of it."""

    participant_id: int
    day: date
    at: datetime
    channel: str
    outcome: str
    answer: str | None
    timing: str | None
    receipt: str | None


def as_attempt(row: AttemptOnRecord) -> CheckInAttempt:
    """An attempt as the rules have it."""
    return attempt_said(row.at, row.outcome, row.answer, row.timing)


def attempts_in(work: Work, first: date, last: date, only: Collection[int] = ()) -> Iterator[AttemptOnRecord]:
    """The attempts of some days, by record and day, in the order in which they came here; of `only` some records."""
    which = [col(CheckIn.facility_id) == work.facility_id, col(CheckIn.day).between(first, last)]
    if only:
        which.append(col(CheckIn.participant_id).in_(only))
    columns = (CheckIn.participant_id, CheckIn.day, CheckIn.at, CheckIn.channel, CheckIn.outcome)
    query: Any = (
        sa_select(*map(col, columns), col(CheckIn.answer), col(CheckIn.timing), col(CheckIn.receipt))
        .where(*which)
        .order_by(col(CheckIn.participant_id), col(CheckIn.day), col(CheckIn.id))
    )
    options = {"yield_per": ROWS_AT_A_TIME}
    with work.session.connection().execute(query, execution_options=options) as rows:
        for row in rows:
            yield AttemptOnRecord(*row)


class OfPersons:
    """The attempts of people who have several records, of some days: they count whichever card was used.

    Whoever was told knows it. Nobody is in it where no record was ever joined into another one.
    """

    def __init__(self, work: Work, first: date, last: date) -> None:
        into = joined_into(work.session)
        self._person = into | {person: person for person in into.values()}
        self._attempts: dict[tuple[int, date], list[AttemptOnRecord]] = {}
        for one in attempts_in(work, first, last, self._person.keys()) if into else ():
            self._attempts.setdefault((self._person[one.participant_id], one.day), []).append(one)

    def __contains__(self, record: int) -> bool:
        return record in self._person

    def on(self, record: int, day: date) -> Sequence[AttemptOnRecord]:
        """What the person of a record tried on a day."""
        return self._attempts.get((self._person[record], day), ())


def first_told(attempts: Iterable[AttemptOnRecord]) -> AttemptOnRecord | None:
    """The first attempt that got an answer, by its instant; None where none did."""
    return min((one for one in attempts if one.outcome == CheckInOutcome.TOLD), key=lambda one: one.at, default=None)


@dataclass(frozen=True)
class WhatWasSaid:
    """What a participant was told at an instant (UTC), or what kept them from being told."""

    at: datetime
    by: CheckedInBy
    outcome: CheckInOutcome
    answer: DaysAnswer | None
    timing: Timing | None
    receipt: str | None


@dataclass(frozen=True)
class DayCheckedIn:
    """How a participant's day of checking in went; `asked`: they were to check in.

    `said` has the first time that each answer was given, since a test for cause changes it; where none was, the last
    attempt. `attempts` counts all. `at_fault`: check-in could not be reached for so long that nobody who was not told
    is held to have missed anything.
    """

    day: date
    asked: bool
    ended: CheckedInOn
    said: list[WhatWasSaid]
    attempts: int
    at_fault: bool


def days_of(work: Work, records: Collection[int], first: date) -> list[DayCheckedIn]:
    """A person's days of checking in from one on, by all their records; today's only where they have tried."""
    days = [first + timedelta(days=number) for number in range((work.today - first).days + 1)]
    on = days_asked(work, days) if days else []
    if not on:
        return []
    asked = {one.day for of_record in asked_days(work, on, records).values() for one in of_record}
    by_day: dict[date, list[AttemptOnRecord]] = {}
    for one in attempts_in(work, on[0].day, on[-1].day, records):
        by_day.setdefault(one.day, []).append(one)
    days_shown = sorted({day for day in asked if day < work.today} | by_day.keys())
    at_fault = {fault.day for fault in faulty_days(work, on) if fault.counts}
    return [
        _day_checked_in(day, by_day.get(day, ()), asked=day in asked, at_fault=day in at_fault) for day in days_shown
    ]


def _day_checked_in(day: date, attempts: Sequence[AttemptOnRecord], *, asked: bool, at_fault: bool) -> DayCheckedIn:
    every = sorted(attempts, key=lambda one: one.at)
    told = [one for one in every if one.outcome == CheckInOutcome.TOLD]
    firsts = {one.answer: one for one in reversed(told)}.values()
    shown = sorted(firsts, key=lambda one: one.at) or every[-1:]
    ended = checked_in_on(map(as_attempt, every))
    return DayCheckedIn(day, asked, ended, [_said(one) for one in shown], len(every), at_fault)


def _said(one: AttemptOnRecord) -> WhatWasSaid:
    attempt = as_attempt(one)
    return WhatWasSaid(one.at, CheckedInBy(one.channel), attempt.outcome, attempt.answer, attempt.timing, one.receipt)
