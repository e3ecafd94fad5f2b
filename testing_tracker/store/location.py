"""Where the database is, from what a person gave: nothing, a path or a URL. Imports nothing heavy."""

import os
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from testing_tracker.account import current_account
from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.key_file import KeyFile

VARIABLE = "TESTING_TRACKER_DATABASE"
KEY_VARIABLE = "TESTING_TRACKER_KEY_FILE"
ANALYTES_VARIABLE = "TESTING_TRACKER_ANALYTES"
DELIVERY_VARIABLE = "TESTING_TRACKER_DELIVERY"
PAGE_VARIABLE = "TESTING_TRACKER_WEB"
CHECK_IN_VARIABLE = "TESTING_TRACKER_CHECKIN"
SOCKET = "unix:"
_SQLITE = "sqlite:///"
_SECRET_OPTIONS = ("password", "sslpassword")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")  # of a URL; what begins otherwise is a path
_POSTGRESQL = ("postgresql", "postgresql+psycopg", "postgres")


class _WithFiles(ABC):
    """The files that belong to a database, beside it or where the environment says."""

    key_elsewhere: Path | None
    analytes_elsewhere: Path | None
    delivery_elsewhere: Path | None
    page_elsewhere: Path | None
    check_in_elsewhere: Path | None
    called: str | None

    @property
    def key(self) -> KeyFile:
        return KeyFile(self.key_elsewhere or self.beside(".key"))

    @property
    def analytes(self) -> Path:
        """The facility's own analytes, a file that need not be there."""
        return self.analytes_elsewhere or self.beside(".analytes.toml")

    def delivery_of(self, facility_id: int) -> Path:
        """How a facility's weekly report leaves by itself, a file that need not be there.

        All but the first facility have their number in its name: `clinic.db.delivery.facility-2.toml`.
        """
        return _of_facility(self.delivery_elsewhere or self.beside(".delivery.toml"), facility_id)

    def check_in_of(self, facility_id: int) -> Path:
        """How a facility's participants check in and are reminded, a file that need not be there; named as above."""
        return _of_facility(self.check_in_elsewhere or self.beside(".checkin.toml"), facility_id)

    @property
    def page(self) -> Path:
        """The file of the page on which participants check in, which knows numbers and today's answers alone."""
        return self.page_elsewhere or self.beside(".web")

    @abstractmethod
    def beside(self, ending: str) -> Path:
        """Where a file that belongs to the database is by default."""


def _of_facility(first: Path, facility_id: int) -> Path:
    if facility_id == 1:
        return first
    return first.with_name(f"{first.stem}.facility-{facility_id}{first.suffix}")


@dataclass(frozen=True)
class Location(_WithFiles):
    """A SQLite database's file. `called` is what names it for people, where that is not its path."""

    path: Path
    key_elsewhere: Path | None = None
    analytes_elsewhere: Path | None = None
    delivery_elsewhere: Path | None = None
    page_elsewhere: Path | None = None
    check_in_elsewhere: Path | None = None
    called: str | None = field(default=None, compare=False)

    def beside(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.name}{ending}")

    def __str__(self) -> str:
        return self.called or str(self.path)


