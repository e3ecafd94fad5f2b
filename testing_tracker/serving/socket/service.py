"""A database's server from its start to its end: the socket, what is made ready, the turns beside it, and the loop."""

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from testing_tracker.serving import events
from testing_tracker.serving.events import Event
from testing_tracker.serving.serve import serve
from testing_tracker.serving.socket import listening
from testing_tracker.serving.socket.child import RunLine
from testing_tracker.serving.socket.parent import Helpers, SocketServer, leave
from testing_tracker.serving.socket.warm import warm
from testing_tracker.serving.turn import Plan


@dataclass
class Service:
    """Where to serve and for whom. `run_line` is what a command's process does; `run_here` runs one in this process."""

    plan: Plan
    path: Path
    group: str | None
    run_line: RunLine
    run_here: Callable[[Sequence[str]], object]

    def serve(self) -> None:
        """Serve until told to stop. Raises TestingTrackerError where it cannot listen."""
        environment = dict(os.environ)
        warm(self.run_here)
        listens = listening.listen(self.path, self.group)
        events.tell(Event.LISTENING, f"listening at unix:{self.path}")
        server = SocketServer(listens, self.run_line, environment, Helpers(lambda: serve(self.plan)))
        server.serve()
        self._end(listens)

    def _end(self, listens: socket.socket) -> None:
        listening.remove(listens, self.path)
        events.tell(Event.STOPPED, "stopped listening")
        leave(0)
