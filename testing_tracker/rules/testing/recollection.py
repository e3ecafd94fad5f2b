"""A specimen that does not count, and the second one that is to be collected for the same draw.

Who gave the first one was there: a second one that never came is no missed test, and the first result stands.
"""

from testing_tracker.rules.words import Outcome, Status

RECOLLECT = "to be collected again"
SECOND_GIVEN = "a second specimen was collected; its result is to come"
OF_THE_FIRST = "said of a specimen that does not count; a second one was collected"
NOT_RECOLLECTED = "a specimen was given for which another one was to be collected, and no second one"


def says(status: Status, reason: str | None, outcome: Outcome | None) -> Outcome | None:
    """The outcome of a draw in this state whose governing result has an outcome.

    Only a collected draw has one; and while the result of a second specimen is to come, what the first one said does
    not count any more.
    """
    if status is not Status.COLLECTED or reason == SECOND_GIVEN:
        return None
    return outcome
