"""What became of a participant's draws of a day, in a sign for a calendar."""

from collections.abc import Iterable
from enum import StrEnum

from testing_tracker.rules.words import Outcome, Status


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
