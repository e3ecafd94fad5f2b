"""Which letters the fonts of a pdf have, read from the fonts themselves.

The program brings the fonts along, and no others are used: a pdf is the same on every machine, and what it cannot show
is known before it is made. Names may be in any script.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from struct import iter_unpack, unpack_from

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
