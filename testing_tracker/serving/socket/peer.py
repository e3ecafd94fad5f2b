"""Who is at the other end of a socket, as the system's kernel says; never what they say themselves."""

import socket
from dataclasses import dataclass

from testing_tracker.account import account_of
from testing_tracker.client import trust


@dataclass(frozen=True)
class Peer:
    """An account, by its number."""

    uid: int

    @property
    def account(self) -> str:
        """Its name, or `uid N`."""
        return account_of(self.uid)


def peer_of(connection: socket.socket) -> Peer:
    """Who connected. Raises OSError where the kernel does not say."""
    return Peer(trust.peer_of(connection))
