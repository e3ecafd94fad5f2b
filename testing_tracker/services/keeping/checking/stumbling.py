"""Lets a check run by itself: what it stumbles over is a line of its own, and hides nothing that others find.

Somebody who changes records behind the program's back may leave what no program can read. Then what cannot be decided
is named, and all else is still looked at.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import SQLModel, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.engine import complaints_explained
from testing_tracker.store.work import Work

Found = tuple[date, str, str]  # the day, the participant's code, and what is wrong
Row = TypeVar("Row", bound=SQLModel)

_MOST_NAMED = 20  # of one check: where more cannot be read, there is something wrong with all


def by_itself(
    work: Work,
    what: str,
    found: Iterable[Found],
    day: date | None = None,
    otherwise: Callable[[], object] = lambda: None,
) -> Iterator[Found]:
    """What a check finds, up to what it stumbles over, which is said as of a day; today where it is of none.

    `otherwise` is done where it stumbles.
    """
    so_far: list[Found] = []
    try:
        with _alone(work):
            so_far.extend(found)
    except Exception as error:
        so_far.append(unchecked(work, what, error, day))
        otherwise()
    yield from so_far


def unchecked(work: Work, what: str, error: Exception, day: date | None = None) -> Found:
    """The line about something that could not be checked, and why."""
    return day or work.today, "", f"{what} could not be checked: {_said(error)}"


def readable(work: Work, table: type[Row], whose: ColumnElement[bool], what: str) -> tuple[list[Row], list[Found]]:
    """The rows of a table in their order, with a line for each that cannot be read."""
    number = table.id  # type: ignore[attr-defined]
    try:
        with _alone(work):
            return list(work.session.exec(select(table).where(whose).order_by(col(number)))), []
    except Exception:
        numbers = work.session.exec(select(number).where(whose).order_by(col(number))).all()
    rows: list[Row] = []
    found: list[Found] = []
    for one in numbers:
        try:
            with _alone(work):
                rows.append(work.session.exec(select(table).where(number == one)).one())
        except Exception as error:
            found.append(unchecked(work, f"{what} {one}", error))
    return rows, found


def by_halves(
    work: Work,
    what: str,
    find: Callable[[Sequence[int]], Iterable[Found]],
    numbers: Sequence[int],
    left: list[int] | None = None,
) -> Iterator[Found]:
    """What a check finds among some numbers in their order; where it stumbles it is tried on each half, down to what
    it is over.

    `left` has an item for each that may still be named.
    """
    left = [*range(_MOST_NAMED)] if left is None else left
    try:
        with _alone(work):
            found = list(find(numbers))
    except Exception as error:
        if len(numbers) > 1 and left:
            half = len(numbers) // 2
            yield from by_halves(work, what, find, numbers[:half], left)
            yield from by_halves(work, what, find, numbers[half:], left)
            return
        rest = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
        found = [unchecked(work, f"{what} {rest}", error)]
        if left:
            left.pop()
    yield from found


@contextmanager
def _alone(work: Work) -> Iterator[None]:
    """A part of the transaction that may fail: a server does nothing more in one in which something has."""
    with complaints_explained():
        if work.is_on_server:
            with work.session.connection().begin_nested():
                yield
        else:
            yield


def _said(error: Exception) -> str:
    if isinstance(error, TestingTrackerError):
        return str(error).removesuffix(".")
    return f"something on record cannot be read ({type(error).__name__})"
