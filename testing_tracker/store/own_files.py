"""The files that the program lives by, which nothing that it writes out may take the place of. Imports nothing heavy.

A file is known by what it is (its inode), so another name or a link to it is no way around; a file that is not there,
such as the journal between two acts, by its place.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.toml_text import read_toml
from testing_tracker.store.encryption.beginning import DATABASE_BEGINNINGS, ENCRYPTION_HEADING, ENCRYPTION_VARIABLE
from testing_tracker.store.given_files import MOST_OF_A_KEY
from testing_tracker.store.key_file import HEADING
from testing_tracker.store.location import AnyLocation, Location, at_home, default_path, locate
from testing_tracker.store.places import KEY_ENDING, SIDE_ENDINGS, PlaceForFile, Thing, bases_of, thing_at

_SECRETS = (
    ("mail", "password_file"),
    ("mail", "ca_file"),
    ("pdf", "passphrase_file"),
    ("witness", "timestamp_ca"),
    ("alive", "ca_file"),
    ("voice", "token_file"),
)  # of a delivery file, and of a check-in file
_DUMP = b"PGDMP"
_WITNESS = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2} page [0-9]")  # as a file of the nights' lines begins


class Output(Enum):
    """What is written out; a file is only ever overwritten by one of its kind, or by what does no harm to it."""

    PAPER = "a report, a list or whatever else a person asked for"
    COPY = "a copy of the database"
    KEY_COPY = "a copy of the key"


def check_place(place: PlaceForFile, location: AnyLocation, output: Output, *, overwrite: bool) -> None:
    """Find a place fit to be written to.

    Raises TestingTrackerError for one of the program's own files, for whatever is not a regular file, links included,
    and for a file that stands there already, unless it is to be overwritten; even then a database and a key are only
    replaced by their own copies.
    """
    target = place.path
    what = _own(place, location)
    if what is not None:
        raise TestingTrackerError(f"{target} is {what} itself. Nothing was changed; give another place.")
    refuse_beside(place)
    if place.itself is None:
        return  # if it cannot be seen, whoever writes there says what is wrong
    check_kind(target, place.itself.mode)
    if not overwrite:
        raise TestingTrackerError(
            f"There is something at {target} already. Nothing was changed; give another place, or --overwrite."
        )
    held = _held(place, location, output)
    if held is not None:
        raise TestingTrackerError(f"{target} {held}, and is not written over. Nothing was changed; give another place.")


def refuse_beside(place: PlaceForFile) -> None:
    """Raise TestingTrackerError for a file that SQLite would take for an unfinished act of the database beside it."""
    if place.is_an_act:
        raise TestingTrackerError(
            f"{place.path} would be taken for an unfinished act of the database {bases_of(place.path)[0]}. Nothing was "
            "changed; give another place."
        )


def check_kind(target: Path, mode: int) -> None:
    """Raise TestingTrackerError for a thing that no file may replace."""
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise TestingTrackerError(f"{target} is a folder. Give the name of a file in it.")
    if stat.S_ISLNK(mode):
        raise TestingTrackerError(
            f"{target} is a link, and links are not followed. Nothing was changed; give the file itself, or - for "
            "standard output."
        )
    raise TestingTrackerError(
        f"{target} is not a file. Nothing was changed; give the name of one, or - for standard output."
    )


def _own(place: PlaceForFile, location: AnyLocation) -> str | None:
    """What of the program's own a place is or would be, None for nothing of it."""
    for one in _locations(location):
        for path, what in _files_of(one):
            is_one = place.behind is not None and place.behind.is_same(thing_at(path))
            if is_one or _is_place_of(place, path):
                return what
        if _is_beside(place.path.name, place.folder, one):
            return "one of the database's files"
    return None


def _locations(location: AnyLocation) -> Iterator[AnyLocation]:
    """The database at hand, the one that the environment names, and the user's own."""
    yield location
    with suppress(TestingTrackerError):
        yield locate(None)
    yield Location(default_path())


