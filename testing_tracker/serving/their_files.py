"""The files of the person whom a server does a command for, as that person's own process opens them.

The questions, and what is answered, stand in `client.opening`, which is the other end.
"""

import errno
import os
import select
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from testing_tracker.client import opening as theirs
from testing_tracker.rules.serving.frames import MOST_OF_SERVER, FrameError, Frames, framed
from testing_tracker.store import given_files
from testing_tracker.store.places import KEY_ENDING, SIDE_ENDINGS, FileMade, PlaceForFile, Thing

LONGEST_ANSWER = 30  # seconds; a command may hold the database's lock meanwhile


class TheirFiles:
    """Files as the process at the other end of a channel opens them. Each way to one raises OSError.

    What that process answers is not trusted to make sense, nor to come at all.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._frames = Frames(MOST_OF_SERVER)
        self._arrived: list[list[bytes]] = []
        self._descriptors: list[int] = []
        self._last = 0

    def content(self, file: Path, most: int, *, may_be_a_pipe: bool = False) -> bytes:
        """All of a file, which may have so many bytes."""
        descriptor = self._open(theirs.READ, file)
        if may_be_a_pipe and not stat.S_ISREG(os.fstat(descriptor).st_mode):
            _wait_for_writer(descriptor)
        return given_files.content_in(descriptor, most, str(file), may_be_a_pipe=may_be_a_pipe)

    def look(self, path: Path) -> PlaceForFile:
        """What stands at a path."""
        said = self._ask(theirs.LOOK, path, least=_LOOKED)
        with self._sense():
            itself, behind, folder = map(_thing, said[:3])
            known = {ending.encode(): ending for ending in (*SIDE_ENDINGS, KEY_ENDING)}
            beside = frozenset(known[one] for one in said[4:] if one in known)
        return PlaceForFile(
            path, itself, behind, folder, beside, said[3] == b"1", lambda most: self._beginning(path, most)
        )

    def in_full(self, path: Path) -> Path:
        """A path from the root on, as it is to the person."""
        return Path(os.fsdecode(self._ask(theirs.WHOLE, path, least=1)[0]))

    @contextmanager
    def make(self, path: Path, *, overwrite: bool) -> Iterator[FileMade]:
        """A file that is there whole, or not at all."""
        descriptor = self._open(theirs.MAKE, path, theirs.OVERWRITE if overwrite else b"")
        number = b"%d" % self._last
        try:
            with open(descriptor, "wb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # whose reader could keep this process waiting
                    raise _nonsense()

                def put() -> None:
                    file.flush()
                    os.fsync(descriptor)  # which may take longer than an answer is waited for
                    self._ask(theirs.PUT, number)

                yield FileMade(file, put)
                put()
            self._ask(theirs.KEEP, number)
        except BaseException:
            with suppress(OSError):
                self._ask(theirs.DROP, number)
            raise

    def _beginning(self, path: Path, most: int) -> bytes:
        with open(self._open(theirs.READ, path), "rb") as file:
            return file.read(most) or b""

    def _open(self, word: bytes, path: Path, *more: bytes) -> int:
        self._ask(word, path, *more)
        with self._sense():
            if not self._descriptors:
                raise FrameError("a descriptor is missing")
            return self._descriptors.pop()

    def _ask(self, word: bytes, what: Path | bytes, *more: bytes, least: int = 0) -> list[bytes]:
        """What is answered, so many parts at least; a descriptor that comes along is to be taken. Raises OSError."""
        self._last += 1
        number = b"%d" % self._last
        named = what if isinstance(what, bytes) else os.fsencode(what)
        if b"\0" in named:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        if len(named) > _LONGEST:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        with self._sense():
            if self._arrived or self._descriptors or not self._frames.is_between:
                raise FrameError("an earlier answer was left")  # when this process was interrupted
            self._channel.settimeout(LONGEST_ANSWER)
            self._channel.sendall(framed(number, word, named, *more))
            said, answered = self._answer_to(number)
            if said == theirs.DONE and len(answered) < least:
                raise FrameError("something is missing")
        if said == theirs.NO:
            raise OSError(int(answered[0]), os.strerror(int(answered[0])))
        return answered

    def _answer_to(self, number: bytes) -> tuple[bytes, list[bytes]]:
        """`done` or `no` and what else is said; answers to an earlier question, which was interrupted, go."""
        while True:
            while not self._arrived:
                self._take()
            answer = self._arrived.pop(0)
            if len(answer) < _LEAST or answer[1] not in (theirs.DONE, theirs.NO):
                raise FrameError("it is no answer")
            count = _whole(answer[2]) if answer[1] == theirs.DONE else 0
            if count > min(1, len(self._descriptors)):
                raise FrameError("a descriptor is missing")
            if answer[0] == number:
                break
            self._let_go(count)
        while len(self._descriptors) > count:
            os.close(self._descriptors.pop())  # nobody said that it would come
        if answer[1] == theirs.NO and _whole(answer[2]) not in errno.errorcode:
            raise FrameError("there is no such error")
        return answer[1], answer[3:] if answer[1] == theirs.DONE else answer[2:]

    def _take(self) -> None:
        flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        data, descriptors, _, _ = socket.recv_fds(self._channel, MOST_OF_SERVER, _MOST_DESCRIPTORS, flags)
        self._descriptors += descriptors
        if not data:
            raise ConnectionError
        self._arrived += self._frames.take(data)

    @contextmanager
    def _sense(self) -> Iterator[None]:
        """Ask nothing more where the answer made no sense or did not come. Raises OSError that says so."""
        try:
            yield
        except FrameError:
            self._close()
            raise _nonsense() from None
        except TimeoutError:
            self._close()
            raise OSError(errno.EIO, "your own process did not answer") from None
        except OSError:
            self._close()
            raise OSError(errno.EIO, "your own process is gone") from None

    def _let_go(self, count: int) -> None:
        for descriptor in self._descriptors[:count]:
            os.close(descriptor)
        del self._descriptors[:count]

    def _close(self) -> None:
        self._let_go(len(self._descriptors))
        self._channel.close()


_LEAST, _LOOKED = 3, 4  # parts of any answer, and of what is seen at a path
_LONGEST = 32_768  # bytes of a path; more than any system takes
_MOST_DESCRIPTORS = 8  # that are taken at once; of more, the system lets go
_DIGITS = 20  # of the highest inode


def _thing(said: bytes) -> Thing | None:
    parts = said.split(b" ")
    if said and len(parts) != len(Thing._fields):
        raise FrameError("it is no thing")
    return Thing(*map(_whole, parts)) if said else None


def _whole(part: bytes) -> int:
    if not part.isdigit() or len(part) > _DIGITS:
        raise FrameError("it is no number")
    return int(part)


def _nonsense() -> OSError:
    return OSError(errno.EIO, "your own process did not answer as it should")


def _wait_for_writer(descriptor: int) -> None:
    """Wait until somebody writes to a pipe that was opened without waiting."""
    select.select([descriptor], [], [])
    os.set_blocking(descriptor, True)
