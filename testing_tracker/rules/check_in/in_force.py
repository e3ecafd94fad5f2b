"""The rule of checking in: when the window is, and what it means if nobody came to it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.answers import TIME_TO_COME, CheckInWindow
from testing_tracker.rules.said import in_full

SHORTEST_WINDOW = timedelta(minutes=60)


class NotCheckedIn(StrEnum):
    """What becomes of a draw whose participant did not check in and gave no specimen: the manager decides."""

    MISSED = "missed"
    UNRECORDED = "unrecorded"


class FoundBy(StrEnum):
    """Who says that check-in could not be reached: who looked at the page, the night that came late, or a person."""

    PROGRAM = "program"
    NIGHT = "night"
    STAFF = "staff"


@dataclass(frozen=True)
class RuleInForce:
    """The rule of a day, in the facility's local times; see `CheckInRule`."""

    from_on: date
    opens: time
    closes: time
    page: bool
    not_checked_in: NotCheckedIn

    def window(self, day: date, collection_closes: time, zone: ZoneInfo) -> CheckInWindow:
        """A day's instants. A time that the clock skips on that day is the first one after it.

        Where it skips so much that less than the shortest window is left, that is given all the same.
        """
        opens, closes, over = (instant_reached(day, at, zone) for at in (self.opens, self.closes, collection_closes))
        closes = max(closes, opens + SHORTEST_WINDOW)
        return CheckInWindow(opens, closes, max(over, closes))


def refusal(opens: time, closes: time, first_collection_closes: time, collection_of: str) -> str | None:
    """Why a window cannot be: it is too short, or ends when some schedule's collection has ended; None if it can.

    `first_collection_closes` is the earliest end of collection among the schedules, that of `collection_of`.
    """
    length = datetime.combine(date.min, closes) - datetime.combine(date.min, opens)
    if length < SHORTEST_WINDOW:
        return (
            f"From {opens:%H:%M} to {closes:%H:%M} is less than 60 minutes. Give participants longer to check in."
            if closes > opens
            else f"Check-in cannot close at {closes:%H:%M}, which is not after it opens at {opens:%H:%M}."
        )
    if closes > first_collection_closes:
        return (
            f"Who checks in at {closes:%H:%M} would have had until {first_collection_closes:%H:%M} to come, by the "
            f"schedule {collection_of}. Have check-in close earlier."
        )
    return None


def little_left(closes: time, first_collection_closes: time, collection_of: str) -> str | None:
    """What whoever sets a window should know where it leaves less than 2 hours to come; None where it leaves more."""
    if datetime.combine(date.min, first_collection_closes) - datetime.combine(date.min, closes) >= TIME_TO_COME:
        return None
    return (
        f"who checks in at {closes:%H:%M} is in time, and has until {first_collection_closes:%H:%M} to come, by the "
        f"schedule {collection_of}. Where the way is longer, have check-in close earlier."
    )


def opens_before_draws(opens: time, made_on: date, made_at: time) -> str | None:
    """What whoever sets a window should know where it opens before a day's draws were made; None where it does not.

    All times are the facility's.
    """
    if made_at < opens:
        return None
    return (
        f"the draws of {in_full(made_on)} were made at {made_at:%H:%M}, and until they are made nobody can be told "
        "anything: a day on which that is so for five minutes of check-in holds nobody who did not. Have the night run "
        "earlier, or check-in open later."
    )
