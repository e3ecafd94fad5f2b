"""What a participant who checks in is told, and whether that was in time. Pure: instants are given, in UTC.

Everybody checks in on every day, drawn or not, so that the check-in itself says nothing of a draw. No answer is never
an answer: where nothing is known, `UNKNOWN` is what became of the attempt, and nobody has missed for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from testing_tracker.rules.words import Status


class DaysAnswer(StrEnum):
    """What a participant is told: to come in today, that they need not (stay), or that they have been here (done)."""

    COME = "come"
    STAY = "stay"
    DONE = "done"


class Timing(StrEnum):
    """Whether a check-in was before its window closed, before collection ended (late), or after that (over)."""

    IN_TIME = "in time"
    LATE = "late"
    OVER = "over"


class CheckedInBy(StrEnum):
    """The way on which somebody checks in; `staff` told them at the desk, whoever it was that asked."""

    PAGE = "page"
    PHONE = "phone"
    STAFF = "staff"


class CheckInOutcome(StrEnum):
    """What became of an attempt to check in. Only who was `told` has checked in.

    `wrong`: number and PIN do not go together. `blocked`: nothing was looked at, because too much was asked. `unknown`:
    the page had no answer for that day. `early`: before the window opened. `over`: after collection had ended.
    """

    TOLD = "told"
    WRONG = "wrong"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    EARLY = "early"
    OVER = "over"


PIN_WAS_RIGHT = (CheckInOutcome.TOLD, CheckInOutcome.UNKNOWN, CheckInOutcome.EARLY, CheckInOutcome.OVER)
"""What an attempt at the page becomes only where number and PIN go together."""


def asks_to_come(status: Status) -> bool:
    """Whether a draw of such a status asks for a specimen that is not on record."""
    return answer_of([status]) is DaysAnswer.COME


def lacks_specimen(status: Status) -> bool:
    """Whether a draw of such a status asked for a specimen, and none is on record; also once its day is over."""
    return asks_to_come(status) or status is Status.UNRECORDED


def answer_of(statuses: Iterable[Status]) -> DaysAnswer:
    """What to tell who has draws of such statuses today; of several, that one is asked for goes before all else.

    A draw that was excused, cancelled or is unrecorded asks for nothing.
    """
    said = {_SAID.get(status, DaysAnswer.STAY) for status in statuses}
    return next((answer for answer in (DaysAnswer.COME, DaysAnswer.DONE) if answer in said), DaysAnswer.STAY)


_SAID = {
    Status.DUE: DaysAnswer.COME,
    Status.MISSED: DaysAnswer.COME,  # today's: nothing was recorded yet, and a specimen still counts
    Status.REFUSED: DaysAnswer.COME,
    Status.COLLECTED: DaysAnswer.DONE,
}


@dataclass(frozen=True)
class CheckInWindow:
    """A day's instants (UTC): check-in is in time from `opens`, late from `closes`, not answered from `over` on."""

    opens: datetime
    closes: datetime
    over: datetime

    def timing(self, now: datetime) -> Timing | None:
        """Whether a check-in now is in time; None before the window opens."""
        if now < self.opens:
            return None
        if now < self.closes:
            return Timing.IN_TIME
        return Timing.LATE if now < self.over else Timing.OVER


@dataclass(frozen=True)
class CheckInAttempt:
    """One attempt of a participant on a day: when (UTC), and what became of it."""

    at: datetime
    outcome: CheckInOutcome
    answer: DaysAnswer | None = None
    timing: Timing | None = None


class Standing(StrEnum):
    """How a participant stands to a draw, from what counts most: what is known of their having been told of it."""

    TOLD = "told"
    TOLD_WITH_LITTLE_LEFT = "told with little time left"
    TOLD_BEFORE_ORDERED = "told before it was ordered"
    TRIED = "tried"
    NOT_CHECKED_IN = "not checked in"


@dataclass(frozen=True)
class Stands:
    """How somebody stands to a draw, and the attempt that says so: the first by which they were told, else the last."""

    standing: Standing
    attempt: CheckInAttempt | None = None
    attempts: int = 0


TIME_TO_COME = timedelta(hours=2)  # chosen here, from no source: who is told later may not get there


def standing(
    attempts: Iterable[CheckInAttempt],
    since: datetime,
    collection_closes: datetime | None = None,
    *,
    is_open: bool = False,
) -> Stands:
    """How a day's attempts stand to a draw of which whoever was told to come `since` an instant was told.

    Told to come from then on counts most, then told otherwise (before it was ordered, or by mistake),
    then tried and could not; an attempt that was early or over was an attempt. Whoever was told last that they need not
    come after all went by that. `is_open`: it lacks its specimen. Then whoever was told last that they had been here
    went by that too, because another's was on record as theirs, or it did not count.
    `collection_closes` is given of such a draw when its day is over: who was told to come less than 2 hours before
    then counts as if that had not been said, whatever kept them from asking earlier. Nothing did, as far as their
    attempts say, and they asked in time: then they were told with little time left.
    """
    is_open = is_open or collection_closes is not None
    not_to_come = (DaysAnswer.STAY, DaysAnswer.DONE) if is_open else (DaysAnswer.STAY,)
    every = sorted(attempts, key=lambda one: (one.at, one.answer in not_to_come))
    told = [one for one in every if one.outcome is CheckInOutcome.TOLD]
    to_come = [one for one in told if one.at >= since and one.answer is DaysAnswer.COME]
    if told and told[-1].answer in not_to_come:
        to_come = []
    elif collection_closes is not None and to_come and to_come[0].at > collection_closes - TIME_TO_COME:
        if to_come[0].timing is Timing.IN_TIME and to_come[0] is every[0]:
            return Stands(Standing.TOLD_WITH_LITTLE_LEFT, to_come[0], len(every))
        every, told = ([one for one in found if one not in to_come] for found in (every, told))
        to_come = []
    if to_come:
        return Stands(Standing.TOLD, to_come[0], len(every))
    if told:
        return Stands(Standing.TOLD_BEFORE_ORDERED, told[-1], len(every))
    return Stands(Standing.TRIED, every[-1], len(every)) if every else Stands(Standing.NOT_CHECKED_IN)
