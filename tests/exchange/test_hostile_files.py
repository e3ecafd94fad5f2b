"""The worst file gets one clear line within two seconds of processor time and 200 MB, whoever reads it."""

import io
import json
import os
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import MONDAY, Clinic, examples, key_of
from hypothesis import given
from hypothesis import strategies as st
from spreadsheets import archive, changed, ods_of, xlsx

from testing_tracker.rules.drawing.proof import FORM
from testing_tracker.rules.exchange.csv_cells import read_json
from testing_tracker.rules.exchange.toml_text import MOST_NESTED, MOST_PARTS, TomlError, read_toml
from testing_tracker.rules.exchange.workbook_parts import WorkbookError, parts_of
from testing_tracker.store.given_files import MOST_OF_CSV, MOST_OF_JSON, MOST_OF_TOML

pytestmark = pytest.mark.one_database(reason="files that are refused before a database is asked")

SECONDS, MEGABYTES = 2.0, 200
RESULTS = "participant,due_on,outcome\n"


PROGRAM = """
import atexit, os, re, sys
from testing_tracker.__main__ import main

def tell():
    status = "/proc/self/status"
    peak = re.search("VmHWM: *([0-9]+) kB", open(status).read()) if os.path.exists(status) else None
    print(int(peak[1]) // 1024 if peak else 0, sum(os.times()[:2]), file=sys.stderr)

atexit.register(tell)
main()
"""


def worst(clinic: Clinic, *arguments: str, environment: dict[str, str] | None = None, file: Path | None = None) -> str:
    """What a process of its own says of the worst input: one line, status 1, in little time and memory."""
    start = [sys.executable, "-c", PROGRAM, "--database", clinic.url, "--today", str(clinic.today)]
    with open(file or os.devnull, "rb") as stdin:
        done = subprocess.run(
            [*start, *arguments],
            stdin=stdin,
            capture_output=True,
            text=True,
            env=os.environ | (environment or {}),
            timeout=120,
            check=False,
        )
    assert done.returncode == 1, done.stderr[:500]
    *lines, used = done.stderr.splitlines()
    assert [line[:7] for line in lines] == ["Error: "], done.stderr[:500]
    assert len(lines[0]) < 1_000
    assert "inside the program" not in lines[0]
    megabytes, seconds = used.split()
    assert int(megabytes) < MEGABYTES
    assert float(seconds) < SECONDS + 1  # a second to load the program on a slow machine
    return lines[0]


def proof(**changes: object) -> str:
    """A proof's file with something else in it."""
    document: dict[str, object] = {
        "form": FORM,
        "facility": "x",
        "day": "2026-11-16",
        "first_day": "2026-11-16",
        "anchor": "00" * 32,
        "hashes": 1,
        "day_secret": "00" * 32,
        "participants": [{"participant": 1, "chance": "1/2", "drawn": True}],
    }
    return json.dumps(document | changes)


def of_chance(chance: object) -> str:
    return proof(participants=[{"participant": 1, "chance": chance, "drawn": True}])


TOMLS = {
    "brackets": "a = " + "[" * 2_000,
    "braces": "a = " + "{a=" * 2_000,
    "dots": ".".join("a" * 50_000) + " = 1",
    "dots in a heading": "[" + ".".join("a" * 50_000) + "]",
    "dots in an inline table": "a = {" + ".".join("a" * 50_000) + " = 1}",
    "dots of quoted parts": ".".join(["'a'"] * 50_000) + " = 1",
    "dots over blanks": " . ".join("a" * 50_000) + " = 1",
    "digits": "a = " + "1" * 100_000,
    "hexadecimal": "a = 0x" + "f" * 100_000,
    "a NUL": 'title = "a\\u0000b"',
    "a megabyte too many": "#" * (MOST_OF_TOML + 1),
    "more than a person writes": "#" * 300_000,
    "quotes": '"""' * 50_001,
    "no end": 'title = """' + "\\" * 100_000,
}
PROOFS = {
    "a power of ten": of_chance("1e1000000000"),
    "many digits": of_chance("1" * 100_000),
    "a number": of_chance(1e308),
    "not a number": of_chance(float("nan")),
    "nested": "[" * 100_000,
    "many brackets": "[" + "[]," * 250_000 + "[]]",
    "digits": proof(hashes=0).replace('"hashes": 0', '"hashes": ' + "9" * 100_000),
    "far": proof(day="9999-12-31"),
    "a form of a megabyte": proof(form="x" * 1_000_000),
    "an anchor of a megabyte": proof(anchor="00" * 500_000),
    "too large": " " * (MOST_OF_JSON + 1),
    "many runs": proof(
        participants=[{"participant": number, "chance": "1/2", "drawn": True} for number in range(20_000)],
        runs=[
            {
                "facility": "x",
                "first_participant": number,
                "last_participant": number,
                "list_digest": "00" * 32,
                "page": number,
                "page_digest": "00" * 32,
            }
            for number in range(20_000)
        ],
    ),
    "a denominator": of_chance("1/1" + "0" * 300),
    "an exponent": of_chance("1e-999999999/1e999999999"),
    "a list": "[1]",
    "text": '"x"',
    "nothing": "",
}
TABLES = {
    "too large": "x" * (MOST_OF_CSV + 1),
    "one line": "x" * 20_000_000,
    "an open quotation mark": RESULTS + '"' + "x," * 5_000_000,
    "another kind of file": RESULTS + "x\n" * 1_000_000,
    "nothing": "",
    "NULs": "\0" * 1_000_000,
}


