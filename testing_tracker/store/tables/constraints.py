"""What all tables share: names for their constraints, the stamp of a row, and that a word is one of the field's."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Integer, text
from sqlmodel import Field, SQLModel

# Rows are checked by the services and the database, never by pydantic, whose validators take their time to build.
SQLModel.model_config["defer_build"] = True

# A later migration can only alter a constraint that has a name.
SQLModel.metadata.naming_convention = {
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "uq": "%(table_name)s_%(column_0_N_name)s_unique",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_N_name)s_refers",
    "pk": "%(table_name)s_key",
}


def stamped() -> Any:  # noqa: ANN401  the type is the column's
    """A column that `Work` fills: when a row was recorded, by whom, or whose it is."""
    return Field(default=None, nullable=False)


def of_facility(table: str) -> Index:
    """The index that finds a facility's rows in their order, and that other tables' references go by."""
    return Index(f"{table}_of_facility", "facility_id", "id", unique=True)


def within_facility(column: str, parent: str) -> ForeignKeyConstraint:
    """The reference to another row of the same facility, so that no row can point at another facility's."""
    return ForeignKeyConstraint(["facility_id", column], [f"{parent}.facility_id", f"{parent}.id"])


# A file's integers have 8 bytes by themselves, and its key has to be called INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def number_widely() -> None:
    """Give every number of a row, and every reference to one, 8 bytes."""
    for table in SQLModel.metadata.tables.values():
        for column in table.columns:
            if column.name == "id" or column.name.endswith("_id"):
                column.type = _NUMBER


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The constraint that a column holds one of the field's words, or nothing where that is allowed."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")


def only_where(condition: str) -> dict[str, Any]:
    """The arguments of an index that has only some of the rows.

    The migrations, which make it, say so to each kind of database. To say it for PostgreSQL here would have every
    command load what SQLAlchemy knows of that, a twentieth of its start.
    """
    return {"sqlite_where": text(condition)}
