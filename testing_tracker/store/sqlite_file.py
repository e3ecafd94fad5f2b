"""The one door by which a SQLite file is opened, plain or encrypted, and what it complains with."""

import os
import sqlite3
import sys
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakSet

from testing_tracker.store.encryption.beginning import (
    BEGINNING_BYTES,
    ENCRYPTION_VARIABLE,
    PLAIN_BEGINNING,
    is_encrypted_beginning,
)

SECONDS_TO_WAIT_FOR_ANOTHER_WRITER = 60
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ENCRYPTED_LIBRARY = "sqlcipher3.dbapi2"


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

    Another thread than this one may use it, one at a time. Raises one of `complaints`, and TestingTrackerError where
    the file is encrypted and its key is missing or another one.
    """
    # As a URI, because that alone can say what for; its path is quoted, whatever characters are in it.
    address = f"{path.absolute().as_uri()}?mode={use}"
    options: dict[str, Any] = {
        "uri": True,
        "timeout": wait_seconds,
        "isolation_level": None,
        "check_same_thread": False,
    }
    beginning = beginning_of(path)
    if is_encrypted_beginning(beginning):
        from testing_tracker.store.encryption import encrypted_file

        options["factory"] = _known_while_open(encrypted_file.library())
        connection = encrypted_file.connect(address, path, beginning, **options)
    else:
        connection = sqlite3.connect(address, factory=_known_while_open(sqlite3), **options)
    _remember(connection, path, beginning)
    return connection


def is_encrypted(path: Path) -> bool:
    """Whether a file is an encrypted database; none is where nothing can be read."""
    return is_encrypted_beginning(beginning_of(path))


def is_plain(path: Path) -> bool:
    """Whether a file is a database that anybody can read who has it."""
    return beginning_of(path) == PLAIN_BEGINNING


def is_plain_against_word(path: Path) -> bool:
    """Whether a database is plain where an encryption key is named: then it may not be the file that is meant."""
    return bool(os.environ.get(ENCRYPTION_VARIABLE)) and is_plain(path)


def has_opened_encrypted() -> bool:
    """Whether this process has an encrypted file's records in its memory, so that none are to be spooled in clear."""
    return _ENCRYPTED_LIBRARY in sys.modules


def library_for(path: Path) -> ModuleType:
    """The library that opens a file, as SQLAlchemy wants to know it. Raises TestingTrackerError where it is missing."""
    if not is_encrypted(path):
        return sqlite3
    from testing_tracker.store.encryption import encrypted_file

    return encrypted_file.library()


def complaints() -> tuple[type[Exception], ...]:
    """What the libraries that open files raise, to stand after `except`."""
    library = sys.modules.get(_ENCRYPTED_LIBRARY)
    return (sqlite3.Error,) if library is None else (sqlite3.Error, library.Error)


def code_of(complaint: object) -> int:
    """The kind of a complaint, as one of SQLite's primary result codes; 0 for what has none."""
    if "decode to UTF-8" in str(complaint):
        return sqlite3.SQLITE_CORRUPT
    code = int(getattr(complaint, "sqlite_errorcode", 0)) & 0xFF
    # An encrypted file is opened where its beginning fits the key: whatever cannot be read then is damaged.
    is_damaged = code == sqlite3.SQLITE_NOTADB and not isinstance(complaint, sqlite3.Error)
    return sqlite3.SQLITE_CORRUPT if is_damaged else code


_Inode = tuple[int, int]
_open: dict[_Inode, tuple[bytes, "WeakSet[Any]"]] = {}  # how each open file began, and its connections


def beginning_of(path: Path) -> bytes:
    """A file's first bytes, none where they cannot be read.

    A file that is open by this door is not opened again to look: who closes a file lets go of all locks that the
    process has on it, those of the other connections too (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        about = os.stat(path)
        known = _open.get((about.st_dev, about.st_ino))
        if known is not None and known[1]:
            return known[0]
        with open(path, "rb", buffering=0) as file:
            return file.read(BEGINNING_BYTES)
    except (OSError, ValueError):
        return b""  # opening it says what is wrong


def _remember(connection: sqlite3.Connection, path: Path, beginning: bytes) -> None:
    try:
        about = os.stat(path)
    except OSError:
        return
    inode = (about.st_dev, about.st_ino)
    known = _open.get(inode)
    if known is None or not known[1]:
        known = _open[inode] = (beginning, WeakSet())
    known[1].add(connection)


def _forget(connection: object) -> None:
    for inode, (_, connections) in list(_open.items()):
        connections.discard(connection)
        if not connections:
            _open.pop(inode, None)


@cache
def _known_while_open(library: ModuleType) -> type[Any]:
    """A library's connection, of which `beginning_of` knows until it is closed."""
    base: Any = library.Connection

    class KnownWhileOpen(base):  # type: ignore[misc]
        def close(self) -> None:
            super().close()
            _forget(self)

    return KnownWhileOpen
