"""What people say of days, weeks and times.

One grammar for commands, options and the log session. What could be two things is refused with both; what was
understood is for the caller to say back. Cells of files have their own reader, which must not quote what stands there.
"""

import re
from datetime import date, time, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

from testing_tracker.rules.exchange.csv_cells import EARLIEST, LATEST, read_day
from testing_tracker.rules.near_words import in_words

if TYPE_CHECKING:
    from testing_tracker.rules.calendar import Week

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_LEAST_LETTERS = 3  # of a weekday or a month: `ma` might be March or May
_NEAR = timedelta(days=60)  # a date without its year this close is the one that is meant
_WEEK = timedelta(days=7)
_SOME_YEAR = date(2000, 1, 1)  # one with a 29 February
DAY_WORDS = {"today": 0, "yesterday": -1, "tomorrow": 1}
CAN_BE_SAID = "2026-11-23, today, yesterday, tomorrow, last mon, -2, +3, 11/18 or Nov 18"
_CAN_BE_A_TIME = "09:05, 905 or 9:05am"
_Numbers = tuple[int | None, int, int]  # year, month, day


class Looks(Enum):
    """Where a command looks for the day that it is given: at what was, at what will be, or at both."""

    BACK = auto()
    AHEAD = auto()
    EITHER = auto()


def day_said(text: str, today: date, looks: Looks = Looks.EITHER) -> date:
    """The day that somebody means by `mon`, `last mon`, `+3`, `11/18`, `Nov 18` or a date in ISO 8601.

    `last mon` is the last one before today, `next mon` the first one after it. A weekday alone is the one that the
    command looks at; on that very weekday, and where it looks at both, it could be two. A date without its year is the
    nearest one, or the one that the command looks at; its weekday may stand before it. Raises ValueError, with both
    where it could be two things, else with what can be typed.
    """
    said = _cleaned(text)
    days = _relative(said)
    if days is not None:
        return _within(text, today + timedelta(days=days) if abs(days) < (LATEST - EARLIEST).days else date.max)
    named = _weekday_named(said)
    if named is not None:
        return _within(text, _that_weekday(text, *named, today, looks))
    meant = [_in_their_year(text, numbers, today, looks) for numbers in _dates(text)]
    if len(meant) > 1:  # of each order the nearest year; that says enough of what was not understood
        meant = [[min(days, key=lambda day: abs(day - today))] for days in meant]
    return _the_only(text, sorted({day for days in meant for day in days}))


def check_day_said(text: str) -> None:
    """Raise ValueError for what is no day, whatever day it is today."""
    said = _cleaned(text)
    if _relative(said) is None and _weekday_named(said) is None:
        _dates(text)


def whole_date_said(text: str) -> date:
    """The date that somebody means who says its year. Raises ValueError for what depends on the day it is today."""
    said = _cleaned(text)
    if _relative(said) is None and _weekday_named(said) is None:
        numbers = _dates(text)
        if all(year is not None for year, _, _ in numbers):
            return _the_only(text, sorted({date(year or 0, month, day) for year, month, day in numbers}))
    raise ValueError(f"{text!r} is not a date with its year; write 2026-11-23")


def in_full(day: date) -> str:
    """A day as it is said back: `Mon 2026-11-23`."""
    return f"{WEEKDAYS[day.weekday()][:3].capitalize()} {day}"


def _cleaned(text: str) -> str:
    return " ".join(text.casefold().replace("\N{MINUS SIGN}", "-").split())


def _relative(said: str) -> int | None:
    """How many days after today; `+` or `-` and a number count them."""
    if said in DAY_WORDS:
        return DAY_WORDS[said]
    return int(said) if re.fullmatch(r"[+-][0-9]{1,6}", said) else None


def _within(text: str, day: date) -> date:
    try:
        return read_day(day.isoformat())
    except ValueError as error:
        raise ValueError(f"{text!r} is {error}") from None


def _beginning_of(word: str, names: tuple[str, ...]) -> int | None:
    """The place of the name that a word begins, or is."""
    if len(word) < _LEAST_LETTERS:
        return None
    return next((place for place, name in enumerate(names) if name.startswith(word)), None)


def _weekday_named(said: str) -> tuple[str, int] | None:
    """`last`, `next` or nothing, and which weekday."""
    *before, word = said.split() or [""]
    weekday = _beginning_of("wed" if word == "weds" else word, WEEKDAYS)
    which = " ".join(before)
    return (which, weekday) if weekday is not None and which in ("", "last", "next") else None


