"""Spreadsheets as people have them: the same records, whatever a table is saved as; what is open is asked."""

import csv
import io
from datetime import date, datetime, time, timedelta
from functools import cache

import openpyxl
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from spreadsheets import changed, ods, ods_of, saved, xlsx

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.cell_faults import may_be_quoted, near_words
from testing_tracker.rules.exchange.columns import HISTORY, PARTICIPANTS, RESULTS
from testing_tracker.rules.exchange.day_order import DayOrder
from testing_tracker.rules.exchange.given_sheet import HowToRead, open_sheet
from testing_tracker.rules.exchange.header import letter_of, read_mappings
from testing_tracker.rules.exchange.sheet import ImportedRow
from testing_tracker.rules.exchange.spreadsheet_days import day_reader, moment_reader
from testing_tracker.rules.words import Level

pytestmark = pytest.mark.one_database(reason="files that are read before a database is asked")

HEADER = ["participant", "due_on", "outcome", "note"]


def rows_of(content: bytes, columns=RESULTS, **how) -> list[dict[str, str]]:
    """The lines of a file, all of which have to be lines."""
    found = list(open_sheet(content, "given", columns, HowToRead(**how)).rows())
    assert all(isinstance(row, ImportedRow) for row in found), found
    return [dict(row.cells) for row in found]


def notes_of(content: bytes, columns=RESULTS, **how) -> list[tuple[int, str]]:
    sheet = open_sheet(content, "given", columns, HowToRead(**how))
    list(sheet.rows())
    return sheet.notes


def refusal(content: bytes, columns=RESULTS, **how) -> str:
    with pytest.raises(TestingTrackerError) as caught:
        open_sheet(content, "given", columns, HowToRead(**how))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def said_of(content: bytes) -> str:
    """How a file is refused, or nothing."""
    try:
        open_sheet(content, "given", RESULTS, HowToRead())
    except TestingTrackerError as error:
        return str(error)
    return ""


def check_read_or_refused(content: bytes, columns) -> None:
    """Any other error fails the test."""
    said = ""
    try:
        list(open_sheet(content, "given", columns, HowToRead()).rows())
    except TestingTrackerError as error:
        said = str(error)
    assert len(said) < 1_000
    assert "\n" not in said


def as_csv(rows, delimiter=",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


# What no program loses: no blanks at the ends, and letters that Windows-1252 has.
_TEXTS = st.text(alphabet="abz äéß,;'\"-./", max_size=8).map(str.strip).filter(lambda text: text[:1] not in "'\"=+-@")
_CODES = st.from_regex(r"[A-Z]{1,2}[0-9]{1,3}", fullmatch=True)
_DAYS = st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 12, 31))
_TABLES = st.lists(
    st.tuples(_CODES, _DAYS, st.sampled_from(["negative", "positive", "NEG"]), _TEXTS), min_size=1, max_size=6
)
_WAYS = {
    None: date.isoformat,
    DayOrder.MDY: lambda day: f"{day.month}/{day.day}/{day.year}",
    DayOrder.DMY: lambda day: f"{day:%d.%m.%Y}",
}


@examples(60)
@given(_TABLES, st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be",
    "cp1252"]), st.sampled_from(list(_WAYS)), st.integers(0, 3))  # fmt: skip
