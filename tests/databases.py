"""The databases that tests work on: SQLite files, or databases on the PostgreSQL server that a variable names.

A test calls its database by a path in its own folder. On a server that path stands for a database made for it.
"""

import os
import re
import shutil
import sqlite3
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlmodel import Session

from testing_tracker.account import current_account
from testing_tracker.clock import Clock
from testing_tracker.rules.calendar import zone_of
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.store import sqlite_file, work
from testing_tracker.store.engine import writing
from testing_tracker.store.location import locate
from testing_tracker.store.work import Work

SERVER = os.environ.get("TESTING_TRACKER_TEST_POSTGRES")  # the URL of a database whose user may make others
ENCRYPTED = bool(os.environ.get("TESTING_TRACKER_TEST_ENCRYPTED"))  # the clinics' files; the rest is as ever
_made: list[str] = []


def _refusals() -> tuple[type[Exception], ...]:
    if not SERVER:
        if not ENCRYPTED:
            return (sqlite3.IntegrityError,)
        from sqlcipher3 import dbapi2

        return (sqlite3.IntegrityError, dbapi2.IntegrityError)
    import psycopg

    return (psycopg.errors.IntegrityError,)


REFUSALS = _refusals()  # what the database says of a change that it does not allow


def _no_extension() -> tuple[type[Exception], ...]:
    if not SERVER:
        return ()
    import psycopg

    return (psycopg.errors.UndefinedFile, psycopg.errors.FeatureNotSupported)


def _there_already() -> tuple[type[Exception], ...]:
    if not SERVER:
        return ()
    import psycopg

    return (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation)


_THERE_ALREADY = _there_already()
NO_EXTENSION = _no_extension()  # what a server says of an extension that it has not


def name_of(database: Path) -> str:
    """The name of the database on the server."""
    return f"t_{sha256(str(database).encode()).hexdigest()[:20]}"


def url_of(database: Path) -> str:
    """What `--database` takes."""
    if not SERVER:
        return str(database)
    start, slash, rest = SERVER.partition("://")[2].partition("/")
    return f"postgresql://{start}{slash}{name_of(database)}{''.join(rest.partition('?')[1:])}"


def key_of(database: Path) -> Path:
    """Where a database's key is."""
    return locate(url_of(database)).beside(".key")


def make_room(database: Path) -> None:
    """Make an empty database on the server where there is none; a file is made by `init`."""
    if SERVER and not _exists(database):
        _make(database, "template1")


def copy(database: Path, to: Path) -> None:
    """Copy a database and its key."""
    shutil.copy(key_of(database), key_of(to))  # with its mode
    if SERVER:
        drop(to)
        _make(to, name_of(database))
    else:
        shutil.copy(database, to)


def keep(database: Path, to: Path) -> None:
    """Copy a database and its key to where later tests find them: it is not dropped after the one that made it."""
    copy(database, to)
    if SERVER:
        _made.remove(name_of(to))


def drop(database: Path) -> None:
    """Remove a database, not its key."""
    if SERVER:
        administer(f"DROP DATABASE IF EXISTS {name_of(database)} WITH (FORCE)")
    else:
        database.unlink(missing_ok=True)