def _files_of(location: AnyLocation) -> Iterator[tuple[Path, str]]:
    encryption_key = _encryption_key()
    if encryption_key is not None:
        yield encryption_key, "the encryption key"
    yield location.key.path, "the key of the draws"
    yield location.beside(".key"), "the key of the draws"
    yield location.beside(".server"), "the file of the database's server"
    yield location.beside(".alive"), "the file about the database's dead man's switch"
    yield location.beside(".socket"), "the socket of the database's server"
    yield location.analytes, "the file of the facility's own analytes"
    yield location.beside(".analytes.toml"), "the file of the facility's own analytes"
    for path in dict.fromkeys((location.page, location.beside(".web"))):
        for ending in ("", *SIDE_ENDINGS):
            yield path.with_name(f"{path.name}{ending}"), "the file of the page on which participants check in"
    for path in (*_of_facilities(location), *_siblings(location)):
        yield path, "one of the database's files"
        for secret in _named_in(path):
            yield secret, f"a file that {path.name} names"
    if isinstance(location, Location):
        for path in (location.path, Path(os.path.realpath(location.path))):
            yield path, "the database"
            for ending in SIDE_ENDINGS:
                yield path.with_name(f"{path.name}{ending}"), "what SQLite keeps beside the database"


def _encryption_key() -> Path | None:
    """The file that the environment says the encryption key is in."""
    way, _, path = os.environ.get(ENCRYPTION_VARIABLE, "").partition(":")
    if way == "file" and path and "\0" not in path:
        with suppress(TestingTrackerError):
            return at_home(path).absolute()
    return None


def _of_facilities(location: AnyLocation) -> tuple[Path, ...]:
    """The first facility's files, where they are and where they usually are; the others' stand beside them."""
    usual = (location.beside(".delivery.toml"), location.beside(".checkin.toml"))
    return location.delivery_of(1), location.check_in_of(1), *usual


def _siblings(location: AnyLocation) -> Iterator[Path]:
    """The files beside a database that are its own by their names."""
    folders = {path.parent for path in (location.beside(""), *_of_facilities(location))}
    for folder in folders:
        with suppress(OSError):
            here = thing_at(folder)
            yield from (path for path in folder.iterdir() if _is_beside(path.name, here, location))


def _is_beside(name: str, folder: Thing | None, location: AnyLocation) -> bool:
    """Whether a file's name and folder say that it is one of several: an upgrade's copy, or another facility's file."""
    upgrade = location.beside(".schema-")
    begins = [(upgrade, upgrade.name, "")]
    begins += [(one, f"{one.stem}.facility-", one.suffix) for one in _of_facilities(location)]
    return any(
        name.startswith(start) and name.endswith(end) and _is_folder_of(folder, one) for one, start, end in begins
    )


def _named_in(file: Path) -> Iterator[Path]:
    """The secrets that a facility's file names; one that cannot be read names none."""
    try:
        document = read_toml(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return
    for section, key in _SECRETS:
        values = document.get(section)
        value = values.get(key) if isinstance(values, dict) else None
        if isinstance(value, str) and value and "\0" not in value:
            with suppress(TestingTrackerError):
                yield file.parent / at_home(value)


def _held(place: PlaceForFile, location: AnyLocation, output: Output) -> str | None:
    """What a file holds that is not to be lost to such an output."""
    try:
        beginning = place.beginning(len(HEADING))
        if beginning == HEADING.encode():
            is_earlier_copy = output is Output.KEY_COPY and location.key.holds_all_of(place.beginning(MOST_OF_A_KEY))
            return None if is_earlier_copy else "holds keys of draws"
    except OSError:
        return "cannot be read, so what it holds cannot be told"
    if beginning.startswith(ENCRYPTION_HEADING.partition("\n")[0].encode()):
        return "holds an encryption key"
    if _WITNESS.match(beginning):
        return "holds witness lines of nights"
    if not beginning.startswith((*DATABASE_BEGINNINGS, _DUMP)):
        return None
    if output is not Output.COPY:
        return "is a database, or a copy of one"
    return "is a database in use, with its key beside it" if KEY_ENDING in place.beside else None


def _is_place_of(place: PlaceForFile, path: Path) -> bool:
    return os.path.normcase(place.path.name) == os.path.normcase(path.name) and _is_folder_of(place.folder, path)


def _is_folder_of(folder: Thing | None, path: Path) -> bool:
    return folder is not None and folder.is_same(thing_at(path.parent))
