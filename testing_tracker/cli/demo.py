"""`demo`: a training facility with simulated weeks, to see what the program does."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import TRAINING, Desk, pass_desk
from testing_tracker.cli.desk.files import STANDARD_OUTPUT, OutputPath, in_full, look_at
from testing_tracker.cli.desk.opening import here_only
from testing_tracker.cli.desk.shown import behind
from testing_tracker.cli.help.page import LONG_NAME, SHORT_NAME
from testing_tracker.rules.words import Status

if TYPE_CHECKING:
    from datetime import date

    from testing_tracker.cli.board.lines import BoardSection
    from testing_tracker.clock import Clock

_WIDTH = 80  # columns, and 24 lines: what everybody's terminal has
_SHOWN = ("open", "came", "clinician")  # of the board; the rest is nothing that a newcomer has to know first
_MOST_ROWS = {"open": 2, "clinician": 1}


@click.command("demo")
@click.option(
    "--keep",
    type=OutputPath(),
    metavar="PATH",
    help="Make the demo's database here. There must be nothing yet. Default: a temporary folder.",
)
@pass_desk
def demo_command(desk: Desk, keep: Path | None) -> None:
    """Show a training facility after eight simulated weeks: its day, and what to try on it.

    The weekly report is written beside its database. Your own database is not touched.
    """
    here_only("demo")
    clock = desk.clock(services.facilities.find_zone(None).key)
    with _place(desk, keep) as path:
        monday = _build(path, clock)
        report = _write_report(path, monday)
        _show(path, monday, report)


@contextmanager
def _place(desk: Desk, keep: Path | None) -> Iterator[Path]:
    """Where the demo's database goes: the given path, or a folder of its own that goes where nothing came of it."""
    from testing_tracker.store.own_files import Output, check_place

    if keep == STANDARD_OUTPUT:
        raise click.UsageError("The demo's database does not go to standard output; give --keep a file.")
    if keep is not None:
        path = in_full(keep)
        for one in (path, _report_beside(path)):
            check_place(look_at(one), desk.location, Output.PAPER, overwrite=False)
        yield path
        return
    from tempfile import mkdtemp

    folder = Path(mkdtemp(prefix="tt-demo-"))
    try:
        yield folder / "demo.db"
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _report_beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}-report.html")


def _build(path: Path, clock: "Clock") -> "date":
    from testing_tracker.store.location import Location

    demo = services.demo
    with click.progressbar(
        length=demo.DAYS, label="Simulating eight weeks", file=behind(sys.stderr), hidden=not sys.stderr.isatty()
    ) as bar:
        return demo.build(Location(path), clock, lambda: bar.update(1))


def _write_report(path: Path, monday: "date") -> Path:
    """Write what `report weekly` says on that Monday into a page beside the database."""
    from contextlib import redirect_stdout
    from io import StringIO

    from testing_tracker.cli.report import weekly

    report = _report_beside(path)
    desk = Desk(str(path), monday.isoformat())
    arguments = ["--format", "html", "--output", str(report)]
    with redirect_stdout(StringIO()), weekly.make_context(weekly.name, arguments, obj=desk) as context:
        weekly.invoke(context)
    desk.close()
    return report


def _show(path: Path, monday: "date", report: Path) -> None:
    """Print the day as the board has it, and three commands; all of it fits on the smallest terminal."""
    from testing_tracker.cli.board.lines import sections
    from testing_tracker.cli.board.text import board_lines

    desk = Desk(str(path), monday.isoformat())
    with desk.reading() as work:
        board = services.board.read_board(work)
        found = [_for_newcomers(one) for one in sections(board, work.zone) if one.name in _SHOWN]
    desk.close()
    code = [line.participant for line in board.lines if line.due_on == monday and line.status == Status.DUE][-1]
    first, *lines = board_lines(board, found, _WIDTH - len(TRAINING) - 1)
    click.echo(f"{TRAINING} {first}")
    lines.remove("")  # the first one, for which there is no room
    click.echo("\n".join(lines))
    click.echo(f"The report of the week before is a page: {report}")
    click.echo("Copy and paste: a cup with cocaine; what a clinician decides; the day that stays")
    for words in (("result", code, "coc"), ("decide",), ("today", "--watch")):
        click.echo("\n".join(_to_paste(path, monday, words)))


def _for_newcomers(section: "BoardSection") -> "BoardSection":
    """A section without what is to be typed next, which stands below, and no longer than a small terminal has room."""
    rows = tuple(replace(row, commands=()) for row in section.rows)
    most = _MOST_ROWS.get(section.name, len(rows))
    if len(rows) <= most:
        return replace(section, rows=rows)
    from testing_tracker.cli.board.lines import BoardRow

    rest = BoardRow(f"more-{section.name}", "", "", f"{len(rows) - most} more")
    return replace(section, rows=(*rows[:most], rest), more=len(rows) - most)


def _to_paste(path: Path, monday: "date", words: tuple[str, ...]) -> list[str]:
    """A command as it works where it is pasted, on as many lines as it needs."""
    start = f"  {quote(_called())} --database {quote(str(path))}"
    end = f"--today {monday} {' '.join(map(quote, words))}"
    line = f"{start} {end}"
    return [line] if len(line) <= _WIDTH else [f"{start} \\", f"    {end}"]


def _called() -> str:
    """The program as the shell finds it: by its short name, or where it was called from."""
    called = Path(sys.argv[0])
    for name in (SHORT_NAME, LONG_NAME):
        found = shutil.which(name)
        if found is not None and Path(found).parent.resolve() == called.parent.resolve():
            return name
    return str(called.absolute()) if called.name in (SHORT_NAME, LONG_NAME) else LONG_NAME