def _that_weekday(text: str, which: str, weekday: int, today: date, looks: Looks) -> date:
    before = today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
    after = today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if which == "last":
        return before
    if which == "next":
        if weekday > today.weekday():  # of this week, or of the next one: people disagree
            raise _two(text, after, after + _WEEK)
        return after
    if weekday == today.weekday():
        if looks is Looks.EITHER:
            raise ValueError(
                f"{text!r} could be today, {in_full(today)}, {in_full(before)} or {in_full(after)}; write the date"
            )
        other = before if looks is Looks.BACK else after
        raise ValueError(f"{text!r} could be today or {in_full(other)}; write today or the date")
    if looks is Looks.EITHER:
        raise _two(text, before, after)
    return before if looks is Looks.BACK else after


def _dates(text: str) -> list[_Numbers]:
    """What a text can say as a date: year, if it has one, month and day; more than one where its order is open.

    Raises ValueError for what is none.
    """
    _, said = _weekday_before(text)
    try:
        day = read_day(said.upper())
    except ValueError as error:
        numbers = _with_named_month(said) or _in_numbers(said)
        if not numbers and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said):
            raise ValueError(f"{text!r} is {error}") from None
    else:
        return [(day.year, day.month, day.day)]
    real = [one for one in numbers if _is_real(*one)]
    if not real:
        raise ValueError(f"{text!r} is not a date; write {CAN_BE_SAID}")
    return real


def _weekday_before(text: str) -> tuple[int | None, str]:
    """The weekday that stands before a date, if one does, and the date."""
    said = _cleaned(text)
    match = re.fullmatch(r"([a-z]+)\.?,? (.+)", said)
    weekday = _beginning_of(match[1], WEEKDAYS) if match is not None else None
    return (None, said) if match is None or weekday is None else (weekday, match[2])


def _with_named_month(said: str) -> list[_Numbers]:
    """`nov 18`, `18 nov`, `november 18th, 2026`, `18-nov-2026`."""
    match = re.fullmatch(
        r"(?:([a-z]+)\.?[ -]?([0-9]{1,2})(?:st|nd|rd|th)?|([0-9]{1,2})(?:st|nd|rd|th)?\.?[ -]?([a-z]+)\.?)"
        r"(?:(?:, ?|[ -])([0-9]{4}))?",
        said,
    )
    if match is None:
        return []
    month = _beginning_of(match[1] or match[4], MONTHS)
    year = int(match[5]) if match[5] else None
    return [] if month is None else [(year, month + 1, int(match[2] or match[3]))]


def _in_numbers(said: str) -> list[_Numbers]:
    """`11/18`, `18.11.`, `11/18/2026`, `11/18/26`, `2026/11/18`: month before day, or day before month."""
    match = re.fullmatch(r"([0-9]{1,2})([/.-])([0-9]{1,2})(?:\2([0-9]{4}|[0-9]{2})?)?", said)
    if match is not None and (match[4] or match[2] == "." or not said.endswith(match[2])):
        one, other = int(match[1]), int(match[3])
        year = None if match[4] is None else int(match[4]) + (2000 if len(match[4]) == 2 else 0)
        found: list[_Numbers] = [(year, one, other), (year, other, one)]
        if match[4] is not None and len(match[4]) == 2:
            found.append((2000 + one, other, int(match[4])))  # a year of two digits may stand first
        return found
    match = re.fullmatch(r"([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})", said)
    return [] if match is None else [(int(match[1]), int(match[2]), int(match[3]))]


def _is_real(year: int | None, month: int, day: int) -> bool:
    try:
        return EARLIEST <= date(_SOME_YEAR.year if year is None else year, month, day) <= LATEST
    except ValueError:
        return False


def _in_their_year(text: str, numbers: _Numbers, today: date, looks: Looks) -> list[date]:
    """The day, or the two days, that a date can be of which the year may not have been said."""
    year, month, day = numbers
    if year is not None:
        return [date(year, month, day)]
    around = [
        date(one, month, day)
        for one in range(today.year - 8, today.year + 9)  # a 29 February may be eight years away
        if EARLIEST.year <= one <= LATEST.year and _is_real(one, month, day)
    ]
    before, after = [one for one in around if one < today], [one for one in around if one > today]
    if today in around:
        return [today]
    if not before or not after:
        raise ValueError(f"{text!r} needs its year; write 2026-11-23")
    return _which_of(before[-1], after[0], today, looks)


