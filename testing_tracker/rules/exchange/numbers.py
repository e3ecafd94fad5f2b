"""The one door for numbers, days and JSON as people and files write them: read in a moment, or refused in a line."""

import json
import re
from datetime import date
from fractions import Fraction
from typing import Any

_ID = re.compile(r"[0-9]{1,18}")
_CHANCE = re.compile(r"[0-9]{1,400}(?:/[0-9]{1,400}|\.[0-9]{1,400})?")


def is_id(text: str) -> bool:
    """Whether a text can be the number of something on record."""
    return _ID.fullmatch(text) is not None


def read_chance(text: object) -> Fraction:
    """An exact chance, such as `2/7`. Raises ValueError for what is none, and for one beyond 0 and 1."""
    if not isinstance(text, str) or _CHANCE.fullmatch(text) is None:
        raise ValueError("a chance that is none; a chance is a text such as 2/7")
    try:
        chance = Fraction(text)
    except ZeroDivisionError:
        raise ValueError("a chance that is none") from None
    if chance > 1:
        raise ValueError("a chance of more than 1")
    return chance


# No facility has draws outside of these years, and each day in them has neighbours to reckon with.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


def read_day(text: str) -> date:
    """A day in ISO 8601. Raises ValueError, without the text, for what is none or is further away than any record."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("not a date; write 2026-11-23") from None
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"a day outside of the years {EARLIEST.year} to {LATEST.year}")
    return day


MOST_BRACKETS = 200_000


def read_json(text: str) -> Any:  # noqa: ANN401
    """The document. Raises ValueError with what is wrong, without quoting the text."""
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        raise ValueError(f"it has more than {MOST_BRACKETS:,} brackets")
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg}: line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")
