"""What the results of a draw say together, and what the draw says by the one that governs.

A draw says an outcome, whether prescriptions explain it, and whether its specimen came late.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.testing.which_draw import says
from testing_tracker.rules.words import Method, Outcome, Status


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


@dataclass(frozen=True)
class Statement:
    """What one result says; analytes by the vocabulary's names.

    `looked_for` is the panel of a cup, and of a laboratory's result all that it names: found, measured or looked for.
    """

    outcome: Outcome
    found: frozenset[str] = frozenset()
    looked_for: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Together:
    """What the results of a draw say together.

    `confirmed` was found by the definitive test, `presumptive` only by the other one. `looked_for` is what somebody is
    known to have looked for, and whose absence therefore says something.
    """

    outcome: Outcome
    confirmed: frozenset[str] = frozenset()
    presumptive: frozenset[str] = frozenset()
    looked_for: frozenset[str] = frozenset()

    @property
    def found(self) -> frozenset[str]:
        return self.confirmed | self.presumptive


def together(vocabulary: Vocabulary, presumptive: Statement | None, definitive: Statement | None) -> Together | None:
    """What a presumptive and a definitive result say together; None where there is neither.

    An invalid definitive result, such as a specimen that was not enough, says nothing of what the cup found. A
    definitive negative that names nothing is about all that the cup found; one that names analytes, and a positive, is
    about those. A class is covered by its name, by any member found, or by all of its members looked for.
    """
    if definitive is None or (definitive.outcome is Outcome.INVALID and presumptive is not None):
        return None if presumptive is None else _alone(presumptive)
    if presumptive is None or presumptive.outcome is Outcome.INVALID:
        return Together(definitive.outcome, definitive.found, looked_for=definitive.looked_for | definitive.found)
    named = definitive.looked_for | definitive.found
    left = frozenset(analyte for analyte in presumptive.found if named and not _covers(vocabulary, definitive, analyte))
    return Together(
        outcome=Outcome.POSITIVE if left else definitive.outcome,
        confirmed=definitive.found,
        presumptive=left,
        # The cup found what a laboratory's word has withdrawn: unless that word names it, its absence is a doubt.
        looked_for=(presumptive.looked_for - (presumptive.found - left)) | named,
    )


def _alone(presumptive: Statement) -> Together:
    return Together(presumptive.outcome, presumptive=presumptive.found, looked_for=presumptive.looked_for)


def _covers(vocabulary: Vocabulary, definitive: Statement, analyte: str) -> bool:
    """Whether a definitive result that names some analytes speaks of one that the cup found."""
    if analyte in definitive.looked_for or any(analyte in vocabulary.shown_by([one]) for one in definitive.found):
        return True
    members = vocabulary.members_of(analyte)
    return bool(members) and members <= definitive.looked_for
