"""Opens what a person named for the server that does the command, with the person's own rights.

The server asks over the files channel, a frame a question: a number, a word, and a path as it was typed. It is answered
with the same number, `done` with how many descriptors come along and what was asked for, or `no` with the system's
number of the error. Only what stands in the person's own arguments is opened, whatever a server asks for. What is made
is there after `put`, and stays so after `keep`; else it is gone, or as it was, when the channel closes.

What opening needs is imported when a server first asks.
"""

import _socket
import errno
import os
import sys
from contextlib import suppress

from testing_tracker.rules.serving.frames import MOST_OF_SERVER, FrameError, Frames, framed

READ, LOOK, WHOLE, MAKE, PUT, KEEP, DROP = b"read", b"look", b"whole", b"make", b"put", b"keep", b"drop"
OVERWRITE = b"overwrite"
DONE, NO = b"done", b"no"
MOST_AT_ONCE = 64  # files that are being made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testing_tracker.store.whole_files import Unfinished


def answer(channel: _socket.socket, arguments: "Sequence[str | bytes]") -> bool:
    """Answer what has arrived; whether there may be more. At the end, what is not to be kept is taken back."""
    one = _at_work.get(channel)
    if one is None:
        one = _at_work[channel] = _Opener(channel, arguments)
    if one.answer():
        return True
    abandon(channel)
    return False


def abandon(channel: _socket.socket) -> None:
    """Take back what the server did not say is to be kept: the command is over."""
    one = _at_work.pop(channel, None)
    if one is not None:
        one.abandon()


class _Abandoned(Exception):
    """Ends the making of a file that is not to be there."""


class _Opener:
    """What the server of one command may ask for, and the files that it is making."""

    def __init__(self, channel: _socket.socket, arguments: "Sequence[str | bytes]") -> None:
        self._channel = channel
        self._arguments = [os.fsdecode(word) for word in arguments]
        self._frames = Frames(MOST_OF_SERVER)
        self._making: dict[bytes, tuple[AbstractContextManager[Unfinished], Unfinished]] = {}
        self._named: dict[str, Path] | None = None

    def answer(self) -> bool:
        try:
            data = self._channel.recv(MOST_OF_SERVER)  # the system lets go of descriptors that come with it
            for question in self._frames.take(data):
                self._answer(question)
        except (OSError, FrameError):  # it is gone, does not read, or makes no sense
            return False
        return bool(data)

    def abandon(self) -> None:
        for number in list(self._making):
            self._drop(number)

    def _answer(self, question: list[bytes]) -> None:
        descriptors: list[int] = []
        try:
            said = self._done(descriptors, *question)
            answered = framed(question[0], DONE, b"%d" % len(descriptors), *said)
        except OSError as error:
            unnumbered = errno.EEXIST if isinstance(error, FileExistsError) else errno.EIO
            answered = framed(question[0], NO, b"%d" % (error.errno or unnumbered))
        try:
            _send(self._channel, answered, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _done(
        self, descriptors: list[int], number: bytes, word: bytes = b"", typed: bytes = b"", *more: bytes
    ) -> list[bytes]:
        """What is said to a question; what goes along is put to the descriptors. Raises OSError."""
        if not number.isdigit():
            raise FrameError("a question has no number")
        if word == READ:
            descriptors.append(self._opened(typed))
        elif word == MAKE:
            descriptors.append(self._made(number, typed, overwrite=OVERWRITE in more))
        elif word == LOOK:
            return self._looked(typed)
        elif word == WHOLE:
            return [os.fsencode(_in_full(self._place(typed)))]
        elif word in (PUT, KEEP, DROP) and typed in self._making:
            {PUT: self._put, KEEP: self._keep, DROP: self._drop}[word](typed)
        else:
            raise OSError(errno.ENOSYS, "it cannot be asked for that")
        return []

    def _place(self, typed: bytes, *, in_folder: bool = False) -> "Path":
        """The path that was typed. Raises PermissionError for one that was not."""
        name = os.fsdecode(typed)
        if self._named is None:
            self._named = dict(_named_in(self._arguments))
        place = self._named.get(name)
        if place is None and in_folder:
            folder, plain = os.path.split(name)
            within = self._named.get(folder or ".")
            if within is not None and plain not in ("", ".", "..") and os.path.isdir(within):
                place = within / plain
        if place is None:
            raise PermissionError(errno.EPERM, "it was not typed")
        return place

    def _opened(self, typed: bytes) -> int:
        from testing_tracker.store.given_files import opened

        return opened(self._place(typed), waits=False)  # for a pipe the server waits, if it is to be waited for

    def _looked(self, typed: bytes) -> list[bytes]:
        from testing_tracker.store.places import look

        place = look(self._place(typed, in_folder=True))
        things = [b"" if thing is None else b"%d %d %d" % thing for thing in (place.itself, place.behind, place.folder)]
        return [*things, b"1" if place.is_an_act else b"0", *(ending.encode() for ending in sorted(place.beside))]

    def _made(self, number: bytes, typed: bytes, *, overwrite: bool) -> int:
        from testing_tracker.store.whole_files import whole_file

        target = self._place(typed, in_folder=True)
        if number in self._making or len(self._making) >= MOST_AT_ONCE:
            raise OSError(errno.EMFILE, "there are too many")
        if overwrite and not self._may_replace():
            raise PermissionError(errno.EPERM, "nobody said that it may be replaced")
        making = whole_file(target, overwrite=overwrite)
        made = making.__enter__()
        self._making[number] = making, made
        try:
            return os.open(made.path, os.O_WRONLY)
        except OSError:
            self._drop(number)
            raise

    def _may_replace(self) -> bool:
        """Whether the person said so, or may have been asked."""
        return "--overwrite" in self._arguments or (os.isatty(0) and os.isatty(2))

    def _put(self, number: bytes) -> None:
        self._making[number][1].put()

    def _keep(self, number: bytes) -> None:
        making, _ = self._making.pop(number)
        making.__exit__(None, None, None)

    def _drop(self, number: bytes) -> None:
        making, _ = self._making.pop(number)
        with suppress(_Abandoned, OSError):
            making.__exit__(_Abandoned, _Abandoned(), None)


def _send(channel: _socket.socket, answered: bytes, descriptors: list[int]) -> None:
    """Send an answer; one that asks and does not read is not waited for. Raises OSError."""
    numbers = b"".join(number.to_bytes(4, sys.byteorder) for number in descriptors)
    along = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, numbers)] if descriptors else []
    if channel.sendmsg([answered], along, getattr(_socket, "MSG_DONTWAIT", 0)) != len(answered):
        raise OSError(errno.EAGAIN, "the server does not read")


def _named_in(arguments: "Sequence[str]") -> "Iterator[tuple[str, Path]]":
    """The paths that may be meant by what was typed, by each way in which a server may say them."""
    from pathlib import Path

    for word in arguments:
        is_short = word.startswith("-") and not word.startswith("--")
        for value in (word, word.partition("=")[2], word[2:] if is_short else ""):
            if value and "\0" not in value:
                path = Path(value)
                yield value, path
                yield str(path), path
                with suppress(OSError):
                    whole = _in_full(path)
                    yield str(whole), whole


def _in_full(path: "Path") -> "Path":
    """A path from the root on. Raises OSError where there is no home, or no folder to stand in."""
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise OSError(errno.ENOENT, "there is no such home") from None


_at_work: dict[_socket.socket, _Opener] = {}
