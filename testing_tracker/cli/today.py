"""`today`: the board, once or staying on the screen; and what the program shows when nothing else is asked."""

import click

from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.output import format_option
from testing_tracker.cli.desk.parameter_types import DAY
from testing_tracker.cli.desk.terminal import in_its_lines


@click.command("today")
@click.option("--on", type=DAY, metavar="DATE", help="An earlier day. Default: today.")
@click.option("--plain", is_flag=True, help="One fact a line, for a screen reader.")
@click.option("--watch", is_flag=True, help="Stay on the screen and follow the records; keys act on a line.")
@format_option
@pass_desk
def today_command(desk: Desk, on: str | None, plain: bool, watch: bool, form: str) -> None:
    """The board: who is due, who came, what is open and why, with the command that is next.

    Also what is left over from earlier days, what waits for a clinician or a laboratory, and what ran by itself. Where
    several facilities share the database and none is named, it has the counts of each.
    """
    if watch + plain + (form != "table") > 1 or (watch and on is not None):
        raise click.UsageError("--watch, --plain and --format are three ways to show it; --watch is of today.")
    if watch:
        from testing_tracker.cli.watch import stay

        stay(desk)
        return
    from testing_tracker.cli.board.shown import show_board  # who lists the commands need not wait for it

    show_board(desk, on, form, plain=plain)


def show_first(context: click.Context, desk: Desk) -> None:
    """What the program shows without a command: the board where there is a database, or else its help (status 2)."""
    from testing_tracker.cli.board.shown import show_board
    from testing_tracker.cli.desk.pasting import typed

    if desk.lacks_database():
        click.echo(context.get_help(), err=True)
        said = (
            f"There is no database at {desk.location} yet. `{typed(('demo',))}` shows what this is; "
            f"`{typed(('init',))}` makes yours."
        )
        click.echo(f"\n{in_its_lines(said, err=True)}", err=True)
        context.exit(2)
    with context.scope():
        show_board(desk)
