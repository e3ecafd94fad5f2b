"""Numbers that a test reports of an analyte, judged against the cutoff. Decimal arithmetic, never float."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.analytes import cutoff_of
from testing_tracker.rules.words import Method, Outcome

USUAL_UNIT = "ng/mL"
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-zµ]+/[A-Za-z]+)?")


@dataclass(frozen=True)
class Amount:
    """What was measured of an analyte."""

    number: Decimal
    unit: str = USUAL_UNIT

    def __str__(self) -> str:
        return f"{self.number} {self.unit}"


def read_amount(text: str) -> Amount:
    """Read `320` (ng/mL) or `40 mg/dL`. Raises TestingTrackerError for anything else."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise TestingTrackerError(f"{text!r} is not an amount; write 320, which is in {USUAL_UNIT}, or 40mg/dL.")
    return Amount(Decimal(match[1]), match[2] or USUAL_UNIT)


@dataclass(frozen=True)
class Judged:
    """The analytes that count as found, and what a person should know of it."""

    analytes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def judge(
    outcome: Outcome, analytes: Sequence[str], amounts: Mapping[str, Amount], specimen: str, method: Method
) -> Judged:
    """Which analytes a result found: those named, but of those with an amount only the ones that reach the cutoff.

    Raises TestingTrackerError where the outcome contradicts what was found.
    """
    found: list[str] = []
    warnings: list[str] = []
    below: list[str] = []
    for analyte in dict.fromkeys(analytes):
        amount = amounts.get(analyte)
        reaches, warning = (True, None) if amount is None else _reaches(analyte, amount, specimen, method)
        if warning:
            warnings.append(warning)
        if reaches:
            found.append(analyte)
        else:
            below.append(analyte)
    _check(outcome, found, below, amounts)
    return Judged(tuple(found), tuple(warnings))


def _reaches(analyte: str, amount: Amount, specimen: str, method: Method) -> tuple[bool, str | None]:
    cutoff = cutoff_of(analyte, specimen, method)
    if cutoff is None:
        return True, f"no {method} cutoff is known for {analyte} in {specimen}, so {amount} counts as found"
    if amount.unit.casefold() != cutoff.unit.casefold():
        raise TestingTrackerError(
            f"The cutoff for {analyte} in {specimen} is in {cutoff.unit}, and the amount is in {amount.unit}. "
            f"Give it in {cutoff.unit}."
        )
    if amount.number >= cutoff.amount:
        return True, None
    return False, f"{analyte} {amount} is below the cutoff of {cutoff.amount} {cutoff.unit} ({cutoff.source})"


def _check(outcome: Outcome, found: Sequence[str], below: Sequence[str], amounts: Mapping[str, Amount]) -> None:
    if outcome is Outcome.POSITIVE and not found:
        if below:
            raise TestingTrackerError(
                f"Nothing reaches its cutoff ({', '.join(f'{name} {amounts[name]}' for name in below)}), so the result "
                "is not positive; log it as negative."
            )
        raise TestingTrackerError("A positive needs at least one analyte; add --analyte NAME.")
    if outcome is not Outcome.POSITIVE and found:
        raise TestingTrackerError(f"A {outcome} result has no analytes; leave them out, or log a positive.")
