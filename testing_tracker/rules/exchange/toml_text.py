"""The one door for TOML: whatever a file holds, it is read in a moment or refused in a line.

The library's parser takes a file of brackets or dots for ever, or ends in an error of its own. No file that a person
writes for this program comes near to these limits.
"""

import re
import tomllib
from typing import Any

MOST_CHARACTERS = 262_144
MOST_NESTED = 16
MOST_PARTS = 16  # of a dotted key
_LEAST, _MOST = -(2**63), 2**63 - 1  # TOML 1.0: what every reader has to take


class TomlError(ValueError):
    """A text that is no TOML, or more than a person would write. `place` is where, as in `(at line 3, column 1)`."""

    def __init__(self, problem: str) -> None:
        found = re.search(r"\(at [^()]*\)", problem)
        self.place = found[0] if found else ""
        super().__init__(problem)


def read_toml(text: str) -> dict[str, Any]:
    """The document. Raises TomlError, whose text may quote the file's."""
    if len(text) > MOST_CHARACTERS:
        raise TomlError(f"it has {len(text):,} characters; the most are {MOST_CHARACTERS:,}")
    _check_shape(text)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, which is no TOML error
        raise TomlError(_in_a_line(error)) from None
    _check_values(document)
    return document


def _in_a_line(error: Exception) -> str:
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)
    return "a number is too large, or it is nested too deeply"


def _check_shape(text: str) -> None:
    """Count brackets and the dots of keys outside of strings and comments, without parsing."""
    depth = dots = 0
    position, end = 0, len(text)
    while position < end:
        character = text[position]
        if character in "\"'":
            position = _after_string(text, position)
            continue
        if character == "#":
            position = _found(text, "\n", position)
            continue
        if character in "[{":
            depth, dots = depth + 1, 0
        elif character in "]}":
            depth, dots = max(depth - 1, 0), 0
        elif character == ".":
            dots += 1
        elif character in "=,\n":
            dots = 0
        if depth > MOST_NESTED or dots >= MOST_PARTS:
            what = f"more than {MOST_NESTED} brackets in one another" if depth > MOST_NESTED else "too many dots"
            line = text.count("\n", 0, position) + 1
            raise TomlError(f"{what} (at line {line}, column {position - text.rfind(chr(10), 0, position)})")
        position += 1


def _after_string(text: str, begin: int) -> int:
    """Where a string is over; one that has no end is over with its line, or, in three quotes, with the text."""
    quote = text[begin]
    if text.startswith(quote * 3, begin):
        position = begin + 3
        while (position := text.find(quote * 3, position)) >= 0:
            if quote == "'" or not _is_escaped(text, position, begin):
                return position + 3
            position += 1
        return len(text)
    line_ends = _found(text, "\n", begin)
    position = begin + 1
    while (position := text.find(quote, position, line_ends)) >= 0:
        if quote == "'" or not _is_escaped(text, position, begin):
            return position + 1
        position += 1
    return line_ends


def _is_escaped(text: str, position: int, begin: int) -> bool:
    before = position - 1
    while before > begin and text[before] == "\\":
        before -= 1
    return (position - 1 - before) % 2 == 1


def _found(text: str, what: str, begin: int) -> int:
    found = text.find(what, begin)
    return len(text) if found < 0 else found


def _check_values(document: dict[str, Any]) -> None:
    """Refuse whole numbers and texts that nothing can print or keep, wherever they stand."""
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, int) and not _LEAST <= value <= _MOST:
            raise TomlError("a whole number is too large")
        elif isinstance(value, str) and "\0" in value:
            raise TomlError("a text has a NUL character")
