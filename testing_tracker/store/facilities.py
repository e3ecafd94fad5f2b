"""The facilities of a database, and which one a transaction is for."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.tables import Facility

_CHOSEN = "facility"
_MOST_NAMED = 5
_FIRST_TWO = select(Facility).limit(2)  # each transaction asks for them, and this takes long to put together


def choose(session: Session, given: str | int | None) -> int:
    """Have a transaction be for the facility of a name or a number, or for the only one; returns its number.

    What a person types may be either; the program itself gives the number, which is never taken for a name. Raises
    TestingTrackerError where there are several and none was given, and for one that is not there.
    """
    if given is None:
        meant = _first_two(session)
    elif isinstance(given, int):
        meant = [one for one in [session.get(Facility, given)] if one is not None]
    else:
        meant = _meant(session, given.strip())
    if len(meant) != 1:
        raise TestingTrackerError(_which(every(session), given))
    facility = meant[0]
    assert facility.id is not None
    session.info[_CHOSEN] = facility  # the row itself: a session forgets rows that nobody holds
    return facility.id


def _first_two(session: Session) -> list[Facility]:
    with _damage_in_words():
        return list(session.exec(_FIRST_TWO))


def _meant(session: Session, given: str) -> list[Facility]:
    """Those of a name, as it is written or in whatever case; of a number where nobody is called that."""
    with _damage_in_words():
        named = list(session.exec(select(Facility).where(Facility.name == given)))
    if named:
        return named
    found = every(session)
    in_any_case = [one for one in found if one.name.casefold() == given.casefold()]
    return in_any_case or [one for one in found if str(one.id) == given]


def _which(found: list[Facility], given: str | int | None) -> str:
    names = ", ".join(one.name for one in found[:_MOST_NAMED])
    more = f" and {len(found) - _MOST_NAMED} more (`testing-tracker facility list`)" if found[_MOST_NAMED:] else ""
    if given is not None:
        return (
            f"There is no facility {given!r} in this database. It has {names}{more}. (--facility, or "
            "TESTING_TRACKER_FACILITY, says which.)"
        )
    return (
        f"This database has several facilities: {names}{more}. Say which one with --facility NAME, or once and for "
        "all with TESTING_TRACKER_FACILITY."
    )


def the_facility(session: Session) -> Facility:
    """The facility that the transaction is for."""
    facility: Facility = session.info[_CHOSEN]
    return facility


def shares(session: Session) -> bool:
    """Whether the database has several facilities."""
    return len(_first_two(session)) > 1


def every(session: Session) -> list[Facility]:
    """All facilities, in the order in which they were made; there is always one.

    Raises TestingTrackerError where they cannot be read.
    """
    with _damage_in_words():
        found = list(session.exec(select(Facility).order_by(col(Facility.id))))
        if not found:
            raise LookupError
        return found


@contextmanager
def _damage_in_words() -> Iterator[None]:
    try:
        yield
    except (ValueError, LookupError):
        raise TestingTrackerError(
            "The database has no facility that can be read: it is damaged. Bring back the last copy of it."
        ) from None
