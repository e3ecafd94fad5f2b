"""Participants' codes and specimens' labels: what one may look like, and which a person takes for one another."""

import re
import unicodedata

from testing_tracker.errors import TestingTrackerError

_CODE = re.compile(r"[A-Za-z0-9._-]{1,32}")


def check_code(code: str) -> str:
    """The code itself. Raises TestingTrackerError unless it has 1-32 of letters, digits, `-`, `_`, `.`.

    The message leaves the text out: somebody may have typed a name.
    """
    if code.casefold() == "import":
        raise TestingTrackerError("'import' cannot be a participant code: `result import` reads a file.")
    if _CODE.fullmatch(code) is None:
        raise TestingTrackerError(
            "That is not a participant code. A code has 1 to 32 letters, digits, '-', '_' or '.', and is never a name."
        )
    return code


def check_schedule_name(name: str) -> str:
    """The name itself. Raises TestingTrackerError unless it has the form of a code."""
    if _CODE.fullmatch(name) is None:
        raise TestingTrackerError(f"{name!r} is not a name for a schedule. Use letters, digits, '-', '_' and '.'.")
    return name


# By their look, so the case counts: a capital I, a small l and a 1 are alike, a capital L and a small i are not.
_ALIKE = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1"})
_BETWEEN = re.compile(r"[._-]+")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def look_of(code: str) -> str:
    """What a hurried reader sees of a code: two codes with the same look are look-alikes.

    Dashes, dots and underscores, zeros before a number, and letters that look like digits make no difference, so
    `0017` and `17`, `A-17` and `A17`, `O10` and `010` are alike. Chosen by this program; it comes from no source.
    """
    return _LEADING_ZEROS.sub("", _BETWEEN.sub("", code.translate(_ALIKE))).casefold()


_MINUS_LIKE = (
    "\u2212\u02d7\u2043\u30fc\uff70\u00af\u203e"  # minus signs, bullets and long vowels that look like a hyphen
)


def label_key(label: str) -> str:
    """A label without case and blanks, with every dash that looks like a hyphen as a hyphen.

    A dash is not left out: 1-23 and 12-3 are two labels. What cannot be seen, such as a soft hyphen, is.
    """
    seen = []
    for character in unicodedata.normalize("NFKC", label):
        category = unicodedata.category(character)
        if category == "Pd" or character in _MINUS_LIKE:
            seen.append("-")
        elif not character.isspace() and category not in ("Cf", "Cc"):
            seen.append(character)
    return unicodedata.normalize("NFKC", "".join(seen).casefold())
