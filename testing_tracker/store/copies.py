"""Copies of a database made while it is in use, each with a checksum by which a byte that changed is noticed.

Another kind of database makes its copies by its own tool, here too.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zlib import crc32

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.watched import Advance
from testing_tracker.store import sqlite_file
from testing_tracker.store.encryption.beginning import is_encrypted_beginning
from testing_tracker.store.engine import complaints_explained
from testing_tracker.store.places import SIDE_ENDINGS, PlaceForFile

_PAGES_AT_A_TIME = 2_000


def copy_database(source: Path, target: Path, progress: Advance) -> None:
    """Copy a SQLite database, as it is at one moment, over an empty file, or one that was begun as an encrypted one.

    The copy of an encrypted one is encrypted: over an empty file with the same key.
    Who writes meanwhile waits. Raises TestingTrackerError where the source cannot be read or the copy not be written.
    """
    if not sqlite_file.is_encrypted(source) and sqlite_file.is_encrypted(target):
        _encrypt(source, target)
        return
    if sqlite_file.is_encrypted(source) and not sqlite_file.is_encrypted(target):
        _begin_as(source, target)
    with complaints_explained(), closing(sqlite_file.connect(source, sqlite_file.Use.TO_READ)) as here:
        here.execute("BEGIN")  # so that no writer makes the copy begin anew
        here.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(sqlite_file.connect(target)) as there:
            there.execute("PRAGMA synchronous = OFF")  # the caller writes the whole file through
            here.backup(there, pages=_PAGES_AT_A_TIME, progress=_in_parts(progress, _page_size(here)))
            there.execute("PRAGMA journal_mode = DELETE")
            for field in ("user_version", "application_id"):  # an earlier copy's checksum (`seals_of_copies`)
                if there.execute(f"PRAGMA {field}").fetchone() != (0,):
                    there.execute(f"PRAGMA {field} = 0")


def _encrypt(source: Path, target: Path) -> None:
    from testing_tracker.store.encryption import encrypted_file

    with complaints_explained(), closing(sqlite_file.connect(target)) as there:
        there.execute("PRAGMA synchronous = OFF")  # the caller writes the whole file through
        encrypted_file.encrypt(source, there)


def _begin_as(source: Path, target: Path) -> None:
    from testing_tracker.store.encryption import encrypted_file, key_place

    encrypted_file.begin(target, key_place.key_for(source, sqlite_file.beginning_of(source)))


def _page_size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA page_size").fetchone()[0])


def _in_parts(progress: Advance, page_size: int) -> Callable[[int, int, int], None]:
    """SQLite says how many pages are left; a bar wants each part."""
    copied = 0

    def tell(_status: int, left: int, total: int) -> None:
        nonlocal copied
        progress((total - left - copied) * page_size)
        copied = total - left

    return tell


def check_nothing_beside(place: PlaceForFile) -> None:
    """Raise TestingTrackerError where a file lies that SQLite would take for an unfinished act of this database."""
    for ending in SIDE_ENDINGS:
        if ending in place.beside:
            raise TestingTrackerError(
                f"{place.path}{ending} is left of another database, and would be taken for an unfinished act of this "
                "one. Nothing was changed; move it away, together with what it belongs to."
            )


_COUNTER, _USER_VERSION, _APPLICATION_ID = slice(24, 28), slice(60, 64), slice(68, 72)
_HEADER = 100
_AT_A_TIME = 1 << 20


def seal(copy: Path) -> None:
    """Put the checksum into a copy that nobody has open; each page of an encrypted one has a seal of its own."""
    if sqlite_file.is_encrypted(copy):
        return
    with open(copy, "r+b") as file:
        header = bytearray(file.read(_HEADER))
        header[_USER_VERSION] = header[_COUNTER]
        header[_APPLICATION_ID] = _checksum(copy)
        file.seek(0)
        file.write(header)


def is_broken(copy: Path) -> bool:
    """Whether a copy has a checksum that is not that of what is in it."""
    with open(copy, "rb") as file:
        header = file.read(_HEADER)
    if is_encrypted_beginning(header) or len(header) < _HEADER or header[_USER_VERSION] != header[_COUNTER]:
        return False
    return header[_APPLICATION_ID] != _checksum(copy)


def _checksum(copy: Path) -> bytes:
    with open(copy, "rb") as file:
        header = bytearray(file.read(_HEADER))
        header[_USER_VERSION] = header[_APPLICATION_ID] = bytes(4)
        checksum = crc32(header)
        while part := file.read(_AT_A_TIME):
            checksum = crc32(part, checksum)
    return checksum.to_bytes(4, "big")
