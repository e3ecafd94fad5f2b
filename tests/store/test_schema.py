"""The migrations make the very tables that the program declares."""

import re
from pathlib import Path

import databases
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect
from sqlmodel import SQLModel

from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.store import migrations, tables
from testing_tracker.store.engine import SCHEMA_VERSION, make_engine
from testing_tracker.store.location import locate
from testing_tracker.store.migrations import alembic_config, upgrade

INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes",
}


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_a_migrated_database_has_the_declared_tables(tmp_path):
    databases.make_room(tmp_path / "new.db")
    engine = make_engine(locate(databases.url_of(tmp_path / "new.db")))
    with engine.connect() as connection:
        upgrade(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
        names = connection.exec_driver_sql(INDEXES[connection.dialect.name]).scalars().all()
    engine.dispose()
    assert {"draw_once_a_day", "draw_by_day", "recommendation_open"} <= set(names)


def test_no_migration_leaves_the_order_of_constraints_to_chance():
    """A copy is compared to the letter with the tables as they ought to be, and alembic's batches write the constraints
    of a table in an order that is another one where memory lies otherwise. The one of 0006 leaves one beside the key.
    """
    folder = Path(migrations.__file__).parent / "versions"
    batched = [file.name for file in sorted(folder.glob("*.py")) if "batch_alter_table" in file.read_text()]
    assert batched == ["0006_corrections_without_harm.py"]


def test_the_program_knows_the_newest_migration():
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == SCHEMA_VERSION


def test_instants_come_back_aware_and_in_utc(clinic):
    from datetime import UTC

    from testing_tracker.store.engine import open_engine, reading
    from testing_tracker.store.queries import enrolled_on

    clinic.add("A17")
    engine = open_engine(clinic.location)
    with reading(engine, None, databases.clock_of(), SHIPPED) as work:
        session = work.session
        assert work.facility.timezone == "America/Los_Angeles"
        (entry, *_) = session.exec(tables.AuditEntry.__table__.select()).all()
        assert entry.at.tzinfo is UTC
        assert enrolled_on(session, 1).isoformat() == "2026-11-16"
    engine.dispose()


def test_a_migrated_database_refuses_every_word_that_is_not_the_fields(tmp_path):
    """Also of a table whose constraint was changed where it is, because others refer to it."""
    databases.make_room(tmp_path / "new.db")
    engine = make_engine(locate(databases.url_of(tmp_path / "new.db")))
    with engine.connect() as connection:
        upgrade(connection)
        declared = {
            check.name: re.findall(r"'([^']*)'", str(check.sqltext))
            for table in SQLModel.metadata.sorted_tables
            for check in table.constraints
            if isinstance(check, CheckConstraint)
        }
        made = {
            check["name"]: re.findall(r"'([^']*)'", check["sqltext"])
            for table in SQLModel.metadata.sorted_tables
            for check in inspect(connection).get_check_constraints(table.name)
        }
    engine.dispose()
    assert len(declared) > 10
    assert made == declared


def test_a_cell_has_the_same_mark_on_every_database():
    """SQLite keeps days, times and instants as text; another database says what they mean."""
    from datetime import UTC, date, datetime, time

    from testing_tracker.store.ledger.rows import _as_sqlite_keeps_it

    meant = (True, date(2026, 11, 16), time(5), datetime(2026, 11, 16, 13, tzinfo=UTC), None, "text")
    kept = (1, "2026-11-16", "05:00:00.000000", "2026-11-16 13:00:00.000000", None, "text")
    assert _as_sqlite_keeps_it(meant) == kept
