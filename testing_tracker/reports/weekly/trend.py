"""The facility's weeks before the report's, and its draws by the day of the week, to see what changes."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import sqrt

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.reports.weekly.participants import IS_A_DRAW, tally_columns, tally_of
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.tally import Tally, total
from testing_tracker.rules.words import DrawKind
from testing_tracker.services.drawing import pools
from testing_tracker.store.dialects import number_of, week_number
from testing_tracker.store.queries import draw_stands, pool_stands
from testing_tracker.store.tables import Draw, Participant, Pool
from testing_tracker.store.work import Work

WEEKS_BEFORE = 12


@dataclass(frozen=True)
class WeekTally:
    """What became of a facility's draws in a week."""

    week: Week
    tally: Tally


@dataclass(frozen=True)
class Trend:
    """The report's week beside the week before it and the twelve weeks before it, oldest first."""

    before: list[WeekTally]
    this: WeekTally

    @property
    def weeks(self) -> list[WeekTally]:
        """All of them from the first that had draws; the report's is the last."""
        return [*self.before[len(self.before) - self.count_before :], self.this]

    @property
    def count_before(self) -> int:
        """How many weeks before there were, from the first that had draws: of a new facility fewer than twelve."""
        return next((len(self.before) - number for number, one in enumerate(self.before) if one.tally.due), 0)

    @property
    def last(self) -> Tally:
        return self.before[-1].tally

    @property
    def before_together(self) -> Tally:
        """The weeks before, taken together."""
        return total(one.tally for one in self.before)

    def a_week_before(self, count: int) -> Fraction:
        """A number of the weeks before as an average a week, to stand beside a week's; 0 where there were none."""
        return Fraction(count, max(self.count_before, 1))


def trend_in(work: Work, week: Week) -> Trend:
    """What became of all the facility's draws, in the report's week and the twelve before."""
    first = week + -WEEKS_BEFORE
    number = week_number(col(Draw.due_on))
    rows = work.session.connection().execute(
        sa_select(number, *tally_columns(work.today))
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            col(Participant.facility_id) == work.facility_id,
            IS_A_DRAW,
            col(Draw.due_on).between(first.monday, week.sunday),
        )
        .group_by(number)
    )
    found = {row[0]: tally_of(tuple(row[1:])) for row in rows}
    weeks = [WeekTally(one, found.get(number_of(one), Tally())) for one in (first + n for n in range(WEEKS_BEFORE + 1))]
    return Trend(weeks[:-1], weeks[-1])


STANDARD_DEVIATIONS = 2
_MADE_BY_SCHEDULES = (DrawKind.FIXED, DrawKind.RANDOM)


@dataclass(frozen=True)
class DayDrawn:
    """A day's draws that schedules made, and how many were to be expected; None where no pool tells.

    `spread` is the standard deviation of that number. `made` is how many the day's runs say to have made.
    """

    day: date
    observed: int
    expected: float | None
    spread: float | None
    made: int | None

    @property
    def is_usual(self) -> bool | None:
        """Whether chance alone explains the number, as it does on 19 of 20 days."""
        if self.expected is None or self.spread is None:
            return None
        return abs(self.observed - self.expected) <= STANDARD_DEVIATIONS * self.spread + 1e-9


def weekdays_in(work: Work, week: Week) -> list[DayDrawn]:
    """The seven days of a week."""
    observed = dict(
        work.session.exec(
            select(col(Draw.due_on), func.count())
            .join(Participant, col(Participant.id) == Draw.participant_id)
            .where(
                Participant.facility_id == work.facility_id,
                col(Draw.due_on).between(week.monday, week.sunday),
                col(Draw.kind).in_(_MADE_BY_SCHEDULES),
                draw_stands(),
            )
            .group_by(col(Draw.due_on))
        ).all()
    )
    of_day: dict[date, list[Pool]] = {}
    of_week = (Pool.facility_id == work.facility_id, col(Pool.day).between(week.monday, week.sunday))
    for pool in work.session.exec(select(Pool).where(*of_week, pool_stands()).order_by(col(Pool.id))):
        of_day.setdefault(pool.day, []).append(pool)
    return [_day(work, day, observed.get(day, 0), of_day.get(day, [])) for day in week.days]


def _day(work: Work, day: date, observed: int, of_day: list[Pool]) -> DayDrawn:
    if not any(pool.first_participant_id == 1 for pool in of_day):  # made before draws could be checked
        return DayDrawn(day, observed, None, None, None)
    expected = variance = Fraction(0)
    for pool in of_day:
        for group in pools.decided(work, pool, None):
            if group.rule.kind is DrawKind.FIXED or pool.ran:
                expected += group.chance * len(group.participant_ids)
                variance += group.chance * (1 - group.chance) * len(group.participant_ids)
    made = sum(pool.drawn for pool in of_day)
    return DayDrawn(day, observed, float(expected), sqrt(variance), made)
