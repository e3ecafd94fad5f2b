"""Opens a database and runs transactions on it; turns the database's complaints into words.

A transaction is one facility's. A service never commits: the caller's `writing` does, once, or nothing has happened.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, create_engine

from testing_tracker.clock import ClockOf
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.store import facilities, sqlite_file
from testing_tracker.store.ledger.pages import Pages
from testing_tracker.store.location import AnyLocation, Location, ServerLocation
from testing_tracker.store.queries import id_of
from testing_tracker.store.sqlite_file import SECONDS_TO_WAIT_FOR_ANOTHER_WRITER
from testing_tracker.store.whole_files import whole_file
from testing_tracker.store.work import Work, work_in

if TYPE_CHECKING:
    from testing_tracker.store.encryption.key_place import KeyPlace

SCHEMA_VERSION = "0010"


def open_engine(location: AnyLocation, bring_up_to_date: Callable[[], None] | None = None) -> Engine:
    """An engine for an existing database of this program's schema.

    `bring_up_to_date` is called for a SQLite database of an earlier schema. Raises TestingTrackerError when there is
    none, when a newer program made it, or when an older one made it and it is on a server.
    """
    if isinstance(location, ServerLocation):
        engine = make_engine(location)
        try:
            check_schema(location, _schema_on_server(location, engine))
        except BaseException:
            engine.dispose()
            raise
        return engine
    found = schema_of(location)
    if found < SCHEMA_VERSION and bring_up_to_date is not None:
        bring_up_to_date()
        found = schema_of(location)
    check_schema(location, found)
    return make_engine(location)


def check_schema(location: AnyLocation, found: str) -> None:
    """Raise TestingTrackerError for a database of another schema than this program's."""
    if found == SCHEMA_VERSION:
        return
    made = "an older" if found < SCHEMA_VERSION else "a newer"
    remedy = "Update the program; nothing was changed."
    if found < SCHEMA_VERSION and isinstance(location, ServerLocation):
        remedy = "Make a copy of it with `backup`, then bring it up to date with `testing-tracker migrate`."
    raise TestingTrackerError(
        f"{location} was made by {made} version of testing-tracker (its schema is {found}, this program knows "
        f"{SCHEMA_VERSION}). {remedy}"
    )


def schema_of(location: AnyLocation) -> str:
    """The schema's number of an existing database. Raises TestingTrackerError when there is none."""
    if isinstance(location, ServerLocation):
        engine = make_engine(location)
        try:
            return _schema_on_server(location, engine)
        finally:
            engine.dispose()
    if location.path.is_dir():
        raise TestingTrackerError(f"{location.path} is a folder. Give the database's file in it.")
    if not location.path.is_file():
        raise TestingTrackerError(f"There is no database at {location.path}. Make one with `testing-tracker init`.")
    # Not only to read: where a commit was cut off, whoever opens the file first has to take it back.
    with complaints_explained(), closing(_connect(location, sqlite_file.Use.TO_WRITE)) as connection:
        known = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    if found is None:
        raise TestingTrackerError(f"{location.path} is not a database of testing-tracker.")
    return str(found[0])


def _schema_on_server(location: ServerLocation, engine: Engine) -> str:
    from testing_tracker.store.server import postgresql

    with complaints_explained(), engine.connect() as connection:
        found = postgresql.schema_in(connection)
    if found is None:
        raise TestingTrackerError(
            f"{location} has no tables of testing-tracker. Make them with `testing-tracker init`, or check the URL."
        )
    return found


