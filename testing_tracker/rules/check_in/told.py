"""What the call list, the board and the reports say of somebody who has a draw: whether they know of it."""

from collections.abc import Iterable
from datetime import date, datetime, time
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.answers import (
    CheckInAttempt,
    DaysAnswer,
    Standing,
    Stands,
    Timing,
    lacks_specimen,
    standing,
)
from testing_tracker.rules.words import DrawKind, Status


class ToldWord(StrEnum):
    """Whether a participant was told of a draw. `NOT_ASKED`: nobody expects a check-in of them."""

    YES = "yes"
    LATE = "late"
    BEFORE_ORDERED = "before the test was ordered"
    TRIED = "tried"
    NOT_YET = "not yet"
    NO = "no"
    NOT_ASKED = "-"


class DrawTold(Protocol):
    """What counts of a draw where it is asked whether its participant was told of it."""

    @property
    def kind(self) -> str: ...
    @property
    def due_on(self) -> date: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def status(self) -> str: ...


def told_of_since(kind: str, due_on: date, recorded_at: datetime, zone: ZoneInfo) -> datetime:
    """From which instant on whoever is told to come on a draw's day is told of that draw.

    A test for cause is there once it is ordered. What a night draws the key has decided when the day begins, and nobody
    is told anything before a night has run: where its row is younger than an answer, the records were brought back from
    a copy since, and the night was made again.
    """
    if kind == DrawKind.FOR_CAUSE:
        return recorded_at
    return min(recorded_at, instant_reached(due_on, time(), zone))


def stands_to(draw: DrawTold, attempts: Iterable[CheckInAttempt], zone: ZoneInfo) -> Stands:
    """How the attempts of a draw's day stand to it, in the facility's zone, as far as it is known by now.

    The night that closes the day asks more: whether somebody who was told still had the time to come.
    """
    since = told_of_since(draw.kind, draw.due_on, draw.recorded_at, zone)
    return standing(attempts, since, is_open=lacks_specimen(Status(draw.status)))


def has_heard(draw: DrawTold, stands: Stands, zone: ZoneInfo) -> bool:
    """Whether somebody was told that the specimen of this very draw had been given: who came without checking in first.

    Of one that was excused or cancelled there is no specimen: it was another draw's.
    """
    last = stands.attempt
    if last is None or last.answer is not DaysAnswer.DONE:
        return False
    if lacks_specimen(Status(draw.status)) or draw.status in _ASKS_NOTHING:
        return False
    return last.at >= told_of_since(draw.kind, draw.due_on, draw.recorded_at, zone)


def how_they_knew(draw: DrawTold, stands: Stands, zone: ZoneInfo) -> str:
    """How a participant stands to a draw in the words of an explained report.

    Of one that was excused or cancelled nobody was told before it was ordered: they were told that it asks for nothing.
    """
    if has_heard(draw, stands, zone):
        return "told once it was given"
    if stands.standing is Standing.TOLD_BEFORE_ORDERED and draw.status in _ASKS_NOTHING:
        return "told not to come"
    return stands.standing


def told_word(draw: DrawTold, stands: Stands, zone: ZoneInfo, *, is_expected: bool, is_over: bool) -> ToldWord:
    """Whether somebody knows of a draw; `is_over`: that day's check-in has ended.

    Who is not expected, and was told all the same, was told. Of a draw that was excused or cancelled nobody has to know
    who was told to stay.
    """
    if stands.attempt is not None and (stands.standing is Standing.TOLD or has_heard(draw, stands, zone)):
        return ToldWord.LATE if stands.attempt.timing is Timing.LATE else ToldWord.YES
    if stands.standing is Standing.TOLD_BEFORE_ORDERED:
        return ToldWord.NOT_ASKED if draw.status in _ASKS_NOTHING else ToldWord.BEFORE_ORDERED
    if stands.standing is Standing.TRIED:
        return ToldWord.TRIED
    if not is_expected:
        return ToldWord.NOT_ASKED
    return ToldWord.NO if is_over else ToldWord.NOT_YET


_ASKS_NOTHING = (Status.EXCUSED, Status.CANCELLED)
_IN_FEW_WORDS = {
    ToldWord.YES: "told",
    ToldWord.LATE: "told late",
    ToldWord.BEFORE_ORDERED: "not told: checked in before it was ordered",
    ToldWord.TRIED: "not told: tried to check in",
    ToldWord.NOT_YET: "not told yet",
    ToldWord.NO: "was not told",
}


def with_told(word: ToldWord, said: str | None) -> str | None:
    """What the board says of a draw that waits, with whether the participant knows of it; `said` is what else there is.

    Without the hour, so that lines which say the same stand together.
    """
    return "; ".join(filter(None, (_IN_FEW_WORDS.get(word), said))) or None
