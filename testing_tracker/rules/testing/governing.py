"""What a cup's result and a laboratory's say together: the laboratory's word governs, analyte by analyte.

A laboratory tells substances apart, so about what it looked at its word counts. About what it did not look at, what the
cup said stays: presumptive, and to be confirmed.
"""

from dataclasses import dataclass

from testing_tracker.rules.testing.analytes import is_class_test, members_of, shown_by
from testing_tracker.rules.words import Outcome


@dataclass(frozen=True)
class Word:
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


def together(presumptive: Word | None, definitive: Word | None) -> Together | None:
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
    left = frozenset(analyte for analyte in presumptive.found if named and not _covers(definitive, analyte))
    return Together(
        outcome=Outcome.POSITIVE if left else definitive.outcome,
        confirmed=definitive.found,
        presumptive=left,
        # The cup found what a laboratory's word has withdrawn: unless that word names it, its absence is a doubt.
        looked_for=(presumptive.looked_for - (presumptive.found - left)) | named,
    )


def _alone(presumptive: Word) -> Together:
    return Together(presumptive.outcome, presumptive=presumptive.found, looked_for=presumptive.looked_for)


def _covers(definitive: Word, analyte: str) -> bool:
    """Whether a definitive result that names some analytes speaks of one that the cup found."""
    if analyte in definitive.looked_for or any(analyte in shown_by([one]) for one in definitive.found):
        return True
    members = members_of(analyte) if is_class_test(analyte) else frozenset()
    return bool(members) and members <= definitive.looked_for
