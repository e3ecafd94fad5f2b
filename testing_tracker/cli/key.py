"""`key`: the key that the draws come from."""

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.output import format_option, print_rows, say, warn
from testing_tracker.cli.desk.words import REASON


@click.group("key")
def key_command() -> None:
    """The key that the draws come from, kept in a file beside the database."""


@key_command.command("show")
@format_option
@pass_desk
def show_key(desk: Desk, form: str) -> None:
    """The anchors that draws are checked against, and from which day on. Never the key itself."""
    with desk.reading() as (session, acting):
        rows = [
            {"first_day": row.first_day, "anchor": row.anchor, "reason": row.reason, "recorded_by": row.recorded_by}
            for row in services.keys.chains(session, acting.facility_id)
        ]
    columns = ["first_day", "anchor"] if form == "table" else ["first_day", "anchor", "reason", "recorded_by"]
    print_rows(desk, rows, columns, form, empty="")


@key_command.command("rotate")
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why a new key is begun; goes on record.")
@pass_desk
def rotate_key(desk: Desk, reason: str) -> None:
    """Begin a new key, when the present one is lost or others may have read it.

    It is for the first day that was not drawn yet. The earlier key stays in the file, so its days can still be checked.
    """
    with desk.writing() as (session, acting):
        rotated = services.keys.rotate(session, acting, desk.location.key, reason)
    say(desk, f"A new key is in {desk.location.key.path}, for the draws from {rotated.first_day} on.")
    say(desk, f"Anchor, to check these draws against: {rotated.anchor}, from {rotated.first_day} on")
    if rotated.earlier_is_lost:
        warn(
            "the earlier key was not there, or damaged. The draws of its last day cannot be decided again; those "
            "before it can."
        )