@dataclass(frozen=True)
class ServerLocation(_WithFiles):
    """A database on a PostgreSQL server, by its URL; the files that belong to it are in the user's data folder.

    The URL may hold a password, so `str` leaves it out, and so does `repr`.
    """

    uri: str = field(repr=False)
    key_elsewhere: Path | None = None
    analytes_elsewhere: Path | None = None
    delivery_elsewhere: Path | None = None
    page_elsewhere: Path | None = None
    check_in_elsewhere: Path | None = None
    called: str | None = field(default=None, compare=False)

    @property
    def url(self) -> str:
        return self.uri.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def without_password(self) -> str:
        """The URL as it may be shown and written down: with its options, without the passwords in it."""
        parts = urlsplit(self.uri)
        user, at, host = parts.netloc.rpartition("@")
        options = [one for one in parts.query.split("&") if unquote(one.partition("=")[0]) not in _SECRET_OPTIONS]
        asked = f"?{'&'.join(options)}" if any(options) else ""
        return f"postgresql://{user.partition(':')[0]}{at}{host}{parts.path}{asked}"

    @property
    def database(self) -> str:
        """The database's name; where the URL has none, what the server's own tools take."""
        parts = urlsplit(self.uri)
        named = unquote(parts.path.removeprefix("/")) or self._option("dbname")
        return named or os.environ.get("PGDATABASE") or unquote(parts.username or "") or current_account()

    def beside(self, ending: str) -> Path:
        return _data_folder() / f"{self.database.replace(os.sep, '-')}{ending}"

    def __str__(self) -> str:
        if self.called:
            return self.called
        user, at, host = urlsplit(self.uri).netloc.rpartition("@")
        folder = f"?host={self._option('host')}" if self._option("host") else ""
        return f"postgresql://{user.partition(':')[0]}{at}{host}/{self.database}{folder}"

    def _option(self, name: str) -> str:
        return (parse_qs(urlsplit(self.uri).query).get(name) or [""])[0]


AnyLocation = Location | ServerLocation

_served: AnyLocation | None = None


def serve_only(location: AnyLocation, called: str) -> None:
    """Be a process that a server has for a command: it finds that database, whatever else somebody names.

    `called` is what names the database for people: the socket, as `unix:PATH`.
    """
    global _served
    _served = replace(location, called=called)
    os.environ.pop(VARIABLE, None)  # it is the server's own, and nobody named it here


def is_served() -> bool:
    """Whether this process is one that a server has for somebody's command."""
    return _served is not None


def locate(given: str | None) -> AnyLocation:
    """The database that `--database` or the environment names, or the user's own by default.

    Raises TestingTrackerError for a URL of another kind of database, for one that cannot be read, and for a socket.
    """
    given = given or os.environ.get(VARIABLE)
    if _served is not None:
        if given and not given.startswith(SOCKET):
            raise TestingTrackerError("At a server's socket there is the server's database only; leave --database out.")
        return _served
    if given and given.startswith(SOCKET):
        raise TestingTrackerError(f"{given} is a server's socket, and this cannot be asked of a server here.")
    elsewhere = (
        _from_environment(KEY_VARIABLE),
        _from_environment(ANALYTES_VARIABLE),
        _from_environment(DELIVERY_VARIABLE),
        _from_environment(PAGE_VARIABLE),
        _from_environment(CHECK_IN_VARIABLE),
    )
    if not given:
        return Location(default_path(), *elsewhere)
    kind, is_url, rest = given.partition("://")
    if given.startswith(_SQLITE):
        given = given.removeprefix(_SQLITE)
        if "?" in given:
            raise TestingTrackerError(
                "A sqlite URL with options is not supported. Give the path of the file alone, without sqlite:///."
            )
    elif is_url and _KIND.fullmatch(kind):
        if kind not in _POSTGRESQL:
            raise TestingTrackerError(
                f"{kind} databases are not supported; give the path of a SQLite file, or a postgresql:// URL."
            )
        return ServerLocation(_readable(f"postgresql://{rest}"), *elsewhere)
    return Location(at_home(given).absolute(), *elsewhere)


def _readable(url: str) -> str:
    """The URL; what is wrong with another one is not quoted, because it may have a password in it."""
    try:
        urlsplit(url).port  # noqa: B018  asking for it is what reads it
    except ValueError:
        raise TestingTrackerError(
            "The database's URL cannot be read. It looks like postgresql://user@host:5432/database."
        ) from None
    return url


def _from_environment(variable: str) -> Path | None:
    given = os.environ.get(variable)
    return at_home(given).absolute() if given else None


def at_home(path: str | Path) -> Path:
    """A path with the home that its `~` stands for. Raises TestingTrackerError where the machine knows none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise TestingTrackerError(f"{path} cannot be found: there is no such home. Nothing was changed.") from None


def default_path() -> Path:
    """The user's own database, in the platform's place for such things."""
    return _data_folder() / "testing-tracker.db"


def _data_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("testing-tracker", appauthor=False)
