"""`report participant`: all about one participant, for a meeting or a file."""

import re
import sys
from pathlib import Path

import click

from testing_tracker.cli.desk.desk import TRAINING, Desk, pass_desk, say
from testing_tracker.cli.desk.exporting import Export, exported, put_on_record
from testing_tracker.cli.desk.files import output_file, output_options
from testing_tracker.cli.desk.shown import print_bytes
from testing_tracker.cli.desk.words import CODE
from testing_tracker.errors import TestingTrackerError


@click.command("participant")
@click.argument("code", type=CODE)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "html", "pdf"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
@output_options()
@click.option("--names", is_flag=True, help="Show the name beside the code; that goes on record.")
@pass_desk
def participant_report(desk: Desk, code: str, form: str, output: Path | None, overwrite: bool, names: bool) -> None:
    """A participant's calendar of draws and results, streaks, measures, prescriptions and decisions."""
    if form == "pdf" and output is None and sys.stdout.isatty():
        raise click.UsageError("A pdf is nothing for a terminal; give --output FILE.")
    if output is not None:
        _check_name(output, code)
    if output is not None:
        with output_file(desk, output, overwrite=overwrite) as outgoing:
            participant, export, content = _written(desk, code, form, names)
            outgoing.file.write(content)
            put_on_record(desk, export, outgoing)
        say(desk, f"Wrote the report on {participant} to {output}.")
        return
    _, export, content = _written(desk, code, form, names)
    if desk.training and form != "table":
        click.echo(TRAINING, err=True)
    with exported(desk, export):
        if form == "table":
            sys.stdout.write(content.decode())
        else:
            print_bytes(content)


def _written(desk: Desk, code: str, form: str, names: bool) -> tuple[str, Export, bytes]:
    """The participant's code as it is on record, what goes on record of the export, and the report."""
    from testing_tracker.reports.participant.forms import as_bytes
    from testing_tracker.reports.participant.gather import gather

    with desk.writing() if names else desk.reading() as (session, acting):
        report = gather(session, acting, code, names=names)
        export = Export("participant", form, acting.today, names, participant_id=report.record.number)
    return report.participant, export, as_bytes(report, form)


def _check_name(output: Path, code: str) -> None:
    """A file's name is seen by whoever lists the folder, and by every backup."""
    if re.search(rf"(?<![^\W_]){re.escape(code)}(?![^\W_])", output.stem, re.IGNORECASE):
        raise TestingTrackerError(
            f"The file's name would say that {code} is a participant. Give it a name without the code."
        )
