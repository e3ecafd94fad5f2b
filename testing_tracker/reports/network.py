"""A network's week: what became of the tests of every facility that shares the database, and of all together.

Counts only. Who is behind them, each facility's own weekly report says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func, select

from testing_tracker.clock import ClockOf
from testing_tracker.errors import TestingTrackerError
from testing_tracker.reports.weekly.gather import gaps_in, questions_in
from testing_tracker.reports.weekly.participants import IS_A_DRAW, tally_columns, tally_of
from testing_tracker.reports.weekly.trend import weekdays_in
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.owed import last_full_week
from testing_tracker.rules.reporting.tally import Tally, total
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.words import RecommendationStatus
from testing_tracker.services.keeping.checking import before_printing
from testing_tracker.store.facilities import every
from testing_tracker.store.tables import Draw, Participant, Recommendation
from testing_tracker.store.work import Work, work_in


@dataclass(frozen=True)
class FacilityWeek:
    """One facility's week. `tested` had a test due, `gaps` are the days whose nightly run did not happen.

    `questions` counts the days of which the facility has to say whether anything was collected. Where `problem` is
    true, its records do not hold, and nothing is said of its tests.
    """

    number: int
    facility: str
    tested: int
    tally: Tally
    open_recommendations: int
    gaps: list[date] = field(default_factory=list)
    questions: int = 0
    problem: bool = False


@dataclass(frozen=True)
class NetworkReport:
    """The facilities in the order in which they were made; `total` is over those whose records hold."""

    week: Week
    facilities: list[FacilityWeek]

    @property
    def total(self) -> Tally:
        return total(one.tally for one in self.facilities)

    @property
    def problems(self) -> list[FacilityWeek]:
        return [one for one in self.facilities if one.problem]


def gather(
    session: Session, clock_of: ClockOf, vocabulary: Vocabulary, week_of: Callable[[date], Week] = last_full_week
) -> NetworkReport:
    """The report of a week, by default the last one that is over for every facility.

    `week_of` says which is meant on a day: the one that it is where it is the earliest.
    Raises TestingTrackerError where this machine does not know a facility's timezone.
    """
    works = [work_in(session, one, clock_of, vocabulary) for one in every(session)]
    week = week_of(min(work.today for work in works))
    tallies: dict[int, tuple[int, Tally]] = {}
    for today in {work.today for work in works}:
        there = [work.facility_id for work in works if work.today == today]
        tallies |= _tallies(session, week, today, there)
    open_ones = _open_recommendations(session)
    return NetworkReport(week, [_week_of(work, week, tallies, open_ones) for work in works])


def _week_of(work: Work, week: Week, tallies: dict[int, tuple[int, Tally]], open_ones: dict[int, int]) -> FacilityWeek:
    number, facility = work.facility_id, work.facility
    try:
        before_printing.check_draws(work, week)
        days = weekdays_in(work, week)
        before_printing.check_runs(week, [(day.day, day.observed, day.made) for day in days])
    except TestingTrackerError:
        return FacilityWeek(number, facility.name, 0, Tally(), open_ones.get(number, 0), problem=True)
    tested, tally = tallies.get(number, (0, Tally()))
    return FacilityWeek(
        number=number,
        facility=facility.name,
        tested=tested,
        tally=tally,
        open_recommendations=open_ones.get(number, 0),
        gaps=gaps_in(work, week, facility.opened_on),
        questions=len(questions_in(work, week)),
    )


def _tallies(session: Session, week: Week, today: date, facilities: list[int]) -> dict[int, tuple[int, Tally]]:
    """How many had a test due and what became of the draws, by facility, where it is `today`."""
    facility_id = col(Participant.facility_id)
    rows = session.connection().execute(
        sa_select(facility_id, func.count(col(Draw.participant_id).distinct()), *tally_columns(today))
        .join(Draw, col(Draw.participant_id) == Participant.id)
        .where(IS_A_DRAW, col(Draw.due_on).between(week.monday, week.sunday), facility_id.in_(facilities))
        .group_by(facility_id)
    )
    return {row[0]: (row[1], tally_of(tuple(row[2:]))) for row in rows}


def _open_recommendations(session: Session) -> dict[int, int]:
    query = (
        select(Participant.facility_id, func.count())
        .join(Recommendation, col(Recommendation.participant_id) == Participant.id)
        .where(Recommendation.status == RecommendationStatus.OPEN)
        .group_by(col(Participant.facility_id))
    )
    return dict(session.exec(query).all())
