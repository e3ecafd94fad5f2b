"""Which codes a new participant may not have: those that the log session takes for a result.

`A17` and then `n` in a piped log is A17's negative, and would be participant n's cup without a result.
"""

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.log_line import Key, is_part_of_a_result, is_which
from testing_tracker.rules.words import Outcome, Status

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