def quick(patch) -> None:
    """Spare the tests what a program that ends after one command pays once, and what only a power cut would show.

    Each command opens an engine of its own, whose dialect and cache of compiled statements are empty. In one process
    they may all have the first one's: for the cache, dialects of one class are the same. And SQLite gives its pages to
    the system without waiting for the disk (`synchronous`); processes that tests start still wait.
    """
    made = Engine.__init__
    compiled: dict[str, object] = {}

    def make(engine, pool, dialect, *given, **options) -> None:
        made(engine, pool, dialect, *given, **options)
        engine._compiled_cache = compiled.setdefault(dialect.name, engine._compiled_cache)
        if dialect.name == "sqlite":
            event.listen(pool, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous = OFF"))

    patch.setattr(Engine, "__init__", make)
    patch.setattr(work, "acting_as", _acting_as)
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        patch.setattr(kind, "__eq__", lambda dialect, other: type(dialect) is type(other))
        patch.setattr(kind, "__hash__", lambda dialect: hash(type(dialect)))


def _acting_as(role: str | None) -> str:
    """Who acts: whom a test pretends to be, also on a server, where otherwise the role counts that was let in."""
    is_pretended = work.current_account is not current_account
    return work.current_account() if is_pretended or role is None else role


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """A file, plain or encrypted, whose transactions begin by themselves."""
    with closing(sqlite_file.connect(database)) as connection:
        connection.isolation_level = ""
        yield connection


def rows(database: Path, query: str) -> list[tuple]:
    """The rows of a query; cells as SQLite keeps them."""
    if not SERVER:
        with opened(database) as connection:
            return connection.execute(query).fetchall()
    with _connected(database) as connection:
        return [tuple(_cell(value) for value in row) for row in connection.execute(query).fetchall()]


def contents(database: Path) -> list[str]:
    """Every row of the database, as text."""
    if not SERVER:
        with opened(database) as connection:
            if sqlite_file.is_encrypted(database):
                return [f"{table} {row!r}" for table in _tables_of(connection) for row in _rows_of(connection, table)]
            return list(connection.iterdump())
    with _connected(database) as connection:
        return [f"{table} {row}" for table in _tables(connection) for row in _all_rows(connection, table)]


def _tables_of(connection: sqlite3.Connection) -> list[str]:
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    return [name for (name,) in connection.execute(named).fetchall()]


def _rows_of(connection: sqlite3.Connection, table: str) -> list[tuple]:
    return connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()


def meaning(database: Path) -> list[str]:
    """Every row of the database, as text; on a server without what a transaction that was taken back leaves behind.

    That is holes in the numbers, so every number is its rank here, and what is computed from numbers is left out.
    """
    if not SERVER:
        return contents(database)
    with _connected(database) as connection:
        ids = {table: _ids(connection, table) for table in _tables(connection) if table != "alembic_version"}
        parents = {(table, column): parent for table, column, parent in connection.execute(_PARENTS).fetchall()}
        return [f"{table} {row}" for table in ids for row in _ranked_rows(connection, table, ids, parents)]


_COMPUTED = ("marks", "digest", "up_to", "seal")
_PARENTS = """
    SELECT conrelid::regclass::text, attname, confrelid::regclass::text
    FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[array_length(conkey, 1)]
    WHERE contype = 'f'
"""
_OF_NEWEST = {"last_version_id": "schedule_version", "last_page_id": "ledger_page", "last_entry_id": "audit_entry"}


def _ids(connection, table: str) -> list[int]:
    return [row for (row,) in connection.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()]


def _ranked_rows(connection, table: str, ids: dict[str, list[int]], parents: dict[tuple[str, str], str]):
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY id")
    names = [column.name for column in cursor.description]
    for row in cursor.fetchall():
        cells = {}
        for name, value in zip(names, row, strict=True):
            newest_of = _OF_NEWEST.get(name, re.sub("^(last|first)_(.*)_id$", r"\2", name))
            known = ids.get(table if name == "id" else parents.get((table, name), newest_of))
            if name not in _COMPUTED:
                cells[name] = _cell(value) if known is None or value is None else bisect_right(known, value)
        if table == "last_written":
            cells["row_id"] = bisect_right(ids[cells["of_table"]], cells["row_id"])
            cells["says"] = re.sub(r'("\w+_id":)\d+', r"\1", cells["says"] or "")
        yield cells


def wait_until_left(database: Path) -> None:
    """Wait until the server has noticed that whoever worked on a database is gone."""
    while SERVER and _server().execute(f"{_CONNECTED} = '{name_of(database)}'").fetchone() is not None:
        time.sleep(0.01)


_CONNECTED = "SELECT 1 FROM pg_stat_activity WHERE datname"


def change(database: Path, *statements: str, triggers: bool = True) -> int:
    """Run statements; returns how many rows were changed.

    Without triggers and checks nothing is refused; they are put back, as somebody would who is not to be noticed.
    """
    if not SERVER:
        with opened(database) as connection:
            connection.execute("PRAGMA synchronous = OFF")  # each trigger would wait for the disk
            dropped = [] if triggers else _drop_triggers(connection)
            with connection:
                changed = sum(connection.execute(statement).rowcount for statement in statements)
            for trigger in dropped:
                connection.execute(trigger)
            return changed
    with _connected(database) as connection:
        checks = [] if triggers else connection.execute(_CHECKS).fetchall()
        if not triggers:
            connection.execute("SET session_replication_role = replica")
        for table, check, _ in checks:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
        changed = sum(connection.execute(statement).rowcount for statement in statements)
        for table, check, text in checks:
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {check} {text} NOT VALID")
        return changed


_CHECKS = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE contype = 'c' AND conrelid <> 0 AND convalidated"
)


