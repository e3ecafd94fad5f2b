"""What a server's process does for a command that somebody typed at its socket."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli import program
from testing_tracker.cli.desk.desk import Desk

if TYPE_CHECKING:
    from testing_tracker.serving.socket.child import Line
    from testing_tracker.store.location import AnyLocation


def runs_lines(location: "AnyLocation", called: str) -> "Callable[[Line], None]":
    """What runs the command lines at the socket of a database, which people know by `called`."""

    def run_line(line: "Line") -> None:
        from testing_tracker.cli.command_line import run
        from testing_tracker.cli.desk import opening
        from testing_tracker.store import location as places

        while click.get_current_context(silent=True):
            click.globals.pop_context()  # of the server's own command
        places.serve_only(location, called)
        opening.ask_through(line.channel)
        if line.since:
            _tell_what_is_on_record(line)
        else:
            run(line.words, line.called)

    return run_line


def _tell_what_is_on_record(line: "Line") -> None:
    """Say on standard error what the account has put on record since its command was begun."""
    context = program.make_context(line.called, list(line.words), resilient_parsing=True)
    desk = Desk(*(context.params.get(name) for name in ("database", "today", "facility")))
    since = datetime.fromtimestamp(line.since, UTC)
    is_any = False
    for at in desk.each_facility():
        with at.desk.reading() as work:
            for one in services.since.put_on_record_since(work, since):
                is_any = True
                whose = f" of {one.participant}" if one.participant else ""
                local = f"{one.at.astimezone(work.zone):%Y-%m-%d %H:%M:%S}"
                click.echo(f"  {local} {at.mark}{one.act}{whose}", err=True)
    if not is_any:
        click.echo("  Nothing. You may give the command again.", err=True)
