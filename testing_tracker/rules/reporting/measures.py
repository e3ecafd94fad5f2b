"""Outcome measures of a use pattern, as the literature defines them, and the days of treatment that one is of.

Each is a function of the pattern alone (`pattern`), oldest week first; positions count from 1. In the binary pattern
a week without a specimen and a mixed week count as positive, which is the cautious reading that trials use.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.pattern import MIXED, NEGATIVE, NOT_PROVIDED, NOTHING_DUE, POSITIVE

RELAPSE_WIDTH = 4  # weeks that a relapse or a dropout is looked for in (CTN-0094 2023; Lee et al. 2016)


@dataclass(frozen=True)
class Measures:
    """The measures that a clinic can read. A `…_week` is None where the pattern is too short to say."""

    weeks: int
    negative_weeks: int
    proportion_negative: float | None
    proportion_negative_provided: float
    proportion_negative_retained: float
    retention_weeks: int
    three_negatives: bool
    three_positives: bool
    relapse_ctn0094_week: int | None
    relapse_ctn0094: bool | None
    relapse_lee2016_week: int | None
    relapse_lee2016: bool | None
    dropout_week: int | None
    dropout: bool | None


def measure(pattern: str) -> Measures:
    """Every measure of a use pattern."""
    ctn0094 = first(binary(pattern), POSITIVE, RELAPSE_WIDTH, 4)
    lee2016 = first(binary(pattern), POSITIVE, RELAPSE_WIDTH, 2)
    left = first(pattern, NOT_PROVIDED, RELAPSE_WIDTH, 4)
    return Measures(
        weeks=len(pattern),
        negative_weeks=pattern.count(NEGATIVE),
        proportion_negative=proportion_negative(pattern) if pattern else None,
        proportion_negative_provided=proportion_negative(provided(pattern)),
        proportion_negative_retained=proportion_negative(retained(pattern)),
        retention_weeks=retention(pattern),
        three_negatives=NEGATIVE * 3 in pattern,
        three_positives=POSITIVE * 3 in binary(pattern),
        relapse_ctn0094_week=ctn0094 and ctn0094[0],
        relapse_ctn0094=ctn0094 and ctn0094[1],
        relapse_lee2016_week=lee2016 and lee2016[0],
        relapse_lee2016=lee2016 and lee2016[1],
        dropout_week=left and left[0],
        dropout=left and left[1],
    )


def binary(pattern: str) -> str:
    """The pattern with missing and mixed weeks read as positive."""
    return pattern.replace(NOT_PROVIDED, POSITIVE).replace(MIXED, POSITIVE)


def proportion_negative(pattern: str) -> float:
    """Negative weeks plus half of the mixed ones, out of all weeks; 0 where there is none.

    Over the whole pattern: Fiellin et al. 2006. Over the weeks provided: Fudala et al. 2003. Over the weeks retained:
    Mattick et al. 2003.
    """
    if not pattern:
        return 0.0
    return negative(pattern) / len(pattern)


def negative(pattern: str) -> float:
    """Negative weeks plus half of the mixed ones: what a proportion of negative weeks is the proportion of."""
    return pattern.count(NEGATIVE) + 0.5 * pattern.count(MIXED)


def provided(pattern: str) -> str:
    """The pattern without the weeks in which no test was provided."""
    return pattern.replace(NOT_PROVIDED, "")


def retained(pattern: str) -> str:
    """The pattern up to the last week in which a specimen came."""
    return pattern[: retention(pattern)]


def retention(pattern: str) -> int:
    """The last week in which a specimen came, 0 if none did."""
    return len(pattern.rstrip(NOT_PROVIDED + NOTHING_DUE))


def first(pattern: str, letter: str, width: int, threshold: int) -> tuple[int, bool] | None:
    """When `threshold` of `letter` first stand within `width` weeks: (week, True), or (last week looked at, False).

    None where the pattern is shorter than `width`, because then nothing can be said.
    """
    windows = len(pattern) - width + 1
    if windows < 1:
        return None
    for start in range(windows):
        if pattern.count(letter, start, start + width) >= threshold:
            return start + 1 + width - threshold, True
    return windows + width - threshold, False


@dataclass(frozen=True)
class Treatment:
    """An enrolment from its first day to its last, which is None while it goes on.

    The last day lies before the first where the participant was discharged on the very first day.
    """

    first: date
    last: date | None


@dataclass(frozen=True)
class Span:
    """The days that a report is of, both included; without a first one they begin with each enrolment."""

    first: date | None
    last: date


def treatments(changes: Sequence[tuple[date, bool]]) -> list[Treatment]:
    """The enrolments that were not called off, the last recorded one first.

    `changes` are in the order in which they were recorded: from a day on the participant is enrolled, or not any more.
    As the records are kept, a change overrules all that was on record for its own day and later ones.
    """
    found = []
    discharged_on: date | None = None  # the earliest discharge that was recorded after the change at hand
    for from_on, enrolled in reversed(changes):
        if not enrolled:
            discharged_on = from_on if discharged_on is None else min(from_on, discharged_on)
        elif discharged_on is None:
            found.append(Treatment(from_on, None))
        elif from_on <= discharged_on:
            found.append(Treatment(from_on, discharged_on - timedelta(days=1)))
    return found


def days_in(span: Span, latest_first: Iterable[Treatment], tested_on: Sequence[date]) -> tuple[date, date] | None:
    """The first and the last day of the latest enrolment that has a day or a test in the span; None if none has.

    `tested_on` are the days of the participant's draws in the span, in order. The week of an enrolment counts from its
    Monday. A test after the discharge still belongs to the treatment; other days after it do not.
    """
    for treatment in latest_first:
        begins = treatment.first if span.first is None else max(treatment.first, span.first)
        ends = span.last if treatment.last is None else min(treatment.last, span.last)
        if tested_on:
            ends = max(ends, tested_on[-1])
        if begins <= ends:
            monday = Week.of(treatment.first).monday
            return (monday if span.first is None else max(monday, span.first)), ends
    return None
