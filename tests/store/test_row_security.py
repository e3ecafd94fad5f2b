"""A server keeps facilities apart: whoever logs in sees and writes the rows of their own, also with SQL by hand."""

from contextlib import suppress

import databases
import pytest
from conftest import Clinic

from testing_tracker.store.server import row_security

pytestmark = pytest.mark.postgresql_only


@pytest.fixture
def network(made_clinic, tmp_path):
    """Two facilities with a participant and a result each; `nurse` is of the staff of the first one only."""
    databases.copy(made_clinic, tmp_path / "network.db")
    network = Clinic(tmp_path / "network.db", "2026-11-16")
    network("facility", "add", "Second House", "--timezone", "America/Los_Angeles")
    for facility in ("1", "2"):
        network("--facility", facility, "participant", "add", f"P{facility}", "--schedule", "fixed-2", "--level", "iop")
        network("--facility", facility, "draw")
        network("--facility", facility, "result", f"P{facility}", "positive", "--analyte", "cocaine")
    role = f"n_{databases.name_of(network.database)}"
    databases.make_role(role)
    network("--facility", "1", "staff", "add", role, "--role", "nurse")
    for what in ("SELECT, INSERT, UPDATE, DELETE ON ALL TABLES", "USAGE, SELECT ON ALL SEQUENCES"):
        network.change(f"GRANT {what} IN SCHEMA public TO {role}")
    yield network
    databases.drop(network.database)
    databases.drop_role(role)


@pytest.fixture
def nurse(network):
    import psycopg

    role = f"n_{databases.name_of(network.database)}"
    with psycopg.connect(network.url.replace("postgres@", f"{role}@"), autocommit=True) as connection:
        yield connection


OWNED = row_security.owned_tables()


def test_nothing_of_another_facility_is_seen_changed_or_removed(network, nurse):
    import psycopg

    for table in OWNED:
        there = dict(network.rows(f"SELECT facility_id, count(*) FROM {table} GROUP BY facility_id"))
        seen = dict(nurse.execute(f"SELECT facility_id, count(*) FROM {table} GROUP BY facility_id").fetchall())
        assert seen == {facility: many for facility, many in there.items() if facility == 1}, table
        for change in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with suppress(psycopg.errors.IntegrityError):
                assert nurse.execute(f"{change} WHERE facility_id = 2").rowcount == 0, table
    assert nurse.execute("SELECT id FROM facility").fetchall() == [(1,)]
    assert nurse.execute("UPDATE facility SET name = 'x' WHERE id = 2").rowcount == 0


def test_no_row_is_added_for_another_facility_nor_made_another_ones(network, nurse):
    import psycopg

    for table in OWNED:
        columns = [name for _, name in databases.columns(network.database, table) if name not in ("id", "facility_id")]
        row = f"INSERT INTO {table} (facility_id, {', '.join(columns)}) SELECT 2, {', '.join(columns)} FROM {table}"
        if nurse.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                nurse.execute(row)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        nurse.execute("UPDATE draw SET facility_id = 2")


REFERENCES = [
    ("INSERT INTO leave (facility_id, participant_id, from_on, to_on, reason, recorded_at, recorded_by) "
     "VALUES (1, {there}, '2026-11-20', '2026-11-21', 'x', now(), 'x')", "participant", None),
    ("INSERT INTO draw (facility_id, participant_id, due_on, kind, status, recorded_at) "
     "VALUES (1, {there}, '2026-11-16', 'fixed', 'due', now())", "participant", None),
    ("INSERT INTO finding (facility_id, result_id, analyte) VALUES (1, {there}, 'cocaine')", "result", None),
    ("INSERT INTO schedule_version (facility_id, schedule_id, version, binds_from, text, recorded_at, recorded_by) "
     "VALUES (1, {there}, 1, '2026-11-16', 'x', now(), 'x')", "schedule", None),
]  # fmt: skip


@pytest.mark.parametrize(("insert", "parent", "_"), REFERENCES)
def test_a_reference_to_another_ones_row_is_refused_as_one_to_nothing(network, nurse, insert, parent, _):
    """What is unique is so within a facility, so it is not told either that something like it is there already."""
    import psycopg

    ((there,),) = network.rows(f"SELECT max(id) FROM {parent} WHERE facility_id = 2")
    for number in (there, 1_000_000):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            nurse.execute(insert.format(there=number))


