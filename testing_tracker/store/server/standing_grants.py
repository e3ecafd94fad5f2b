"""What a server lets people do with a database now, held against the matrix of `grants` and the list of the staff."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from testing_tracker.rules.words import Role
from testing_tracker.store.server import grants, row_security

_Privilege = tuple[str, str, str, str | None]  # who, on which table, sequence or function, what, on which column

_GIVEN = f"""
    WITH given AS (
        SELECT relname, NULL AS column, relowner AS owner, (aclexplode(relacl)).* FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'S')
        UNION ALL SELECT relname, attname, relowner, (aclexplode(attacl)).* FROM pg_attribute
        JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = current_schema()::regnamespace
        UNION ALL SELECT proname, NULL, proowner, (aclexplode(coalesce(proacl, acldefault('f', proowner)))).*
        FROM pg_proc WHERE oid = to_regprocedure('{grants.FUNCTION}()')
    )
    SELECT DISTINCT CASE grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(grantee)::text END, relname::text,
        privilege_type, given.column::text
    FROM given WHERE grantee <> owner ORDER BY 1, 2, 3, 4
"""  # noqa: S608  our own words

# The owner and who may do everything anyway need not be members, and may be.
_MEMBERS = f"""
    WITH {grants.WANTED}
    SELECT groups.name, known.rolname::text AS account, groups.role, wanted.role IS NOT NULL AS meant
    FROM groups JOIN pg_roles made ON made.rolname = groups.name CROSS JOIN pg_roles known
    LEFT JOIN wanted ON wanted.account = known.rolname AND wanted.role = groups.role
    WHERE NOT known.rolsuper AND known.oid <> (SELECT relowner FROM pg_class WHERE oid = to_regclass('facility'))
    AND (wanted.role IS NOT NULL)
        <> EXISTS (SELECT FROM pg_auth_members WHERE (roleid, member) = (made.oid, known.oid))
    ORDER BY 1, 2
"""  # noqa: S608
_EVERYBODY_MAKES = (
    "SELECT nspname::text FROM pg_namespace, aclexplode(nspacl) WHERE nspname = current_schema() "
    "AND grantee = 0 AND privilege_type = 'CREATE'"
)


@dataclass(frozen=True)
class Differences:
    """What is otherwise than the matrix and the list say, and `besides` what may be meant so by an administrator."""

    wrong: list[str]
    besides: list[str]


def differences(connection: Connection) -> Differences:
    """In what the server's grants and the groups' members differ from the matrix and from the list of the staff."""
    groups = grants.groups_of(connection)
    asked = text("SELECT rolname::text FROM pg_roles WHERE rolname = ANY (:names)")
    there = set(connection.execute(asked, {"names": list(groups.values())}).scalars())
    if not there:
        return Differences(
            [], ["no group of this database is there; its owner makes them by `testing-tracker migrate`"]
        )
    missing = [f"the group {name} is missing" for name in groups.values() if name not in there]
    given: set[_Privilege] = {(who, what, may, column) for who, what, may, column in connection.exec_driver_sql(_GIVEN)}
    ours = {one for one in given if one[0] in there or one[0] == "everybody"}
    meant = {(groups[role], *rest) for role, rest in _meant() if groups[role] in there}
    lacking = [f"{_said(one)} is not granted" for one in _sorted(meant - ours)]
    too_much = [f"{_said(one)} is granted, which the matrix does not have" for one in _sorted(ours - meant)]
    besides = [f"{who} was granted something by hand" for who in sorted({who for who, *_ in given - ours})]
    if row_security.sees_all(connection):
        members = list(_members(connection))
    else:
        members, besides = [], [*besides, "not examined: the groups' members, because other facilities have some too"]
    open_to_all = connection.exec_driver_sql(_EVERYBODY_MAKES).scalar()
    if open_to_all is not None:
        besides.append(f"everybody may make things there; `REVOKE CREATE ON SCHEMA {open_to_all} FROM PUBLIC` ends it")
    return Differences([*missing, *too_much, *members, *lacking], besides)


def _members(connection: Connection) -> Iterator[str]:
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    for group, account, role, is_meant in connection.exec_driver_sql(_MEMBERS.replace("SCHEMA", schema)):
        if is_meant:
            yield f"{account} is on the list as {role} and is no member of {group}"
        else:
            yield f"{account} is a member of {group} and is not on the list as {role}"


def _meant() -> Iterator[tuple[Role, tuple[str, str, str | None]]]:
    """Every privilege of the matrix."""
    from sqlmodel import SQLModel

    from testing_tracker.store.tables import check_in  # noqa: F401  declares the tables, the last ones too

    names = list(SQLModel.metadata.tables)
    yield from ((role, (table, "SELECT", None)) for role in grants.READ for table in ("alembic_version", *names))
    yield from ((role, (f"{table}_id_seq", "SELECT", None)) for role in grants.COPY for table in names)
    for table, roles in grants.ADD.items():
        for role in roles:
            yield role, (table, "INSERT", None)
            yield role, (f"{table}_id_seq", "USAGE", None)
    for table, columns in grants.CHANGE.items():
        yield from ((role, (table, "UPDATE", column)) for column, roles in columns.items() for role in roles)
    yield from ((role, (table, "DELETE", None)) for table, roles in grants.REMOVE.items() for role in roles)
    yield Role.MANAGER, (grants.FUNCTION, "EXECUTE", None)


def _sorted(found: Collection[_Privilege]) -> list[_Privilege]:
    return sorted(found, key=lambda one: (one[0], one[1], one[2], one[3] or ""))


def _said(one: _Privilege) -> str:
    who, what, may, column = one
    return f"{may} on {what}{f'.{column}' if column else ''} to {who}"
