"""Days, weeks and times that were given with a command: what is meant by them, said back where it was not plain."""

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import warn
from testing_tracker.rules.said import Looks, day_said, in_full, week_said

if TYPE_CHECKING:
    from testing_tracker.rules.calendar import Week
    from testing_tracker.store.work import Work


def day_given(given: str | None, today: date) -> date:
    """The day that `--on` means, today when it was left out; said back where it was not a whole date.

    Raises UsageError for what could be two days.
    """
    if given is None:
        return today
    try:
        day = day_said(given, today, getattr(given, "looks", Looks.EITHER))
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    if given not in ("today", "yesterday", day.isoformat()):
        _say_back(f"{given!r} is {in_full(day)}")
    return day


def week_given(given: str | None, today: date) -> "Week | None":
    """The week that `--week` means, None when it was left out; said back where it was not a whole one."""
    if given is None:
        return None
    try:
        week = week_said(given, today)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    if given != str(week):
        _say_back(f"{given!r} is {week}, from {in_full(week.monday)} to {in_full(week.sunday)}")
    return week


def instant_given(work: "Work", day: date, at: str | None, what: str = "time of collection") -> "datetime | None":
    """The instant of a time given for a day, None when it was left out; said back where it was neither 09:05 nor ISO.

    Raises TestingTrackerError for what is none, or has not been.
    """
    if not at:
        return None
    moment = services.collections.collected_instant(work, day, at, what)
    local = f"{moment.astimezone(work.zone):%H:%M}"
    if at != local and "-" not in at:
        _say_back(f"{at!r} is {local} on {in_full(day)}")
    return moment


def _say_back(understood: str) -> None:
    """Say once how something was understood, on standard error."""
    said = click.get_current_context().meta.setdefault("testing_tracker.said_back", set())
    if understood not in said:
        said.add(understood)
        warn(f"{understood}.")
