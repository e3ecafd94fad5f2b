"""Whether a database on a server is sound: what the server can tell of its pages, its references, and whether tables,
constraints, indexes and triggers are those that it ought to have. What is the same of a file is in `integrity`."""

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import CheckConstraint, Column, Connection, Constraint, ForeignKeyConstraint, Index, Table
from sqlalchemy import UniqueConstraint as Unique
from sqlmodel import SQLModel

from testing_tracker.store import integrity
from testing_tracker.store.integrity import Shape
from testing_tracker.store.migrations.wording import REFUSING_BODY
from testing_tracker.store.server import grants, row_security
from testing_tracker.store.tables import check_in  # noqa: F401  declares the tables, the last ones too

EARLIEST_SERVER = 13
_MOST_TOLD = 20
_TYPES = {"varchar": "character varying"}
_ALEMBICS = "alembic_version"
_HERE = "relnamespace = current_schema()::regnamespace"

# What an extension has put into the namespace is its own.
_TABLES = f"""
    SELECT CASE WHEN relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, relname
    FROM pg_class c WHERE {_HERE} AND relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
"""  # noqa: S608  our own words
_COLUMNS = f"""
    SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, coalesce(l.collname, '')
    FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_collation l ON l.oid = attcollation
    WHERE {_HERE} AND relkind = 'r' AND attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum
"""  # noqa: S608
_CONSTRAINTS = f"""
    SELECT conname, contype, relname, pg_get_constraintdef(k.oid, true)
    FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid WHERE {_HERE} AND contype IN ('p', 'u', 'f', 'c')
"""  # noqa: S608
_INDEXES = f"""
    SELECT c.relname, indisunique, indisvalid, pg_get_indexdef(indexrelid, 0, true)
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE {_HERE} AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
"""  # noqa: S608
_TRIGGERS = f"""
    SELECT tgname, tgenabled, pg_get_triggerdef(t.oid, true)
    FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE {_HERE} AND NOT tgisinternal
"""  # noqa: S608
_FUNCTIONS = f"""
    SELECT proname, proname = 'refuse_change' OR (prosecdef
        AND proconfig = ARRAY['search_path={row_security.PINNED}'] AND proowner = relowner), prosrc
    FROM pg_proc p LEFT JOIN pg_class c ON c.oid = to_regclass('facility')
    WHERE pronamespace = current_schema()::regnamespace
    AND proname IN ('refuse_change', '{grants.FUNCTION}', {", ".join(f"'{name}'" for name in row_security.NAMES)})
"""  # noqa: S608
_KEPT_APART = f"""
    SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class
    WHERE {_HERE} AND relkind = 'r' AND (relrowsecurity OR relforcerowsecurity)
"""  # noqa: S608
_POLICIES = f"""
    SELECT relname, polname, concat_ws(' ', polcmd, CASE WHEN polpermissive THEN 'True' ELSE 'False' END,
        CASE polroles WHEN ARRAY[0::oid] THEN 'all' WHEN ARRAY[relowner] THEN 'owner' ELSE 'others' END),
        concat_ws(' ', pg_get_expr(polqual, polrelid, true), pg_get_expr(polwithcheck, polrelid, true))
    FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE {_HERE}
"""  # noqa: S608
_RULES = f"""
    SELECT rulename, relname, ev_enabled, pg_get_ruledef(r.oid, true)
    FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class WHERE {_HERE} AND relkind NOT IN ('v', 'm')
"""  # noqa: S608
_REFERENCES = f"""
    SELECT c.relname, p.relname, convalidated,
        (SELECT bool_and(tgenabled IN ('O', 'A')) FROM pg_trigger WHERE tgconstraint = k.oid),
        (SELECT array_agg(attname::text ORDER BY n) FROM unnest(conkey) WITH ORDINALITY o(number, n)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = number),
        (SELECT array_agg(attname::text ORDER BY n) FROM unnest(confkey) WITH ORDINALITY o(number, n)
            JOIN pg_attribute ON attrelid = confrelid AND attnum = number)
    FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_class p ON p.oid = confrelid
    WHERE contype = 'f' AND c.{_HERE} ORDER BY c.relname, conname
"""  # noqa: S608


