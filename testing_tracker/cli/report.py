"""`report`: what a clinical team and a manager read about the facility's weeks."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from testing_tracker.cli.desk import Desk, pass_desk
from testing_tracker.cli.files import write_whole
from testing_tracker.cli.output import TRAINING, format_option, say
from testing_tracker.cli.words import WEEK

if TYPE_CHECKING:
    from testing_tracker.reports.weekly import WeeklyReport


@click.group("report")
def report_command() -> None:
    """The compliance reports."""


@report_command.command("weekly")
@click.option("--week", type=WEEK, metavar="WEEK", help="An ISO week such as 2026-W47. Default: the last full week.")
@format_option
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it to FILE instead."
)
@pass_desk
def weekly(desk: Desk, week: str | None, form: str, output: Path | None) -> None:
    """A week's tests: what was due, what became of it, and what it says about each participant."""
    from testing_tracker.reports.weekly import gather
    from testing_tracker.rules.calendar import Week

    with desk.reading() as (session, acting):
        report = gather(session, acting, Week.parse(week) if week else None)
    write = partial(_writer(form), report)
    if output is None or str(output) == "-":
        if desk.training and form != "table":
            click.echo(TRAINING, err=True)
        write(sys.stdout)
    else:
        write_whole(output, write)
        say(desk, f"Wrote the report of {report.week} to {output}.")


def _writer(form: str) -> "Callable[[WeeklyReport, TextIO], None]":
    from testing_tracker.reports.weekly_table import write_table
    from testing_tracker.reports.weekly_text import write_csv, write_json

    return {"table": write_table, "csv": write_csv, "json": write_json}[form]
