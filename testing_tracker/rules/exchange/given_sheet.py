"""The one door for spreadsheets that are imported: bytes of any such file become a sheet, or are refused in a line."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange import csv_table
from testing_tracker.rules.exchange.columns import Columns
from testing_tracker.rules.exchange.day_order import SOMEWHERE, DayOrder
from testing_tracker.rules.exchange.decoding import UndecodedError, decoded, is_workbook
from testing_tracker.rules.exchange.header import Header, find_header
from testing_tracker.rules.exchange.sheet import Sheet, sheet_of


@dataclass(frozen=True)
class HowToRead:
    """What somebody said of a file: the order of its dates' numbers, which sheet, and its own names of columns."""

    dates: DayOrder | None = None
    sheet: str | None = None
    mappings: Mapping[str, str] = field(default_factory=dict)


def open_sheet(content: bytes, file: str, columns: Columns, how: HowToRead) -> Sheet:
    """The sheet that is in a file; `file` is its name for messages.

    Raises TestingTrackerError where it cannot be read as one with these columns.
    """
    if is_workbook(content):
        return _of_workbook(content, columns, how)
    if how.sheet is not None:
        raise TestingTrackerError("--sheet is for .xlsx or .ods, and this file is text. Nothing was changed.")
    try:
        read = decoded(content)
    except UndecodedError as error:
        raise TestingTrackerError(f"{file}:{error.line}: {error}; nothing was changed.") from None
    header = find_header(csv_table.candidates(read.text), columns, how.mappings)
    table = csv_table.CsvTable(read.text, header.where, len(header.names))
    return sheet_of(
        table,
        header,
        columns,
        how.dates,
        may_have_dates=SOMEWHERE.search(read.text, header.where.offset) is not None,
        notes=[read.note] if read.note is not None else [],
    )


def _of_workbook(content: bytes, columns: Columns, how: HowToRead) -> Sheet:
    from testing_tracker.rules.exchange.workbook import Workbook, WorkbookTable, candidates

    workbook = Workbook(content)
    meant = workbook.sheets_meant(how.sheet)
    numbers: list[int] = []
    found: tuple[WorkbookTable, Header[None]] | None = None
    for number, name in meant:
        sheet = workbook.sheet(name)
        try:
            header = find_header(candidates(sheet), columns, how.mappings)
        except TestingTrackerError:
            if len(meant) == 1:
                raise
            continue
        numbers.append(number)
        found = found or (WorkbookTable(sheet, header.number, header.cells), header)
    if found is None:
        raise TestingTrackerError(
            f"None of the {len(meant)} sheets names the columns {columns.in_words()}. Give --sheet with the "
            "name of the one that is meant, to hear what is missing there. Nothing was changed."
        )
    if len(numbers) > 1:
        raise TestingTrackerError(
            f"Sheets {' and '.join(map(str, numbers))} of the file have these columns. Say which is meant with --sheet "
            "and the name on its tab, or its number. Nothing was changed."
        )
    table, header = found
    return sheet_of(table, header, columns, how.dates, may_have_dates=True, since=workbook.since, notes=table.merged())
