"""What each role of the staff may do by hand at a server, with SQL of their own: `verify` names all that they may."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import databases
import pytest
from conftest import Clinic
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from test_every_cell import GO_AWAY, WEDNESDAY, checks_in
from test_verify import copy_of, lived_in

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import Channel, DrawKind, Level, Outcome, RecommendationStatus, Role, Status
from testing_tracker.services.keeping.checking.examination import verify
from testing_tracker.services.reporting import outbox
from testing_tracker.store import facilities
from testing_tracker.store.engine import make_engine, writing
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.ledger.last_written import rows_otherwise
from testing_tracker.store.location import locate
from testing_tracker.store.server import grants
from testing_tracker.store.work import work_in

pytestmark = pytest.mark.postgresql_only
assert lived_in  # a fixture, by its name

TUESDAY = "2026-11-24"
SAYS_NOTHING = {"facility.turn": "stays empty, and nothing reads it: who may change it may lock the row"}
WORDS = [word for words in (Status, DrawKind, Because, Outcome, Level, RecommendationStatus) for word in words]


@pytest.fixture(scope="module")
def full(lived_in, tmp_path_factory) -> Iterator[Clinic]:
    """A clinic of nine nights with rows in every table that may change, and an account for each role."""
    clinic = copy_of(lived_in, tmp_path_factory.mktemp("hands"))
    clinic.today = TUESDAY
    made = {role: of_role(clinic, role) for role in Role}
    with databases.roles_dropped_afterwards(clinic.database, made.values()):
        databases.make_roles(dict.fromkeys(made.values(), ""))
        clinic("migrate")
        for role in ("nurse", "clinician"):
            clinic("staff", "add", "postgres", "--role", role)
        for role, account in made.items():
            clinic("staff", "add", account, "--role", role)
        for code in ("D1", "D2", "D3"):
            clinic.add(code, schedule="fixed-2", name=f"Jane {code}")
            clinic("test", code, "--reason", "as agreed")
            clinic("result", code, "positive", "--analyte", "cocaine", "--for-cause")
        clinic("recommendation", "accept", "D1", "--yes")
        clinic("recommendation", "decline", "D2", "--reason", "stable")
        clinic("review", "done", "1", "--note", "spoke with them")
        engine = make_engine(locate(clinic.url))
        with writing(engine, None, databases.clock_of(date.fromisoformat(TUESDAY)), SHIPPED) as work:
            taken = outbox.claim_report(work, Week.parse("2026-W47"), Channel.FOLDER)
            outbox.finish(work, taken, None, edition=1, up_to=5)
            outbox.claim_report(work, Week.parse("2026-W46"), Channel.MAIL)
        engine.dispose()
        checks_in(clinic)
        assert "All holds" in clinic("verify")
        yield clinic


def of_role(clinic: Clinic, role: Role) -> str:
    return f"{role}_{databases.name_of(clinic.database)[-8:]}"


@contextmanager
def by_hand(clinic: Clinic, role: Role) -> Iterator[Session]:
    """Somebody of a role, with SQL of their own; what they did is taken back."""
    engine = make_engine(locate(databases.url_as(clinic.database, of_role(clinic, role))))
    try:
        with Session(engine) as session:
            yield session
            session.rollback()
    finally:
        engine.dispose()


def done(session: Session, statement: str) -> bool:
    """Whether the database let a statement be done; that somebody may not is another thing, and is raised."""
    try:
        with session.begin_nested():
            return bool(session.connection().exec_driver_sql(statement.replace("%", "%%")).rowcount)
    except DBAPIError as error:
        if error.orig.sqlstate == "42501":
            raise
        return False


def is_named(clinic: Clinic, session: Session) -> bool:
    """Whether `verify` would leave with status 1; the parts that are quick are asked first."""
    try:
        if ledger.first_broken_page(session, 1) or next(iter(rows_otherwise(session, 1)), None):
            return True
        clock_of = databases.clock_of(date.fromisoformat(WEDNESDAY))
        work = work_in(session, facilities.choose(session, 1), clock_of, SHIPPED)
        return bool(verify(work, clinic.location.key).problems)
    except (TestingTrackerError, ValueError, LookupError):
        return True  # it cannot even be read, and the command says so with status 1


def changed(clinic: Clinic, session: Session, table: str, column: str) -> bool:
    """Change a cell of the first row that can be changed, to whatever the database takes."""
    for another in [databases.another_value(clinic.database, table, column), *(f"'{word}'" for word in (*WORDS, 1, 2))]:
        which = f"SELECT min(id) FROM {table} WHERE {column}::text IS DISTINCT FROM ({another})::text"
        if done(session, f"UPDATE {table} SET {column} = {another} WHERE id = ({which})"):
            return True
    return False


@pytest.mark.parametrize("role", Role)
def test_what_nobody_changed_holds(full, role):
    with by_hand(full, role) as session:
        assert not is_named(full, session)


@pytest.mark.parametrize("table", [table for table in grants.CHANGE if table not in GO_AWAY])
def test_whatever_a_role_may_change_is_named(full, table):
    """For one role of each column the whole of it; of the others that they may."""
    for column, roles in grants.CHANGE[table].items():
        for number, role in enumerate(sorted(roles)):
            with by_hand(full, role) as session:
                assert changed(full, session, table, column), (table, column, role)
                if number == 0 and f"{table}.{column}" not in SAYS_NOTHING:
                    assert is_named(full, session), (table, column, role)


@pytest.mark.parametrize("table", [table for table in grants.ADD if table not in GO_AWAY])
def test_whatever_a_role_may_add_is_named(full, table):
    """A copy of the newest row, as far as the database takes one."""
    names = [name for _, name in databases.columns(full.database, table) if name != "id"]
    row = f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(names)} FROM {table} ORDER BY id DESC LIMIT 1"
    for number, role in enumerate(sorted(grants.ADD[table])):
        with by_hand(full, role) as session:
            if done(session, row) and number == 0:
                assert is_named(full, session), (table, role)


@pytest.mark.parametrize("table", [table for table in grants.REMOVE if table not in GO_AWAY])
def test_whatever_a_role_may_remove_is_named(full, table):
    for role in grants.REMOVE[table]:
        with by_hand(full, role) as session:
            ids = session.connection().exec_driver_sql(f"SELECT id FROM {table} ORDER BY id").scalars().all()
            assert any(
                done(session, f"DELETE FROM {table} WHERE id = {number}") for number in ids
            )  # to some is referred
            assert is_named(full, session), (table, role)


PLAIN = (
    "UPDATE recommendation SET status = 'declined' WHERE status = 'open'",
    "UPDATE evidence SET withdrawn_at = now() WHERE id = (SELECT min(id) FROM evidence WHERE withdrawn_at IS NULL)",
    "UPDATE review SET done_at = now(), done_by = session_user WHERE id = (SELECT max(id) FROM review)",
    "UPDATE delivery SET delivered_at = now() WHERE delivered_at IS NULL",
    "UPDATE participant SET name = 'John' WHERE id = 1",
    "UPDATE facility SET name = 'Another House'",
    "UPDATE draw SET status = 'excused', reason = 'ill' WHERE id = (SELECT min(id) FROM draw WHERE status = 'missed')",
    "INSERT INTO recommendation (facility_id, participant_id, from_level, to_level, status, reason, raised_at) "
    "VALUES (1, 1, 'iop', 'php', 'open', 'two missed', now())",
)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("statement", PLAIN)
def test_plain_edits_are_refused_or_named(full, statement, role):
    with by_hand(full, role) as session:
        try:
            assert done(session, statement)
        except DBAPIError:
            return  # this role's commands change nothing like that
        assert is_named(full, session)
