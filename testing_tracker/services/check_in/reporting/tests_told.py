"""Reads what check-in has to say of tests: what was missed and how, and how long it took from being told to come."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import col

from testing_tracker.rules.check_in.answers import Standing, Stands
from testing_tracker.rules.check_in.counted import NOT_HELD_AGAINST, MissedHow, missed_how
from testing_tracker.rules.check_in.told import stands_to
from testing_tracker.rules.check_in.told_to_specimen import seconds_between
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.words import Status
from testing_tracker.services.check_in.attempts import attempt_said
from testing_tracker.services.check_in.reporting.asked import AskedDay
from testing_tracker.services.check_in.reporting.attempts_of_days import ROWS_AT_A_TIME, OfPersons, as_attempt
from testing_tracker.store.queries import of_facility
from testing_tracker.store.tables import CheckIn, Draw, Result, Specimen
from testing_tracker.store.work import Work


@dataclass
class TestsTold:
    """What check-in has to say of the tests of some days.

    `seconds` from being told to the specimen, of each where both are on record. `missed` has every missed test, by the
    record that it is of, and `missed_untold`, by day, those of who was asked and was told nothing. `unrecorded` are
    those that nobody is held to have missed because of check-in.
    """

    seconds: list[int] = field(default_factory=list)
    missed: dict[int, Counter[MissedHow]] = field(default_factory=dict)
    missed_untold: Counter[date] = field(default_factory=Counter)
    unrecorded: Counter[Because] = field(default_factory=Counter)


_TOLD_NOTHING = (Standing.TRIED, Standing.NOT_CHECKED_IN)  # who was told too late to come was told


class _Test(NamedTuple):
    """A test with one of its participant's attempts of that day; without one, the attempt's columns are empty."""

    draw_id: int
    participant_id: int
    due_on: date
    status: str
    because: str | None
    kind: str
    recorded_at: datetime
    collected_at: datetime | None
    at: datetime | None
    outcome: str | None
    answer: str | None
    timing: str | None


def tests_told(
    work: Work, days: Sequence[date], asked: Mapping[int, Sequence[AskedDay]], of_persons: OfPersons
) -> TestsTold:
    """The tests of some days in a row, gone through one by one and not kept; `asked` says who was asked to check in."""
    found = TestsTold()
    options = {"yield_per": ROWS_AT_A_TIME}
    with work.session.connection().execute(_of_tests(work, days), execution_options=options) as rows:
        for _, of_test in groupby((_Test(*row) for row in rows), key=lambda row: row.draw_id):
            lines = list(of_test)
            test = lines[0]
            stands = _stands(work, lines, of_persons)
            if test.status == Status.MISSED:
                is_asked = any(one.day == test.due_on for one in asked.get(test.participant_id, ()))
                how = missed_how(stands, _because(test), is_asked=is_asked)
                found.missed.setdefault(test.participant_id, Counter())[how] += 1
                if is_asked and stands.standing in _TOLD_NOTHING:
                    found.missed_untold[test.due_on] += 1
            elif test.status == Status.COLLECTED:
                found.seconds.extend(_seconds(test, stands))
            elif (because := _because(test)) is not None:
                found.unrecorded[because] += 1
    return found


def _stands(work: Work, lines: Sequence[_Test], of_persons: OfPersons) -> Stands:
    """How a test's participant stands to it, from its lines, or from all that the person of several records tried."""
    test = lines[0]
    if test.participant_id in of_persons:
        return stands_to(test, map(as_attempt, of_persons.on(test.participant_id, test.due_on)), work.zone)
    said = (attempt_said(one.at, one.outcome, one.answer, one.timing) for one in lines if one.at and one.outcome)
    return stands_to(test, said, work.zone)


def _because(test: _Test) -> Because | None:
    return Because(test.because) if test.because else None


def _seconds(test: _Test, stands: Stands) -> Iterator[int]:
    """How long it took from being told to the first specimen, where that is known."""
    if test.collected_at is not None and stands.standing is Standing.TOLD and stands.attempt is not None:
        seconds = seconds_between(stands.attempt.at, test.collected_at)
        if seconds is not None:
            yield seconds


def _of_tests(work: Work, days: Sequence[date]) -> Any:  # noqa: ANN401  a statement of many columns
    """The tests of some days that were missed, given, or are unrecorded because of check-in, each with its attempts."""
    concerned = or_(
        col(Draw.status).in_((Status.MISSED, Status.COLLECTED)),
        and_(col(Draw.status) == Status.UNRECORDED, col(Draw.because).in_(NOT_HELD_AGAINST)),
    )
    of_test = (col(Draw.id), col(Draw.participant_id), col(Draw.due_on), col(Draw.status), col(Draw.because))
    of_attempt = (col(CheckIn.at), col(CheckIn.outcome), col(CheckIn.answer), col(CheckIn.timing))
    query: Any = (
        sa_select(*of_test, col(Draw.kind), col(Draw.recorded_at), _collected_at(), *of_attempt)
        .select_from(Draw)
        .join(
            CheckIn,
            and_(col(CheckIn.participant_id) == Draw.participant_id, col(CheckIn.day) == Draw.due_on),
            isouter=True,
        )
        .where(
            of_facility(work.facility_id, Draw.participant_id), col(Draw.due_on).between(days[0], days[-1]), concerned
        )
        .order_by(col(Draw.id), col(CheckIn.id))
    )
    return query


def _collected_at() -> ColumnElement[datetime | None]:
    """When a test's first specimen that stands was collected, where that is on record: by its cup, or its result."""
    cup, other_cup, said, other = aliased(Specimen), aliased(Specimen), aliased(Result), aliased(Result)
    of_cup = sa_select(func.min(col(cup.collected_at))).where(
        col(cup.draw_id) == Draw.id,
        ~col(cup.withdrawn),
        ~sa_select(col(other_cup.id)).where(col(other_cup.replaces_id) == cup.id).exists(),
    )
    of_result = sa_select(func.min(col(said.collected_at))).where(
        col(said.draw_id) == Draw.id,
        ~sa_select(col(other.id)).where(col(other.replaces_id) == said.id).exists(),
    )
    return func.coalesce(of_cup.scalar_subquery(), of_result.scalar_subquery())
