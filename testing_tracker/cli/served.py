"""What a server's process does for a command that somebody typed at its socket."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli import program
from testing_tracker.cli.desk.desk import AtFacility, Desk

if TYPE_CHECKING:
    from testing_tracker.serving.socket.child import Line
    from testing_tracker.store.location import AnyLocation

_ASKS_LIKE = "status"  # what every role may ask for


def runs_lines(location: "AnyLocation", called: str) -> "Callable[[Line], None]":
    """What runs the command lines at the socket of a database, which people know by `called`."""

    def run_line(line: "Line") -> None:
        from testing_tracker.cli.command_line import refused_in_a_line, run
        from testing_tracker.cli.desk import opening
        from testing_tracker.store import location as places

        while click.get_current_context(silent=True):
            click.globals.pop_context()  # of the server's own command
        places.serve_only(location, called)
        opening.ask_through(line.channel)
        if line.since:
            with refused_in_a_line():
                _tell_what_is_on_record(line)
        else:
            run(line.words, line.called)

    return run_line


def _tell_what_is_on_record(line: "Line") -> None:
    """Say on standard error what the account has put on record since its command was begun.

    It is told what it did itself, so it needs to be on the list and no more; nobody's record is looked at.
    """
    context = program.make_context(line.called, list(line.words), resilient_parsing=True)
    desk = Desk(*(context.params.get(name) for name in ("database", "today", "facility")))
    since = datetime.fromtimestamp(line.since, UTC)
    with context, click.Context(program, parent=context, info_name=_ASKS_LIKE):
        told = [said for at in desk.each_facility() for said in _acts_at(at, since)]
    for said in told or ["Nothing. You may give the command again."]:
        click.echo(f"  {said}", err=True)


def _acts_at(at: AtFacility, since: datetime) -> list[str]:
    with at.desk.reading(_ASKS_LIKE) as work:
        # A pretended day is one moment.
        acts = services.audit.acts_since(work, work.account, min(since, work.now))
    return [
        f"{one.at:%Y-%m-%d %H:%M:%S} {at.mark}{one.said}{f' of {one.participant}' if one.participant else ''}"
        for one in acts
    ]
