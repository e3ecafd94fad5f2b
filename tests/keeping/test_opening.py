"""Files are the person's: what somebody names is opened by that person's own process, wherever the command is done."""

import errno
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import click
import pytest
from conftest import examples, key_of
from hypothesis import given
from hypothesis import strategies as st
from test_written_files import (
    IMPORTED,
    KEY_COPY,
    READERS,
    WRITERS,
    every_command,
    everything,
    path_parameters,
)
from their_process import asking

from testing_tracker import chance
from testing_tracker.cli.desk import opening
from testing_tracker.cli.desk.importing import GivenFile
from testing_tracker.client import opening as client
from testing_tracker.rules.serving.frames import framed
from testing_tracker.serving import their_files
from testing_tracker.serving.their_files import TheirFiles
from testing_tracker.store.encryption.beginning import PLAIN_BEGINNING
from testing_tracker.store.whole_files import UNFINISHED

pytestmark = [
    pytest.mark.sqlite_only(reason="what is opened has nothing to do with where the records are"),
    pytest.mark.skipif(os.name != "posix", reason="no descriptor is handed over here"),
]

A, B = 23_001, 23_002  # accounts that nobody has
IMPORTS = {
    "participant import file": ["participant", "import", "people.csv"],
    "result import file": ["result", "import", "results.csv"],
    "history import file": ["history", "import", "history.csv"],
}
READ = {
    "analyte check file": ["analyte", "check", "own-analytes.toml"],
    "proof check file": ["proof", "check", "proof.json"],
    "proof check --against": ["proof", "check", "proof.json", "--against", "lines.txt"],
    "verify --against": ["verify", "--against", "lines.txt"],
    "schedule check files": ["schedule", "check", "own.toml", "other.toml"],
    "schedule load files": ["schedule", "load", "own.toml"],
    "schedule simulate names": ["schedule", "simulate", "own.toml"],
}
NOT_AT_A_SERVER = {
    "demo --keep": ["demo", "--keep", "new.db"],
    "restore file": ["restore", "copy.db"],
    "serve --reports": ["serve", "--once", "--reports", "folder"],
    "web serve --file": ["web", "serve", "--check", "--file", "new.web"],
    "web load --file": ["web", "load", "--file", "new.web"],
    "web load document": ["web", "load", "proof.json"],
    "web visits --file": ["web", "visits", "--file", "new.web"],
    "web collect document": ["web", "collect", "proof.json"],
}
PRINTED = {
    "cron print --reports": ["cron", "print", "--reports", "folder"],
    "cron print --backups": ["cron", "print", "--backups", "folder"],
    "systemd print --reports": ["systemd", "print", "--reports", "folder"],
    "systemd print --backups": ["systemd", "print", "--backups", "~/folder"],
    "systemd print --into": ["systemd", "print", "--into", "folder"],
}
FILE = next(iter(set(WRITERS["backup file"]) - {"backup"}))
WRITTEN = {name: ["new" if word is FILE else word for word in words] for name, words in WRITERS.items()}
OVERWRITTEN = {
    f"{name} --overwrite": [*("old" if word == "new" else word for word in words), "--overwrite"]
    for name, words in WRITTEN.items()
    if name != "demo --keep"
}
COMMANDS = {
    **IMPORTS,
    **READ,
    **PRINTED,
    **{name: words for name, words in WRITTEN.items() if name not in NOT_AT_A_SERVER},
    **OVERWRITTEN,
    "backup --key file": [*KEY_COPY[:-1], "new"],
}


