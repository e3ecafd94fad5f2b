"""What became of draws, counted, and the rates of them: compliance and positivity.

A tally is of a participant's draws, a day's or a facility's. docs/measures.md defines each figure.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction

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
RATES = ("compliance_rate", "positivity_rate", "positivity_rate_missing_as_positive")
NOT_AVAILABLE = "n/a"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, as `63/65` and `97 %`; `n/a` where there is no whole."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def fraction(self) -> str:
        return f"{self.part}/{self.whole}" if self.whole else NOT_AVAILABLE

    @property
    def rounded(self) -> int:
        """In whole percent, rounded half up, as people do it; 0 where there is no whole."""
        return (200 * self.part + self.whole) // (2 * self.whole) if self.whole else 0

    @property
    def percent(self) -> str:
        return f"{self.rounded} %" if self.whole else NOT_AVAILABLE

    def __str__(self) -> str:
        return f"{self.fraction} = {self.percent}" if self.whole else NOT_AVAILABLE

    def change_from(self, other: "Share") -> str:
        """The difference in percentage points, as `+2 points`; nothing where there is nothing to compare."""
        if not self.whole or not other.whole:
            return ""
        exactly = 100 * (Fraction(self.part, self.whole) - Fraction(other.part, other.whole))
        points = int(abs(exactly) + Fraction(1, 2)) * (1 if exactly > 0 else -1)
        return f"{points:+d} point{'s' if abs(points) != 1 else ''}" if points else "no change"


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
    def usable(self) -> int:
        """The results that positivity is measured on."""
        return self.positive + self.negative

    @property
    def absent(self) -> int:
        return self.missed + self.refused

    @property
    def awaited(self) -> int:
        """The collected specimens whose result is still to come."""
        return self.collected - self.negative - self.positive - self.invalid

    @property
    def positive_or_absent(self) -> int:
        return self.positive + self.absent

    @property
    def compliance_rate(self) -> float | None:
        return compliance_of(self).rate

    @property
    def positivity_rate(self) -> float | None:
        return positivity_of(self).rate

    @property
    def positivity_rate_missing_as_positive(self) -> float | None:
        return positivity_missing_as_positive_of(self).rate

    def add(self, other: "Tally") -> None:
        """Add another tally: count its draws too."""
        for count in COUNTS:
            setattr(self, count, getattr(self, count) + getattr(other, count))


def compliance_of(tally: Tally) -> Share:
    """Compliance: what was collected of what was due, without excused and outstanding draws."""
    return Share(tally.collected, tally.decided)


def positivity_of(tally: Tally) -> Share:
    """Positivity, missing as missing: positive results of the usable ones."""
    return Share(tally.positive, tally.usable)


def positivity_missing_as_positive_of(tally: Tally) -> Share:
    """Positivity, missing as positive: positive, missed and refused draws of those that compliance is measured on.

    The cautious reading, in the style of an intention to treat.
    """
    return Share(tally.positive_or_absent, tally.decided)


def counts_and_rates(tally: Tally) -> dict[str, int | float | None]:
    """Every count and every rate of a tally by its name, as programs read them."""
    return asdict(tally) | {rate: getattr(tally, rate) for rate in RATES}


def to_a_tenth(number: Fraction) -> str:
    """A number that is not negative to one decimal, rounded half up, as people do it."""
    tenths = int(10 * number + Fraction(1, 2))
    return f"{tenths // 10}.{tenths % 10}"


def total(tallies: Iterable[Tally]) -> Tally:
    """The total of several tallies."""
    summed = Tally()
    for tally in tallies:
        summed.add(tally)
    return summed
