"""Which of a day's draws is meant, what may become of one, and how long its confirmation is awaited."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol, TypeVar

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.words import DrawKind, Outcome, Status

OF_THE_FIRST = "said of a specimen that does not count; a second one was collected"


NOT_YET_DONE = (Status.DUE, Status.UNRECORDED)

# A result may still come in for a draw that was closed out as missed, or whose participant was discharged after giving
# the specimen; a nurse's word may mend what the night assumed.
_MAY_BECOME = {
    Status.COLLECTED: (Status.DUE, Status.UNRECORDED, Status.MISSED, Status.COLLECTED, Status.CANCELLED),
    Status.MISSED: (Status.DUE, Status.UNRECORDED),
    Status.REFUSED: (Status.DUE, Status.UNRECORDED, Status.MISSED),
    Status.EXCUSED: (Status.DUE, Status.UNRECORDED, Status.MISSED, Status.REFUSED),
}


def check_change(which: str, status: Status, outcome: Outcome | None, wanted: Status) -> None:
    """Raise TestingTrackerError when a draw in this state cannot become what is wanted.

    `which` names the draw for the message, as in `A17's draw of 2026-11-23`. A collected draw takes a result only
    while it has none.
    """
    if outcome is not None:
        raise TestingTrackerError(
            f"{which} already has a result ({outcome}). If it is wrong, correct it with `testing-tracker amend`."
        )
    if status in _MAY_BECOME[wanted]:
        return
    if status is wanted:
        raise TestingTrackerError(f"{which} is recorded as {status} already; there is nothing to do.")
    if status is Status.CANCELLED:
        raise TestingTrackerError(f"{which} was cancelled, so nothing can be recorded for it.")
    raise TestingTrackerError(
        f"{which} is recorded as {status}. If that is wrong, correct it with `testing-tracker amend`."
    )


class OfADay(Protocol):
    """A draw of the day, with what its results say by now."""

    @property
    def kind(self) -> DrawKind: ...

    @property
    def status(self) -> Status: ...

    @property
    def outcome(self) -> Outcome | None: ...


_Draw = TypeVar("_Draw", bound=OfADay)


def of_the_kind(draws: Iterable[_Draw], for_cause: bool | None) -> list[_Draw]:
    """The draws that a correction may mean: the one that `for_cause` says, or all where nobody said it.

    Of two nothing is guessed: either may have the wrong record.
    """
    return [draw for draw in draws if for_cause is None or (draw.kind is DrawKind.FOR_CAUSE) is for_cause]


def to_record_for(draws: list[_Draw]) -> list[_Draw]:
    """Of these draws the one that something new is meant for, more where it is not clear.

    It is the one that is still awaited; else, after a day of two missed ones, say, the one without a result.
    """
    if len(draws) > 1:
        draws = [draw for draw in draws if is_awaited(draw)] or draws
    if len(draws) > 1:
        draws = [draw for draw in draws if draw.outcome is None] or draws
    return draws


def is_awaited(draw: OfADay) -> bool:
    """Whether the specimen is still to be given, or its result is still to come."""
    return draw.status in NOT_YET_DONE or (draw.status is Status.COLLECTED and draw.outcome is None)


def collecting_again(code: str, due_on: date, *, same_draw: bool) -> str:
    """The command that asks for another specimen of a draw of a day: for the same draw, or by a test for cause."""
    return f"testing-tracker test {code}" + (" --recollect" if same_draw else f" --reason 'specimen of {due_on}'")


# Chosen here, from no source.
USUAL_WAIT = timedelta(days=7)


def expected_by(sent_on: date, said: date | None) -> date:
    """The last day on which the result of a specimen is awaited. Raises TestingTrackerError for a day that is over."""
    if said is None:
        return sent_on + USUAL_WAIT
    if said < sent_on:
        raise TestingTrackerError(f"{said} is over; say by when the result is awaited, today or later.")
    return said


def is_overdue(awaited_by: date | None, today: date) -> bool:
    """Whether a result is awaited, and the last day for it is over."""
    return awaited_by is not None and awaited_by < today


def says(status: Status, because: str | None, outcome: Outcome | None) -> Outcome | None:
    """The outcome of a draw in this state whose governing result has an outcome.

    Only a collected draw has one; and while the result of a second specimen is to come, what the first one said does
    not count any more.
    """
    if status is not Status.COLLECTED or because == Because.SECOND_GIVEN:
        return None
    return outcome
