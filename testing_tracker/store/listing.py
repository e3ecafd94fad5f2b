"""Short lists for shell completion, read straight from the database: a key press must not wait for an import."""

import sqlite3
from contextlib import closing

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.location import ServerLocation, locate


def participant_codes(database: str | None) -> list[str]:
    """The codes of all participants."""
    return _first_column(database, "SELECT code FROM participant ORDER BY code_key")


def codes_with_open_draw(database: str | None) -> list[str]:
    """The codes of the participants whose latest day of draws has one that is still due."""
    return _first_column(
        database,
        "SELECT code FROM participant WHERE id IN (SELECT participant_id FROM draw "
        "WHERE status = 'due' AND due_on = (SELECT max(due_on) FROM draw)) ORDER BY code_key",
    )


def schedule_names(database: str | None) -> list[str]:
    """The names of all schedules."""
    return _first_column(database, "SELECT name FROM schedule ORDER BY name")


def _first_column(database: str | None, query: str) -> list[str]:
    try:
        location = locate(database)
        if isinstance(location, ServerLocation):
            return _from_server(location, query)
        with closing(sqlite3.connect(f"{location.path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            return [row[0] for row in connection.execute(query)]
    except (sqlite3.Error, TestingTrackerError):
        return []  # there is nobody to tell in the middle of a key press


def _from_server(location: ServerLocation, query: str) -> list[str]:
    try:
        import psycopg
    except ImportError:
        return []
    try:
        with psycopg.connect(location.uri, connect_timeout=2, client_encoding="UTF8") as connection:
            return [row[0] for row in connection.execute(query.encode())]
    except psycopg.Error:
        return []