def test_a_table_is_the_same_in_whatever_form_it_is_saved(table, delimiter, encoding, order, above):
    said = [dict(zip(HEADER, (code, str(day), *rest), strict=True)) for code, day, *rest in table]
    lines = [*[["The list"], [], [""]][:above], HEADER]
    lines += [line for code, day, *rest in table for line in ([code, _WAYS[order](day), *rest], [])]
    assert rows_of(as_csv(lines, delimiter).encode(encoding), dates=order) == said
    serials = [[code, (day - date(1899, 12, 30)).days, *rest] for code, day, *rest in table]
    for write in (xlsx, ods):
        assert rows_of(write([*lines[: above + 1], *map(list, table)])) == said
        assert rows_of(write([HEADER, *serials])) == said


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["11/12/2026", "11/23/2026"], ["2026-11-12", "2026-11-23"]),
        (["11.12.2026", "23.11.2026"], ["2026-12-11", "2026-11-23"]),
        (["11-12-26", "11-23-26"], ["2026-11-12", "2026-11-23"]),
        (["11/11/2026"], ["2026-11-11"]),
        (["11/23/2026 0:00", "11/12/2026 12:00 AM"], ["2026-11-23", "2026-11-12"]),
        (["2026-11-23T00:00:00", "2026/11/5", "23-Nov-2026"], ["2026-11-23", "2026-11-05", "2026-11-23"]),
        (["46349", "46349.0"], ["2026-11-23", "2026-11-23"]),
        (["46349.5", "11/23/2026 9:05", "99/99/2026", "today"], ["46349.5", "11/23/2026 9:05", "99/99/2026", "today"]),
    ],
)
def test_the_order_of_a_date_is_what_its_column_shows(cells, said):
    text = as_csv([HEADER, *([f"A{place}", cell, "n", ""] for place, cell in enumerate(cells))])
    assert [row["due_on"] for row in rows_of(text.encode())] == said


@pytest.mark.parametrize(
    ("cells", "how", "said"),
    [
        (
            ["11/12/2026"],
            None,
            "due_on in line 2 is 11/12/2026, which can be 2026-11-12 or 2026-12-11: add --dates mdy",
        ),
        (["11/23/2026", "23/11/2026"], None, "due_on has dates in two orders: 11/23/2026 in line 2 is month first"),
        (["11/23/2026"], DayOrder.DMY, "--dates dmy was given, but due_on in line 2 is 11/23/2026"),
        (["26/11/23"], None, "can be 2023-11-26 or 2026-11-23"),
    ],
)
def test_what_no_day_decides_is_asked_and_never_guessed(cells, how, said):
    text = as_csv([HEADER, *(["A1", cell, "n", ""] for cell in cells)])
    assert said in refusal(text.encode(), dates=how)


@given(st.lists(_DAYS, min_size=1, max_size=8), st.sampled_from(["/", ".", "-"]))
def test_no_order_is_taken_that_the_file_does_not_show(days, between):
    cells = [f"{day.month}{between}{day.day}{between}{day.year}" for day in days]
    content = as_csv([HEADER, *(["A1", cell, "n", ""] for cell in cells)]).encode()
    open_ones = [day for day in days if day.day <= 12 and day.day != day.month]
    shows = any(day.day > 12 for day in days) or not open_ones
    if shows and "decides alone" in (said := said_of(content)):
        assert sum(day.day > 12 for day in days) == 1
        assert "else add --dates mdy" in said
    elif shows:
        assert [row["due_on"] for row in rows_of(content)] == [str(day) for day in days]
    else:
        assert "add --dates mdy" in refusal(content)
        assert [row["due_on"] for row in rows_of(content, dates=DayOrder.MDY)] == [str(day) for day in days]


NOVEMBER = [f"11/{day:02}/2026" for day in range(1, 13) if day != 11]


def dated(cells) -> bytes:
    return as_csv([HEADER, *(["A1", cell, "n", ""] for cell in cells)]).encode()


@pytest.mark.parametrize(
    ("cells", "typo", "order", "other"),
    [
        pytest.param(NOVEMBER * 45, "25/11/2026", "dmy", "mdy", id="one slip among 500 dates"),
        pytest.param(NOVEMBER[:5], "25/11/2026", "dmy", "mdy", id="one slip in a week's list"),
        pytest.param([f"{day:02}.11.2026" for day in range(1, 11)], "11.25.2026", "mdy", "dmy", id="the other way"),
    ],
)
def test_a_slip_does_not_turn_all_other_dates_around(cells, typo, order, other):
    said = refusal(dated([*cells, typo]))
    assert f"due_on in line {len(cells) + 2} is {typo}" in said
    assert f"decides alone for {len(cells)} others: they would lie from 2026-01-11 to " in said or order == "mdy"
    assert f"If it is a slip, mend it and add --dates {other}; else add --dates {order}" in said
    assert [row["due_on"] for row in rows_of(dated([*cells, typo]), dates=DayOrder(order))]
    assert f"--dates {other} was given, but due_on" in refusal(dated([*cells, typo]), dates=DayOrder(other))
    mended = rows_of(dated([*cells, "2026-11-25"]), dates=DayOrder(other))
    assert {row["due_on"][:7] for row in mended} == {"2026-11"}


