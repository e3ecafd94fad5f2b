"""Takes the parts of a spreadsheet's file out of its archive, within limits, whatever the archive says of itself.

What reads the cells trusts an archive: a small file can stand for any number of bytes, and one cell far away for any
number of cells. So it is handed a new archive, of the parts that are needed, each of a size that is known.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.decoding import OF_OFFICE
from testing_tracker.rules.exchange.shared_texts import CELL_BEGINS, MOST_TEXT, hides_something, text_of

MOST_UNPACKED = 40_000_000  # bytes: 100,000 lines of eight columns have about thirty
MOST_CELLS = 1_000_000  # 100,000 lines of ten columns
_MOST_OF_A_DIRECTORY = 500_000
_LOCKED = 0x2041  # the bits of a part that say that it, or its name, is encrypted
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
AS_CSV = "Save it as .xlsx, .ods or CSV UTF-8 and try again"
PROTECTED = "The spreadsheet is protected by a password. Save it without one and try again"
TOO_LARGE = f"The spreadsheet is too large to be read. {AS_CSV.replace('.xlsx, .ods or ', '')}"
DAMAGED = f"The spreadsheet is damaged. {AS_CSV}"

# In quotation marks a > would hide where a tag ends; no program writes one there.
_HIDDEN_END = re.compile(rb"""=\s*(?:"[^"<]*>|'[^'<]*>)""")
_ADDRESS = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]*)0*([0-9]+)""")
_CELL = re.compile(rb"<(?:[A-Za-z0-9]+:)?c(\s[^<>]*)?>")
_WITHOUT_ADDRESS = re.compile(rb"<(?:[A-Za-z0-9]+:)?c(?:>|\s(?![^<>]*\br\s*=))")
_ROW_BEGINS = re.compile(rb"<(?:[A-Za-z0-9]+:)?row[\s>]")
_ODS_TAG = re.compile(rb"<(?:[A-Za-z0-9]+:)?(table-row|table-cell|covered-table-cell|table|s)(\s[^<>]*)?>")
_REPEATED = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["']([^"']*)""")
_BLANKS = re.compile(rb"""[\s:]c\s*=\s*["']([^"']*)""")
_ERROR_CELL = re.compile(rb"""(<(?:[A-Za-z0-9]+:)?c\s[^<>]*\bt\s*=\s*)(?:"e"|'e')""")


class WorkbookError(TestingTrackerError):
    """A spreadsheet's file that cannot be read, and what to do; nothing in it is quoted."""

    def __init__(self, said: str) -> None:
        super().__init__(f"{said}. Nothing was changed.")


def parts_of(content: bytes) -> dict[str, bytes]:
    """The parts that say what is in the cells, by name. Raises WorkbookError."""
    if content.startswith(OF_OFFICE):
        is_locked = "EncryptedPackage".encode("utf-16-le") in content
        raise WorkbookError(PROTECTED if is_locked else f"This is an old .xls file, or no spreadsheet. {AS_CSV}")
    _check_directory(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _unpacked(archive)
    # RuntimeError: a version of archives, or a way of packing, that zipfile has not implemented.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, RuntimeError):
        raise WorkbookError(DAMAGED) from None
    _check_kind(parts)
    for name, part in parts.items():
        if name == "content.xml":
            _check_ods(part)
        elif _cells_of_xlsx(part) > MOST_CELLS:
            raise WorkbookError(TOO_LARGE)
    if text_of(parts) > MOST_TEXT:
        raise WorkbookError(TOO_LARGE)
    return parts


def _check_directory(content: bytes) -> None:
    """Refuse an archive with more parts than a spreadsheet has, before the list of them is read."""
    end = content.rfind(b"PK\x05\x06")
    if end < 0 or len(content) < end + 22:
        raise WorkbookError(DAMAGED)
    (size,) = struct.unpack_from("<I", content, end + 12)
    if size > _MOST_OF_A_DIRECTORY or content[max(end - 20, 0) :].startswith(b"PK\x06\x07"):
        raise WorkbookError(TOO_LARGE)


def _unpacked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    left = MOST_UNPACKED
    for info in archive.infolist():
        name = info.filename
        if not name.endswith((".xml", ".rels", "mimetype")) or name.startswith(("xl/theme", "docProps/", "Thumbnails")):
            continue
        if info.flag_bits & _LOCKED:
            raise WorkbookError(PROTECTED)
        if name in parts or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise WorkbookError(DAMAGED)
        if info.file_size > left:
            raise WorkbookError(TOO_LARGE)
        with archive.open(info) as packed:
            parts[name] = packed.read(left + 1)
        left -= len(parts[name])
        if left < 0:
            raise WorkbookError(TOO_LARGE)
    return parts


def _check_kind(parts: Mapping[str, bytes]) -> None:
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise WorkbookError(PROTECTED)
    is_ods = parts.get("mimetype", b"").strip() == _ODS and "content.xml" in parts
    if not is_ods and "xl/workbook.xml" not in parts:
        raise WorkbookError(f"This is no spreadsheet in .xlsx or .ods. {AS_CSV}")


def repacked(parts: Mapping[str, bytes]) -> bytes:
    """An archive of the parts, nothing of it packed. What is in it of errors is text: a reader would leave it out."""
    new = io.BytesIO()
    with zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, _ERROR_CELL.sub(rb'\1"str"', part) if name.startswith("xl/worksheets/") else part)
    return new.getvalue()


def counts_from_1904(parts: Mapping[str, bytes]) -> bool:
    """Whether days in numbers count from 1904, as in workbooks that began on a Macintosh."""
    pattern = rb"""<(?:[A-Za-z0-9]+:)?workbookPr\s[^<>]*\bdate1904\s*=\s*["'](?:1|true)["']"""
    return re.search(pattern, parts.get("xl/workbook.xml", b"")) is not None


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:4]:
        number = number * 26 + letter - ord("A") + 1
    return number


