"""What an untouched draw becomes at the end of its day, and why the program made a draw what it is.

The word is what is asked about, the sentence what people read.
"""

from dataclasses import dataclass
from enum import StrEnum

from testing_tracker.rules.check_in.answers import Standing
from testing_tracker.rules.check_in.in_force import NotCheckedIn
from testing_tracker.rules.words import Status


class Because(StrEnum):
    """Why a draw is what it is, where something depends on that; what else was said is in the draw's reason alone."""

    CLOSED_OUT = "closed out"
    HELD = "held back"
    MADE_TOO_LATE = "made too late"
    UNABLE = "unable to provide"
    RECOLLECT = "to be recollected"
    SECOND_GIVEN = "second specimen given"
    NOT_RECOLLECTED = "not recollected"
    RESULT_TO_COME = "result to come"
    WAS_CLOSED = "facility closed"
    REOPENED = "facility reopened"
    CLOSED_FOR_A_WHILE = "facility closed for a while"
    CLOSED_BY_A_CLOCK = "closed by a clock"
    ORDERED_AFTER_CHECK_IN = "ordered after check-in"
    CHECK_IN_AT_FAULT = "check-in at fault"
    TRIED_TO_CHECK_IN = "tried to check in"
    CHECK_INS_HELD = "check-ins held back"
    NOT_CHECKED_IN = "not checked in"


# The last of each is what is said now. None is ever taken out: audit entries and files of past records have it.
WORDINGS: dict[Because, tuple[str, ...]] = {
    Because.CLOSED_OUT: ("nothing was recorded by the end of the day",),
    Because.HELD: ("nothing was recorded, of far more draws than usual; was anything collected?",),
    Because.MADE_TOO_LATE: ("the draw was made after the day's collection window had closed",),
    Because.UNABLE: ("the participant tried and could not provide a specimen",),
    Because.RECOLLECT: ("to be collected again",),
    Because.SECOND_GIVEN: ("a second specimen was collected; its result is to come",),
    Because.NOT_RECOLLECTED: (
        "a specimen that does not count was given, and no second one",
        "a specimen was given for which another one was to be collected, and no second one",
    ),
    Because.RESULT_TO_COME: ("put on record after its day; its result is to come",),
    Because.WAS_CLOSED: ("the facility was closed",),
    Because.REOPENED: ("the facility is open again",),
    Because.CLOSED_FOR_A_WHILE: ("the facility was closed for a part of the day",),
    Because.CLOSED_BY_A_CLOCK: ("a clock that was ahead had closed it",),
    Because.ORDERED_AFTER_CHECK_IN: (
        "the test was ordered after the participant had checked in, and nobody recorded telling it",
    ),
    Because.CHECK_IN_AT_FAULT: ("check-in was not to be reached, and nobody who was not told has missed",),
    Because.TRIED_TO_CHECK_IN: ("the participant tried to check in and could not",),
    Because.CHECK_INS_HELD: ("far fewer than usual checked in, and nothing was recorded; did check-in work?",),
    Because.NOT_CHECKED_IN: ("the participant did not check in, and nothing was recorded by the end of the day",),
}
# What stands between the sentence and what a person said besides.
_AND_MORE = {
    Because.UNABLE: ": ",
    Because.WAS_CLOSED: ": ",
    Because.NOT_RECOLLECTED: "; ",
    Because.CHECK_IN_AT_FAULT: ": ",
    Because.TRIED_TO_CHECK_IN: ": ",
}


def sentence(because: Because, more: str | None = None) -> str:
    """The sentence for people, with what somebody said besides where there is more."""
    return every_sentence(because, more)[-1]


def every_sentence(because: Because, more: str | None = None) -> list[str]:
    """The sentence in every wording that there ever was, today's last: to look for in what was written before."""
    return [f"{said}{_AND_MORE[because]}{more}" if more else said for said in WORDINGS[because]]


