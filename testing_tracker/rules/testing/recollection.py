"""A specimen that does not count, and the second one that is to be collected for the same draw.

Who gave the first one was there: a second one that never came is no missed test, and the first result stands.
"""

from testing_tracker.rules.drawing.because import Because
from testing_tracker.rules.words import Outcome, Status

OF_THE_FIRST = "said of a specimen that does not count; a second one was collected"


def says(status: Status, because: str | None, outcome: Outcome | None) -> Outcome | None:
    """The outcome of a draw in this state whose governing result has an outcome.

    Only a collected draw has one; and while the result of a second specimen is to come, what the first one said does
    not count any more.
    """
    if status is not Status.COLLECTED or because == Because.SECOND_GIVEN:
        return None
    return outcome
