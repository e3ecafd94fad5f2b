"""Participants' codes: what one may look like, which are taken for one another, what a new one may not be."""

import re

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.log_line import Key, is_part_of_a_result, is_which
from testing_tracker.rules.words import Outcome, Status

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


# The letters that the log session knows, and those kept for what a nurse records beside them.
_WORDS = {*Key, "c", "e", "unable", *Outcome, *Status}


def check_new_code(code: str) -> str:
    """The code itself. Raises TestingTrackerError for one that is none, and for a word of the log session."""
    check_code(code)
    if code.casefold() in _WORDS or is_which(code) or is_part_of_a_result(code):
        raise TestingTrackerError(
            f"{code} cannot be a new participant's code, because `testing-tracker log` takes it for a result. Give "
            f"another one, such as P-{code}."
        )
    return code