def test_few_slips_among_very_many_do_not_either():
    assert "decides alone for 495 others" in refusal(dated([*NOVEMBER * 45, "25/11/2026", "26/11/2026"]))


def test_where_one_date_decides_for_others_it_is_said_how_they_are_read():
    notes = notes_of(dated(["11/12/2026", "11/10/2026", "11/23/2026"]))
    said = "due_on is read month first, as 11/23/2026 shows alone for 2 others: 11/12/2026 in line 2 is 2026-11-12"
    assert (4, said) in notes
    assert notes_of(dated(["11/12/2026", "11/23/2026", "11/24/2026"])) == [
        (3, "due_on is read month first, as 11/23/2026 shows")
    ]


def test_dates_that_a_spreadsheet_has_turned_around_are_refused():
    """Day first, opened where the month stands first: 03/11/2026 became 11 March, 25/11/2026 stayed text."""
    turned = [date(2026, month, 11) for month in (3, 4, 5)]
    for write in (xlsx, ods):
        content = write([HEADER, *(["A1", day, "n", ""] for day in (*turned, "25/11/2026"))])
        for how in (None, DayOrder.DMY):
            said = refusal(content, dates=how)
            assert "25/11/2026 in line 5" in said
            assert "has turned the others around" in said
        whole = write([HEADER, *(["A1", day, "n", ""] for day in (*turned, date(2026, 11, 25), "25/11/2026"))])
        assert rows_of(whole)[-1]["due_on"] == "2026-11-25"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("9:05 AM", "09:05"), ("9:05:30 pm", "21:05:30"), ("0.5", "12:00"), ("0,378472222", "09:05"), ("905", "09:05"),
        ("11/23/2026 9:05 AM", "2026-11-23T09:05"), ("46349.378472222", "2026-11-23T09:05"), ("soon", "soon"),
        ("2026-11-23T09:05-08:00", "2026-11-23T09:05-08:00"), ("2026-11-23 9:05", "2026-11-23T09:05"),
        ("13:05 PM", "13:05 PM"), ("1.5", "1.5"), ("", ""),
    ],
)  # fmt: skip
def test_times_as_spreadsheets_write_them(cell, said):
    assert moment_reader(DayOrder.MDY)(cell) == said


@given(st.text(alphabet="0123456789/.-: APMapmTnov,٣", max_size=20))
def test_any_cell_is_a_date_or_stays_as_it_stands(cell):
    for order in (None, *DayOrder):
        for read in (day_reader(order), moment_reader(order)):
            assert read(cell) == cell or datetime.fromisoformat(f"2000-01-01T{read(cell)}"[-19:].split("T", 1)[-1]
                if ":" not in read(cell) else f"2000-01-01T{read(cell).split('T')[-1]}")  # fmt: skip


def test_cells_of_a_spreadsheet_are_what_a_person_would_have_typed():
    header = ["participant", "due_on", "outcome", "collected_at", "received_at", "ph", "observed"]
    day = datetime(2026, 11, 23)  # noqa: DTZ001  a spreadsheet has no timezone
    said = rows_of(xlsx([header, [3, day, "n", time(9, 5), day + timedelta(hours=9, minutes=5), 6.5, True]]))
    assert said == [
        {"participant": "3", "due_on": "2026-11-23", "outcome": "n", "collected_at": "09:05",
         "received_at": "2026-11-23T09:05", "ph": "6.5", "observed": "TRUE"}
    ]  # fmt: skip


def test_a_workbook_that_counts_from_1904_says_so():
    assert rows_of(xlsx([HEADER, ["A1", date(2026, 11, 23), "n"]], since_1904=True))[0]["due_on"] == "2026-11-23"
    serial = (date(2026, 11, 23) - date(1904, 1, 1)).days
    assert rows_of(xlsx([HEADER, ["A1", serial, "n"]], since_1904=True))[0]["due_on"] == "2026-11-23"


