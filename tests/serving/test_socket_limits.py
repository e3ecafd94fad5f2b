"""The loop of a server where it has no room: for a process, a file or one more client; nobody is left without a word.

What its commands do is here only to wait, or to end.
"""

import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from served import wait_until

from testing_tracker.rules.serving import frames
from testing_tracker.rules.serving.frames import Asked, Frames
from testing_tracker.serving.socket import child, listening, parent
from testing_tracker.serving.socket.connections import Connection
from testing_tracker.serving.socket.parent import SocketServer
from testing_tracker.serving.socket.peer import Peer

pytestmark = pytest.mark.one_database(reason="a loop without a database")
PATIENCE = 20
RENEWS = 3


@dataclass
class Loop:
    """A server's loop in a process of its own."""

    socket: Path
    pid: int
    clients: list["Client"] = field(default_factory=list)
    status: int | None = None

    def asking(self, *words: str) -> "Client":
        self.clients.append(Client(self.socket, words))
        return self.clients[-1]

    def seconds_worked(self) -> float:
        about = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(about[11]) + int(about[12])) / os.sysconf("SC_CLK_TCK")

    def has_ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None


class Client:
    """Asks a loop for a command, and hears what is said of it."""

    def __init__(self, path: Path, words) -> None:
        self.of = socket.socket(socket.AF_UNIX)
        self.of.settimeout(PATIENCE)
        self.of.connect(str(path))
        self._taken = Frames()
        ours, theirs = socket.socketpair()
        asked = Asked(b"tt", [word.encode() for word in words], b"/", {}, [b"utf-8"] * 4, b"")
        with ours, theirs:
            socket.send_fds(self.of, [asked.frame()], [theirs.fileno()])

    def hears(self) -> list[list[bytes]]:
        """What is said until the server hangs up."""
        said = []
        while data := self.of.recv(65536):
            said += self._taken.take(data)
        self.of.close()
        return said

    def has_begun(self, seconds: float = PATIENCE) -> bool:
        """Whether it is begun by then."""
        self.of.settimeout(seconds)
        try:
            return self._taken.take(self.of.recv(65536))[0][0] == frames.BEGUN
        except TimeoutError:
            return False
        finally:
            self.of.settimeout(PATIENCE)


def run(line) -> None:
    """`wait FILE` until there is one, whatever it is told meanwhile; all else is over at once."""
    if line.words[:1] == ["wait"]:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        Path(f"{line.words[1]}-waits").touch()
        end = time.monotonic() + PATIENCE
        while not Path(line.words[1]).exists() and time.monotonic() < end:
            time.sleep(0.02)


@contextmanager
def loop(folder: Path, before=lambda: None, more=None, **limits: float):
    """A loop whose limits are these, after its process has done something `before`; `more` is what else it is given.

    Its process leaves with status 3 where it is to start anew.
    """
    listens = listening.listen(folder / "s", None)
    pid = os.fork()
    if not pid:
        status = 1
        try:
            for name, value in limits.items():
                setattr(parent, name, value)
            before()
            status = RENEWS if SocketServer(listens, run, {}, **(more or {})).serve() else 0
        finally:
            os._exit(status)
    listens.close()
    small = Loop(folder / "s", pid)
    try:
        yield small
    finally:
        for client in small.clients:
            client.of.close()
        if not small.has_ended():
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM], ids=errno.errorcode.get)
def test_where_no_process_can_be_had_it_is_said_in_a_line_and_nothing_is_done(tmp_path, number):
    def once_without() -> None:
        real = os.fork

        def fork() -> int:
            os.fork = real
            raise OSError(number, os.strerror(number))

        os.fork = fork

    with loop(tmp_path, once_without) as small:
        command = [sys.executable, "-m", "testing_tracker", "--database", f"unix:{small.socket}", "due"]
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
        assert f"cannot begin another command now ({os.strerror(number)}). Nothing was done; try" in refused.stderr
        assert small.asking("due").hears()[-1] == [frames.ENDED, b"0"]


