"""Commands at a server's socket: the same bytes and status as without it, the person's own name, and every fault."""

import fcntl
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import databases
import pytest
from conftest import MONDAY, Clinic
from served import PATIENCE, served, wait_until
from terminals import Terminal, resize, started

import testing_tracker
from testing_tracker.account import current_account
from testing_tracker.rules.serving import frames
from testing_tracker.rules.serving.frames import Asked, Frames, framed

pytestmark = pytest.mark.sqlite_only("forks and sockets; a server's database is PostgreSQL's own")
NOBODY = 65534
SAMPLE = [
    ["due"],
    ["due", "--format", "csv"],
    ["due", "--format", "json"],
    ["participant", "show", "A17"],
    ["participant", "show", "Z99"],
    ["participant", "list", "--format", "csv"],
    ["recommendation", "list"],
    ["resutl"],
    ["due", "--on", "never"],
    [],
    ["log"],
]


# Loaded before, because another account may not read the Python of the one that tests.
_AS_NOBODY = f"""
import os, pwd, socket, stat, sys, pathlib, errno, select, time, tempfile, random, secrets, fcntl
import testing_tracker.client.ask, testing_tracker.client.opening, testing_tracker.store.whole_files
import testing_tracker.store.given_files, testing_tracker.store.places, testing_tracker.__main__ as program
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY}); os.chdir("/")
program.main()
"""


@contextmanager
def for_others(made_clinic):
    """A clinic in a folder that others may look into, because clients of other accounts are to reach the socket."""
    folder = Path(tempfile.mkdtemp(prefix="served-"))
    folder.chmod(0o755)
    databases.copy(made_clinic, folder / "clinic.db")
    clinic = Clinic(folder / "clinic.db", MONDAY)
    for account, roles in (("nobody", ("nurse", "manager")), (current_account(), ("nurse", "clinician"))):
        for role in roles:
            clinic("staff", "add", account, "--role", role)
    yield clinic
    shutil.rmtree(folder)


def for_nobody() -> list[str]:
    """What has a server let another account in, where this one may do that."""
    return ["--group", str(NOBODY)] if os.getuid() == 0 else []


