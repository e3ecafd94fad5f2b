"""On which days a schedule's tests fall, and which days are closed, as a decision knows them.

Chosen days for a fixed schedule, a chance a day for a random one.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.schedules.schedule import Shift, TestingRule
from testing_tracker.rules.words import DrawKind


@dataclass(frozen=True)
class ClosedDays:
    """Closed days. `told_late` has those that were told after days of their week had been decided, with the last one.

    Such a day's fixed draw can move only to a day after that; where the day itself had been decided, its draw was made
    and stays where it is, whatever became of it.
    """

    days: frozenset[date] = frozenset()
    told_late: frozenset[tuple[date, date]] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day in self.days

    def decided_to(self, day: date) -> date:
        """The last day that had been decided when this day was told to be closed; long ago for most."""
        return max((decided for closed, decided in self.told_late if closed == day), default=date.min)

    def moves(self, day: date) -> bool:
        """Whether a fixed draw of this day goes elsewhere: it is closed, and was known to be when it was decided."""
        return day in self.days and self.decided_to(day) < day


OPEN_ALWAYS = ClosedDays()


@lru_cache(maxsize=1024)
def closed(days: frozenset[date], told_late: frozenset[tuple[date, date]] = frozenset()) -> ClosedDays:
    """Closed days, equal ones as the same object, so that what was worked out for them is found again."""
    return ClosedDays(days, told_late)


def as_text(days: Iterable[date]) -> str:
    """Days as they are kept: ISO dates in order, with a blank between."""
    return " ".join(day.isoformat() for day in sorted(days))


@lru_cache(maxsize=1024)
def from_text(text: str) -> frozenset[date]:
    """The days that `as_text` wrote."""
    return frozenset(date.fromisoformat(day) for day in text.split())


def as_known(earlier: frozenset[date] | None, now: frozenset[date], decided_to: date | None) -> frozenset[date]:
    """What is to be gone by when a calendar's word is another one now: for decided days still what it was then."""
    if earlier is None or decided_to is None:
        return now
    return frozenset({day for day in earlier if day <= decided_to} | {day for day in now if day > decided_to})


NEVER = Fraction(0)
ALWAYS = Fraction(1)


@dataclass(frozen=True)
class FixedWeek:
    """The days of a fixed schedule's draws in one week, and the closed days whose draw found no open day left."""

    days: tuple[date, ...]
    unplaced: tuple[date, ...] = ()


def fixed_week(schedule: TestingRule, week: Week, closed: ClosedDays) -> FixedWeek:
    """Where the draws of a fixed schedule fall in a week.

    A draw of a closed day goes to the nearest open day without a draw, in the direction that the schedule says and
    else in the other one. It never leaves its week and never joins another draw. `skip` drops it; that is the
    facility's choice, so it does not count as unplaced. A draw that had been made when its day was told to be closed
    stays, and none moves to a day that had been decided by then.
    """
    wanted = [week.days[number] for number in schedule.draw.days]
    moving = [day for day in wanted if closed.moves(day)]
    placed = {day for day in wanted if day not in moving}
    if schedule.closed.shift is Shift.SKIP:
        return FixedWeek(tuple(sorted(placed)))
    unplaced = []
    for day in moving:
        decided_to = closed.decided_to(day)
        taken = {other for other in week.days if closed.moves(other) or other in placed or other <= decided_to}
        other = _nearest_free_day(week, day, taken, schedule.closed.shift)
        if other is None:
            unplaced.append(day)
        else:
            placed.add(other)
    return FixedWeek(tuple(sorted(placed)), tuple(unplaced))


def _nearest_free_day(week: Week, day: date, taken: Container[date], shift: Shift) -> date | None:
    later = [other for other in week.days if other > day]
    earlier = [other for other in reversed(week.days) if other < day]
    order = later + earlier if shift is Shift.NEXT else earlier + later
    return next((other for other in order if other not in taken), None)


def chance_on(schedule: TestingRule, day: date, closed: ClosedDays) -> Fraction:
    """The chance that a participant of this schedule is drawn on a day, decided on that day alone.

    A fixed schedule's is 1 or 0. A random schedule's is per_week ÷ (number of allowed days) on every allowed day,
    whatever came before; 0 on a closed day. With guard rails the past counts, and `guard_rails.chance_within` answers.
    """
    if schedule.draw.bounds is not None:
        raise ValueError("a schedule with guard rails has no chance that holds whatever came before")
    if day in closed:
        return NEVER
    if schedule.draw.kind is DrawKind.FIXED:
        return ALWAYS if day in fixed_week(schedule, Week.of(day), closed).days else NEVER
    if day.weekday() not in schedule.draw.days:
        return NEVER
    return schedule.draw.per_week / len(schedule.draw.days)
