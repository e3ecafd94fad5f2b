"""How many draws each day of the week had, beside how many the schedules lead one to expect.

Expected is the sum of the chances that the participants of the day's pool had, as the night knew them; a fixed
schedule's are one or nothing. By chance alone the number lies within two standard deviations in about 19 of 20 days.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import sqrt

from sqlalchemy import func
from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.words import Kind
from testing_tracker.services.drawing import pools
from testing_tracker.store.tables import Draw, Participant, Pool
from testing_tracker.store.taken_back import draw_stands, pool_stands

STANDARD_DEVIATIONS = 2
_MADE_BY_SCHEDULES = (Kind.FIXED, Kind.RANDOM)


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


def weekdays_in(session: Session, acting: Acting, week: Week) -> list[DayDrawn]:
    """The seven days of a week."""
    observed = dict(
        session.exec(
            select(col(Draw.due_on), func.count())
            .join(Participant, col(Participant.id) == Draw.participant_id)
            .where(
                Participant.facility_id == acting.facility_id,
                col(Draw.due_on).between(week.monday, week.sunday),
                col(Draw.kind).in_(_MADE_BY_SCHEDULES),
                draw_stands(),
            )
            .group_by(col(Draw.due_on))
        ).all()
    )
    of_day: dict[date, list[Pool]] = {}
    of_week = (Pool.facility_id == acting.facility_id, col(Pool.day).between(week.monday, week.sunday))
    for pool in session.exec(select(Pool).where(*of_week, pool_stands()).order_by(col(Pool.id))):
        of_day.setdefault(pool.day, []).append(pool)
    return [_day(session, day, observed.get(day, 0), of_day.get(day, [])) for day in week.days]


def _day(session: Session, day: date, observed: int, of_day: list[Pool]) -> DayDrawn:
    if not any(pool.first_participant_id == 1 for pool in of_day):  # made before draws could be checked
        return DayDrawn(day, observed, None, None, None)
    expected = variance = Fraction(0)
    for pool in of_day:
        for group in pools.decided(session, pool, None):
            if group.rule.kind is Kind.FIXED or pool.ran:
                expected += group.chance * len(group.participant_ids)
                variance += group.chance * (1 - group.chance) * len(group.participant_ids)
    made = sum(pool.drawn for pool in of_day)
    return DayDrawn(day, observed, float(expected), sqrt(variance), made)
