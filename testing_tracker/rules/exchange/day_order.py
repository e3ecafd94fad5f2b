"""In which order the numbers of a column's dates stand. The column says so itself, or the person does; nobody guesses.

`11/23/2026` can only have the month first, so all of its column has. A column of which every date can be read in two
ways is refused, unless somebody says which it is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_NUMBERS = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?![0-9])")
# Not in ISO 8601: there a year's four digits stand before, and nothing behind.
SOMEWHERE = re.compile(r"(?<![0-9])[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}")
_CENTURY = 2000


class DayOrder(StrEnum):
    """Which of a date's numbers comes first."""

    MDY = "mdy"
    DMY = "dmy"
    YMD = "ymd"  # with a year of two digits only: one of four is no question


IN_WORDS = {DayOrder.MDY: "month first", DayOrder.DMY: "day first", DayOrder.YMD: "year first"}


@dataclass(frozen=True)
class Decided:
    """A column's order, and where it shows: a line's number, and the date there. None where somebody said it."""

    order: DayOrder
    shown: tuple[int, str] | None


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


def decide(column: str, cells: Iterable[tuple[int, str]], said: DayOrder | None) -> Decided | None:
    """The order of a column's dates; None where it has none of which that matters.

    `cells` are the lines' numbers and what stands there. Raises ValueError with an example where it is open and not
    `said`, where two dates contradict each other, and where one contradicts what was said.
    """
    left = set(DayOrder)
    narrowed: tuple[int, str] | None = None
    open_at: tuple[int, str] | None = None
    for number, cell in cells:
        days = readings(cell)
        if not days or (len(set(days.values())) == 1 and len(days) > 1):
            continue  # nothing that could be read so, or the same whichever comes first
        if not left & days.keys():
            raise ValueError(_contradiction(column, left, narrowed, number, cell, days))
        if left - days.keys():
            left &= days.keys()
            narrowed = number, cell
        if open_at is None:
            open_at = number, cell
    if open_at is None:
        return None
    if said is not None and said not in left:
        at, shown = narrowed or open_at
        raise ValueError(f"--dates {said} was given, but {column} in line {at} is {shown[: length_of(shown)]}")
    if len(left) == 1:
        return Decided(next(iter(left)), None if said is not None else narrowed)
    if said is not None:
        return Decided(said, None)
    raise ValueError(_open(column, *open_at, left))


def _open(column: str, number: int, cell: str, left: set[DayOrder]) -> str:
    days = {order: day for order, day in readings(cell).items() if order in left}
    can_be = " or ".join(str(day) for day in dict.fromkeys(days.values()))
    ways = " or ".join(f"--dates {order} ({IN_WORDS[order]})" for order in days)
    return f"{column} in line {number} is {cell[: length_of(cell)]}, which can be {can_be}: add {ways}"


def _contradiction(
    column: str, left: set[DayOrder], before: tuple[int, str] | None, number: int, cell: str, days: dict[DayOrder, date]
) -> str:
    at, shown = before or (number, cell)
    ways = [" or ".join(IN_WORDS[order] for order in sorted(some)) for some in (left, days.keys())]
    return (
        f"{column} has dates in two orders: {shown[: length_of(shown)]} in line {at} is {ways[0]}, and "
        f"{cell[: length_of(cell)]} in line {number} is {ways[1]}. Write them all like 2026-11-23"
    )


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