@pytest.mark.parametrize("name", TOMLS)
def test_a_schedule_and_the_analytes(staffed, tmp_path, name):
    file = tmp_path / "given.toml"
    file.write_text(TOMLS[name])
    worst(staffed, "schedule", "load", str(file))


@pytest.mark.parametrize("name", ["brackets", "dots", "a megabyte too many"])
def test_what_stands_beside_the_database(staffed, tmp_path, name):
    file = tmp_path / "given.toml"
    file.write_text(TOMLS[name])
    file.chmod(0o600)
    worst(staffed, "analyte", "check", str(file))
    worst(staffed, "analyte", "list", environment={"TESTING_TRACKER_ANALYTES": str(file)})
    staffed.today = "2026-11-23"
    worst(
        staffed, "report", "weekly", "--send", "--week", "2026-W46", environment={"TESTING_TRACKER_DELIVERY": str(file)}
    )


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof(staffed, tmp_path, name):
    file = tmp_path / "given.json"
    file.write_text(PROOFS[name])
    worst(staffed, "proof", "check", str(file))


LINES = {
    "no line": "x" * 7_000_000,
    "beginnings": "".join(f"2026-11-16 page {number}\n" for number in range(300_000)),
    "blanks": ("2026-11-16" + " " * 1_000) * 7_000,
    "breaks": "2026-11-16 page 1 " + "a\n" * 1_000_000,
    "digits": "2026-11-16 page " + "9" * 7_000_000,
    "lines": "".join(f"2026-11-16 page {number} {'0' * 64}\n" for number in range(80_000)),
    "too large": " " * (MOST_OF_JSON + 1),
    "a mail": "a: b\nContent-Transfer-Encoding: base64\n\n" + "A" * 7_000_000,
}


@pytest.mark.parametrize("name", LINES)
def test_lines_that_were_kept_outside(staffed, tmp_path, name):
    file = tmp_path / "lines.txt"
    file.write_text(LINES[name])
    worst(staffed, "verify", "--against", str(file))


@pytest.mark.parametrize("name", TABLES)
def test_an_import(staffed, tmp_path, name):
    file = tmp_path / "given.csv"
    file.write_text(TABLES[name])
    before = staffed.contents()
    if name != "an open quotation mark":  # a line among others, which is told as each of them
        worst(staffed, "result", "import", str(file))
    if name in ("too large", "one line"):
        worst(staffed, "result", "import", "-", file=file)
        worst(staffed, "participant", "import", str(file))
        worst(staffed, "history", "import", str(file))
    assert staffed.contents() == before


def test_bytes_that_are_no_text(staffed, tmp_path):
    file = tmp_path / "given"
    file.write_bytes(b"\xff\xfe\x00[" * 1_000)
    file.chmod(0o600)
    for command in (
        ("schedule", "load"),
        ("analyte", "check"),
        ("proof", "check"),
        ("result", "import"),
        ("participant", "import"),
        ("history", "import"),
    ):
        staffed.refused(*command, str(file))


HEADER = ["participant", "due_on", "outcome"]
SHEET = "xl/worksheets/sheet1.xml"


def workbook(lines: bytes, end: bytes = b"") -> bytes:
    """A workbook with these further lines, and with this behind the sheet."""
    return changed(xlsx([HEADER]), SHEET, lambda part: part.replace(b"</sheetData>", lines + b"</sheetData>") + end)


