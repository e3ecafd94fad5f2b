"""The letter of a week of tests, and the mark of a day, as records and reports show them."""

from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import TypeAlias

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.words import Outcome, Status

POSITIVE = "+"
NEGATIVE = "-"
MIXED = "*"
NOT_PROVIDED = "o"
NOTHING_DUE = "_"

WeekLetter: TypeAlias = Callable[[Iterable[tuple[Status, Outcome | None]]], str]

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
    """The letter for what there was in a week: usable results of either kind, a specimen, a draw not given."""
    if positive and negative:
        return MIXED
    if positive:
        return POSITIVE
    if negative:
        return NEGATIVE
    return NOT_PROVIDED if absent and not provided else NOTHING_DUE


def use_pattern(
    tests: Iterable[tuple[date, Status, Outcome | None]], since: Week, until: Week, letter: WeekLetter = week_letter
) -> str:
    """A letter for each week from the first to the last, from draws in the order of their days.

    Draws of other weeks do not count. `letter` says which one a week has.
    """
    letters = [NOTHING_DUE] * (until - since + 1)
    monday = since.monday
    for number, of_week in groupby(tests, key=lambda test: (test[0] - monday).days // 7):
        if 0 <= number < len(letters):
            letters[number] = letter((status, outcome) for _, status, outcome in of_week)
    return "".join(letters)


class DayMark(StrEnum):
    """A day's draws in a word; `SIGNS` has the sign of each."""

    POSITIVE = "positive"
    MIXED = "positive and negative"
    NEGATIVE = "negative"
    ABSENT = "missed or refused"
    INVALID = "invalid"
    AWAITED = "collected, result awaited"
    UNRECORDED = "unrecorded"
    DUE = "due"
    EXCUSED = "excused"
    CANCELLED = "cancelled"


SIGNS = {
    DayMark.POSITIVE: "+",
    DayMark.MIXED: "*",
    DayMark.NEGATIVE: "-",
    DayMark.ABSENT: "o",
    DayMark.INVALID: "i",
    DayMark.AWAITED: "c",
    DayMark.UNRECORDED: "?",
    DayMark.DUE: "d",
    DayMark.EXCUSED: "e",
    DayMark.CANCELLED: "x",
}
_OF_STATUS = {
    Status.MISSED: DayMark.ABSENT,
    Status.REFUSED: DayMark.ABSENT,
    Status.COLLECTED: DayMark.AWAITED,
    Status.UNRECORDED: DayMark.UNRECORDED,
    Status.DUE: DayMark.DUE,
    Status.EXCUSED: DayMark.EXCUSED,
    Status.CANCELLED: DayMark.CANCELLED,
}


def mark_of(tests: Iterable[tuple[Status, Outcome | None, bool]]) -> DayMark:
    """The mark of a day's draws, each a status, an outcome, and whether a prescription explains what was found.

    What a test said goes before what was not given, and that before what is not known. Raises ValueError for a day
    without a draw.
    """
    marks = {_mark(status, outcome, expected=expected) for status, outcome, expected in tests}
    if not marks:
        raise ValueError("a day without a draw has no mark")
    if {DayMark.POSITIVE, DayMark.NEGATIVE} <= marks:
        return DayMark.MIXED
    return next(mark for mark in DayMark if mark in marks)


def _mark(status: Status, outcome: Outcome | None, *, expected: bool) -> DayMark:
    if outcome is Outcome.INVALID:
        return DayMark.INVALID
    if outcome is None:
        return _OF_STATUS[status]
    return DayMark.POSITIVE if outcome is Outcome.POSITIVE and not expected else DayMark.NEGATIVE
