"""What a draw says, from its results and how they read: its outcome, whether that is explained, whether it was late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from testing_tracker.rules.drawing.because import Because
from testing_tracker.rules.words import Method, Outcome, Status

OF_THE_FIRST = "said of a specimen that does not count; a second one was collected"


def says(status: Status, because: str | None, outcome: Outcome | None) -> Outcome | None:
    """The outcome of a draw in this state whose governing result has an outcome.

    Only a collected draw has one; and while the result of a second specimen is to come, what the first one said does
    not count any more.
    """
    if status is not Status.COLLECTED or because == Because.SECOND_GIVEN:
        return None
    return outcome


@dataclass(frozen=True)
class ResultAsRead:
    """A result that nothing has replaced, and its newest reading. `outcome` is None for one that was taken back.

    `together` is what the draw's results say together, where that is another outcome than this one's. `is_explained`:
    prescriptions explain all that was found. `collected_at` is the instant at which the specimen was given, if that was
    said.
    """

    method: Method
    outcome: Outcome | None
    together: Outcome | None = None
    is_explained: bool = False
    collected_at: datetime | None = None


class WhatItSays(NamedTuple):
    """What a draw says. `expected`: positive, and prescriptions explain all of it."""

    outcome: Outcome | None = None
    expected: bool = False
    late: bool = False


def what_a_draw_says(
    status: Status, because: str | None, results: Iterable[ResultAsRead], closes: datetime | None
) -> WhatItSays:
    """What a draw in this state says by its results, of each method one at most.

    `closes` is the instant from which its specimen could not be given any more; None where there was no such window.
    When the specimen was given is said by the result that governs; where a definitive one does not say it, by the cup.
    """
    spoken = {result.method: result for result in results if result.outcome is not None}
    governing = spoken.get(Method.DEFINITIVE) or spoken.get(Method.PRESUMPTIVE)
    if governing is None:
        return WhatItSays()
    outcome = says(status, because, governing.together or governing.outcome)
    given_at = governing.collected_at
    if given_at is None and Method.PRESUMPTIVE in spoken:
        given_at = spoken[Method.PRESUMPTIVE].collected_at
    is_late = outcome is not None and given_at is not None and closes is not None and given_at >= closes
    return WhatItSays(outcome, outcome is Outcome.POSITIVE and governing.is_explained, is_late)
