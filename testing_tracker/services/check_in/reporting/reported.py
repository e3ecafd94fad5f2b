"""What check-in came to over some days, for the reports: counted from the attempts on record, never from a summary.

A handful of statements, however many people or days. Where no rule was in force there is nothing, and one statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby

from sqlmodel import col, select

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.answers import CheckedInBy
from testing_tracker.rules.check_in.counted import (
    NOT_HELD_AGAINST,
    CheckInCounts,
    MissedHow,
    checked_in_on,
)
from testing_tracker.rules.check_in.told_to_specimen import ToldToSpecimen, told_to_specimen
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.drawing.no_record import DAYS_COMPARED_WITH
from testing_tracker.services.check_in.reporting.asked import AskedDay, asked_days, days_asked
from testing_tracker.services.check_in.reporting.attempts_of_days import (
    AttemptOnRecord,
    OfPersons,
    as_attempt,
    attempts_in,
    first_told,
)
from testing_tracker.services.check_in.reporting.faulty_days import FaultyDay, faulty_days
from testing_tracker.services.check_in.reporting.tests_told import tests_told
from testing_tracker.store.tables import CheckInDay
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class CheckInReported:
    """What check-in came to over some days.

    `days` are those on which people were asked, `by_record` who was asked on any of them. `usual` are the twelve weeks
    before, as the nights had counted them when these days were over: what comes on record of an earlier week later
    amends the report of that one alone. `missed` has every missed test of the days that were asked for, `unrecorded`
    those that nobody is held to have missed because of check-in.
    """

    days: list[date]
    counts: CheckInCounts
    by_record: Mapping[int, CheckInCounts]
    usual: CheckInCounts
    faults: list[FaultyDay]
    told_to_specimen: ToldToSpecimen
    missed: dict[MissedHow, int]
    missed_by_record: Mapping[int, Mapping[MissedHow, int]]
    unrecorded: dict[Because, int]


def reported(work: Work, days: Sequence[date]) -> CheckInReported | None:
    """What check-in came to over days in a row, of those that are over; None where none of them had a rule in force.

    Of a day that is not over nobody has failed to check in yet.
    """
    on = days_asked(work, [day for day in days if day < work.today]) if days[0] < work.today else []
    if not on:
        return None
    asked = asked_days(work, on)
    faults = {fault.day: _Fault(fault) for fault in faulty_days(work, on)}
    of_persons = OfPersons(work, days[0], days[-1])
    by_record = _counted(work, on, asked, of_persons, faults)
    counts = CheckInCounts()
    for one in by_record.values():
        counts.add(one)
    tests = tests_told(work, days, asked, of_persons)
    return CheckInReported(
        days=[one.day for one in on],
        counts=counts,
        by_record=by_record,
        usual=_usual(work, on[0].day, days[-1]),
        faults=[fault.found(tests.missed_untold[day]) for day, fault in faults.items()],
        told_to_specimen=told_to_specimen(tests.seconds),
        missed={how: sum(of_record[how] for of_record in tests.missed.values()) for how in MissedHow},
        missed_by_record=tests.missed,
        unrecorded={why: tests.unrecorded[why] for why in NOT_HELD_AGAINST if tests.unrecorded[why]},
    )


@dataclass
class _Fault:
    """A faulty day while it is counted."""

    of: FaultyDay
    told: int = 0
    not_told: int = 0

    def see(self, attempts: Sequence[AttemptOnRecord]) -> None:
        """Count the attempts of somebody who was asked on that day, none included."""
        told = first_told(attempts)
        if told is None:
            self.not_told += 1
        elif told.channel != CheckedInBy.PAGE:
            self.told += any(one.at <= told.at and self._lasts_at(one.at) for one in attempts)

    def _lasts_at(self, at: datetime) -> bool:
        return any(begins <= at < ends for begins, ends in self.of.spans)

    def found(self, missed: int) -> FaultyDay:
        return replace(self.of, not_told=self.not_told, told_by_staff=self.told, missed=missed)


def _counted(
    work: Work,
    on: Sequence[AskedDay],
    asked: Mapping[int, Sequence[AskedDay]],
    of_persons: OfPersons,
    faults: Mapping[date, _Fault],
) -> dict[int, CheckInCounts]:
    """How the days of everybody who was asked ended, record by record."""
    found = {number: CheckInCounts() for number in sorted(asked)}
    of_records = groupby(attempts_in(work, on[0].day, on[-1].day), key=lambda one: one.participant_id)
    number, attempts = next(of_records, (None, iter(())))
    for record, counts in found.items():
        while number is not None and number < record:
            number, attempts = next(of_records, (None, iter(())))
        by_day: dict[date, list[AttemptOnRecord]] = {}
        for one in attempts if number == record else ():
            by_day.setdefault(one.day, []).append(one)
        for day, *_ in asked[record]:
            of_day = of_persons.on(record, day) if record in of_persons else by_day.get(day, ())
            counts.count(checked_in_on(map(as_attempt, of_day)))
            if day in faults:
                faults[day].see(of_day)
    return found


def _usual(work: Work, first: date, last: date) -> CheckInCounts:
    """What the nights counted in the twelve weeks before; of a day that was closed again, the newest count that was
    on record when the last day was over."""
    known_by = instant_reached(last + timedelta(days=1), time(), work.zone)
    rows = work.session.exec(
        select(CheckInDay)
        .where(
            CheckInDay.facility_id == work.facility_id,
            CheckInDay.days == 1,
            CheckInDay.recorded_at < known_by,
            col(CheckInDay.day).between(first - timedelta(days=DAYS_COMPARED_WITH), first - timedelta(days=1)),
        )
        .order_by(col(CheckInDay.id))
    )
    usual = CheckInCounts()
    for row in {row.day: row for row in rows}.values():
        usual.add(CheckInCounts(row.expected, row.in_time, row.late, row.tried, row.not_checked_in))
    return usual