def repeated(rows: object, columns: object, text: str = "x") -> bytes:
    """An .ods of one cell, so many times."""
    cell = f'<table:table-cell table:number-columns-repeated="{columns}"><text:p>{text}</text:p></table:table-cell>'
    cell = cell.replace("<table:table-cell", '<table:table-cell office:value-type="string"')
    return ods_of(
        f'<table:table table:name="x"><table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>'
        "</table:table>"
    )


def sheets(many: int) -> bytes:
    """A workbook of so many sheets, each of two cells that are far from each other."""
    content = xlsx([HEADER[:1]], {f"S{number}": [["x"]] for number in range(1, many)})
    far = b'<row r="1000"><c r="ALL1000"><v>1</v></c></row></sheetData>'
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        parts = {name: read.read(name).replace(b"</sheetData>", far) for name in read.namelist()}
    return archive(parts)


def sharing(rows: int, cell: str = '<c r="A{row}" t="s"><v>0</v></c>', texts: str = "") -> bytes:
    """A workbook of which so many cells share a text of thirty thousand letters."""
    lines = "".join(f'<row r="{row}">{cell.format(row=row)}</row>' for row in range(2, rows + 2))
    of_strings = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    relation = f'<Relationship Id="x" Type="{of_strings}" Target="sharedStrings.xml"/>'
    content = changed(
        workbook(lines.encode()),
        "xl/_rels/workbook.xml.rels",
        lambda part: part.replace(b"</Relationships>", relation.encode() + b"</Relationships>"),
    )
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    names = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    shared = f'<sst xmlns="{names}">{texts}<si><t>{"q" * 30_000}</t></si></sst>'
    return archive(parts | {"xl/sharedStrings.xml": shared.encode()})


def lying(content: bytes, size: int) -> bytes:
    """An archive whose parts are said to be of another size than they are."""
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        places = [info.header_offset + 22 for info in read.infolist()]
    said = bytearray(content)
    central = -1
    while (central := content.find(b"PK\x01\x02", central + 1)) >= 0:
        places.append(central + 24)
    for place in places:
        said[place : place + 4] = size.to_bytes(4, "little")
    return bytes(said)


ANOTHER = b"<sheetData>" + (b"<row>" + b'<c t="str"><v>x</v></c>' * 10 + b"</row>") * 90_000 + b"</sheetData><a"
SPREADSHEETS = {
    "a cell far away": lambda: workbook(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "a line of cells without an address": lambda: workbook(b'<row r="2">' + b"<c><v>1</v></c>" * 2_000_000 + b"</row>"),
    "tags without an end": lambda: workbook(b"<c r='" * 6_000_000),
    "a hundred megabytes of blanks": lambda: workbook(b"", b" " * 100_000_000),
    "more than it says": lambda: lying(workbook(b"", b" " * 100_000_000), 2_000),
    "a cell repeated": lambda: repeated(1_048_576, 16_384),
    "a text repeated": lambda: repeated(1_000, 50, "x" * 30_000),
    "a text of many cells": lambda: sharing(50_000),
    "many sheets": lambda: sheets(25),
    "another table": lambda: changed(xlsx([]), SHEET, lambda part: part.replace(b"<sheetData", ANOTHER)),
    "many parts": lambda: archive({f"xl/{number}.xml": "" for number in range(20_000)}),
    "an old one": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1_000_000,
}


@pytest.mark.parametrize("name", SPREADSHEETS)
def test_a_spreadsheet(staffed, tmp_path, name):
    file = tmp_path / "given.csv"  # recognised by what is in it
    file.write_bytes(SPREADSHEETS[name]())
    before = staffed.contents()
    worst(staffed, "result", "import", str(file))
    assert staffed.contents() == before


FAR = b'<row r="0000000001048576"><c r="XFD0000000001048576"><v>1</v></c></row>'
STANDING_FOR_MORE = {
    "a line repeated with a sign": lambda: repeated("+1048576", 16_384),
    "a line repeated with zeros": lambda: repeated("0000000001048576", 16_384),
    "a text repeated beside a hidden cell": lambda: repeated(1_000, 50, "<!--<table:table-cell>-->" + "x" * 30_000),
    "many blanks": lambda: repeated(1, 1, '<text:s text:c="1000000000"/>'),
    "many blanks with a sign": lambda: repeated(1, 1, '<text:s text:c="+1000000000"/>'),
    "blanks repeated": lambda: repeated(1_000, 50, '<text:s text:c="30000"/>'),
    "a line far away with zeros": lambda: workbook(FAR),
    "a text of cells written otherwise": lambda: sharing(5_000, '<c r="A{row}" t="s" ><v >0</v></c>'),
    "a text behind a hidden one": lambda: sharing(5_000, texts="<!--<si><t>x</t></si>-->"),
    "a text behind one that is none": lambda: sharing(5_000, texts="<si/>"),
    "a text of cells in other quotation marks": lambda: sharing(5_000, "<c r='A{row}' t='s'><v>0</v></c>"),
    "a text behind one in quotation marks": lambda: sharing(
        5_000, '<c r="A{row}" t="s"><v>1</v></c>', '<si><t a="<si><t>">x</t></si>'
    ),
}


@pytest.mark.parametrize("name", STANDING_FOR_MORE)
def test_a_spreadsheet_that_stands_for_more_than_it_seems(name):
    with pytest.raises(WorkbookError, match=r"too large|damaged"):
        parts_of(STANDING_FOR_MORE[name]())


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (6, 99, "damaged"),  # a version of archives that is not known
        (8, 0x20, "damaged"),
        (8, 0x01, "protected by a password"),
        (8, 0x41, "protected by a password"),
        (10, 99, "damaged"),
    ],
)
def test_parts_that_are_packed_in_another_way(place, value, said):
    content = bytearray(xlsx([HEADER]))
    central = -1
    while (central := content.find(b"PK\x01\x02", central + 1)) >= 0:
        content[central + place : central + place + 2] = value.to_bytes(2, "little")
    with pytest.raises(WorkbookError, match=said):
        parts_of(bytes(content))


