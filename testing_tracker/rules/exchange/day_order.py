"""In which order the numbers of a column's dates stand. The column says so itself, or the person does; nobody guesses.

`11/23/2026` can only have the month first, so all of its column has. A column of which every date can be read in two
ways is refused, unless somebody says which it is.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

_NUMBERS = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?![0-9])")
# Not in ISO 8601: there a year's four digits stand before, and nothing behind.
SOMEWHERE = re.compile(r"(?<![0-9])[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}")
_WHOLE = re.compile(r"[0-9]{4}-[0-9]{2}-([0-9]{2})(?![0-9])")
_CENTURY = 2000
_MONTHS = 12
_MANY = 20  # dates that can be read in two ways, to one that cannot: no file of some weeks has so few of those
_MOST_WIDER = 92  # days that a reading may spread the dates further than another and still be believed
_FEWEST_TURNED = 3  # different days, none of them over 12, before that is no chance any more


class DayOrder(StrEnum):
    """Which of a date's numbers comes first."""

    MDY = "mdy"
    DMY = "dmy"
    YMD = "ymd"  # with a year of two digits only: one of four is no question


IN_WORDS = {DayOrder.MDY: "month first", DayOrder.DMY: "day first", DayOrder.YMD: "year first"}


@dataclass(frozen=True)
class Decided:
    """A column's order, and where it shows: a line's number, and the date there. None where somebody said it.

    Where few dates decide for others, `another` is one of those, and `others` how many they are.
    """

    order: DayOrder
    shown: tuple[int, str] | None
    another: tuple[int, str] | None = None
    others: int = 0

    def __str__(self) -> str:
        """`month first, as 11/23/2026 shows`; where that decides for others, how one of them is read."""
        said = IN_WORDS[self.order]
        if self.shown is not None:
            said += f", as {_date_of(self.shown[1])} shows"
        if self.another is not None:
            number, cell = self.another
            day = readings(cell)[self.order]
            whom = "the only other one" if self.others == 1 else f"{self.others} others"
            said += f" alone for {whom}: {_date_of(cell)} in line {number} is {day}"
        return said


def readings(text: str) -> dict[DayOrder, date]:
    """The dates that the beginning of a text can be, by the order of its numbers; none where it is no such date."""
    found = _NUMBERS.match(text)
    if found is None:
        return {}
    one, other, last = int(found[1]), int(found[3]), int(found[4])
    if len(found[4]) == 4:
        numbers = {DayOrder.MDY: (last, one, other), DayOrder.DMY: (last, other, one)}
    else:
        numbers = {
            DayOrder.MDY: (_CENTURY + last, one, other),
            DayOrder.DMY: (_CENTURY + last, other, one),
            DayOrder.YMD: (_CENTURY + one, other, last),
        }
    return {order: day for order, parts in numbers.items() if (day := _real(*parts)) is not None}


def length_of(text: str) -> int:
    """How many characters such a date at the beginning of a text has."""
    found = _NUMBERS.match(text)
    return found.end() if found is not None else 0


def _date_of(text: str) -> str:
    return text[: length_of(text)]


def decide(column: str, cells: Iterable[tuple[int, str]], said: DayOrder | None) -> Decided | None:
    """The order of a column's dates; None where it has none of which that matters.

    `cells` are the lines' numbers and what stands there. Raises ValueError with an example where it is open and not
    `said`, where two dates contradict each other, where one contradicts what was said, where a few that would decide
    for many are more likely slips, and where a spreadsheet has turned some around before.
    """
    left = set(DayOrder)
    dates = _Dates()
    for number, cell in cells:
        days = readings(cell)
        if not days or (len(set(days.values())) == 1 and len(days) > 1):
            dates.add_whole(cell)
            continue  # nothing that could be read so, or the same whichever comes first
        if not left & days.keys():
            raise ValueError(_contradiction(column, left, dates.narrowed, number, cell, days))
        dates.add(number, cell, days, narrows=bool(left - days.keys()))
        left &= days.keys()
    if dates.first is None:
        return None
    if dates.are_turned_around:
        raise ValueError(_turned_around(column, *dates.first))
    if said is not None and said not in left:
        at, shown = dates.narrowed or dates.first
        raise ValueError(f"--dates {said} was given, but {column} in line {at} is {_date_of(shown)}")
    if said is not None:
        return Decided(said, None)
    if len(left) > 1:
        raise ValueError(_open(column, *dates.first, left))
    return _shown(column, dates, next(iter(left)))


