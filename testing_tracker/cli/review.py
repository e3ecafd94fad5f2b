"""`review`: what else a clinician is asked to look at, beside the recommendations."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.exporting import Export, exported, people_in
from testing_tracker.cli.desk.output import format_option, print_csv, print_rows
from testing_tracker.cli.desk.parameter_types import REVIEW

if TYPE_CHECKING:
    from testing_tracker.services.deciding.reviews import ReviewLine

_COLUMNS = ["id", "participant", "about", "due_on", "detail", "status", "age_days"]
_CSV = [*_COLUMNS, "raised_at", "done_at", "done_by", "note"]
_TABLE = ["id", "participant", "due_on", "age", "what"]  # for 80 columns


@click.group("review", cls=CommandGroup)
def review_command() -> None:
    """What a clinician is asked to look at, such as a missed test where the schedule asks for a review of it."""


@review_command.command("list")
@click.option("--all", "closed_too", is_flag=True, help="Also those that are done or withdrawn.")
@format_option
@pass_desk
def list_reviews(desk: Desk, closed_too: bool, form: str) -> None:
    """What waits to be looked at, newest first."""
    with desk.reading() as work:
        lines = services.reviews.listed(work, closed_too=closed_too)
        export = Export("reviews", form, work.today, many=people_in(lines))
    empty = "No review yet." if closed_too else "Nothing waits for review."
    with exported(desk, export):
        if form == "csv":
            print_csv(desk, [asdict(line) for line in lines], _CSV)
        elif form == "json":
            print_rows(desk, [asdict(line) for line in lines], _COLUMNS, form, empty)
        else:
            columns = [*_TABLE, "status"] if closed_too else _TABLE
            print_rows(desk, [_for_people(line) for line in lines], columns, form, empty)


def _for_people(line: "ReviewLine") -> dict[str, object]:
    by = f" by {line.done_by}" if line.done_by else ""
    note = f": {line.note}" if line.note else ""
    return {**asdict(line), "age": f"{line.age_days} d", "what": line.what, "status": f"{line.status}{by}{note}"}


@review_command.command("done")
@click.argument("numbers", metavar="ID...", type=REVIEW, nargs=-1, required=True)
@click.option("--note", metavar="TEXT", help="What goes on record with each.")
@pass_desk
def done_with_review(desk: Desk, numbers: Sequence[int], note: str | None) -> None:
    """Somebody has looked; of several, all are done or none."""
    with desk.writing() as work:
        lines = services.reviews.all_done(work, numbers, note)
    for line in lines:
        say(desk, line.is_done)
