"""`facility`: the facilities of a database that several share."""

from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup, TakesDays
from testing_tracker.cli.desk.desk import TRAINING, Desk, pass_desk, say, warn
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import format_option, print_rows
from testing_tracker.cli.desk.parameter_types import DAY, DAY_TO_COME, REASON
from testing_tracker.cli.desk.terminal import in_its_lines

if TYPE_CHECKING:
    from testing_tracker.services.drawing.closures import ClosedOrOpened


@click.group("facility", cls=CommandGroup)
def facility_command() -> None:
    """The facilities of a network, which share a database.

    Participants, schedules, staff, reports and the key of the draws are each one facility's. Commands ask for
    --facility NAME, or TESTING_TRACKER_FACILITY, where there are several.
    """


@facility_command.command("add")
@click.argument("name")
@click.option("--timezone", metavar="TZ", help="Such as America/Los_Angeles. Default: this machine's.")
@pass_desk
def add_facility(desk: Desk, name: str, timezone: str | None) -> None:
    """Make one more facility in the database."""
    clock = desk.clock(services.facilities.find_zone(timezone).key)
    with desk.writing_all() as session:
        made = services.facilities.add(session, name, clock, desk.location.key, desk.vocabulary)
    services.known_to_key.tell_of_first(desk.location.key, made.anchor, made.first_day)
    say(desk, f"{name}: added to {desk.location} as number {made.number} (timezone {made.timezone}).")
    say(desk, f"Its key is in {desk.location.key.path} too: copy that file anew, and keep the copy in a safe place.")
    say(desk, f"Anchor, to check the draws against: {made.anchor}, from {made.first_day} on")
    say(desk, f"Next: `testing-tracker --facility {made.number} participant add CODE …`, or TESTING_TRACKER_FACILITY.")


@facility_command.command("list")
@format_option
@pass_desk
def list_facilities(desk: Desk, form: str) -> None:
    """The facilities, how many participants each has on record, and the day of its last nightly run."""
    with desk.reading_all(of_any=True) as session:
        lines = services.facilities.listed(session, desk.clock, desk.admitted(session))
    columns = ["number", "facility", "timezone", "opened_on", "participants", "last_run_on"]
    columns += [
        name for name in ("earlier_names", "timezone_changes") if form == "csv" or any(map(attrgetter(name), lines))
    ]
    print_rows(desk, [vars(line) for line in lines], columns, form, empty="")


@facility_command.command("rename")
@click.argument("name")
@click.option("--reason", type=REASON, required=True, help="Why; kept for ever.")
@pass_desk
def rename_facility(desk: Desk, name: str, reason: str) -> None:
    """Give the facility another name. The earlier one goes on finding it, unless another facility takes it."""
    with desk.writing() as work:
        earlier, name = services.facilities.rename(work, name, reason)
    click.echo(in_its_lines(f"{f'{TRAINING} ' if desk.training else ''}{earlier} is called {name} from now on."))


@facility_command.command("timezone")
@click.argument("timezone", metavar="TZ")
@click.option("--from", "from_on", type=DAY, metavar="DATE", help="From which day on. Default: from tomorrow.")
@click.option("--reason", type=REASON, required=True, help="Why; kept for ever.")
@pass_desk
def change_timezone(desk: Desk, timezone: str, from_on: str | None, reason: str) -> None:
    """Have the facility go by another timezone from a day on.

    The days before keep theirs: their collection windows, what was late on them, and the times printed of them. `serve`
    goes by the new one by itself; lines for cron are to be printed anew.
    """
    with desk.writing() as work:
        given = day_given(from_on, work.today) if from_on else None
        begins = services.facilities.change_timezone(work, timezone, given, reason)
        later = services.facilities.later_timezones(work, begins)
    say(desk, f"From {begins} on the facility goes by {timezone}.")
    for day, name in later:
        warn(f"from {day} on it goes by {name}, as was recorded before.")
    warn(
        "lines for cron and timers of systemd stay as they were printed; `testing-tracker cron print` prints new ones."
    )


@facility_command.command("close", cls=TakesDays)
@click.argument("day", metavar="DATE", type=DAY_TO_COME)
@click.option("--to", "last", type=DAY_TO_COME, metavar="DATE", help="The last day. Default: that day only.")
@click.option("--reason", type=REASON, required=True, help="Why; kept for ever.")
@pass_desk
def close_facility(desk: Desk, day: str, last: str | None, reason: str) -> None:
    """Close the facility on a day from today on, as with snow.

    Today's draws that nobody gave are excused. Of a day to come a fixed draw moves as the schedule says of a public
    holiday, and nobody is drawn by chance. The weekly report says that it was closed, and why.
    """
    with desk.writing() as work:
        first = day_given(day, work.today)
        done = services.closures.close(work, first, day_given(last, work.today) if last else first, reason)
    excused = f" {_draws(done.draws)} of today excused." if done.draws else ""
    say(desk, f"Closed: {_days(done)}.{excused}")


@facility_command.command("open", cls=TakesDays)
@click.argument("day", metavar="DATE", type=DAY_TO_COME)
@click.option("--to", "last", type=DAY_TO_COME, metavar="DATE", help="The last day. Default: that day only.")
@click.option("--reason", type=REASON, required=True, help="Why; kept for ever.")
@pass_desk
def open_facility(desk: Desk, day: str, last: str | None, reason: str) -> None:
    """Take back that the facility is closed on a day, as far as nothing was decided from it.

    Today's draws that were excused for it are due again.
    """
    with desk.writing() as work:
        first = day_given(day, work.today)
        done = services.closures.reopen(work, first, day_given(last, work.today) if last else first, reason)
    due = f" {_draws(done.draws)} of today due again." if done.draws else ""
    say(desk, f"Open: {_days(done)}.{due}")
    for note in done.notes:
        warn(note)


def _days(done: "ClosedOrOpened") -> str:
    return ", ".join(str(day) for day in done.days) if len(done.days) < 4 else _first_to_last(done.days)


def _first_to_last(days: list[date]) -> str:
    return f"{len(days)} days from {days[0]} to {days[-1]}"


def _draws(count: int) -> str:
    return "1 draw" if count == 1 else f"{count} draws"
