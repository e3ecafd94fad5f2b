"""How cells of files are written and read: csv, numbers, days and JSON, in a moment or refused in a line."""

import json
import re
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import _csv


APOSTROPHE = "'"
_ROW_END = "\r\n"


class SupportsWrite(Protocol):
    """What text can be written to."""

    def write(self, text: str, /) -> object:
        """Take a text."""


_FORMULA = re.compile(r"[\t\r]|[\s'\"\ufeff]*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might compute a cell with this text; a plain number is none."""
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def protected(value: object) -> object:
    """A cell as it is written: numbers stay numbers, and what might be computed stands behind an apostrophe."""
    return f"{APOSTROPHE}{value}" if isinstance(value, str) and is_formula(value) else value


def unprotected(cell: str) -> str:
    """A cell as it was before it was `protected`."""
    return cell[1:] if cell.startswith(APOSTROPHE) and is_formula(cell[1:]) else cell


class _Lines:
    """Ends each row with a line feed alone."""

    def __init__(self, file: SupportsWrite) -> None:
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(f"{row.removesuffix(_ROW_END)}\n")


def rows_to(file: SupportsWrite, delimiter: str = ",") -> "_csv.Writer":
    """A writer of csv rows. It quotes a cell with a carriage return, as the library does for its own row ends only."""
    import csv

    return csv.writer(_Lines(file), delimiter=delimiter, lineterminator=_ROW_END)


_ID = re.compile(r"[0-9]{1,18}")
_CHANCE = re.compile(r"([0-9]{1,324})(?:/([0-9]{1,324})|\.[0-9]{1,19})?")
_MOST_BITS, _MOST_BITS_OF_A_FLOAT = 64, 1075


def is_id(text: str) -> bool:
    """Whether a text can be the number of something on record."""
    return _ID.fullmatch(text) is not None


def read_chance(text: object) -> Fraction:
    """An exact chance, such as `2/7`. Raises ValueError for what is none, and for one beyond 0 and 1.

    No denominator has more than 64 bits, but for a power of two: within guard rails a chance is a float as it is.
    """
    found = _CHANCE.fullmatch(text) if isinstance(text, str) else None
    if not isinstance(text, str) or found is None:
        raise ValueError("a chance that is none; a chance is a text such as 2/7")
    denominator = int(found[2] or 1)
    is_of_a_float = denominator.bit_count() == 1 and denominator.bit_length() <= _MOST_BITS_OF_A_FLOAT
    if denominator.bit_length() > _MOST_BITS and not is_of_a_float:
        raise ValueError(f"a chance with a denominator of more than {_MOST_BITS} bits")
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
