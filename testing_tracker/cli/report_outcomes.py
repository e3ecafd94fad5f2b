"""`report outcomes`: what treatment came to, for every participant."""

import sys
from datetime import date
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.exporting import Export, exported, put_on_record
from testing_tracker.cli.desk.files import output_file, output_options, write_text
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import format_option, mark_training, progress
from testing_tracker.cli.desk.parameter_types import DAY_BEFORE, LEVEL, SCHEDULE
from testing_tracker.cli.desk.shown import print_text
from testing_tracker.cli.desk.terminal import width_of
from testing_tracker.rules.words import Level

if TYPE_CHECKING:
    from testing_tracker.reports.outcomes.gather import OutcomesReport
    from testing_tracker.rules.reporting.measures import Span


@click.command("outcomes")
@click.option("--from", "first", type=DAY_BEFORE, metavar="DATE", help="The first day. Default: each one's enrolment.")
@click.option(
    "--to", "last", type=DAY_BEFORE, metavar="DATE", help="The last day. Default: the last full week's Sunday."
)
@click.option("--schedule", type=SCHEDULE, metavar="NAME", help="Only those tested by it at the end of their span.")
@click.option("--level", type=LEVEL, help="Only those in it at the end of their span.")
@format_option
@output_options()
@pass_desk
def outcomes_command(
    desk: Desk,
    first: str | None,
    last: str | None,
    schedule: str | None,
    level: str | None,
    form: str,
    output: Path | None,
    overwrite: bool,
) -> None:
    """Each participant's weeks of treatment, and the outcome measures that the literature has for them.

    A csv or json form, and what is written to a file, is an export and goes on record.
    """
    from testing_tracker.reports.outcomes.gather import gather, participants_on_record
    from testing_tracker.rules.calendar import Week

    with desk.reading() as work:
        span = _span(first, last, work.today)
        services.before_printing.check_draws(work, Week.of(span.last))
        total = participants_on_record(work)
    with progress("Gathering", total) as advance:
        wanted = Level(level) if level else None
        report = gather(desk.reading, span, schedule=schedule, level=wanted, advance=advance)
    export = Export("outcomes", form, f"{span.first or 'enrolment'} to {span.last}", many=len(report.participants))
    if output is None:
        if form != "table":
            mark_training(desk)
        with exported(desk, export):
            if form == "table":
                _write(report, form, sys.stdout, width_of(sys.stdout))
            else:
                text = StringIO(newline="")
                _write(report, form, text)
                print_text(text.getvalue())
    else:
        with output_file(desk, output, overwrite=overwrite) as outgoing:
            write_text(outgoing.file, partial(_write, report, form))
            put_on_record(desk, export, outgoing)
        say(desk, f"Wrote the outcomes of {len(report.participants)} participants to {output}.")


def _span(first: str | None, last: str | None, today: date) -> "Span":
    from testing_tracker.rules.keeping.owed import last_full_week
    from testing_tracker.rules.reporting.measures import Span

    begins = day_given(first, today) if first else None
    ends = day_given(last, today) if last else last_full_week(today).sunday
    if begins is not None and begins > ends:
        which = "--to" if last else "the Sunday of the last full week, where the report ends without --to"
        raise click.BadParameter(f"{begins} is after {ends}, {which}.", param_hint="'--from'")
    return Span(begins, ends)


def _write(report: "OutcomesReport", form: str, file: TextIO, width: int | None = None) -> None:
    from testing_tracker.reports.outcomes.text import write_csv, write_json, write_table

    if form == "table":
        write_table(report, file, width)
    else:
        {"csv": write_csv, "json": write_json}[form](report, file)
