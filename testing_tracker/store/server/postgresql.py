"""What is PostgreSQL's own: connections, the writers' locks, and its complaints in words.

psycopg is an extra of the package, so it is imported only where a database on a server is asked for.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url
from sqlmodel import create_engine

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.people.permitted import add_words
from testing_tracker.rules.words import Role
from testing_tracker.store.location import ServerLocation

_SECONDS_TO_CONNECT = 10


def make_engine(location: ServerLocation) -> Engine:
    """An engine whose connections fail in words. Raises TestingTrackerError where psycopg is not installed."""
    url = make_url(location.url)
    if url.database:
        url = url.set(database=location.database)  # as the server's own tools read it
    try:
        engine = create_engine(
            url,
            isolation_level="READ COMMITTED",
            use_native_hstore=False,
            pool_pre_ping=True,  # a session may pause for longer than the network keeps a connection
        )
    except ImportError:
        raise TestingTrackerError(
            "PostgreSQL databases need psycopg, which is not installed here: "
            "`pip install testing-tracker[postgresql]` brings it."
        ) from None

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]) -> Any:  # noqa: ANN401
        defaults = {
            "connect_timeout": _SECONDS_TO_CONNECT,
            "client_encoding": "UTF8",
            "application_name": "testing-tracker",
            "prepare_threshold": None,  # a pooler may give each transaction another connection
        }
        try:
            return dialect.connect(*arguments, **{**defaults, **options})
        except dialect.dbapi.Error as error:
            raise _not_connected(location, str(error), options.get("password")) from error

    @event.listens_for(engine, "checkout")
    def _as_the_server_has_it(connection: Any, _record: Any, _proxy: Any) -> None:  # noqa: ANN401
        if connection.read_only is False:  # after reading; to say so begins READ WRITE, which no standby takes
            connection.read_only = None

    return engine


# What holds writers up is locked where only they may: an advisory lock is anybody's who may connect, but a row is
# locked by whom the server lets see it and change some column of it (`facility.turn` is there for that).
_TABLE_TO_LOCK_ROWS_OF = "SELECT FROM facility WHERE false FOR NO KEY UPDATE"
_EVERY_FACILITY = "SELECT id FROM facility ORDER BY id FOR NO KEY UPDATE"


def keep_out_who_alters_all(connection: Connection, seconds: float) -> None:
    """Begin an act for one facility: wait for who alters tables (`lock_all`), and keep them waiting.

    Before any table is read: who alters tables has this lock first, and the tables after it.
    """
    _begin(connection, seconds)
    connection.exec_driver_sql(_TABLE_TO_LOCK_ROWS_OF)


def lock_facility(connection: Connection, facility_id: int) -> None:
    """Be the only transaction that writes for a facility, so what it reads of it stays true until it commits.

    PostgreSQL's own way to that, SERIALIZABLE, would let two nurses work and then refuse one of them. A lock on the
    facility's row makes the second wait instead; rows may refer to it meanwhile. Each statement sees what was committed
    before it (READ COMMITTED), and nobody commits for the facility while the lock is held; a snapshot taken at the
    beginning would be from before the wait. Other facilities are not waited for.
    """
    row = f"SELECT id FROM facility WHERE id = {int(facility_id)} FOR NO KEY UPDATE"  # noqa: S608  a number
    connection.exec_driver_sql(row).one()


def lock_all(connection: Connection, seconds: float, *, alters_tables: bool) -> None:
    """Be the only transaction that writes for any facility; the owner's, who sees all of them.

    Who alters tables locks the table, because whoever waits for a row of it would keep its columns from being altered.
    """
    _begin(connection, seconds)
    if not alters_tables:
        known: Sequence[Any] = ()
        # Once more for what was added while this waited: nobody adds any more while all that there are are locked.
        while known != (found := connection.exec_driver_sql(_EVERY_FACILITY).all()):
            known = found
        return
    asked = (
        "SELECT to_regclass('facility') IS NOT NULL, "
        "coalesce(has_schema_privilege(current_schema()::text, 'CREATE'), false)"
    )
    is_there, may_make = connection.exec_driver_sql(asked).one()
    if is_there:
        connection.exec_driver_sql("LOCK TABLE facility IN EXCLUSIVE MODE")
    elif may_make:
        # Nothing is there to be locked yet. Who makes something of the same name meanwhile waits for this transaction.
        connection.exec_driver_sql("CREATE TABLE testing_tracker_begins ()")
        connection.exec_driver_sql("DROP TABLE testing_tracker_begins")


def _begin(connection: Connection, seconds: float) -> None:
    """Wait for locks so long. Raises TestingTrackerError on a standby, before anything is looked up."""
    asked = f"SELECT pg_is_in_recovery(), set_config('lock_timeout', '{int(seconds * 1000)}ms', true)"
    is_standby, _ = connection.exec_driver_sql(asked).one()
    if is_standby:
        raise TestingTrackerError(f"{ON_A_STANDBY} Nothing was changed.")


def schema_in(connection: Connection) -> str | None:
    """The schema's number, None in a database that is not this program's.

    Raises TestingTrackerError for who may not read it: whom the list of the staff does not have.
    """
    table = connection.exec_driver_sql("SELECT to_regclass('alembic_version')::oid").scalar()
    if table is None:
        return None
    asked = f"SELECT session_user::text, has_table_privilege({int(table)}, 'SELECT')"
    account, is_let_in = connection.exec_driver_sql(asked).one()
    if not is_let_in:
        granted_anew = "; who is on it by now asks the database's owner to run `testing-tracker migrate`"
        raise TestingTrackerError(f"{not_on_the_list(account)}{granted_anew}.")
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def not_on_the_list(account: str) -> str:
    """What is said to a login that no facility's staff list has, without its full stop."""
    return (
        f"{account} is not on the list of those who use these records. Ask a manager of theirs, by "
        f"`{add_words(account, Role.NURSE)}` or another role"
    )