def damage(connection: Connection) -> list[str] | None:
    """What the server knows to be wrong with pages and indexes; None where this user has no amcheck to look with."""
    failures = connection.exec_driver_sql(
        "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"
    ).scalar()
    told = [f"the server found {failures} pages whose checksum is wrong"] if failures else []
    allowed = "SELECT has_function_privilege(to_regprocedure('bt_index_check(regclass, boolean)'), 'EXECUTE')"
    if not connection.exec_driver_sql(allowed).scalar():
        return told or None
    indexes = connection.exec_driver_sql(
        f"SELECT c.oid, c.relname FROM pg_class c JOIN pg_am m ON m.oid = relam WHERE {_HERE} "  # noqa: S608
        "AND relkind = 'i' AND amname = 'btree' ORDER BY relname"
    ).all()
    told += [f"the index {name}: {said}" for oid, name in indexes for said in _wrong_with_index(connection, oid)]
    return told[:_MOST_TOLD]


def _wrong_with_index(connection: Connection, oid: int) -> Iterator[str]:
    """Compares every entry of an index with its table's rows, which reads both from beginning to end."""
    from sqlalchemy.exc import DBAPIError

    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SELECT bt_index_check({int(oid)}, true)")
    except DBAPIError as error:
        yield str(error.orig).partition("\n")[0]


def broken_references(connection: Connection) -> list[str]:
    """The rows that refer to one that is not there, by table and id, and the references that nobody enforces."""
    told = []
    for table, parent, validated, enforced, columns, keys in connection.exec_driver_sql(_REFERENCES):
        if not validated or not enforced:
            told.append(f"{table}.{columns[-1]} may refer to a row of {parent} that is not there: nothing enforces it")
        pairs = list(zip(columns, keys, strict=True))
        same = " AND ".join(f'p."{key}" = t."{column}"' for column, key in pairs)
        refers = " AND ".join(f't."{column}" IS NOT NULL' for column in columns)
        missing = connection.exec_driver_sql(
            f'SELECT t.id FROM "{table}" t LEFT JOIN "{parent}" p ON {same} '  # noqa: S608
            f'WHERE {refers} AND p."{keys[-1]}" IS NULL ORDER BY t.id LIMIT {_MOST_TOLD}'
        )
        told += [f"row {row} of {table} refers to a row of {parent} that is not there" for row in missing.scalars()]
    return told[:_MOST_TOLD]


def differences(connection: Connection) -> list[str]:
    """In what tables, views, constraints, indexes, triggers, rules and policies differ from this program's schema."""
    return integrity.compared(_shape(connection), _meant_shape(connection))


def _shape(connection: Connection) -> Shape:
    columns: dict[str, list[tuple[object, ...]]] = {}
    for table, *column in connection.exec_driver_sql(_COLUMNS):
        columns.setdefault(table, []).append(tuple(column))
    names = connection.exec_driver_sql(_TABLES).all()
    shape = {(kind, name): repr(columns.get(name)) for kind, name in names if name != _ALEMBICS}
    for name, table, enabled, text in connection.exec_driver_sql(_RULES):
        shape["rule", f"{name} of {table}"] = f"{enabled} {text}"
    for name, kind, table, text in connection.exec_driver_sql(_CONSTRAINTS):
        if table != _ALEMBICS:
            shape["constraint", name] = f"{kind} {table} {_plain(kind, text)}"
    for name, unique, valid, text in connection.exec_driver_sql(_INDEXES):
        shape["index", name] = f"{unique} {valid} {_plain('i', text.partition(' USING btree ')[2])}"
    for name, enabled, text in connection.exec_driver_sql(_TRIGGERS):
        shape["trigger", name] = f"{enabled in ('O', 'A')} {text}"
    for name, safe, text in connection.exec_driver_sql(_FUNCTIONS):
        shape["function", name] = f"{safe} {' '.join(text.split())}"
    for table, is_kept_apart in connection.exec_driver_sql(_KEPT_APART):
        shape["row-level security of", table] = str(is_kept_apart)
    for table, name, kind, text in connection.exec_driver_sql(_POLICIES):
        shape["policy", f"{name} of {table}"] = f"{kind} {_plain('p', text)}"
    return shape


