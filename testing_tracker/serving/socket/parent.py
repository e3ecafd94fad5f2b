"""The server itself: a loop that takes clients and forks for each command. It has no thread and no database open."""

import os
import selectors
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from zoneinfo import ZoneInfo

from testing_tracker.clock import Clock
from testing_tracker.rules.serving import frames
from testing_tracker.rules.serving.frames import FrameError
from testing_tracker.serving.socket import child
from testing_tracker.serving.socket.child import RunLine
from testing_tracker.serving.socket.connections import Connection
from testing_tracker.serving.socket.peer import peer_of

SECONDS_TO_SAY_SOMETHING = 5.0  # for a client that connected
SECONDS_TO_WAIT = 60.0  # for a command whose turn does not come
SECONDS_TO_FINISH = 2.0  # for a command, when the server is told to stop
SECONDS_TO_LEAVE = 3.5  # after that signal; nothing is left after it
MOST_COMMANDS, MOST_OF_ONE = 100, 40  # at a time, of all accounts and of one
MOST_WAITING = 300  # clients that are connected and have no process yet
_CLOCK = Clock(ZoneInfo("UTC"))  # the real one: a day that is pretended is among a command's own words
_A_MOMENT = 0.2  # seconds without taking clients where there are no descriptors left
_PASSED_ON = {
    getattr(signal, name) for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM", "SIGWINCH", "SIGTSTP", "SIGCONT")
}


@dataclass
class Helpers:
    """What the server has done beside the commands: `start` begins it in a process of its own, which stays."""

    start: Callable[[], None]
    pid: int | None = None
    again_at: float = 0.0


