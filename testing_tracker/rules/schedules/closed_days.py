"""The days on which nobody is tested, as a decision knows them.

Public holidays, the days that a schedule's file closes, and those that the facility closed itself. Which they are is
the services' to say; here is only what they mean to a draw.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache


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
    """The same closed days as the same object, so that what was worked out for them is found again."""
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
