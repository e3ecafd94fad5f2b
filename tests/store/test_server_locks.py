"""Who keeps whom waiting at a server: who writes for a facility another who does, and nobody who may not write."""

from contextlib import contextmanager, suppress
from datetime import date
from threading import Event, Thread

import databases
import pytest
from conftest import Clinic

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Timezones
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.services.keeping import facilities
from testing_tracker.store import engine as engines
from testing_tracker.store.engine import make_engine, writing, writing_all
from testing_tracker.store.location import locate

pytestmark = pytest.mark.postgresql_only

TODAY = date(2026, 11, 16)
OF_OLD = 0x74_74  # by which earlier versions named their advisory locks
WAITED = "Another program has been writing to the database for a minute"


@pytest.fixture
def network(made_clinic, tmp_path, monkeypatch):
    """Two facilities with somebody who is due; nobody waits for longer than a moment."""
    monkeypatch.setattr(engines, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 0.5)
    databases.copy(made_clinic, tmp_path / "network.db")
    network = Clinic(tmp_path / "network.db", "2026-11-16")
    network("facility", "add", "Second House", "--timezone", "America/Los_Angeles")
    for facility in ("1", "2"):
        network("--facility", facility, "participant", "add", f"P{facility}", "--schedule", "fixed-2", "--level", "iop")
        network("--facility", facility, "draw")
    roles = [f"{who}_{databases.name_of(network.database)}" for who in ("connects", "reads", "nurse")]
    with databases.roles_dropped_afterwards(network.database, roles):
        databases.make_roles(dict.fromkeys(roles, ""))
        network("migrate")  # the database's groups are named after it
        network.change(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {roles[1]}")
        for facility in ("1", "2"):
            network("--facility", facility, "staff", "add", "postgres", "--role", "nurse")
        network("--facility", "1", "staff", "add", roles[2], "--role", "nurse")
        yield network


@contextmanager
def logged_in(network: Clinic, who: str):
    import psycopg

    role = f"{who}_{databases.name_of(network.database)}"
    with psycopg.connect(databases.url_as(network.database, role)) as connection:
        connection.execute("SET lock_timeout = '2s'")
        connection.commit()
        yield connection
        connection.rollback()


@contextmanager
def at_work(network: Clinic, facility: int):
    """Another program in the middle of writing for a facility."""
    engine = make_engine(locate(network.url))
    with writing(engine, facility, databases.clock_of(TODAY), SHIPPED) as work:
        yield work
    engine.dispose()


REFUSED = (
    "SELECT FROM facility FOR NO KEY UPDATE",
    "SELECT FROM facility FOR UPDATE",
    "SELECT FROM facility FOR KEY SHARE",
    *(f"LOCK TABLE facility IN {mode} MODE" for mode in ("ROW SHARE", "SHARE", "EXCLUSIVE", "ACCESS EXCLUSIVE")),
    "LOCK TABLE alembic_version IN SHARE UPDATE EXCLUSIVE MODE",
    "LOCK TABLE staff IN SHARE ROW EXCLUSIVE MODE",
    "LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE",
)


@pytest.mark.parametrize("who", ["connects", "reads"])
def test_who_may_not_write_locks_nothing(network, who):
    import psycopg

    with logged_in(network, who) as connection:
        for statement in REFUSED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


@pytest.mark.parametrize("who", ["connects", "reads"])
def test_who_may_not_write_keeps_nobody_waiting_by_whatever_they_hold(network, who):
    """Advisory locks are anybody's to hold, and a table is locked a little by a statement that is not run yet."""
    databases.make_known(["lee"])
    with logged_in(network, who) as connection:
        for number in range(-1, 4):
            connection.execute(f"SELECT pg_advisory_xact_lock({OF_OLD}, {number})")
        for number, table in enumerate(("facility", "alembic_version", "staff", "audit_entry", "ledger_page")):
            connection.execute(f"PREPARE held_{number} AS DELETE FROM {table}")
        if who == "reads":
            connection.execute("SELECT count(*) FROM facility, draw")
        network("--facility", "1", "result", "P1", "negative")
        network("--facility", "2", "result", "P2", "negative")
        network("--facility", "1", "staff", "add", "lee", "--role", "nurse")
        network("facility", "add", "Third House", "--timezone", "America/Los_Angeles")
        network("migrate")


def test_a_nurse_of_one_facility_keeps_no_other_one_waiting(network):
    import psycopg

    with logged_in(network, "nurse") as connection:
        assert connection.execute("SELECT id FROM facility FOR UPDATE").fetchall() == [(1,)]
        network("--facility", "2", "result", "P2", "negative")
        assert WAITED in network.run("--facility", "1", "result", "P1", "negative").stderr
        for statement in REFUSED[3:]:
            connection.rollback()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    network("--facility", "1", "result", "P1", "negative")


def test_who_reads_and_refers_to_the_facility_waits_for_nobody(network):
    import psycopg

    with at_work(network, 1), psycopg.connect(network.url) as other:
        other.execute("SET lock_timeout = '500ms'")
        other.execute("LOCK TABLE facility, draw, audit_entry IN ACCESS SHARE MODE")  # as pg_dump does
        other.execute("INSERT INTO look (facility_id, command, recorded_at, recorded_by) VALUES (1, 'x', now(), 'x')")
        other.rollback()
        assert "P1" in network("--facility", "1", "due")
        assert WAITED in network.run("--facility", "1", "result", "P1", "negative").stderr
        network("--facility", "2", "result", "P2", "negative")


class TestWhoAltersTables:
    """`migrate` of an earlier schema."""

    def test_waits_for_who_writes(self, network):
        engine = make_engine(locate(network.url))
        with (
            at_work(network, 2),
            pytest.raises(TestingTrackerError, match=WAITED),
            writing_all(engine, has_tables=False),
        ):
            pass
        engine.dispose()

    def test_is_waited_for_by_who_writes_and_by_nobody_who_reads(self, network):
        engine = make_engine(locate(network.url))
        with writing_all(engine, has_tables=False) as session:
            assert "P1" in network("--facility", "1", "due")
            assert WAITED in network.run("--facility", "1", "result", "P1", "negative").stderr
            session.rollback()
        engine.dispose()

    def test_and_who_waits_holds_nothing_that_it_needs(self, network, monkeypatch):
        """Whoever waits has read no table yet, so its columns can be altered meanwhile."""
        monkeypatch.setattr(engines, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 20)
        engine = make_engine(locate(network.url))
        with writing_all(engine, has_tables=False) as session:
            done = []
            waiting = Thread(target=lambda: done.append(network.run("--facility", "1", "result", "P1", "negative")))
            waiting.start()
            wait_for_lock(network)
            session.connection().exec_driver_sql("ALTER TABLE facility ADD COLUMN one_more integer")
            session.connection().exec_driver_sql("ALTER TABLE facility DROP COLUMN one_more")
        waiting.join(timeout=30)
        engine.dispose()
        assert done[0].exit_code == 0, done[0].output


def wait_for_lock(network: Clinic) -> None:
    """Wait until somebody waits for a lock in the database."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    for _ in range(2000):
        if network.rows(waiting) != [(0,)]:
            return
    raise AssertionError("nobody waits")


def test_two_lists_of_staff_are_changed_at_once(network, monkeypatch):
    """What makes members of groups goes over those of all facilities, one after the other."""
    monkeypatch.setattr(engines, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 20)
    databases.make_known(["lee", "kim"])
    done = []
    with at_work(network, 1) as work:
        from testing_tracker.rules.words import Role
        from testing_tracker.services.people import staff

        staff.give(work, "lee", Role.NURSE)
        other = Thread(
            target=lambda: done.append(network.run("--facility", "2", "staff", "add", "kim", "--role", "nurse"))
        )
        other.start()
        wait_for_lock(network)
    other.join(timeout=30)
    assert done[0].exit_code == 0, done[0].output


def test_two_who_begin_in_an_empty_database_make_one(tmp_path, monkeypatch):
    empty = Clinic(tmp_path / "empty.db", "2026-11-16")
    databases.make_room(empty.database)
    monkeypatch.setattr(engines, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 20)
    engine = make_engine(locate(empty.url))
    done = []
    first, second = (Thread(target=lambda: done.append(empty.run("init", "--training"))) for _ in range(2))
    with suppress(ZeroDivisionError), writing_all(engine, has_tables=False):
        first.start()
        second.start()
        wait_for_lock(empty)
        raise ZeroDivisionError  # who was first comes to nothing
    for one in (first, second):
        one.join(timeout=60)
    engine.dispose()
    assert sorted(one.exit_code for one in done) == [0, 1]
    assert "There is a testing_tracker database" in "".join(one.stderr for one in done)


def test_who_writes_for_all_keeps_out_who_writes_for_one_that_was_added_while_they_waited(network, monkeypatch):
    """Or each of two transactions would write a page of what the other one adds there."""
    monkeypatch.setattr(engines, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 20)
    engine, begun, may_end = make_engine(locate(network.url)), Event(), Event()

    def writes_for_all() -> None:
        with writing_all(engine):
            begun.set()
            may_end.wait(30)

    with writing_all(engine) as session:
        clock = databases.clock_of(TODAY)(Timezones("America/Los_Angeles"))
        facilities.add(session, "Third House", clock, locate(network.url).key, SHIPPED)
        other = Thread(target=writes_for_all)
        other.start()
        wait_for_lock(network)
    assert begun.wait(30)
    monkeypatch.setattr(engines, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 0.5)
    added = network.run("--facility", "3", "participant", "add", "P3", "--schedule", "fixed-2", "--level", "iop")
    may_end.set()
    other.join(timeout=30)
    engine.dispose()
    assert WAITED in added.stderr
    network("--facility", "3", "verify")
