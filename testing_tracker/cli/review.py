"""`review`: what a clinician is asked to look at beside the recommendations."""

from dataclasses import asdict

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.exporting import Export, exported
from testing_tracker.cli.desk.output import format_option, print_rows, say
from testing_tracker.cli.desk.words import ID

_COLUMNS = ["id", "participant", "about", "due_on", "detail", "status", "age_days"]
_CSV = [*_COLUMNS, "raised_at", "done_at", "done_by", "note"]


@click.group("review")
def review_command() -> None:
    """What a clinician is asked to look at, such as a missed test where the schedule asks for a review of it."""


@review_command.command("list")
@click.option("--all", "closed_too", is_flag=True, help="Also those that are done or withdrawn.")
@format_option
@pass_desk
def list_reviews(desk: Desk, closed_too: bool, form: str) -> None:
    """What waits to be looked at, newest first."""
    with desk.reading() as (session, acting):
        rows = [asdict(line) for line in services.reviews.listed(session, acting, closed_too=closed_too)]
        export = Export("reviews", form, acting.today)
    columns = _COLUMNS
    if form == "csv":
        columns = _CSV
    elif closed_too:
        columns = [*_COLUMNS, "done_by", "note"]
    with exported(desk, export):
        print_rows(desk, rows, columns, form, "No review yet." if closed_too else "Nothing waits for review.")


@review_command.command("done")
@click.argument("number", metavar="ID", type=ID)
@click.option("--note", metavar="TEXT", help="What goes on record with it.")
@pass_desk
def done_with_review(desk: Desk, number: int, note: str | None) -> None:
    """Somebody has looked."""
    with desk.writing() as (session, acting):
        line = services.reviews.done(session, acting, number, note)
    say(desk, f"Review {number} for {line.participant} ({line.about}, {line.due_on}) is done.")