def columns(database: Path, table: str) -> list[tuple[str, str]]:
    """The columns of a table, each with the table's name."""
    if not SERVER:
        return [(table, row[1]) for row in rows(database, f"PRAGMA table_info({table})")]
    return [(table, name) for (name, _) in _types(database, table)]


def another_value(database: Path, table: str, column: str) -> str:
    """An expression for a value that a column does not have, whatever it has."""
    if not SERVER:
        end = f"substr({column}, 1, length({column}) - 1) || char(unicode(substr({column}, -1)) + 6)"
        return (
            f"CASE typeof({column}) WHEN 'integer' THEN {column} + 1000 WHEN 'blob' THEN x'00' WHEN 'null' THEN '4242' "
            f"ELSE {end} END"
        )
    kind = dict(_types(database, table))[column]
    expression, where_null = {
        "int4": ("{0} + 1000", "4242"),
        "int8": ("{0} + 1000", "4242"),
        "bool": ("NOT {0}", "true"),
        "date": ("{0} + 1000", "'2026-11-16'"),
        "time": ("{0} + interval '6 minutes'", "'12:00'"),
        "timestamptz": ("{0} + interval '6 minutes'", "'2026-11-16 12:00Z'"),
        "bytea": ("'\\x00'::bytea", "'\\x00'::bytea"),
        "varchar": ("left({0}, -1) || chr(ascii(right({0}, 1)) + 6)", "'4242'"),
    }[kind]
    return f"coalesce({expression.format(column)}, {where_null})"


def _types(database: Path, table: str) -> list[tuple]:
    query = f"SELECT attname, typname FROM pg_attribute JOIN pg_type t ON t.oid = atttypid WHERE attrelid = '{table}'"
    return rows(database, f"{query}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum")


def _drop_triggers(connection: sqlite3.Connection) -> list[str]:
    """Drop all triggers; returns what makes them again."""
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for trigger, _ in found:
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    return [text for _, text in found]


@contextmanager
def dropped_afterwards() -> Iterator[None]:
    """Drop what is made on the server meanwhile."""
    before = len(_made)
    yield
    while len(_made) > before:
        administer(f"DROP DATABASE IF EXISTS {_made.pop()} WITH (FORCE)")


def end_connections(database: Path) -> None:
    """Have the server end the connections to a database."""
    administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name_of(database)}'")


def make_role(name: str) -> None:
    """Make a user of the server who may do nothing yet."""
    administer(f"DROP ROLE IF EXISTS {name}")
    administer(f"CREATE ROLE {name} LOGIN")


def drop_role(name: str) -> None:
    """Remove it again; what it was granted went with the database."""
    administer(f"DROP ROLE {name}")


def url_as(database: Path, role: str) -> str:
    """What `--database` takes from somebody whom the server knows by a name of their own."""
    return url_of(database).replace("postgres@", f"{quote(role)}@", 1)


def make_for(database: Path, owner: str) -> None:
    """Make an empty database that is a role's own."""
    administer(f'CREATE DATABASE {name_of(database)} OWNER "{owner}"')
    _made.append(name_of(database))


def make_roles(roles: dict[str, str]) -> None:
    """Make users of the server, each with what it may do beyond logging in."""
    for name, may in roles.items():
        administer(f'CREATE ROLE "{name}" LOGIN {may}')


