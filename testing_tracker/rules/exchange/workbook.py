"""Reads spreadsheets in .xlsx and .ods: which sheet is meant, and the text of its cells.

The library that does it is an extra, and is loaded when such a file is given.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.csv_cells import protected, rows_to
from testing_tracker.rules.exchange.csv_table import Line
from testing_tracker.rules.exchange.header import MOST_ABOVE, Candidate, letter_of
from testing_tracker.rules.exchange.spreadsheet_days import SINCE_1900, SINCE_1904
from testing_tracker.rules.exchange.workbook_parts import (
    DAMAGED,
    WorkbookError,
    counts_from_1904,
    parts_of,
    repacked,
)
from testing_tracker.rules.watched import Advance

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

EXTRA = "pip install 'testing-tracker[spreadsheets]'"
_MOST_SHEETS = 50
_EXACT = 1e15  # up to here a whole number of a spreadsheet has all its digits
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkbookTable:
    """The lines of a sheet below a line of it, each as wide as the header."""

    sheet: "CalamineSheet"
    header: int
    cells: Sequence[str]

    @property
    def raw_header(self) -> str:
        """The header as a line of csv."""
        return _as_csv(self.cells)

    @property
    def size(self) -> int:
        """How many parts there are to advance by."""
        return _height(self.sheet)

    def lines(self, advance: Advance) -> Iterator[Line]:
        """Each line below the header that says something. `advance` is told how many lines were read."""
        width = len(self.cells)
        advance(self.header)
        for number, cells in islice(_lines(self.sheet), self.header, None):
            advance(1)
            if any(cells):
                cells = [*cells, *[""] * (width - len(cells))][:width]
                yield number, cells, _as_csv([protected(cell) for cell in cells])

    def merged(self) -> list[tuple[int, str]]:
        """A note where cells below the header were merged: only the first of them says something."""
        ranges = [one for one in self.sheet.merged_cell_ranges or () if one[0][0] >= self.header]
        if not ranges:
            return []
        (row, column), (last_row, last_column) = min(ranges)
        place = f"{letter_of(column)}{row + 1}:{letter_of(last_column)}{last_row + 1}"
        more = f" and {len(ranges) - 1} more" if len(ranges) > 1 else ""
        return [(row + 1, f"cells are merged ({place}{more}); only the first of them is read, the others are empty")]

    def protected(self, raw: str) -> str:
        """A line that no spreadsheet computes: they are so already."""
        return raw


class Workbook:
    """A spreadsheet's file. `since` is day 0 of its days that are numbers."""

    def __init__(self, content: bytes) -> None:
        """Open what is in the file. Raises TestingTrackerError where it cannot be read, or the extra is missing."""
        parts = parts_of(content)
        self.since: date = SINCE_1904 if counts_from_1904(parts) else SINCE_1900
        whole = repacked(parts)
        parts.clear()  # a large one is in memory once only
        self._workbook = _opened(whole)

    def sheets_meant(self, wanted: str | None) -> list[tuple[int, str]]:
        """The sheets that may be meant, numbers from 1 and names: those that are shown, or the one that is wanted.

        Raises TestingTrackerError where there is no such one.
        """
        known = list(enumerate(self._workbook.sheets_metadata, start=1))
        if wanted is None:
            from python_calamine import SheetVisibleEnum

            shown = [(number, one.name) for number, one in known if one.visible == SheetVisibleEnum.Visible]
            found = shown[:_MOST_SHEETS]
        else:
            found = [(number, one.name) for number, one in known if one.name.casefold() == wanted.casefold()]
            found = found or [(number, one.name) for number, one in known if str(number) == wanted]
        if not found:
            raise TestingTrackerError(
                f"The spreadsheet has no such sheet; it has {len(known)}. Give --sheet with the name on its tab, or "
                "its number from the left. Nothing was changed."
            )
        return found

    def sheet(self, name: str) -> "CalamineSheet":
        """The sheet of a name, all of it in memory: so they are read one at a time. Raises TestingTrackerError."""
        read: CalamineSheet = _safely(partial(self._workbook.get_sheet_by_name, name))
        return read


def candidates(sheet: "CalamineSheet") -> Iterator[Candidate[None]]:
    """The first lines of a sheet, as far as they say something."""
    for number, cells in islice(_lines(sheet), MOST_ABOVE):
        said = list(cells)
        while said and not said[-1].strip():
            said.pop()
        if said:
            yield Candidate(number, said, None)


def _opened(content: bytes) -> "CalamineWorkbook":
    try:
        from python_calamine import CalamineWorkbook
    except ImportError:
        raise TestingTrackerError(
            f"Spreadsheets are read with an extra that is not installed: {EXTRA}, or save the file as CSV UTF-8."
        ) from None
    found: CalamineWorkbook = _safely(lambda: CalamineWorkbook.from_filelike(io.BytesIO(content)))
    return found


def _safely(read: Callable[[], Any]) -> Any:  # noqa: ANN401
    """What the library reads. Raises WorkbookError in place of its errors, and of what it has none for."""
    try:
        return read()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        raise WorkbookError(DAMAGED) from None


def _height(sheet: "CalamineSheet") -> int:
    """How many rows there are, with the empty ones above."""
    return sheet.end[0] + 1 if sheet.end is not None else 0


def _lines(sheet: "CalamineSheet") -> Iterator[tuple[int, list[str]]]:
    left = [""] * (sheet.start[1] if sheet.start is not None else 0)
    rows = sheet.iter_rows()
    for number in range(1, _height(sheet) + 1):
        values = _safely(lambda: next(rows, None))
        if values is None:
            return
        yield number, [*left, *map(_text, values)]


def _text(value: object) -> str:
    """A cell as a person would have typed it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if isinstance(value, timedelta):
        return str(value) if timedelta() <= value < _DAY else f"{value.total_seconds() / 3600:g} hours"
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime | time):
        return value.isoformat(timespec="seconds" if value.second else "minutes")
    return str(value)


def _as_csv(cells: Sequence[object]) -> str:
    text = io.StringIO(newline="")
    rows_to(text).writerow(cells)
    return text.getvalue()
