"""Short lists for shell completion, read straight from the database: a key press must not wait for an import.

Who may not do the command that lists the same is given nothing, by the list of the staff as every command is.
"""

from collections.abc import Iterable
from contextlib import closing
from typing import Any

from testing_tracker.account import current_account
from testing_tracker.errors import TestingTrackerError
from testing_tracker.store import sqlite_file
from testing_tracker.store.location import ServerLocation, locate

# The facility that was given, by its name or number, or the only one. The codes of others are nobody's business.
_OURS = (
    "facility_id = (SELECT id FROM facility WHERE CASE WHEN :given = '' THEN (SELECT count(*) FROM facility) = 1 "
    "ELSE name = :given OR lower(name) = lower(:given) OR CAST(id AS VARCHAR) = :given END ORDER BY id LIMIT 1)"
)

_STAFF = f"SELECT account, role, allowed FROM staff WHERE {_OURS} ORDER BY id"  # noqa: S608
_STAFF_BY_NUMBER = _STAFF.replace(_OURS, "CAST(facility_id AS VARCHAR) = :given")


def participant_codes(database: str | None, facility: str | None) -> list[str]:
    """The codes of a facility's participants."""
    query = f"SELECT code FROM participant WHERE {_OURS} ORDER BY code_key"  # noqa: S608
    return _first_column(database, "participant list", query, facility)


def codes_with_open_draw(database: str | None, facility: str | None) -> list[str]:
    """The codes of the facility's participants whose latest day of draws has one that is still due."""
    ours = f"SELECT id FROM participant WHERE {_OURS}"  # noqa: S608
    return _first_column(
        database,
        "due",
        "SELECT code FROM participant WHERE id IN (SELECT participant_id FROM draw "  # noqa: S608
        f"WHERE status = 'due' AND participant_id IN ({ours}) "
        f"AND due_on = (SELECT max(due_on) FROM draw WHERE participant_id IN ({ours}))) ORDER BY code_key",
        facility,
    )


def codes_to_log(database: str | None, facility: str | None) -> list[str]:
    """The codes of those whose draw is open, or of all participants where there is none."""
    return codes_with_open_draw(database, facility) or participant_codes(database, facility)


def schedule_names(database: str | None, facility: str | None) -> list[str]:
    """The names of a facility's schedules."""
    query = f"SELECT name FROM schedule WHERE {_OURS} ORDER BY name"  # noqa: S608
    return _first_column(database, "schedule list", query, facility)


def open_recommendations(database: str | None, facility: str | None) -> list[tuple[str, str]]:
    """The numbers of the facility's recommendations that are open, each with whose it is and what it says."""
    return _recommendations(database, facility, "recommendation.status = 'open'")


def recommendations_to_reopen(database: str | None, facility: str | None) -> list[tuple[str, str]]:
    """The numbers of those that were decided on or put off, newest first, each with whose it is and what it says."""
    put_off = "recommendation.status = 'open' AND deferred_until IS NOT NULL"
    return _recommendations(database, facility, f"(recommendation.status IN ('accepted', 'declined') OR {put_off})")


def _recommendations(database: str | None, facility: str | None, which: str) -> list[tuple[str, str]]:
    query = (
        "SELECT CAST(recommendation.id AS VARCHAR), code, from_level, to_level FROM recommendation "  # noqa: S608
        f"JOIN participant ON participant.id = participant_id WHERE {which} AND participant.{_OURS} "
        "ORDER BY recommendation.id DESC"
    )
    rows = _rows(database, "recommendation list", query, facility)
    return [(number, f"{code}: {before} to {after}") for number, code, before, after in rows]


def open_reviews(database: str | None, facility: str | None) -> list[tuple[str, str]]:
    """The numbers of the facility's reviews that nobody has done, newest first, each with whose it is and of what."""
    query = (
        "SELECT CAST(review.id AS VARCHAR), code, about FROM review "  # noqa: S608
        f"JOIN participant ON participant.id = participant_id WHERE done_at IS NULL AND participant.{_OURS} "
        "ORDER BY review.id DESC"
    )
    rows = _rows(database, "review list", query, facility)
    return [(number, f"{code}: {about}") for number, code, about in rows]


def facility_names(database: str | None, _facility: str | None = None) -> list[str]:
    """The names of the facilities whose list has the account."""
    rows = _rows(database, None, "SELECT CAST(id AS VARCHAR), name FROM facility ORDER BY id", None)
    return [name for number, name in rows if _rows(database, "facility list", "SELECT '1'", number, _STAFF_BY_NUMBER)]


def _first_column(database: str | None, command: str, query: str, facility: str | None) -> list[str]:
    return [row[0] for row in _rows(database, command, query, facility)]


def _rows(
    database: str | None, command: str | None, query: str, facility: str | None, staff: str = _STAFF
) -> list[tuple[str, ...]]:
    """The rows of a query, where the account may do a command at the facility; None is what anybody may be told."""
    given = {"given": (facility or "").strip()}
    try:
        location = locate(database)
        if isinstance(location, ServerLocation):
            return _from_server(location, command, (staff, query), given)
        with closing(sqlite_file.connect(location.path, sqlite_file.Use.TO_READ, wait_seconds=1)) as connection:
            if command is None or _may(connection.execute(staff, given), current_account(), command):
                return list(connection.execute(query, given))
    except TestingTrackerError:
        pass  # there is nobody to tell in the middle of a key press
    except sqlite_file.complaints():
        pass
    return []


def _from_server(
    location: ServerLocation, command: str | None, queries: tuple[str, str], given: dict[str, str]
) -> list[tuple[str, ...]]:
    try:
        import psycopg
    except ImportError:
        return []
    try:
        with psycopg.connect(location.uri, connect_timeout=2, client_encoding="UTF8") as connection:
            ((account,),) = connection.execute("SELECT session_user")
            staff, query = (one.replace(":given", "%(given)s").encode() for one in queries)
            if command is None or _may(connection.execute(staff, given), account, command):
                return list(connection.execute(query, given))
    except psycopg.Error:
        pass
    return []


def _may(staff: Iterable[tuple[Any, ...]], account: str, command: str) -> bool:
    """Whether the rows of a facility's list let an account do a command."""
    rows = list(staff)
    if not rows:
        return True
    from testing_tracker.rules.people.permitted import roles_of  # a clinic without a list does not wait for it

    return roles_of(rows).may(account, command)