@pytest.fixture
def theirs(clinic, monkeypatch) -> Path:
    """A person's own folder, with a file of every kind that can be named."""
    clinic.add("A17")
    clinic("draw")
    clinic.today = "2026-11-17"
    clinic("draw")
    folder = clinic.database.parent / "theirs"
    (folder / "folder").mkdir(parents=True)
    for name, header in IMPORTED.items():
        (folder / name).write_text(f"{header}\nX1,x,x,x\n")
    (folder / "own.toml").write_text(clinic("schedule", "show", "fixed-2"))
    (folder / "other.toml").write_text("title = 5\n")
    (folder / "own-analytes.toml").write_text("what = 1\n")
    (folder / "proof.json").write_text(clinic("proof", "--day", "2026-11-16"))
    (folder / "lines.txt").write_text(clinic("witness"))
    (folder / "copy.db").write_bytes(b"")
    (folder / "old").write_text("somebody's")
    (folder / "old").chmod(0o600)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir("/")
    return folder


_opened: list[str] = []
_is_listening = False


def _hear(event: str, arguments: tuple) -> None:
    if _is_listening and (event in ("open", "sqlite3.connect", "shutil.copyfile") or event.startswith("os.")):
        _opened.extend(os.fsdecode(one) for one in arguments if isinstance(one, str | bytes | os.PathLike))


@contextmanager
def audited(monkeypatch):
    """Every path that this process opens, makes, removes or looks at in the block."""
    global _is_listening
    if _hear not in _heard:
        sys.addaudithook(_hear)
        _heard.append(_hear)
    _opened.clear()
    with monkeypatch.context() as patch:
        for name in ("stat", "lstat", "access"):  # of which nothing is told to an audit
            patch.setattr(os, name, _listened(getattr(os, name)))
        _is_listening = True
        try:
            yield _opened
        finally:
            _is_listening = False


_heard: list[object] = []


def _listened(look):
    def looked(path, *arguments, **more):
        if isinstance(path, str | bytes | os.PathLike):
            _opened.append(os.fsdecode(path))
        return look(path, *arguments, **more)

    return looked


def touched(opened: list[str], folder: Path, words: list[str]) -> list[str]:
    """The paths in a folder, and what was typed as it was typed, that were opened."""
    names = {word for word in words if (folder / word).name in (*os.listdir(folder), "new")}
    return [path for path in opened if path in names or os.path.abspath(path).startswith(f"{folder}{os.sep}")]


def test_every_path_that_can_be_named_is_known_to_this_test():
    named = {
        f"{' '.join(words)} {parameter.name}"
        for words, command in every_command().items()
        for parameter in command.params
        if isinstance(parameter.type, GivenFile) and isinstance(parameter, click.Argument)
    }
    assert named == set(IMPORTS)
    covered = {*READ, *PRINTED, *WRITTEN, *NOT_AT_A_SERVER}
    assert path_parameters().keys() == covered - {"schedule simulate names"}
    assert covered >= READERS


@pytest.mark.parametrize("name", COMMANDS)
def test_a_server_opens_no_path_that_was_named_and_says_and_writes_what_a_command_by_itself_does(
    clinic, theirs, monkeypatch, tmp_path, name
):
    words = COMMANDS[name]
    (tmp_path / "alone").mkdir()
    alone = clinic.copy(tmp_path / "alone" / "clinic.db")
    kept = shutil.copytree(theirs, tmp_path / "kept")
    numbers = Random(16)
    monkeypatch.setattr(chance, "below", numbers.randrange)
    with monkeypatch.context() as patch, audited(monkeypatch) as opened:
        patch.chdir(theirs)
        expected = alone.run(*words)
    if name not in PRINTED or "--into" in words:
        assert touched(opened, theirs, words), "the audit hears of what a command opens by itself"
    left = everything(theirs)
    shutil.rmtree(theirs)
    kept.rename(theirs)
    numbers.seed(16)
    with asking(words, theirs), audited(monkeypatch) as opened:
        done = clinic.run(*words)
    assert touched(opened, theirs, words) == []

    assert (done.exit_code, done.output) == (
        expected.exit_code,
        expected.output.replace(f"{tmp_path}/alone", str(tmp_path)),
    )
    here, there = bytes(tmp_path), bytes(tmp_path / "alone")
    left = {path: (kind, held.replace(there, here)) for path, (kind, held) in left.items()}
    found = everything(theirs)
    if words[0] == "backup" and "--key" not in words:
        file = "old" if "old" in words else "new"
        assert [made.pop(file)[1][:16] for made in (found, left)] == [PLAIN_BEGINNING, PLAIN_BEGINNING]
    assert found == left
    modes = {stat.S_IMODE((theirs / name).stat().st_mode) for name in ("new", "old") if (theirs / name).exists()}
    assert modes == {0o600}


