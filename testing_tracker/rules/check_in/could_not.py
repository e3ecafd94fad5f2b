"""What stands on record beside a draw whose participant could not be told: when they tried, or when nobody could."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from testing_tracker.rules.check_in.answers import CheckInOutcome, Stands

DAYS_LOOKED_AT = 28  # in which it is counted how often somebody tried and could not

WHY_NOT_TOLD = {
    CheckInOutcome.WRONG: "number and PIN did not go together",
    CheckInOutcome.BLOCKED: "the page was asked too much, by whomever it was, and looked at nothing",
    CheckInOutcome.UNKNOWN: "there was no answer",
    CheckInOutcome.EARLY: "check-in had not opened",
    CheckInOutcome.OVER: "check-in was over",
}
"""Why somebody who tried was not told; of what was turned away nobody knows who it was, so it is laid to nobody."""


def days_looked_at(day: date) -> tuple[date, date]:
    """The first and last of the days in which it is counted how often somebody tried and could not."""
    return day - timedelta(days=DAYS_LOOKED_AT - 1), day


def how_they_tried(stands: Stands, times: int, zone: ZoneInfo) -> str:
    """When somebody last tried, in local time, what became of it, and the how manieth such day in 28 days it is."""
    last = stands.attempt
    assert last is not None, "who tried has made an attempt"
    said = f"at {last.at.astimezone(zone):%H:%M}"
    if last.outcome in WHY_NOT_TOLD:
        said += f", {WHY_NOT_TOLD[last.outcome]}"
    return said + (f"; the {nth(times)} time in {DAYS_LOOKED_AT} days" if times > 1 else "")


def nth(number: int) -> str:
    """`4th`."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def when_at_fault(spans: Iterable[tuple[datetime, datetime]], zone: ZoneInfo) -> str:
    """Spans in which check-in could not be reached, in local time; those that touch as one."""
    together: list[tuple[datetime, datetime]] = []
    for first, last in sorted(spans):
        if together and first <= together[-1][1]:
            together[-1] = (together[-1][0], max(last, together[-1][1]))
        else:
            together.append((first, last))
    return ", ".join(f"from {one.astimezone(zone):%H:%M} to {two.astimezone(zone):%H:%M}" for one, two in together)
