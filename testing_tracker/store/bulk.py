"""Adds many rows at once: by `executemany` in a file, by COPY on a server."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel


def add_rows(
    connection: Connection,
    table: type[SQLModel],
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    **same: object,
) -> None:
    """Add rows with these columns, in their order; `same` are columns that have one value in all of them.

    Without `id` among the columns the rows are numbered in their order. A row that may not be is an error, and the
    transaction is over, as with any other insert.
    """
    names = [*columns, *same]
    written = [_written(connection, table, name) for name in names]
    constant = tuple(
        convert(value) if convert else value
        for convert, value in zip(written[len(columns) :], same.values(), strict=True)
    )
    whole = ((*row, *constant) for row in _converted(rows, written[: len(columns)]))
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {_name_of(table)} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  our own names
        if values := list(whole):
            connection.exec_driver_sql(statement, values)
        return
    _copy(connection, f"COPY {_name_of(table)} ({', '.join(names)}) FROM STDIN", whole)


def _copy(connection: Connection, statement: str, rows: Iterable[Sequence[object]]) -> None:
    import psycopg

    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error
    finally:
        cursor.close()


def _name_of(table: type[SQLModel]) -> str:
    return str(table.__tablename__)


def _written(connection: Connection, table: type[SQLModel], name: str) -> Callable[[Any], Any] | None:
    """How the database is given a column's values, as every other insert does; None where as they are."""
    column = table.__table__.c[name]  # type: ignore[attr-defined]
    return column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)  # type: ignore[no-any-return]


def _converted(
    rows: Iterable[Sequence[object]], written: Sequence[Callable[[Any], Any] | None]
) -> Iterator[Sequence[object]]:
    converting = [(place, convert) for place, convert in enumerate(written) if convert is not None]
    if not converting:
        yield from rows
        return
    for row in rows:
        cells = list(row)
        for place, convert in converting:
            cells[place] = convert(cells[place])
        yield cells
