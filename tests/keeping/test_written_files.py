"""Whatever the program writes, it never writes over what it lives by, nor over anything that nobody said it may."""

import json
import os
import sqlite3
import stat
from datetime import date
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import click
import databases
import pytest
from click.testing import CliRunner
from conftest import Clinic, key_of

from testing_tracker import chance, cli
from testing_tracker.cli import program
from testing_tracker.cli.desk.files import OutputFolder, OutputPath
from testing_tracker.cli.desk.importing import result_import
from testing_tracker.cli.log import line_command
from testing_tracker.rules.drawing.witness import witness_of
from testing_tracker.store.whole_files import UNFINISHED, whole_file

pytestmark = pytest.mark.sqlite_only(reason="the database is among the files that are not to be written over")

FILE = "FILE"  # stands for the place in question
WRITERS = {
    "backup file": ["backup", FILE],
    "demo --keep": ["demo", "--keep", FILE],
    "history export --output": ["history", "export", "--output", FILE],
    "history import --rejects": ["history", "import", "history.csv", "--rejects", FILE],
    "participant card --print": ["participant", "card", "A17", "--print", FILE],
    "participant import --rejects": ["participant", "import", "people.csv", "--rejects", FILE],
    "proof --output": ["proof", "--day", "2026-11-16", "--output", FILE],
    "report outcomes --output": ["report", "outcomes", "--output", FILE],
    "report participant --output": ["report", "participant", "A17", "--output", FILE],
    "report period --output": ["report", "period", "--output", FILE],
    "report weekly --output": ["report", "weekly", "--output", FILE],
    "result import --rejects": ["result", "import", "results.csv", "--rejects", FILE],
    "schedule simulate --output": ["schedule", "simulate", "fixed-2", "--format", "html", "--output", FILE],
}
INTO_FOLDERS = {
    "serve --reports",
    "systemd print --into",
    # These are only printed:
    "cron print --reports",
    "cron print --backups",
    "systemd print --reports",
    "systemd print --backups",
}
READERS = {
    "analyte check file",
    "proof check --against",
    "proof check file",
    "restore file",
    "schedule check files",
    "schedule load files",
    "verify --against",
    "web collect document",
    "web load --file",
    "web load document",
    "web serve --file",
    "web visits --file",
}
OVERWRITING_IS_NO_CHOICE = {"demo --keep"}
IMPORTED = {
    "people.csv": "participant,level,schedule,enrolled_on",
    "results.csv": "participant,due_on,outcome,analytes",
    "history.csv": "participant,due_on,status,outcome,analytes,reason",
}
REFUSED = "X1,x,x,x"
KEY_COPY = ["backup", "--key", FILE]


def every_command() -> dict[tuple[str, ...], click.Command]:
    """Every command and group by its words."""
    found: dict[tuple[str, ...], click.Command] = {}

    def walk(command: click.Command, words: tuple[str, ...]) -> None:
        found[words] = command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                walk(command.get_command(context, name), (*words, name))

    walk(program, ())
    found["result", "import"] = result_import  # behind the same word as a command
    found["log", "line"] = line_command  # behind a participant's code
    return found


def path_parameters() -> dict[str, click.Path]:
    """Every argument and option of every command that names a file or a folder."""
    return {
        " ".join([*words, parameter.opts[0] if isinstance(parameter, click.Option) else parameter.name]): parameter.type
        for words, command in every_command().items()
        for parameter in command.params
        if isinstance(parameter.type, click.Path)
    }


def test_no_command_is_left_out():
    reached = {id(command) for command in every_command().values()}
    for module in iter_modules(cli.__path__):
        for name, thing in vars(import_module(f"{cli.__name__}.{module.name}")).items():
            if isinstance(thing, click.Command):
                assert id(thing) in reached, name