@pytest.mark.parametrize("name", NOT_AT_A_SERVER)
def test_what_makes_files_by_itself_is_not_done_by_a_server(clinic, theirs, monkeypatch, name):
    words = NOT_AT_A_SERVER[name]
    before = everything(theirs)
    with asking(words, theirs), audited(monkeypatch) as opened:
        assert "is not done by the server" in clinic.refused(*words)
    assert touched(opened, theirs, words) == []
    assert everything(theirs) == before


def _wrong(theirs: Path, clinic) -> dict[str, list[str]]:
    os.mkfifo(theirs / "pipe")
    (theirs / "link").symlink_to("old")
    (theirs / "binary.toml").write_bytes(b"\xff\xfe\xff")
    os.link(clinic.database, theirs / "another-name")
    os.link(key_of(clinic.database), theirs / "another-key")
    shutil.copy(clinic.database, theirs / "other.db")
    database = str(clinic.database)
    reads = ("folder", "pipe", "nowhere", "nowhere/file", "old/file", "binary.toml", "x" * 300)
    writes = ("folder", "pipe", "link", "old", "nowhere/file", "old/file", "x" * 300, "other.db-wal")
    forbidden = ("another-name", "another-key", "other.db", database, f"{database}.key", f"{database}.analytes.toml")
    export = ["history", "export", "--output"]
    return {
        **{f"check {one[:9]}": ["schedule", "check", one] for one in reads},
        **{f"proof {one[:9]}": ["proof", "check", one] for one in reads},
        **{f"import {one[:9]}": ["participant", "import", one] for one in reads if one != "pipe"},
        **{f"export {one[:9]}": [*export, one] for one in writes},
        **{f"export over {one[-9:]}": [*export, one, "--overwrite"] for one in (*forbidden, "link", "folder")},
        **{f"key over {one[-9:]}": ["backup", "--key", one, "--overwrite"] for one in forbidden},
        **{f"backup over {one[-9:]}": ["backup", one, "--overwrite"] for one in forbidden if one != "other.db"},
        "itself": ["participant", "import", "people.csv", "--rejects", "./people.csv", "--overwrite"],
        "read too": ["schedule", "simulate", "own.toml", "--format", "html", "--output", "own.toml", "--overwrite"],
    }


def test_it_is_refused_in_the_same_words(clinic, theirs, monkeypatch):
    for name, words in _wrong(theirs, clinic).items():
        before = everything(theirs), clinic.contents()
        with monkeypatch.context() as patch:
            patch.chdir(theirs)
            expected = clinic.run(*words)
        assert expected.exit_code == 1, (name, expected.output)
        with asking(words, theirs):
            done = clinic.run(*words)
        assert (done.exit_code, done.output) == (1, expected.output), name
        assert (everything(theirs), clinic.contents()) == before, name


def test_a_person_at_a_terminal_is_asked_before_a_file_is_replaced(clinic, theirs, monkeypatch):
    from testing_tracker.cli.desk import files

    monkeypatch.setattr(files, "_is_watched", lambda: True)
    monkeypatch.setattr(files.click, "confirm", lambda *_, **__: True)
    monkeypatch.setattr(os, "isatty", lambda _descriptor: True)
    words = ["report", "weekly", "--output", "old"]
    with asking(words, theirs):
        clinic(*words)
    assert "2026-W46" in (theirs / "old").read_text()


