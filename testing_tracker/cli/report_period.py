"""`report period`: a month's, a quarter's or any other days' figures, for managers and payers."""

from datetime import date
from functools import partial
from pathlib import Path

import click

from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.exporting import Export
from testing_tracker.cli.desk.files import output_options
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.parameter_types import DAY_BEFORE, CheckedWord
from testing_tracker.cli.report_forms import InAForm, hand_out, report_format_option
from testing_tracker.rules.reporting.period import Period, last_full_month, month_said, quarter_said


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
@report_format_option
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
    _check_one_way(first, last, month, quarter)
    made = partial(_made, desk, first, last, month, quarter, form)
    hand_out(desk, form, output, overwrite=overwrite, made=made)


def _check_one_way(first: str | None, last: str | None, month: str | None, quarter: str | None) -> None:
    """Raise UsageError where the days are said in two ways."""
    if sum(said is not None for said in (first or last, month, quarter)) > 1:
        raise click.UsageError("Give --from and --to, or --month, or --quarter: one of them.")


def _made(
    desk: Desk, first: str | None, last: str | None, month: str | None, quarter: str | None, form: str
) -> InAForm:
    from testing_tracker.reports.period.forms import as_bytes
    from testing_tracker.reports.period.gather import gather

    with desk.reading() as work:
        report = gather(work, _period(first, last, month, quarter, work.today))
    export = Export("period", form, report.period)
    return InAForm(f"the report of {report.period}", export, as_bytes(report, form))


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
