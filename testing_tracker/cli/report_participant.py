"""`report participant`: all about one participant, for a meeting or a file."""

import re
import sys
from pathlib import Path

import click

from testing_tracker import services
from testing_tracker.cli.desk import Desk, pass_desk
from testing_tracker.cli.files import private_file
from testing_tracker.cli.output import TRAINING, say
from testing_tracker.cli.shown import write_bytes
from testing_tracker.cli.words import CODE
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
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it to FILE instead."
)
@click.option("--names", is_flag=True, help="Show the name beside the code; that goes on record.")
@pass_desk
def participant_report(desk: Desk, code: str, form: str, output: Path | None, names: bool) -> None:
    """A participant's calendar of draws and results, streaks, measures, prescriptions and decisions."""
    to_file = output is not None and str(output) != "-"
    if form == "pdf" and not to_file and sys.stdout.isatty():
        raise click.UsageError("A pdf is nothing for a terminal; give --output FILE.")
    if output is not None and to_file:
        _check_name(output, code)
    from testing_tracker.reports.participant import gather
    from testing_tracker.reports.participant_forms import as_bytes

    exports = to_file or form != "table"
    with desk.writing() if exports or names else desk.reading() as (session, acting):
        report = gather(session, acting, code, names=names)
        if exports:
            services.exports.record_export(
                session,
                acting,
                "participant",
                form,
                to_file=to_file,
                of=str(acting.today),
                names=names,
                participant_id=report.record.number,
            )
    written = as_bytes(report, form)
    if output is not None and to_file:
        with private_file(output) as file:
            file.write(written)
        say(desk, f"Wrote the report on {report.participant} to {output}.")
        return
    if desk.training and form != "table":
        click.echo(TRAINING, err=True)
    if form == "table":
        sys.stdout.write(written.decode())
    else:
        write_bytes(written)


def _check_name(output: Path, code: str) -> None:
    """A file's name is seen by whoever lists the folder, and by every backup."""
    if re.search(rf"(?<![^\W_]){re.escape(code)}(?![^\W_])", output.stem, re.IGNORECASE):
        raise TestingTrackerError(
            f"The file's name would say that {code} is a participant. Give it a name without the code."
        )