def test_a_pipe_is_waited_for_where_a_file_may_be_one(clinic, theirs):
    os.mkfifo(theirs / "pipe")
    words = ["participant", "import", "pipe"]

    def write() -> None:
        (theirs / "pipe").write_text("participant,level,schedule,enrolled_on\nB04,iop,fixed-2,2026-11-16\n")

    later = threading.Timer(0.2, write)
    with asking(words, theirs):
        later.start()
        assert "1 imported" in clinic(*words)
    later.join()


def test_a_dash_is_what_was_handed_over_already(clinic, theirs, monkeypatch):
    proof = (theirs / "proof.json").read_text()
    people = "participant,level,schedule,enrolled_on\nB04,iop,fixed-2,2026-11-16\nX1,x,x,x\n"
    with asking([], theirs) as person, audited(monkeypatch) as opened:
        os.kill(person, signal.SIGKILL)
        assert "X1,x,x,x" in clinic.run("participant", "import", "-", "--rejects", "-", input=people).stdout
        assert "2026-11-16 holds" in clinic("proof", "check", "-", input=proof)
        assert "B04" in clinic("history", "export", "--output", "-") + clinic("participant", "list")
        assert clinic.run("backup", "-").stdout_bytes.startswith(PLAIN_BEGINNING)
    assert touched(opened, theirs, ["-"]) == []


@pytest.mark.parametrize("more", [[], ["--key"]])
def test_a_copy_is_made_where_nobody_else_sees_it_and_is_gone_afterwards(clinic, theirs, monkeypatch, tmp_path, more):
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(aside))
    seen = []

    def fail(made: Path, _out: object) -> None:
        seen.append([stat.S_IMODE(one.stat().st_mode) for one in (made.parent, made)])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    words = ["backup", "new", *more]
    with asking(words, theirs), monkeypatch.context() as patch:
        patch.setattr("testing_tracker.cli.backup._pour", fail)
        assert "No space left" in clinic.refused(*words)
    assert seen == [[0o700, 0o600]]
    assert (os.listdir(aside), (theirs / "new").exists()) == ([], False)
    with asking(words, theirs):
        clinic(*words)
    assert (os.listdir(aside), (theirs / "new").exists()) == ([], True)


