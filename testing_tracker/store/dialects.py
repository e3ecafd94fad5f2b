"""Parts of statements that each kind of database says in its own words: weeks, texts, and many rows at once."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Integer,
    SQLColumnExpression,
    String,
    case,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import SQLModel

from testing_tracker.rules.calendar import Week


def among(
    connection: Connection,
    columns: tuple[SQLColumnExpression[int], SQLColumnExpression[date]],
    pairs: Collection[tuple[int, date]],
) -> ColumnElement[bool]:
    """The condition that a number and a day are one of many pairs, which go to the database as one value.

    A list of thousands of pairs in the statement takes longer to put together than to look up, and on a server each
    row would be compared with each pair.
    """
    if connection.dialect.name == "sqlite":
        given = func.json_each(json.dumps([(number, day.isoformat()) for number, day in pairs])).table_valued("value")
        found = select(func.json_extract(given.c.value, "$[0]"), func.json_extract(given.c.value, "$[1]"))
        return tuple_(*columns).in_(found.select_from(given))
    from sqlalchemy.dialects.postgresql import ARRAY

    numbers = literal([number for number, _ in pairs], ARRAY(BigInteger))
    days = literal([day for _, day in pairs], ARRAY(Date))
    return tuple_(*columns).in_(select(func.unnest(numbers), func.unnest(days)))


def one_of(
    connection: Connection, column: SQLColumnExpression[int] | SQLColumnExpression[int | None], numbers: Collection[int]
) -> ColumnElement[bool]:
    """The condition that a number is one of many, which go to the database as one value, as above."""
    if connection.dialect.name == "sqlite":
        given = func.json_each(json.dumps(sorted(numbers))).table_valued("value")
        return column.in_(select(given.c.value))
    from sqlalchemy.dialects.postgresql import ARRAY

    return column.in_(select(func.unnest(literal(sorted(numbers), ARRAY(BigInteger)))))


def free_ids(connection: Connection, table: type[SQLModel], many: int) -> Sequence[int]:
    """Ids for so many new rows, in ascending order, which no other transaction can take."""
    name = table.__tablename__
    if connection.dialect.name == "sqlite":  # a transaction that writes is the only one
        newest = connection.exec_driver_sql(f"SELECT coalesce(max(id), 0) FROM {name}").scalar_one()  # noqa: S608
        return range(newest + 1, newest + 1 + many)
    query = f"SELECT nextval('{name}_id_seq') FROM generate_series(1, {int(many)})"  # noqa: S608
    return list(connection.exec_driver_sql(query).scalars())


def day_as_text(connection: Connection, day: SQLColumnExpression[date]) -> ColumnElement[str]:
    """A date as `2026-11-23`, to compare with what a text says."""
    if connection.dialect.name == "sqlite":
        return type_coerce(day, String)
    return func.to_char(day, "YYYY-MM-DD", type_=String)


def said_in(connection: Connection, detail: SQLColumnExpression[str | None], name: str) -> ColumnElement[str | None]:
    """The text that the details of an audit entry have under a name; nothing where they have none."""
    if connection.dialect.name == "sqlite":
        return case((func.json_valid(detail), func.json_extract(detail, f"$.{name}", type_=String)))
    return func.substring(detail, f'"{name}": "([^"]*)"', type_=String)


_DAY_ONE = date(1, 1, 1)  # a Monday


class week_number(FunctionElement[int]):
    """The number of the ISO week that a day lies in, counted from the week of 0001-01-01."""

    type = Integer()
    inherit_cache = True


@compiles(week_number)
def _in_sqlite(element: Any, compiler: Any, **options: Any) -> str:  # noqa: ANN401
    """SQLite keeps a day as text; the Julian date of a day's midnight ends in a half."""
    return f"(CAST(julianday({compiler.process(element.clauses, **options)}) - 1721425.5 AS INTEGER) / 7)"


@compiles(week_number, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **options: Any) -> str:  # noqa: ANN401
    return f"(({compiler.process(element.clauses, **options)} - DATE '0001-01-01') / 7)"


def number_of(week: Week) -> int:
    """The number of a week at hand, as `week_number` has it."""
    return (week.monday - _DAY_ONE).days // 7


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
    varying = _converted(rows, written[: len(columns)])
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {_name_of(table)} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  our own names
        if values := [(*row, *constant) for row in varying]:
            connection.exec_driver_sql(statement, values)
        return
    types = [_columns_of(table)[name].type.compile(dialect=connection.dialect) for name in names]
    kinds = [kind.partition(" COLLATE")[0] for kind in types]
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds[: len(columns)])
    alike = "".join(f", %s::{kind}" for kind in kinds[len(columns) :])
    _insert(
        connection,
        f"INSERT INTO {_name_of(table)} ({', '.join(names)}) SELECT one.*{alike} FROM unnest({arrays}) AS one",  # noqa: S608  our own names
        varying,
        constant,
    )


_ROWS_AT_A_TIME = 10_000


def _insert(
    connection: Connection, statement: str, rows: Iterable[Sequence[object]], constant: Sequence[object]
) -> None:
    """Give a server many rows in one statement, a column as one value. (COPY takes no rows where it keeps facilities
    apart.)"""
    import psycopg

    cursor = connection.connection.cursor()
    remaining = iter(rows)
    try:
        while some := list(islice(remaining, _ROWS_AT_A_TIME)):
            cursor.execute(statement, [*constant, *(_as_array(column) for column in zip(*some, strict=True))])
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error
    finally:
        cursor.close()


_WRITTEN_AS_THEY_ARE = (int, float, date, str, type(None))


def _as_array(column: Sequence[object]) -> str | list[object]:
    """A column of plain values in the server's own writing of an array, which psycopg takes longer to write."""
    if not all(issubclass(kind, _WRITTEN_AS_THEY_ARE) for kind in set(map(type, column))):
        return list(column)
    return f"{{{','.join(map(_element, column))}}}"


def _element(value: object) -> str:
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"'
    return "NULL" if value is None else str(value)


_DAYS_AT_HAND = 1_000


def _name_of(table: type[SQLModel]) -> str:
    return str(table.__tablename__)


def _columns_of(table: type[SQLModel]) -> Any:  # noqa: ANN401
    return table.__table__.c  # type: ignore[attr-defined]


def _written(connection: Connection, table: type[SQLModel], name: str) -> Callable[[Any], Any] | None:
    """How the database is given a column's values, as every other insert does; None where as they are."""
    column = _columns_of(table)[name]
    convert = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    # Many rows share few days, and each is put into text again.
    return lru_cache(_DAYS_AT_HAND)(convert) if convert and isinstance(column.type, Date) else convert


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
