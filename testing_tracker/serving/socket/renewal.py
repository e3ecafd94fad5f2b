"""How a server starts anew when its own files have changed: with its socket, and with the commands that are running.

It stays the same process for the system, so its children stay its children.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import testing_tracker
from testing_tracker.serving.socket.connections import Connection
from testing_tracker.serving.socket.peer import Peer

_VARIABLE = "_TESTING_TRACKER_SERVER"  # what a server says to the one that it becomes
_SECONDS_BETWEEN_LOOKS = 5.0
_SECONDS_TO_START = 20


class OwnFiles:
    """The files that this process was loaded from, as they were then."""

    def __init__(self) -> None:
        package = Path(testing_tracker.__file__).parent
        # An installation makes and removes folders beside the package.
        self._few = [package / "__init__.py", package, package.parent]
        self._all = sorted({Path(file) for module in list(sys.modules.values()) if (file := _file_of(module))})
        self._before = self._marks(self._few), self._marks(self._all)
        self._looked_at = 0.0

    def have_changed(self, closely: bool) -> bool:
        """Whether they have, and those that are there now are whole: a program that starts."""
        if self._marks(self._few) == self._before[0] and not (closely and self._marks(self._all) != self._before[1]):
            return False
        now = time.monotonic()
        if now - self._looked_at < _SECONDS_BETWEEN_LOOKS:
            return False
        self._looked_at = now
        marks = self._marks(self._all)
        return _starts() and self._marks(self._all) == marks

    def _marks(self, paths: list[Path]) -> list[tuple[int, int] | None]:
        return [_mark(path) for path in paths]


def _file_of(module: object) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else None


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_ino


def _starts() -> bool:
    command = [sys.executable, "-c", "import testing_tracker.cli.serve, testing_tracker.serving.socket.service"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS_TO_START, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@dataclass(frozen=True)
class Kept:
    """What a server has from the one that it was before."""

    listening: socket.socket
    lock: int
    connections: dict[int, Connection]
    commands: int
    is_handed_over: bool


def become_anew(environment: Mapping[str, str], kept: Kept) -> NoReturn:
    """Start this program once more in this process. Raises OSError where the system does not."""
    running = [[number, one.peer.uid, one.pid] for number, one in kept.connections.items() if one.pid]
    said = [kept.listening.fileno(), kept.lock, running, kept.commands, kept.is_handed_over]
    for number in (kept.listening.fileno(), kept.lock, *(one[0] or 0 for one in running)):
        os.set_inheritable(number, True)
    os.execve(sys.executable, sys.orig_argv, {**environment, _VARIABLE: json.dumps(said)})


def from_before() -> Kept | None:
    """What this process has from the server that it was before, None where it was none."""
    said = os.environ.pop(_VARIABLE, None)
    if said is None:
        return None
    listening, lock, running, commands, is_handed_over = json.loads(said)
    connections = {}
    for number, uid, pid in running:
        of = socket.socket(fileno=number)
        of.setblocking(False)
        os.set_inheritable(number, False)
        connections[number] = Connection(of, Peer(uid), time.monotonic(), pid)
    for number in (listening, lock):
        os.set_inheritable(number, False)
    return Kept(socket.socket(fileno=listening), lock, connections, commands, is_handed_over)
