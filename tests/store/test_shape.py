"""What the program keeps of the newest schema's shape, to compare it in no time, is what the migrations make."""

import gzip
from pathlib import Path

import databases
import pytest
from conftest import Clinic

from testing_tracker.store import integrity
from testing_tracker.store.engine import SCHEMA_VERSION
from testing_tracker.store.integrity import (
    DIGEST_OF_HEAD,
    THAT_ONLY_GROW,
    differences,
    differences_from_head,
    digest_of,
    shape_of_head,
)


def test_the_digest_is_that_of_what_the_migrations_make():
    assert digest_of(shape_of_head()) == DIGEST_OF_HEAD, f"it is to be {digest_of(shape_of_head())}"


def test_the_tables_that_only_grow_are_those_that_refuse_every_change():
    refusing = {name for kind, name in shape_of_head() if kind == "trigger"}
    assert refusing == {f"{table}_refuses_{change}" for table in THAT_ONLY_GROW for change in ("update", "delete")}


RELEASED = sorted((Path(__file__).parent / "released").glob("schema-*.db.gz"))


@pytest.mark.sqlite_only(reason="the databases that are kept are files")
@pytest.mark.parametrize("kept", RELEASED, ids=lambda file: file.name[7:11])
def test_a_database_of_every_released_schema_has_that_shape_once_it_is_up_to_date(tmp_path, kept):
    clinic = Clinic(tmp_path / "clinic.db", "2026-12-01")
    clinic.database.touch(0o600)
    clinic.database.write_bytes(gzip.decompress(kept.read_bytes()))
    clinic("due")
    with databases.opened(clinic.database) as connection:
        assert digest_of(integrity._shape(connection)) == DIGEST_OF_HEAD
        assert differences_from_head(connection) == []


@pytest.fixture
def opened(clinic):
    with databases.opened(clinic.database) as connection:
        connection.isolation_level = None
        yield connection


@pytest.mark.sqlite_only(reason="the shape of a file")
class TestQuickly:
    """The quick comparison."""

    def test_nothing_is_made_anew_where_nothing_differs(self, opened, monkeypatch):
        monkeypatch.setattr(integrity, "shape_of_head", lambda: pytest.fail("made anew"))
        assert differences_from_head(opened) == []

    @pytest.mark.parametrize(
        ("statement", "told"),
        [
            ("CREATE TRIGGER more AFTER INSERT ON draw BEGIN SELECT 1; END", "the trigger more was added"),
            ("CREATE VIEW notes AS SELECT 1", "the view notes was added"),
            ("CREATE INDEX notes ON draw (status)", "the index notes was added"),
            ("CREATE UNIQUE INDEX one_each ON draw (participant_id)", "the index one_each was added"),
            ("CREATE TABLE notes (text)", "the table notes was added"),
            ("DROP TRIGGER result_refuses_update", "the trigger result_refuses_update is missing"),
            ("DROP INDEX draw_by_day", "the index draw_by_day is missing"),
            ("ALTER TABLE participant ADD COLUMN phone TEXT", "the table participant was changed"),
        ],
    )
    def test_it_says_what_the_long_one_says(self, opened, statement, told):
        opened.execute(statement)
        assert differences_from_head(opened) == [told] == differences(opened, SCHEMA_VERSION)

    @pytest.mark.parametrize("name", ["sqliteXlikes", "sqlite_likes"])
    def test_no_name_hides_a_trigger(self, opened, name):
        """Whoever may write the file may write SQLite's own table of tables too."""
        text = f"CREATE TRIGGER {name} AFTER INSERT ON draw BEGIN SELECT 1; END"
        opened.execute("PRAGMA writable_schema = ON")
        row = ("trigger", name, "draw", 0, text)
        opened.execute("INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)", row)
        assert differences_from_head(opened) == [f"the trigger {name} was added"]
