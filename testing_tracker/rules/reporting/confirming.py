"""What laboratories said of what cups had found."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.testing.settling import Statement, together
from testing_tracker.rules.words import Outcome


class Confirmed(StrEnum):
    """What has become of a presumptive positive; each is one of these.

    `inconclusive`: the laboratory's result is invalid, or it confirms nothing and did not look for all that the cup
    found. `explained`: never sent, and prescriptions explain all of it.
    """

    CONFIRMED = "confirmed"
    PARTLY = "partly_confirmed"
    NOT = "not_confirmed"
    INCONCLUSIVE = "inconclusive"
    AWAITED = "awaited"
    NEVER_SENT = "never_sent"
    EXPLAINED = "explained"


@dataclass(frozen=True)
class PresumptivePositive:
    """What a cup found, and what a laboratory said of it, if it said anything; `is_awaited`: its word is."""

    found: frozenset[str] = field(default_factory=frozenset)
    is_explained: bool = False
    definitive: Statement | None = None
    is_awaited: bool = False


def what_became(vocabulary: Vocabulary, positive: PresumptivePositive) -> Confirmed:
    """What has become of a presumptive positive."""
    said = _by_laboratory(vocabulary, positive.found, positive.definitive) if positive.definitive is not None else None
    if said is not None and (said is not Confirmed.INCONCLUSIVE or not positive.is_awaited):
        return said
    if positive.is_awaited:
        return Confirmed.AWAITED
    return Confirmed.EXPLAINED if positive.is_explained else Confirmed.NEVER_SENT


def _by_laboratory(vocabulary: Vocabulary, found: frozenset[str], definitive: Statement) -> Confirmed:
    if definitive.outcome is Outcome.INVALID:
        return Confirmed.INCONCLUSIVE
    if not found:  # a cup that was positive, and nobody said for what
        return Confirmed.CONFIRMED if definitive.outcome is Outcome.POSITIVE else Confirmed.NOT
    both = together(vocabulary, Statement(Outcome.POSITIVE, found, found), definitive)
    left = both.presumptive if both is not None else frozenset()
    shown = vocabulary.shown_by(sorted(definitive.found)) | definitive.found
    confirmed = found & shown
    if confirmed == found:
        return Confirmed.CONFIRMED
    if confirmed:
        return Confirmed.PARTLY
    return Confirmed.INCONCLUSIVE if left else Confirmed.NOT


def all_that_became(vocabulary: Vocabulary, positives: Iterable[PresumptivePositive]) -> dict[Confirmed, int]:
    """How many presumptive positives became what; together they are all there are."""
    count = dict.fromkeys(Confirmed, 0)
    for one in positives:
        count[what_became(vocabulary, one)] += 1
    return count
