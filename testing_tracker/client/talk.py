"""What a client and its server have to say to each other until the command has ended, and how it ended.

The command reads and writes the streams that were handed over by itself; here are the signals, and what becomes of it.
"""

import _signal  # type: ignore[import-not-found]  # without the enums of signal, which would be waited for
import _socket
import os
import select
import sys
import time

from testing_tracker.client import trust
from testing_tracker.client.trust import DistrustedError
from testing_tracker.rules.serving import frames
from testing_tracker.rules.serving.frames import Asked, FrameError, Frames, framed

_RELAYED = ("SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM", "SIGWINCH", "SIGTSTP", "SIGCONT")
_ENDING = {getattr(_signal, name) for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM")}
_SECONDS_TO_CONNECT = 10.0
_SECONDS_TO_END = 5.0  # after a signal that ends a command, where the server does not even answer
_SECONDS_TO_GO = 10.0  # for a command whose server is gone


class HowItEnded:
    """How a command ended: with a status, by a signal, refused with a sentence, or lost with its server.

    `began` is when it was begun, in seconds since 1970 by the server's clock; 0 where it was not.
    """

    __slots__ = ("began", "refused", "signal", "status")

    def __init__(self, status: int | None = None, signal: int = 0, refused: str = "") -> None:
        self.status = status
        self.signal = signal
        self.refused = refused
        self.began = 0

    @property
    def is_lost(self) -> bool:
        """Whether nobody said how it ended."""
        return self.status is None and not self.signal and not self.refused


class AskedCommand:
    """One command at one server. `asked_to_end` is the number of the signal that this process was last ended with."""

    def __init__(self, path: str, asked: Asked) -> None:
        self.asked_to_end = 0
        self._path = path
        self._asked = asked
        self._frames = Frames(frames.MOST_OF_SERVER)
        self._ended = HowItEnded()
        self._began = 0
        self._give_up_at: float | None = None

    def hold(self) -> HowItEnded:
        """Have the command done, and wait until it has ended. Raises DistrustedError where nothing was sent."""
        woken = _woken_by_signals()
        self._connection = _connected(self._path)
        self._channel, theirs = _socket.socketpair()
        try:
            self._send(theirs.fileno())
        finally:
            theirs.close()
        try:
            self._listen(woken)
        finally:
            self._take_back()
        self._ended.began = self._began
        return self._ended

    def _send(self, channel: int) -> None:
        given = [int(name) for name in self._asked.given.decode()]
        descriptors = b"".join(number.to_bytes(4, sys.byteorder) for number in (*given, channel))
        frame = self._asked.frame()
        try:
            sent = self._connection.sendmsg([frame], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptors)])
            self._connection.sendall(frame[sent:])
        except OSError:
            pass  # the server has something against it, and says so

    def _listen(self, woken: int) -> None:
        """Until the command has ended, or its server."""
        poll = select.poll()
        for descriptor in (self._connection.fileno(), self._channel.fileno(), woken):
            poll.register(descriptor, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll(self._patience()):
                if descriptor == woken:
                    self._relay(os.read(woken, 256))
                elif descriptor == self._channel.fileno():
                    if not self._answer():
                        poll.unregister(descriptor)
                elif not self._hear():
                    self._wait_until_gone()
                    return
            if self._give_up_at is not None and time.monotonic() > self._give_up_at:
                self._ended.signal = self.asked_to_end
                return
            if not self._ended.is_lost:
                return

    def _patience(self) -> float | None:
        return None if self._give_up_at is None else max(0.0, self._give_up_at - time.monotonic()) * 1000

    def _hear(self) -> bool:
        """Take what the server says; whether it is still there."""
        try:
            data = self._connection.recv(65536)
        except OSError:
            return False
        try:
            for parts in self._frames.take(data):
                self._obey(parts[0], parts[1] if len(parts) > 1 else b"")
        except FrameError:
            self._ended.refused = "What listens at the socket is not a server of testing-tracker."
        return bool(data)

    def _obey(self, kind: bytes, said: bytes) -> None:
        if kind == frames.BEGUN:
            self._began = frames.whole_number(said)
        elif kind == frames.NOTE:
            print_error("Note", said.decode("utf-8", "replace"))
        elif kind == frames.REFUSED:
            self._ended.refused = said.decode("utf-8", "replace")
        elif kind == frames.ENDED:
            self._ended.status = frames.whole_number(said)
        elif kind == frames.KILLED:
            self._ended.signal = frames.whole_number(said)
        elif kind == frames.STOPPED:
            _stop()

    def _relay(self, numbers: bytes) -> None:
        for number in numbers:
            if number in _ENDING:
                self.asked_to_end = number
                if not self._began:
                    self._ended.signal = number  # it waits for its turn, or the server does not answer
                    return
                self._give_up_at = None if number == _signal.SIGINT else time.monotonic() + _SECONDS_TO_END
            if number == _signal.SIGCONT and not is_in_front():
                _stop(_signal.SIGTTIN)  # the command would take what is typed for others
                continue
            try:
                self._connection.sendall(framed(frames.SIGNAL, b"%d" % number))
            except OSError:
                return  # is heard of where it is listened

    def _answer(self) -> bool:
        """Open a file that the command asks for; whether it may ask for more."""
        from testing_tracker.client.opening import answer  # only where a path was typed

        return answer(self._channel, self._asked.arguments)

    def _take_back(self) -> None:
        """Take back the files that the command made and did not keep: it has ended, or is not waited for any more."""
        opening = sys.modules.get("testing_tracker.client.opening")
        if opening is not None:
            opening.abandon(self._channel)

    def _wait_until_gone(self) -> None:
        """Until the command itself has ended: its end of the channel is closed then, whatever became of the server."""
        until = time.monotonic() + _SECONDS_TO_GO
        poll = select.poll()
        poll.register(self._channel.fileno(), select.POLLIN)
        while time.monotonic() < until and poll.poll(max(0.0, until - time.monotonic()) * 1000):
            if not self._answer():
                return


def is_in_front() -> bool:
    """Whether what is typed at standard input's terminal is for this process; also where that is no terminal."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return True


def print_error(kind: str, text: str) -> None:
    """A line on standard error; what is said by another process is shown, and not obeyed by the terminal."""
    shown = "".join(char if char.isprintable() else "?" for char in text)
    try:
        os.write(2, f"{kind}: {shown}\n".encode("utf-8", "replace"))
    except OSError:
        return  # nobody is there to read it


def _connected(path: str) -> _socket.socket:
    owner = trust.owner_of(path)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(_SECONDS_TO_CONNECT)
    try:
        connection.connect(path)
    except (ConnectionRefusedError, FileNotFoundError):
        raise DistrustedError(
            f"The server of {path} is not running. Have it started: `testing-tracker --database FILE serve --socket`. "
            "Nothing was done."
        ) from None
    except OSError as error:
        why = "it may be used by its owner and its group" if isinstance(error, PermissionError) else "try again"
        raise DistrustedError(f"The server of {path} cannot be reached ({error.strerror or error}); {why}.") from None
    trust.check_peer(trust.peer_of(connection), owner, path)
    connection.settimeout(None)
    return connection


def _woken_by_signals() -> int:
    """A pipe to which the signals that are relayed write their numbers; what is ignored here stays so."""
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    _signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    for name in _RELAYED:
        number = getattr(_signal, name)
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, _do_nothing)
    return woken


def _do_nothing(_number: int, _frame: object) -> None:
    """The number is in the pipe."""


def _stop(number: int = _signal.SIGTSTP) -> None:
    """Stop as the command has, until the shell has it go on."""
    before = _signal.signal(number, _signal.SIG_DFL)
    os.kill(os.getpid(), number)
    _signal.signal(number, before)
