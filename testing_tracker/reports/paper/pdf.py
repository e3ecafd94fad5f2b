"""Typesets pdf files from the templates with typst, and knows which letters its fonts have no glyph for."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from io import BytesIO
from struct import iter_unpack, unpack_from

from testing_tracker.reports.paper.words import Section
from testing_tracker.rules.exchange.visible import visible_values

UNKNOWN = "□"  # stands for a letter that no font has
FONTS = files(__package__) / "fonts"
_NOT_DRAWN = frozenset((0x200C, 0x200D, *range(0xFE00, 0xFE10)))  # joiners, and the selectors of a variant


def without_glyph(text: str) -> set[str]:
    """The letters of a text that no font has."""
    left = {ord(letter) for letter in text if not letter.isascii()} - _NOT_DRAWN
    for font in _fonts():
        if not left:
            break
        left -= _letters(font)
    return {chr(letter) for letter in left}


def marked(text: str) -> str:
    """The text with a mark in place of each letter that no font has."""
    return text.translate({ord(letter): UNKNOWN for letter in without_glyph(text)})


def _fonts() -> list[str]:
    """The files of the fonts, the one that most texts need first."""
    return sorted(file.name for file in FONTS.iterdir() if file.name.endswith(".ttf"))


@cache
def _letters(font: str) -> frozenset[int]:
    """The code points that a TrueType font has a glyph for, from the forms 4 and 12 of its table `cmap`."""
    content = (FONTS / font).read_bytes()
    tables = iter_unpack(">4sIII", content[12:][: 16 * unpack_from(">H", content, 4)[0]])
    cmap = content[next(offset for tag, _, offset, _ in tables if tag == b"cmap") :]
    found: set[int] = set()
    for _, _, offset in iter_unpack(">HHI", cmap[4:][: 8 * unpack_from(">H", cmap, 2)[0]]):
        form = unpack_from(">H", cmap, offset)[0]
        if form == 4:
            found.update(_of_segments(cmap[offset:]))
        elif form == 12:
            for first, last, _ in iter_unpack(
                ">III", cmap[offset + 16 :][: 12 * unpack_from(">I", cmap, offset + 12)[0]]
            ):
                found.update(range(first, last + 1))
    return frozenset(found)


def _of_segments(form: bytes) -> Iterator[int]:
    """The letters of form 4: segments, each with the distance to their glyphs; glyph 0 is none."""
    count = unpack_from(">H", form, 6)[0] // 2
    ends, starts, deltas, offsets = (
        unpack_from(f">{count}H", form, 14 + 2 * count * place + (2 if place else 0)) for place in range(4)
    )
    for number, (end, first, delta, offset) in enumerate(zip(ends, starts, deltas, offsets, strict=True)):
        at = 16 + 6 * count + 2 * number + offset
        for letter in range(first, min(end, 0xFFFE) + 1):
            glyph = unpack_from(">H", form, at + 2 * (letter - first))[0] if offset else letter
            if glyph and (glyph + delta) % 0x10000:
                yield letter


_WIDE = 24  # characters; a column with longer cells takes what room there is
_AMERICAS = ("America/", "US/", "Canada/")


def pdf(template: str, data: dict[str, object], printed_at: datetime, names: Mapping[str, str | None]) -> bytes:
    """A tagged pdf, the same bytes for the same data on every machine; its date is when the report was first printed.

    `names` are the participants' names in it by code: a last line says whose are in letters that the fonts do not have.
    """
    import typst

    with as_file(files(__package__) / "templates") as templates, as_file(FONTS) as fonts:
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
    if not without_glyph(said):
        return said
    of = ", ".join(code for code, name in names.items() if without_glyph(name or ""))
    note = (
        f"{UNKNOWN} stands for a letter that this pdf has no font for"
        f"{f', in the name of {of}' if of else ''}; the other forms of this report have it."
    )
    foot_lines = data["foot_lines"]
    assert isinstance(foot_lines, list), "every template has a foot"
    return marked(
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
    """A pdf encrypted with AES-256 (ISO 32000-2), to be opened with the passphrase only."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf)))
    writer.encrypt(user_password=passphrase, algorithm="AES-256")
    written = BytesIO()
    writer.write(written)
    return written.getvalue()
