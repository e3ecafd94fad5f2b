"""How many were in the programme, who came, who left, and who moved from one level or schedule to another.

All of it is counted by days: somebody is in the programme on a day, or is not. docs/measures.md defines each figure.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import itemgetter
from typing import NamedTuple, TypeAlias, TypeVar

from testing_tracker.rules.reporting.period import Period

_Value = TypeVar("_Value")
Since: TypeAlias = Sequence[tuple[date, _Value]]  # what holds from days on, in their order; of one day the last counts

_FIRST = itemgetter(0)


@dataclass(frozen=True, slots=True)
class RecordDays:
    """What a record says of days: in the programme or not, level of care, schedule, and the leaves that count."""

    enrolled: Since[bool]
    levels: Since[str]
    schedules: Since[str]
    leaves: Sequence[tuple[date, date]] = ()


class Whereabouts(NamedTuple):
    """Where somebody who is in the programme is on a day."""

    level: str
    schedule: str
    is_on_leave: bool


@dataclass(slots=True)
class Movements:
    """How many there were, came and went, in a programme or in a part of it; the days are of a period.

    `beginning` is at the end of the day before the first, `end` at the end of the last day. `moved_in` and `moved_out`
    came from another part and left for one. `present` are those who were there on a day of it, by their number.
    """

    beginning: int = 0
    enrolled: int = 0
    moved_in: int = 0
    moved_out: int = 0
    discharged: int = 0
    end: int = 0
    on_leave_at_beginning: int = 0
    on_leave_at_end: int = 0
    present: set[int] = field(default_factory=set)


@dataclass
class Census:
    """The movements of a whole programme, of each level of care and of each schedule.

    `transfers` counts moves from one level to another. In the whole nobody moves from part to part.
    """

    whole: Movements = field(default_factory=Movements)
    levels: dict[str, Movements] = field(default_factory=dict)
    schedules: dict[str, Movements] = field(default_factory=dict)
    transfers: dict[tuple[str, str], int] = field(default_factory=dict)

    def _of(self, where: Whereabouts) -> Iterable[Movements]:
        yield self.whole
        yield self.levels.setdefault(where.level, Movements())
        yield self.schedules.setdefault(where.schedule, Movements())

    def count(self, number: int, records: Sequence[RecordDays], period: Period) -> None:
        """Count a person too, whose records these are, the one that goes on first."""
        was = whereabouts(records, period.first - timedelta(days=1))
        if was is not None:
            for one in self._of(was):
                one.beginning += 1
                one.on_leave_at_beginning += was.is_on_leave
        for day in _days_of_change(records, period):
            now = whereabouts(records, day)
            self._step(was, now)
            for one in self._of(now) if now is not None else ():
                one.present.add(number)
            was = now
        there = whereabouts(records, period.last)
        if there is not None:
            for one in self._of(there):
                one.end += 1
                one.on_leave_at_end += there.is_on_leave

    def _step(self, was: Whereabouts | None, now: Whereabouts | None) -> None:
        if was is None and now is not None:
            for one in self._of(now):
                one.enrolled += 1
        elif was is not None and now is None:
            for one in self._of(was):
                one.discharged += 1
        elif was is not None and now is not None:
            _move(self.levels, was.level, now.level)
            _move(self.schedules, was.schedule, now.schedule)
            if was.level != now.level:
                way = was.level, now.level
                self.transfers[way] = self.transfers.get(way, 0) + 1


def _move(parts: dict[str, Movements], was: str, now: str) -> None:
    if was != now:
        parts.setdefault(was, Movements()).moved_out += 1
        parts.setdefault(now, Movements()).moved_in += 1


def census(people: Mapping[int, Sequence[RecordDays]], period: Period) -> Census:
    """The census of a period: of each person by number all records that are theirs, the one that goes on first."""
    found = Census()
    for number, records in people.items():
        found.count(number, records, period)
    return found


def whereabouts(records: Iterable[RecordDays], day: date) -> Whereabouts | None:
    """Where a person is on a day; None for who is not in the programme. Of several records the first that is counts."""
    for record in records:
        if held_on(record.enrolled, day):
            return Whereabouts(
                level=_held_or_first(record.levels, day),
                schedule=_held_or_first(record.schedules, day),
                is_on_leave=any(first <= day <= last for first, last in record.leaves),
            )
    return None


def held_on(history: Since[_Value], day: date) -> _Value | None:
    """What a history says of a day; None before it begins."""
    place = bisect_right(history, day, key=_FIRST)
    return history[place - 1][1] if place else None


def _held_or_first(history: Since[str], day: date) -> str:
    """What a history says of a day; before it begins, what it begins with."""
    found = held_on(history, day)
    return found if found is not None else held_on(history, history[0][0]) or ""


def _days_of_change(records: Iterable[RecordDays], period: Period) -> list[date]:
    """The first day, and every later one on which a history of these records may say something else."""
    days: set[date] = {period.first}
    for record in records:
        histories: tuple[Since[Hashable], ...] = (record.enrolled, record.levels, record.schedules)
        days.update(day for history in histories for day, _ in history if period.first < day <= period.last)
    return sorted(days)