def make_known(names: Iterable[str]) -> None:
    """Have the server know these people, as other tests may have had it already; they stay. A file asks nobody."""
    for name in names if SERVER else ():
        with suppress(*_THERE_ALREADY):
            administer(f'CREATE ROLE "{name}" LOGIN')


def give_to(database: Path, owner: str) -> None:
    """Make a database a role's own, as `make_for` does."""
    administer(f'ALTER DATABASE {name_of(database)} OWNER TO "{owner}"')


@contextmanager
def roles_dropped_afterwards(database: Path, roles: Iterable[str]) -> Iterator[None]:
    """Drop a database and its roles after a test, those that the program made for it too."""
    try:
        yield
    finally:
        drop(database)
        ours = "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)"
        made = [name for (name,) in _server().execute(ours, (f"{name_of(database)}_",)).fetchall()]
        for name in (*made, *roles):
            administer(f'DROP ROLE IF EXISTS "{name}"')


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Be another program that writes to a database meanwhile."""
    if not SERVER:
        with closing(sqlite_file.connect(database)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            yield
            writer.execute("ROLLBACK")
        return
    with _connected(database) as writer:
        writer.execute("LOCK TABLE facility IN EXCLUSIVE MODE")
        yield
        writer.rollback()


def is_written_to(database: Path) -> bool:
    """Whether a program is in the middle of a transaction that writes."""
    if not SERVER:
        journal = database.with_name(f"{database.name}-journal")
        return journal.exists() and journal.stat().st_size > 0
    writers = f"backend_xid IS NOT NULL AND datname = '{name_of(database)}'"
    return _server().execute(f"SELECT 1 FROM pg_stat_activity WHERE {writers}").fetchone() is not None


@contextmanager
def away(database: Path) -> Iterator[None]:
    """Have a database be gone meanwhile."""
    elsewhere = database.with_suffix(".away")
    if SERVER:
        administer(f"ALTER DATABASE {name_of(database)} RENAME TO {name_of(elsewhere)}")
        yield
        administer(f"ALTER DATABASE {name_of(elsewhere)} RENAME TO {name_of(database)}")
    else:
        database.rename(elsewhere)
        yield
        elsewhere.rename(database)


def _exists(database: Path) -> bool:
    found = _server().execute("SELECT 1 FROM pg_database WHERE datname = %s", (name_of(database),))
    return found.fetchone() is not None


def _make(database: Path, template: str) -> None:
    # Its files copied, where the server can be told to (15): a page at a time through the log takes twice as long.
    by_file = "STRATEGY FILE_COPY" if _server().info.server_version >= 150_000 else ""
    administer(f"CREATE DATABASE {name_of(database)} TEMPLATE {template} {by_file}")
    _made.append(name_of(database))


def administer(statement: str) -> None:
    """Run a statement as the server's administrator."""
    _server().execute(statement)


def ask(question: str) -> str:
    """The one cell that the server answers with."""
    return _server().execute(question).fetchone()[0]


@cache
def _server():
    import psycopg

    return psycopg.connect(SERVER, autocommit=True)


@contextmanager
def _connected(database: Path):
    import psycopg

    with psycopg.connect(url_of(database)) as connection:
        yield connection


def _tables(connection) -> list[str]:
    query = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname"
    )
    return [name for (name,) in connection.execute(query).fetchall()]


def _all_rows(connection, table: str) -> list[tuple]:
    found = [tuple(_cell(value) for value in row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]
    return found


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else value


class _TakenBackError(Exception):
    """Ends a transaction of which nothing is to stay."""


def clock_of(day: date | None = None):
    """What makes the clock of a facility, pretending a day if one is given."""
    return lambda timezones: Clock(zone_of(timezones), day)


@contextmanager
def tables_of(engine: Engine) -> Iterator[Session]:
    """A transaction that writes to the tables, behind the services' back."""
    with writing(engine, None, clock_of(), SHIPPED) as work:
        yield work.session


@contextmanager
def nothing_stays(engine: Engine, day: date | None = None) -> Iterator[Work]:
    """A transaction in which to try something, that is taken back when the block ends."""
    with suppress(_TakenBackError), writing(engine, None, clock_of(day), SHIPPED) as work:
        yield work
        raise _TakenBackError
