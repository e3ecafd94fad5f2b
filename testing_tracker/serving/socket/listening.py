"""The socket's file: who may use it, that nobody else's is in its place, and that it is there once."""

import fcntl
import grp
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from testing_tracker.errors import TestingTrackerError

LONGEST = 107 if os.uname().sysname == "Linux" else 103  # bytes of a path, in the system's sockaddr_un
_OWNER_ALONE, _GROUP_TOO = 0o600, 0o660
_FIRST_HANDED_OVER = 3  # descriptor, sd_listen_fds(3)
_WAITING = 128  # clients that the system keeps while the server is busy


def listen(path: Path, group: str | None) -> socket.socket:
    """A socket that listens at a path, for the owner alone or for a group too; it takes a dead server's place.

    Raises TestingTrackerError for a place that another server or something else has, a path too long, no such group.
    """
    if len(os.fsencode(path)) > LONGEST:
        raise TestingTrackerError(
            f"{path} is longer than the {LONGEST} bytes that the system lets a socket's path have. Give a shorter one: "
            "serve --socket PATH."
        )
    number = _number_of(group) if group is not None else None
    with _folder_to_ourselves(path):
        _check_place(path)
        return _bound(path, number)


def handed_over() -> socket.socket | None:
    """The listening socket that systemd started this process with, None where it did not."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    found = socket.socket(fileno=_FIRST_HANDED_OVER)
    if found.family != socket.AF_UNIX or not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise TestingTrackerError("What systemd handed over is no Unix socket that listens. Look at the .socket unit.")
    os.set_inheritable(_FIRST_HANDED_OVER, False)
    return found


def remove(listening: socket.socket, path: Path) -> None:
    """Stop listening, and take the file away where it is still this socket's."""
    with _folder_to_ourselves(path):
        listening.close()
        with suppress(OSError):
            if _is_dead(path):
                path.unlink()


def _bound(path: Path, group: int | None) -> socket.socket:
    made = path.with_name(f".{os.getpid()}")  # short: a path has few bytes
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        made.unlink(missing_ok=True)
        listening.bind(os.fspath(made))
        if group is not None:
            os.chown(made, -1, group)
            os.chmod(made, _GROUP_TOO)
        listening.listen(_WAITING)
        os.rename(made, path)
    except OSError as error:
        listening.close()
        made.unlink(missing_ok=True)
        raise TestingTrackerError(f"The server cannot listen at {path}: {error.strerror or error}.") from None
    finally:
        os.umask(before)
    return listening


def _check_place(path: Path) -> None:
    try:
        about = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(about.st_mode):
        raise TestingTrackerError(f"There is something else at {path}, no socket. Give another place.")
    if about.st_uid != os.getuid():
        raise TestingTrackerError(f"The socket at {path} is another account's. Give another place.")
    if not _is_dead(path):
        raise TestingTrackerError(f"A server listens at {path} already. Stop that one first, or give another place.")


def _is_dead(path: Path) -> bool:
    """Whether nobody listens at a socket's file any more."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.setblocking(False)
        try:
            asking.connect(os.fspath(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


@contextmanager
def _folder_to_ourselves(path: Path) -> Iterator[None]:
    """Meanwhile no other server begins or ends in this folder."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise TestingTrackerError(f"The server cannot listen in {path.parent}: {error.strerror}.") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _number_of(group: str) -> int:
    try:
        return int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise TestingTrackerError(f"There is no group {group!r} on this machine.") from None
