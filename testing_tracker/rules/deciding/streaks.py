"""Runs of negatives, by the test and by the week.

A missed or refused test, and any usable result other than a negative one, ends a run. What is held against nobody
(excused, unrecorded, cancelled, still due), and a specimen that was not usable, neither ends a run nor counts in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from testing_tracker.rules.reporting.pattern import NEGATIVE, NOTHING_DUE
from testing_tracker.rules.words import Outcome, Status


@dataclass(frozen=True)
class Streaks:
    """How many negative tests in a row a participant has now, and had at most."""

    now: int
    longest: int


def negative_streaks(tests: Iterable[tuple[Status, Outcome | None]]) -> Streaks:
    """The runs of negative tests among tests in order, each a status and the outcome of its specimen, if any."""
    now = longest = 0
    for status, outcome in tests:
        if outcome is Outcome.NEGATIVE:
            now += 1
        elif outcome is Outcome.POSITIVE or status in (Status.MISSED, Status.REFUSED):
            now = 0
        longest = max(now, longest)
    return Streaks(now, longest)


def negative_weeks(pattern: str) -> int:
    """How many weeks with negative tests only a use pattern ends with, leaving out weeks that say nothing."""
    told = pattern.replace(NOTHING_DUE, "")
    return len(told) - len(told.rstrip(NEGATIVE))


def is_ready_for_less(pattern: str, weeks: int) -> bool:
    """Whether a use pattern up to the present week asks for thinking of a lower level of care.

    That takes `weeks` negative weeks that are over. The present week, which may still bring another result, is not
    counted, but has to be free of anything else.
    """
    over, present = pattern[:-1], pattern[-1:]
    return present in ("", NEGATIVE, NOTHING_DUE) and negative_weeks(over) >= weeks
