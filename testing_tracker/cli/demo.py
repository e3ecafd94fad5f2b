"""`demo`: a training facility with simulated weeks, to see what the program does."""

import sys
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.files import STANDARD_OUTPUT, OutputPath
from testing_tracker.cli.desk.shown import behind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from testing_tracker.clock import Clock


@click.command("demo")
@click.option(
    "--keep",
    type=OutputPath(),
    metavar="PATH",
    help="Keep the demo's database here, to try the other commands on. There must be nothing yet.",
)
@pass_desk
def demo_command(desk: Desk, keep: Path | None) -> None:
    """Show a training facility with eight simulated weeks, and its weekly report.

    Your own database is not touched.
    """
    clock = desk.clock(services.facilities.find_zone(None).key)
    with _place(desk, keep) as path:
        monday = _build(path, clock)
        code, number = _show(path, monday)
    click.echo()
    if keep is None:
        click.echo("The demo's database is gone again; `testing-tracker demo --keep demo.db` makes one that stays.")
    _say_what_next(keep or Path("demo.db"), monday, code, number)


@contextmanager
def _place(desk: Desk, keep: Path | None) -> "Iterator[Path]":
    """Where the demo's database goes: the given path, or a folder that is gone afterwards."""
    from testing_tracker.store.own_files import Output, check_place

    if keep == STANDARD_OUTPUT:
        raise click.UsageError("The demo's database does not go to standard output; give --keep a file.")
    if keep is not None:
        path = keep.expanduser().absolute()
        check_place(path, desk.location, Output.PAPER, overwrite=False)
        yield path
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="testing-tracker-demo-") as folder:
        yield Path(folder) / "demo.db"


def _build(path: Path, clock: "Clock") -> "date":
    from testing_tracker.store.location import Location

    demo = services.demo
    with click.progressbar(
        length=demo.DAYS, label="Simulating eight weeks", file=behind(sys.stderr), hidden=not sys.stderr.isatty()
    ) as bar:
        return demo.build(Location(path), clock, lambda: bar.update(1))


def _show(path: Path, monday: "date") -> tuple[str, int]:
    """Print what `report weekly` and `recommendation list --open` print on that Monday.

    Returns a participant who is due and an open recommendation, to try things on.
    """
    from testing_tracker.cli.recommendation import list_recommendations
    from testing_tracker.cli.report import weekly

    desk = Desk(str(path), monday.isoformat())
    for command, arguments in ((weekly, []), (list_recommendations, ["--open"])):
        click.echo()
        with command.make_context(command.name, list(arguments), obj=desk) as context:
            command.invoke(context)
    with desk.reading() as work:
        due = services.draws.due(work, monday)
        waiting = services.recommendations.listed(work)
    desk.engine.dispose()
    return due[0].participant, waiting[0].id


def _say_what_next(path: Path, monday: "date", code: str, number: int) -> None:
    program = f"testing-tracker --database {quote(str(path))} --today {monday}"
    click.echo("What to try next:")
    click.echo(f"  {program} due")
    click.echo(f"  {program} result {code} positive --analyte cocaine")
    click.echo(f"  {program} recommendation accept {number}")
    click.echo(f"  {program} report weekly --format csv")
