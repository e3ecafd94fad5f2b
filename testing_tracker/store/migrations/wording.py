"""What a migration says in the words of the database that it runs on."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

# Ordered by bytes on every database, so that a list has the same order on each.
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
COLLATED = {"sqlite": "VARCHAR", "postgresql": 'VARCHAR COLLATE "C"'}


def text_type() -> str:
    """The type of a column of text, for a statement that is written out."""
    return COLLATED[op.get_bind().dialect.name]


def only_where(condition: str) -> dict[str, Any]:
    """The arguments of an index that has only some of the rows."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def let_hold(table: str, column: str, known: Sequence[str], words: Sequence[str]) -> None:
    """Let a column that holds one of the `known` words hold one of `words`.

    SQLite alters no constraint, so there the table is made anew: its rows, columns, indexes and triggers stay as they
    are. No other table may refer to it.
    """
    constraint = f"{table}_{column}_is_known"
    wanted = f"{column} IN ({_listed(words)})"
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({wanted})")
        return
    parts = "SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL"
    made = op.get_bind().execute(sa.text(parts), {"table": table}).all()
    (declared,) = (sql for kind, sql in made if kind == "table")
    anew = f"{table}_anew"
    changed = declared.replace(f"{column} IN ({_listed(known)})", wanted).replace(table, anew, 1)
    assert wanted in changed, f"{table}.{column} holds other words than {known}"
    op.execute(changed)
    op.execute(f"INSERT INTO {anew} SELECT * FROM {table}")  # noqa: S608  our own names
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {anew} RENAME TO {table}")
    for kind, sql in made:
        if kind != "table":
            op.execute(sql)


def let_hold_where_it_is(table: str, column: str, known: Sequence[str], words: Sequence[str]) -> None:
    """Do what `let_hold` does to a table that others refer to: on SQLite its text alone is changed, none of its rows.

    https://www.sqlite.org/lang_altertable.html#otheralter says that this is how a CHECK constraint may be changed.
    """
    if op.get_bind().dialect.name != "sqlite":
        let_hold(table, column, known, words)
        return
    before, after = (f"{column} IN ({_listed(some)})" for some in (known, words))
    run = op.get_bind().exec_driver_sql
    version = run("PRAGMA schema_version").scalar_one()
    run("PRAGMA writable_schema = ON")
    changed = run(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?) > 0",
        (before, after, table, before),
    ).rowcount
    run(f"PRAGMA schema_version = {version + 1}")
    run("PRAGMA writable_schema = RESET")
    assert changed == 1, f"{table}.{column} holds other words than {known}"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def refuse_changes(tables: tuple[str, ...]) -> None:
    """Have the database refuse to alter or delete a row of these tables."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if not on_sqlite:
        op.execute(_FUNCTION)
    for table in tables:
        for change in ("UPDATE", "DELETE"):
            trigger = f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table}"
            refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            op.execute(f"{trigger} {refusal if on_sqlite else 'FOR EACH ROW EXECUTE FUNCTION refuse_change()'}")
        if not on_sqlite:
            trigger = f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table}"
            op.execute(f"{trigger} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")


REFUSING_BODY = """
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
"""
_FUNCTION = f"CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $${REFUSING_BODY}$$"
