"""The one door for text on its way to somebody's eyes: what a terminal or a page would obey becomes a visible mark.

Notes, reasons and names are people's and other machines'. An escape sequence in one can rewrite the screen or the
clipboard, an override of the writing direction can turn a result around, and nobody would see it.
"""

import re

# C0 but tab and line feed, DEL and C1; the marks of writing direction; what has no width; halves of a character.
# The joiners U+200C and U+200D stay: Persian, Indic scripts and many names cannot be written without them.
_HOSTILE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff"
)
_OBEYED = re.compile(f"[{_HOSTILE}]")
_OBEYED_IN_A_LINE = re.compile(f"[\t\n{_HOSTILE}]")


def visible(text: str) -> str:
    """The text with a mark such as `\\x1b` for each character that would be obeyed and not seen; lines stay lines."""
    return _OBEYED.sub(_mark, text) if _OBEYED.search(text) else text


def in_one_line(text: str) -> str:
    """A text as a visible part of one line: a line that it begins by itself would seem to be the program's."""
    return _OBEYED_IN_A_LINE.sub(_mark, text) if _OBEYED_IN_A_LINE.search(text) else text


def escaped_in_json(document: str) -> str:
    """A JSON document that says the same, with these characters escaped; outside of its texts it has none."""
    return _OBEYED.sub(_in_json, document) if _OBEYED.search(document) else document


def visible_values(value: object) -> object:
    """A document of lists, dicts and texts with `visible` texts."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {key: visible_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [visible_values(one) for one in value]
    return value


def _mark(found: re.Match[str]) -> str:
    number = ord(found[0])
    if found[0] in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[found[0]]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _in_json(found: re.Match[str]) -> str:
    return "".join(f"\\u{unit:04x}" for unit in _units(ord(found[0])))


def _units(number: int) -> tuple[int, ...]:
    """A character in UTF-16, as JSON escapes it."""
    if number < 0x10000:
        return (number,)
    high, low = divmod(number - 0x10000, 0x400)
    return (0xD800 + high, 0xDC00 + low)
