"""Spreadsheets that commands take in, line by line."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.files import STANDARD_OUTPUT, Outgoing, OutputPath, is_same, output_file, overwrite_option
from testing_tracker.cli.desk.opening import door
from testing_tracker.cli.desk.output import lost_ground_line, recommendation_line, steps
from testing_tracker.cli.desk.parameter_types import CaselessChoice
from testing_tracker.cli.desk.shown import binary_output
from testing_tracker.cli.desk.terminal import in_its_lines
from testing_tracker.cli.help.page import WithExamples
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.columns import PARTICIPANTS, RESULTS, Columns
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.rules.words import RecommendationStatus
from testing_tracker.store.given_files import MOST_OF_CSV, piped_content

if TYPE_CHECKING:
    from testing_tracker.rules.exchange.sheet import Sheet
    from testing_tracker.services.exchange.imports import ImportReport
    from testing_tracker.store.work import Work

    Import = Callable[[Work, Sheet], ImportReport]

_ORDERS = ("mdy", "dmy", "ymd")
_LONGEST_MAP = 200


class GivenFile(click.ParamType[str]):
    """The type of every argument that names a file to be imported, or with `-` standard input."""

    name = "given file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Ask the shell for names of files."""
        return [CompletionItem(incomplete, type="file")]


@dataclass(frozen=True)
class Given:
    """What was given to an import: the file, how to read it, and what to do with it."""

    columns: Columns
    file: str
    rejects: Path | None
    overwrite: bool
    dates: str | None
    sheet: str | None
    mappings: Mapping[str, str]
    dry_run: bool


def import_arguments(columns: Columns) -> Callable[[Callable[[Given], None]], Callable[..., None]]:
    """FILE and the options of every import, which the command gets as one."""

    def add(command: Callable[[Given], None]) -> Callable[..., None]:
        @wraps(command)
        def with_given(**given: Any) -> None:  # noqa: ANN401  its fields, by the options below
            command(Given(columns, **given))

        added: Callable[..., None] = with_given
        for option in reversed(_options(columns)):
            added = option(added)
        return click.argument("file", metavar="FILE", type=GivenFile())(added)

    return add


def _options(columns: Columns) -> list[Callable[[Callable[..., None]], Callable[..., None]]]:
    return [
        click.option(
            "--map",
            "mappings",
            multiple=True,
            metavar='"THEIRS=OURS"',
            callback=_mappings_of(columns),
            help=f'The file\'s own name of a column, such as "Client ID={columns.needed[0]}". May be repeated.',
        ),
        click.option(
            "--dates",
            type=CaselessChoice(_ORDERS),
            help="How dates like 11/12/2026 are meant where the file does not show it: month (mdy) or day first (dmy).",
        ),
        click.option("--sheet", metavar="NAME", help="The sheet of an .xlsx or .ods, by its name or number."),
        click.option("--dry-run", is_flag=True, help="Check everything and say what would be done; write nothing."),
        click.option(
            "--rejects",
            type=OutputPath(),
            metavar="FILE",
            help="Write the refused lines to FILE, to be mended and imported; - is standard output.",
        ),
        overwrite_option("Replace what stands at the FILE of --rejects."),
    ]


def _mappings_of(columns: Columns) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], Mapping[str, str]]:
    def read(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> Mapping[str, str]:
        from testing_tracker.rules.exchange.header import read_mappings

        if any(len(one) > _LONGEST_MAP for one in given):
            raise click.BadParameter(f"the most are {_LONGEST_MAP} characters", ctx, parameter)
        try:
            return read_mappings(columns, given)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, parameter) from None

    return read


def columns_in_words(columns: Columns) -> str:
    """The end of an import's help: its columns, each with what stands there, and a file that can be imported."""
    needed = [_column(name, columns) for name in columns.needed]
    optional = [_column(name, columns) for name in columns.optional]
    other = [f"Or only {','.join(one)}, where a label is on record." for one in columns.alternatives[1:]]
    blocks = [["Needed columns:", *needed, *other]]
    blocks += [["If you like:", *optional]] if optional else []
    blocks += [["A file that can be imported:", *(f"  {line}" for line in columns.example.splitlines())]]
    return "\n\n".join("\n".join(["\b", *lines]) for lines in blocks)


def _column(name: str, columns: Columns) -> str:
    return f"  {name:<16}  {columns.words[name]}"


def run_import(desk: Desk, given: Given, noun: str, take: "Import", note: str = "") -> None:
    """Import a file, say what became of its lines, and leave with status 1 when any was refused."""
    sheet = _sheet(given)
    rejects = given.rejects
    if rejects not in (None, STANDARD_OUTPUT) and given.file != "-" and is_same(rejects, Path(given.file)):
        raise TestingTrackerError("--rejects names the very file to be imported. Give another one.")
    if rejects is None:
        tally = _take(desk, given, sheet, take)
    elif rejects == STANDARD_OUTPUT:
        tally = _take(desk, given, sheet, take)
        _write_rejects(binary_output(), sheet, tally)
        binary_output().flush()
    else:
        # Opened first: if there can be no such file, nothing may have been imported.
        with output_file(desk, rejects, overwrite=given.overwrite) as out:
            tally = _take(desk, given, sheet, take, out)
    with redirect_stdout(sys.stderr) if rejects == STANDARD_OUTPUT else nullcontext():
        _say_what_became(desk, given, noun, tally, note)
    if rejects is not None and tally.refused and len(set(sheet.decided.values())) == 1:
        # What shows the order may stand in a line that was taken.
        warn(f"import the refused lines with --dates {next(iter(sheet.decided.values()))}, as this file was read.")
    if tally.refused:
        click.get_current_context().exit(1)


