"""What everybody's check-ins come to, and what a missed test's participant had been told: the counts of the reports.

A report counts the days on which somebody was asked to check in; a day without that is none of these. Attempts of who
was not asked are on record, and in no count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from testing_tracker.rules.check_in.answers import CheckInAttempt, CheckInOutcome, Standing, Stands, Timing
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.reporting.tally import Share

# What a draw became because of check-in, beside those that are missed: nobody is held to have missed these.
NOT_HELD_AGAINST = (
    Because.ORDERED_AFTER_CHECK_IN,
    Because.CHECK_IN_AT_FAULT,
    Because.TRIED_TO_CHECK_IN,
    Because.CHECK_INS_HELD,
    Because.NOT_CHECKED_IN,
)


class CheckedInOn(StrEnum):
    """How a day on which somebody was asked to check in ended."""

    IN_TIME = "in time"
    LATE = "late"
    TRIED = "tried"
    NOT = "not checked in"


def checked_in_on(attempts: Iterable[CheckInAttempt]) -> CheckedInOn:
    """What a day's attempts come to: told in time goes before told at all, and that before having tried."""
    every = list(attempts)
    told = [one for one in every if one.outcome is CheckInOutcome.TOLD]
    if any(one.timing is Timing.IN_TIME for one in told):
        return CheckedInOn.IN_TIME
    if told:
        return CheckedInOn.LATE
    return CheckedInOn.TRIED if every else CheckedInOn.NOT


@dataclass(slots=True)
class CheckInCounts:
    """The days on which somebody was `expected` to check in, and how they ended; the four others add up to it."""

    expected: int = 0
    in_time: int = 0
    late: int = 0
    tried: int = 0
    not_checked_in: int = 0

    @property
    def checked_in(self) -> Share:
        """The days with an answer, in time or late, of those asked."""
        return Share(self.in_time + self.late, self.expected)

    @property
    def share_in_time(self) -> Share:
        return Share(self.in_time, self.expected)

    @property
    def not_told(self) -> int:
        return self.tried + self.not_checked_in

    def count(self, day: CheckedInOn) -> None:
        """Count a day."""
        self.expected += 1
        if day is CheckedInOn.IN_TIME:
            self.in_time += 1
        elif day is CheckedInOn.LATE:
            self.late += 1
        elif day is CheckedInOn.TRIED:
            self.tried += 1
        else:
            self.not_checked_in += 1

    def add(self, other: "CheckInCounts") -> None:
        """Count the days of others too."""
        self.expected += other.expected
        self.in_time += other.in_time
        self.late += other.late
        self.tried += other.tried
        self.not_checked_in += other.not_checked_in


def counted(of_each: Iterable[Sequence[CheckInAttempt]]) -> CheckInCounts:
    """What the attempts of each who was expected on a day come to."""
    found = CheckInCounts()
    for attempts in of_each:
        found.count(checked_in_on(attempts))
    return found


class MissedHow(StrEnum):
    """What the participant of a missed test had been told of it; each missed test is one of these.

    `TOLD`: to come, and did not come. `TOLD_BEFORE`: the test was ordered, or the answer given, so that they were told
    otherwise. `TRIED`: to check in, and could not. `NO_CHECK_IN_ASKED`: no rule bound, or not them.
    """

    TOLD = "told"
    TOLD_BEFORE = "told_otherwise"
    TRIED = "tried"
    NOT_CHECKED_IN = "not_checked_in"
    NO_CHECK_IN_ASKED = "no_check_in_asked"


_BY_STANDING = {
    Standing.TOLD: MissedHow.TOLD,
    Standing.TOLD_WITH_LITTLE_LEFT: MissedHow.TOLD,
    Standing.TOLD_BEFORE_ORDERED: MissedHow.TOLD_BEFORE,
    Standing.TRIED: MissedHow.TRIED,
    Standing.NOT_CHECKED_IN: MissedHow.NOT_CHECKED_IN,
}


def missed_how(stands: Stands, because: Because | None, *, is_asked: bool) -> MissedHow:
    """What to say of a missed test, from how its participant stands to it.

    Who was told is told, also where nobody had asked. Who checked in so late that it was closed as not having checked
    in is said to have not; one who is on record as told in time by now is not.
    """
    if stands.standing is Standing.TOLD:
        in_time = stands.attempt is not None and stands.attempt.timing is Timing.IN_TIME
        return MissedHow.TOLD if in_time or because is not Because.NOT_CHECKED_IN else MissedHow.NOT_CHECKED_IN
    return _BY_STANDING[stands.standing] if is_asked or stands.attempts else MissedHow.NO_CHECK_IN_ASKED


MISSED_IN_WORDS = {
    MissedHow.TOLD: "told and did not come",
    MissedHow.TOLD_BEFORE: "told before it was ordered",
    MissedHow.TRIED: "tried to check in and could not",
    MissedHow.NOT_CHECKED_IN: "did not check in",
    MissedHow.NO_CHECK_IN_ASKED: "not asked to check in",
}
UNRECORDED_IN_WORDS = {
    Because.ORDERED_AFTER_CHECK_IN: "ordered after the check-in, and not told",
    Because.CHECK_IN_AT_FAULT: "check-in was at fault",
    Because.TRIED_TO_CHECK_IN: "tried to check in and could not",
    Because.CHECK_INS_HELD: "far fewer than usual checked in",
    Because.NOT_CHECKED_IN: "did not check in",
}
