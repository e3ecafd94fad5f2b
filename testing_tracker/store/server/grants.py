"""Who may do what with the tables of a database on a server: the one matrix, and the roles that it is granted to.

Each database has a group of the server for each role of the staff, such as `clinic_nurse`. What the list of the staff
gives an account in any facility, the server gives by making it a member of the group; rows are kept apart by their
facility, not by groups. docs/postgresql.md has the matrix for people; a test holds the server's catalogue against both.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Role
from testing_tracker.store.server.row_security import PINNED

_NURSE, _CLINICIAN, _MANAGER, _NIGHTS = (
    frozenset({role}) for role in (Role.NURSE, Role.CLINICIAN, Role.MANAGER, Role.NIGHTS)
)
_CARE = _NURSE | _CLINICIAN | _MANAGER
_DAYS = _NURSE | _MANAGER | _NIGHTS  # who may run a night: a nurse does, where cron has not
_WORK = _CARE | _NIGHTS
_ALL = frozenset(Role)

READ = _ALL
"""Every role reads every table: a report needs them all, and `verify` too."""

ADD: Mapping[str, frozenset[Role]] = {
    "audit_entry": _ALL,
    "ledger_page": _ALL,
    "look": _ALL,
    "last_written": _WORK,
    "report_edition": _ALL,
    "participant": _NURSE | _MANAGER,
    "enrolment": _CARE,
    "placement": _CARE,
    "assignment": _CARE,
    "leave": _CARE,
    "draw": _WORK,
    "result": _CARE,
    "finding": _CARE,
    "specimen": _CARE,
    "handover": _CARE,
    "confirmation": _CARE,
    "reading": _WORK,
    "recommendation": _WORK,
    "evidence": _WORK,
    "review": _WORK,
    "prescription": _CLINICIAN | _MANAGER,
    "renaming": _MANAGER,
    "joining": _MANAGER,
    "night": _DAYS,
    "pool": _DAYS,
    "closing": _DAYS,
    "holiday_year": _DAYS,
    "delivery": _MANAGER | _NIGHTS,
    "staff": _MANAGER,
    "schedule": _MANAGER,
    "schedule_version": _MANAGER,
    "key_chain": _MANAGER,
    "closure": _MANAGER,
    "facility_name": _MANAGER,
    "facility_zone": _MANAGER,
    "taking_back": _MANAGER,
    "night_taken_back": _MANAGER,
    "check_in_rule": _MANAGER,
    "card": _CARE,
    "check_in": _WORK,
    "check_in_day": _DAYS,
    "outage": _DAYS,
    "strangers_seen": _MANAGER | _NIGHTS,
    "todays_receipt": _MANAGER | _NIGHTS,
    "contact": _NURSE | _MANAGER,
    "notice": _NURSE | _MANAGER | _NIGHTS,
}
"""Which roles add rows (INSERT), by table; nobody but the owner adds to the others."""

_MADE_AGAIN = ("kind", "schedule_version_id", "panel", "recorded_at")  # a draw of a night that was taken back
_TO_CLINICIANS = ("from_level", "to_level", "status", "reason", "decided_at", "decided_by", "decision_reason")
_OF_A_CONTACT = ("address", "address_salt", "consent_on", "recorded_at", "recorded_by")
CHANGE: Mapping[str, Mapping[str, frozenset[Role]]] = {
    "draw": dict.fromkeys(("status", "reason", "because", "outcome", "expected", "late"), _WORK)
    | dict.fromkeys(("unable", "taken_back_id", *_MADE_AGAIN), _DAYS),
    "night": {"last_participant_id": _DAYS},
    "recommendation": dict.fromkeys((*_TO_CLINICIANS, "deferred_until"), _WORK)
    | {"accepted_level": _CLINICIAN | _MANAGER, "undone": _NURSE | _MANAGER},
    "evidence": {"withdrawn_at": _WORK},
    # One that was withdrawn, or done, is asked for again by whatever brings its ground back.
    "review": dict.fromkeys(("detail", "raised_at", "done_at", "done_by", "note"), _WORK)
    | {"participant_id": _MANAGER},  # of a record that is joined to another one
    "delivery": dict.fromkeys(("attempts", "next_at", "busy_until", "delivered_at", "error"), _MANAGER | _NIGHTS),
    "participant": dict.fromkeys(("code", "code_key", "name", "name_salt"), _MANAGER),
    "facility": {"name": _MANAGER, "turn": _ALL},
    "contact": dict.fromkeys(
        ("address", "address_salt", "consent_on", "recorded_at", "recorded_by"), _NURSE | _MANAGER
    ),
    "notice": dict.fromkeys(("attempts", "next_at", "busy_until", "handed_over_at", "error"), _DAYS),
}
"""Which roles change which columns (UPDATE), by table; the others' rows stay as they were written, by triggers too."""

REMOVE: Mapping[str, frozenset[Role]] = {"night": _MANAGER, "draw": _MANAGER, "delivery": _MANAGER} | {
    "todays_receipt": _MANAGER | _NIGHTS,
    "contact": _CARE | _NIGHTS,  # who answers STOP is known where texts leave
    "notice": _CARE | _NIGHTS,
}
"""Which roles remove rows (DELETE), by table: of nights that are taken back, and of what is not kept for good."""

