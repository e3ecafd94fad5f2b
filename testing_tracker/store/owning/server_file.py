"""The file beside a database that says which server has it, and that there is one at a time.

Whoever holds the file's lock is the server. One that was told to stop leaves it empty; one that died leaves what it
said.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.location import AnyLocation

ENDING = ".server"


@dataclass(frozen=True)
class RunningServer:
    """A server that has the database now; `since` is in UTC, `commands` how many it has begun."""

    socket: str
    version: str
    since: datetime
    commands: int


class ServerFile:
    """The server's hold on its database. Open it by `take`; it is let go when the process ends."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def take(cls, location: AnyLocation) -> "ServerFile":
        """Be the database's server. Raises TestingTrackerError where another one is."""
        import fcntl

        path = location.beside(ENDING)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise TestingTrackerError(f"Cannot write {path}: {error.strerror}.") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise TestingTrackerError(
                f"A server has {location} already. Stop that one first; `testing-tracker status` says where it listens."
            ) from None
        return cls(descriptor)

    def tell(self, running: RunningServer) -> None:
        """Say what there is to know of the server."""
        content = json.dumps(asdict(running), default=str).encode()
        os.pwrite(self.descriptor, content, 0)
        os.ftruncate(self.descriptor, len(content))

    def leave(self) -> None:
        """Say that there is to be no server any more, so that nobody misses it."""
        os.ftruncate(self.descriptor, 0)


def running_server(location: AnyLocation) -> RunningServer | None:
    """The server that has a database now, None where there is none or nobody may know."""
    is_held, told = _read(location)
    return told if is_held else None


def lost_server(location: AnyLocation) -> RunningServer | None:
    """The server that had a database and ended without being told to, None where there is none or another one now."""
    is_held, told = _read(location)
    return None if is_held else told


def _read(location: AnyLocation) -> tuple[bool, RunningServer | None]:
    """Whether a server has a database now, and what the last one said of itself."""
    try:
        import fcntl
    except ImportError:  # Windows has no such server
        return False, None
    try:
        descriptor = os.open(location.beside(ENDING), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False, None
    is_held = False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        is_held = True
    try:
        return is_held, _told_in(os.read(descriptor, 65536))
    finally:
        os.close(descriptor)


def _told_in(said: bytes) -> RunningServer | None:
    try:
        told = json.loads(said)
        since = datetime.fromisoformat(told["since"])
        return RunningServer(str(told["socket"]), str(told["version"]), since, int(told["commands"]))
    except (ValueError, KeyError, TypeError):
        return None
