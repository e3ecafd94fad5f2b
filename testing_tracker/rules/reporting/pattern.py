"""The use pattern: one letter a week that says what the week's tests were.

The alphabet is the one that Odom, Brandt et al. published for the CTN-0094 studies, so that a report can be compared
with the literature.
"""

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.words import Outcome, Status

POSITIVE = "+"
NEGATIVE = "-"
MIXED = "*"
NOT_PROVIDED = "o"
NOTHING_DUE = "_"

MEANINGS = {
    POSITIVE: "positive",
    NEGATIVE: "negative",
    MIXED: "positive and negative",
    NOT_PROVIDED: "missed or refused",
    NOTHING_DUE: "nothing due or nothing known",
}


def outcome_that_counts(outcome: str | None, *, expected: bool) -> Outcome | None:
    """What a test says of use: one that found only what prescriptions explain counts as negative."""
    if outcome is None:
        return None
    return Outcome.NEGATIVE if expected else Outcome(outcome)


def week_letter(tests: Iterable[tuple[Status, Outcome | None]]) -> str:
    """The letter for one week's draws, each a status and the outcome of its specimen, if any.

    Only usable results (positive, negative) make `+`, `-` or `*`. Without any, the week is `o` when draws were missed
    or refused and no specimen came at all; else nothing can be said, and it is `_`: nothing due, excused, still open,
    unrecorded, or specimens without a usable result.
    """
    usable: set[Outcome] = set()
    provided = not_provided = False
    for status, outcome in tests:
        if outcome is Outcome.POSITIVE or outcome is Outcome.NEGATIVE:
            usable.add(outcome)
        provided = provided or status is Status.COLLECTED
        not_provided = not_provided or status in (Status.MISSED, Status.REFUSED)
    return letter_of(
        positive=Outcome.POSITIVE in usable, negative=Outcome.NEGATIVE in usable, provided=provided, absent=not_provided
    )


def letter_of(*, positive: bool, negative: bool, provided: bool, absent: bool) -> str:
    """The same from what there was in the week: usable results of either kind, a specimen, a draw not given."""
    if positive and negative:
        return MIXED
    if positive:
        return POSITIVE
    if negative:
        return NEGATIVE
    return NOT_PROVIDED if absent and not provided else NOTHING_DUE


def use_pattern(tests: Iterable[tuple[date, Status, Outcome | None]], since: Week, until: Week) -> str:
    """A letter for each week from the first to the last, from draws in the order of their days.

    Draws of other weeks do not count.
    """
    letters = [NOTHING_DUE] * (until - since + 1)
    monday = since.monday
    for number, of_week in groupby(tests, key=lambda test: (test[0] - monday).days // 7):
        if 0 <= number < len(letters):
            letters[number] = week_letter((status, outcome) for _, status, outcome in of_week)
    return "".join(letters)