def test_long_texts_that_few_cells_share_are_read():
    """A note of a page in some lines is no reason to refuse the short texts of all others."""
    parts = parts_of(sharing(10_000, texts="<si><t>short</t></si>"))
    assert "xl/sharedStrings.xml" in parts
    assert parts_of(repeated(1_000, 2, "x" * 30_000))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_that_nobody_writes_to_and_a_folder(staffed, tmp_path):
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe, 0o600)
    folder.mkdir(mode=0o700)
    for file in (pipe, folder):
        worst(staffed, "schedule", "load", str(file))
        worst(staffed, "analyte", "check", str(file))
        worst(staffed, "proof", "check", str(file))
        staffed.today = "2026-11-17"
        worst(staffed, "draw", environment={"TESTING_TRACKER_KEY_FILE": str(file)})
        fresh = Clinic(tmp_path / "fresh.db", MONDAY)
        worst(fresh, "restore", str(file))
        assert not fresh.database.exists()


@pytest.mark.parametrize("content", [b"\0" * 3_000_000, b"aa bb\n" * 100_000, b"", b"\xff" * 100])
def test_a_key(staffed, content):
    staffed.today = "2026-11-17"
    key = key_of(staffed.database)
    key.write_bytes(content)
    said = staffed.refused("draw")
    assert "key" in said


@pytest.mark.sqlite_only(reason="a server's copies are another's files")
@pytest.mark.parametrize("content", [b"", b"x" * 5_000_000, b"SQLite format 3\0" + b"\xff" * 100_000])
def test_a_backup(tmp_path, content):
    file = tmp_path / "given.db"
    file.write_bytes(content)
    fresh = Clinic(tmp_path / "fresh.db", MONDAY)
    worst(fresh, "restore", str(file))
    assert not fresh.database.exists()


@given(st.text(alphabet="ab.=[]{},\"'#\\\n 1", max_size=300))
@examples(400)
def test_any_text_is_toml_or_refused_in_words(text):
    try:
        document = read_toml(text)
    except TomlError:
        return
    assert isinstance(document, dict)


@given(st.text(max_size=200))
def test_any_text_is_json_or_refused_in_words(text):
    with suppress(ValueError):
        read_json(text)


def test_what_people_write_stays_readable():
    """Brackets and dots in texts and comments are no nesting; a table of tables is no deep one."""
    text = f"""
# {"[" * 50} {"." * 50}
title = "{"[" * 50}{"." * 50} \\" [[[[[[[[[[[[[[[[[[[[[[["
other = '{"." * 50}'
more = \"\"\"{"[" * 50} \\\"\"\"{"." * 50}\"\"\"
numbers = [{", ".join("1.5" for _ in range(200))}]
[{".".join("abcdefgh")}]
day = 2026-11-16
"""
    assert read_toml(text)["numbers"] == [1.5] * 200
    assert read_toml("a = " + "[" * MOST_NESTED + "]" * MOST_NESTED)
    assert read_toml(".".join("a" * MOST_PARTS) + " = 1")
