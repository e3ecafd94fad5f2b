"""Csv files that commands take in, line by line."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.files import STANDARD_OUTPUT, Outgoing, OutputPath, output_file, overwrite_option
from testing_tracker.cli.desk.output import lost_ground_line, progress, recommendation_line
from testing_tracker.cli.desk.shown import binary_output
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.csv_cells import is_formula, protected, rows_to
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.rules.words import RecommendationStatus
from testing_tracker.store.given_files import MOST_OF_CSV, content_of, piped_content

if TYPE_CHECKING:
    from testing_tracker.services.exchange.imports import ImportReport
    from testing_tracker.store.work import Work

    Import = Callable[[Work, Iterable[str]], ImportReport]


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_Command = TypeVar("_Command", bound=Callable[..., object])


def import_arguments(command: _Command) -> _Command:
    """FILE and `--rejects`, for every import."""
    rejects = click.option(
        "--rejects",
        type=OutputPath(),
        metavar="FILE",
        help="Write the refused lines to FILE, to be mended and imported; - is standard output.",
    )
    overwrite = overwrite_option("Replace what stands at the FILE of --rejects.")
    return click.argument("file", metavar="FILE")(rejects(overwrite(command)))


def run_import(
    desk: Desk, file: str, rejects: Path | None, overwrite: bool, noun: str, take: "Import", note: str = ""
) -> None:
    """Import a file, say what became of its lines, and leave with status 1 when any was refused."""
    text = _read_text(file)
    if rejects is not None and file != "-" and rejects.exists() and rejects.samefile(file):
        raise TestingTrackerError("--rejects names the very file to be imported. Give another one.")
    if rejects is None:
        tally = _take(desk, text, take)
    elif rejects == STANDARD_OUTPUT:
        tally = _take(desk, text, take)
        _write_rejects(binary_output(), tally)
        binary_output().flush()
    else:
        # Opened first: if there can be no such file, nothing may have been imported.
        with output_file(desk, rejects, overwrite=overwrite) as out:
            tally = _take(desk, text, take, out)
    with redirect_stdout(sys.stderr) if rejects == STANDARD_OUTPUT else nullcontext():
        _say_what_became(desk, file, noun, tally, note)
    if tally.refused:
        click.get_current_context().exit(1)


def _say_what_became(desk: Desk, file: str, noun: str, tally: "ImportReport", note: str) -> None:
    for line in tally.refused:
        click.echo(in_one_line(f"{file}:{line.number}: {line.reason}"), err=True)
    for number, said in tally.notes:
        click.echo(in_one_line(f"{file}:{number}: note: {said.rstrip('.')}."), err=True)
    for raised in tally.recommendations:
        say(desk, recommendation_line(raised.number, raised.participant, RecommendationStatus.OPEN, raised.reason))
    for code, lost in tally.lost_grounds.items():
        say(desk, lost_ground_line(code, lost))
    counted = f"{noun}: {tally.taken} imported, {tally.unchanged} unchanged, {len(tally.refused)} refused."
    if tally.recommendations:
        counted += f" Recommendations raised or added to: {len(tally.recommendations)}."
    say(desk, counted + (f" {note}" if note else ""))


def _take(desk: Desk, text: str, take: "Import", rejects: Outgoing | None = None) -> "ImportReport":
    with desk.writing() as work, progress("Importing", len(text)) as advance:
        tally = take(work, _followed(text, advance))
        work.write_page()  # while the bar is there
        if rejects is not None:  # before the good lines are on record: whoever mends them has them all
            _write_rejects(rejects.file, tally)
            rejects.put()
        return tally


def _read_text(file: str) -> str:
    try:
        is_piped = file == "-"
        content = piped_content(MOST_OF_CSV) if is_piped else content_of(Path(file), MOST_OF_CSV, may_be_a_pipe=True)
    except OSError as error:
        raise TestingTrackerError(f"Cannot read {file}: {error.strerror}. Nothing was changed.") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TestingTrackerError(
            f"{file}:{line}: the file is not UTF-8 text. Save it as CSV UTF-8 and try again; nothing was changed."
        ) from None


def _followed(text: str, advance: Callable[[int], None]) -> Iterator[str]:
    for found in _LINE.finditer(text):  # a StringIO would take four times the memory
        advance(len(found[0]))
        yield found[0]


def _write_rejects(out: IO[bytes], tally: "ImportReport") -> None:
    for raw in (tally.header, *(_protected_line(line.raw) for line in tally.refused)):
        out.write(raw.encode())
        if not raw.endswith(("\n", "\r")):
            out.write(b"\n")


def _protected_line(raw: str) -> str:
    """A refused line as it stood, but that no spreadsheet computes a cell of it; importing it takes that back."""
    import csv
    import io

    try:
        rows = list(csv.reader([raw], strict=True, skipinitialspace=True))
    except csv.Error:
        return raw  # what is wrong with it is there to be mended
    if len(rows) != 1 or not any(map(is_formula, rows[0])):
        return raw
    text = io.StringIO(newline="")
    rows_to(text).writerow([protected(cell) for cell in rows[0]])
    return text.getvalue()


@click.command("import")
@import_arguments
@pass_desk
def participant_import(desk: Desk, file: str, rejects: Path | None, overwrite: bool) -> None:
    """Enrol the participants of a CSV file; `-` reads standard input.

    Columns: participant,level,schedule,enrolled_on and, if you like, name. Every good line is taken, every bad one is
    named; a line imported twice changes nothing.
    """
    run_import(desk, file, rejects, overwrite, "Participants", services.participant_lines.import_participants)


@click.command("import")
@import_arguments
@pass_desk
def result_import(desk: Desk, file: str, rejects: Path | None, overwrite: bool) -> None:
    """Log the results of a CSV file; `-` reads standard input.

    Columns: participant,due_on,outcome and, if you like, analytes (separated by ;), collected_at, note and kind
    (scheduled or for-cause, for a day with both). The rows of one specimen, such as one row a drug, are one result.
    Every good line is taken, every bad one is named; a line of which all is on record changes nothing, nor does one
    that was corrected since, and one that differs is refused with what differs.
    """
    run_import(desk, file, rejects, overwrite, "Results", services.result_lines.import_results)
