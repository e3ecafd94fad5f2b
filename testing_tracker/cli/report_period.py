"""`report period`: a month's, a quarter's or any other days' figures, for managers and payers."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.desk.desk import TRAINING, Desk, day_given, pass_desk, say
from testing_tracker.cli.desk.exporting import Export, exported, put_on_record
from testing_tracker.cli.desk.files import output_file, output_options
from testing_tracker.cli.desk.parameter_types import DAY_BEFORE, CaselessChoice, CheckedWord
from testing_tracker.cli.desk.shown import print_bytes
from testing_tracker.cli.desk.terminal import print_lines, width_of
from testing_tracker.rules.reporting.period import Period, last_full_month, month_said, quarter_said

if TYPE_CHECKING:
    from testing_tracker.reports.period.gather import PeriodReport


def _month(value: str) -> str:
    return str(month_said(value))


def _quarter(value: str) -> str:
    return str(quarter_said(value))


@click.command("period")
@click.option(
    "--from", "first", type=DAY_BEFORE, metavar="DATE", help="The first day. Default: the first of the month of --to."
)
@click.option("--to", "last", type=DAY_BEFORE, metavar="DATE", help="The last day. Default: today.")
@click.option(
    "--month",
    type=CheckedWord("month", _month),
    metavar="MONTH",
    help="A whole month, such as 2026-10. Default: the last full one.",
)
@click.option("--quarter", type=CheckedWord("quarter", _quarter), metavar="QUARTER", help="Such as 2026-Q3.")
@click.option(
    "--format",
    "form",
    type=CaselessChoice(["table", "csv", "json", "html", "pdf"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
@output_options()
@pass_desk
def period_command(
    desk: Desk,
    first: str | None,
    last: str | None,
    month: str | None,
    quarter: str | None,
    form: str,
    output: Path | None,
    overwrite: bool,
) -> None:
    """A month's or a quarter's figures: who came and left, tests, results, and how long people waited.

    Counts only, nobody's code. A csv or json form, and what is written to a file, is an export and goes on record.
    """
    if form == "pdf" and output is None and sys.stdout.isatty():
        raise click.UsageError("A pdf is nothing for a terminal; give --output FILE.")
    _check_one_way(first, last, month, quarter)
    if output is not None:
        with output_file(desk, output, overwrite=overwrite) as outgoing:
            report, content = _written(desk, first, last, month, quarter, form)
            outgoing.file.write(content)
            put_on_record(desk, Export("period", form, report.period), outgoing)
        say(desk, f"Wrote the report of {report.period} to {output}.")
        return
    from testing_tracker.reports.paper.words import narrow

    with narrow(width_of(sys.stdout) if form == "table" else None):
        report, content = _written(desk, first, last, month, quarter, form)
    if desk.training and form != "table":
        click.echo(TRAINING, err=True)
    with exported(desk, Export("period", form, report.period)):
        if form == "table":
            print_lines(content.decode().removesuffix("\n"))
        else:
            print_bytes(content)


def _check_one_way(first: str | None, last: str | None, month: str | None, quarter: str | None) -> None:
    """Raise UsageError where the days are said in two ways."""
    if sum(said is not None for said in (first or last, month, quarter)) > 1:
        raise click.UsageError("Give --from and --to, or --month, or --quarter: one of them.")


def _written(
    desk: Desk, first: str | None, last: str | None, month: str | None, quarter: str | None, form: str
) -> tuple["PeriodReport", bytes]:
    from testing_tracker.reports.period.forms import as_bytes
    from testing_tracker.reports.period.gather import gather

    with desk.reading() as work:
        report = gather(work, _period(first, last, month, quarter, work.today))
    return report, as_bytes(report, form)


def _period(first: str | None, last: str | None, month: str | None, quarter: str | None, today: date) -> Period:
    if month is not None:
        return month_said(month)
    if quarter is not None:
        return quarter_said(quarter)
    if first is None and last is None:
        return last_full_month(today)
    ends = day_given(last, today)
    begins = day_given(first, today) if first is not None else ends.replace(day=1)
    if begins > ends:
        which = "--to" if last else "today, where the report ends without --to"
        raise click.BadParameter(f"{begins} is after {ends}, {which}.", param_hint="'--from'")
    return Period(begins, ends)
