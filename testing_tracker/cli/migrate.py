"""`migrate`: bring the database's tables to what this version of the program knows."""

import click

from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.errors import TestingTrackerError


@click.command("migrate")
@click.option("--yes", is_flag=True, help="There is a copy of the database; do not ask.")
@pass_desk
def migrate_command(desk: Desk, yes: bool) -> None:
    """Bring the database to what this version of the program knows.

    Needed once after an update for a database on a server, by its owner; make a copy with `backup` before. A SQLite
    file is brought up to date, and copied, by whatever opens it first.
    """
    from testing_tracker.services.keeping import upgrades
    from testing_tracker.store.engine import SCHEMA_VERSION, check_schema, schema_of
    from testing_tracker.store.location import ServerLocation

    location = desk.location
    found = schema_of(location)
    if found >= SCHEMA_VERSION:
        check_schema(location, found)
        say(desk, f"{location} is up to date (schema {found}).")
        return
    if isinstance(location, ServerLocation) and not yes and not _there_is_a_copy(f"{location}"):
        raise TestingTrackerError("Nothing was changed. Make a copy with `testing-tracker backup FILE` first.")
    upgrades.bring_up_to_date(location, desk.clock, lambda line: say(desk, line))


def _there_is_a_copy(database: str) -> bool:
    try:
        return click.confirm(f"{database}: this cannot be undone. Is there a copy, by `backup`?", err=True)
    except click.Abort:
        raise TestingTrackerError("Nothing was changed. Say --yes where nobody can be asked.") from None