def because_in(reason: str | None) -> Because | None:
    """What a sentence on an audit entry or in a file says, in any wording there ever was; None for a person's words."""
    for because, wordings in WORDINGS.items() if reason else ():
        between = _AND_MORE.get(because)
        if reason in wordings or (between and reason and reason.startswith(tuple(one + between for one in wordings))):
            return because
    return None


@dataclass(frozen=True)
class DaysCheckIn:
    """How a day's check-in went. `is_at_fault`: it could not be reached (`faulty_minutes.is_at_fault`). `is_held`: far
    fewer than usual checked in. `not_checked_in` is what the rule in force makes of who did not."""

    is_at_fault: bool = False
    is_held: bool = False
    not_checked_in: NotCheckedIn = NotCheckedIn.MISSED


@dataclass(frozen=True)
class Untouched:
    """A draw that is still due when its day is over.

    `because` is why it is due, where it was something else before. `unable`: the participant tried and could not.
    `made_too_late`: after the day's collection window had closed. `day_is_held`: far more draws than usual are without
    any record (`no_record.closed_day`). `check_in` is how the participant stands to the draw by their check-ins, None
    where nobody expected them to check in, or they were told in good time; `days_check_in` how the day's went.
    """

    because: Because | None = None
    unable: bool = False
    made_too_late: bool = False
    day_is_held: bool = False
    check_in: Standing | None = None
    days_check_in: DaysCheckIn = DaysCheckIn()


def end_of_day(draw: Untouched) -> tuple[Status, Because]:
    """What an untouched draw becomes at the end of its day, and why; the first that holds.

    Who tried and could not is a clinician's to look at. Nobody could be told in time of a draw that was made too late.
    Who gave a specimen that does not count was there. Who was told that the facility is closed may have stayed away.
    Who was not told of the test, and could not have been, has not missed it. Who did not ask has not come either,
    unless it is the record that is missing.
    """
    if draw.unable:
        return Status.UNRECORDED, Because.UNABLE
    if draw.made_too_late:
        return Status.UNRECORDED, Because.MADE_TOO_LATE
    if draw.because is Because.RECOLLECT:
        return Status.COLLECTED, Because.NOT_RECOLLECTED
    if draw.because is Because.REOPENED:
        return Status.UNRECORDED, Because.CLOSED_FOR_A_WHILE
    by_check_in = end_by_check_in(draw.check_in, draw.days_check_in) if draw.check_in is not None else None
    if by_check_in is not None and by_check_in[0] is Status.UNRECORDED:
        return by_check_in
    if draw.day_is_held:
        return Status.UNRECORDED, Because.HELD
    return by_check_in or (Status.MISSED, Because.CLOSED_OUT)


def end_by_check_in(stands: Standing, day: DaysCheckIn) -> tuple[Status, Because] | None:
    """What a draw that nobody touched becomes by how its participant, who was expected, stands to it; the first that
    holds. None for who was told: it ends as all do.

    Nobody is missed who could not be told: because the test was ordered afterwards, because check-in could not be
    reached, or because they tried. Nor is who learned it with little time left, on a day on which it could not be
    reached before. Where far fewer than usual asked, it is check-in that a person is asked about.
    """
    match stands:
        case Standing.TOLD:
            return None
        case Standing.TOLD_BEFORE_ORDERED:
            return Status.UNRECORDED, Because.ORDERED_AFTER_CHECK_IN
    if day.is_at_fault:
        return Status.UNRECORDED, Because.CHECK_IN_AT_FAULT
    if stands is Standing.TOLD_WITH_LITTLE_LEFT:
        return None
    if stands is Standing.TRIED:
        return Status.UNRECORDED, Because.TRIED_TO_CHECK_IN
    if day.is_held:
        return Status.UNRECORDED, Because.CHECK_INS_HELD
    is_missed = day.not_checked_in is NotCheckedIn.MISSED
    return Status.MISSED if is_missed else Status.UNRECORDED, Because.NOT_CHECKED_IN
