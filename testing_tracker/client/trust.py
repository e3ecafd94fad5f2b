"""Whether a socket is what it seems: whoever listens there is told codes, and says what is on record."""

import _socket
import os
import stat
import sys

_LOCAL_PEERCRED = 1  # on macOS and the BSDs, of the level 0; the system's header un.h
_SUPERUSER = 0


class DistrustedError(Exception):
    """Why nothing is said to a socket, and what to do, in a sentence or two for a person."""


def owner_of(path: str) -> int:
    """The account's number that owns a socket nobody else can have put there.

    Raises DistrustedError where there is none, or where somebody else could have. Links in front of it are followed.
    """
    try:
        about, folder = os.stat(path), os.stat(os.path.dirname(path) or ".")
    except FileNotFoundError:
        raise DistrustedError(
            f"There is no server at {path}. Have it started: `testing-tracker --database FILE serve --socket`."
        ) from None
    except OSError as error:
        raise DistrustedError(f"The socket {path} cannot be reached: {error.strerror}.") from None
    if not stat.S_ISSOCK(about.st_mode):
        raise DistrustedError(f"{path} is not a socket. Give the one of the server, as unix:PATH.")
    if folder.st_uid not in (about.st_uid, _SUPERUSER):
        raise DistrustedError(
            f"The socket {path} is of another account than the folder that it is in, so nothing was sent to it."
        )
    is_open = folder.st_mode & stat.S_IWOTH or (folder.st_mode & stat.S_IWGRP and folder.st_uid != about.st_uid)
    if is_open:
        raise DistrustedError(
            f"Others may write to the folder of the socket {path}, so it could be anybody's, and nothing was sent to "
            "it. Have the server listen in a folder of its own."
        )
    return about.st_uid


def check_peer(listener: int, owner: int, path: str) -> None:
    """Raise DistrustedError where who listens is neither the socket's owner nor the system's own account."""
    if listener not in (owner, _SUPERUSER):
        raise DistrustedError(
            f"Another account (uid {listener}) listens at {path} than the one that owns it (uid {owner}), so nothing "
            "was sent to it."
        )


def peer_of(connection: _socket.socket) -> int:
    """The number of the account at the other end, as the system's kernel says. Raises OSError where it does not."""
    if sys.platform == "linux":
        about = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)  # pid, uid, gid
    else:
        about = connection.getsockopt(0, _LOCAL_PEERCRED, 76)  # struct xucred: version, uid, …
    return int.from_bytes(about[4:8], sys.byteorder)
