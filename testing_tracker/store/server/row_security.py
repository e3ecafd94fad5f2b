"""Row-level security on a PostgreSQL server: whoever logs in sees and writes the rows of their own facilities only.

Whose a login is stands on the staff list, and where a facility's is empty, everybody is; so the list decides alone, and
a pooler between has nothing to keep for a session. The tables' owner sees all: by a policy of its own, so that a table
is never open to anybody by having none.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.server.postgresql import not_on_the_list

FUNCTION = "facilities_of_session"
OF_FACILITY, OF_OWNER = "of_own_facilities", "of_owner"
# Asked once in a statement, because it is a query of its own there that depends on no row.
WHOSE = f"ANY ((SELECT {FUNCTION}())::bigint[])"

# A table is named with its schema, and nothing is looked for there: whoever could plant an operator or a function in it
# would have it run as the owner.
_WHOSE = """
SELECT coalesce(array_agg(facility.id), '{}') FROM SCHEMA.facility
WHERE EXISTS (
    SELECT FROM (
        SELECT DISTINCT ON (role) allowed FROM SCHEMA.staff
        WHERE staff.facility_id = facility.id AND account = session_user::text ORDER BY role, id DESC
    ) newest WHERE allowed
) OR NOT EXISTS (
    SELECT FROM (
        SELECT DISTINCT ON (account, role) allowed FROM SCHEMA.staff
        WHERE staff.facility_id = facility.id ORDER BY account, role, id DESC
    ) newest WHERE allowed
)
"""
# Each by name, with what it returns and its query; a query is run as the tables' owner, to whom nothing is hidden.
_FUNCTIONS = {
    FUNCTION: ("bigint[]", _WHOSE),
    "sees_every_facility": (
        "boolean",
        f"SELECT NOT EXISTS (SELECT FROM SCHEMA.facility WHERE id <> ALL (SCHEMA.{FUNCTION}()))",  # noqa: S608  our own names
    ),
}

NAMES = tuple(_FUNCTIONS)
PINNED = "pg_catalog, pg_temp"  # where a function that runs as the owner looks for names

_OWNER = "SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class WHERE oid = to_regclass('facility')"
_SEES_ALL = """
    SELECT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)
    OR (SELECT bool_and(NOT relrowsecurity OR pg_has_role(relowner, 'USAGE')) FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p'))
"""


def secure(connection: Connection, tables: Iterable[str]) -> None:
    """Have the server keep facilities' rows apart in these tables, which have a `facility_id`, and in `facility`."""
    owner = make_functions(connection)
    _secure(connection, owner, (("facility", "id"), *((table, "facility_id") for table in tables)))


def secure_also(connection: Connection, tables: Iterable[str]) -> None:
    """Have the server do so in tables that came later."""
    _secure(connection, make_functions(connection), [(table, "facility_id") for table in tables])


def _secure(connection: Connection, owner: str, tables: Iterable[tuple[str, str]]) -> None:
    for table, column in tables:
        connection.exec_driver_sql(f"CREATE POLICY {OF_OWNER} ON {table} TO {owner} USING (true)")
        connection.exec_driver_sql(f"CREATE POLICY {OF_FACILITY} ON {table} USING ({column} = {WHOSE})")
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def make_functions(connection: Connection) -> str:
    """Make the functions that say whose rows they are, or make them anew; the quoted name of the owner.

    Nobody who reads is kept waiting: policies ask whatever is there, and are left as they are.
    """
    owner = str(connection.exec_driver_sql(_OWNER).scalar_one())
    for name, (returns, query) in functions(connection).items():
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER "
            f"SET search_path = {PINNED} AS $${query}$$"
        )
        connection.exec_driver_sql(f"ALTER FUNCTION {name}() OWNER TO {owner}")
        connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {name}() TO PUBLIC")
    return owner


def functions(connection: Connection) -> dict[str, tuple[str, str]]:
    """By name what each function returns, and its query with the tables of this connection's schema."""
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    return {name: (returns, query.replace("SCHEMA", schema)) for name, (returns, query) in _FUNCTIONS.items()}


def owned_tables() -> list[str]:
    """The tables that a facility owns, as this program's schema has them."""
    from sqlmodel import SQLModel

    from testing_tracker.store.tables import check_in  # noqa: F401  declares the tables, the last ones too

    return [table.name for table in SQLModel.metadata.sorted_tables if "facility_id" in table.columns]


def sees_all(connection: Connection) -> bool:
    """Whether no row is hidden from this login: the tables' owner, or one who is of the staff of every facility.

    A database of a schema before rows were kept apart hides none.
    """
    if connection.exec_driver_sql(_SEES_ALL).scalar():
        return True
    return bool(connection.exec_driver_sql("SELECT sees_every_facility()").scalar())


def refuse_who_sees_nothing(connection: Connection) -> None:
    """Raise TestingTrackerError for a login that is on no facility's list, and to whom every row is hidden."""
    asked = "SELECT session_user::text, EXISTS (SELECT FROM facility)"
    account, sees_some = connection.exec_driver_sql(asked).one()
    if not sees_some and not sees_all(connection):
        raise TestingTrackerError(f"{not_on_the_list(account)}.")


def drop_functions(connection: Connection) -> None:
    """Take away what `secure` made beside the tables."""
    for name in NAMES:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}()")
