"""`init`: make a facility's database."""

import click

from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.errors import TestingTrackerError


@click.command("init")
@click.option("--facility", metavar="NAME", help="The facility's name. Default: My facility.")
@click.option("--timezone", metavar="TZ", help="Such as America/Los_Angeles. Default: this machine's.")
@click.option("--training", is_flag=True, help="For practice: may pretend the date, and everything says TRAINING.")
@pass_desk
def init_command(desk: Desk, facility: str | None, timezone: str | None, training: bool) -> None:
    """Make the database, with the schedules that come with the program."""
    from testing_tracker.services.keeping import facilities

    if desk.pretended and not training:
        raise TestingTrackerError("--today works with `init --training` only; a live facility has the real date.")
    facility = facility or (str(desk.facility) if desk.facility else "My facility")  # it may stand before `init` too
    made = facilities.make_database(desk.location, facility, timezone, desk.pretended, training=training)
    desk.training = training
    say(desk, f"{facility}: made {desk.location} (timezone {made.timezone}).")
    say(
        desk,
        f"The key of its draws is {desk.location.key.path}: keep it secret, and keep a copy in another safe place.",
    )
    say(desk, f"Anchor, to check the draws against: {made.anchor}, from {made.first_day} on")
    say(desk, "Next: `testing-tracker participant add CODE --schedule random-2 --level iop`, and a nightly `draw`.")
