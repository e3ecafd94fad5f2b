"""What is PostgreSQL's own: making a database, migrations, roles, and complaints in words."""

import json
import re
import sys
from datetime import date
from pathlib import Path

import databases
import pytest
from alembic import command
from conftest import MONDAY, Clinic, key_of

from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.store.engine import SCHEMA_VERSION, make_engine
from testing_tracker.store.location import locate
from testing_tracker.store.migrations import alembic_config
from testing_tracker.store.server import postgresql

pytestmark = pytest.mark.postgresql_only


class TestMaking:
    def test_init_says_where_the_key_is_and_never_a_password(self, tmp_path):
        clinic = Clinic(tmp_path / "new.db", MONDAY)
        url = clinic.url.replace("postgres@", "postgres:hidden@")
        printed = clinic("--database", url, "init", "--training")
        assert str(key_of(clinic.database)) in printed
        assert databases.name_of(clinic.database) in printed
        assert "hidden" not in printed

    def test_a_database_that_is_one_already_is_refused(self, clinic):
        assert "There is a testing_tracker database at" in clinic.refused("init", "--training")
        assert key_of(clinic.database).exists()

    def test_a_database_that_is_in_use_for_something_else_is_refused(self, tmp_path):
        clinic = Clinic(tmp_path / "new.db", MONDAY)
        clinic.change("CREATE TABLE invoices (id int)")
        assert "is in use for something else (it has invoices)" in clinic.refused("init", "--training")
        assert not key_of(clinic.database).exists()

    def test_a_failed_init_leaves_nothing_behind(self, tmp_path, monkeypatch):
        from testing_tracker.services.keeping import facilities

        def fail(*arguments, **detail):
            raise RuntimeError

        clinic = Clinic(tmp_path / "new.db", MONDAY)
        monkeypatch.setattr(facilities.keys, "start_chain", fail)
        assert isinstance(clinic.run("init", "--training").exception, RuntimeError)
        assert clinic.contents() == []
        assert not key_of(clinic.database).exists()

    @pytest.mark.parametrize("kind", ["postgresql", "postgresql+psycopg", "postgres"])
    def test_every_usual_kind_of_url_is_understood(self, clinic, kind):
        url = clinic.url.replace("postgresql", kind, 1)
        assert "All holds" in clinic("--database", url, "verify")

    def test_lists_have_the_same_order_as_on_sqlite(self, clinic):
        clinic.add("b1", "A-2", "a1", "A_1", "A1.5", "Zz")
        codes = [row["participant"] for row in clinic.json("participant", "list")]
        assert codes == ["A-2", "a1", "A1.5", "A_1", "b1", "Zz"]


