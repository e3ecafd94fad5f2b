"""Numbers that a test reports of an analyte, judged against the cutoff. Decimal arithmetic, never float."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.words import USUAL_UNIT, Method, Outcome

_AMOUNT = re.compile(r"([<>])?\s*(\d{1,18}(?:\.\d{1,18})?)\s*([A-Za-zµμ]+/[A-Za-z]+)?")

# How many of the first unit one of another is; only what laboratories write for the same thing.
_UNITS = (
    {"ng/ml": "1", "ug/l": "1", "mcg/l": "1", "μg/l": "1", "pg/ml": "0.001"}
    | {"ug/ml": "1000", "mcg/ml": "1000", "μg/ml": "1000"},
    {"mg/dl": "1", "g/dl": "1000"},
)


@dataclass(frozen=True)
class Amount:
    """What was measured of an analyte; with a comparator, `<` or `>`, it is less or more than that."""

    number: Decimal
    unit: str = USUAL_UNIT
    comparator: str = ""

    def __str__(self) -> str:
        return f"{self.comparator}{self.number} {self.unit}"

    def number_in(self, unit: str) -> Decimal | None:
        """The number in another unit; None where the two do not measure the same."""
        own, other = self.unit.casefold(), unit.casefold()
        if own == other:
            return self.number
        for units in _UNITS:
            if own in units and other in units:
                return self.number * Decimal(units[own]) / Decimal(units[other])
        return None


def read_amount(text: str) -> Amount:
    """Read `320` (ng/mL), `40 mg/dL` or `<50`. Raises TestingTrackerError for anything else."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise TestingTrackerError(f"{text!r} is not an amount; write 320, which is in {USUAL_UNIT}, or 40mg/dL.")
    return Amount(Decimal(match[2]), match[3] or USUAL_UNIT, match[1] or "")


def amounts_by_analyte(said: Iterable[tuple[str, Amount]]) -> dict[str, Amount]:
    """The amount of each analyte, by the vocabulary's names.

    Raises TestingTrackerError where one has two: its other names are names of the same, such as of a metabolite, and
    nobody can say which number is meant.
    """
    amounts: dict[str, Amount] = {}
    for analyte, amount in said:
        if amounts.setdefault(analyte, amount) != amount:
            raise TestingTrackerError(
                f"{analyte} has two amounts, {amounts[analyte]} and {amount}. Names that stand for one analyte have "
                f"one amount; `testing-tracker analyte show {analyte}` lists them."
            )
    return amounts


@dataclass(frozen=True)
class Judged:
    """The analytes that count as found, and what a person should know of it."""

    analytes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def check_cutoffs(cutoffs: Iterable[str], named: Collection[str]) -> None:
    """Raise TestingTrackerError for a cutoff of an analyte that the result does not name."""
    for analyte in cutoffs:
        if analyte not in named:
            raise TestingTrackerError(
                f"There is a cutoff for {analyte}, and the result does not name it. Name it with --analyte or "
                "--looked-for, or leave the cutoff out."
            )


def judge(
    vocabulary: Vocabulary,
    outcome: Outcome,
    analytes: Sequence[str],
    amounts: Mapping[str, Amount],
    specimen: str,
    method: Method,
    cutoffs: Mapping[str, Amount] | None = None,
) -> Judged:
    """Which analytes a result found: those named, but of those with an amount only the ones that reach the cutoff.

    `cutoffs` are those that came with the result: a laboratory's own governs its own numbers. Raises
    TestingTrackerError where the outcome contradicts what was found.
    """
    found: list[str] = []
    warnings: list[str] = []
    below: list[str] = []
    for analyte in dict.fromkeys(analytes):
        amount = amounts.get(analyte)
        reaches, warning = True, None
        if amount is not None:
            reaches, warning = _reaches(vocabulary, analyte, amount, (cutoffs or {}).get(analyte), specimen, method)
        if warning:
            warnings.append(warning)
        if reaches:
            found.append(analyte)
        else:
            below.append(analyte)
    _check(outcome, found, below, amounts)
    return Judged(tuple(found), tuple(warnings))


def _reaches(
    vocabulary: Vocabulary, analyte: str, amount: Amount, said: Amount | None, specimen: str, method: Method
) -> tuple[bool, str | None]:
    known = vocabulary.cutoff_of(analyte, specimen, method)
    usual = Amount(known.amount, known.unit) if known is not None else None
    if said is not None:
        reaches = _is_reached(analyte, amount, said, f"The cutoff that was given for {analyte}")
        return reaches, _differs(analyte, amount, said, usual, reaches)
    if amount.number == 0 and amount.comparator != ">":
        return False, None
    if known is None or usual is None:
        if amount.comparator == "<":
            return False, f"no {method} cutoff is known for {analyte} in {specimen}, so {amount} counts as not found"
        return True, f"no {method} cutoff is known for {analyte} in {specimen}, so {amount} counts as found"
    if _is_reached(analyte, amount, usual, f"The cutoff for {analyte} in {specimen}"):
        return True, None
    return False, f"{analyte} {amount} is below the cutoff of {known.amount} {known.unit} ({known.source})"


def _is_reached(analyte: str, amount: Amount, cutoff: Amount, which: str) -> bool:
    """Whether an amount reaches a cutoff. Raises TestingTrackerError where that cannot be told."""
    number = amount.number_in(cutoff.unit)
    if number is None:
        raise TestingTrackerError(
            f"{which} is in {cutoff.unit}, and the amount is in {amount.unit}. Give it in {cutoff.unit}."
        )
    if amount.number == 0 and amount.comparator != ">":
        return False
    is_told = {"": True, "<": number <= cutoff.number, ">": number >= cutoff.number}[amount.comparator]
    if not is_told:
        raise TestingTrackerError(
            f"Whether {analyte} {amount} reaches the cutoff of {cutoff} cannot be told. Give the number, or the cutoff "
            f"of the test with --cutoff {analyte}=AMOUNT."
        )
    return amount.comparator != "<" and number >= cutoff.number


def _differs(analyte: str, amount: Amount, said: Amount, usual: Amount | None, reaches: bool) -> str | None:
    """A warning where the vocabulary's cutoff would say otherwise than the one that came with the result."""
    number = amount.number_in(usual.unit) if usual is not None else None
    if usual is None or number is None or amount.comparator or (number >= usual.number) is reaches:
        return None
    word, other = ("found", "not found") if reaches else ("not found", "found")
    by = f"by the cutoff of {said} that came with it; by {usual} it would be {other}"
    return f"{analyte} {amount} counts as {word} {by}"


def _check(outcome: Outcome, found: Sequence[str], below: Sequence[str], amounts: Mapping[str, Amount]) -> None:
    if outcome is Outcome.POSITIVE and not found:
        if below:
            raise TestingTrackerError(
                f"Nothing reaches its cutoff ({', '.join(f'{name} {amounts[name]}' for name in below)}), so the result "
                "is not positive; log it as negative, or give the cutoff of the test with --cutoff NAME=AMOUNT."
            )
        raise TestingTrackerError("A positive needs at least one analyte; add --analyte NAME.")
    if outcome is not Outcome.POSITIVE and found:
        more = "; of one with an amount give the cutoff of the test" if any(name in amounts for name in found) else ""
        raise TestingTrackerError(f"A {outcome} result has no analytes; leave them out, or log a positive{more}.")