class TestByAccount:
    """The rights are the person's, even where the process that does the command may do everything."""

    pytestmark = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root is everybody")

    @pytest.fixture
    def folder(self, monkeypatch):
        """Where one account may write, and files of each kind of owner."""
        folder = Path(tempfile.mkdtemp(prefix="tt-test-"))
        try:
            folder.chmod(0o711)
            (folder / "own").mkdir(mode=0o700)
            os.chown(folder / "own", A, A)
            for name, owner, mode in (("unreadable", A, 0o000), ("others", B, 0o600), ("roots", 0, 0o600)):
                (folder / f"{name}.toml").write_text("title = 5\n")
                (folder / f"{name}.toml").chmod(mode)
                os.chown(folder / f"{name}.toml", owner, owner)
            yield folder
        finally:
            shutil.rmtree(folder)

    @pytest.mark.parametrize("name", ["unreadable.toml", "others.toml", "roots.toml"])
    def test_who_may_not_read_a_file_does_not_by_a_server_that_may(self, clinic, folder, name):
        for words in (["schedule", "check", name], ["participant", "import", name], ["analyte", "check", name]):
            with asking(words, folder, A):
                assert "Permission denied" in clinic.refused(*words)

    def test_nor_the_key_of_the_draws(self, clinic, folder):
        words = ["schedule", "check", str(key_of(clinic.database))]
        with asking(words, folder, A):
            assert "Permission denied" in clinic.refused(*words)

    @pytest.mark.parametrize("words", [["history", "export", "--output"], ["backup"], ["backup", "--key"]])
    def test_what_is_written_is_the_persons(self, clinic, folder, words):
        with asking([*words, "own/file"], folder, A):
            clinic(*words, "own/file")
        about = (folder / "own" / "file").stat()
        assert (about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)) == (A, A, 0o600)
        assert os.listdir(folder / "own") == ["file"]

    @pytest.mark.parametrize("target", ["others.toml", "roots.toml", "new.toml", "/etc/tt-test"])
    def test_and_lies_where_the_person_may_write_only(self, clinic, folder, target):
        before = everything(folder)
        for words in (["history", "export", "--output", target], ["backup", target]):
            with asking([*words, "--overwrite"], folder, A):
                said = clinic.refused(*words, "--overwrite")
            assert "Permission denied" in said or "cannot be read" in said
        assert everything(folder) == before
        assert not Path("/etc/tt-test").exists()

    def test_what_only_the_server_may_read_is_refused_between_two_ordinary_accounts(self, folder):
        status = os.fork()
        if status == 0:
            worked = 1
            try:
                with suppress(BaseException):
                    worked = self.as_other(folder)
            finally:
                os._exit(worked)
        assert os.waitstatus_to_exitcode(os.waitpid(status, 0)[1]) == 0

    def as_other(self, folder: Path) -> int:
        """As the account B with the person A at the other end; 0 where all is as it ought to be."""
        ours, theirs = socket.socketpair()
        person = os.fork()
        os.chdir(folder)
        account = A if person == 0 else B
        os.setgroups([])
        os.setgid(account)
        os.setuid(account)
        if person == 0:
            ours.close()
            while client.answer(theirs, ["others.toml", "own/file", "unreadable.toml"]):
                pass
            os._exit(0)
        theirs.close()
        files = TheirFiles(ours)
        assert Path("others.toml").read_text()
        for name in ("others.toml", "unreadable.toml"):
            with pytest.raises(PermissionError):
                files.content(Path(name), 100)
        with files.make(Path("own/file"), overwrite=False) as made:
            made.file.write(b"said")
        with pytest.raises(PermissionError):
            os.stat("own/file")
        assert files.look(Path("own/file")).itself is not None
        ours.close()
        return os.waitstatus_to_exitcode(os.waitpid(person, 0)[1])


