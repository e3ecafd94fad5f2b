"""Lays out rows and sentences for a width, in columns of a terminal: nothing is broken inside a word, a code or a date.

A text is folded between words, behind the semicolons of a list, and between letters that fill two columns each, which
are written without spaces. Rows whose words do not fit beside each other become blocks, one for each row. What is wider
than a line by itself stays whole in a line of its own.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import category, east_asian_width

GAP, NARROW_GAP = 3, 2  # columns between a table's columns; the lesser one where there is no room
_LEAST = 14  # columns of a text that is folded in a table; less is harder to read than a block
_LEAST_BESIDE = 16  # columns beside the names of a block
_WORD = re.compile("( *)([^ `]*`[^`]*`[^ ]*|[^ ]+)")  # a command between backticks stays in one line
# As a shell reads it: what stands in quotes is a word.
_TYPED = re.compile(r"""( *)((?:'[^']*'|"[^"]*")(?:'[^']*'|"[^"]*"|[^ '"])*|[^ ]+)""")
_PART = re.compile("[^;]*;(?=[^ ])|[^;]+;?|;")
_GOES_ON = " \\"  # as a shell reads a command that goes on in the next line


@dataclass(frozen=True)
class Column:
    """A column of a table: its title, and a text for each row.

    `right` is for numbers, `typed` for commands, and `whole` for texts that are not folded.
    """

    title: str
    texts: Sequence[str]
    right: bool = False
    whole: bool = False
    typed: bool = False


class _Piece(NamedTuple):
    """What is not broken, with what is before it in a line; `goes_on` in a command whose words are pieces."""

    before: str
    word: str
    goes_on: bool = False


def cells(text: str) -> int:
    """How many columns of a terminal a text takes; East Asian letters take two."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(letter: str) -> int:
    if letter < "\u0300":
        return 1
    if category(letter) in ("Mn", "Me", "Cf") or "\u1160" <= letter <= "\u11ff":
        return 0
    return 2 if east_asian_width(letter) in ("W", "F") else 1