def test_a_cell_that_could_not_be_computed_makes_its_line_none():
    content = xlsx([HEADER, ["A1", "2026-11-23", "n", "x"]])
    content = changed(
        content,
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(
            b"</sheetData>", b'<row r="3"><c r="A3"><v>7</v></c><c r="D3" t="e"><v>#DIV/0!</v></c></row></sheetData>'
        ),
    )
    *_, last = open_sheet(content, "given", RESULTS, HowToRead()).rows()
    assert (last.number, last.reason) == (3, "note is a spreadsheet's error, #DIV/0! (D3)")
    *_, last = open_sheet(as_csv([HEADER, ["A1", "#N/A", "n", "#REF!"]]).encode(), "given", RESULTS, HowToRead()).rows()
    assert "#N/A (B2)" in last.reason
    assert "#REF! (D2)" in last.reason


def test_what_a_formula_came_to_is_what_is_read():
    content = changed(
        xlsx([HEADER, ["A1", "2026-11-23", "n"]]),
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b"</sheetData>", b'<row r="3"><c r="A3" t="str"><f>"A"&amp;2</f><v>A2</v></c>'
        b'<c r="B3"><f>46348+1</f><v>46349</v></c><c r="C3" t="str"><v>n</v></c></row></sheetData>'),
    )  # fmt: skip
    assert rows_of(content)[-1] == {"participant": "A2", "due_on": "2026-11-23", "outcome": "n", "note": ""}


def test_which_sheet_is_meant():
    good, other = [HEADER, ["A1", "2026-11-23", "n"]], [["Jane Doe", "x"]]
    assert len(rows_of(xlsx(other, {"Results": good}))) == 1, "the one whose header fits"
    both = xlsx(good, {"March": [HEADER]})
    assert "Sheets 1 and 2 of the file have these columns" in refusal(both)
    assert rows_of(both, sheet="march") == []
    assert len(rows_of(both, sheet="1")) == 1
    assert "has no such sheet; it has 2" in refusal(both, sheet="April")
    assert "None of the 2 sheets names the columns" in refusal(xlsx(other, {"Jane Doe": other}))
    assert "Jane" not in refusal(xlsx(other, {"Jane Doe": other}))
    assert "--sheet is for" in refusal(as_csv(good).encode(), sheet="x")
    book = openpyxl.load_workbook(io.BytesIO(both))
    book["March"].sheet_state = "hidden"
    assert len(rows_of(saved(book))) == 1, "nobody means what is hidden"


def test_columns_in_any_order_and_by_other_names():
    text = b"Notes on it;Client  ID;Outcome;Due;Age\nx;A1;n;2026-11-23;33\n"
    assert "names the columns Notes on it, Client  ID, Outcome, Due, Age; missing: participant, due_on" in refusal(text)
    mappings = read_mappings(RESULTS, ["client id=participant", "DUE=due_on"])
    assert rows_of(text, mappings=mappings) == [{"participant": "A1", "outcome": "n", "due_on": "2026-11-23"}]
    assert notes_of(text, mappings=mappings) == [(1, "columns that are not known are left out: Notes on it, Age")]
    assert "--map names a column client, which line 1 does not have" in refusal(
        text, mappings={**mappings, "client": "note"}
    )
    near = notes_of(b"participant,due_on,outcome,Analyte\nA1,2026-11-23,n,\n")
    assert [said.partition(". ")[2] for _, said in near] == ['If Analyte is analytes, say so: --map "Analyte=analytes"']
    for bad in ("participant", "=participant", "x=partcipant", "x="):
        with pytest.raises(ValueError, match=r"."):
            read_mappings(RESULTS, [bad])
    with pytest.raises(ValueError, match="twice"):
        read_mappings(RESULTS, ["x=participant", "y=participant"])


def test_a_line_of_people_is_not_quoted_as_a_header():
    for text in (b"Jane Doe,lab\n", b"Lab,Jane Doe,note\nA1,x,y\n", b"Jane Doe\n"):
        assert "Jane" not in refusal(text)


def test_a_file_that_is_not_utf_8_is_said_to_be_read_otherwise():
    text = "participant;level;schedule;enrolled_on;name\nA1;iop;fixed-2;2026-11-01;José\n"
    assert rows_of(text.encode("cp1252"), PARTICIPANTS)[0]["name"] == "José"
    ((line, said),) = notes_of(text.encode("cp1252"), PARTICIPANTS)
    assert line == 2
    assert "read as Windows-1252" in said
    assert notes_of(text.encode(), PARTICIPANTS) == notes_of(text.encode("utf-16"), PARTICIPANTS) == []


