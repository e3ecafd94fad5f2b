"""Backups: a good copy or none, and the way back."""

import shutil
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import databases
import pytest
from conftest import Clinic, key_of

from testing_tracker.services.keeping import backups
from testing_tracker.store import copies, sqlite_file

pytestmark = pytest.mark.sqlite_only(reason="a server's copies are made by its own tools")

TUESDAY = "2026-11-17"
THURSDAY = "2026-11-19"


@pytest.fixture
def file(tmp_path) -> Path:
    """Where the backup goes."""
    return tmp_path / "elsewhere" / "monday.db"


@pytest.fixture(autouse=True)
def _folder(file):
    file.parent.mkdir()


def restored(clinic, file, *arguments) -> Clinic:
    """The backup brought back to a new place."""
    new = replace(clinic, database=clinic.database.with_name("new.db"))
    new("restore", str(file), *arguments)
    return new


def rows(database: Path) -> list[str]:
    return Clinic(database, None).contents()


def in_folder(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


def test_a_backup_holds_every_row_for_its_owner_alone(staffed, file):
    before = staffed.contents()
    assert "up to page 5," in staffed("backup", str(file))
    assert rows(file) == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert in_folder(file) == ["monday.db"]


def test_that_it_was_made_is_on_record_and_where_it_is_is_not(staffed, file):
    staffed("backup", str(file))
    ((detail,),) = staffed.rows("SELECT detail FROM audit_entry WHERE act = 'backup make'")
    assert detail == '{"page": 5, "schema": "0010"}'
    assert "All holds" in staffed("verify")


def test_the_key_is_not_in_a_backup_and_is_copied_for_itself(staffed, file):
    assert "The key of the draws is not in it" in staffed("backup", str(file))
    seed = key_of(staffed.database).read_text().split()[-1]
    assert bytes.fromhex(seed) not in file.read_bytes()
    assert seed.encode() not in file.read_bytes()
    copy = file.with_name("key")
    staffed("backup", "--key", str(copy))
    assert copy.read_bytes() == key_of(staffed.database).read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert staffed.rows("SELECT count(*) FROM audit_entry WHERE act = 'key copy'") == [(1,)]


def test_another_databases_key_is_not_copied(staffed, file):
    text = key_of(staffed.database).read_text()
    key_of(staffed.database).write_text(text.replace(text.split()[-2], "00" * 32))
    assert "is not the one" in staffed.refused("backup", "--key", str(file))
    assert in_folder(file) == []


def test_what_stands_there_is_left_alone(staffed, file):
    staffed("backup", str(file))
    before = file.read_bytes()
    staffed("missed", "B04")
    assert "give another place, or --overwrite" in staffed.refused("backup", str(file))
    assert file.read_bytes() == before
    staffed("backup", "--overwrite", str(file))
    assert "'missed'" in "".join(rows(file))


@pytest.mark.parametrize("key", [False, True])
def test_the_database_and_its_key_are_never_written_over(staffed, key):
    own = key_of(staffed.database) if key else staffed.database
    assert "itself" in staffed.refused("backup", "--overwrite", str(own))


def test_a_folder_is_no_place_for_it(staffed, file):
    assert "is a folder" in staffed.refused("backup", str(file.parent))
    assert "No such file" in staffed.refused("backup", str(file.parent / "none" / "x.db"))


def test_a_damaged_database_makes_no_backup_and_spoils_no_earlier_one(staffed, file):
    staffed("backup", str(file))
    before = file.read_bytes()
    with databases.opened(staffed.database) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'draw_by_day'")
    done = staffed.run("backup", "--overwrite", str(file))
    assert (done.exit_code, "is damaged, so no copy of it was made" in done.stderr) == (1, True)
    assert file.read_bytes() == before
    assert in_folder(file) == ["monday.db"]


def test_a_failed_copy_leaves_nothing_behind(staffed, file, monkeypatch):
    def fail(*arguments):
        raise sqlite3.OperationalError("disk")

    monkeypatch.setattr(backups, "copy_database", fail)
    assert staffed.run("backup", str(file)).exit_code == 1
    assert in_folder(file) == []


def test_a_copy_is_of_one_moment_though_somebody_writes_meanwhile(staffed, file, monkeypatch):
    """A nurse's result between two steps of the copying waits, is not in the copy, and is not lost."""
    monkeypatch.setattr(copies, "_PAGES_AT_A_TIME", 5)
    before = staffed.contents()
    tried = []

    def write_meanwhile(_part):
        if tried:
            return
        with closing(sqlite_file.connect(staffed.database, wait_seconds=0)) as other:
            try:
                other.execute("INSERT INTO review (id) VALUES (1)")
            except sqlite_file.complaints() as error:
                tried.append(error)

    from testing_tracker.store.location import Location

    backups.make(Location(staffed.database), file, write_meanwhile, overwrite=False)
    assert tried
    assert rows(file) == before
    staffed("result", "B04", "negative")


def test_a_backup_that_cannot_be_put_on_record_is_still_one(staffed, file, monkeypatch):
    from testing_tracker.errors import TestingTrackerError

    def fail(*arguments):
        raise TestingTrackerError("The disk is full.")

    monkeypatch.setattr(backups, "record_made", fail)
    done = staffed.run("backup", str(file))
    assert (done.exit_code, "could not be put on record" in done.stderr) == (0, True)
    assert rows(file) == staffed.contents()


class TestRestore:
    """Bringing a copy back."""

    def test_all_is_there_again_and_the_next_night_finds_the_gaps(self, staffed, file):
        staffed("backup", str(file))
        before = rows(file)
        staffed.database.unlink()
        new = restored(staffed, file)
        added = [line for line in new.contents() if line not in before]
        assert all("backup restore" in line or "ledger_page" in line for line in added)
        assert len(added) == 2
        assert stat.S_IMODE(new.database.stat().st_mode) == 0o600
        shutil.copy(key_of(staffed.database), key_of(new.database))
        new.today = THURSDAY
        assert "did not run on the 2 days" in new.run("draw").stderr
        assert "All holds" in new("verify")

    def test_it_says_from_when_the_copy_is_and_what_is_needed(self, staffed, file):
        staffed("backup", str(file))
        new = replace(staffed, database=file.with_name("new.db"))
        done = new.run("restore", str(file))
        assert "up to page 5, newest entry of 2026-11-16 12:00" in done.stdout
        assert f"The key file {key_of(new.database)} is missing" in done.stderr
        shutil.copy(key_of(staffed.database), key_of(new.database))
        new.database.unlink()
        assert new.run("restore", str(file)).stderr == ""

    def test_only_where_there_is_no_database(self, staffed, file):
        staffed("backup", str(file))
        assert "to a new place only" in staffed.refused("restore", str(file))

    @pytest.mark.parametrize("ending", ["-journal", "-wal"])
    def test_what_is_left_of_another_database_is_not_mixed_in(self, staffed, file, ending):
        staffed("backup", str(file))
        new = replace(staffed, database=file.with_name("new.db"))
        left = new.database.with_name(f"new.db{ending}")
        left.write_bytes(b"unfinished")
        done = new.run("restore", str(file))
        assert (done.exit_code, "is left of another database" in done.stderr) == (1, True)
        assert not new.database.exists()

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "There is no file"),
            (b"", "is not a backup of testing-tracker's database"),
            (b"participant,level\n" * 500, "is damaged, and was not brought back"),
        ],
    )
    def test_what_is_no_backup_is_refused(self, clinic, file, content, message):
        if content is not None:
            file.write_bytes(content)
        new = replace(clinic, database=file.with_name("new.db"))
        done = new.run("restore", str(file))
        assert (done.exit_code, message in done.stderr) == (1, True), done.stderr
        assert not new.database.exists()
        assert in_folder(file) == ([] if content is None else ["monday.db"])

    @pytest.mark.parametrize("keep", [0.3, 0.9])
    def test_one_that_was_cut_short_is_refused(self, staffed, file, keep):
        staffed("backup", str(file))
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * keep)])
        new = replace(staffed, database=file.with_name("new.db"))
        assert "is damaged, and was not brought back" in new.run("restore", str(file)).stderr
        assert in_folder(file) == ["monday.db"]

    def test_one_of_a_newer_program_is_refused(self, staffed, file):
        staffed("backup", str(file))
        change(file, "UPDATE alembic_version SET version_num = '9999'")
        new = replace(staffed, database=file.with_name("new.db"))
        assert "made by a newer version" in new.run("restore", str(file)).stderr
        assert not new.database.exists()

    def test_one_whose_records_were_changed_only_when_that_is_accepted(self, staffed, file):
        staffed("backup", str(file))
        change(file, "DROP TRIGGER result_refuses_update", "UPDATE result SET note = 'better'")
        new = replace(staffed, database=file.with_name("new.db"))
        done = new.run("restore", str(file))
        assert (done.exit_code, "changed behind the program's back" in done.stderr) == (1, True)
        assert not new.database.exists()
        assert "were not compared" in new.run("restore", "--accept-changed", str(file)).stderr
        shutil.copy(key_of(staffed.database), key_of(new.database))
        assert "A17: the result on record was changed" in new.refused("verify")

    @pytest.mark.parametrize("schema", ["0001", "0003"])
    def test_one_of_an_earlier_schema_is_brought_up_to_date_when_it_is_opened(self, tmp_path, schema):
        import gzip

        released = Path(__file__).parents[1] / "store" / "released" / f"schema-{schema}.db.gz"
        old = tmp_path / "old.db"
        old.write_bytes(gzip.decompress(released.read_bytes()))
        new = Clinic(tmp_path / "new.db", THURSDAY)
        done = new.run("restore", str(old))
        assert (done.exit_code, f"earlier schema {schema}" in done.stderr) == (0, True)
        assert new.rows("SELECT version_num FROM alembic_version") == [(schema,)]
        assert "brought from schema" in new.run("due").stderr
        assert new("participant", "list")


def change(file: Path, *statements: str) -> None:
    """Change a database behind the program's back."""
    with databases.opened(file) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_a_copy_that_takes_long_shows_how_far_it_is(staffed, file, monkeypatch):
    from testing_tracker.cli.desk import output

    drawn = []
    monkeypatch.setattr(output, "_is_watched", lambda: True)
    monkeypatch.setattr("rich.progress.Progress.update", lambda self, task, **given: drawn.append(given["completed"]))
    staffed("backup", str(file))
    assert drawn == []
    monkeypatch.setattr(output, "SECONDS_WITHOUT_PROGRESS", 0.0)
    staffed("backup", "--overwrite", str(file))
    assert drawn[-1] == file.stat().st_size
