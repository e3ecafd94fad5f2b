"""Who is at the other end of a socket, as the system's kernel says; never what they say themselves."""

import os
import socket
import struct
import sys
from dataclasses import dataclass

from testing_tracker.account import account_of

_LOCAL_PEERCRED = 1  # of the level 0, on macOS and the BSDs
_XUCRED = struct.Struct("=II")  # its version and the account's number; groups follow


@dataclass(frozen=True)
class Peer:
    """An account, by its number."""

    uid: int

    @property
    def account(self) -> str:
        """Its name, or `uid N`."""
        return account_of(self.uid)

    @property
    def is_owner(self) -> bool:
        """Whether it is the account that the server runs as."""
        return self.uid == os.getuid()


def peer_of(connection: socket.socket) -> Peer:
    """Who connected. Raises OSError where the kernel does not say."""
    if sys.platform == "linux":
        size = struct.calcsize("3i")
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return Peer(uid & 0xFFFFFFFF)
    about = connection.getsockopt(0, _LOCAL_PEERCRED, 76)
    return Peer(_XUCRED.unpack_from(about)[1])
