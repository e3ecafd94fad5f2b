"""Counts weeks within a query, so that a year of draws is put together where it lies."""

from datetime import date
from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from testing_tracker.rules.calendar import Week

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
    """The same number for a week at hand."""
    return (week.monday - _DAY_ONE).days // 7
