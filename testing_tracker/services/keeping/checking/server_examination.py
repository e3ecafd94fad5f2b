"""Examines a database on a server, as `examination` does a file."""

from sqlalchemy import Connection

from testing_tracker.clock import ClockOf
from testing_tracker.services.keeping.checking.examination import Examination, Line, State, examine_records, schema_line
from testing_tracker.store import postgresql, server_integrity
from testing_tracker.store.engine import SCHEMA_VERSION, in_words, make_engine
from testing_tracker.store.location import ServerLocation


def examine(location: ServerLocation, clock_of: ClockOf) -> Examination:
    """Examine the database, and change nothing.

    Raises TestingTrackerError when it cannot be reached.
    """
    found = Examination()
    engine = make_engine(location)
    try:
        with in_words(), engine.connect() as connection:
            revision = _examine_database(connection, found)
    finally:
        engine.dispose()
    if revision == SCHEMA_VERSION:
        examine_records(location, clock_of, found, if_damaged="the database is damaged")
    return found


def _examine_database(connection: Connection, found: Examination) -> str | None:
    """The database itself; returns its schema's number where it has one."""
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    found.lines.append(_server(connection))
    revision = postgresql.schema_in(connection)
    found.lines.append(schema_line(revision, "`testing-tracker migrate` brings it"))
    if revision != SCHEMA_VERSION:
        return revision
    told = server_integrity.damage(connection)
    if told is None:
        detail = "not examined: there is no extension amcheck in this database that this user may use"
        found.lines.append(Line("pages", State.NOTE, detail))
    else:
        found.damaged = not found.add("pages", told, "every index holds")
    whole = found.add("references", server_integrity.broken_references(connection), "every row's are there")
    found.damaged = found.damaged or not whole
    found.add("tables and triggers", server_integrity.differences(connection), "as the program made them")
    return revision


def _server(connection: Connection) -> Line:
    version = str(connection.exec_driver_sql("SHOW server_version").scalar())
    major = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    if major < server_integrity.EARLIEST_SERVER:
        return Line(
            "server", State.WRONG, f"PostgreSQL {version}; needed is {server_integrity.EARLIEST_SERVER} or later"
        )
    return Line("server", State.OK, f"PostgreSQL {version}")