def test_every_file_that_is_written_is_known_to_this_test():
    found = path_parameters()
    assert {name for name, kind in found.items() if isinstance(kind, OutputPath)} == set(WRITERS)
    assert {name for name, kind in found.items() if isinstance(kind, OutputFolder)} == INTO_FOLDERS
    assert {name for name, kind in found.items() if not isinstance(kind, OutputPath | OutputFolder)} == READERS


@pytest.fixture
def place(clinic, monkeypatch, tmp_path) -> Path:
    """The clinic's folder, with the files that belong to its database."""
    clinic.add("A17")
    clinic("draw")
    clinic.today = "2026-11-17"
    clinic("draw")
    folder = clinic.database.parent
    monkeypatch.chdir(folder)
    for name, header in IMPORTED.items():  # each with a line that is refused
        (folder / name).write_text(f"{header}\n{REFUSED}\n")
    for name in (".analytes.toml", ".delivery.facility-2.toml", ".checkin.facility-2.toml", ".schema-0001", ".web"):
        clinic.database.with_name(f"clinic.db{name}").write_text("")
    (folder / "secret").write_text("a long passphrase\n")
    (folder / "token").write_text("a-vendors-token\n")
    for number in ("", ".facility-2"):
        named = clinic.database.with_name(f"clinic.db.checkin{number}.toml")
        seen = 'name = "HH"\nphone = "555-0100"\nzone = { en = "E", es = "E" }\npublic_url = "https://a.example.org"'
        named.write_text(f'[page]\n{seen}\n[voice]\ntoken_file = "token"\n')
    (folder / "ca").write_text("an authority's certificates\n")
    (folder / "witness.txt").write_text(f"{witness_of(date(2026, 11, 16), 3, 'aa', 'bb')}\n")
    delivery = clinic.database.with_name("clinic.db.delivery.toml")
    witness = 'to = "."\ntimestamp = "http://localhost:9/"\ntimestamp_ca = "ca"\n'
    delivery.write_text(
        f'[folder]\npath = "out"\nforms = ["pdf"]\n[pdf]\npassphrase_file = "secret"\n[witness]\n{witness}'
    )
    for file in folder.iterdir():
        file.chmod(0o600)
    return folder


def make_forbidden(clinic, place: Path, monkeypatch) -> list[Path]:
    """Every kind of place that nothing may be written to."""
    own = ["", ".key", "-journal", "-wal", "-shm", ".schema-0001", ".schema-0002", ".analytes.toml", ".delivery.toml"]
    places = [place / f"clinic.db{ending}" for ending in [*own, ".delivery.facility-2.toml"]]
    places += [place / "clinic.db.alive", place / "clinic.db.server"]
    places += [place / "clinic.db.checkin.toml", place / "clinic.db.checkin.facility-2.toml", place / "token"]
    places += [place / "clinic.db.web", place / "clinic.db.web-wal", place / "clinic.db.web-shm"]
    places += [place / "secret", place / "ca", place / "witness.txt", place / "folder", place / "pipe"]
    (place / "folder").mkdir()
    os.mkfifo(place / "pipe")
    (place / "plain").write_text("somebody's")
    for name, target in (("link", "clinic.db"), ("link-to-plain", "plain"), ("dangling", "nowhere")):
        (place / name).symlink_to(target)
        places.append(place / name)
    os.link(place / "clinic.db", place / "another-name")
    os.link(place / "clinic.db.key", place / "another-key")
    places += [place / "another-name", place / "another-key", place / "folder" / ".." / "clinic.db"]
    other = Clinic(place / "other.db", clinic.today)
    with monkeypatch.context() as patch:
        patch.setattr(chance, "new_seed", lambda: bytes(range(32, 64)))
        other("init", "--training")
    places += [other.database, key_of(other.database)]
    return places


