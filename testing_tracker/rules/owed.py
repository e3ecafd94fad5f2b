"""What the facility's hours ask for that has not been done yet."""

from dataclasses import dataclass
from datetime import date, datetime, time

from testing_tracker.rules.calendar import Week

MONDAY = 0


@dataclass(frozen=True)
class Hours:
    """When things are to be done, in the facility's local time. `report_on` is a weekday number, Monday 0."""

    draw_at: time
    report_at: time
    report_on: int = MONDAY


def draw_is_owed(hours: Hours, now: datetime, *, night_ran: bool) -> bool:
    """Whether today's draws are still to be made; `now` is local.

    Only the wall clock counts: where the clock jumps over the hour, the draws are owed as soon as it has jumped, and
    an hour that comes twice finds them made.
    """
    return not night_ran and now.time() >= hours.draw_at


def last_full_week(today: date) -> Week:
    """The last week that was over before a day."""
    return Week.of(today) + -1


def report_owed(hours: Hours, now: datetime, *, night_ran: bool, opened_on: date) -> Week | None:
    """The week whose report ought to exist by now, if any; `now` is local.

    It is the week before the current one. It waits for today's nightly run, which closes out the Sunday, and a
    facility that was not open yet in that week has no report of it.
    """
    last = last_full_week(now.date())
    is_time = (now.weekday(), now.time()) >= (hours.report_on, hours.report_at)
    return last if is_time and night_ran and opened_on <= last.sunday else None
