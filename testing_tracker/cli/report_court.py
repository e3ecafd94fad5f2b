"""`report weekly --for court`: the week in plain words, with the least that answers a court's question."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.desk.desk import Desk, warn
from testing_tracker.cli.desk.exporting import Export
from testing_tracker.cli.desk.given_days import week_given
from testing_tracker.cli.report_forms import InAForm, check_file_name, hand_out

if TYPE_CHECKING:
    from testing_tracker.reports.weekly.court import ToldToCourt
    from testing_tracker.reports.weekly.printing import Printed


def court_report(
    desk: Desk, week: str | None, form: str, output: Path | None, *, overwrite: bool, codes: tuple[str, ...]
) -> None:
    """Print it for a court, about the participants of these codes or about everybody."""
    if form == "csv":
        raise click.UsageError("A csv has no room for what the words mean; --for court takes table, html, pdf or json.")
    if output is not None:
        for code in codes:
            check_file_name(output, code)
    hand_out(desk, form, output, overwrite=overwrite, made=partial(_made, desk, week, form, codes))
    if not codes:
        warn("everybody of the week is on it; --participant CODE picks those whom this court may know of.")


def _made(desk: Desk, week: str | None, form: str, codes: tuple[str, ...]) -> InAForm:
    from testing_tracker.reports.weekly.court import told_to_court
    from testing_tracker.reports.weekly.court_forms import court_bytes
    from testing_tracker.reports.weekly.gather import gather
    from testing_tracker.reports.weekly.printing import imprint

    with desk.reading() as work:
        report = gather(work, week_given(week, work.today))
        told = told_to_court(work, report, codes)
    with desk.writing() as work:
        printed = imprint(work, report)
    called = f"the report to a court of {report.week}"
    return InAForm(called, _export(printed, told, form), court_bytes(printed, told, form))


def _export(printed: "Printed", told: "ToldToCourt", form: str) -> Export:
    """It goes on record whom it was about: everybody, or those who were picked, by id."""
    more: dict[str, object] = {"for": "court", "digest": told.digest}
    picked = [one.participant_id for one in told.people] if told.picked else []
    if picked:
        more["participants"] = picked
    about = picked[0] if len(picked) == 1 else None
    return Export(
        "weekly", form, printed.report.week, participant_id=about, more=more, many=len(told.people), picked=picked
    )
