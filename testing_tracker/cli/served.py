"""What a server's process does for a command that somebody typed at its socket."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from testing_tracker.serving.socket.child import Line
    from testing_tracker.store.location import AnyLocation


def runs_lines(location: "AnyLocation", called: str) -> "Callable[[Line], None]":
    """What runs the command lines at the socket of a database, which people know by `called`."""

    def run_line(line: "Line") -> None:
        from testing_tracker.cli.command_line import run
        from testing_tracker.store import location as places

        while click.get_current_context(silent=True):
            click.globals.pop_context()  # of the server's own command
        places.serve_only(location, called)
        run(line.words, line.called)

    return run_line