@contextmanager
def both_ends(arguments: list[str]):
    """The files of somebody who answers in a thread of this process, and that end's channel."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        while client.answer(theirs, arguments):
            pass
        theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    files = TheirFiles(ours)
    try:
        yield files
    finally:
        ours.close()
        thread.join(10)
        assert not thread.is_alive()


def test_only_what_was_typed_is_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("typed", "other", "folder/inside", "folder/deeper/file", "x", "-typed"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("held")
    with both_ends(["import", "./typed", "--output=x", "folder", "-oother.db", "--overwrite"]) as files:
        for name in ("typed", "./typed", str(tmp_path / "typed"), "x"):
            assert files.content(Path(name), 100) == b"held", name
        for name in ("other", "folder/inside", "../typed", "folder/../typed", "/etc/passwd", "typed/", "-typed"):
            with pytest.raises(PermissionError):
                files.content(Path(name), 100) if not name.endswith("/") else files._ask(client.READ, name.encode())
        for name in ("new", "folder/deeper/new", "folder/..", "folder/../new", "/tmp/new"):
            with pytest.raises(PermissionError), files.make(Path(name), overwrite=False):
                pass
        with files.make(Path("folder/new"), overwrite=False) as made:
            made.file.write(b"made")
        with files.make(Path("other.db"), overwrite=False) as made:
            made.file.write(b"made")
    assert (tmp_path / "folder" / "new").read_text() == "made"
    assert sorted(os.listdir(tmp_path)) == ["-typed", "folder", "other", "other.db", "typed", "x"]


def test_nothing_is_replaced_that_nobody_said_may_be(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda _descriptor: False)
    file = tmp_path / "file"
    file.write_text("earlier")
    with (
        both_ends([str(file)]) as files,
        pytest.raises(PermissionError),
        files.make(file, overwrite=True) as made,
    ):
        made.file.write(b"new")
    assert everything(tmp_path) == {"file": (stat.S_IFREG, b"earlier")}


class TestWhatFailed:
    """What stood there stands there, and nothing is left beside it."""

    @pytest.mark.parametrize("is_put", [False, True])
    @pytest.mark.parametrize("stood", [None, "earlier"])
    def test_in_the_block(self, tmp_path, is_put, stood):
        file = tmp_path / "file"
        if stood:
            file.write_text(stood)
        with both_ends([str(file), "--overwrite"]) as files:
            with suppress(KeyboardInterrupt), files.make(file, overwrite=True) as made:
                made.file.write(b"new")
                if is_put:
                    made.put()
                    assert file.read_bytes() == b"new"
                raise KeyboardInterrupt
            assert everything(tmp_path) == ({"file": (stat.S_IFREG, b"earlier")} if stood else {})

    @pytest.mark.parametrize("is_put", [False, True])
    def test_when_the_server_is_gone(self, tmp_path, is_put):
        file = tmp_path / "file"
        file.write_text("earlier")
        arguments = [str(file), "--overwrite"]
        with both_ends(arguments) as files, suppress(OSError), files.make(file, overwrite=True) as made:
            made.file.write(b"new")
            if is_put:
                made.put()
            files._channel.close()
        assert everything(tmp_path) == {"file": (stat.S_IFREG, b"earlier")}

    def test_when_the_person_is_gone(self, clinic, theirs):
        words = ["history", "export", "--output", "new"]
        with asking(words, theirs) as person:
            os.kill(person, signal.SIGKILL)
            assert "your own process is gone" in clinic.refused(*words)
        assert "new" not in everything(theirs)

    def test_when_the_person_stops_answering_before_it_is_on_record(self, clinic, theirs, monkeypatch):
        monkeypatch.setattr(their_files, "LONGEST_ANSWER", 0.2)
        words = ["history", "export", "--output", "new"]
        write_through = "testing_tracker.cli.desk.files.Outgoing.write_through"
        with asking(words, theirs) as person:
            monkeypatch.setattr(write_through, lambda _outgoing: os.kill(person, signal.SIGSTOP))
            assert "did not answer" in clinic.refused(*words)
            os.kill(person, signal.SIGCONT)
        assert "new" not in everything(theirs)
        assert [path for path in theirs.iterdir() if path.name.startswith(UNFINISHED)] == []

    def test_what_could_not_be_put_on_record_is_not_there(self, clinic, theirs, monkeypatch):
        from sqlmodel import Session

        def fail(_session):
            assert (theirs / "new").exists()
            raise OSError(errno.ENOSPC, "No space left on device")

        words = ["proof", "--day", "2026-11-16", "--output", "new"]
        monkeypatch.setattr(Session, "commit", fail)
        with asking(words, theirs):
            assert clinic.run(*words).exit_code == 1
        assert "new" not in everything(theirs)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


_WORDS = st.sampled_from(
    [client.READ, client.LOOK, client.WHOLE, client.MAKE, client.PUT, client.KEEP, client.DROP, client.DONE, client.NO]
)
_PARTS = st.one_of(
    _WORDS,
    st.sampled_from(
        [b"", b"1", b"2", b"0", b"typed", b"folder/new", b"../typed", b"overwrite", b"1 2 3", b"28", b"9" * 21]
    ),
    st.binary(max_size=8).map(lambda part: part.replace(b"\0", b"")),
)
_FRAMES = st.lists(
    st.lists(_PARTS, min_size=1, max_size=6).map(lambda parts: framed(*parts) if b"".join(parts) else b"")
)
_QUESTIONS = st.lists(
    st.tuples(
        st.sampled_from([b"1", b"2", b"3"]),
        _WORDS,
        st.sampled_from([b"typed", b"folder/new", b"../typed", b"folder", b"1", b"2", b"3"]),
        st.sampled_from([b"", b"overwrite", b"1"]),
    ).map(lambda parts: framed(*parts)),
    max_size=8,
)
_SENT = st.one_of(
    _QUESTIONS.map(b"".join),
    st.binary(max_size=60),
    _FRAMES.map(b"".join),
    _FRAMES.flatmap(lambda sent: st.integers(0, 40).map(lambda cut: b"".join(sent)[: -cut or None])),
    st.integers(0, 2**32 - 1).map(lambda length: struct.pack(">I", length) + b"read"),
)


class TestNonsense:
    """Whatever arrives at either end: nobody waits, nothing stays open, nothing is written that was not typed."""

    @examples(150)
    @given(sent=_SENT, along=st.integers(0, 3))
    def test_at_the_person(self, tmp_path_factory, sent, along):
        folder = tmp_path_factory.mktemp("fuzzed", numbered=True)
        try:
            (folder / "typed").write_text("held")
            (folder / "folder").mkdir()
            self.ask(folder, sent, along)
            left = everything(folder)
            assert left["typed"] == (stat.S_IFREG, b"held")
            assert left.keys() <= {"typed", "folder", "folder/new"}
        finally:
            shutil.rmtree(folder)

    def ask(self, folder: Path, sent: bytes, along: int) -> None:
        before = descriptors()
        ours, theirs = socket.socketpair()
        here = os.getcwd()
        os.chdir(folder)
        try:
            with ours, theirs:
                socket.send_fds(ours, [sent or b"\0"], [0, 1, 2][:along])
                ours.shutdown(socket.SHUT_WR)
                for _ in range(100):
                    if not client.answer(theirs, ["typed", "folder"]):
                        break
                else:
                    raise AssertionError("it does not end")
        finally:
            os.chdir(here)
        assert descriptors() == before

    @examples(150)
    @given(sent=_SENT, along=st.integers(0, 3), what=st.sampled_from(["content", "look", "in_full", "make"]))
    def test_at_the_server(self, sent, along, what):
        before = descriptors()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            socket.send_fds(theirs, [sent or b"\0"], [0, 1, 2][:along])
            theirs.shutdown(socket.SHUT_WR)
            files = TheirFiles(ours)
            for _ in range(2):
                with suppress(OSError):
                    if what == "make":
                        with files.make(Path("typed"), overwrite=False):
                            pass
                    elif what == "content":
                        files.content(Path("typed"), 100)
                    else:
                        getattr(files, what)(Path("typed"))
            files._close()
        assert descriptors() == before

    def test_one_that_asks_and_does_not_read_is_not_waited_for(self, tmp_path):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(5)
            question = framed(b"1", client.LOOK, b"typed") * 500
            for _ in range(2_000):
                ours.sendall(question)
                if not client.answer(theirs, ["typed"]):
                    return
        raise AssertionError("it answered for ever")

    def test_an_answer_to_an_earlier_question_is_not_taken_for_this_one(self, tmp_path):
        first, second = tmp_path / "first", tmp_path / "second"
        first.write_text("first")
        second.write_text("second")
        ours, theirs = socket.socketpair()
        with ours, theirs:
            files = TheirFiles(ours)
            files._last = 1
            arguments = [str(first), str(second)]
            ours.sendall(framed(b"1", client.READ, os.fsencode(first)))  # whose asker was interrupted
            client.answer(theirs, arguments)
            thread = threading.Thread(target=client.answer, args=(theirs, arguments))
            thread.start()
            assert files.content(second, 100) == b"second"
            thread.join()
            client.abandon(theirs)


def test_by_itself_a_command_loads_nothing_of_sockets():
    code = "import sys, testing_tracker.cli.desk.files as f; print('socket' in sys.modules, 'select' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False False\n"


def test_the_door_is_this_process_unless_it_is_told_otherwise():
    assert not opening.is_asking()
