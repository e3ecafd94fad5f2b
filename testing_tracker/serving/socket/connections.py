"""One client at the server's socket: what arrives of it, with the descriptors that it hands over, and what it is told.

Nothing waits here. Every descriptor that arrives is handed on or closed, whatever else arrives.
"""

import os
import socket
from array import array
from contextlib import suppress

from testing_tracker.rules.serving import frames
from testing_tracker.rules.serving.frames import Asked, FrameError, Frames, asked_in, framed
from testing_tracker.serving.socket.peer import Peer

MOST_DESCRIPTORS = frames.STREAMS + 1
_PIECE = 65536  # bytes at a time


class Connection:
    """A client. `asked` is known when its first frame has arrived whole, with the `descriptors` that belong to it.

    `pid` is the process of its command, None before it is begun; `is_over` once there is nothing more to be said.
    `since` is when it connected, by the machine's steady clock in seconds.
    """

    def __init__(self, of: socket.socket, peer: Peer, since: float, pid: int | None = None) -> None:
        self.of = of
        self.peer = peer
        self.since = since
        self.asked: Asked | None = None
        self.descriptors: list[int] = []
        self.signals: list[int] = []
        self.pid = pid
        self.is_over = False
        self._frames = Frames()

    def take(self) -> bool:
        """Take what has arrived; whether the client is still there. Raises FrameError for what cannot stand there."""
        try:
            data, about, flags, _ = self.of.recvmsg(_PIECE, _ROOM, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.descriptors += _descriptors_in(about)
        if len(self.descriptors) > MOST_DESCRIPTORS:
            raise FrameError("more files were handed over than a command has")
        if flags & socket.MSG_CTRUNC:
            raise FrameError("the server has too many files open to take more; try again in a moment")
        for parts in self._frames.take(data):
            self._obey(parts)
        return bool(data)

    def _obey(self, parts: list[bytes]) -> None:
        if self.asked is None and self.pid is None:
            asked = asked_in(parts)
            if len(self.descriptors) != len(asked.given) + 1:
                raise FrameError("another number of files was handed over than a command has")
            self.asked = asked
        elif parts[0] == frames.SIGNAL and len(parts) == len((frames.SIGNAL, b"number")):
            self.signals.append(frames.whole_number(parts[1]))
        else:
            raise FrameError("what arrived cannot stand behind a command")

    def tell(self, *parts: bytes) -> None:
        """Say something; a client that is gone, or does not take what it is told, is given up and hears no more."""
        said = framed(*parts)
        try:
            is_taken = self.of.send(said) == len(said)
        except OSError:
            is_taken = False
        if not is_taken:
            self.is_over = True
            with suppress(OSError):
                self.of.shutdown(socket.SHUT_WR)

    def refuse(self, text: str) -> None:
        """Say why not, in a sentence, and nothing more."""
        self.tell(frames.REFUSED, text.encode("utf-8", "replace"))
        self.is_over = True

    def let_go(self) -> None:
        """Close what was handed over: the command's process has it, or nothing comes of it."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []

    def close(self) -> None:
        """Close everything."""
        self.let_go()
        self.of.close()


_ROOM = socket.CMSG_SPACE((MOST_DESCRIPTORS + 1) * array("i").itemsize)


def _descriptors_in(about: list[tuple[int, int, bytes]]) -> list[int]:
    """The descriptors that came with a piece, all of which are open here now."""
    found = array("i")
    for level, kind, data in about:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return list(found)
