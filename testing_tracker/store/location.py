"""Where the database is, from what a person gave: nothing, a path or a URL. Imports nothing heavy."""

import os
from dataclasses import dataclass
from pathlib import Path

from testing_tracker.errors import TestingTrackerError

VARIABLE = "TESTING_TRACKER_DATABASE"
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Location:
    """A SQLite database's file."""

    path: Path

    @property
    def url(self) -> str:
        return f"{_SQLITE}{self.path}"


def locate(given: str | None) -> Location:
    """The database that `--database` or the environment names, or the user's own by default.

    Raises TestingTrackerError for a URL of another kind of database.
    """
    given = given or os.environ.get(VARIABLE)
    if not given:
        return Location(default_path())
    if given.startswith(_SQLITE):
        given = given.removeprefix(_SQLITE)
    elif "://" in given:
        kind = given.partition("://")[0]
        raise TestingTrackerError(
            f"{kind} databases are not supported by this version; give the path of a SQLite file."
        )
    return Location(Path(given).expanduser().absolute())


def default_path() -> Path:
    """The user's own database, in the platform's place for such things."""
    from platformdirs import user_data_path

    return user_data_path("testing-tracker", appauthor=False) / "testing-tracker.db"