@pytest.mark.parametrize("limit", ["MOST_COMMANDS", "MOST_OF_ONE"])
def test_who_comes_when_all_places_are_taken_waits_for_one(tmp_path, limit):
    with loop(tmp_path, **{limit: 2}) as small:
        taken = [small.asking("wait", str(tmp_path / f"go-{number}")) for number in range(2)]
        assert all(client.has_begun() for client in taken)
        waiting = small.asking("due")
        assert not waiting.has_begun(0.5)
        (tmp_path / "go-0").touch()
        assert waiting.hears()[-1] == [frames.ENDED, b"0"]
        (tmp_path / "go-1").touch()
        assert taken[1].hears()[-1] == [frames.ENDED, b"0"]


def test_one_account_does_not_take_the_places_of_others(monkeypatch):
    monkeypatch.setattr(parent, "MOST_OF_ONE", 2)
    monkeypatch.setattr(parent, "MOST_COMMANDS", 4)
    numbers = iter(range(1000, 2000))
    monkeypatch.setattr(parent, "_forked", lambda _signal: next(numbers))
    server = SocketServer(socket.socket(), run, {})
    ends = []
    for number, uid in enumerate([1, 1, 1, 2, 3, 4]):
        left, right = socket.socketpair()
        ends += [left, right]
        asked = Asked(b"tt", [b"due"], b"/", {}, [b"utf-8"] * 4, b"")
        server.connections[number] = Connection(left, Peer(uid), 0.0)
        server.connections[number].asked = asked
    server._begin()
    begun = [one.peer.uid for one in server.connections.values() if one.pid]
    assert begun == [1, 1, 2, 3]  # the third of the first account waits, and so does the fifth of all
    server.connections[3].pid, server.connections[3].is_over = None, True
    server._begin()
    assert [one.peer.uid for one in server.connections.values() if one.pid] == [1, 1, 3, 4]
    for end in (*ends, server.listening):
        end.close()


def test_who_waits_for_too_long_is_told_that_nothing_was_done(tmp_path):
    with loop(tmp_path, MOST_COMMANDS=1, SECONDS_TO_WAIT=0.5) as small:
        taken = small.asking("wait", str(tmp_path / "go"))
        assert taken.has_begun()
        ((kind, said),) = small.asking("due").hears()
        assert (kind, b"busy" in said, b"Nothing was done" in said) == (frames.REFUSED, True, True)
        (tmp_path / "go").touch()
        assert taken.hears()[-1] == [frames.ENDED, b"0"]


def test_who_waits_and_is_ended_by_a_signal_is_never_begun(tmp_path):
    with loop(tmp_path, MOST_COMMANDS=1) as small:
        taken = small.asking("wait", str(tmp_path / "go"))
        assert taken.has_begun()
        waiting = small.asking("due")
        waiting.of.sendall(frames.framed(frames.SIGNAL, b"15"))
        assert waiting.hears() == [[frames.KILLED, b"15"]]
        (tmp_path / "go").touch()


def test_who_takes_nothing_of_what_it_is_told_is_given_up_and_hears_no_half_of_it():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.settimeout(PATIENCE)
        connection, told = Connection(ours, Peer(1), 0.0), 0
        while not connection.is_over:
            connection.tell(frames.STOPPED, b"20")
            told += 1
            assert told < 100_000
        connection.tell(frames.ENDED, b"0")
        taken, heard = Frames(), []
        while data := theirs.recv(65536):
            heard += taken.take(data)
    assert 0 < len(heard) < told
    assert set(map(tuple, heard)) == {(frames.STOPPED, b"20")}


def test_nothing_is_begun_for_who_is_gone_before_it_could_be(tmp_path):
    with loop(tmp_path, lambda: setattr(parent, "_forked", _marked(tmp_path / "forked"))) as small:
        os.kill(small.pid, signal.SIGSTOP)
        small.asking("due").of.close()
        os.kill(small.pid, signal.SIGCONT)
        time.sleep(0.5)
        assert not (tmp_path / "forked").exists()
        assert small.asking("due").hears()[-1] == [frames.ENDED, b"0"]
        assert (tmp_path / "forked").exists()


def _marked(mark: Path):
    real = parent._forked

    def forked(number: int) -> int:
        mark.touch()
        return real(number)

    return forked


