"""Gives every table that a facility owns its `facility_id`, and references that stay within the facility."""

import re
from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

from testing_tracker.errors import TestingTrackerError


@dataclass(frozen=True)
class Owned:
    """A table that a facility owns: its references, as column and table, and what is unique in it.

    A table that `says_so` has its `facility_id` already; of the others it is found by the first reference. One without
    `index` has one in the order of a facility's rows already.
    """

    table: str
    references: tuple[tuple[str, str], ...] = ()
    unique: tuple[str, ...] = ()
    says_so: bool = False
    index: bool = True

    @property
    def owner(self) -> tuple[str, str]:
        """The reference by which a row is found to be whose it is."""
        return self.references[0]

    @property
    def is_to_be_unique_anew(self) -> bool:
        """Whether something of this table is unique beyond a facility."""
        return bool(self.unique) and "facility_id" not in self.unique

    @property
    def unique_within(self) -> tuple[str, ...]:
        """What is unique from now on."""
        return (*self.unique, "facility_id")

    def constraints(self, anew: str = "") -> list[str]:
        """The constraints that it gets, in SQL; `anew` is the ending of the tables' names meanwhile."""
        found = []
        if self.is_to_be_unique_anew:
            named = f"{self.table}_{'_'.join(self.unique_within)}_unique"
            found.append(f"CONSTRAINT {named} UNIQUE ({', '.join(self.unique_within)})")
        for column, parent in self.references:
            found.append(
                f"CONSTRAINT {self.table}_facility_id_{column}_refers FOREIGN KEY (facility_id, {column}) "
                f"REFERENCES {parent}{anew} (facility_id, id)"
            )
        return found


def say_whose_rows_are(tables: tuple[Owned, ...]) -> None:
    """Alter the tables, of which each stands before those that refer to it.

    Raises TestingTrackerError for a row of which nobody can say whose it is.
    """
    for one in tables:
        if not one.says_so:
            _refuse_strays(one)
    if op.get_bind().dialect.name == "sqlite":
        _make_anew(tables)
    else:
        _alter(tables)


def _refuse_strays(one: Owned) -> None:
    column, parent = one.owner
    query = (
        f"SELECT min(t.id) FROM {one.table} t LEFT JOIN {parent} p ON p.id = t.{column} "  # noqa: S608  our own names
        "WHERE p.id IS NULL"
    )
    stray = op.get_bind().execute(sa.text(query)).scalar()
    if stray is not None:
        raise TestingTrackerError(
            f"Row {stray} of {one.table} refers to a row of {parent} that is not there, so nobody can say whose it is: "
            "the database was changed by hand. Bring back the last copy of it."
        )


def _make_anew(tables: tuple[Owned, ...]) -> None:
    """All of them stand beside the old ones until these are gone, so that no row ever refers to nothing."""
    parts = op.get_bind().execute(sa.text("SELECT tbl_name, type, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    for one in tables:
        (declared,) = (sql for table, kind, sql in parts if (table, kind) == (one.table, "table"))
        op.execute(_declared_anew(one, declared))
        if one.index:
            op.execute(f"CREATE UNIQUE INDEX {one.table}_of_facility ON {one.table}_anew (facility_id, id)")
        op.execute(f"INSERT INTO {one.table}_anew SELECT {_cells(one)} FROM {one.table} t ORDER BY id")  # noqa: S608
    for one in reversed(tables):
        op.execute(f"DROP TABLE {one.table}")
    owned = {one.table for one in tables}
    for one in tables:
        op.execute(f"ALTER TABLE {one.table}_anew RENAME TO {one.table}")
    for table, kind, sql in parts:
        if table in owned and kind != "table":
            op.execute(sql)


def _cells(one: Owned) -> str:
    if one.says_so:
        return "*"
    column, parent = one.owner
    return f"*, (SELECT p.facility_id FROM {parent}_anew p WHERE p.id = t.{column})"  # noqa: S608


_REFERENCE = re.compile(r",\s*CONSTRAINT \w+ FOREIGN KEY ?\((?!facility_id)\w+\) REFERENCES \"?\w+\"? \(id\)")
_REFERENCE_OF_COLUMN = re.compile(r" CONSTRAINT \w+ REFERENCES \"?\w+\"? \(id\)")
_UNIQUE = re.compile(r",\s*CONSTRAINT \w+_unique UNIQUE \((?!facility_id)[\w, ]+\)")
_BEGINNING = re.compile(r'CREATE TABLE "?\w+"?')


def _declared_anew(one: Owned, declared: str) -> str:
    """A table's declaration with its new column behind the others, and its new constraints behind the others."""
    sql = _BEGINNING.sub(f"CREATE TABLE {one.table}_anew", declared, count=1)
    for gone in (_REFERENCE, _REFERENCE_OF_COLUMN, _UNIQUE):
        sql = gone.sub("", sql)
    if not one.says_so:
        columns, constraint, constraints = sql.partition("\n\tCONSTRAINT ")
        sql = f"{columns.rstrip(', ')}, \n\tfacility_id INTEGER NOT NULL, {constraint}{constraints}"
    return f"{sql.rstrip().removesuffix(')').rstrip()}{''.join(f', {more}' for more in one.constraints('_anew'))})"


def _alter(tables: tuple[Owned, ...]) -> None:
    for table, constraint in op.get_bind().execute(sa.text(_REFERENCES)).all():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
    _widen("facility", ["id"])
    for one in tables:
        _alter_one(one)
    for one in tables:
        for constraint in one.constraints():
            op.execute(f"ALTER TABLE {one.table} ADD {constraint}")
        if one.says_so:
            op.execute(
                f"ALTER TABLE {one.table} ADD CONSTRAINT {one.table}_facility_id_refers "
                "FOREIGN KEY (facility_id) REFERENCES facility (id)"
            )


_REFERENCES = (
    "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' "
    "AND connamespace = current_schema()::regnamespace ORDER BY conrelid::regclass::text, conname"
)
_NUMBERS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped "
    "AND atttypid = 'integer'::regtype AND (attname = 'id' OR attname LIKE '%\\_id') ORDER BY attnum"
)


def _alter_one(one: Owned) -> None:
    numbers = op.get_bind().execute(sa.text(_NUMBERS), {"table": one.table}).scalars().all()
    _widen(one.table, list(numbers))
    if not one.says_so:
        column, parent = one.owner
        op.execute(f"ALTER TABLE {one.table} ADD COLUMN facility_id BIGINT")
        op.execute(f"ALTER TABLE {one.table} DISABLE TRIGGER USER")
        op.execute(
            f"UPDATE {one.table} t SET facility_id = p.facility_id FROM {parent} p WHERE p.id = t.{column}"  # noqa: S608
        )
        op.execute(f"ALTER TABLE {one.table} ENABLE TRIGGER USER")
        op.execute(f"ALTER TABLE {one.table} ALTER COLUMN facility_id SET NOT NULL")
    if one.index:
        op.execute(f"CREATE UNIQUE INDEX {one.table}_of_facility ON {one.table} (facility_id, id)")
    if one.is_to_be_unique_anew:
        op.execute(f"ALTER TABLE {one.table} DROP CONSTRAINT {one.table}_{'_'.join(one.unique)}_unique")


def _widen(table: str, numbers: list[str]) -> None:
    """Give numbers 8 bytes, by one statement that writes the table once."""
    changes = ", ".join(f"ALTER COLUMN {number} TYPE BIGINT" for number in numbers)
    op.execute(f"ALTER TABLE {table} {changes}")
    op.execute(f"ALTER SEQUENCE {table}_id_seq AS BIGINT")
