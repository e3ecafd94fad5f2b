"""What the call list and the board say of somebody who has a draw: whether they know of it."""

from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.answers import DaysAnswer, Standing, Stands, Timing, lacks_specimen
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


def told_of_since(kind: str, due_on: date, recorded_at: datetime, zone: ZoneInfo) -> datetime:
    """From which instant on whoever is told to come on a draw's day is told of that draw.

    A test for cause is there once it is ordered. What a night draws the key has decided when the day begins, and nobody
    is told anything before a night has run: where its row is younger than an answer, the records were brought back from
    a copy since, and the night was made again.
    """
    if kind == DrawKind.FOR_CAUSE:
        return recorded_at
    return min(recorded_at, instant_reached(due_on, time(), zone))


def has_heard(stands: Stands, since: datetime, status: Status) -> bool:
    """Whether somebody was told that the specimen of this very draw had been given: who came without checking in first.

    They can have been told of the draw, of a status, `since` an instant. Of one that was excused or cancelled there is
    no specimen: it was another draw's.
    """
    if lacks_specimen(status) or status in _ASKS_NOTHING:
        return False
    last = stands.attempt
    return last is not None and last.answer is DaysAnswer.DONE and last.at >= since


def how_they_knew(stands: Stands, since: datetime, status: Status) -> str:
    """How a participant stands to a draw, of a status, in the words of an explained report.

    Of one that was excused or cancelled nobody was told before it was ordered: they were told that it asks for nothing.
    """
    if has_heard(stands, since, status):
        return "told once it was given"
    if stands.standing is Standing.TOLD_BEFORE_ORDERED and status in _ASKS_NOTHING:
        return "told not to come"
    return stands.standing


def told_word(stands: Stands, since: datetime, status: Status, *, is_expected: bool, is_over: bool) -> ToldWord:
    """Whether somebody knows of a draw, of a status; `is_over`: that day's check-in has ended.

    Who is not expected, and was told all the same, was told. Of a draw that was excused or cancelled nobody has to know
    who was told to stay.
    """
    if (stands.standing is Standing.TOLD or has_heard(stands, since, status)) and stands.attempt is not None:
        return ToldWord.LATE if stands.attempt.timing is Timing.LATE else ToldWord.YES
    if stands.standing is Standing.TOLD_BEFORE_ORDERED:
        return ToldWord.NOT_ASKED if status in _ASKS_NOTHING else ToldWord.BEFORE_ORDERED
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
