"""Backups of a database on a server: by pg_dump, and back into an empty database. Those of a file are `backups`."""

from pathlib import Path

from sqlalchemy import Connection, Engine, text

from testing_tracker.clock import ClockOf
from testing_tracker.errors import TestingTrackerError
from testing_tracker.services.keeping import backups
from testing_tracker.services.keeping.backups import Copy, Restored
from testing_tracker.services.keeping.facilities import grant_to_staff
from testing_tracker.store.encryption.beginning import BEGINNING_BYTES, DATABASE_BEGINNINGS
from testing_tracker.store.engine import (
    SCHEMA_VERSION,
    complaints_explained,
    make_engine,
    reading_all,
    schema_of,
    writing_all,
)
from testing_tracker.store.location import ServerLocation
from testing_tracker.store.own_files import Output
from testing_tracker.store.places import look
from testing_tracker.store.server import postgresql, row_security, server_integrity
from testing_tracker.store.server.dumps import BEGINNING, Contents, Tools, tools_for
from testing_tracker.store.whole_files import whole_file

_FIRST_WITH_A_KEY = "0002"


def make(location: ServerLocation, file: Path, *, overwrite: bool) -> Copy:
    """Copy the database, while it is in use, into a file that only its owner may read; read through before it counts.

    One of an earlier schema is copied too, because that is to be done before it is brought up to date. Raises
    TestingTrackerError where something stands there, unless it is to be overwritten, and where pg_dump cannot: then no
    file is made, and an earlier one stays.
    """
    backups.check_place(location, look(file), Output.COPY, overwrite=overwrite)
    schema = schema_of(location)
    engine = make_engine(location)
    try:
        with whole_file(file, overwrite=overwrite) as made, reading_all(engine) as session:
            if not row_security.sees_all(session.connection()):
                raise TestingTrackerError(
                    "A copy is of all facilities, and some rows are not this user's to see, so none was made. The "
                    "tables' owner makes copies, and who is of the staff of every facility."
                )
            tools = tools_for(session.connection(), location)
            copy = backups.content(session, schema)
            snapshot = _exported(session.connection())
            tools.dump(made.path, snapshot)
            problem = tools.read_whole(made.path)
            if problem is not None:
                raise TestingTrackerError(f"The copy could not be read ({problem}), so none was made.")
            return copy
    except OSError as error:
        raise backups.cannot_write(file, error) from None
    finally:
        engine.dispose()


def _exported(connection: Connection) -> str:
    """The name by which pg_dump sees what this transaction sees, as long as it lasts; it is idle for all that time."""
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    return str(connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one())


def restore(location: ServerLocation, file: Path, clock_of: ClockOf, *, accept_changed: bool = False) -> Restored:
    """Bring a copy into an empty database; it becomes one only after it was looked into, and is gone where refused.

    A copy of an earlier schema stays so until `migrate`. Raises TestingTrackerError as `backups.restore` does.
    """
    _check_kind(file)
    engine = make_engine(location)
    try:
        with complaints_explained(), engine.connect() as connection:
            postgresql.refuse_unless_empty(connection, location)
            tools = tools_for(connection, location)
            contents = _look_into(connection, tools, file)
        tools.bring_in(file, contents)
        try:
            return _finish(engine, location, contents, clock_of, accept_changed=accept_changed)
        except BaseException:
            _take_away(engine, contents)
            raise
    finally:
        engine.dispose()


def _check_kind(file: Path) -> None:
    if not file.is_file():
        raise TestingTrackerError(f"There is no file {file} to bring back.")
    try:
        with open(file, "rb") as opened:
            beginning = opened.read(BEGINNING_BYTES)
    except OSError as error:
        raise TestingTrackerError(f"{file} cannot be read: {error.strerror}.") from None
    if beginning.startswith(BEGINNING):
        return
    if beginning.startswith(DATABASE_BEGINNINGS):
        raise TestingTrackerError(
            f"{file} is a backup of a database that is a file. Bring it back to a new file: give --database a path."
        )
    raise TestingTrackerError(
        f"{file} is not a backup of a database on a server, as `backup` or `pg_dump --format=custom` make it."
    )


def _look_into(connection: Connection, tools: Tools, file: Path) -> Contents:
    problem = tools.read_whole(file)
    if problem is not None:
        raise TestingTrackerError(
            f"{file} is damaged, or of a later version of PostgreSQL than this server's {tools.server}, and was not "
            f"brought back ({problem})."
        )
    contents = tools.contents(file)
    backups.refuse_newer(contents.revision)
    here = connection.exec_driver_sql("SELECT current_schema()").scalar()
    if contents.namespace != here:
        raise TestingTrackerError(
            f"The backup's tables are in the schema {contents.namespace}, and would not be found at {tools.location}, "
            f"whose search_path begins with {here}. Nothing was changed."
        )
    return contents


def _finish(
    engine: Engine, location: ServerLocation, contents: Contents, clock_of: ClockOf, *, accept_changed: bool
) -> Restored:
    """Check the ledger of what was brought in, make it a database by the schema's number, and put that on record."""
    with reading_all(engine) as session:
        copy = backups.content(session, contents.revision)
        if contents.revision == SCHEMA_VERSION and not accept_changed:
            backups.check_ledgers(session)
    if contents.revision != SCHEMA_VERSION:
        with complaints_explained(), engine.begin() as connection:
            _set_revision(connection, contents.revision)
        is_there = location.key.path.exists() or contents.revision < _FIRST_WITH_A_KEY
        return Restored(copy, None if is_there else f"The key file {location.key.path} is missing.")
    with writing_all(engine) as session:
        _set_revision(session.connection(), contents.revision)
        row_security.secure(session.connection(), row_security.owned_tables())
        grant_to_staff(session)
        if not accept_changed:
            backups.refuse_other_shape(server_integrity.differences(session.connection()))
        return Restored(copy, *backups.record_restored(session, location, clock_of))


def _set_revision(connection: Connection, revision: str) -> None:
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:revision)"), {"revision": revision})


def _take_away(engine: Engine, contents: Contents) -> None:
    """Empty the database again; it was empty before."""
    names = ", ".join(engine.dialect.identifier_preparer.quote(table) for table in contents.tables)
    with complaints_explained(), engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {names} CASCADE")
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change()")
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS let_staff_work()")
        row_security.drop_functions(connection)
