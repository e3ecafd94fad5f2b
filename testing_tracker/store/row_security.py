"""Keeps the facilities of a server's database apart: each table's policies, by which a person reads and writes the rows
of their own facilities only, whatever SQL they type.

A person's facilities are those whose list of the staff has the role that the server let in (`session_user`), and those
that nobody was ever made a manager of: their list binds nobody yet. The owner of the tables has all, by a policy of its
own, because migrations, `backup` and the functions here see every row.
"""

import re

from sqlalchemy import Connection
from sqlmodel import SQLModel

from testing_tracker.store import tables  # noqa: F401  declares the tables

# As the owner, or to read the list would ask the policy that asks for it. One scan of the staff for each statement: the
# policies have it in a subquery of its own, which the server runs once.
_OWN = """
    SELECT coalesce(array_agg(id), '{}') FROM SCHEMA.facility
    WHERE pg_has_role(session_user, current_user, 'MEMBER')
    OR id IN (
        SELECT facility_id FROM (
            SELECT DISTINCT ON (facility_id, role) facility_id, allowed
            FROM SCHEMA.staff WHERE account = session_user ORDER BY facility_id, role, id DESC
        ) newest WHERE allowed
    )
    OR id NOT IN (SELECT facility_id FROM SCHEMA.staff WHERE role = 'manager')
"""
_ALL = "SELECT count(*) = cardinality(SCHEMA.own_facilities()) FROM SCHEMA.facility"
FUNCTIONS = {
    "own_facilities": ("bigint[]", _OWN),
    "has_all_facilities": ("boolean", _ALL),
}
"""What each function returns, and its body; everybody may call them, and they tell about the caller alone."""

OWN, OWNERS = "rows_of_own_facility", "all_rows_for_owner"
_IS_OWN = "{} = ANY ((SELECT own_facilities())::bigint[])"


def set_up(connection: Connection) -> None:
    """Make the functions and the policies anew, on every table that a facility owns; by the tables' owner."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    schema, owner = map(quote, connection.exec_driver_sql("SELECT current_schema(), current_user").one())
    for name, (kind, body) in FUNCTIONS.items():
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {schema}.{name}() RETURNS {kind} LANGUAGE sql STABLE SECURITY DEFINER "
            f"SET search_path = pg_catalog, pg_temp AS $${body.replace('SCHEMA', schema)}$$"
        )
    for table, column in owned().items():
        for policy in (OWN, OWNERS):
            connection.exec_driver_sql(f"DROP POLICY IF EXISTS {policy} ON {table}")
        connection.exec_driver_sql(f"CREATE POLICY {OWN} ON {table} USING ({_IS_OWN.format(column)})")
        connection.exec_driver_sql(f"CREATE POLICY {OWNERS} ON {table} TO {owner} USING (true)")
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def owned() -> dict[str, str]:
    """The tables whose rows are a facility's, each with the column that says which one's."""
    found = SQLModel.metadata.tables.items()
    return {"facility": "id"} | {name: "facility_id" for name, table in sorted(found) if "facility_id" in table.columns}


def has_all_facilities(connection: Connection) -> bool:
    """Whether this person's facilities are all that the database has: a copy would have everything."""
    there = connection.exec_driver_sql("SELECT to_regprocedure('has_all_facilities()')").scalar()
    return there is None or bool(connection.exec_driver_sql("SELECT has_all_facilities()").scalar())


_FORCED = """
    SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
"""
_POLICIES = """
    SELECT relname, polname, polpermissive, polcmd, polroles = '{0}' OR polroles = ARRAY[relowner],
        pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
    FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE relnamespace = current_schema()::regnamespace
"""
_BODIES = """
    SELECT proname, prosrc, prosecdef, pg_get_userbyid(proowner) = (
        SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = to_regclass('facility')
    )
    FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
    AND proname IN ('own_facilities', 'has_all_facilities')
"""


def found_in(connection: Connection) -> dict[tuple[str, str], str]:
    """What the server has of it, to compare with `meant_in`."""
    shape = {("row security of", table): "forced" for table, forced in connection.exec_driver_sql(_FORCED) if forced}
    for table, name, *rest in connection.exec_driver_sql(_POLICIES):
        shape["policy", f"{table}.{name}"] = " ".join(_plain(str(part)) for part in rest)
    for name, body, is_owners, by_owner in connection.exec_driver_sql(_BODIES):
        shape["function", name] = f"{is_owners} {by_owner} {_plain(body)}"
    return shape


def meant_in(connection: Connection) -> dict[tuple[str, str], str]:
    """What the server ought to have of it."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    schema = quote(connection.exec_driver_sql("SELECT current_schema()").scalar_one())
    shape = {}
    for table, column in owned().items():
        shape["row security of", table] = "forced"
        shape["policy", f"{table}.{OWN}"] = f"True * True {_plain(_IS_OWN.format(column))} None"
        shape["policy", f"{table}.{OWNERS}"] = "True * True true None"
    for name, (_, body) in FUNCTIONS.items():
        shape["function", name] = f"True True {_plain(body.replace('SCHEMA', schema))}"
    return shape


def _plain(text: str) -> str:
    """An expression without what the server writes in its own way: names of results, and where parentheses stand."""
    without_names = re.sub(r" AS own_facilities\b", "", text)
    return re.sub(r"\s+", " ", re.sub(r"[()]", " ", without_names)).strip()
