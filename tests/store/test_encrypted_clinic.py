"""Whatever is done at an encrypted clinic is done as at a plain one.

One line of every command here, always. Whole rooms of the tests are run on encrypted files with
`TESTING_TRACKER_TEST_ENCRYPTED=1 python -m pytest tests/deciding`, see CONTRIBUTING.md.
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, time
from pathlib import Path
from random import Random

import click
import pytest
from acts import ACTS, NO_ACT, Walk
from cli.test_completion import offered
from conftest import MONDAY, Clinic
from serving.served import served

from testing_tracker import chance
from testing_tracker.cli import program
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.watch.records import Records
from testing_tracker.clock import Clock
from testing_tracker.store import sqlite_file
from testing_tracker.store.encryption import key_place
from testing_tracker.store.encryption.encryption_key import read_key
from testing_tracker.store.encryption.key_place import VARIABLE

pytestmark = pytest.mark.sqlite_only(reason="a server's disk is its administrator's")
# Of the commands that are no acts, those that print something of the records; COPY is a file beside the database.
ALSO = (
    *("analyte list", "analyte show cocaine", "facility list", "key show", "report network --week this"),
    *("report period --from 2026-11-16 --to 2026-11-18", "report weekly --week this", "schedule list"),
    *("schedule show random-2", "schedule simulate random-2", "staff list", "staff add kim --role nurse"),
    *("staff remove kim --role nurse", "verify", "witness", "cron print", "systemd print", "backup COPY"),
    *("backup --key COPY.key", "migrate", "serve --once"),
)
SAY_IT = {"check", "status"}  # that it is encrypted
WITHOUT_RECORDS = {
    *("analyte check", "completion", "demo", "init", "manual", "proof check", "schedule check"),
    *("web load", "web serve", "web visits"),
}
TRIED_ELSEWHERE = {
    *("decide", "facility add", "key acknowledge", "restore"),
    *("notice send", "notice test", "web collect", "web print", "web sync"),
}


@pytest.fixture
def stick(tmp_path, monkeypatch) -> Path:
    (tmp_path / "stick").mkdir()
    monkeypatch.setenv(VARIABLE, f"file:{tmp_path / 'stick' / 'key'}")
    return tmp_path / "stick" / "key"


@pytest.fixture
def encrypted(tmp_path, stick) -> Clinic:
    """Two participants are due on Monday, and one has a result."""
    clinic = Clinic(tmp_path / "clinic" / "clinic.db", MONDAY)
    clinic("init", "--encrypted", "--training", "--timezone", "America/Los_Angeles")
    clinic.add("A17", "B04")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    return clinic


class TestEveryCommand:
    """The same words, typed at a plain clinic and at an encrypted one, print the same."""

    @pytest.fixture
    def walks(self, tmp_path, stick, monkeypatch) -> list[Walk]:
        made = []
        monkeypatch.setattr(key_place._InFile, "is_on_disk_of", lambda *_: False)  # `doctor` says it where it is
        for name, more in (("plain", []), ("noise", ["--encrypted"])):
            walk = Walk(Clinic(tmp_path / name / "clinic.db", MONDAY), Random(7), date.fromisoformat(MONDAY))
            walk.clinic("init", "--training", "--timezone", "America/Los_Angeles", *more)
            walk.clinic.add("A17", "B04", "C21", schedule="fixed-3")
            walk.clinic.add("D33", schedule="random-2")
            walk.clinic("draw")
            made.append(walk)
        monkeypatch.setattr(chance, "new_seed", lambda: bytes(range(32, 64)))  # of the next key
        monkeypatch.setattr(chance, "below", NUMBERS.randrange)
        monkeypatch.setattr(
            Clock, "now", lambda clock: datetime.combine(clock.pretended_day, time(12), clock.zone).astimezone(UTC)
        )
        return made

    def test_prints_the_same(self, walks):
        assert [sqlite_file.is_encrypted(walk.clinic.database) for walk in walks] == [False, True]
        worked = set()
        for name in sorted(ACTS):
            typed, said = zip(*(act(walk, name) for walk in walks), strict=True)
            assert typed[0] == typed[1]
            assert said[0] == said[1], typed
            worked |= {name} if said[0][0] == 0 else set()
        for line in ALSO:
            said = [type_in(walk.clinic, line.split()) for walk in walks]
            assert said[0] == said[1], line
            assert said[0][0] == 0, (line, said)
        assert len(worked) > len(ACTS) / 2, sorted(ACTS.keys() - worked)

    def test_every_other_command_is_known(self):
        typed = {name for name in NO_ACT if any(f"{line} ".startswith(f"{name} ") for line in ALSO)}
        assert NO_ACT.keys() - typed == SAY_IT | WITHOUT_RECORDS | TRIED_ELSEWHERE


def test_a_lost_key_of_the_draws_is_acknowledged_there_too(encrypted, monkeypatch):
    encrypted.location.key.path.unlink()
    monkeypatch.setattr(chance, "new_seed", lambda: bytes(range(32, 64)))
    encrypted("key", "rotate", "--reason", "lost")
    assert "is not in the key file" in encrypted.run("verify").stderr
    encrypted("key", "acknowledge", "--reason", "lost")
    assert len(encrypted.json("verify")["notes"]) == 1


NUMBERS = Random()


def act(walk: Walk, name: str) -> tuple[object, tuple[int, str, str]]:
    typed = ACTS[name](walk)
    NUMBERS.seed(name)
    words, given = (typed, None) if isinstance(typed[0], str) else typed
    place = str(walk.clinic.database.parent)
    return (repr((words, given)).replace(place, "HERE"), type_in(walk.clinic, words, given))


def type_in(clinic: Clinic, words, given: str | None = None) -> tuple[int, str, str]:
    place = str(clinic.database.parent)
    words = [word.replace("COPY", f"{place}/copy") for word in words]
    done = clinic.run(*words, input=given)
    return (done.exit_code, done.stdout.replace(place, "HERE"), done.stderr.replace(place, "HERE"))


SHORTEST_SOUGHT = 7
"""Bytes of which noise of a megabyte has given ones by chance once in 10^11 files."""


def readable_in(folder: Path, *words: str) -> dict[str, list[str]]:
    """Which of the words can be read in a folder's files.

    A short word would be found in noise too: three given bytes stand in one of 25 files of this size.
    """
    assert all(len(word) >= SHORTEST_SOUGHT for word in words)
    files = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    found = {file.name: [word for word in words if word.encode() in content] for file, content in files.items()}
    return {name: there for name, there in found.items() if there}


class TestWhatLooksByItself:
    """Completion, the board that follows the records, the turn of `serve`, and a demo."""

    def test_completion_offers_codes_and_waits_for_nothing_heavy(self, encrypted):
        assert offered(encrypted.url, "participant", "show", "A") == ["A17"]
        assert offered(encrypted.url, "result", "") == ["B04"]

    def test_completion_is_silent_without_the_key(self, encrypted, stick):
        stick.rename(stick.with_name("away"))
        assert offered(encrypted.url, "result", "") == []

    def test_the_board_sees_what_another_process_adds(self, encrypted):
        with closing(Records(Desk(encrypted.url, MONDAY))) as records, click.Context(program, info_name="today"):
            records.read()
            assert records.read_if_changed() is None
            encrypted("result", "B04", "negative")
            assert records.read_if_changed() is not None

    def test_a_turn_of_serve(self, encrypted):
        encrypted.today = "2026-11-17"
        assert "2026-11-17" in encrypted("serve", "--once")
        assert encrypted.rows("SELECT count(*) FROM night WHERE day = '2026-11-17'") == [(1,)]


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    """A clinic with its server, which names the key from where it began."""
    folder = tmp_path_factory.mktemp("encrypted")
    (folder / "stick").mkdir()
    clinic = Clinic(folder / "clinic" / "clinic.db", MONDAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, f"file:{folder / 'stick' / 'key'}")
        clinic("init", "--encrypted", "--training", "--timezone", "America/Los_Angeles")
        clinic.add("A17-SECRET", "B04-SECRET")
        clinic("draw")
        named = {**os.environ, VARIABLE: "file:stick/key"}  # from where the server begins
        with served(clinic, cwd=folder, env=named) as running:
            yield clinic, running, folder / "stick" / "key"


class TestAtASocket:
    """One server for all of these: what is ready before anybody asks takes a while."""

    @pytest.fixture
    def encrypted(self, at_work, monkeypatch) -> Clinic:
        monkeypatch.setenv(VARIABLE, f"file:{at_work[2]}")
        return at_work[0]

    @pytest.fixture
    def server(self, at_work):
        return at_work[1]

    @pytest.fixture
    def stick(self, at_work) -> Path:
        return at_work[2]

    def test_commands_are_done_and_what_lies_beside_it_is_noise(self, server, encrypted, stick):
        secret = read_key(stick.read_text(), "it").secret
        assert server.ask("result", "A17-SECRET", "positive", "--analyte", "cocaine").stderr == ""
        refused = server.ask("result", "A17-SECRET", "negative")
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        beginners = [server.begin("result", "B04-SECRET", "negative") for _ in range(4)]
        assert sorted(one.wait() for one in beginners) == [0, 1, 1, 1]
        for one in beginners:
            one.communicate()
        assert "All holds" in server.ask("verify").stdout
        folder = encrypted.database.parent
        with closing(sqlite_file.connect(encrypted.database)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert readable_in(folder, "A17-SECRET", "cocaine", secret.hex()) == {}

    def test_its_parent_has_read_the_key_once_and_has_no_database_open(self, server, encrypted, stick):
        stick.rename(stick.with_name("pulled out"))
        asked = server.ask("due", cwd="/")
        stick.with_name("pulled out").rename(stick)
        assert (asked.returncode, asked.stdout.count("SECRET")) == (0, 2), asked.stderr
        process = Path(f"/proc/{server.process.pid}")
        opened = {os.readlink(one) for one in (process / "fd").iterdir()}
        assert not [one for one in opened if "clinic.db" in one and not one.endswith((".server", ".lock"))]
        assert len(list((process / "task").iterdir())) == 1

    def test_nobody_who_looks_at_the_processes_sees_the_key(self, server, stick):
        secret = read_key(stick.read_text(), "it").secret.hex().encode()
        client = server.begin("log")
        before = server.children()
        assert before
        for number in (server.process.pid, client.pid, *before):
            for file in ("cmdline", "environ"):
                assert secret not in Path(f"/proc/{number}/{file}").read_bytes()
        client.communicate("")

    def test_a_client_cannot_have_another_key_taken(self, server, tmp_path):
        """A name from where the client stands is no name at the server."""
        (tmp_path / "elsewhere" / "stick").mkdir(parents=True)
        (tmp_path / "elsewhere" / "stick" / "key").write_text("nothing\n")
        asked = server.ask("due", cwd=tmp_path / "elsewhere", env={**os.environ, VARIABLE: "file:/dev/null"})
        assert (asked.returncode, asked.stderr) == (0, "")

    def test_when_it_ends_the_file_stands_alone(self, server, encrypted):
        """The last of these, because nobody answers after it."""
        server.process.terminate()
        assert server.process.wait(30) == 0
        assert not encrypted.database.with_name("clinic.db-wal").exists()
        with closing(sqlite_file.connect(encrypted.database)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert encrypted.run("check").exit_code == 0


class TestFaults:
    """What becomes of it when a process is killed or the disk is full, as of a plain one."""

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
    def test_a_copy_that_is_killed_is_whole_or_not_there(self, encrypted, forks, tmp_path, share):
        there, key = tmp_path / "there" / "copy.db", tmp_path / "other stick" / "key"
        key.parent.mkdir()
        there.parent.mkdir()
        words = ["backup", str(there), "--encrypt", "--encryption-key", f"file:{key}", "--overwrite"]
        variables = {VARIABLE: os.environ[VARIABLE]}
        whole = forks.run(encrypted, *words, variables=variables)
        assert whole.status == 0, whole
        there.unlink()
        key.unlink()
        forks.run(encrypted, *words, variables=variables, kill_after=whole.seconds * share)
        assert readable_in(there.parent, "cocaine", "participant", "because") == {}
        assert not there.exists() or sqlite_file.is_encrypted(there)
        again = forks.run(encrypted, *words, variables=variables)
        assert again.status == 0, again
        new = Clinic(tmp_path / "new" / "new.db", MONDAY)
        restored = forks.run(new, "restore", str(there), variables={VARIABLE: f"file:{key}"})
        assert restored.status == 0, restored
        assert sorted(file.name for file in there.parent.iterdir()) == ["copy.db"]

    def test_a_full_disk_is_told_in_the_words_of_a_plain_one(self, encrypted, forks):
        before = encrypted.rows("SELECT count(*) FROM audit_entry")
        variables = {VARIABLE: os.environ[VARIABLE]}
        ended = forks.run(encrypted, "result", "B04", "negative", variables=variables, most_bytes_in_a_file=4096)
        assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1), ended
        assert "disk" in ended.err
        assert "Nothing was changed." in ended.err
        assert encrypted.rows("SELECT count(*) FROM audit_entry") == before
        assert forks.run(encrypted, "result", "B04", "negative", variables=variables).status == 0


class TestAnotherFileInItsPlace:
    """A key is named, and the file is plain: somebody may have put it there, and what is recorded is in clear."""

    @pytest.fixture
    def live(self, tmp_path) -> Clinic:
        clinic = Clinic(tmp_path / "live" / "clinic.db", None)
        clinic("init", "--timezone", "America/Los_Angeles")
        return clinic

    def test_it_is_said_with_every_command(self, live, stick):
        for words in (["due"], ["participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop"]):
            done = live.run(*words)
            assert done.exit_code == 0
            assert done.stderr.count("is not encrypted, and TESTING_TRACKER_ENCRYPTION_KEY says where a key is") == 1
        assert "the database is not encrypted" in live.run("doctor").stdout
        found = {line["what"]: line["state"] for line in json.loads(live.run("check", "--format", "json").stdout)}
        assert found["encryption"] == "wrong"

    def test_a_training_database_may_be_plain(self, tmp_path, stick):
        training = Clinic(tmp_path / "training.db", MONDAY)
        training("init", "--training")
        assert "is not encrypted" not in training.run("due").stderr
        assert training.run("check").exit_code == 0

    def test_nothing_is_said_where_no_key_is_named(self, live, monkeypatch):
        monkeypatch.delenv(VARIABLE, raising=False)
        assert "encrypted" not in live.run("due").stderr
        assert live.run("check").exit_code == 0


class TestTheKeysPlace:
    @pytest.mark.parametrize(
        "said", ["credential:a/b", "credential:../a", "keyring:a/b", "file:", "file:~no-such-person/key", "stick"]
    )
    def test_what_is_none_is_refused_in_its_words(self, encrypted, monkeypatch, said):
        monkeypatch.setenv(VARIABLE, said)
        assert "Where the encryption key is cannot be read from what" in encrypted.run("due").stderr

    def test_what_is_no_plain_file_is_not_waited_for(self, encrypted, stick):
        stick.unlink()
        os.mkfifo(stick, 0o600)
        assert "it is not a plain file" in encrypted.run("due").stderr
        stick.unlink()
        stick.mkdir(0o700)
        assert "Is a directory" in encrypted.run("due").stderr

    def test_no_complaint_has_a_byte_of_it(self, encrypted, stick, monkeypatch):
        monkeypatch.setenv("TESTING_TRACKER_DEBUG", "1")
        text = stick.read_text()
        secret = read_key(text, "it").secret.hex()
        for broken in (text.replace(secret, secret[:-2]), text.replace(secret, secret[::-1]), text + text):
            stick.write_text(broken)
            done = encrypted.run("due")
            assert done.exit_code == 1
            assert secret[:8] not in done.output
            assert secret[::-1][:8] not in done.output

    def test_programs_that_are_started_are_not_given_it(self, encrypted, stick, tmp_path):
        script = (
            "import os, subprocess, sys; from pathlib import Path; from testing_tracker.store import sqlite_file\n"
            f"sqlite_file.connect(Path({str(encrypted.database)!r}))\n"
            "print(subprocess.run(['env'], capture_output=True, text=True).stdout, os.environ)"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert VARIABLE in done.stdout
        assert read_key(stick.read_text(), "it").secret.hex() not in done.stdout
