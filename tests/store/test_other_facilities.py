"""What a person of one facility can find out about another one's rows, by SQL typed by hand as their own role."""

import databases
import psycopg
import pytest
from sqlmodel import SQLModel
from test_server_roles import AtServer
from test_server_roles import owner as owner
from test_server_roles import staff as staff

from testing_tracker.rules.words import Role
from testing_tracker.store.server import grants, row_security

pytestmark = pytest.mark.postgresql_only
OWNED = sorted(row_security.owned_tables())
OURS, THEIRS = 1, 2
ROW = 7_000_000  # the number of their row in each table


@pytest.fixture
def two(staff) -> AtServer:
    """Two facilities; people of the first one, and in every table a row of the second one."""
    staff("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
    if THEIRS not in managed(staff):
        staff("--facility", "2", "staff", "add", staff.who, "--role", "manager")
    staff.as_("nurse")("--facility", "1", "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
    databases.change(staff.database, *(row_of(staff, table) for table in OWNED), triggers=False)
    return staff


def managed(clinic: AtServer) -> list[int]:
    """The facilities that a manager was named for; the others' lists bind nobody yet."""
    return [number for (number,) in clinic.sql("SELECT facility_id FROM staff WHERE role = 'manager'")]


def row_of(clinic: AtServer, table: str, facility: int = THEIRS, number: int = ROW) -> str:
    """A statement that adds a row in which every cell has something."""
    cells = {name: _VALUES[kind] for name, kind in databases._types(clinic.database, table)}
    cells |= {"id": number, "facility_id": facility}
    return f"INSERT INTO {table} ({', '.join(cells)}) VALUES ({', '.join(map(str, cells.values()))})"


_VALUES = {
    "int4": ROW, "int8": ROW, "bool": "true", "date": "'2026-11-16'", "timestamptz": "'2026-11-16 12:00Z'",
    "time": "'12:00'",
    "bytea": "'\\x00'::bytea", "varchar": "'theirs'",
}  # fmt: skip


@pytest.mark.parametrize("who", [Role.MANAGER, Role.NURSE, Role.AUDITOR])
class TestOfAnotherFacility:
    def test_no_row_is_read(self, two, who):
        person = two.as_(who)
        assert person.sql("SELECT id FROM facility") == [(OURS,)]
        for table in OWNED:
            assert person.sql(f"SELECT * FROM {table} WHERE facility_id <> {OURS}") == [], table
            assert person.sql(f"SELECT count(*) FROM {table} WHERE id = {ROW}") == [(0,)], table
            assert f"\t{ROW}\t" not in f"\t{copied(person, table)}\t", table

    def test_no_row_is_changed_or_removed(self, two, who):
        person = two.as_(who)
        before = two.contents()
        for table in ("facility", *OWNED):
            theirs = f"WHERE {'id' if table == 'facility' else 'facility_id'} = {THEIRS} RETURNING *"
            for column, roles in grants.CHANGE.get(table, {}).items():
                if who in roles:
                    assert person.sql(f"UPDATE {table} SET {column} = {column} {theirs}") == [], (table, column)
            if who in grants.REMOVE.get(table, ()):
                assert person.sql(f"DELETE FROM {table} {theirs}") == [], table
        assert two.contents() == before

    def test_no_row_is_added_and_what_is_there_is_not_told(self, two, who):
        """Whatever of theirs it meets, the answer is the same: that a row of theirs may not be added."""
        person = two.as_(who)
        for table in OWNED:
            for number in (ROW, ROW + 1):
                for more in ("", " ON CONFLICT DO NOTHING", " RETURNING id"):
                    said = person.denied(row_of(two, table, THEIRS, number) + more)
                    assert "row-level security" in said or "permission denied" in said, table

    def test_a_reference_to_theirs_says_what_one_to_nothing_says(self, two, who):
        person = two.as_(who)
        for table in OWNED:
            answers = set()
            for referred in (ROW, ROW + 1):
                with psycopg.connect(person.url) as connection:
                    statement = row_of(two, table, OURS, ROW + 5).replace(f" {ROW},", f" {referred},")
                    try:
                        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                        connection.execute(statement)
                        answers.add("taken")
                        connection.rollback()
                    except psycopg.Error as error:
                        answers.add(str(error.diag.message_primary))
            assert len(answers) == 1, (table, answers)

    def test_statistics_tell_nothing(self, two, who):
        databases.change(two.database, *(f"ANALYZE {table}" for table in OWNED))
        kept = "SELECT 1 FROM pg_stats WHERE schemaname = 'public' AND tablename = 'participant'"
        assert databases.rows(two.database, kept) != []
        seen = "SELECT DISTINCT tablename FROM pg_stats WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        assert two.as_(who).sql(seen) == []


def copied(person: AtServer, table: str) -> str:
    with psycopg.connect(person.url) as connection, connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(bytes(part) for part in copy).decode().replace("\n", "\t")


def test_nobody_copies_rows_into_a_table(two):
    """Beside its policies the server refuses COPY FROM altogether."""
    with psycopg.connect(two.as_("nurse").url) as connection, pytest.raises(psycopg.errors.FeatureNotSupported):
        connection.execute("COPY participant FROM STDIN")


def test_every_table_has_its_policies_forced(two):
    assert {"facility", *OWNED} == set(SQLModel.metadata.tables)
    asked = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
        "AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    assert two.sql(asked) == [("alembic_version",)]


def test_who_is_of_both_sees_both(staff):
    staff("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
    of_second = ("--facility", "2", "staff", "add")
    if THEIRS not in managed(staff):
        staff(*of_second, staff.who, "--role", "manager")
    staff(*of_second, staff.named("nurse"), "--role", "nurse")
    assert staff.as_("nurse").sql("SELECT id FROM facility ORDER BY id") == [(1,), (2,)]
    assert staff.as_("auditor").sql("SELECT id FROM facility ORDER BY id") == [(1,)]


def test_who_is_of_neither_sees_nothing(two):
    """Also where somebody was made a member by hand."""
    stranger = two.as_("stranger")
    databases.administer(f'GRANT "{databases.name_of(two.database)}_manager" TO "{stranger.who}"')
    assert stranger.sql("SELECT id FROM facility") == []
    for table in OWNED:
        assert stranger.sql(f"SELECT id FROM {table}") == [], table
    for words in (["due"], ["--facility", "2", "due"], ["facility", "list"], ["check"], ["draw"]):
        said = stranger.refused(*words)
        assert f"{stranger.who} is not on the list of those who use these records. Ask a manager" in said, words
        assert "damaged" not in said, words


def test_where_there_is_none_at_all_its_owner_is_told_of_damage(two):
    databases.change(two.database, "DELETE FROM facility", triggers=False)
    assert "it is damaged" in two.refused("due")
    assert "it is damaged" in two.refused("facility", "list")