COPY = _MANAGER | _NIGHTS
"""Which roles read the sequences too (SELECT), as `backup` does."""

# The name of a role's group; of a database whose name leaves no room for it, by a digest. `{}` is the role's word.
GROUP = (
    "(CASE WHEN octet_length(current_database()::text) <= 53 THEN current_database()::text "
    "ELSE 'testing_tracker_' || left(md5(current_database()::text), 16) END || '_' || {})"
)
_ROLES = ", ".join(f"'{role}'" for role in Role)
FUNCTION = "let_staff_work"

# Of each account the roles that the list of the staff gives it in any facility; where nobody has the nights, all of the
# facility do them. And the groups, by role.
WANTED = f"""
        newest AS (
            SELECT DISTINCT ON (facility_id, account, role) facility_id, account, role, allowed
            FROM SCHEMA.staff ORDER BY facility_id, account, role, id DESC
        ), standing AS (SELECT facility_id, account, role FROM newest WHERE allowed),
        wanted AS (
            SELECT account, role FROM standing
            UNION SELECT account, '{Role.NIGHTS}' FROM standing one WHERE NOT EXISTS (
                SELECT FROM standing other WHERE other.facility_id = one.facility_id AND other.role = '{Role.NIGHTS}'
            )
        ), groups AS (
            SELECT role, {GROUP.format("role")} AS name FROM unnest(ARRAY[{_ROLES}]) AS role
        )
"""  # noqa: S608  our own words

# Brings the groups' members in line with the list of the staff, and returns the statements that an administrator has to
# run for it. It takes no argument and goes by what is on record alone, so whoever may call it can give nobody anything:
# to change the list is what takes a manager. Accounts that were never on the list are left alone, and so are the owner
# and who may do everything anyway. One waits for another by a lock that nobody but the owner takes, and that conflicts
# with none that reading, or naming the table in a statement, takes.
_BODY = f"""
DECLARE
    line record;
    statement text;
    left_to_do text[] := '{{}}';
BEGIN
    LOCK TABLE SCHEMA.alembic_version IN SHARE UPDATE EXCLUSIVE MODE;
    FOR line IN
        WITH {WANTED}, pairs AS (
            SELECT groups.name, known.rolname AS account, pg_roles.oid IS NOT NULL AS is_there,
                EXISTS (SELECT FROM wanted WHERE (wanted.account, wanted.role) = (known.rolname, groups.role)) AS meant,
                EXISTS (SELECT FROM pg_auth_members WHERE (roleid, member) = (pg_roles.oid, known.oid)) AS given
            FROM groups LEFT JOIN pg_roles ON pg_roles.rolname = groups.name
            CROSS JOIN (
                SELECT * FROM pg_roles WHERE rolname IN (SELECT account FROM newest)
                AND NOT rolsuper AND rolname <> current_user
            ) known
        )
        SELECT * FROM pairs WHERE meant <> given ORDER BY account, name
    LOOP
        statement := CASE
            WHEN NOT line.is_there THEN format('CREATE ROLE %I ADMIN %I', line.name, current_user)
            WHEN line.meant THEN format('GRANT %I TO %I', line.name, line.account)
            ELSE format('REVOKE %I FROM %I', line.name, line.account)
        END;
        BEGIN
            IF NOT line.is_there THEN
                RAISE insufficient_privilege;
            END IF;
            EXECUTE statement;
        EXCEPTION WHEN insufficient_privilege THEN
            IF NOT statement = ANY (left_to_do) THEN
                left_to_do := left_to_do || statement;
            END IF;
        END;
    END LOOP;
    RETURN left_to_do;
END
"""  # noqa: S608  our own words


