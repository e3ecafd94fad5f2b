"""The one door for a time that is said to have been: what was collected, received or handed over is so by now.

A typed 23:50 at 14:33 would mark somebody late who was not.
"""

from datetime import UTC, date, datetime, time, timedelta

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import instant, instant_reached
from testing_tracker.rules.exchange.days import read_day

CLOCKS_DIFFER = timedelta(minutes=5)  # two clocks on two walls are never quite the same


def check_has_happened(acting: Acting, moment: datetime, what: str) -> None:
    """Raise TestingTrackerError for a time later than now; `what` names it, such as `time of collection`.

    A pretended day of a training database has no hour, so there all of that day may have been.
    """
    if acting.is_pretended:
        if moment >= instant_reached(acting.today + timedelta(days=1), time(), acting.zone):
            raise TestingTrackerError(f"The {what} is in the future; today is {acting.today}.")
    elif moment > acting.now + CLOCKS_DIFFER:
        raise TestingTrackerError(
            f"The {what} is in the future; it is {acting.now.astimezone(acting.zone):%H:%M on %Y-%m-%d} now. Check the "
            "time that was given, and the machine's clock."
        )


def check_collected_at(acting: Acting, due_on: date, moment: datetime | None) -> None:
    """Raise TestingTrackerError for a time of collection later than now, or before the day of its draw."""
    if moment is None:
        return
    check_has_happened(acting, moment, "time of collection")
    if moment.astimezone(acting.zone).date() < due_on:
        raise TestingTrackerError(f"The time of collection is before the draw's day, {due_on}.")


def collected_instant(acting: Acting, day: date, text: str, what: str = "time of collection") -> datetime:
    """The instant of a collection given as `HH:MM` on the draw's day, or as an ISO instant; local where it says none.

    Raises TestingTrackerError for anything else, for a time that the clock skipped that day, and for one that is still
    to come; `what` names the time in that refusal.
    """
    try:
        moment = datetime.fromisoformat(text if "-" in text else f"{day}T{text}")
        read_day(moment.date().isoformat())
        moment = instant(moment.date(), moment.time(), acting.zone) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        hint = str(error) if "clock" in str(error) else "write 09:40, or 2026-11-23T09:40"
        raise TestingTrackerError(f"{text!r} is not a time of collection; {hint}.") from None
    check_has_happened(acting, moment, what)
    return moment
