"""What is left at a server's socket: files of commands that were killed, a question that waits, and what is local."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import MONDAY, Clinic
from served import PATIENCE, served, wait_until
from terminals import Terminal, started, words_of

from testing_tracker.cli.desk.idle import IDLE_VARIABLE
from testing_tracker.rules.serving import frames

pytestmark = pytest.mark.sqlite_only("forks and sockets; a server's database is PostgreSQL's own")

# A server whose commands stop at a step of making a file until they are ended. It marks that they are there.
_STOPS_AT = """
import os, sys, time
from pathlib import Path
from testing_tracker.serving.their_files import TheirFiles
ask = TheirFiles._ask
def stop(self, word, *more, **least):
    if word.decode() == Path({at!r}).read_text():
        Path({mark!r}).touch()
        time.sleep(60)
    return ask(self, word, *more, **least)
TheirFiles._ask = stop
"""
# A server, or a command, that nobody touched for a minute after a second.
_HURRIED = "from testing_tracker.cli.desk import idle; idle.MINUTE = 1.0\n"
_MAIN = "from testing_tracker.__main__ import main; main()"


@pytest.fixture
def busy(clinic):
    clinic.add("A17", "B04")
    clinic("draw")
    clinic("result", "A17", "negative")
    return clinic


def test_a_command_ended_while_it_makes_a_file_leaves_none_that_is_not_on_record(busy, tmp_path):
    folder, mark, at = tmp_path / "folder", tmp_path / "mark", tmp_path / "at"
    folder.mkdir()
    (folder / "past.csv").write_text("the one before")
    with served(busy, program=_STOPS_AT.format(at=str(at), mark=str(mark)) + _MAIN) as running:
        for who, word in [(who, word) for who in ("command", "client", "server") for word in ("put", "keep")]:
            if running.process.poll() is not None:
                break
            at.write_text(word)
            mark.unlink(missing_ok=True)
            before = running.children()
            client = running.begin("history", "export", "--output", "past.csv", "--overwrite", cwd=folder)
            child = running.child_of(client, before)
            wait_until(mark.exists)
            if who == "client":
                client.terminate()
            elif who == "command":
                os.kill(child, signal.SIGTERM)
            else:
                running.process.kill()
            client.communicate(timeout=PATIENCE)
            assert client.returncode != 0
            assert [path.name for path in folder.iterdir()] == ["past.csv"], (who, word)
            assert (folder / "past.csv").read_text() == "the one before", (who, word)


class TestIdle:
    def test_the_servers_minutes_count_and_not_the_clients(self, busy):
        with served(busy, program=_HURRIED + _MAIN, env={**os.environ, IDLE_VARIABLE: "1"}) as running:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(IDLE_VARIABLE, "0")
                log = Terminal(running, "log", asks=re.compile("$^"))
            status, said = log.ends_by_itself()
        assert status == 0
        assert "Closed by itself" in said
        assert "nobody touched it for a minute" in said

    def test_a_question_that_nobody_answers_is_over(self, busy):
        with served(busy, program=_HURRIED + _MAIN, env={**os.environ, IDLE_VARIABLE: "1"}) as running:
            asked = Terminal(
                running, "participant", "transfer", "B04", "outpatient", "--reason", "moved", asks=re.compile("$^")
            )
            status, said = asked.ends_by_itself()
        assert (status, "nothing was done" in said) == (1, True)
        assert "B04,iop" in busy("participant", "list", "--format", "csv")

    def test_it_is_not_sent(self):
        assert not frames.is_kept(IDLE_VARIABLE.encode())


def test_a_terminal_that_is_hung_up_while_a_question_waits_does_nothing(busy):
    with served(busy) as running:
        before = running.children()
        command = words_of(running, "participant", "transfer", "B04", "outpatient", "--reason", "moved")
        pid, end = started(command, 80, 24)
        said = b""
        while b"[y/N]" not in said:
            said += os.read(end, 4096)
        os.close(end)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) != 0
        wait_until(lambda: running.children() <= before)
        assert running.ask("due").returncode == 0
    assert "B04,iop" in busy("participant", "list", "--format", "csv")


LOCAL = [["--help"], ["--version"], ["due", "--help"], ["manual"], ["completion", "bash"], ["demo"]]


@pytest.mark.parametrize("words", LOCAL, ids=" ".join)
def test_what_needs_no_records_is_done_where_no_server_runs(tmp_path, words):
    variables = {**os.environ, "TESTING_TRACKER_DATABASE": f"unix:{tmp_path}/none", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "testing_tracker", *words],
        capture_output=True,
        text=True,
        env=variables,
        input="",
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_completion_asks_the_server_though_bash_cuts_its_name_at_the_colon(busy):
    with served(busy) as running:
        for line, number in (
            (f"testing-tracker --database unix : {running.socket} participant show ", 7),
            (f"testing-tracker --database unix:{running.socket} participant show ", 5),
            (f"testing-tracker --database={running.url} participant show ", 4),
        ):
            variables = {"_TESTING_TRACKER_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(number)}
            code = "import sys; sys.argv = ['testing-tracker']; " + _MAIN
            done = subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                text=True,
                env={**os.environ, **variables},
                check=False,
            )
            assert done.stdout.split() == ["plain,A17", "plain,B04"], line


def test_the_server_has_no_thread_and_no_database_open(busy):
    with served(busy) as running:
        assert running.ask("report", "weekly", "--week", "this").returncode == 0
        about = Path(f"/proc/{running.process.pid}")
        assert "Threads:\t1\n" in (about / "status").read_text()
        opened = [os.readlink(one) for one in (about / "fd").iterdir()]
        assert str(busy.database) not in opened


def test_a_copy_of_the_file_alone_is_whole_while_a_server_has_it_and_after_one_was_killed(busy, tmp_path):
    def copied(name: str) -> Clinic:
        shutil.copy(busy.database, tmp_path / name)
        shutil.copy(f"{busy.database}.key", tmp_path / f"{name}.key")
        return Clinic(tmp_path / name, MONDAY)

    with served(busy) as running:
        assert running.ask("result", "B04", "negative").returncode == 0
        assert copied("while.db").status("B04") == "collected negative"
        assert "holds" in running.ask("check").stdout + busy("check")
        running.process.kill()
        running.process.wait()
    after = copied("after.db")
    assert after.status("B04") == "collected negative"
    for clinic in (after, busy):
        assert clinic.run("check").exit_code == 0
        assert "All holds" in clinic("verify")
    assert busy.status("B04") == "collected negative"
