"""The files that the program lives by, which nothing that it writes out may take the place of. Imports nothing heavy.

A file is known by what it is (its inode), so another name or a link to it is no way around; a file that is not there,
such as the journal between two acts, by its place.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.toml_text import read_toml
from testing_tracker.store.key_file import HEADING
from testing_tracker.store.location import AnyLocation, Location, default_path, locate

SIDE_ENDINGS = ("-journal", "-wal", "-shm")  # of what SQLite keeps beside a database while it works on it
_SECRETS = (("mail", "password_file"), ("mail", "ca_file"), ("pdf", "passphrase_file"))  # of a delivery file
_SQLITE, _DUMP = b"SQLite format 3\0", b"PGDMP"


class Output(Enum):
    """What is written out; a file is only ever overwritten by one of its kind, or by what does no harm to it."""

    PAPER = "a report, a list or whatever else a person asked for"
    COPY = "a copy of the database"
    KEY_COPY = "a copy of the key"


def check_place(target: Path, location: AnyLocation, output: Output, *, overwrite: bool) -> None:
    """Find a place fit to be written to.

    Raises TestingTrackerError for one of the program's own files, for whatever is not a regular file, links included,
    and for a file that stands there already, unless it is to be overwritten; even then a database and a key are only
    replaced by their own copies.
    """
    what = _own(target, location)
    if what is not None:
        raise TestingTrackerError(f"{target} is {what} itself. Nothing was changed; give another place.")
    refuse_beside(target)
    about = _about(target)
    if about is None:
        return
    check_kind(target, about)
    if not overwrite:
        raise TestingTrackerError(
            f"There is something at {target} already. Nothing was changed; give another place, or --overwrite."
        )
    held = _held(target, location, output)
    if held is not None:
        raise TestingTrackerError(f"{target} {held}, and is not written over. Nothing was changed; give another place.")


def refuse_beside(target: Path) -> None:
    """Raise TestingTrackerError for a file that SQLite would take for an unfinished act of the database beside it."""
    base = _database_beside(target)
    if base is not None:
        raise TestingTrackerError(
            f"{target} would be taken for an unfinished act of the database {base}. Nothing was changed; give another "
            "place."
        )


def check_kind(target: Path, about: os.stat_result) -> None:
    """Raise TestingTrackerError for a thing that no file may replace."""
    if stat.S_ISREG(about.st_mode):
        return
    if stat.S_ISDIR(about.st_mode):
        raise TestingTrackerError(f"{target} is a folder. Give the name of a file in it.")
    if stat.S_ISLNK(about.st_mode):
        raise TestingTrackerError(
            f"{target} is a link, and links are not followed. Nothing was changed; give the file itself, or - for "
            "standard output."
        )
    raise TestingTrackerError(
        f"{target} is not a file. Nothing was changed; give the name of one, or - for standard output."
    )


def _about(target: Path) -> os.stat_result | None:
    try:
        return target.lstat()
    except OSError:
        return None  # whoever writes there says what is wrong


def _own(target: Path, location: AnyLocation) -> str | None:
    """What of the program's own a path is or would be, None for nothing of it."""
    there = _stat(target)
    for one in _locations(location):
        for path, what in _files_of(one):
            known = _stat(path)
            is_one = there is not None and known is not None and os.path.samestat(there, known)
            if is_one or _is_same_place(target, path):
                return what
        if _is_beside(target, one):
            return "one of the database's files"
    return None


def _locations(location: AnyLocation) -> Iterator[AnyLocation]:
    """The database at hand, the one that the environment names, and the user's own."""
    yield location
    with suppress(TestingTrackerError):
        yield locate(None)
    yield Location(default_path())


def _files_of(location: AnyLocation) -> Iterator[tuple[Path, str]]:
    yield location.key.path, "the key of the draws"
    yield location.beside(".key"), "the key of the draws"
    yield location.analytes, "the file of the facility's own analytes"
    yield location.beside(".analytes.toml"), "the file of the facility's own analytes"
    for path in (location.delivery_of(1), location.beside(".delivery.toml"), *_siblings(location)):
        yield path, "one of the database's files"
        for secret in _named_in(path):
            yield secret, "a file that the delivery file names"
    if isinstance(location, Location):
        for path in (location.path, Path(os.path.realpath(location.path))):
            yield path, "the database"
            for ending in SIDE_ENDINGS:
                yield path.with_name(f"{path.name}{ending}"), "what SQLite keeps beside the database"


def _siblings(location: AnyLocation) -> Iterator[Path]:
    """The files beside a database that are its own by their names."""
    folders = {path.parent for path in (location.beside(""), location.delivery_of(1))}
    for folder in folders:
        with suppress(OSError):
            yield from (path for path in folder.iterdir() if _is_beside(path, location))


def _is_beside(path: Path, location: AnyLocation) -> bool:
    """Whether a path's name and folder say that it is one of several: an upgrade's copy, a facility's delivery file."""
    upgrade = location.beside(".schema-")
    delivery = location.delivery_of(1)
    usual = location.beside(".delivery.toml")
    begins = [(upgrade, upgrade.name, "")]
    begins += [(one, f"{one.stem}.facility-", one.suffix) for one in (delivery, usual)]
    return any(
        path.name.startswith(start) and path.name.endswith(end) and _is_same_folder(path, one)
        for one, start, end in begins
    )


def _named_in(delivery: Path) -> Iterator[Path]:
    """The secrets that a delivery file names; one that cannot be read names none."""
    try:
        document = read_toml(delivery.read_text(encoding="utf-8")) if delivery.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return
    for section, key in _SECRETS:
        values = document.get(section)
        value = values.get(key) if isinstance(values, dict) else None
        if isinstance(value, str) and value and "\0" not in value:
            yield delivery.parent / Path(value).expanduser()


def _database_beside(target: Path) -> Path | None:
    """The database that SQLite would take a file for the unfinished act of."""
    for ending in SIDE_ENDINGS:
        if target.name.endswith(ending) and target.name != ending:
            base = target.with_name(target.name.removesuffix(ending))
            with suppress(OSError):
                if base.is_file() and _beginning(base).startswith(_SQLITE):
                    return base
    return None


def _held(target: Path, location: AnyLocation, output: Output) -> str | None:
    """What a file holds that is not to be lost to such an output."""
    try:
        beginning = _beginning(target)
    except OSError:
        return "cannot be read, so what it holds cannot be told"
    if beginning == HEADING.encode():
        is_earlier_copy = output is Output.KEY_COPY and location.key.holds_all_of(target)
        return None if is_earlier_copy else "holds keys of draws"
    if not beginning.startswith((_SQLITE, _DUMP)):
        return None
    if output is not Output.COPY:
        return "is a database, or a copy of one"
    if target.with_name(f"{target.name}.key").exists():
        return "is a database in use, with its key beside it"
    return None


def _beginning(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(len(HEADING))


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _is_same_place(one: Path, other: Path) -> bool:
    return os.path.normcase(one.name) == os.path.normcase(other.name) and _is_same_folder(one, other)


def _is_same_folder(one: Path, other: Path) -> bool:
    try:
        return one.parent.samefile(other.parent)
    except OSError:
        return False
