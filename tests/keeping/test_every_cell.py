"""Whatever is done by hand to any cell of any row of any table, `verify` names it; what it need not is on a list here.

Somebody who can write to the database changes a cell, removes a row, adds one, moves one to another participant or to
another facility: first past the triggers, as whoever owns a file can, then with them, where the database may refuse it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise

import databases
import pytest
from acts import CHECK_IN_FILE
from conftest import Clinic
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel
from test_verify import copy_of, lived_in

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import Channel
from testing_tracker.services.keeping.checking.checks import verify
from testing_tracker.services.reporting import outbox
from testing_tracker.store import facilities
from testing_tracker.store.engine import make_engine, writing
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.ledger.last_written import rows_otherwise
from testing_tracker.store.location import locate
from testing_tracker.store.tables import StrangersSeen
from testing_tracker.store.work import work_in

assert lived_in  # a fixture, by its name

MAY_CHANGE_UNSEEN = {
    ("facility", "turn"): "is empty, and nothing reads it: a server's row lock goes by the right to change it",
}
GO_AWAY = {
    "notice": "a reminder says the same to everybody and is evidence of nothing; its rows go when the day is over",
    "todays_receipt": "is made from the key anew at each turn, for machines without it, and goes when the day is over",
}
TABLES = sorted(SQLModel.metadata.tables.keys() - GO_AWAY.keys())
TUESDAY, WEDNESDAY = "2026-11-24", "2026-11-25"


@pytest.fixture(scope="module")
def full(lived_in, tmp_path_factory) -> Clinic:
    """The clinic of nine nights, with decisions of every kind, reviews, a delivery, and another facility beside it."""
    clinic = copy_of(lived_in, tmp_path_factory.mktemp("full"))
    clinic.today = TUESDAY
    ((account,),) = clinic.rows("SELECT DISTINCT account FROM audit_entry WHERE act = 'facility create'")
    for role in ("nurse", "clinician"):
        clinic("staff", "add", account, "--role", role)
    for code in ("D1", "D2", "D3", "D4", "D5"):
        clinic.add(code, schedule="fixed-2", name=f"Jane {code}")
        clinic("test", code, "--reason", "as agreed")
        clinic("result", code, "positive", "--analyte", "cocaine", "--for-cause")
    clinic("recommendation", "accept", "D1", "--yes")
    clinic("recommendation", "decline", "D2", "--reason", "stable")
    clinic("recommendation", "defer", "D3", "--until", "2026-11-30", "--reason", "on Monday")
    clinic("recommendation", "decline", "D4", "--reason", "wrong one")
    clinic("recommendation", "reopen", "D4", "--reason", "it was D2", "--yes")
    clinic("review", "done", "1", "--note", "spoke with them")
    engine = make_engine(locate(clinic.url))
    clock_of = databases.clock_of(date.fromisoformat(TUESDAY))
    with writing(engine, None, clock_of, SHIPPED) as work:
        taken = outbox.claim_report(work, Week.parse("2026-W47"), Channel.FOLDER)
        outbox.finish(work, taken, None, edition=1, up_to=5)
        outbox.claim_report(work, Week.parse("2026-W46"), Channel.MAIL)
    engine.dispose()
    checks_in(clinic)
    clinic("facility", "add", "Hillside", "--timezone", "America/Los_Angeles")
    assert "All holds" in clinic("--facility", "1", "verify")
    return clinic


def checks_in(clinic: Clinic) -> None:
    """A rule of checking in from Tuesday on, cards, somebody who was told, an outage, and the night that closes it."""
    rule = ("--opens", "05:00", "--closes", "14:00", "--page", "--not-checked-in", "missed", "--from", TUESDAY)
    clinic("checkin", "rule", *rule)
    clinic("participant", "card", "--all", "--print", str(clinic.database.with_name("cards.pdf")))
    clinic("draw")
    clinic("checkin", "record", "D1", "--by", "phone")
    clinic.today = WEDNESDAY
    clinic("draw")
    clinic("checkin", "outage", "--from", f"{TUESDAY} 07:10", "--to", f"{TUESDAY} 07:13", "--reason", "no power")
    clinic("checkin", "record", "D2", "--note", "at the desk")
    file = clinic.location.check_in_of(1)
    file.parent.mkdir(exist_ok=True)
    file.write_text(CHECK_IN_FILE)
    file.chmod(0o600)
    clinic("participant", "contact", "D1", "--text", "+15550123", "--consent-on", TUESDAY)
    engine = make_engine(locate(clinic.url))
    with writing(engine, None, databases.clock_of(date.fromisoformat(WEDNESDAY)), SHIPPED) as work:
        work.write(StrangersSeen(day=date.fromisoformat(TUESDAY), tries=2, up_to="page:7"))
        work.on_record(Act.CHECK_INS_COLLECT, visits=0, strangers=2)
    engine.dispose()


@pytest.fixture(scope="module")
def engine(full):
    engine = make_engine(locate(full.url))
    yield engine
    engine.dispose()


@contextmanager
def tampered(engine, *statements: str, triggers: bool = False) -> Iterator[Session | None]:
    """A transaction in which somebody has changed the records; None where the database refused. It is rolled back."""
    with Session(engine) as session:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("BEGIN")
            if not triggers:
                connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
                made = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
                for trigger in made.all():
                    connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        elif not triggers:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        try:
            changed = sum(connection.exec_driver_sql(statement).rowcount for statement in statements)
            assert changed, statements
        except DBAPIError:
            session.rollback()
            yield None
            return
        yield session
        session.rollback()


def is_named(full: Clinic, session: Session | None) -> bool:
    """Whether `verify` would leave with status 1; the parts that are quick are asked first."""
    if session is None:
        return True
    clock_of = databases.clock_of(date.fromisoformat(WEDNESDAY))
    try:
        facility = facilities.choose(session, 1)
        if ledger.first_broken_page(session, 1) or list(rows_otherwise(session, 1)):
            return True
        return bool(verify(work_in(session, facility, clock_of, SHIPPED), locate(full.url).key).problems)
    except (TestingTrackerError, ValueError, LookupError):
        return True  # it cannot even be read, and the command says so with status 1


_KINDS = {"draw": "kind, status, taken_back_id IS NULL", "recommendation": "status", "delivery": "channel"}


def rows_to_try(full: Clinic, table: str) -> list[int]:
    """A table's first and last row of the facility, and of some tables one of each kind."""
    own = "id = 1" if table == "facility" else "facility_id = 1"
    by = _KINDS.get(table)
    found = full.rows(f"SELECT min(id) FROM {table} WHERE {own} {f'GROUP BY {by}' if by else ''}")
    found += full.rows(f"SELECT max(id) FROM {table} WHERE {own}")
    assert found[0][0] is not None, f"nothing to try in {table}"
    return sorted({number for (number,) in found})


