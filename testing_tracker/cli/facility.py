"""`facility`: the facilities of a database that several share."""

import click

from testing_tracker.cli.desk import Desk, pass_desk
from testing_tracker.cli.output import format_option, print_rows, say


@click.group("facility")
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
    from testing_tracker.services import facilities

    clock = desk.clock(facilities.find_zone(timezone).key)
    with desk.writing_all() as session:
        made = facilities.add(session, name, clock, desk.location.key)
    say(desk, f"{name}: added to {desk.location} as number {made.number} (timezone {made.timezone}).")
    say(desk, f"Its key is in {desk.location.key.path} too: copy that file anew, and keep the copy in a safe place.")
    say(desk, f"Anchor, to check the draws against: {made.anchor}, from {made.first_day} on")
    say(desk, f"Next: `testing-tracker --facility {made.number} participant add CODE …`, or TESTING_TRACKER_FACILITY.")


@facility_command.command("list")
@format_option
@pass_desk
def list_facilities(desk: Desk, form: str) -> None:
    """The facilities, how many participants each has on record, and the day of its last nightly run."""
    from testing_tracker.services import facilities

    with desk.reading_all() as session:
        lines = facilities.listed(session)
    columns = ["number", "facility", "timezone", "opened_on", "participants", "last_run_on"]
    print_rows(desk, [vars(line) for line in lines], columns, form, empty="")
