"""A spreadsheet that was given to be imported: its header understood, its lines one after the other.

Dates and times stand in its lines as this program reads them, whatever the file has. Services take the lines, and know
nothing of files.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, Protocol

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.columns import Columns
from testing_tracker.rules.exchange.csv_cells import APOSTROPHE, unprotected
from testing_tracker.rules.exchange.csv_table import Line
from testing_tracker.rules.exchange.day_order import DayOrder, decide
from testing_tracker.rules.exchange.header import Header, notes_on
from testing_tracker.rules.exchange.spreadsheet_days import SINCE_1900, Reader, day_reader, is_serial, moment_reader
from testing_tracker.rules.watched import Advance, nobody

_ERROR = re.compile(r"#(?:DIV/0|N/A|NAME|NULL|NUM|REF|VALUE|SPILL|CALC|GETTING_DATA|FIELD|BLOCKED)[!?]?|Err:[0-9]{3}")


class ImportedRow(NamedTuple):
    """A line with the right number of cells: its cells, its text to be written again, the columns' letters."""

    number: int
    cells: Mapping[str, str]
    raw: str
    letters: Mapping[str, str]

    def address(self, column: str) -> str:
        """Where a cell stands, as a spreadsheet says it: B14."""
        return f"{self.letters[column]}{self.number}"


class Unread(NamedTuple):
    """A line that is none of such a file, and what is wrong with it."""

    number: int
    reason: str
    raw: str


class Table(Protocol):
    """What has lines below a header. They can be read more than once."""

    @property
    def raw_header(self) -> str: ...

    @property
    def size(self) -> int: ...

    def lines(self, advance: Advance) -> Iterator[Line]: ...

    def protected(self, raw: str) -> str: ...


@dataclass
class Sheet:
    """A table with its header. `notes` are what a person should be told, by line; some come up while it is read.

    `follow` is told how much was read. `decided` are the orders that the dates of a column show by themselves.
    """

    table: Table
    names: Sequence[str | None]
    letters: Mapping[str, str]
    readers: Sequence[tuple[str, Reader]]
    notes: list[tuple[int, str]]
    follow: Advance = nobody
    decided: dict[str, DayOrder] = field(default_factory=dict)

    def rows(self) -> Iterator[ImportedRow | Unread]:
        """The lines. A cell that a spreadsheet could not compute makes its line none."""
        places = [(place, name) for place, name in enumerate(self.names) if name is not None]
        told: set[str] = set()
        for number, cells, raw in self.table.lines(self.follow):
            if isinstance(cells, str):
                yield Unread(number, cells, raw)
                continue
            said = {name: cells[place].strip() for place, name in places}
            if APOSTROPHE in raw:
                said = {name: unprotected(cell).strip() for name, cell in said.items()}
            if not any(said.values()):
                continue
            if ("#" in raw or "Err:" in raw) and (wrong := self._errors(number, said)):
                yield Unread(number, wrong, raw)
                continue
            for column, read in self.readers:
                cell = said[column]
                meant = read(cell)
                if meant is not cell:
                    said[column] = meant
                    if column not in told and is_serial(cell):
                        told.add(column)
                        self.notes.append((number, f"{column} {cell} is a spreadsheet's number for {meant}"))
            yield ImportedRow(number, said, raw, self.letters)

    def _errors(self, number: int, said: Mapping[str, str]) -> str:
        found = [
            f"{name} is a spreadsheet's error, {cell} ({self.letters[name]}{number})"
            for name, cell in said.items()
            if _ERROR.fullmatch(cell)
        ]
        return "; ".join(found)


def sheet_of(
    table: Table,
    header: Header[Any],
    columns: Columns,
    said: DayOrder | None,
    *,
    may_have_dates: bool,
    since: date = SINCE_1900,
    notes: Sequence[tuple[int, str]] = (),
) -> Sheet:
    """The sheet. `said` is the order of a date's numbers where somebody gave it; `since`, day 0 of days in numbers.

    Without `may_have_dates` there are none whose order is a question, and the table need not be looked through. Raises
    TestingTrackerError where the order of a column is open or contradicts itself.
    """
    sheet = Sheet(table, header.names, header.letters, (), [*notes, *notes_on(header, columns)])
    dated = [name for name in (*columns.days, *columns.times) if name in header.letters]
    orders = _orders(sheet, dated, said) if may_have_dates else {}
    sheet.readers = [
        (name, (day_reader if name in columns.days else moment_reader)(orders.get(name), since)) for name in dated
    ]
    return sheet


def _orders(sheet: Sheet, dated: Sequence[str], said: DayOrder | None) -> dict[str, DayOrder]:
    orders = {}
    for name in dated:
        cells = ((row.number, row.cells[name]) for row in sheet.rows() if isinstance(row, ImportedRow))
        try:
            decided = decide(name, cells, said)
        except ValueError as error:
            raise TestingTrackerError(f"{error}. Nothing was changed.") from None
        if decided is None:
            continue
        orders[name] = decided.order
        if decided.shown is not None:
            sheet.decided[name] = decided.order
            sheet.notes.append((decided.shown[0], f"{name} is read {decided}"))
    return orders
