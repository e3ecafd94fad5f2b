"""What became of draws, counted: of a participant's, a day's or a facility's."""

from collections.abc import Iterable
from dataclasses import dataclass

COUNTS = (
    "due",
    "collected",
    "missed",
    "refused",
    "excused",
    "outstanding",
    "unrecorded",
    "negative",
    "positive",
    "invalid",
    "expected",
    "late",
)


@dataclass(slots=True)
class Tally:
    """What became of a week's draws. A cancelled draw is no draw.

    `outstanding` ones have nothing recorded and are held against nobody; `unrecorded` are those of them whose day is
    over. A collected specimen without an outcome counts as collected only. `expected` are those of the negative ones
    that found only what is prescribed, `late` those of the collected ones that were given after the window.
    """

    due: int = 0
    collected: int = 0
    missed: int = 0
    refused: int = 0
    excused: int = 0
    outstanding: int = 0
    unrecorded: int = 0
    negative: int = 0
    positive: int = 0
    invalid: int = 0
    expected: int = 0
    late: int = 0

    @property
    def decided(self) -> int:
        """The draws that compliance is measured on: collected, missed and refused ones."""
        return self.due - self.excused - self.outstanding

    @property
    def compliance_rate(self) -> float | None:
        return self.collected / self.decided if self.decided else None

    @property
    def usable(self) -> int:
        """The results that positivity is measured on."""
        return self.positive + self.negative

    @property
    def positivity_rate(self) -> float | None:
        """Missing as missing: positive results out of the usable ones."""
        return self.positive / self.usable if self.usable else None

    @property
    def absent(self) -> int:
        return self.missed + self.refused

    @property
    def positive_or_absent(self) -> int:
        return self.positive + self.absent

    @property
    def positivity_rate_missing_as_positive(self) -> float | None:
        """Missing as positive: positive, missed and refused out of the draws that compliance is measured on.

        The cautious reading, in the style of an intention to treat.
        """
        return self.positive_or_absent / self.decided if self.decided else None

    def add(self, other: "Tally") -> None:
        """Count another one's draws too."""
        self.due += other.due
        self.collected += other.collected
        self.missed += other.missed
        self.refused += other.refused
        self.excused += other.excused
        self.outstanding += other.outstanding
        self.unrecorded += other.unrecorded
        self.negative += other.negative
        self.positive += other.positive
        self.invalid += other.invalid
        self.expected += other.expected
        self.late += other.late


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of several tallies."""
    summed = Tally()
    for tally in tallies:
        summed.add(tally)
    return summed