def test_more_clients_than_may_wait_are_refused_in_a_line(tmp_path):
    with loop(tmp_path, MOST_COMMANDS=1, MOST_WAITING=2) as small:
        taken = small.asking("wait", str(tmp_path / "go"))
        assert taken.has_begun()
        waiting = [small.asking("due") for _ in range(2)]
        assert not waiting[1].has_begun(0.3)
        with closing(socket.socket(socket.AF_UNIX)) as late:
            late.connect(str(small.socket))
            late.settimeout(PATIENCE)
            assert b"too many clients at once. Nothing was done" in late.recv(4096)
        (tmp_path / "go").touch()
        assert [client.hears()[-1] for client in waiting] == [[frames.ENDED, b"0"]] * 2


def test_a_server_that_can_open_no_more_files_goes_on_when_it_can_again(tmp_path):
    def few_files() -> None:
        most = max(int(name) for name in os.listdir("/proc/self/fd")) + 20
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        opened = []
        with suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        for descriptor in opened[-12:]:
            os.close(descriptor)

    with loop(tmp_path, few_files) as small:
        silent = []
        for _ in range(40):
            silent.append(socket.socket(socket.AF_UNIX))
            silent[-1].connect(str(small.socket))
        time.sleep(0.5)
        worked = small.seconds_worked()
        late = small.asking("due")
        assert not late.has_begun(1)
        assert small.seconds_worked() - worked < 0.5  # it does not try without a pause
        for one in silent:
            one.close()
        assert late.hears()[-1] == [frames.ENDED, b"0"]


def slowly_begun(mark: Path):
    """Have every process that is forked take a while before it is set up, and mark that it is there."""

    def before() -> None:
        real = child.end_with_parent

        def slow(*arguments: int) -> None:
            Path(mark).write_text(str(os.getpid()))
            time.sleep(1)
            real(*arguments)

        child.end_with_parent = slow

    return before


def is_gone(pid: int) -> bool:
    """Whether a process is over, though nobody may have asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_for_a_command_that_is_just_being_begun_ends_that_and_not_the_server(tmp_path, number):
    with loop(tmp_path, slowly_begun(tmp_path / "mark")) as small:
        client = small.asking("wait", str(tmp_path / "go"))
        assert client.has_begun()
        wait_until((tmp_path / "mark").exists)
        client.of.sendall(frames.framed(frames.SIGNAL, b"%d" % number))
        assert client.hears() == [[frames.KILLED, b"%d" % number]]
        assert small.asking("due").hears()[-1] == [frames.ENDED, b"0"]
        assert not small.has_ended()


@pytest.mark.parametrize("what", ["command", "helper"])
def test_what_is_just_being_begun_ends_with_a_server_that_is_killed(tmp_path, what):
    mark = tmp_path / "mark"
    more = {"helpers": parent.Helpers(lambda: time.sleep(PATIENCE))} if what == "helper" else {}
    with loop(tmp_path, slowly_begun(mark), more) as small:
        if what == "command":
            small.asking("wait", str(tmp_path / "go"))
        wait_until(lambda: mark.exists() and mark.read_text())
        begun = int(mark.read_text())
        os.kill(small.pid, signal.SIGKILL)
        wait_until(small.has_ended)
        assert not is_gone(begun)
        wait_until(lambda: is_gone(begun))
        assert not (tmp_path / "go-waits").exists()


def test_a_server_that_is_told_to_stop_does_not_start_anew(tmp_path):
    seen = tmp_path / "seen"

    def is_to_renew(closely: bool) -> bool:
        if not closely:  # somebody has connected, and what is waited for before it starts anew
            seen.touch()
        return not closely

    with loop(tmp_path, more={"is_to_renew": is_to_renew}) as small, closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.connect(str(small.socket))
        wait_until(seen.exists)
        os.kill(small.pid, signal.SIGTERM)
        wait_until(small.has_ended)
        assert small.status == 0


def test_a_command_that_goes_on_without_its_client_gives_the_server_no_work(tmp_path):
    with loop(tmp_path) as small:
        client = small.asking("wait", str(tmp_path / "go"))
        while not (tmp_path / "go-waits").exists():
            time.sleep(0.02)
        client.of.close()
        worked = small.seconds_worked()
        time.sleep(1)
        assert small.seconds_worked() - worked < 0.2
        (tmp_path / "go").touch()
        assert small.asking("due").hears()[-1] == [frames.ENDED, b"0"]
