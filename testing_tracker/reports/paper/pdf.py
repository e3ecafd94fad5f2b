"""Typesets pdf files from the templates with typst, which comes as a package and needs nothing else.

What a report says goes into the template as data, never as markup, so no text can be anything but text.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.resources import as_file, files
from io import BytesIO

from testing_tracker.reports.paper import glyphs
from testing_tracker.reports.weekly.words import Section
from testing_tracker.rules.exchange.visible import visible_values

_WIDE = 24  # characters; a column with longer cells takes what room there is
_AMERICAS = ("America/", "US/", "Canada/")


def pdf(template: str, data: dict[str, object], printed_at: datetime, names: Mapping[str, str | None]) -> bytes:
    """A tagged pdf, the same bytes for the same data on every machine; its date is when the report was first printed.

    `names` are the participants' names in it by code: a last line says whose are in letters that the fonts do not have.
    """
    import typst

    with as_file(files(__package__) / "templates") as templates, as_file(glyphs.FONTS) as fonts:
        typeset = typst.compile(
            str(templates / template),
            root=str(templates),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            sys_inputs={"data": _document(data, names)},
            timestamp=int(printed_at.timestamp()),
        )
    assert isinstance(typeset, bytes), "one document"
    return typeset


def _document(data: dict[str, object], names: Mapping[str, str | None]) -> str:
    """The data as JSON, in which nothing but letters of texts is outside of ASCII, and those have glyphs."""
    said = json.dumps(visible_values(data), default=str, ensure_ascii=False)
    if not glyphs.without_glyph(said):
        return said
    of = ", ".join(code for code, name in names.items() if glyphs.without_glyph(name or ""))
    note = (
        f"{glyphs.UNKNOWN} stands for a letter that this pdf has no font for"
        f"{f', in the name of {of}' if of else ''}; the other forms of this report have it."
    )
    foot_lines = data["foot_lines"]
    assert isinstance(foot_lines, list), "every template has a foot"
    return glyphs.marked(
        json.dumps(visible_values({**data, "foot_lines": [*foot_lines, note]}), default=str, ensure_ascii=False)
    )


def paper_of(timezone: str) -> str:
    """Letter in the Americas, A4 elsewhere."""
    return "us-letter" if timezone.startswith(_AMERICAS) else "a4"


def section_data(section: Section) -> dict[str, object]:
    """A list of the report as data; `wide` is how many of the last columns hold long texts."""
    widths = [max((len(row[place]) for row in section.rows), default=0) for place in range(len(section.columns))]
    wide = next((number for number, width in enumerate(reversed(widths)) if width <= _WIDE), len(widths))
    return {**asdict(section), "wide": max(wide, 1)}


def encrypted(pdf: bytes, passphrase: str) -> bytes:
    """The same pdf with AES-256 (ISO 32000-2), to be opened with the passphrase only."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf)))
    writer.encrypt(user_password=passphrase, algorithm="AES-256")
    written = BytesIO()
    writer.write(written)
    return written.getvalue()
