"""`report weekly --for court`: the week in plain words, with the least that answers a court's question."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.desk.desk import TRAINING, Desk, say, warn, week_given
from testing_tracker.cli.desk.exporting import Export, exported, put_on_record
from testing_tracker.cli.desk.files import output_file
from testing_tracker.cli.desk.shown import print_bytes
from testing_tracker.cli.desk.terminal import print_lines, width_of
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.reports.weekly.court import ToldToCourt
    from testing_tracker.reports.weekly.printing import Printed


def check_file_name(output: Path, code: str) -> None:
    """A file's name is seen by whoever lists the folder, and by every backup."""
    if re.search(rf"(?<![^\W_]){re.escape(code)}(?![^\W_])", output.stem, re.IGNORECASE):
        raise TestingTrackerError(
            f"The file's name would say that {code} is a participant. Give it a name without the code."
        )


def court_report(
    desk: Desk, week: str | None, form: str, output: Path | None, *, overwrite: bool, codes: tuple[str, ...]
) -> None:
    """Print it for a court, about the participants of these codes or about everybody."""
    if form == "csv":
        raise click.UsageError("A csv has no room for what the words mean; --for court takes table, html, pdf or json.")
    if form == "pdf" and output is None and sys.stdout.isatty():
        raise click.UsageError("A pdf is nothing for a terminal; give --output FILE.")
    if output is not None:
        for code in codes:
            check_file_name(output, code)
        with output_file(desk, output, overwrite=overwrite) as outgoing:
            export, content = _written(desk, week, form, codes)
            outgoing.file.write(content)
            put_on_record(desk, export, outgoing)
        say(desk, f"Wrote the report to a court of {export.of} to {output}.")
    else:
        from testing_tracker.reports.paper.words import narrow

        with narrow(width_of(sys.stdout) if form == "table" else None):
            export, content = _written(desk, week, form, codes)
        if desk.training and form != "table":
            click.echo(TRAINING, err=True)
        with exported(desk, export):
            if form == "table":
                print_lines(content.decode().removesuffix("\n"))
            else:
                print_bytes(content)
    if not codes:
        warn("everybody of the week is on it; --participant CODE picks those whom this court may know of.")


def _written(desk: Desk, week: str | None, form: str, codes: tuple[str, ...]) -> tuple[Export, bytes]:
    """What goes on record of the export, and the report."""
    from testing_tracker.reports.weekly.court import told_to_court
    from testing_tracker.reports.weekly.court_forms import court_bytes
    from testing_tracker.reports.weekly.gather import gather
    from testing_tracker.reports.weekly.printing import imprint

    with desk.reading() as work:
        report = gather(work, week_given(week, work.today))
        told = told_to_court(work, report, codes)
    with desk.writing() as work:
        printed = imprint(work, report)
    return _export(printed, told, form), court_bytes(printed, told, form)


def _export(printed: "Printed", told: "ToldToCourt", form: str) -> Export:
    """It goes on record whom it was about: everybody, or those who were picked, by id."""
    more: dict[str, object] = {"for": "court", "digest": told.digest}
    picked = [one.participant_id for one in told.people] if told.picked else []
    if picked:
        more["participants"] = picked
    about = picked[0] if len(picked) == 1 else None
    return Export("weekly", form, printed.report.week, participant_id=about, more=more)