def _shown(column: str, dates: "_Dates", order: DayOrder) -> Decided:
    """The order that a column shows. Raises ValueError where the dates that show it are more likely slips."""
    if not dates.are_few_to_show:
        return Decided(order, dates.narrowed)
    near = min(dates.spans, key=lambda other: dates.days_between(other))
    if dates.days_between(order) - dates.days_between(near) > _MOST_WIDER:
        raise ValueError(_likely_a_slip(column, dates, order, near))
    return Decided(order, dates.narrowed, dates.open_at, dates.open_count)


@dataclass
class _Dates:
    """The dates of a column so far: where they can be read in several ways, how many, and between which days each way.

    `narrowed` is the last one that left fewer ways, `first` the first of all whose order matters. `whole` are the days
    of those that stand there whatever the order.
    """

    first: tuple[int, str] | None = None
    narrowed: tuple[int, str] | None = None
    shown_count: int = 0
    open_at: tuple[int, str] | None = None
    open_count: int = 0
    spans: dict[DayOrder, tuple[date, date]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    has_late_ones: bool = False

    def add(self, number: int, cell: str, days: Mapping[DayOrder, date], *, narrows: bool) -> None:
        self.first = self.first or (number, cell)
        if narrows:
            self.narrowed = number, cell
        if len(days) == 1:
            self.shown_count += 1
            return
        self.open_at = self.open_at or (number, cell)
        self.open_count += 1
        for order, day in days.items():
            one, other = self.spans.get(order, (day, day))
            self.spans[order] = min(one, day), max(other, day)

    def add_whole(self, cell: str) -> None:
        found = _WHOLE.match(cell)
        if found is not None and int(found[1]) > _MONTHS:
            self.has_late_ones = True
        elif found is not None and len(self.whole) < _FEWEST_TURNED:
            self.whole.add(found[0])

    @property
    def are_few_to_show(self) -> bool:
        """Whether one date, or few among very many, would decide how all others are read."""
        return 0 < self.shown_count * _MANY <= self.open_count or (self.shown_count == 1 and self.open_count > 0)

    @property
    def are_turned_around(self) -> bool:
        """Whether a spreadsheet has read the other order: what it could is a date, no day over 12; the rest is text."""
        return not self.open_count and not self.has_late_ones and len(self.whole) >= _FEWEST_TURNED

    def days_between(self, order: DayOrder) -> int:
        one, other = self.spans.get(order, (date.min, date.max))
        return (other - one).days


def _likely_a_slip(column: str, dates: _Dates, order: DayOrder, near: DayOrder) -> str:
    assert dates.narrowed is not None, "something shows the order"
    at, shown = dates.narrowed
    wide, narrow = (" to ".join(map(str, dates.spans[one])) for one in (order, near))
    return (
        f"{column} in line {at} is {_date_of(shown)}, {IN_WORDS[order]}, and decides alone for "
        f"{dates.open_count} others: they would lie from {wide}, and {IN_WORDS[near]} from {narrow}. If it is a slip, "
        f"mend it and add --dates {near}; else add --dates {order}"
    )


def _turned_around(column: str, number: int, cell: str) -> str:
    return (
        f"{column} has dates as text, such as {_date_of(cell)} in line {number}, and no other has a day over "
        f"{_MONTHS}: so a spreadsheet that reads the other order has turned the others around. Check them against "
        "where they come from, and write them all like 2026-11-23"
    )


def _open(column: str, number: int, cell: str, left: set[DayOrder]) -> str:
    days = {order: day for order, day in readings(cell).items() if order in left}
    can_be = " or ".join(str(day) for day in dict.fromkeys(days.values()))
    ways = " or ".join(f"--dates {order} ({IN_WORDS[order]})" for order in days)
    return f"{column} in line {number} is {_date_of(cell)}, which can be {can_be}: add {ways}"


def _contradiction(
    column: str, left: set[DayOrder], before: tuple[int, str] | None, number: int, cell: str, days: dict[DayOrder, date]
) -> str:
    at, shown = before or (number, cell)
    ways = [" or ".join(IN_WORDS[order] for order in sorted(some)) for some in (left, days.keys())]
    return (
        f"{column} has dates in two orders: {_date_of(shown)} in line {at} is {ways[0]}, and "
        f"{_date_of(cell)} in line {number} is {ways[1]}. Write them all like 2026-11-23"
    )


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