@dataclass
class SocketServer:
    """Serves a listening socket until it is told to stop. `run` is what a command's process does.

    `environment` is what every command's process has besides its client's own. `helpers` stay beside it. `told` hears
    how many commands there have been; `is_to_renew` says, when asked, whether the server is to start anew, and
    `every_minute` whether it is so with a closer look.
    """

    listening: socket.socket
    run: RunLine
    environment: dict[str, str]
    helpers: Helpers | None = None
    told: Callable[[int], None] = lambda _many: None
    is_to_renew: Callable[[bool], bool] = lambda _closely: False
    connections: dict[int, Connection] = field(default_factory=dict)
    commands: int = 0

    def __post_init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._stopping_since: float | None = None
        self._taking = False
        self._take_at = 0.0
        self._look_at = 0.0
        self._renewing = False

    def serve(self) -> bool:
        """Serve until SIGTERM or SIGINT; True where it is to start anew instead, with all that is running."""
        self._woken = _woken_by_signals()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self.listening.setblocking(False)
        for connection in self.connections.values():
            self._selector.register(connection.of, selectors.EVENT_READ, connection)
        try:
            while self._goes_on():
                for key, _ in self._selector.select(self._patience()):
                    self._attend(key)
                self._reap()
                self._begin()
                self._tidy()
        finally:
            self._selector.close()
        return self._renewing and self._stopping_since is None

    def _goes_on(self) -> bool:
        now = time.monotonic()
        if self._stopping_since is None:
            if now >= self._take_at and not self._taking:
                self._selector.register(self.listening, selectors.EVENT_READ)
                self._taking = True
            self._keep_helpers(now)
            if now >= self._look_at:
                self._look_at = now + 60.0
                self._renewing = self._renewing or self.is_to_renew(True)
            return not self._renewing or not self._has_begun_all()
        return self._stops(now - self._stopping_since)

    def _has_begun_all(self) -> bool:
        """Before it starts anew: take no more clients, and have those who are there begun."""
        if self._taking:
            self._selector.unregister(self.listening)
            self._taking = False
        self._take_at = time.monotonic() + _A_MOMENT
        if len(self.connections) > len(self._running()):
            return False
        self._signal_helpers(signal.SIGTERM)
        return True

    def _patience(self) -> float:
        """Seconds until something is to be looked at again, though nobody says anything."""
        if self._stopping_since is not None or not self._taking:
            return 0.1
        return 1.0 if len(self.connections) > len(self._running()) else 5.0

    def _attend(self, key: selectors.SelectorKey) -> None:
        if key.fileobj is self.listening:
            self._accept()
        elif key.fileobj is self._woken:
            self._wake()
        else:
            self._take(key.data)

    def _wake(self) -> None:
        numbers = self._woken.recv(4096)
        if self._stopping_since is None and {signal.SIGTERM, signal.SIGINT} & set(numbers):
            self._stopping_since = time.monotonic()
            if self._taking:
                self._selector.unregister(self.listening)
                self._taking = False
            self._signal_helpers(signal.SIGTERM)

    def _accept(self) -> None:
        try:
            of, _ = self.listening.accept()
        except BlockingIOError:
            return
        except OSError:  # no descriptors are left; those who wait are taken when some are
            self._selector.unregister(self.listening)
            self._taking, self._take_at = False, time.monotonic() + _A_MOMENT
            return
        of.setblocking(False)
        try:
            connection = Connection(of, peer_of(of), time.monotonic())
        except OSError:
            of.close()
            return
        if len(self.connections) - len(self._running()) >= MOST_WAITING:
            connection.refuse("The server has too many clients at once. Nothing was done; try again in a moment.")
            connection.close()
            return
        self.connections[of.fileno()] = connection
        self._selector.register(of, selectors.EVENT_READ, connection)
        self._renewing = self._renewing or self.is_to_renew(False)

    def _take(self, connection: Connection) -> None:
        try:
            is_there = connection.take()
        except FrameError as error:
            said = f"{error}"
            connection.refuse(f"{said[0].upper()}{said[1:]}.{'' if connection.pid else ' Nothing was done.'}")
            is_there = False
        if not is_there:
            connection.is_over = True
            self._selector.unregister(connection.of)  # until its command has ended it could be read for ever
            self._hang_up(connection)
            return
        for number in connection.signals:
            if number in _PASSED_ON:
                self._pass_on(connection, number)
        connection.signals = []

    def _pass_on(self, connection: Connection, number: int) -> None:
        if connection.pid is not None:
            os.kill(connection.pid, number)
        elif number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
            connection.tell(frames.KILLED, b"%d" % number)
            connection.is_over = True

    def _hang_up(self, connection: Connection) -> None:
        if connection.pid is not None:
            os.kill(connection.pid, signal.SIGHUP)
            os.kill(connection.pid, signal.SIGCONT)  # one that is stopped would never hear of it

    def _running(self) -> list[Connection]:
        return [one for one in self.connections.values() if one.pid is not None]

    def _begin(self) -> None:
        """Fork for those who wait, as far as there is room."""
        if self._stopping_since is not None:
            return
        running = self._running()
        each = Counter(one.peer.uid for one in running)
        for connection in list(self.connections.values()):
            if connection.asked is None or connection.pid is not None or connection.is_over:
                continue
            if each.total() >= MOST_COMMANDS or each[connection.peer.uid] >= MOST_OF_ONE:
                continue
            if self._fork(connection):
                each[connection.peer.uid] += 1

    def _fork(self, connection: Connection) -> bool:
        asked = connection.asked
        assert asked is not None
        # Before there is a process: a client that hears nothing more knows that something may have been done.
        connection.tell(frames.BEGUN, b"%d" % int(_CLOCK.now().timestamp()))
        if connection.is_over:
            return False
        try:
            pid = _forked(signal.SIGHUP)
        except OSError as error:
            connection.refuse(
                f"The server cannot begin another command now ({error.strerror}). Nothing was done; try again in a "
                "moment."
            )
            return False
        if not pid:
            child.become(asked, connection.descriptors, connection.peer, self.environment, self.run)
        connection.pid = pid
        connection.let_go()
        self.commands += 1
        self.told(self.commands)
        return True

    def _reap(self) -> None:
        """Tell the clients whose command has ended or was stopped."""
        running = {one.pid: one for one in self.connections.values() if one.pid is not None}
        for pid, status in _changed():
            connection = running.get(pid)
            if connection is None:
                if self.helpers is not None and pid == self.helpers.pid and not os.WIFSTOPPED(status):
                    self.helpers.pid = None
                continue
            if os.WIFSTOPPED(status):
                connection.tell(frames.STOPPED, b"%d" % os.WSTOPSIG(status))
                continue
            ended = (frames.ENDED, os.WEXITSTATUS(status)) if os.WIFEXITED(status) else (frames.KILLED, status & 0x7F)
            connection.tell(ended[0], b"%d" % ended[1])
            connection.pid, connection.is_over = None, True

    def _tidy(self) -> None:
        """Let go of the clients with whom all is over, and of those who say nothing or wait for too long."""
        now = time.monotonic()
        for number, connection in list(self.connections.items()):
            if (
                connection.asked is None
                and connection.pid is None
                and now - connection.since > SECONDS_TO_SAY_SOMETHING
            ):
                connection.is_over = True
            elif connection.pid is None and not connection.is_over and now - connection.since > SECONDS_TO_WAIT:
                connection.refuse("The server is busy with other commands. Nothing was done; try again later.")
            if connection.is_over and connection.pid is None:
                if connection.of in self._selector.get_map():
                    self._selector.unregister(connection.of)
                connection.close()
                del self.connections[number]

    def _keep_helpers(self, now: float) -> None:
        """Have the nights in a process of their own, which is begun again where it has ended."""
        if self.helpers is None or self.helpers.pid is not None or now < self.helpers.again_at:
            return
        self.helpers.again_at = now + 5.0
        try:
            pid = _forked(signal.SIGTERM)
        except OSError:
            return
        if not pid:
            child.be_beside(self.helpers.start)
        self.helpers.pid = pid

    def _signal_helpers(self, number: int) -> None:
        if self.helpers is not None and self.helpers.pid is not None:
            os.kill(self.helpers.pid, number)

    def _stops(self, seconds: float) -> bool:
        """While it stops: let what is running finish, then ask it to leave, then end it. Whether any is left."""
        left = self._running()
        if seconds > SECONDS_TO_FINISH:
            for connection in left:
                self._hang_up(connection)
        if seconds > SECONDS_TO_LEAVE:
            for connection in left:
                os.kill(connection.pid or 0, signal.SIGKILL)
        has_helper = self.helpers is not None and self.helpers.pid is not None
        if has_helper and seconds > SECONDS_TO_LEAVE + 0.5:
            self._signal_helpers(signal.SIGKILL)
        return bool(left) or has_helper


_EVERY_SIGNAL = signal.valid_signals()


def _forked(number: int) -> int:
    """A new process, 0 in it; `number` is the signal that it has when this one ends without it.

    Signals wait in it until it has its own way with them: by the server's it would have the server stop, or stay.
    """
    parent = os.getpid()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()  # or it would be printed twice
    before, pid = signal.pthread_sigmask(signal.SIG_BLOCK, _EVERY_SIGNAL), -1
    try:
        pid = os.fork()
    finally:
        if pid:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if not pid:
        child.end_with_parent(parent, number)
    return pid


def _changed() -> Iterator[tuple[int, int]]:
    """The processes that have ended or were stopped, with what is to be known of each."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:
            return
        if not pid:
            return
        yield pid, status


def _woken_by_signals() -> socket.socket:
    """What can be read when a child has changed or the server is to stop: the numbers of the signals."""
    woken, waker = socket.socketpair()
    woken.setblocking(False)
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.detach(), warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    return woken


def leave(status: int) -> NoReturn:
    """End the process at once, when all was printed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
