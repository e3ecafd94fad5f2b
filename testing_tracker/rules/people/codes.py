"""What a participant's code and a schedule's name may look like."""

import re

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