def refuse_unless_empty(connection: Connection, location: ServerLocation) -> None:
    """Raise TestingTrackerError for a database that this program may not make its tables in."""
    if schema_in(connection) is not None:
        raise TestingTrackerError(
            f"There is a testing_tracker database at {location} already. Nothing was changed; give another one with "
            "--database."
        )
    tables = (
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v')"
    )
    found = connection.exec_driver_sql(f"{tables} ORDER BY relname LIMIT 1").scalar()
    if found is not None:
        raise TestingTrackerError(
            f"{location} is in use for something else (it has {found}). Nothing was changed; make an empty database "
            "for testing_tracker with createdb."
        )
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise TestingTrackerError(
            f"{location} keeps text as {encoding}, which cannot hold every name. Make a database with "
            "`createdb --encoding=UTF8 --template=template0`."
        )


def _not_connected(location: ServerLocation, said: str, password: str | None) -> TestingTrackerError:
    """What the server, or the way to it, said when there was no connection, and what to do about it."""
    words = [line.strip().removeprefix("- ") for line in said.splitlines() if "failed" in line or "FATAL" in line]
    last = (words or said.splitlines() or ["no answer"])[-1]
    last = last.removeprefix("connection failed: ").partition("FATAL:  ")[2] or last.removeprefix("connection failed: ")
    if password:
        last = last.replace(password, "***")
    if "database" in last and "does not exist" in last:
        return TestingTrackerError(
            f"There is no database at {location}. Make it with `createdb {location.database}`, then "
            "`testing-tracker init`."
        )
    return TestingTrackerError(f"Cannot open {location}: {last.rstrip('.')}. {_remedy(last)}")


def _remedy(said: str) -> str:
    if "password" in said:
        return "Check the password in the URL, in ~/.pgpass or in PGPASSWORD."
    if "role" in said and "does not exist" in said:
        return "Check the user in the URL; the server's administrator makes one with `createuser`."
    if "pg_hba.conf" in said or "authentication failed" in said or "permission denied" in said:
        return "The server's administrator has to let this user in."
    if "too many" in said or "remaining connection slots" in said:
        return "Too many are connected. Try again."
    return "Check that the server runs, and the host and port in the URL."


_TRY_AGAIN = "Another program was writing at the same time. Try again."
_GONE = (
    "The connection to the database's server was lost. What was not confirmed was most likely not done; look before "
    "repeating it."
)
ON_A_STANDBY = (
    "This is a standby, which only reads, so nothing can be put on record there, and who looks at one participant's "
    "record is put on record too. Give the URL of the server that is written to."
)
_CHANGED = "Something on record cannot be read: the database is damaged, or was changed by hand."
_EXPLANATIONS = {
    "55P03": "Another program has been writing to the database for a minute. Try again.",
    "53100": "The server's disk is full. Make room and try again.",
    "53200": "The server has not enough memory. Try again later.",
    "53300": "Too many are connected to the server. Try again.",
    "25P03": "The server ended the work because it waited for too long (its idle_in_transaction_session_timeout).",
    "25P04": "The server stopped the work because it took too long (its transaction_timeout).",
    "25006": "The database is read-only, so nothing can be put on record there. Ask the server's administrator.",
    "40001": _TRY_AGAIN,
    "40P01": _TRY_AGAIN,
    "57014": "The server stopped the work because it took too long (its statement_timeout).",
    "42P01": "A table is missing: the database was changed by hand. Bring back the last copy of it.",
    "42703": "A column is missing: the database was changed by hand. Bring back the last copy of it.",
    "XX001": "The database is damaged. Bring back the last copy of it.",
    "XX002": "The database is damaged. Bring back the last copy of it.",
    "22021": "A text has a character that the database cannot keep.",
    "22003": "A number is too large.",
    "22008": "A date is too far away.",
}


# Classes of errors that are the server's affair or its administrator's, not a mistake in a statement of this program.
_OF_THE_SERVER = ("0A", "25", "28", "3D", "53", "54", "55", "57", "58", "F0", "XX")


def explained(error: Any) -> Exception:  # noqa: ANN401  psycopg's, which may not be installed
    """A complaint of the server's in words; the error itself where there are none for it."""
    state = error.sqlstate or ""
    if state == "42501":
        return TestingTrackerError(
            f"The database's user may not do that ({error.diag.message_primary}). docs/postgresql.md says what it has "
            "to be granted. Nothing was changed."
        )
    if state.startswith(("08", "57P")) or (
        not state and type(error).__name__ in ("OperationalError", "InterfaceError")
    ):
        return TestingTrackerError(_GONE)
    if not state and type(error).__name__ == "DataError":
        unfit = "A text has a character that the database cannot keep." if "NUL" in str(error) else _CHANGED
        return TestingTrackerError(f"{unfit} Nothing was changed.")
    if state not in _EXPLANATIONS and state[:2] in _OF_THE_SERVER:
        return TestingTrackerError(f"The server could not do it (SQLSTATE {state}). Nothing was changed.")
    if state not in _EXPLANATIONS:
        return error  # type: ignore[no-any-return]
    return TestingTrackerError(f"{_EXPLANATIONS[state]} Nothing was changed.")
