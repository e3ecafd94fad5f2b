"""Days and times as spreadsheets write them, in the form that this program reads: 2026-11-23, 09:05, 2026-11-23T09:05.

What is none of these stays as it stands, for the reader of its column to refuse.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from testing_tracker.rules.exchange.day_order import DayOrder, length_of, readings
from testing_tracker.rules.said import time_said, whole_date_said

SINCE_1900 = date(1899, 12, 30)  # Excel's day 0, as its days from 1 March 1900 on count
SINCE_1904 = date(1904, 1, 1)

_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")
_SERIAL = re.compile(r"([0-9]{5})(?:[.,]([0-9]{1,15}))?")
_FRACTION = re.compile(r"0?[.,]([0-9]{1,17})")
_TIME = re.compile(r"([0-9]{1,2}:?[0-9]{2})(?::([0-5][0-9])(?:\.0+)?)?(?: ?([ap]\.?m\.?))?", re.IGNORECASE)
_MOST = 40  # characters of a date with its time
Reader = Callable[[str], str]


def is_serial(text: str) -> bool:
    """Whether a text is a day in a spreadsheet's own count, such as 45982."""
    return _SERIAL.fullmatch(text) is not None


def day_reader(order: DayOrder | None, since: date = SINCE_1900) -> Reader:
    """A reader of a column's days. `since` is day 0 of days that are numbers."""

    def read(text: str) -> str:
        if (len(text) == 10 and text[4] == "-") or not text or len(text) > _MOST:
            return text
        day, rest = _day(text, order, since)
        return text if day is None or not _is_midnight(rest) else day.isoformat()

    return read


def moment_reader(order: DayOrder | None, since: date = SINCE_1900) -> Reader:
    """A reader of a column's times, with their days or without."""

    def read(text: str) -> str:
        if (len(text) == 5 and text[2] == ":") or not text or len(text) > _MOST or _is_iso(text):
            return text
        fraction = _FRACTION.fullmatch(text)
        if fraction is not None:
            moment = datetime.combine(since, time()) + _part_of_a_day(fraction[1])
            return _short(moment.time()) if moment.date() == since else text
        at = _time(text)
        if at is not None:
            return _short(at)
        day, rest = _day(text, order, since)
        at = _time(rest) if rest else None
        if day is None or at is None:
            return text
        return f"{day.isoformat()}T{_short(at)}"

    return read


def _is_iso(text: str) -> bool:
    try:
        return len(text) >= len("2026-11-23") and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _day(text: str, order: DayOrder | None, since: date) -> tuple[date | None, str]:
    """The day at the beginning of a text, and what stands behind it."""
    days = readings(text)
    if days:
        same = len(set(days.values())) == 1
        day = next(iter(days.values())) if same and len(days) > 1 else days.get(order) if order is not None else None
        return day, text[length_of(text) :].lstrip(" T")
    if (found := _YEAR_FIRST.match(text)) is not None:
        return _real(int(found[1]), int(found[3]), int(found[4])), text[found.end() :].lstrip(" T")
    if (found := _SERIAL.fullmatch(text)) is not None:
        moment = datetime.combine(since, time()) + timedelta(days=int(found[1])) + _part_of_a_day(found[2] or "0")
        return moment.date(), _short(moment.time())
    if any(letter.isalpha() for letter in text):
        return _with_named_month(text)
    return None, ""


def _with_named_month(text: str) -> tuple[date | None, str]:
    """`23-Nov-2026` or `Nov 23, 2026`, with a time behind it or without."""
    found = re.fullmatch(r"(.*?[0-9]{4})(?:[T ,]+(.*))?", text)
    try:
        return (whole_date_said(found[1]), found[2] or "") if found is not None else (None, "")
    except ValueError:
        return None, ""


def _part_of_a_day(digits: str) -> timedelta:
    """A fraction of a day, to the second."""
    return timedelta(seconds=round(86_400 * int(digits) / 10 ** len(digits)))


def _is_midnight(text: str) -> bool:
    return not text or _time(text) == time()


def _time(text: str) -> time | None:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    try:
        said = time_said(found[1] + (f" {found[3].replace('.', '')}" if found[3] else ""))
    except ValueError:
        return None
    return said.replace(second=int(found[2] or 0))


def _short(at: time) -> str:
    return at.strftime("%H:%M:%S" if at.second else "%H:%M")


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
