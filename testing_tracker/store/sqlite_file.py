"""The one door by which a SQLite file is opened, and what it complains with. Imports nothing heavy."""

import sqlite3
from enum import StrEnum
from pathlib import Path
from types import ModuleType

SECONDS_TO_WAIT_FOR_ANOTHER_WRITER = 60
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Use(StrEnum):
    """What a file is opened for, in SQLite's own words.

    A commit that was cut off can be taken back, and without that nothing read, only where the file may be written.
    """

    TO_READ = "ro"
    TO_WRITE = "rw"
    TO_MAKE = "rwc"


def connect(
    path: Path, use: Use = Use.TO_WRITE, *, wait_seconds: float = SECONDS_TO_WAIT_FOR_ANOTHER_WRITER
) -> sqlite3.Connection:
    """The file, opened; transactions begin where somebody says so, and another writer is waited for.

    Another thread than this one may use it, one at a time. Raises one of `complaints`.
    """
    # As a URI, because that alone can say what for; its path is quoted, whatever characters are in it.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={use}",
        uri=True,
        timeout=wait_seconds,
        isolation_level=None,
        check_same_thread=False,
    )


def library_for(_path: Path) -> ModuleType:
    """The library that opens a file, as SQLAlchemy wants to know it."""
    return sqlite3


def complaints() -> tuple[type[Exception], ...]:
    """What a library that opens files raises, to stand after `except`."""
    return (sqlite3.Error,)


def code_of(complaint: object) -> int:
    """The kind of a complaint, as one of SQLite's primary result codes; 0 for what has none."""
    if "decode to UTF-8" in str(complaint):
        return sqlite3.SQLITE_CORRUPT
    return int(getattr(complaint, "sqlite_errorcode", 0)) & 0xFF
