"""What is said of a cell that cannot be taken: where it stands, and its text only where that cannot be a name."""

import re
from collections.abc import Sequence

from testing_tracker.rules.exchange.sheet import ImportedRow
from testing_tracker.rules.near_words import in_words, slips

_LONGEST = 20  # characters that are quoted
_LONG_WORD = 5  # letters from which on a word within a typo cannot be somebody's name instead: `Duke` is near `due`
_LETTERS = re.compile(r"[^\W\d_]{4}")  # in a row, beside digits: `JaneDoe85`


def located(line: ImportedRow, columns: Sequence[str], said: str, words: Sequence[str] = ()) -> str:
    """What is wrong with a line's cells, with where they stand and what was read, as far as that may be quoted.

    `words` are those of this program that could stand there.
    """
    there = [column for column in columns if column in line.letters]
    if not there:
        return said
    cell = line.cells[there[0]]
    near = near_words(cell, words)
    places = ", ".join(line.address(column) for column in there)
    quoted = f": {cell}" if len(there) == 1 and may_be_quoted(cell, words) else ""
    hint = f"; did you mean {in_words(near)}?" if near and near != [cell.casefold()] else ""
    return f"{said.rstrip('.')} ({places}{quoted}{hint})"


def may_be_quoted(cell: str, words: Sequence[str] = ()) -> bool:
    """Whether a cell's text cannot be somebody's name: it is short and has a digit, or is a typo of a word."""
    if len(cell) > _LONGEST:
        return False
    has_digit = any(letter.isdigit() for letter in cell) and _LETTERS.search(cell) is None
    return has_digit or bool(near_words(cell, words))


def near_words(cell: str, words: Sequence[str]) -> list[str]:
    """The words that one slip of the hand makes the cell's text."""
    typed = cell.casefold()
    return [word for word in words if len(word) >= _LONG_WORD and slips(typed, word.casefold(), 1) <= 1]