def _which_of(before: date, after: date, today: date, looks: Looks) -> list[date]:
    """The one that is meant of the last such date before today and the first after it; both where it could be two."""
    is_near = today - before <= _NEAR, after - today <= _NEAR
    if looks is Looks.EITHER:
        return {(True, False): [before], (False, True): [after]}.get(is_near, [before, after])
    meant, other = (before, after) if looks is Looks.BACK else (after, before)
    return [before, after] if abs(other - today) <= _NEAR < abs(meant - today) else [meant]


def _the_only(text: str, days: list[date]) -> date:
    weekday, _ = _weekday_before(text)
    meant = [day for day in days if weekday in (None, day.weekday())]
    if not meant:
        raise ValueError(
            f"{text!r} has another weekday than {in_words(map(in_full, days))}; write the one that is meant"
        )
    if len(meant) > 1:
        raise _two(text, *meant)
    return meant[0]


def _two(text: str, *days: date) -> ValueError:
    return ValueError(f"{text!r} could be {in_words(map(in_full, days))}; write the date that is meant")


def week_said(text: str, today: date) -> "Week":
    """The ISO week that somebody means by `2026-W47`, `47`, `last` (the last that is over) or `this`.

    Without its year it is the last one of that number that has begun. Raises ValueError, with both where it could be
    two, else with what can be typed.
    """
    from testing_tracker.rules.calendar import Week

    said = _cleaned(text).removesuffix(" week")
    this = Week.of(today)
    if said in ("this", "last"):
        return this + (-1 if said == "last" else 0)
    match = re.fullmatch(r"w?([0-9]{1,2})", said)
    if match is None:
        return _whole_week(text)
    mondays = [
        date.fromisocalendar(year, int(match[1]), 1)
        for year in range(today.year - 8, today.year + 9)
        if EARLIEST.year < year < LATEST.year and _has_week(year, int(match[1]))
    ]
    before, after = [one for one in mondays if one <= today], [one for one in mondays if one > today]
    if not before or not after:
        raise ValueError(f"{text!r} is not an ISO week such as 2026-W47")
    weeks = [Week.of(monday) for monday in _which_of(before[-1], after[0], today, Looks.BACK)]
    if len(weeks) > 1:
        raise ValueError(f"{text!r} could be {weeks[0]} or {weeks[1]}; write the one that is meant")
    return weeks[0]


def check_week_said(text: str) -> None:
    """Raise ValueError for what is no week, whatever day it is today."""
    said = _cleaned(text).removesuffix(" week")
    if said not in ("this", "last") and not re.fullmatch(r"w?(0?[1-9]|[1-4][0-9]|5[0-3])", said):
        _whole_week(text)


def _has_week(year: int, number: int) -> bool:
    return 1 <= number <= date(year, 12, 28).isocalendar().week


def _whole_week(text: str) -> "Week":
    from testing_tracker.rules.calendar import Week

    week = Week.parse(_cleaned(text).upper())
    for day in (week.monday, week.sunday):
        _within(text, day)
    return week


def time_said(text: str) -> time:
    """The time of day that somebody means by `9:05`, `905`, `9:05am`, `9:05 pm` or `9am`; of 24 hours without am or pm.

    Raises ValueError, with both where it could be two things, else with what can be typed.
    """
    said = _cleaned(text)
    match = re.fullmatch(r"([0-9]{1,2}?)(?::?([0-9]{2}))?(?: ?([ap])(?:m|\.m\.)?)?", said)
    if match is None:
        raise ValueError(f"{text!r} is not a time of day; write {_CAN_BE_A_TIME}")
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    most_hours, most_minutes = (12 if half else 23), 59
    if not match[2] and not half:
        raise ValueError(_which_half(text, hour))
    if hour > most_hours or minute > most_minutes or (half and not hour):
        raise ValueError(f"{text!r} is not a time of day; write {_CAN_BE_A_TIME}")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute)


def _which_half(text: str, hour: int) -> str:
    if 1 <= hour <= 12:
        return f"{text!r} could be {hour}am or {hour}pm; write {hour}am, {hour}pm or {hour}:00"
    return f"{text!r} is not a time of day; write {_CAN_BE_A_TIME}"
