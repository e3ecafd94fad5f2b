"""Why the program itself made a draw what it is: a word that is asked about, and the sentence that people read."""

from enum import StrEnum


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
}
# What stands between the sentence and what a person said besides.
_AND_MORE = {Because.UNABLE: ": ", Because.WAS_CLOSED: ": ", Because.NOT_RECOLLECTED: "; "}


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