def test_whose_rows_they_are_is_asked_once_in_a_statement(nurse):
    plan = "\n".join(line for (line,) in nurse.execute("EXPLAIN SELECT * FROM draw JOIN result ON draw.id = draw_id"))
    assert "InitPlan" in plan
    assert "SubPlan" not in plan


def test_the_program_does_a_day_for_the_one_facility_only(network):
    role = f"n_{databases.name_of(network.database)}"
    url = network.url.replace("postgres@", f"{role}@")
    as_nurse = ("--database", url)
    assert len(network.json(*as_nurse, "facility", "list")) == 1
    assert "P1" in network(*as_nurse, "due")
    assert "P2" not in network(*as_nurse, "participant", "list")
    assert "There is no facility" in network.run(*as_nurse, "--facility", "Second House", "due").stderr


def test_a_copy_is_whole_or_refused(network, tmp_path):
    role = f"n_{databases.name_of(network.database)}"
    as_nurse = ("--database", network.url.replace("postgres@", f"{role}@"))
    network("--facility", "1", "staff", "add", role, "--role", "nights")
    refused = network.run(*as_nurse, "backup", str(tmp_path / "copy")).stderr
    assert "some rows are not this user's to see" in refused
    network("--facility", "2", "staff", "add", role, "--role", "nights")
    network(*as_nurse, "backup", str(tmp_path / "copy"))


def test_a_copy_brought_back_keeps_facilities_apart_too(network, tmp_path):
    network("backup", str(tmp_path / "copy"))
    again = Clinic(tmp_path / "again.db", "2026-11-16")
    key = databases.key_of(again.database)
    key.write_bytes(databases.key_of(network.database).read_bytes())
    key.chmod(0o600)
    again("restore", str(tmp_path / "copy"))
    assert "all hold" in again("check")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE OR REPLACE FUNCTION facilities_of_session() RETURNS bigint[] LANGUAGE sql "
        "AS $$SELECT '{1,2}'::bigint[]$$",
        "ALTER FUNCTION facilities_of_session() SECURITY INVOKER",
        "ALTER FUNCTION sees_every_facility() SET search_path = public",
    ],
)
def test_a_function_that_was_changed_is_named_and_made_anew(network, nurse, statement):
    network.change(statement)
    assert "was changed" in network.run("check").stdout
    network("migrate")
    assert "all hold" in network("check")
    assert nurse.execute("SELECT id FROM facility").fetchall() == [(1,)]


# More to the point than what the server has for these arguments, so it would be taken wherever it is looked for.
PLANTED = {
    "an operator": [
        "CREATE FUNCTION planted(varchar, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = text, FUNCTION = planted)",
    ],
    "an aggregate": [
        "CREATE FUNCTION planted(bigint[], bigint) RETURNS bigint[] LANGUAGE sql AS $$SELECT '{1,2}'::bigint[]$$",
        "CREATE AGGREGATE array_agg(bigint) (SFUNC = planted, STYPE = bigint[])",
    ],
    "a function": [
        "CREATE FUNCTION format(text, text, name) RETURNS text LANGUAGE sql AS $$SELECT 'CREATE TABLE planted()'$$",
    ],
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_somebody_planted_is_not_run_as_the_owner(network, nurse, what):
    """Up to PostgreSQL 14 everybody may make things in `public`."""
    network.change("GRANT CREATE ON SCHEMA public TO PUBLIC")
    for statement in PLANTED[what]:
        nurse.execute(statement)
    assert nurse.execute("SELECT facilities_of_session()").fetchone() == ([1],)
    assert nurse.execute("SELECT sees_every_facility()").fetchone() == (False,)
    assert nurse.execute("SELECT id FROM facility").fetchall() == [(1,)]
    network.run("--facility", "1", "staff", "add", f"n_{databases.name_of(network.database)}", "--role", "nights")
    assert network.rows("SELECT to_regclass('planted')::text") == [(None,)]