def as_nobody(server, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", _AS_NOBODY, *server.words(*words)[3:]]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "USER": "root"}, check=False)


@pytest.fixture(scope="module")
def clinic_of_module(made_clinic):
    with for_others(made_clinic) as clinic:
        clinic.add("A17", "B04", "C05")
        clinic("draw")
        yield clinic


@pytest.fixture(scope="module")
def server(clinic_of_module):
    with served(clinic_of_module, *for_nobody()) as running:
        yield running


@pytest.fixture
def fresh(clinic, tmp_path):
    clinic.add("A17", "B04")
    clinic("draw")
    return clinic


@pytest.mark.parametrize("words", SAMPLE, ids=" ".join)
def test_what_is_typed_prints_the_same_bytes_and_leaves_the_same_status(server, clinic_of_module, words):
    start = [sys.executable, "-m", "testing_tracker", "--database", str(clinic_of_module.database), "--today", MONDAY]
    plain = subprocess.run([*start, *words], capture_output=True, text=True, input="", check=False)
    asked = server.ask(*words, input="")
    printed = asked.stdout.replace(server.url, str(clinic_of_module.database))  # in commands to be pasted
    assert (asked.returncode, printed, asked.stderr) == (plain.returncode, plain.stdout, plain.stderr)


def test_a_result_is_logged_and_checked_and_the_file_is_its_owners_alone(server, clinic_of_module):
    assert server.ask("result", "B04", "negative").returncode == 0
    assert "All holds" in server.ask("verify").stdout
    assert clinic_of_module.status("B04") == "collected negative"  # a plain command on the owned file
    beside = clinic_of_module.database.parent.glob("clinic.db*")
    assert {path.stat().st_mode & 0o777 for path in beside} == {0o600}
    assert server.ask("status", "--format", "csv").stdout.count("server,unix:") == 1


@pytest.mark.skipif(os.getuid() != 0, reason="acts as another account")
def test_a_copy_of_the_file_alone_has_every_commit(server, clinic_of_module, tmp_path):
    """Also while somebody else has it open, so that no end of a connection copies the log into it."""
    with databases.opened(clinic_of_module.database) as beside:
        beside.execute("SELECT count(*) FROM participant").fetchone()
        assert server.ask("participant", "add", "W99", "--level", "iop", "--schedule", "fixed-2").returncode == 0
        copy = shutil.copy(clinic_of_module.database, tmp_path / "copy.db")
    with databases.opened(Path(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM participant WHERE code = 'W99'").fetchone() == (1,)


def test_the_audit_table_has_who_the_kernel_says_and_files_are_opened_with_that_accounts_rights(
    server, clinic_of_module, tmp_path
):
    assert as_nobody(server, "result", "C05", "negative").stderr == ""
    assert ("nobody",) in clinic_of_module.rows("SELECT account FROM audit_entry WHERE account <> 'root'")
    key = f"{clinic_of_module.database}.key"
    for words in (["participant", "import", key], ["result", "import", key], ["schedule", "load", key]):
        refused = as_nobody(server, *words)
        assert refused.returncode == 1, words
        assert "denied" in refused.stderr
        assert "key" not in refused.stderr.replace(key, "")
    there = clinic_of_module.database.parent / "theirs.csv"
    assert as_nobody(server, "history", "export", "--output", str(there)).returncode == 1
    assert not there.exists()
    assert as_nobody(server, "backup", "--key", "/tmp/k").stderr.count("\n") == 1


@pytest.mark.parametrize("words", [["init"], ["restore", "x"], ["serve"], ["cron", "print"], ["migrate"]])
def test_what_is_the_owners_is_refused_in_a_line(server, words):
    refused = server.ask(*words)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is not for a server's socket" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_another_database_is_not_opened_whoever_names_it(server, clinic_of_module):
    asked = Asked(b"tt", [b"--database", os.fsencode(clinic_of_module.database), b"due"], b"/", {}, [b"utf-8"] * 4, b"")
    left, right = socket.socketpair()
    with socket.socket(socket.AF_UNIX) as client, left, right:
        client.connect(str(server.socket))
        socket.send_fds(client, [asked.frame()], [right.fileno()])
        right.close()
        assert heard(client)[-1] == [frames.ENDED, b"1"]


def heard(client: socket.socket) -> list[list[bytes]]:
    """All that the server says until it closes."""
    client.settimeout(PATIENCE)
    taken, found = Frames(), []
    while data := client.recv(65536):
        found += taken.take(data)
    return found


def test_log_at_a_terminal_asks_and_records_as_without_a_server(server):
    log = Terminal(server, "log")
    assert "A17" in log.type("A17 n")
    log.type("q")
    assert log.leaves_with() == 0
    assert "A17,2026-11-16,fixed,collected,negative" in server.ask("due", "--format", "csv").stdout


def test_fifty_at_once(server):
    clients = [server.begin("due", "--format", "csv") for _ in range(50)]
    said = {client.communicate(timeout=PATIENCE)[0] for client in clients}
    assert len(said) == 1
    assert {client.returncode for client in clients} == {0}


LONG = [
    ["due", "--format", "json"],
    ["participant", "list", "--format", "json"],
    ["history", "export"],
    ["audit", "list", "--format", "csv"],
]


@pytest.mark.skipif(os.getuid() != 0, reason="acts as another account")
def test_who_stops_reading_keeps_nobody_waiting_and_no_transaction_open(made_clinic):
    """What is printed is many times what a pipe holds, so each of these commands waits in the middle of it."""
    with for_others(made_clinic) as clinic:
        codes = "".join(f"X{number:03},iop,fixed-2,2026-11-16\n" for number in range(500))
        file = clinic.database.with_name("people.csv")
        file.write_text(f"participant,level,schedule,enrolled_on\n{codes}")
        clinic("participant", "import", str(file))
        clinic("draw")
        with served(clinic, *for_nobody()) as running:
            before = running.children()
            stuck = [_printing_to_a_narrow_pipe(running, *words) for words in LONG]
            for number in range(3):
                logged = as_nobody(running, "result", f"X{number:03}", "negative")
                assert (logged.returncode, logged.stderr) == (0, "")
            with closing(sqlite3.connect(clinic.database)) as beside:
                # Is done to the end only where nobody reads an earlier state.
                assert beside.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
            assert all(client.poll() is None for client in stuck)
            for client in stuck:
                printed, said = client.communicate(timeout=PATIENCE)
                assert (client.returncode, said.strip()) in ((0, ""), (0, "TRAINING"))
                assert len(printed) > 2 * NARROW
            wait_until(lambda: running.children() <= before)
        assert "All holds" in clinic("verify")


NARROW = 4096  # bytes; no pipe has fewer


def _printing_to_a_narrow_pipe(server, *words: str) -> subprocess.Popen:
    """A command that is in the middle of printing to a pipe that nobody reads: it waits as soon as that is full."""
    client = server.begin(*words)
    fcntl.fcntl(client.stdout, fcntl.F_SETPIPE_SZ, NARROW)
    wait_until(lambda: struct.unpack("i", fcntl.ioctl(client.stdout, termios.FIONREAD, bytes(4)))[0] > NARROW // 2)
    return client


def test_whatever_arrives_harms_nobody_and_every_descriptor_is_closed(server):
    whole = Asked(b"tt", [b"due"], b"/", {}, [b"utf-8"] * 4, b"012").frame()
    chance, before = random.Random(14), server.open_files()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(300):
        content = bytearray(whole)
        for _ in range(chance.randrange(4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        cut = bytes(content[: chance.randrange(1, len(content) + 1)])
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(server.socket))
            try:
                socket.send_fds(client, [cut], [nothing] * chance.randrange(9))
                if number % 3 == 0:
                    client.sendall((1024**3).to_bytes(4, "big") + b"x" * 1000)
            except OSError:
                continue  # it was refused meanwhile
    os.close(nothing)
    wait_until(lambda: server.open_files() <= before)
    assert server.ask("due").returncode == 0


def test_a_gigabyte_of_arguments_and_another_protocol_are_refused_in_a_line(server):
    for sent in ((1024**3).to_bytes(4, "big"), framed(frames.RUN, b"2", b"who knows"), framed(b"else")):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(server.socket))
            client.sendall(sent)
            ((kind, said),) = heard(client)
            assert kind == frames.REFUSED
            assert b"Nothing was done." in said
            assert b"\n" not in said


def test_who_says_nothing_is_let_go(server):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(server.socket))
        began = time.monotonic()
        assert heard(client) == []
        assert time.monotonic() - began < 12


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_the_command_as_without_a_server(server, clinic_of_module, number):
    before = server.children()
    start = [sys.executable, "-m", "testing_tracker", "--database", str(clinic_of_module.database), "--today", MONDAY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    plain = subprocess.Popen([*start, "log"], text=True, **pipes)
    asked = server.begin("log")
    server.child_of(asked, before)
    told = []
    for log in (plain, asked):
        log.stdin.write("Z99 n\n")
        log.stdin.flush()
        assert "Z99" in log.stderr.readline()  # it waits for the next line
        log.send_signal(number)
        log.wait(PATIENCE)  # with its input open: at the end of that it would leave by itself
        told.append((log.returncode, log.stdout.read(), log.stderr.read()))
        for pipe in (log.stdin, log.stdout, log.stderr):
            pipe.close()
    assert told[0] == told[1]
    assert told[0][0] == (1 if number == signal.SIGINT else -number)
    wait_until(lambda: server.children() <= before)


def test_a_command_stops_and_goes_on_with_its_client(server):
    before = server.children()
    client = server.begin("log", process_group=0)
    child = server.child_of(client, before)
    time.sleep(1)

    def is_stopped(pid: int) -> bool:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    client.send_signal(signal.SIGTSTP)
    wait_until(lambda: is_stopped(child) and is_stopped(client.pid))
    client.send_signal(signal.SIGCONT)
    wait_until(lambda: not is_stopped(child))
    client.communicate("q\n", timeout=PATIENCE)
    assert client.returncode == 0


def test_a_screen_that_stays_ends_by_its_key_and_leaves_its_status(server):
    pid, end = started(server.words("today", "--watch"), 100, 30)
    said = b""
    while b"A17" not in said:
        said += os.read(end, 65536)
    resize(end, 60, 20)
    os.write(end, b"q")
    with suppress(OSError):  # the terminal is gone with its program
        while os.read(end, 65536):
            pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_pipe_that_is_closed_early_and_no_colour_are_as_without(server):
    piped = subprocess.run(
        ["bash", "-c", '"$@" | head -1; echo ${PIPESTATUS[0]}', "bash", *server.words("participant", "list")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert piped.stdout.splitlines()[-1] in ("0", "1")
    assert piped.stderr in ("", "TRAINING\n")


def test_a_client_that_is_killed_takes_its_command_along(server):
    before = server.children()
    client = server.begin("log")
    server.child_of(client, before)
    client.kill()
    client.communicate()
    wait_until(lambda: server.children() <= before)


@contextmanager
def somebody(number: int, *, group: int):
    """Connect as another account meanwhile: the kernel notes who it is then."""
    os.setegid(group)
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.mark.skipif(os.getuid() != 0, reason="acts as another account")
def test_who_is_not_on_the_list_is_offered_no_code_and_told_no_act(server, clinic_of_module):
    def as_account(number: int, **more: int) -> tuple[str, list[list[bytes]]]:
        asked = Asked(b"tt", [b"--today", MONDAY.encode(), b"status"], b"/", {}, [b"utf-8"] * 4, b"2", **more)
        if not more:
            line = b"testing-tracker participant show "
            asked.arguments = []
            asked.variables = {b"_TESTING_TRACKER_COMPLETE": b"bash_complete", b"COMP_WORDS": line, b"COMP_CWORD": b"3"}
            asked.called, asked.given = b"testing-tracker", b"1"
        out, into = os.pipe()
        left, right = socket.socketpair()
        with socket.socket(socket.AF_UNIX) as client, left, right, open(out, "rb") as printed:
            with somebody(number, group=NOBODY):
                client.connect(str(server.socket))
            socket.send_fds(client, [asked.frame()], [into, right.fileno()])
            os.close(into)
            right.close()
            said = heard(client)
            return printed.read().decode(), said

    assert "A17" in as_account(0)[0]
    printed, said = as_account(NOBODY - 1)
    assert (printed.strip(), said[-1]) == ("", [frames.ENDED, b"0"])
    printed, said = as_account(NOBODY - 1, since=1)
    assert said[-1] == [frames.ENDED, b"1"]
    assert "is not on the list" in printed
    assert printed.count("\n") == 1
    assert not any(code in printed for code in ("A17", "B04", "C05"))


def test_a_command_that_is_killed_has_its_client_say_what_is_on_record(server):
    before = server.children()
    client = server.begin("log")
    child = server.child_of(client, before)
    client.stdin.write("B04 cause n\n")
    client.stdin.flush()
    time.sleep(1)
    os.kill(child, signal.SIGKILL)
    _, said = client.communicate(timeout=PATIENCE)
    assert client.returncode == 1
    assert "was ended by signal 9. What is on record of it:" in said
    assert "of B04" in said


def test_a_server_that_is_killed_leaves_its_socket_to_the_next_and_the_file_to_everybody(fresh):
    with served(fresh) as first:
        before = first.children()
        client = first.begin("log")
        first.child_of(client, before)
        first.process.kill()
        first.process.wait()
        _, said = client.communicate(timeout=PATIENCE)
        assert "It is not known: no server answers" in said
        assert "is not running" in first.ask("due").stderr
        fresh("result", "A17", "negative")
        lost = [one for one in json.loads(fresh.run("doctor", "--format", "json").stdout) if one["matter"] == "server"]
        assert [(one["needs_doing"], "nobody stopped it" in one["what"]) for one in lost] == [(True, True)]
        assert lost[0]["do"].endswith(f" serve --socket {first.socket}")
    with served(fresh) as second:
        assert "nobody stopped it" not in second.ask("doctor", "--format", "json").stdout
        assert "A17,2026-11-16,fixed,collected,negative" in second.ask("due", "--format", "csv").stdout
        start = [sys.executable, "-m", "testing_tracker", "--database", str(fresh.database), "--today", MONDAY]
        third = subprocess.run([*start, "serve", "--socket", "other"], capture_output=True, text=True, check=False)
        assert (third.returncode, "A server has" in third.stderr) == (1, True)
        began = time.monotonic()
        second.process.terminate()
        second.process.wait(10)
        assert time.monotonic() - began < 5
    assert not second.socket.exists()
    assert "nobody stopped it" not in fresh.run("doctor", "--format", "json").stdout
    assert fresh.rows("PRAGMA journal_mode") == [("delete",)]
    assert "All holds" in fresh("verify")


def test_what_is_no_socket_or_is_open_to_others_is_told_nothing(server, tmp_path):
    def refused(path: Path) -> str:
        command = [sys.executable, "-m", "testing_tracker", "--database", f"unix:{path}", "due"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        return done.stderr

    (tmp_path / "file").write_text("")
    assert "is not a socket" in refused(tmp_path / "file")
    assert "There is no server" in refused(tmp_path / "none")
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(open_folder)
        listening.bind("s")
        listening.listen()
        assert "could be anybody's" in refused(open_folder / "s")
        if os.getuid() == 0:
            os.chown(open_folder, NOBODY, -1)
            assert "of another account" in refused(open_folder / "s")
    os.chdir("/")


def test_a_file_that_is_no_socket_is_not_replaced_and_a_long_path_is_refused(fresh, tmp_path):
    start = [sys.executable, "-m", "testing_tracker", "--database", str(fresh.database), "--today", MONDAY, "serve"]
    (tmp_path / "s").write_text("mine")
    for path, said in ((tmp_path / "s", "something else"), (tmp_path / ("s" * 108), "bytes")):
        done = subprocess.run([*start, "--socket", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert said in done.stderr
    assert (tmp_path / "s").read_text() == "mine"


def test_a_socket_that_systemd_opened_is_taken_and_left_there(fresh, tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        handed = ["bash", "-c", f'exec 3<&{listening.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "bash"]
        with served(fresh, before=handed, pass_fds=[listening.fileno()]) as running:
            assert running.ask("due").returncode == 0
    assert (tmp_path / "s").exists()


def test_the_units_of_a_socket_hold_what_the_others_do(fresh):
    printed = fresh("systemd", "print", "--socket", "--group", "nurses")
    assert "ListenStream=/run/testing-tracker/testing-tracker.socket" in printed
    assert "SocketGroup=nurses\nSocketMode=0660\n" in printed
    service = printed.partition("testing-tracker-socket.service")[2]
    for line in ("KillMode=mixed", "RuntimeDirectory=testing-tracker", "NoNewPrivileges=yes", "ProtectSystem=strict"):
        assert f"{line}\n" in service
    assert "SocketMode=0600" in fresh("systemd", "print", "--socket")
    assert fresh.run("systemd", "print", "--group", "nurses").exit_code == 2


def test_a_server_whose_files_have_changed_starts_anew_with_what_is_running(fresh, tmp_path):
    copy = tmp_path / "program"
    shutil.copytree(Path(testing_tracker.__file__).parent, copy / "testing_tracker")
    place = Path(testing_tracker.__file__).parents[1] / "schedules"
    if place.is_dir():
        shutil.copytree(place, copy / "schedules")
    with served(fresh, env={**os.environ, "PYTHONPATH": str(copy)}, cwd=copy) as running:
        before = running.children()
        log = running.begin("log")
        running.child_of(log, before)
        init = copy / "testing_tracker" / "__init__.py"
        whole = init.read_text()
        init.write_text("this is no whole program")
        assert running.ask("due").returncode == 0  # the one that was loaded goes on
        time.sleep(5.5)
        init.write_text(whole.replace("0.2.0", "0.2.1"))
        running.ask("due")
        wait_until(lambda: "0.2.1" in running.ask("status", "--format", "json").stdout)
        out, err = log.communicate("A17 n\nq\n", timeout=PATIENCE)
        assert log.returncode == 0, err
        assert "A17" in out
        assert running.process.poll() is None


def test_what_is_typed_is_read_and_written_where_it_was_typed(server, tmp_path):
    there = tmp_path / "clinic.copy"
    copied = server.ask("backup", there.name, cwd=tmp_path)
    assert (copied.returncode, copied.stderr) == (0, "")
    assert f"{there}: a copy of" in copied.stdout
    assert there.stat().st_mode & 0o777 == 0o600
    (tmp_path / "people.csv").write_text("participant,level,schedule,enrolled_on\nF06,iop,fixed-2,2026-11-16\n")
    assert "1 imported" in server.ask("participant", "import", "people.csv", cwd=tmp_path).stdout
    assert server.ask("history", "export", "--output", "past.csv", cwd=tmp_path).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clinic.copy", "past.csv", "people.csv"]


def test_a_server_may_know_its_database_by_the_variable(fresh):
    with served(fresh, env={**os.environ, "TESTING_TRACKER_DATABASE": str(fresh.database)}) as running:
        assert running.ask("due").returncode == 0
        by_variable = [word for word in running.words("due") if word not in ("--database", running.url)]
        variables = {**os.environ, "TESTING_TRACKER_DATABASE": running.url}
        done = subprocess.run(by_variable, capture_output=True, text=True, env=variables, check=False)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.getuid() != 0, reason="acts as another account")
def test_who_is_not_in_the_group_does_not_reach_it(fresh):
    folder = Path(tempfile.mkdtemp(prefix="served-"))
    folder.chmod(0o755)
    try:
        with served(fresh, "--group", str(NOBODY + 1), socket=folder / "s") as running:
            about = running.socket.stat()
            assert (about.st_gid, about.st_mode & 0o777) == (NOBODY + 1, 0o660)
            refused = as_nobody(running, "due")
            assert (refused.returncode, refused.stdout) == (1, "")
            assert "it may be used by its owner and its group" in refused.stderr
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("words", [["serve", "--socket"], ["systemd", "print", "--socket"]], ids=" ".join)
def test_people_of_a_postgresql_server_are_not_made_one_by_a_socket(words):
    command = [sys.executable, "-m", "testing_tracker", "--database", "postgresql://owner@localhost/clinic", *words]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert "by a login of their own" in refused.stderr


def test_a_shell_that_completes_is_told_nothing_where_there_is_no_server(tmp_path):
    line = {"COMP_WORDS": "testing-tracker result ", "COMP_CWORD": "2", "_TESTING_TRACKER_COMPLETE": "bash_complete"}
    variables = {**os.environ, "TESTING_TRACKER_DATABASE": f"unix:{tmp_path / 'none'}", **line}
    command = [sys.executable, "-c", "from testing_tracker.__main__ import main; main()"]
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    assert (done.stdout, done.stderr) == ("", "")