class TestRefusals:
    def test_a_database_without_our_tables(self, tmp_path):
        clinic = Clinic(tmp_path / "new.db", MONDAY)
        assert "has no tables of testing-tracker" in clinic.refused("due")

    def test_no_such_database(self, tmp_path):
        clinic = Clinic(tmp_path / "new.db", MONDAY)
        databases.drop(clinic.database)
        done = clinic.run("due")
        assert done.exit_code == 1
        assert re.fullmatch(
            r"Error: There is no database at postgresql://\S+\. Make it with `createdb .*\n", done.stderr
        )

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("postgresql://me:hidden@localhost:1/clinic", "Check that the server runs"),
            ("postgresql:///clinic?host=/nowhere", "Check that the server runs"),
            ("postgresql://me:hidden@no.such.host.invalid/clinic", "Check that the server runs"),
            ("postgresql://me:hidden@localhost:port/clinic", "URL cannot be read"),
            ("postgresql://[::1/clinic", "URL cannot be read"),
        ],
    )
    def test_no_server(self, url, said):
        done = Clinic(Path("unused"), None).run("--database", url, "due")
        assert done.exit_code == 1
        assert said in done.stderr
        assert "hidden" not in done.output
        assert done.stderr.count("\n") == 1

    def test_an_unknown_user(self, clinic):
        done = clinic.run("--database", clinic.url.replace("postgres@", "nobody-such@"), "due")
        assert (done.exit_code, "Check the user in the URL" in done.stderr) == (1, True), done.stderr

    @pytest.mark.parametrize(
        ("said", "remedy"),
        [
            ('FATAL:  password authentication failed for user "me"', "Check the password"),
            ("fe_sendauth: no password supplied", "Check the password"),
            ('FATAL:  no pg_hba.conf entry for host "10.0.0.9", user "me"', "administrator has to let this user in"),
            ("FATAL:  sorry, too many clients already", "Too many are connected"),
        ],
    )
    def test_what_the_server_says_at_the_door(self, said, remedy):
        location = locate("postgresql://me:hidden@host/clinic")
        told = str(postgresql._not_connected(location, f"connection failed: {said} with hidden", "hidden"))
        assert remedy in told
        assert "hidden" not in told

    def test_without_psycopg_it_says_what_to_install(self, clinic, monkeypatch):
        monkeypatch.setitem(sys.modules, "psycopg", None)
        done = clinic.run("due")
        assert (done.exit_code, "`pip install testing-tracker[postgresql]`" in done.stderr) == (1, True)

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("ALTER DATABASE {} SET default_transaction_read_only = on", "The database is read-only"),
            ("ALTER DATABASE {} SET statement_timeout = 1", "took too long"),
            ("ALTER TABLE finding RENAME TO findings", "A table is missing"),
            ("ALTER TABLE result RENAME lab TO laboratory", "A column is missing"),
        ],
    )
    def test_a_server_that_cannot_is_one_clear_line(self, clinic, statement, said):
        clinic.add("A17")
        clinic("draw")
        clinic.change(statement.format(databases.name_of(clinic.database)))
        done = clinic.run("result", "A17", "negative")
        assert (done.exit_code, done.stdout, said in done.stderr) == (1, "", True), done.output
        assert done.stderr.count("\n") == 1

    def test_a_connection_that_is_lost_is_one_clear_line(self, clinic, monkeypatch):
        from testing_tracker.store.work import Work

        def kill(*arguments, **detail):
            databases.end_connections(clinic.database)

        clinic.add("A17")
        clinic("draw")
        monkeypatch.setattr(Work, "on_record", kill)
        done = clinic.run("result", "A17", "negative")
        assert (done.exit_code, "The connection to the database's server was lost" in done.stderr) == (1, True)
        assert clinic.status("A17") == "due"

    def test_a_connection_that_was_lost_in_a_pause_is_made_anew(self, clinic):
        from testing_tracker.store.engine import open_engine, reading

        engine = open_engine(clinic.location)
        for _ in range(2):
            with reading(engine, None, databases.clock_of(), SHIPPED) as work:
                assert work.facility.timezone == "America/Los_Angeles"
            databases.end_connections(clinic.database)
        engine.dispose()

    def test_a_character_that_it_cannot_keep(self, clinic):
        clinic.add("A17")
        clinic("draw")
        before = clinic.contents()
        done = clinic.run("result", "A17", "negative", "--note", "a\0b")
        assert (done.exit_code, done.stderr) == (2, "Error: An argument has a NUL character.\n")
        assert clinic.contents() == before

    def test_another_writer_is_waited_for_and_named(self, clinic, monkeypatch):
        from testing_tracker.store import engine

        monkeypatch.setattr(engine, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 0.05)
        with databases.held(clinic.database):
            said = clinic.refused("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
        assert said == "Another program has been writing to the database for a minute. Try again. Nothing was changed."


class TestRecords:
    def test_holes_in_the_numbers_matter_to_nobody(self, clinic):
        """A server's sequence leaves one after every act that was refused, and for what other facilities do."""
        clinic.add("A1", schedule="random-3")
        clinic.change("SELECT nextval('participant_id_seq'), nextval('draw_id_seq') FROM generate_series(1, 5)")
        clinic.add("A2", "A3", schedule="fixed-2")
        for day in ("2026-11-16", "2026-11-17"):
            clinic.today = day
            clinic("draw")
            clinic.change("SELECT nextval('draw_id_seq'), nextval('ledger_page_id_seq'), nextval('leave_id_seq')")
            clinic("participant", "leave", "A2", f"{day[:-2]}2{day[-1]}", f"{day[:-2]}2{day[-1]}", "--reason", "x")
        assert [number for (number,) in clinic.rows("SELECT id FROM participant ORDER BY id")] == [1, 7, 8]
        assert "All holds" in clinic("verify")

    def test_two_facilities_write_at_the_same_time(self, clinic):
        """A nurse of one does not wait for another one's night, nor does what each knew get mixed up."""
        from testing_tracker.services.drawing import nights
        from testing_tracker.store.engine import open_engine, writing

        clinic("facility", "add", "Ostkreuz", "--timezone", "America/Los_Angeles")
        for facility in "12":
            for code in ("A1", "B1", "C1"):
                enrol = ("participant", "add", code, "--schedule", "fixed-2", "--level", "iop")
                clinic("--facility", facility, *enrol)
        engine = open_engine(clinic.location)
        with writing(engine, "1", databases.clock_of(date(2026, 11, 16)), SHIPPED) as work:
            nights.run_night(work, clinic.location.key)
            clinic("--facility", "2", "draw")
            clinic("--facility", "2", "result", "A1", "negative")
        engine.dispose()
        clinic("--facility", "1", "result", "A1", "negative")
        for facility in "12":
            assert "All holds" in clinic("--facility", facility, "verify")

    def test_who_adds_a_facility_waits_for_all_others(self, clinic, monkeypatch):
        from testing_tracker.store import engine

        monkeypatch.setattr(engine, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 0.05)
        opened = engine.open_engine(clinic.location)
        with engine.writing(opened, None, databases.clock_of(), SHIPPED):
            assert "Another program has been writing" in clinic.run("facility", "add", "Ostkreuz").stderr
        opened.dispose()

    @pytest.mark.parametrize("statement", ["TRUNCATE finding", "TRUNCATE audit_entry CASCADE", "DELETE FROM result"])
    def test_what_only_grows_cannot_be_emptied(self, clinic, statement):
        clinic.add("A17")
        clinic("draw")
        clinic("result", "A17", "negative")
        with pytest.raises(databases.REFUSALS, match="append-only"):
            clinic.change(statement)

    def test_the_ledger_has_the_same_marks_as_on_sqlite(self, clinic, tmp_path, monkeypatch):
        """Page by page: a row means the same wherever it is kept."""
        import sqlite3
        from contextlib import closing

        from freezegun import freeze_time

        monkeypatch.setattr("testing_tracker.store.work.current_account", lambda: "nurse")
        monkeypatch.setattr("testing_tracker.chance.new_mark", bytes)
        with freeze_time("2026-11-15 20:00:00.123456"):
            for url in (str(tmp_path / "file.db"), Clinic(tmp_path / "server.db", None).url):
                runner = Clinic(tmp_path / "server.db", None)
                for line in LIFE:
                    runner("--database", url, *line)
        with closing(sqlite3.connect(tmp_path / "file.db")) as connection:
            pages = connection.execute("SELECT id, marks, digest FROM ledger_page ORDER BY id").fetchall()
        assert len(pages) > 5
        assert (
            Clinic(tmp_path / "server.db", None).rows("SELECT id, marks, digest FROM ledger_page ORDER BY id") == pages
        )


LIFE = [
    ("init", "--timezone", "America/Los_Angeles"),
    ("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop", "--name", "Ann Öst"),
    ("participant", "add", "B04", "--schedule", "random-2", "--level", "php"),
    ("test", "A17", "--reason", "seemed ill"),
    ("result", "A17", "positive", "--analyte", "coc=400", "--creatinine", "80", "--collected-at", "10:00"),
    ("prescription", "add", "B04", "methadone"),
    ("participant", "leave", "B04", "2026-11-20", "2026-11-22", "--reason", "travel"),
    ("draw",),
    ("amend", "A17", "negative", "--reason", "cups swapped"),
]


class TestMigrations:
    @pytest.fixture
    def old(self, tmp_path) -> Clinic:
        """A database of the first schema on a server, with somebody in it."""
        clinic = Clinic(tmp_path / "old.db", MONDAY)
        bring_to(clinic, "0001")
        clinic.change(*FIRST_ROWS)
        return clinic

    def test_an_older_database_is_refused_until_it_is_migrated(self, old):
        said = old.refused("due")
        assert "was made by an older version" in said
        assert "`testing-tracker migrate`" in said
        assert f"brought from schema 0001 to {SCHEMA_VERSION}" in old("migrate", "--yes")
        assert old.status("A17", "2026-11-12") == "collected positive"
        assert f"is up to date (schema {SCHEMA_VERSION})" in old("migrate")

    def test_it_asks_whether_there_is_a_copy(self, old):
        assert "Make a copy with `testing-tracker backup FILE` first" in old.run("migrate", input="n\n").stderr
        assert "Say --yes" in old.run("migrate", input="").stderr
        assert old.rows("SELECT version_num FROM alembic_version") == [("0001",)]
        assert "brought from schema" in old("migrate", input="y\n")

    @pytest.mark.parametrize("number", range(1, int(SCHEMA_VERSION)))
    def test_rows_go_forward_from_every_schema(self, old, number):
        bring_to(old, f"{number:04}")
        before = {table: old.rows(f"SELECT * FROM {table} ORDER BY id") for table in FIRST_TABLES}
        old("migrate", "--yes")
        for table, rows in before.items():
            now = old.rows(f"SELECT * FROM {table} ORDER BY id")
            assert [row[: len(rows[0])] for row in now][: len(rows)] == rows, table
        old("draw")
        old.add("N1", schedule="random-3")
        done = old.run("verify")
        assert (done.exit_code, "All holds" in done.stdout) == (0, True), done.output
        with pytest.raises(databases.REFUSALS, match="append-only"):
            old.change("UPDATE result SET note = 'x'")

    def test_pages_that_earlier_versions_numbered_themselves_are_followed_on(self, old):
        """Their sequence knew nothing of them; and a table of somebody else's is left alone."""
        bring_to(old, "0004")
        pages = "SELECT n, 1, '{}', ''::bytea, 'x' FROM generate_series(1, 9) n"
        old.change(f"INSERT INTO ledger_page (id, facility_id, up_to, marks, digest) {pages}")
        old.change("CREATE TABLE notes (what text)")
        old("migrate", "--yes")
        assert old.rows("SELECT min(id) FROM ledger_page WHERE digest != 'x'") == [(10,)]

    def test_a_migration_that_fails_changes_nothing(self, old, monkeypatch):
        from testing_tracker.store.work import Work

        def fail(*arguments, **detail):
            raise RuntimeError

        before = old.contents()
        monkeypatch.setattr(Work, "on_record", fail)
        assert old.run("migrate", "--yes").exit_code == 1
        assert old.contents() == before

    def test_a_newer_one_is_refused_also_by_migrate(self, clinic):
        clinic.change("UPDATE alembic_version SET version_num = '9999'")
        assert "made by a newer version" in clinic.refused("migrate", "--yes")


def bring_to(clinic: Clinic, revision: str) -> None:
    engine = make_engine(clinic.location)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), revision)
    engine.dispose()