def _meant_security(connection: Connection) -> Shape:
    """That every row is seen by its facility's staff and the owner alone, and what makes members of groups."""
    functions = {name: query for name, (_, query) in row_security.functions(connection).items()}
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    functions[grants.FUNCTION] = grants.function_body(schema)
    shape: Shape = {("function", name): f"True {' '.join(query.split())}" for name, query in functions.items()}
    for table in ("facility", *row_security.owned_tables()):
        column = "id" if table == "facility" else "facility_id"
        whose = f"{column} = ANY SELECT {row_security.FUNCTION} AS {row_security.FUNCTION} []"
        shape["row-level security of", table] = "True"
        shape["policy", f"{row_security.OF_OWNER} of {table}"] = "* True owner true"
        shape["policy", f"{row_security.OF_FACILITY} of {table}"] = f"* True all {whose}"
    return shape


def _meant_shape(connection: Connection) -> Shape:
    """From what the program declares."""
    shape: Shape = {
        ("function", "refuse_change"): f"True {' '.join(REFUSING_BODY.split())}",
        **_meant_security(connection),
    }
    for table in SQLModel.metadata.tables.values():
        shape["table", table.name] = repr([_column(connection, column) for column in table.columns])
        for constraint in table.constraints:
            shape["constraint", str(constraint.name)] = _constraint(constraint, table)
        for index in table.indexes:
            shape["index", str(index.name)] = f"{bool(index.unique)} True {_plain('i', _index(index))}"
    for table_name in integrity.THAT_ONLY_GROW:
        for change in ("update", "delete"):
            shape |= dict(_refusals(table_name, change))
    return shape


def _column(connection: Connection, column: Column[Any]) -> tuple[str, str, bool, str]:
    kind = column.type.compile(dialect=connection.dialect).lower()
    name = _TYPES.get(kind, kind)
    return (column.name, name, not column.nullable, "C" if name == "character varying" else "")


def _constraint(constraint: Constraint, table: Table) -> str:
    columns = ", ".join(column.name for column in getattr(constraint, "columns", ()))
    if isinstance(constraint, CheckConstraint):
        return f"c {table.name} {_plain('c', str(constraint.sqltext))}"
    if isinstance(constraint, ForeignKeyConstraint):
        parent, keys = constraint.referred_table.name, ", ".join(one.column.name for one in constraint.elements)
        return f"f {table.name} {_plain('f', f'FOREIGN KEY ({columns}) REFERENCES {parent}({keys})')}"
    kind, words = ("u", "UNIQUE") if isinstance(constraint, Unique) else ("p", "PRIMARY KEY")
    return f"{kind} {table.name} {_plain(kind, f'{words} ({columns})')}"


def _index(index: Index) -> str:
    columns = ", ".join(str(getattr(part, "name", part)) for part in index.expressions)
    where = index.dialect_options["sqlite"]["where"]  # the tables say it for a file only; it is the same on a server
    return f"({columns})" + ("" if where is None else f" WHERE {where}")


def _refusals(table: str, change: str) -> Iterator[tuple[tuple[str, str], str]]:
    """The triggers that refuse a change of rows, and the emptying of the table, as the server writes them out."""
    for what, each in ((change, "ROW"), ("truncate", "STATEMENT")):
        name = f"{table}_refuses_{what}"
        text = f"BEFORE {what.upper()} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        yield ("trigger", name), f"True CREATE TRIGGER {name} {text}"


def _plain(kind: str, text: str) -> str:
    """A definition without what the server writes in its own way: of a check the words that are allowed, of the others
    the text without casts, quotes of names and parentheses."""
    if kind == "c":
        return " ".join(sorted(re.findall(r"'([^']*)'", text)))
    without_casts = re.sub(r"::(?:character varying|\w+)", "", text)
    return re.sub(r"\s+", " ", re.sub(r'[()"]', " ", without_casts)).strip()