def _cells_of_xlsx(part: bytes) -> int:
    """How many cells a sheet has, with all between the first one and the furthest."""
    count = sum(part.count(begin) for begin in (b"<c ", b"<c>", b":c ", b":c>"))
    if count > MOST_CELLS:
        return count
    widest = (
        max(len(CELL_BEGINS.findall(row)) for row in re.split(_ROW_BEGINS, part))
        if _WITHOUT_ADDRESS.search(part)
        else 1
    )
    count = _furthest(_ADDRESS.finditer(part), widest)
    if count <= MOST_CELLS or _HIDDEN_END.search(part):
        return count
    # Whole columns may be formatted: cells without anything in them count for nothing.
    filled = [found[1] or b"" for found in _CELL.finditer(part) if not (found[1] or b"").rstrip().endswith(b"/")]
    addresses = [_ADDRESS.search(attributes) for attributes in filled]
    return count if None in addresses else _furthest((found for found in addresses if found is not None), widest)


def _furthest(addresses: Iterable[re.Match[bytes]], columns: int) -> int:
    rows = 1
    for found in addresses:
        rows = max(rows, int(found[2][:9]))
        columns = max(columns, _number_of(found[1]))
    return rows * columns


def _check_ods(part: bytes) -> None:
    """Refuse an .ods with too many cells, all tables together, or too much text in them.

    There cells and lines are said to be repeated, with the text in them, and so are blanks within a text.
    """
    if _HIDDEN_END.search(part) or hides_something(part):
        raise WorkbookError(DAMAGED)
    rows = last_row = column = widest = text = 0
    lines = cells = begun = 0  # how often what began there is repeated
    for found in _ODS_TAG.finditer(part):
        text += lines * cells * (found.start() - begun)
        begun, attributes = found.start(), found[2] or b""
        if found[1] == b"s":
            text += lines * cells * _number_in(attributes, _BLANKS)
            continue
        count, cells = _number_in(attributes, _REPEATED), 0
        if found[1] == b"table-row":
            rows, column, lines = rows + count, 0, count
        elif found[1] != b"table":
            column += count
            if not attributes.rstrip().endswith(b"/") or b"value" in attributes:
                widest, last_row, cells = max(widest, column), max(last_row, rows), count
    text += lines * cells * (len(part) - begun)
    if last_row * widest > MOST_CELLS or text > MOST_TEXT:
        raise WorkbookError(TOO_LARGE)


def _number_in(attributes: bytes, pattern: re.Pattern[bytes]) -> int:
    """How often something is repeated. What is not in plain digits a reader may understand all the same."""
    numbers = [found.strip() for found in pattern.findall(attributes)]
    if not all(map(bytes.isdigit, numbers)):
        raise WorkbookError(DAMAGED)
    return max((int(number.lstrip(b"0")[:9] or 0) for number in numbers), default=1)
