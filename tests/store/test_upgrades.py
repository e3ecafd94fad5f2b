"""A database of every released schema is brought up to date with all that is in it."""

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Clinic, acting_as, denied, key_of

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import because_in
from testing_tracker.services.keeping import upgrades
from testing_tracker.store.engine import SCHEMA_VERSION
from testing_tracker.store.work import Work

pytestmark = pytest.mark.sqlite_only(reason="databases of earlier versions are files")

RELEASED = sorted((Path(__file__).parent / "released").glob("schema-*.db.gz"))


@pytest.fixture(params=RELEASED, ids=lambda file: file.name)
def old(request, tmp_path) -> Clinic:
    """A clinic as an earlier version left it on a Thursday."""
    database = tmp_path / "clinic.db"
    database.write_bytes(gzip.decompress(request.param.read_bytes()))
    key = request.param.with_name(request.param.name.replace(".gz", ".key"))
    if key.exists():  # there was none before draws could be checked
        key_of(database).touch(0o600)
        key_of(database).write_bytes(key.read_bytes())
    return Clinic(database, "2026-11-19")


def rows(database: Path) -> dict[str, list[tuple]]:
    """Every row of the tables, without what identifies the schema."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def test_there_is_a_database_of_every_schema_before_this_one():
    assert len(RELEASED) == int(SCHEMA_VERSION) - 1


def test_every_row_is_there_as_it_was(old):
    before = rows(old.database)
    assert sum(map(len, before.values())) > 50
    old("due")
    after = rows(old.database)
    assert after["alembic_version"] == [(SCHEMA_VERSION,)]
    for table in before.keys() - {"alembic_version"}:
        width = len(before[table][0]) if before[table] else 0
        assert [row[:width] for row in after[table]][: len(before[table])] == before[table]


def test_a_reminder_that_was_told_and_mailed_is_on_record(tmp_path):
    (newest,) = (file for file in RELEASED if file.name == "schema-0006.db.gz")
    database = tmp_path / "clinic.db"
    database.write_bytes(gzip.decompress(newest.read_bytes()))
    shutil.copy(newest.with_name("schema-0006.db.key"), key_of(database))
    key_of(database).chmod(0o600)
    with closing(sqlite3.connect(database)) as connection, connection:
        deliveries = connection.execute("SELECT week, channel, attempts FROM delivery").fetchall()
        connection.executemany(
            "INSERT INTO audit_entry (facility_id, at, account, act, detail) VALUES (1, ?, 'cron', ?, ?)",
            [
                ("2026-11-19 20:05:00.000000", "confirmations remind", '{"day": "2026-11-19", "overdue": 1}'),
                ("2026-11-19 20:05:01.000000", "reminder begin", '{"attempt": 1, "day": "2026-11-19"}'),
                ("2026-11-19 20:05:02.000000", "reminder mail", '{"attempt": 1, "day": "2026-11-19"}'),
            ],
        )
    old = Clinic(database, "2026-11-19")
    old("due")
    reminder = "SELECT day, channel, attempts, delivered_at FROM delivery WHERE day IS NOT NULL"
    assert old.rows(reminder) == [("2026-11-19", "mail", 1, "2026-11-19 20:05:02.000000")]
    assert old.rows("SELECT week, channel, attempts FROM delivery WHERE week IS NOT NULL") == deliveries
    assert "All holds" in old("verify")


def test_a_copy_from_before_is_kept_for_its_owner_alone(old):
    before = rows(old.database)
    note = old.run("due").stderr
    (copy,) = old.database.parent.glob("clinic.db.schema-*")
    assert str(copy) in note
    assert rows(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600


def test_it_happens_once(old):
    assert "brought from schema" in old.run("due").stderr
    assert "schema" not in old.run("due").stderr


def has_no_key(request) -> bool:
    return request.node.callspec.params["old"].name == "schema-0001.db.gz"


def test_its_later_draws_come_from_a_key_and_can_be_verified(old, request):
    old("due")
    assert key_of(old.database).stat().st_mode & 0o777 == 0o600
    old.add("N1", schedule="random-3")
    old("draw")
    old.today = "2026-11-20"
    old("draw")
    done = old.run("verify")
    assert (done.exit_code, "All holds" in done.stdout) == (0, True), done.output
    could_not_be_checked = "2026-11-16 to 2026-11-19 were made by a version of the program" in done.stderr
    assert could_not_be_checked is has_no_key(request)


def test_what_went_in_before_is_protected_from_then_on(old):
    old("due")
    with closing(sqlite3.connect(old.database)) as connection, connection:
        connection.execute("DROP TRIGGER leave_refuses_update")
        connection.execute("UPDATE leave SET to_on = '2026-12-24'")
    assert "A18: the leave on record was changed" in old.refused("verify")


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(old, monkeypatch):
    before = rows(old.database)

    def fail(*arguments, **detail):
        raise TestingTrackerError("The disk is full.")

    monkeypatch.setattr(Work, "on_record", fail)
    assert "The disk is full" in old.run("due").stderr
    assert rows(old.database) == before


def test_a_row_of_which_nobody_can_say_whose_it_is_is_not_guessed_at(old, request):
    if request.node.callspec.params["old"].name >= "schema-0008":
        pytest.skip("from then on every row says whose it is")
    with closing(sqlite3.connect(old.database)) as connection, connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(enrolment)") if name != "id"]
        theirs = ", ".join("999" if name == "participant_id" else name for name in columns)
        connection.execute(f"INSERT INTO enrolment ({', '.join(columns)}) SELECT {theirs} FROM enrolment LIMIT 1")
    before = rows(old.database)
    said = old.run("due").stderr
    assert "of enrolment refers to a row of participant that is not there, so nobody can say whose it is" in said
    assert rows(old.database) == before


def test_two_at_once_upgrade_once(old, monkeypatch):
    """The second one waits for the first and finds nothing left to do."""
    bring = upgrades.bring_up_to_date

    def twice(*arguments):
        bring(*arguments)
        bring(*arguments)

    monkeypatch.setattr(upgrades, "bring_up_to_date", twice)
    old("due")
    upgraded = old.rows("SELECT detail FROM audit_entry WHERE act = 'schema upgrade'")
    assert [SCHEMA_VERSION in detail for (detail,) in upgraded].count(True) == 1


def test_every_draw_says_why_it_is_what_it_is(old, request):
    old("due")
    draws = old.rows("SELECT reason, because FROM draw")
    assert all(because == because_in(reason) for reason, because in draws)
    if request.node.callspec.params["old"].name == "schema-0006.db.gz":
        assert {"held back", "not recollected", "unable to provide"} <= {because for _, because in draws}


def test_as_what_a_draw_was_evidence_and_what_was_accepted_is_in_columns_of_its_own(old):
    old("due")
    query = "SELECT act, draw_id, recommendation_id, detail FROM audit_entry WHERE recommendation_id > 0 ORDER BY id"
    acts = [(act, draw, number, json.loads(detail or "{}")) for act, draw, number, detail in old.rows(query)]
    taken = {
        (number, draw): said.get("taken_as", "positive")
        for act, draw, number, said in acts
        if act in ("recommendation raise", "recommendation add evidence")
    }
    columns = old.rows("SELECT recommendation_id, draw_id, taken_as FROM evidence ORDER BY id")
    assert taken == {(number, draw): taken_as for number, draw, taken_as in columns}
    accepted = {number: said.get("accepted_level") for act, _, number, said in acts if act == "recommendation accept"}
    found = dict(old.rows("SELECT id, accepted_level FROM recommendation"))
    assert {number: level for number, level in found.items() if level} == {
        number: level for number, level in accepted.items() if level
    }


def begin_list(old: Clinic, *rows: tuple[str, str, int]) -> None:
    """The list of the staff as a version left it in which only a manager made a difference."""
    with closing(sqlite3.connect(old.database)) as connection, connection:
        add = (
            "INSERT INTO staff (facility_id, account, role, allowed, recorded_at, recorded_by) "
            "VALUES (1, ?, ?, ?, '2026-11-18 08:00:00.000000', 'lee')"
        )
        connection.executemany(add, rows)


def acted(old: Clinic, **accounts: str) -> None:
    """Accounts with an act of theirs on record."""
    with closing(sqlite3.connect(old.database)) as connection, connection:
        connection.executemany(
            "INSERT INTO audit_entry (facility_id, at, account, act) VALUES (1, '2026-11-18 08:00:00.000000', ?, ?)",
            [(account, act.replace("_", " ")) for account, act in accounts.items()],
        )


WITH_STAFF = [file for file in RELEASED if int(file.name[7:11]) >= 5]


class TestTheStaff:
    """Nobody stands before a locked door on the morning after, and nobody is let in whom somebody put out."""

    @pytest.fixture(params=WITH_STAFF, ids=lambda file: file.name)
    def old(self, request, tmp_path) -> Clinic:
        database = tmp_path / "clinic.db"
        database.write_bytes(gzip.decompress(request.param.read_bytes()))
        shutil.copy(request.param.with_name(request.param.name.replace(".gz", ".key")), key_of(database))
        key_of(database).chmod(0o600)
        with closing(sqlite3.connect(database)) as connection, connection:
            ((trigger,),) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'staff_refuses_delete'")
            connection.execute("DROP TRIGGER staff_refuses_delete")
            connection.execute("DELETE FROM staff")
            connection.execute(trigger)
        return Clinic(database, "2026-11-19")

    def test_an_empty_list_stays_empty_and_binds_nobody(self, old):
        acted(old, pat="result_log")
        with acting_as("pat"):
            old("due")
            old.add("N1")
        assert old.json("staff", "list") == []

    def test_a_list_without_a_manager_stays_as_it_is(self, old):
        begin_list(old, ("pat", "nurse", 1))
        with acting_as("somebody"):
            old.add("N1")
            assert "No manager is on the list" in old("staff", "list")
        assert [line["account"] for line in old.json("staff", "list")] == ["pat"]

    def test_who_did_something_goes_on_with_it(self, old):
        begin_list(old, ("lee", "manager", 1), ("kim", "nurse", 1), ("gone", "nurse", 1), ("gone", "nurse", 0))
        acted(
            old, pat="result_log", kim="recommendation_accept", ada="report_print", cron="night_run", gone="result_log"
        )
        with acting_as("lee"):
            told = old.run("due").stderr
        assert "kim clinician; pat nurse" in told
        found = {(line["account"], line["role"]) for line in old.json("staff", "list")}
        assert found >= {
            *(("lee", "manager"), ("kim", "nurse"), ("kim", "clinician")),
            *(("pat", "nurse"), ("ada", "nurse"), ("cron", "nights")),
        }
        assert {"gone"} & {account for account, _ in found} == set()
        for account in ("pat", "kim", "ada"):
            with acting_as(account):
                old("due")
        with acting_as("cron"):  # is let in, and stops at what was done to the list by hand above
            assert "what is on record does not hold" in old.refused("draw")
        with acting_as("gone"):
            assert "gone is not on the list" in denied(old, "due")
        reasons = old.rows("SELECT DISTINCT reason FROM audit_entry WHERE act = 'staff add'")
        assert ("so that nobody is kept out by the upgrade",) in reasons