def test_files_that_are_no_such_spreadsheet_are_refused_by_what_they_are():
    good = xlsx([HEADER])
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert "old .xls file" in refusal(locked)
    assert "protected by a password" in refusal(locked + "EncryptedPackage".encode("utf-16-le"))
    assert "damaged" in refusal(good[: len(good) // 2])
    assert "no spreadsheet in .xlsx or .ods" in refusal(
        changed(good, "", bytes).replace(b"workbook.xml", b"document.xml")
    )
    assert "damaged" in refusal(changed(good, "xl/workbook.xml", lambda part: part[:50]))
    assert "No line of the file names its columns" in refusal(b"%PDF-1.7\n%\n")


def test_without_the_extra_a_line_says_how_to_get_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert "pip install 'testing-tracker[spreadsheets]'" in refusal(xlsx([HEADER]))


@examples(150)
@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"participant,due_on,outcome\n"]))
def test_any_bytes_are_read_or_refused_in_a_line(content, begin):
    for columns in (PARTICIPANTS, RESULTS, HISTORY):
        check_read_or_refused(begin + content, columns)


@cache  # openpyxl writes down when it was saved
def a_spreadsheet(kind: str) -> bytes:
    return {"xlsx": xlsx, "ods": ods}[kind]([HEADER, ["A1", date(2026, 11, 23), "n", 3.5]])


@examples(150)
@given(st.data())
def test_a_spreadsheet_with_some_bytes_changed_is_read_or_refused_in_a_line(data):
    kind = data.draw(st.sampled_from(["xlsx", "ods", "sheet", "book"]))
    content = a_spreadsheet("ods" if kind == "ods" else "xlsx")

    def damage(part: bytes) -> bytes:
        changes = st.lists(st.tuples(st.integers(0, len(part) - 1), st.integers(0, 255)), min_size=1, max_size=6)
        damaged = bytearray(part)
        for place, byte in data.draw(changes):
            damaged[place] = byte
        return bytes(damaged)

    if kind in ("xlsx", "ods"):
        content = damage(content)
    else:
        content = changed(content, {"sheet": "xl/worksheets/sheet1.xml", "book": "xl/workbook.xml"}[kind], damage)
    check_read_or_refused(content, RESULTS)


def test_what_is_quoted_of_a_cell_cannot_be_a_name():
    words = [*Level, "positive", "collected", "fixed-2", "due"]
    assert all(may_be_quoted(cell, words) for cell in ("2O26-11-16", "A17x", "postive", "outpatent", "25:00", "3"))
    for name in ("Jane", "Jane Doe", "Duke", "Iola", "JaneDoe85", "Jane Doe born 2001-02-03", ""):
        assert not may_be_quoted(name, words)
    assert near_words("psoitive", ["positive"])
    assert not near_words("psotive", ["positive"])


def test_merged_cells_are_told():
    book = openpyxl.load_workbook(io.BytesIO(xlsx([HEADER, ["A1", "2026-11-23", "n"], ["", "2026-11-24", "n"]])))
    book.active.merge_cells("A2:A3")
    said = [(2, "cells are merged (A2:A3); only the first of them is read, the others are empty")]
    assert notes_of(saved(book)) == said
    assert notes_of(ods([HEADER, ["A1", "2026-11-23", "n"]])) == []


def test_letters_of_columns():
    assert [letter_of(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_a_table_of_ods_with_cells_that_are_repeated():
    cell = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'
    header = "".join(cell.format("", name) for name in HEADER)
    row = cell.format("", "A1") + cell.format("", "2026-11-23") + cell.format(' table:number-columns-repeated="2"', "n")
    table = (
        f'<table:table table:name="x"><table:table-row>{header}</table:table-row>'
        f'<table:table-row table:number-rows-repeated="2">{row}</table:table-row></table:table>'
    )
    assert [one["note"] for one in rows_of(ods_of(table))] == ["n", "n"]
