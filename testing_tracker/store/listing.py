"""Short lists for shell completion, read straight from the SQLite file: a key press must not wait for an import."""

import sqlite3
from contextlib import closing

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.location import locate


def participant_codes(database: str | None) -> list[str]:
    """The codes of all participants."""
    return _first_column(database, "SELECT code FROM participant ORDER BY code_key")


def codes_with_open_draw(database: str | None) -> list[str]:
    """The codes of the participants whose latest day of draws has one that is still due."""
    return _first_column(
        database,
        "SELECT DISTINCT code FROM draw JOIN participant ON participant.id = participant_id "
        "WHERE status = 'due' AND due_on = (SELECT max(due_on) FROM draw) ORDER BY code_key",
    )


def schedule_names(database: str | None) -> list[str]:
    """The names of all schedules."""
    return _first_column(database, "SELECT name FROM schedule ORDER BY name")


def _first_column(database: str | None, query: str) -> list[str]:
    try:
        path = locate(database).path
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            return [row[0] for row in connection.execute(query)]
    except (sqlite3.Error, TestingTrackerError):
        return []  # there is nobody to tell in the middle of a key press
