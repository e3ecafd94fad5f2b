"""The days on which a participant was in treatment, as far as they lie in the days that a report is of.

An enrolment begins on its first day and ends on the day before the discharge. One that was called off before its first
day is none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from testing_tracker.rules.calendar import Week


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