AT, WHO = "'2026-11-10 17:00Z'", "'nurse'"
FIRST_ROWS = [
    "INSERT INTO facility (name, timezone, training, opened_on) "
    "VALUES ('Harbor House', 'America/Los_Angeles', true, '2026-11-10')",
    "INSERT INTO participant (facility_id, code, code_key, name) VALUES (1, 'A17', 'a17', NULL)",
    "INSERT INTO schedule (facility_id, name) VALUES (1, 'fixed-2')",
    "INSERT INTO schedule_version (schedule_id, version, binds_from, text, recorded_at, recorded_by) VALUES "
    f"(1, 1, '2026-11-10', $${(Path(__file__).parents[2] / 'schedules' / 'fixed-2.toml').read_text()}$$, {AT}, {WHO})",
    "INSERT INTO schedule (facility_id, name) VALUES (1, 'random-3')",
    "INSERT INTO schedule_version (schedule_id, version, binds_from, text, recorded_at, recorded_by) VALUES "
    f"(2, 1, '2026-11-10', $${(Path(__file__).parents[2] / 'schedules' / 'random-3.toml').read_text()}$$, {AT}, {WHO})",
    "INSERT INTO enrolment (participant_id, from_on, enrolled, recorded_at, recorded_by) "
    f"VALUES (1, '2026-11-10', true, {AT}, {WHO})",
    "INSERT INTO placement (participant_id, from_on, level, recorded_at, recorded_by) "
    f"VALUES (1, '2026-11-10', 'iop', {AT}, {WHO})",
    "INSERT INTO assignment (participant_id, from_on, schedule_id, recorded_at, recorded_by) "
    f"VALUES (1, '2026-11-10', 1, {AT}, {WHO})",
    "INSERT INTO night (facility_id, day, ran, last_participant_id, recorded_at, recorded_by) "
    f"VALUES (1, '2026-11-12', true, 1, {AT}, {WHO})",
    "INSERT INTO draw (participant_id, due_on, kind, status, schedule_version_id, recorded_at) "
    f"VALUES (1, '2026-11-12', 'fixed', 'collected', 1, {AT})",
    f"INSERT INTO result (draw_id, outcome, recorded_at, recorded_by) VALUES (1, 'negative', {AT}, {WHO})",
    "INSERT INTO result (draw_id, outcome, replaces_id, reason, recorded_at, recorded_by) "
    f"VALUES (1, 'positive', 1, 'cups swapped', {AT}, {WHO})",
    "INSERT INTO finding (result_id, analyte) VALUES (2, 'cocaine')",
    "INSERT INTO audit_entry (facility_id, at, account, act, participant_id, draw_id) "
    f"VALUES (1, {AT}, {WHO}, 'result amend', 1, 1)",
]
FIRST_TABLES = (
    "participant",
    "enrolment",
    "placement",
    "assignment",
    "night",
    "draw",
    "result",
    "finding",
    "audit_entry",
)


class TestOtherCommands:
    def test_the_key_is_copied_for_itself(self, clinic, tmp_path):
        clinic("backup", "--key", str(tmp_path / "copy.key"))
        assert (tmp_path / "copy.key").read_text() == key_of(clinic.database).read_text()

    def test_doctor_does_not_ask_for_backups_that_it_cannot_know_of(self, clinic, tmp_path):
        def matters():
            return {line["matter"] for line in json.loads(clinic.run("doctor", "--format", "json").stdout)}

        clinic.today = "2026-12-14"
        clinic("draw")
        assert "backup" not in matters()  # the server's administrator may make them
        clinic("backup", str(tmp_path / "monday.dump"))
        clinic.today = "2026-12-21"
        assert "backup" not in matters()
        clinic.today = "2026-12-22"
        assert "backup" in matters()
