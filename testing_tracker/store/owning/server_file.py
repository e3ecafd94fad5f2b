"""The file beside a database that says which server has it, and that there is one at a time.

Whoever holds the file's lock is the server; what a dead one left in it says nothing.
"""

import fcntl
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


def running_server(location: AnyLocation) -> RunningServer | None:
    """The server that has a database now, None where there is none or nobody may know."""
    try:
        descriptor = os.open(location.beside(ENDING), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        said = os.read(descriptor, 65536)
    else:
        return None
    finally:
        os.close(descriptor)
    try:
        told = json.loads(said)
        since = datetime.fromisoformat(told["since"])
        return RunningServer(str(told["socket"]), str(told["version"]), since, int(told["commands"]))
    except (ValueError, KeyError, TypeError):
        return None
