"""Opens encrypted files, by SQLCipher (https://www.zetetic.net/sqlcipher/). Imported where a file is encrypted."""

import sqlite3
import sys
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.encryption import key_place
from testing_tracker.store.encryption.encryption_key import EncryptionKey

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def library() -> ModuleType:
    """SQLCipher's library for Python. Raises TestingTrackerError where it is not installed."""
    try:
        import sqlcipher3.dbapi2 as sqlcipher
    except ImportError:
        raise TestingTrackerError(
            "An encrypted database needs the package sqlcipher3: `pip install 'testing-tracker[encryption]'`. Nothing "
            "was changed."
        ) from None
    return cast("ModuleType", sqlcipher)


def connect(address: str, path: Path, beginning: bytes, **options: Any) -> sqlite3.Connection:  # noqa: ANN401
    """An encrypted file, which begins so; the options are those of `sqlite3.connect`.

    Raises TestingTrackerError where its key is missing or another one.
    """
    sqlcipher = library()  # that it is missing is told before its key is asked for
    key = key_place.key_for(path, beginning)
    connection = sqlcipher.connect(address, **options)
    _unlock(connection, key.secret.hex())
    return cast("sqlite3.Connection", connection)


def begin(path: Path, key: EncryptionKey) -> None:
    """Make an encrypted database without tables of an empty file; whoever opens the file then finds that it is one."""
    with closing(library().connect(str(path.absolute()), isolation_level=None)) as connection:
        _unlock(connection, key.secret.hex() + key.new_beginning().hex())
        connection.execute("VACUUM")  # has the first page written


def encrypt(plain: Path, encrypted: sqlite3.Connection) -> None:
    """Copy all of a plain database, as it is at one moment, into an encrypted one without tables."""
    encrypted.execute("ATTACH DATABASE ? AS plain KEY ''", (f"{plain.absolute().as_uri()}?mode=ro",))
    encrypted.execute("BEGIN")
    encrypted.execute("SELECT sqlcipher_export('main', 'plain')").fetchall()
    encrypted.execute("COMMIT")
    encrypted.execute("DETACH DATABASE plain")


def pages_not_as_written(connection: sqlite3.Connection) -> list[str]:
    """The pages whose seal (HMAC) does not hold, in SQLCipher's words.

    They are read past SQLite's cache, so a writer must be kept away, which a reader does where it can read at all.
    """
    with suppress(sqlite3.Error, library().Error):
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    told = [str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check")]
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    return told


def _unlock(connection: Any, phrase: str) -> None:  # noqa: ANN401  sqlcipher3 has no types
    """Give the key, not as a statement: no trace and no cache of statements sees it."""
    _leave_no_core()
    connection.execute("PRAGMA cipher_log_level = NONE")  # what is wrong comes as an error, not on standard error
    # Not cipher_memory_security: wiping all that is freed, not the key alone, made a night of 10,000 take four times as
    # long. SQLCipher keeps its own copies of the key in memory that is not swapped, if the system grants it that, and
    # wipes them; Python's copies (what was read, its bytes, this phrase) lie in this process's memory until it ends.
    connection.set_key(f"x'{phrase}'")
    connection.execute("PRAGMA temp_store = MEMORY")  # what SQLite sorts and what it keeps to undo a statement


@cache
def _leave_no_core() -> None:
    """Have this process leave no image of its memory, which has the key in it, when it crashes.

    Linux gives an image to a program of the system's whatever the limit says (core(5)), but none of a process that is
    not dumpable; nor may others of this account then read its memory (ptrace(2)).
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
