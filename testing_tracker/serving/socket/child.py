"""What a process is that was forked for a command: with its client's streams, words and account, and no other's.

It never comes back: it ends as the command does.
"""

import codecs
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, NoReturn

from testing_tracker import account
from testing_tracker.rules.serving import frames
from testing_tracker.rules.serving.frames import Asked
from testing_tracker.serving.socket.peer import Peer

_STREAMS = ("stdin", "stdout", "stderr")
_CHANNEL = 3
_NOT_PRINTED = 120  # the status of Python where the last of the output could not be printed
_FAULT = 70
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Line:
    """A command line as it was typed at a client. `since`: see `Asked`; `channel` opens files where it was typed."""

    called: str
    words: list[str]
    since: int
    peer: Peer
    channel: socket.socket


RunLine = Callable[[Line], None]


def become(asked: Asked, descriptors: list[int], peer: Peer, environment: Mapping[str, str], run: RunLine) -> NoReturn:
    """Be the command of a client from now on, in a process that was just forked, and where every signal waits."""
    status = _FAULT
    try:
        os.setsid()  # no terminal's signals but those that the client hears of
        _as_signals_are_at_first()
        _place(asked, descriptors)
        _set_variables(asked, environment)
        encodings = [_encoding(one) for one in asked.encodings]
        _open_streams(asked, encodings[1:])
        account.act_for(peer.account)
        words = [word.decode(encodings[0], "surrogateescape") for word in asked.arguments]
        folder = asked.folder.decode(encodings[0], "surrogateescape")
        os.chdir("/")
        # The folder is a name to put paths together with. With the server's rights nothing is opened in it.
        os.getcwd = lambda: folder
        os.getcwdb = lambda: asked.folder
        called = asked.called.decode(encodings[0], "replace")
        sys.argv = [called, *words]
        status = _status_of(run, Line(called, words, asked.since, peer, socket.socket(fileno=_CHANNEL)))
    finally:
        os._exit(status)


def be_beside(start: Callable[[], None]) -> NoReturn:
    """Be what the server has beside the commands, in a process that was just forked, and where every signal waits."""
    status = _FAULT
    try:
        os.setsid()
        _as_signals_are_at_first()
        os.closerange(frames.STREAMS, os.sysconf("SC_OPEN_MAX"))
        _let_signals_come()
        start()
        status = 0
    finally:
        os._exit(status)


def end_with_parent(parent: int, number: int) -> None:
    """Have a signal end this process when the one that forked it is gone, where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)


def _as_signals_are_at_first() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A process without a terminal of its own is not stopped by the signal that a terminal's keys send.
    signal.signal(signal.SIGTSTP, lambda _number, _frame: os.kill(os.getpid(), signal.SIGSTOP))


def _let_signals_come() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _place(asked: Asked, descriptors: list[int]) -> None:
    """Put what was handed over where it belongs, and close all else: the server's sockets, and other clients'."""
    given = [int(name) for name in asked.given.decode()]
    _close_all_but(descriptors)  # first, because the server may have as many open as it can
    above = [_above(descriptor) for descriptor in descriptors]
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(frames.STREAMS):
        os.dup2(above[given.index(number)] if number in given else nothing, number)
    os.dup2(above[-1], _CHANNEL, inheritable=False)
    os.closerange(_CHANNEL + 1, os.sysconf("SC_OPEN_MAX"))


def _close_all_but(descriptors: list[int]) -> None:
    low = frames.STREAMS
    for descriptor in sorted(descriptors):
        os.closerange(low, descriptor)
        low = max(low, descriptor + 1)
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))


def _above(descriptor: int) -> int:
    """A descriptor like that one, at a number that no stream has."""
    copies = [os.dup(descriptor)]
    while copies[-1] <= _CHANNEL:
        copies.append(os.dup(descriptor))
    return copies[-1]


def _set_variables(asked: Asked, environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update({name: value for name, value in environment.items() if not frames.is_kept(os.fsencode(name))})
    os.environb.update(asked.variables)


def _encoding(name: bytes) -> str:
    try:
        found = codecs.lookup(name.decode("ascii"))
    except (LookupError, ValueError):
        return "utf-8"
    return found.name if found._is_text_encoding else "utf-8"


def _open_streams(asked: Asked, encodings: list[str]) -> None:
    """The three streams as Python makes them at its start; one that was closed is None."""
    for number, (name, encoding) in enumerate(zip(_STREAMS, encodings, strict=True)):
        stream: IO[str] | None = None
        if b"%d" % number in asked.given:
            stream = open(  # noqa: SIM115
                number,
                "w" if number else "r",
                buffering=1 if number and (number > 1 or os.isatty(number)) else -1,
                encoding=encoding,
                errors="backslashreplace" if number > 1 else "strict",
                closefd=False,
            )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _status_of(run: RunLine, line: Line) -> int:
    """The exit status of a command, after all of its output."""
    status = 0
    try:
        _let_signals_come()
        run(line)
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            status = status or _NOT_PRINTED
    return status
