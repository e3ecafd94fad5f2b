"""A database's server from its start to its end: the socket, what is made ready, the turns beside it, and the loop."""

import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from testing_tracker import __version__
from testing_tracker.clock import Clock
from testing_tracker.errors import TestingTrackerError
from testing_tracker.serving import events
from testing_tracker.serving.daily_looks import DailyLooks
from testing_tracker.serving.events import Event
from testing_tracker.serving.serve import serve
from testing_tracker.serving.socket import listening, renewal
from testing_tracker.serving.socket.child import RunLine
from testing_tracker.serving.socket.parent import Helpers, SocketServer, leave
from testing_tracker.serving.socket.renewal import Kept, OwnFiles
from testing_tracker.serving.socket.warm import warm
from testing_tracker.serving.turn import Plan
from testing_tracker.store import sqlite_file
from testing_tracker.store.encryption import key_place
from testing_tracker.store.location import AnyLocation, Location, ServerLocation
from testing_tracker.store.owning import write_ahead
from testing_tracker.store.owning.server_file import RunningServer, ServerFile


def refuse_on_a_server(location: AnyLocation) -> None:
    """Raise TestingTrackerError for a database on a server: it knows everybody at this socket as one and the same."""
    if isinstance(location, ServerLocation):
        raise TestingTrackerError(
            f"{location} knows each person by a login of their own, and whoever came by a socket would be there as the "
            "account that serves it. Give each of the staff the URL instead, as docs/postgresql.md has it; `serve` "
            "without --socket makes the nights."
        )


@dataclass
class Service:
    """Where to serve and for whom. `run_line` is what a command's process does; `run_here` runs one in this process.

    `looks` are what the turns' process has the records looked at by.
    """

    plan: Plan
    path: Path
    group: str | None
    run_line: RunLine
    run_here: Callable[[Sequence[str]], object]
    looks: DailyLooks | None = None

    def serve(self) -> None:
        """Serve until told to stop. Raises TestingTrackerError where it cannot listen, or another server does."""
        os.umask(0o077)
        kept = renewal.from_before() or self._begun()
        location = self.plan.location
        is_encrypted = isinstance(location, Location) and sqlite_file.is_encrypted(location.path)
        if is_encrypted:
            key_place.keep()
        environment = dict(os.environ)
        hold, files = ServerFile(kept.lock), OwnFiles()
        write_ahead.begin(self.plan.location)
        warm(self.run_here, is_encrypted=is_encrypted)
        since = Clock(ZoneInfo("UTC")).now()

        def tell(commands: int) -> None:
            hold.tell(RunningServer(f"unix:{self.path}", __version__, since, commands))

        tell(kept.commands)
        events.tell(Event.LISTENING, f"listening at unix:{self.path}")
        server = SocketServer(
            listening=kept.listening,
            run=self.run_line,
            environment=environment,
            helpers=Helpers(lambda: serve(self.plan, self.looks)),
            told=tell,
            is_to_renew=files.have_changed,
            connections=kept.connections,
            commands=kept.commands,
        )
        if server.serve():
            events.tell(Event.RENEWED, "its own files have changed: it starts anew, and what is running goes on")
            sys.stdout.flush()
            now = Kept(kept.listening, kept.lock, server.connections, server.commands, kept.is_handed_over)
            renewal.become_anew(environment, now)
        self._end(kept)

    def _begun(self) -> Kept:
        hold = ServerFile.take(self.plan.location)
        given = listening.handed_over()
        listens: socket.socket = given or listening.listen(self.path, self.group)
        return Kept(listens, hold.descriptor, {}, 0, given is not None)

    def _end(self, kept: Kept) -> None:
        if not kept.is_handed_over:
            listening.remove(kept.listening, self.path)
        write_ahead.end(self.plan.location)
        ServerFile(kept.lock).leave()
        events.tell(Event.STOPPED, "stopped listening", in_a_turn=False)
        leave(0)