def columns(full: Clinic, table: str) -> list[str]:
    return [name for _, name in databases.columns(full.database, table) if (table, name) not in MAY_CHANGE_UNSEEN]


def test_what_may_change_unseen_has_a_reason_and_is_there(full):
    for (table, column), reason in MAY_CHANGE_UNSEEN.items():
        assert (table, column) in databases.columns(full.database, table)
        assert len(reason.split()) > 5
    for table, reason in GO_AWAY.items():
        assert table in SQLModel.metadata.tables
        assert len(reason.split()) > 5


@pytest.mark.parametrize("table", TABLES)
def test_any_cell(full, engine, table):
    for column in columns(full, table):
        another = databases.another_value(full.database, table, column)
        numbers = rows_to_try(full, table)
        for number, triggers in ((numbers[0], True), *((number, False) for number in numbers)):
            statement = f"UPDATE {table} SET {column} = {another} WHERE id = {number}"
            with tampered(engine, statement, triggers=triggers) as session:
                assert is_named(full, session), (table, column, number, triggers)


@pytest.mark.parametrize("table", TABLES)
def test_any_cell_made_empty(full, engine, table):
    for column in set(columns(full, table)) - {"id"}:
        for number in rows_to_try(full, table):
            if full.rows(f"SELECT 1 FROM {table} WHERE id = {number} AND {column} IS NOT NULL"):
                with tampered(engine, f"UPDATE {table} SET {column} = NULL WHERE id = {number}") as session:
                    assert is_named(full, session), (table, column, number)


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_is_removed(full, engine, table):
    for number in rows_to_try(full, table):
        for triggers in (False, True):
            with tampered(engine, f"DELETE FROM {table} WHERE id = {number}", triggers=triggers) as session:
                assert is_named(full, session), (table, number, triggers)


