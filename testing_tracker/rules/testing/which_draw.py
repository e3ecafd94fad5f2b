"""Which of a participant's draws of a day a person means: there may be a scheduled one, and one for cause beside it."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from testing_tracker.rules.testing.attendance import NOT_YET_DONE
from testing_tracker.rules.words import Kind, Outcome, Status


class OfADay(Protocol):
    """A draw of the day, with what its results say by now."""

    @property
    def kind(self) -> Kind: ...

    @property
    def status(self) -> Status: ...

    @property
    def outcome(self) -> Outcome | None: ...


_Draw = TypeVar("_Draw", bound=OfADay)


def of_the_kind(draws: Iterable[_Draw], for_cause: bool | None) -> list[_Draw]:
    """The draws that a correction may mean: the one that `for_cause` says, or all where nobody said it.

    Of two nothing is guessed: either may have the wrong record.
    """
    return [draw for draw in draws if for_cause is None or (draw.kind is Kind.FOR_CAUSE) is for_cause]


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
