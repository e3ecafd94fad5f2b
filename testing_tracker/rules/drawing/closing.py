"""What a draw that nobody touched becomes when its day is over: missed, unless there is a reason not to say so.

A no-show may cost somebody a job or a child, so it is the last thing that is believed.
"""

from dataclasses import dataclass

from testing_tracker.rules.drawing.because import Because
from testing_tracker.rules.words import Status


@dataclass(frozen=True)
class Untouched:
    """A draw that is still due when its day is over.

    `because` is why it is due, where it was something else before. `unable`: the participant tried and could not.
    `made_too_late`: after the day's collection window had closed. `day_is_held`: far more draws than usual are without
    any record (`no_record.closed_day`).
    """

    because: Because | None = None
    unable: bool = False
    made_too_late: bool = False
    day_is_held: bool = False


def end_of_day(draw: Untouched) -> tuple[Status, Because]:
    """What an untouched draw becomes at the end of its day, and why; the first that holds.

    Who tried and could not is a clinician's to look at. Nobody could be told in time of a draw that was made too late.
    Who gave a specimen that does not count was there. Who was told that the facility is closed may have stayed away.
    """
    if draw.unable:
        return Status.UNRECORDED, Because.UNABLE
    if draw.made_too_late:
        return Status.UNRECORDED, Because.MADE_TOO_LATE
    if draw.because is Because.RECOLLECT:
        return Status.COLLECTED, Because.NOT_RECOLLECTED
    if draw.because is Because.REOPENED:
        return Status.UNRECORDED, Because.CLOSED_FOR_A_WHILE
    if draw.day_is_held:
        return Status.UNRECORDED, Because.HELD
    return Status.MISSED, Because.CLOSED_OUT
