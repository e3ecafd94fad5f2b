"""Spreadsheets as other programs write them: .xlsx by openpyxl, .ods by hand, csv in any dress."""

import datetime
import html
import io
import zipfile

NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"'
)
ODS = "application/vnd.oasis.opendocument.spreadsheet"
END = (  # as LibreOffice ends a table
    '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>'
    "</table:table-row>"
)


def xlsx(rows, more=None, since_1904=False) -> bytes:
    """A workbook with these rows in its first sheet; `more` are those of further sheets, by name."""
    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = openpyxl.Workbook()
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    for row in rows:
        book.active.append(row)
    for name, others in (more or {}).items():
        sheet = book.create_sheet(name)
        for row in others:
            sheet.append(row)
    return saved(book)


def saved(book) -> bytes:
    """A workbook's file."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(rows) -> bytes:
    """An OpenDocument spreadsheet with these rows."""
    body = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
    return ods_of(f'<table:table table:name="Sheet1">{body}{END}</table:table>')


def ods_of(tables: str) -> bytes:
    """An OpenDocument spreadsheet of tables that are XML."""
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMES}><office:body><office:spreadsheet>'
        f"{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS}"/></manifest:manifest>'
    )
    return archive({"mimetype": ODS, "content.xml": document, "META-INF/manifest.xml": manifest})


def _cell(value) -> str:
    if value in ("", None):
        return "<table:table-cell/>"
    if isinstance(value, datetime.date):
        said = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, int | float):
        said = f'office:value-type="float" office:value="{value}"'
    else:
        said = 'office:value-type="string"'
    return f"<table:table-cell {said}><text:p>{html.escape(str(value))}</text:p></table:table-cell>"


def archive(parts) -> bytes:
    """A zip archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return out.getvalue()


def changed(content: bytes, part: str, change) -> bytes:
    """An archive in which one part is another one."""
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        return archive({name: change(read.read(name)) if name == part else read.read(name) for name in read.namelist()})
