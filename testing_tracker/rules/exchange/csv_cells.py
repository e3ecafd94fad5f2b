"""The one door for cells of csv files: a spreadsheet takes none of them for a formula, and reading them loses nothing.

Spreadsheets compute what begins with one of a few signs, also behind blanks and quotation marks, and a formula can send
what stands beside it elsewhere (OWASP, CSV Injection). An apostrophe in front makes it a text.
"""

import re
from typing import TYPE_CHECKING, Protocol

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


def rows_to(file: SupportsWrite) -> "_csv.Writer":
    """A writer of csv rows. It quotes a cell with a carriage return, as the library does for its own row ends only."""
    import csv

    return csv.writer(_Lines(file), lineterminator=_ROW_END)
