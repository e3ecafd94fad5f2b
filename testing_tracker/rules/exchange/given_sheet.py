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
    sheets = workbook.sheets(how.sheet)
    found: list[tuple[int, WorkbookTable, Header[None]]] = []
    for number, sheet in sheets:
        try:
            header = find_header(candidates(sheet), columns, how.mappings)
        except TestingTrackerError:
            if len(sheets) == 1:
                raise
        else:
            found.append((number, WorkbookTable(sheet, header.number, header.cells), header))
    if not found:
        raise TestingTrackerError(
            f"None of the {len(sheets)} sheets names the columns {columns.in_words()}. Give --sheet with the "
            "name of the one that is meant, to hear what is missing there. Nothing was changed."
        )
    if len(found) > 1:
        numbers = " and ".join(str(number) for number, _, _ in found)
        raise TestingTrackerError(
            f"Sheets {numbers} of the file have these columns. Say which is meant with --sheet and the name on its "
            "tab, or its number. Nothing was changed."
        )
    _, table, header = found[0]
    return sheet_of(table, header, columns, how.dates, may_have_dates=True, since=workbook.since, notes=table.merged())