def _sheet(given: Given) -> "Sheet":
    from testing_tracker.rules.exchange.day_order import DayOrder
    from testing_tracker.rules.exchange.given_sheet import HowToRead, open_sheet

    file = given.file
    try:
        is_piped = file == "-"
        content = (
            piped_content(MOST_OF_CSV) if is_piped else door().content(Path(file), MOST_OF_CSV, may_be_a_pipe=True)
        )
    except OSError as error:
        raise TestingTrackerError(f"Cannot read {file}: {error.strerror}. Nothing was changed.") from None
    how = HowToRead(DayOrder(given.dates) if given.dates is not None else None, given.sheet, given.mappings)
    return open_sheet(content, file, given.columns, how)


def _tell(text: str) -> None:
    """Something about a line of the file, on standard error."""
    click.echo(in_its_lines(in_one_line(text), err=True), err=True)


def _say_what_became(desk: Desk, given: Given, noun: str, tally: "ImportReport", note: str) -> None:
    file, dry = given.file, given.dry_run
    for line in tally.refused:
        _tell(f"{file}:{line.number}: {line.reason}")
    for number, said in sorted(tally.notes):
        _tell(f"{file}:{number}: note: {said.rstrip('.')}.")
    for raised in tally.recommendations:
        status = RecommendationStatus.OPEN
        if dry:
            say(desk, f"Would be recommended for {raised.participant}: {raised.reason}. A clinician decides.")
        else:
            say(desk, recommendation_line(raised.number, raised.participant, status, raised.reason))
    for code, lost in tally.lost_grounds.items():
        say(desk, f"Would be told: {lost_ground_line(code, lost)}" if dry else lost_ground_line(code, lost))
    imported = "would be imported" if dry else "imported"
    counted = f"{noun}: {tally.taken} {imported}, {tally.unchanged} unchanged, {len(tally.refused)} refused."
    if tally.recommendations:
        raised_or_added = "that would be raised" if dry else "raised"
        counted += f" Recommendations {raised_or_added} or added to: {len(tally.recommendations)}."
    ending = " Nothing was written: this was a dry run." if dry else ""
    say(desk, counted + (f" {note}" if note else "") + ending)


class _Rehearsed(Exception):
    """Ends a transaction of which nothing is to stay."""


@contextmanager
def _transaction(desk: Desk, *, dry_run: bool) -> Iterator["Work"]:
    """A transaction, of which nothing stays in a dry run."""
    try:
        with desk.writing() as work:
            yield work
            if dry_run:
                for said in work.meant.values():
                    warn(f"{said}.")
                raise _Rehearsed
    except _Rehearsed:
        pass


def _take(desk: Desk, given: Given, sheet: "Sheet", take: "Import", rejects: Outgoing | None = None) -> "ImportReport":
    with _transaction(desk, dry_run=given.dry_run) as work, steps() as begun:
        sheet.follow = begun("Importing", sheet.table.size)
        work = replace(work, begun=begun)
        tally = take(work, sheet)
        if not given.dry_run:
            work.write_page()  # while the bar is there
        if rejects is not None:  # before the good lines are on record: whoever mends them has them all
            _write_rejects(rejects.file, sheet, tally)
            rejects.put()
    return tally


def _write_rejects(out: IO[bytes], sheet: "Sheet", tally: "ImportReport") -> None:
    for raw in (tally.header, *(sheet.table.protected(line.raw) for line in tally.refused)):
        out.write(raw.encode())
        if not raw.endswith(("\n", "\r")):
            out.write(b"\n")


@click.command("import", epilog=columns_in_words(PARTICIPANTS))
@import_arguments(PARTICIPANTS)
@pass_desk
def participant_import(desk: Desk, given: Given) -> None:
    """Enrol the participants of a spreadsheet (csv, .xlsx, .ods); `-` reads standard input.

    Every good line is taken, every bad one is named with all that is wrong with it; a line imported twice changes
    nothing. The columns may stand in any order.
    """
    run_import(desk, given, "Participants", services.participant_lines.import_participants)


@click.command("import", cls=WithExamples, epilog=columns_in_words(RESULTS))
@import_arguments(RESULTS)
@pass_desk
def result_import(desk: Desk, given: Given) -> None:
    """Log the results of a spreadsheet (csv, .xlsx, .ods); `-` reads standard input.

    The rows of one specimen, such as one row a drug, are one result. Every good line is taken, every bad one is named
    with all that is wrong with it; a line of which all is on record changes nothing, nor does one that was corrected
    since, and one that differs is refused with what differs. The columns may stand in any order.
    """
    run_import(desk, given, "Results", services.result_lines.import_results)