def set_up(connection: Connection) -> list[str]:
    """Make the groups where they are missing, grant each what the matrix says, and have them the staff as members.

    By the tables' owner; what was granted otherwise is taken away. Returns the statements that an administrator of the
    server has to run. Raises TestingTrackerError where somebody logs in under a group's name.
    """
    groups = groups_of(connection)
    quote = connection.dialect.identifier_preparer.quote_identifier
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    function = f"{schema}.{FUNCTION}()"
    body = function_body(schema).replace("%", "%%")
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {function} RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = {PINNED} AS $${body}$$"
    )
    connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    # Up to PostgreSQL 14 everybody may make things in `public`. Where the schema is not the owner's, this does nothing.
    connection.exec_driver_sql(f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC")
    missing = _make_missing(connection, groups)
    there = {role: quote(name) for role, name in groups.items() if name not in missing}
    if there:
        members = ", ".join(there.values())
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {members}")
        for statement in _statements(connection, there):
            connection.exec_driver_sql(statement)
    if Role.MANAGER in there:
        connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {function} TO {there[Role.MANAGER]}")
    owner = quote(connection.exec_driver_sql("SELECT current_user").scalar_one())
    made = [f"CREATE ROLE {quote(name)} ADMIN {owner}" for name in missing]
    return list(dict.fromkeys(made + _let_staff_work(connection)))


def function_body(schema: str) -> str:
    """What the function that makes members does, for the tables of a schema, by its quoted name."""
    return _BODY.replace("SCHEMA", schema)


def follow_staff(connection: Connection) -> list[str]:
    """Have the server let everybody do what the list of the staff says by now; returns what is left to do, as `set_up`.

    Where this database has no groups, or this account may not, nothing is done: then its grants are made by hand.
    """
    asked = f"SELECT has_function_privilege(to_regprocedure('{FUNCTION}()'), 'EXECUTE')"
    return _let_staff_work(connection) if connection.exec_driver_sql(asked).scalar() else []


def refuse_unless_owner(connection: Connection, command: str) -> None:
    """Raise TestingTrackerError for a session that may not act as the owner of the tables, as a command has to."""
    whose = connection.exec_driver_sql(_OWNER).one_or_none()
    if whose is not None and not whose.may:
        raise TestingTrackerError(
            f"On a server `testing-tracker {command}` is for the owner of the database's tables, {whose.owner}, and "
            f"you are {whose.account} there. Nothing was changed; whoever looks after the server can do it."
        )


_OWNER = """
    SELECT pg_get_userbyid(relowner)::text AS owner, session_user::text AS account,
        pg_has_role(relowner, 'USAGE') AS may
    FROM pg_class WHERE oid = to_regclass('facility')
"""


def refuse_stranger(connection: Connection, account: str) -> None:
    """Raise TestingTrackerError for an account that the server lets nobody in as."""
    asked = text("SELECT 1 FROM pg_roles WHERE rolname = :account AND rolcanlogin")
    if connection.execute(asked, {"account": account}).scalar() is None:
        raise TestingTrackerError(
            f"The server lets nobody in as {account!r}, and the audit table has people by the server's names. Its "
            "administrator makes a role with `createuser`; add it then."
        )


def groups_of(connection: Connection) -> dict[Role, str]:
    """The name of each role's group, whether it is there or not."""
    names = ", ".join(GROUP.format(f"'{role}'") for role in Role)
    found = connection.exec_driver_sql(f"SELECT {names}").one()
    return dict(zip(Role, found, strict=True))


def _make_missing(connection: Connection, groups: Mapping[Role, str]) -> list[str]:
    """Make the groups that are not there; those that this account may not make."""
    asked = text("SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = ANY (:names)")
    there = {row.rolname: row.rolcanlogin for row in connection.execute(asked, {"names": list(groups.values())})}
    for name, somebody in there.items():
        if somebody:
            raise TestingTrackerError(
                f"Somebody logs in to the server as {name!r}, and this database's group of that name is to be nobody's "
                "own. Have that role renamed, or this database."
            )
    missing = [name for name in groups.values() if name not in there]
    may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    if not missing or not connection.exec_driver_sql(may).scalar():
        return missing
    for name in missing:
        connection.exec_driver_sql(f"CREATE ROLE {connection.dialect.identifier_preparer.quote_identifier(name)}")
    return []


def _statements(connection: Connection, groups: Mapping[Role, str]) -> Iterator[str]:
    """The grants of the matrix, to quoted groups that have nothing else afterwards."""
    from sqlmodel import SQLModel

    from testing_tracker.store.tables import check_in  # noqa: F401  declares the tables, the last ones too

    names = ["alembic_version", *sorted(SQLModel.metadata.tables)]
    sequences = ", ".join(f"{name}_id_seq" for name in sorted(SQLModel.metadata.tables))
    everybody = ", ".join(groups.values())
    yield f"REVOKE ALL ON {', '.join(names)}, {sequences} FROM {everybody}"
    yield f"GRANT SELECT ON {', '.join(names)} TO {everybody}"
    granted: dict[frozenset[Role], list[str]] = defaultdict(list)
    for table, roles in ADD.items():
        granted[roles].append(table)
    for roles, added in granted.items():
        to = _to(groups, roles)
        if to:
            yield f"GRANT INSERT ON {', '.join(added)} TO {to}"
            yield f"GRANT USAGE ON SEQUENCE {', '.join(f'{table}_id_seq' for table in added)} TO {to}"
    if to := _to(groups, COPY):
        yield f"GRANT SELECT ON SEQUENCE {sequences} TO {to}"
    for table, columns in CHANGE.items():
        by_roles: dict[frozenset[Role], list[str]] = defaultdict(list)
        for column, roles in columns.items():
            by_roles[roles].append(column)
        for roles, changed in by_roles.items():
            if to := _to(groups, roles):
                yield f"GRANT UPDATE ({', '.join(changed)}) ON {table} TO {to}"
    for table, roles in REMOVE.items():
        if to := _to(groups, roles):
            yield f"GRANT DELETE ON {table} TO {to}"


def _to(groups: Mapping[Role, str], roles: frozenset[Role]) -> str:
    return ", ".join(name for role, name in groups.items() if role in roles)


def _let_staff_work(connection: Connection) -> list[str]:
    return list(connection.exec_driver_sql(f"SELECT {FUNCTION}()").scalar_one())
