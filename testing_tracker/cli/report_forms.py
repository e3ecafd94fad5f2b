"""The forms of a report, and one way to print it in each or to write it to a file, on record as what leaves here."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from testing_tracker.cli.desk.desk import Desk, say
from testing_tracker.cli.desk.exporting import Export, exported, put_on_record
from testing_tracker.cli.desk.files import output_file
from testing_tracker.cli.desk.output import mark_training
from testing_tracker.cli.desk.parameter_types import CaselessChoice
from testing_tracker.cli.desk.shown import print_bytes
from testing_tracker.cli.desk.terminal import is_terminal, print_lines, width_of
from testing_tracker.errors import TestingTrackerError

_Command = TypeVar("_Command", bound=Callable[..., object])


def report_format_option(command: _Command) -> _Command:
    """`--format` of a report that people read on a screen and on paper, and programs in csv and json."""
    option = click.option(
        "--format",
        "form",
        type=CaselessChoice(["table", "csv", "json", "html", "pdf"]),
        default="table",
        show_default=True,
        help="How to print it.",
    )
    return option(command)


@dataclass(frozen=True)
class InAForm:
    """A report in one of its forms: what it is called, what goes on record of it, and its bytes."""

    called: str
    export: Export
    content: bytes


def check_no_pdf_at_terminal(form: str, output: Path | None) -> None:
    """Raise UsageError for bytes that nobody can read where they would go."""
    if form == "pdf" and output is None and is_terminal(sys.stdout):
        raise click.UsageError("A pdf is nothing for a terminal; give --output FILE.")


def check_file_name(output: Path, code: str) -> None:
    """A file's name is seen by whoever lists the folder, and by every backup."""
    if re.search(rf"(?<![^\W_]){re.escape(code)}(?![^\W_])", output.stem, re.IGNORECASE):
        raise TestingTrackerError(
            f"The file's name would say that {code} is a participant. Give it a name without the code."
        )


def hand_out(desk: Desk, form: str, output: Path | None, *, overwrite: bool, made: Callable[[], InAForm]) -> None:
    """Print a report in a form, a table as wide as the terminal, or write it to a file as wide as a page."""
    check_no_pdf_at_terminal(form, output)
    if output is not None:
        with output_file(desk, output, overwrite=overwrite) as outgoing:
            report = made()
            outgoing.file.write(report.content)
            put_on_record(desk, report.export, outgoing)
        say(desk, f"Wrote {report.called} to {output}.")
        return
    from testing_tracker.reports.paper.words import narrow

    with narrow(width_of(sys.stdout) if form == "table" else None):
        report = made()
    if form != "table":
        mark_training(desk)
    with exported(desk, report.export):
        if form == "table":
            print_lines(report.content.decode().removesuffix("\n"))
        else:
            print_bytes(report.content)