def make_engine(location: AnyLocation) -> Engine:
    """An engine whose transactions begin as we say, with foreign keys enforced."""
    if isinstance(location, ServerLocation):
        from testing_tracker.store.server import postgresql

        return postgresql.make_engine(location)
    # Put together from parts: in the text of a URL, a percent or question mark in the path would mean something.
    url = URL.create("sqlite", database=str(location.path))
    library = sqlite_file.library_for(location.path)
    first = _first.get(library)
    engine = create_engine(
        url,
        module=library,
        creator=lambda: _connect(location, sqlite_file.Use.TO_MAKE),
        _initialize=first is None,  # asks the library what it can, once
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # an address that is forgotten is not left in the file's pages
        connection.execute("PRAGMA wal_autocheckpoint = 1")  # `write_ahead`
        if _keeps_compiled:
            _first.setdefault(library, engine)

    if first is not None:
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


_first: dict[ModuleType, Engine] = {}  # by the library that opens the file, of a process that keeps what is compiled
_keeps_compiled = False


def keep_compiled() -> None:
    """Have the engines of SQLite files that are made from now on share the statements that any of them compiled.

    Those of encrypted files share theirs, and those of plain ones theirs: their libraries are two.
    """
    global _keeps_compiled
    _keeps_compiled = True


def _connect(location: Location, use: sqlite_file.Use) -> sqlite3.Connection:
    return sqlite_file.connect(location.path, use, wait_seconds=SECONDS_TO_WAIT_FOR_ANOTHER_WRITER)


@contextmanager
def writing(engine: Engine, facility: str | int | None, clock_of: ClockOf, vocabulary: Vocabulary) -> Iterator[Work]:
    """A transaction that is the only one to write for a facility from its start, so what it reads stays true until it
    commits. It ends with its page of the facility's ledger.

    `facility` is a name or a number (`facilities.choose`); None is enough where there is one. `clock_of` gives the
    clock by the facility's timezones; `vocabulary` is read when something first asks for an analyte.
    """
    with complaints_explained(), Session(engine) as session:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            chosen = facilities.choose(session, facility)
        else:
            from testing_tracker.store.server import postgresql

            postgresql.keep_out_who_alters_all(connection, SECONDS_TO_WAIT_FOR_ANOTHER_WRITER)
            chosen = facilities.choose(session, facility)
            postgresql.lock_facility(connection, id_of(chosen))
        pages = Pages(session)
        work = work_in(session, chosen, clock_of, vocabulary, pages)
        yield work
        pages.write(id_of(chosen))
        session.commit()
    work.do_what_is_left()


@contextmanager
def writing_all(engine: Engine, *, has_tables: bool = True) -> Iterator[Session]:
    """A transaction that is the only one to write for any facility: to make or alter tables, to add a facility.

    It ends with a page of each facility's ledger that has something new. `has_tables` is false where this program's
    tables are still to be made or altered.
    """
    with complaints_explained(), Session(engine) as session:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            from testing_tracker.store.server import postgresql

            postgresql.lock_all(connection, SECONDS_TO_WAIT_FOR_ANOTHER_WRITER, alters_tables=not has_tables)
        pages = Pages(session, has_tables=has_tables)
        yield session
        session.flush()
        for facility in facilities.every(session):
            pages.write(id_of(facility))
        session.commit()


@contextmanager
def reading(engine: Engine, facility: str | int | None, clock_of: ClockOf, vocabulary: Vocabulary) -> Iterator[Work]:
    """One unchanging view of the records, for a facility as in `writing`."""
    with reading_all(engine) as session:
        yield work_in(session, facilities.choose(session, facility), clock_of, vocabulary)


@contextmanager
def reading_all(engine: Engine) -> Iterator[Session]:
    """One unchanging view of the records, of all facilities."""
    with complaints_explained(), Session(engine) as session:
        if engine.dialect.name == "sqlite":
            session.connection().exec_driver_sql("BEGIN")
        else:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        yield session
        session.rollback()


@contextmanager
def new_file(location: Location, encrypted_by: "KeyPlace | None" = None) -> Iterator[Location]:
    """Where to make a database that has its place when the block ends; only its owner may read it.

    It is encrypted where a place is given for its key, which is made there if there is none.

    A killed process leaves nothing at that place, and what it leaves beside it the next one tidies. Raises
    TestingTrackerError when something stands there.
    """
    from testing_tracker.store.own_files import refuse_beside  # nobody but who makes a database needs these
    from testing_tracker.store.places import look

    refuse_beside(look(location.path))
    try:
        location.path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(location.path) as made, ExitStack() as kept:
            if encrypted_by is not None:
                kept.enter_context(begun_encrypted(made.path, encrypted_by, location.path))
            yield Location(made.path)
    except FileExistsError:
        raise TestingTrackerError(
            f"There is something at {location.path} already. Nothing was changed; give another place with --database."
        ) from None
    except OSError as error:
        raise TestingTrackerError(f"Cannot make {location.path}: {error.strerror}.") from None


@contextmanager
def begun_encrypted(file: Path, place: "KeyPlace", database: Path) -> Iterator[None]:
    """Make an encrypted database without tables of an empty file, which is to be the database or a copy of it.

    Within the block it is opened with the key from that place; one that is made for it goes where the block fails.
    Raises TestingTrackerError where the key would lie beside the database.
    """
    from testing_tracker.store.encryption import encrypted_file, key_place

    encrypted_file.library()  # before a key is made
    with key_place.taken_from(place, database), key_place.key_to_encrypt_with(place) as key:
        encrypted_file.begin(file, key)
        yield


@contextmanager
def complaints_explained() -> Iterator[None]:
    """What the database complains about, as a TestingTrackerError with what to do."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite_file.complaints()):
            raise _explained(error.orig) from error
        if not hasattr(error.orig, "sqlstate"):
            raise
        from testing_tracker.store.server import postgresql

        raise postgresql.explained(error.orig) from error
    except sqlite_file.complaints() as error:
        raise _explained(error) from error
    except UnicodeDecodeError as error:  # what was written as text does not come back as text
        raise TestingTrackerError(f"{_EXPLANATIONS[sqlite3.SQLITE_CORRUPT]} Nothing was changed.") from error


_EXPLANATIONS = {
    sqlite3.SQLITE_BUSY: "Another program has been writing to the database for a minute. Try again.",
    sqlite3.SQLITE_READONLY: "The database is read-only. Check its permissions and the disk's.",
    sqlite3.SQLITE_FULL: "The disk is full. Make room and try again.",
    sqlite3.SQLITE_IOERR: "The disk failed while reading or writing the database. Check the disk.",
    sqlite3.SQLITE_CANTOPEN: "The database cannot be opened. Check its permissions and the disk's.",
    sqlite3.SQLITE_PERM: "The database cannot be opened. Check its permissions.",
    sqlite3.SQLITE_CORRUPT: (
        "The database is damaged; `testing-tracker check` says how, and how to bring back the last backup."
    ),
    sqlite3.SQLITE_NOTADB: "The file is not a SQLite database, plain or encrypted, or its beginning is damaged.",
}


def _explained(error: Exception) -> Exception:
    """What came before an error counts too: on a full disk SQLite takes everything back by itself, and the complaint
    that arrives is that a savepoint is gone."""
    earlier: BaseException | None = error
    while earlier is not None:
        code = sqlite_file.code_of(getattr(earlier, "orig", earlier))
        if code in _EXPLANATIONS:
            return TestingTrackerError(f"{_EXPLANATIONS[code]} Nothing was changed.")
        earlier = earlier.__context__
    return error