def folded(text: str, width: int, indent: int = 0, *, typed: bool = False) -> list[str]:
    """A text in lines of a width; those after the first are indented further than the text itself by `indent`.

    A command goes on in the next line as a shell reads it: one between backticks, or all of the text where it is typed.
    """
    if cells(text) <= width:
        return [text]
    start = len(text) - len(text.lstrip(" "))
    later = " " * min(start + indent, max(width // 2, 0))
    lines, line = [], text[:start]
    pieces = list(_pieces(text[start:], width - len(later), typed=typed))
    for number, piece in enumerate(pieces):
        more = number + 1 < len(pieces) and (typed or pieces[number + 1].goes_on)  # of the command, behind this word
        if number and cells(f"{line}{piece.before}{piece.word}") > width - len(_GOES_ON) * more:
            lines.append(line + (_GOES_ON if typed or piece.goes_on else ""))
            line = later + piece.word
        else:
            line += piece.before * bool(number) + piece.word
    return [*lines, line]


def _pieces(text: str, width: int, *, typed: bool = False) -> Iterator[_Piece]:
    """The pieces of a text. A command that does not fit in a line by itself is in several: its words."""
    for before, word in (_TYPED if typed else _WORD).findall(text):
        if typed and word[0] in "'\"":
            yield _Piece(before, word)
        elif " " in word and cells(word) > width:
            for number, (_, part) in enumerate(_TYPED.findall(word)):
                yield _Piece(before if number == 0 else " ", part, goes_on=number > 0)
        elif " " in word:
            yield _Piece(before, word)
        else:
            for number, part in enumerate(_parts(word)):
                yield _Piece(before if number == 0 else "", part)


def _parts(word: str) -> Iterator[str]:
    for part in _PART.findall(word):
        if part.isascii():
            yield part
            continue
        narrow = ""
        for letter in part:
            if narrow and _begins_anew(narrow[-1], letter):
                yield narrow
                narrow = ""
            narrow += letter
        yield narrow


def _begins_anew(before: str, letter: str) -> bool:
    """Whether a line may end between two letters: before a wide one that is no full stop, and behind one."""
    if _cells_of(letter) == 2:
        return category(letter)[0] != "P"
    return _cells_of(letter) == 1 and _cells_of(before) == 2


def laid_out(columns: Sequence[Column], width: int | None = None, key: int = 0, rule: str = "─") -> list[str]:
    """The lines of rows. Without a width: a table with a line for each row, as wide as it needs to be.

    Else columns without content go, and where the words do not fit beside each other, or the table would be longer,
    each row is a block that begins with the `key` column's text.
    """
    if width is None:
        return _table(columns, [_natural(column) for column in columns], GAP, rule)
    found = [column for column in columns if any(text.strip() for text in column.texts)]
    naturals = [_natural(column) for column in found]
    for gap in (GAP, NARROW_GAP):
        if sum(naturals) + gap * (len(found) - 1) <= width:
            return _table(found, naturals, gap, rule)
    blocks = _blocks(columns, width, key)
    widths = _widths(found, naturals, width - NARROW_GAP * (len(found) - 1))
    if widths is None:
        return blocks
    table = _table(found, widths, NARROW_GAP, rule)
    return table if len(table) <= len(blocks) else blocks


def _natural(column: Column) -> int:
    return max(cells(column.title), max(map(cells, column.texts), default=0))


def _widths(columns: Sequence[Column], naturals: Sequence[int], room: int) -> list[int] | None:
    """The widths of columns that are folded so that they have room beside each other; None where they have not."""
    lowest = [
        natural
        if column.whole
        else min(
            natural, max(_longest(column.title), min(natural, _LEAST), *(_least(column, one) for one in column.texts))
        )
        for column, natural in zip(columns, naturals, strict=True)
    ]
    if sum(lowest) > room:
        return None
    low, high = 0, max(naturals)
    while low < high:  # the widest that all columns may be which want more than their lowest
        middle = (low + high + 1) // 2
        low, high = (middle, high) if sum(_capped(naturals, lowest, middle)) <= room else (low, middle - 1)
    widths = _capped(naturals, lowest, low)
    left = room - sum(widths)
    for place, natural in enumerate(naturals):
        more = min(left, natural - widths[place])
        widths[place] += more
        left -= more
    return widths


def _capped(naturals: Sequence[int], lowest: Sequence[int], cap: int) -> list[int]:
    return [min(natural, max(low, cap)) for natural, low in zip(naturals, lowest, strict=True)]


def _longest(text: str, *, typed: bool = False) -> int:
    return max((cells(piece.word) for piece in _pieces(text, _LEAST, typed=typed)), default=0)


def _least(column: Column, text: str) -> int:
    """The columns that a text needs where it is folded; a command's lines end with what says that they go on."""
    return _longest(text, typed=column.typed) + (len(_GOES_ON) if column.typed and " " in text else 0)


def _table(columns: Sequence[Column], widths: Sequence[int], gap: int, rule: str) -> list[str]:
    titles = [folded(column.title, width) for column, width in zip(columns, widths, strict=True)]
    tallest = max(map(len, titles), default=0)
    titles = [[""] * (tallest - len(title)) + title for title in titles]  # what is short stands above the rule
    lines = [*_row(columns, titles, widths, gap), rule * (sum(widths) + gap * (len(widths) - 1))]
    for texts in zip(*(column.texts for column in columns), strict=True):
        lines += _row(columns, _folded(columns, texts, widths), widths, gap)
    return lines


def _folded(columns: Sequence[Column], texts: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    return [folded(text, width, typed=column.typed) for column, text, width in zip(columns, texts, widths, strict=True)]


def _row(columns: Sequence[Column], parts: Sequence[list[str]], widths: Sequence[int], gap: int) -> Iterator[str]:
    for number in range(max(map(len, parts), default=0)):
        line = ""
        for column, part, width in zip(columns, parts, widths, strict=True):
            text = part[number] if number < len(part) else ""
            fill = " " * (width - cells(text))
            line += (fill + text if column.right else text + fill) + " " * gap
        yield line.rstrip(" ")


def _blocks(columns: Sequence[Column], width: int, key: int) -> list[str]:
    """A block for each row: what it is about, and a line with its name for everything else that is there."""
    names = max((cells(column.title) for place, column in enumerate(columns) if place != key), default=0)
    lines: list[str] = []
    for texts in zip(*(column.texts for column in columns), strict=True):
        filled = [(place, text.strip()) for place, text in enumerate(texts) if text.strip()]
        if not filled:
            continue
        first, about = next((one for one in filled if one[0] == key), filled[0])
        lines += ["", *folded(about, width, 2)]
        for place, text in filled:
            if place != first:
                lines += _named(columns[place], names, text, width)
    return lines[1:]


def _named(column: Column, names: int, text: str, width: int) -> Iterator[str]:
    """A text beside its name, or where it has no room there, below it."""
    start = f"  {column.title}{' ' * (names - cells(column.title))}  "
    room = width - cells(start)
    if cells(text) <= room or room >= max(_LEAST_BESIDE, _least(column, text)):
        for number, line in enumerate(folded(text, room, typed=column.typed)):
            yield (start if number == 0 else " " * cells(start)) + line
        return
    yield from folded(f"  {column.title}", width)
    indent = "    " if _least(column, text) <= width - 4 else ""
    yield from (indent + line for line in folded(text, width - len(indent), typed=column.typed))
