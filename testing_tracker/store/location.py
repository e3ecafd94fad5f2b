"""Where the database is, from what a person gave: nothing, a path or a URL. Imports nothing heavy."""

import os
from dataclasses import dataclass
from pathlib import Path

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.key_file import KeyFile

VARIABLE = "TESTING_TRACKER_DATABASE"
KEY_VARIABLE = "TESTING_TRACKER_KEY_FILE"
ANALYTES_VARIABLE = "TESTING_TRACKER_ANALYTES"
DELIVERY_VARIABLE = "TESTING_TRACKER_DELIVERY"
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Location:
    """A SQLite database's file, and the files of its key, of the facility's own analytes and of its deliveries where
    they are not beside it."""

    path: Path
    key_elsewhere: Path | None = None
    analytes_elsewhere: Path | None = None
    delivery_elsewhere: Path | None = None

    @property
    def url(self) -> str:
        return f"{_SQLITE}{self.path}"

    @property
    def key(self) -> KeyFile:
        return KeyFile(self.key_elsewhere or self.path.with_name(f"{self.path.name}.key"))

    @property
    def analytes(self) -> Path:
        """The facility's own analytes, a file that need not be there."""
        return self.analytes_elsewhere or self.path.with_name(f"{self.path.name}.analytes.toml")

    @property
    def delivery(self) -> Path:
        """How the weekly report leaves by itself, a file that need not be there."""
        return self.delivery_elsewhere or self.path.with_name(f"{self.path.name}.delivery.toml")


def locate(given: str | None) -> Location:
    """The database that `--database` or the environment names, or the user's own by default.

    Raises TestingTrackerError for a URL of another kind of database.
    """
    given = given or os.environ.get(VARIABLE)
    elsewhere = tuple(map(_from_environment, (KEY_VARIABLE, ANALYTES_VARIABLE, DELIVERY_VARIABLE)))
    if not given:
        return Location(default_path(), *elsewhere)
    if given.startswith(_SQLITE):
        given = given.removeprefix(_SQLITE)
    elif "://" in given:
        kind = given.partition("://")[0]
        raise TestingTrackerError(
            f"{kind} databases are not supported by this version; give the path of a SQLite file."
        )
    return Location(Path(given).expanduser().absolute(), *elsewhere)


def _from_environment(variable: str) -> Path | None:
    given = os.environ.get(variable)
    return Path(given).expanduser().absolute() if given else None


def default_path() -> Path:
    """The user's own database, in the platform's place for such things."""
    from platformdirs import user_data_path

    return user_data_path("testing-tracker", appauthor=False) / "testing-tracker.db"