@pytest.mark.parametrize("table", TABLES)
def test_all_rows_that_are_removed(full, engine, table):
    own = "id = 1" if table == "facility" else "facility_id = 1"
    with tampered(engine, f"DELETE FROM {table} WHERE {own}") as session:
        assert is_named(full, session), table


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_is_added(full, engine, table):
    """One as another one is, under another number. Where something of it has to be unique, under other words."""
    names = [name for _, name in databases.columns(full.database, table)]
    words = {"code", "code_key", "name", "week", "digest", "label"} & set(names)
    for number in rows_to_try(full, table):
        for triggers in (False, True):
            given = ["900" if name == "id" else f"{name} || 'x'" if name in words else name for name in names]
            statement = (
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(given)} FROM {table} WHERE id = {number}"
            )
            if table == "facility":
                continue  # it is nobody's yet, and `facility list` shows it
            with tampered(engine, statement, triggers=triggers) as session:
                assert is_named(full, session), (table, number, triggers)


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_is_moved_to_somebody_else(full, engine, table):
    """To each other participant, and to the other facility."""
    names = [name for _, name in databases.columns(full.database, table)]
    other = {name: "(SELECT min(id) FROM participant WHERE id <> {0})" for name in names if name == "participant_id"}
    other |= {name: "(SELECT min(id) FROM draw WHERE id <> {0})" for name in names if name == "draw_id"}
    other |= {name: "2" for name in names if name == "facility_id"}
    for column, value in other.items():
        for number in rows_to_try(full, table):
            if not full.rows(f"SELECT 1 FROM {table} WHERE id = {number} AND {column} IS NOT NULL"):
                continue
            statement = f"UPDATE {table} SET {column} = {value.format(column)} WHERE id = {number}"
            with tampered(engine, statement) as session:
                assert is_named(full, session), (table, column, number)


@pytest.mark.parametrize("table", ["recommendation", "evidence", "participant", "result"])
def test_two_rows_that_change_places(full, engine, table):
    numbers = [number for (number,) in full.rows(f"SELECT id FROM {table} WHERE facility_id = 1 ORDER BY id")]
    assert len(numbers) > 1
    one, other = next(pairwise(numbers))
    swap = (
        f"UPDATE {table} SET id = 901 WHERE id = {one}",
        f"UPDATE {table} SET id = {one} WHERE id = {other}",
        f"UPDATE {table} SET id = {other} WHERE id = 901",
    )
    with tampered(engine, *swap) as session:
        assert is_named(full, session), table


def test_names_that_change_places(full, engine):
    """Of participants and of facilities, with what their digests are made with."""
    swapped = {"D1": "D2", "D2": "D1"}
    for column in ("name", "name_salt"):
        statements = [
            f"UPDATE participant SET {column} = ({told(full, code, column)}) WHERE code = '{other}'"
            for code, other in swapped.items()
        ]
        with tampered(engine, *statements) as session:
            assert is_named(full, session), column
    with tampered(engine, "UPDATE facility SET name = 'Hillside' WHERE id = 1") as session:
        assert is_named(full, session)


def told(full: Clinic, code: str, column: str) -> str:
    ((value,),) = full.rows(f"SELECT {column} FROM participant WHERE code = '{code}'")
    return f"SELECT '{value}'"