def everything(folder: Path) -> dict[str, object]:
    """What stands in a folder: links by where they point, files by what is in them, all else by its kind."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        held = path.read_bytes() if stat.S_ISREG(mode) else os.readlink(path) if path.is_symlink() else b""
        found[str(path.relative_to(folder))] = (stat.S_IFMT(mode), held)
    return found


@pytest.mark.parametrize("writer", [*WRITERS, "backup --key file"])
def test_nothing_is_written_over_what_the_program_lives_by(clinic, place, monkeypatch, writer):
    words = WRITERS.get(writer, KEY_COPY)
    if writer not in OVERWRITING_IS_NO_CHOICE:
        words = [*words, "--overwrite"]
    forbidden = make_forbidden(clinic, place, monkeypatch)
    before = everything(place)
    for target in forbidden:
        done = clinic.run(*[str(target) if word is FILE else word for word in words])
        assert done.exit_code == 1, (target, done.output)
        assert done.stderr.startswith("Error: "), (target, done.stderr)
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""
        assert everything(place) == before, target


@pytest.mark.parametrize("variable", ["KEY_FILE", "ANALYTES", "DELIVERY", "CHECKIN", "WEB"])
def test_a_file_that_the_environment_names_is_one_of_them(clinic, place, monkeypatch, variable):
    elsewhere = place / "elsewhere"
    usual = {"KEY_FILE": "key", "WEB": "web"}.get(variable, f"{variable.lower()}.toml")
    (place / f"clinic.db.{usual}").rename(elsewhere)
    monkeypatch.setenv(f"TESTING_TRACKER_{variable}", str(elsewhere))
    before = elsewhere.read_bytes()
    for target in (elsewhere, place / f"clinic.db.{usual}"):
        done = clinic.run("schedule", "simulate", "fixed-2", "--format", "html", "--output", str(target), "--overwrite")
        assert (done.exit_code, "itself" in done.stderr) == (1, True), done.output
    assert elsewhere.read_bytes() == before


def test_what_is_said_to_be_in_a_home_that_is_none_hinders_nobody(clinic, place, monkeypatch):
    monkeypatch.setenv("TESTING_TRACKER_ENCRYPTION_KEY", "file:~no-such-person/key")
    (place / "clinic.db.delivery.toml").write_text('mail.password_file = "~no-such-person/word"\n')
    clinic("backup", str(place / "copy.db"))
    assert "there is no such home" in clinic.refused("backup", "~no-such-person/copy.db")


@pytest.mark.parametrize("writer", sorted(WRITERS))
def test_a_file_that_stands_there_is_only_replaced_when_somebody_says_so(clinic, place, writer):
    target = place / "out" / "some.file"
    target.parent.mkdir()
    target.write_text("somebody's")
    words = [str(target) if word is FILE else word for word in WRITERS[writer]]
    assert "There is something at" in clinic.refused(*words)
    assert everything(target.parent) == {"some.file": (stat.S_IFREG, b"somebody's")}
    if writer not in OVERWRITING_IS_NO_CHOICE:
        done = clinic.run(*words, "--overwrite")
        assert done.exit_code == ("import" in words), done.output
        assert target.read_bytes() != b"somebody's"
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert [path.name for path in target.parent.iterdir()] == ["some.file"]


def test_somebody_at_a_terminal_is_asked(clinic, place, monkeypatch):
    from testing_tracker.cli.desk import files

    asked = []
    target = place / "week.txt"
    target.write_text("last week's")
    monkeypatch.setattr(files.click, "confirm", lambda question, **_: asked.append(question) or len(asked) > 1)
    monkeypatch.setattr(files, "_is_watched", lambda: True)
    clinic.refused("report", "weekly", "--output", str(target))
    assert target.read_text() == "last week's"
    clinic("report", "weekly", "--output", str(target))
    assert "2026-W46" in target.read_text()
    assert "is the database itself" in clinic.refused("report", "weekly", "--output", str(clinic.database))
    assert len(asked) == 2, "nobody is asked about what is never replaced"


@pytest.mark.parametrize("writer", sorted(set(WRITERS) - {"demo --keep", "participant card --print"}))
def test_a_dash_is_standard_output(clinic, place, writer):
    """But for a PIN, which goes through no pipe: tests/check_in/test_cards.py."""
    before = sorted(path.name for path in place.iterdir())
    done = clinic.run(*["-" if word is FILE else word for word in WRITERS[writer]])
    assert done.exit_code == ("import" in writer), done.output
    if "import" in writer:
        assert done.stdout.splitlines() == [IMPORTED[WRITERS[writer][2]], REFUSED]
    assert done.stdout
    assert sorted(path.name for path in place.iterdir()) == before


def test_a_backup_on_standard_output_is_one_and_only_what_arrived_is_on_record(clinic, place, monkeypatch):
    done = clinic.run("backup", "-")
    copy = place / "copy"
    copy.write_bytes(done.stdout_bytes)
    with databases.opened(copy) as connection:
        assert connection.execute("SELECT code FROM participant").fetchall() == [("A17",)]
    assert "standard output: a copy of My facility" in done.stderr
    assert clinic.rows("SELECT count(*) FROM audit_entry WHERE act = 'backup make'") == [(1,)]
    assert clinic.run("backup", "--key", "-").stdout_bytes == key_of(clinic.database).read_bytes()


def test_a_key_copy_is_replaced_by_a_newer_one_of_the_same_key_only(clinic, place):
    copy = place / "key-copy"
    clinic("backup", "--key", str(copy))
    clinic("key", "rotate", "--reason", "practice")
    clinic("backup", "--key", str(copy), "--overwrite")
    assert copy.read_bytes() == key_of(clinic.database).read_bytes()
    copy.write_text(copy.read_text() + f"{'ab' * 32} {'cd' * 32}\n")
    assert "holds keys of draws" in clinic.refused("backup", "--key", str(copy), "--overwrite")


def test_the_schedule_that_is_read_is_not_written_over(clinic, place):
    (place / "own.toml").write_text(clinic("schedule", "show", "fixed-2"))
    before = (place / "own.toml").read_text()
    words = ["schedule", "simulate", "own.toml", "--format", "html", "--output", "own.toml", "--overwrite"]
    assert "is read by this very command" in clinic.refused(*words)
    assert (place / "own.toml").read_text() == before


def test_units_are_all_written_or_none_and_replaced_only_when_somebody_says_so(tmp_path):
    live = Clinic(tmp_path / "live.db", None)
    live("init")
    folder = tmp_path / "units"
    folder.mkdir()
    (folder / "testing-tracker-serve.service").symlink_to(tmp_path / "other")  # the last one of them
    before = everything(tmp_path)
    assert "is a link" in live.refused("systemd", "print", "--into", str(folder), "--overwrite")
    assert everything(tmp_path) == before
    (folder / "testing-tracker-serve.service").unlink()
    live("systemd", "print", "--into", str(folder))
    assert "already" in live.refused("systemd", "print", "--into", str(folder))
    live("systemd", "print", "--into", str(folder), "--overwrite")


def test_a_delivery_replaces_its_own_report_and_no_link(clinic, place):
    clinic.today = "2026-11-23"
    folder = place / "out"
    folder.mkdir()
    delivery = clinic.database.with_name("clinic.db.delivery.toml")
    delivery.write_text('[folder]\npath = "out"\nforms = ["table"]\n')
    clinic("serve", "--once")
    report = folder / "report-2026-W47.txt"
    first = report.read_text()
    assert "2026-W47" in first
    report.write_text("cut short")
    clinic("report", "weekly", "--send")
    assert report.read_text() == first
    for other in (clinic.database, place / "secret"):
        report.unlink()
        report.symlink_to(other)
        before = other.read_bytes()
        assert clinic.run("report", "weekly", "--send").exit_code == 1
        assert report.is_symlink()
        assert other != place / "secret" or other.read_bytes() == before
        assert clinic.rows("SELECT code FROM participant") == [("A17",)]


class TestWhatAKilledRunLeft:
    """It is tidied by the next run; what another process is at is left alone."""

    def test_it_is_gone_after_the_next(self, clinic, place, forks):
        folder = place / "reports"
        folder.mkdir()
        left = folder / f"{UNFINISHED}abcdefgh"
        left.mkdir(mode=0o700)
        (left / "made").write_text("half a report")
        (left / "made-journal").write_text("")
        clinic("report", "weekly", "--output", str(folder / "week.txt"))
        assert [path.name for path in folder.iterdir()] == ["week.txt"]

    def test_what_is_being_written_stays(self, clinic, place):
        folder = place / "reports"
        folder.mkdir()
        with whole_file(folder / "other.txt") as other:
            other.path.write_text("by another process")
            clinic("report", "weekly", "--output", str(folder / "week.txt"))
        assert (folder / "other.txt").read_text() == "by another process"

    def test_what_only_has_such_a_name_stays(self, clinic, place):
        folder = place / "reports"
        folder.mkdir()
        (folder / f"{UNFINISHED}file").write_text("somebody's")
        (folder / f"{UNFINISHED}link").symlink_to(place)
        clinic("report", "weekly", "--output", str(folder / "week.txt"))
        assert len(list(folder.iterdir())) == 3
        assert clinic.database.exists()


class TestWhatFailed:
    """An export that failed is not on record as made, and what stood there stands there."""

    @pytest.fixture(params=["report weekly", "report outcomes", "report participant A17", "history export", "proof"])
    def words(self, request) -> list[str]:
        day = ["--day", "2026-11-16"] if request.param == "proof" else []
        return [*request.param.split(), *day]

    def on_record(self, clinic) -> list[str]:
        made = "SELECT act, detail FROM audit_entry WHERE act IN ('report export', 'proof write')"
        return [act for act, detail in clinic.rows(made) if json.loads(detail).get("report") != "due"]

    @pytest.mark.parametrize("step", ["os.fsync", "os.replace"])
    @pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
    def test_a_file(self, clinic, place, words, monkeypatch, step, failure):
        target = place / "out" / "some.file"
        target.parent.mkdir()
        target.write_text("earlier")

        def fail(*arguments):
            raise failure

        with monkeypatch.context() as patch:
            patch.setattr(step, fail)
            assert clinic.run(*words, "--output", str(target), "--overwrite").exit_code == 1
        assert everything(target.parent) == {"some.file": (stat.S_IFREG, b"earlier")}
        assert self.on_record(clinic) == []
        clinic(*words, "--output", str(target), "--overwrite")
        assert len(self.on_record(clinic)) == 1

    def test_what_could_not_be_put_on_record_is_not_there(self, clinic, place, words, monkeypatch):
        from sqlmodel import Session

        target = place / "out" / "some.file"
        target.parent.mkdir()
        target.write_text("earlier")
        commit = Session.commit

        def fail(session):
            if target.read_bytes() != b"earlier":
                raise sqlite3.OperationalError("disk")
            commit(session)

        monkeypatch.setattr(Session, "commit", fail)
        assert clinic.run(*words, "--output", str(target), "--overwrite").exit_code == 1
        assert everything(target.parent) == {"some.file": (stat.S_IFREG, b"earlier")}

    def test_a_closed_pipe(self, clinic, place, words, monkeypatch):
        class Closed:
            encoding = "utf-8"
            closed = False

            def isatty(self):
                return False

            def readable(self):
                return False

            def writable(self):
                return True

            def seekable(self):
                return False

            def close(self):
                pass

            def write(self, _text):
                raise BrokenPipeError(32, "Broken pipe")

            def flush(self):
                pass

        Closed.buffer = Closed()
        form = [] if words[0] in ("proof", "history") else ["--format", "json"]
        runner = CliRunner()
        start = ["--database", clinic.url, "--today", clinic.today]
        with runner.isolation(), monkeypatch.context() as patch:
            patch.setattr("sys.stdout", Closed())
            with pytest.raises((SystemExit, BrokenPipeError)):
                program.main([*start, *words, *form])
        assert self.on_record(clinic) == []
