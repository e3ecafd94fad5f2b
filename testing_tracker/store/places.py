"""What stands at a place that somebody named for a file, as that person sees it. Imports nothing heavy.

Who names a place and who guards the program's own files need not be the same process; so this is looked up by the one
and judged by the other, in `own_files`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from testing_tracker.store.encryption.beginning import BEGINNING_BYTES, DATABASE_BEGINNINGS

SIDE_ENDINGS = ("-journal", "-wal", "-shm")  # of what SQLite keeps beside a database while it works on it
KEY_ENDING = ".key"


class Thing(NamedTuple):
    """What a file, a folder or anything else is, whatever it is called: its device and inode, and its mode."""

    device: int
    inode: int
    mode: int

    def is_same(self, other: "Thing | None") -> bool:
        """Whether two names lead to one thing."""
        return other is not None and (self.device, self.inode) == (other.device, other.inode)


@dataclass(frozen=True)
class PlaceForFile:
    """A place for a file: `itself` is what stands there, `behind` is where that leads if it is a link.

    `beside` are the endings, of SQLite's files and of a key, with which there is something of the same name beside it;
    `is_an_act` says that SQLite would take it for an unfinished act of a database beside it. `beginning` reads at most
    so many bytes of what stands there; it raises OSError.
    """

    path: Path
    itself: Thing | None
    behind: Thing | None
    folder: Thing | None
    beside: frozenset[str]
    is_an_act: bool
    beginning: Callable[[int], bytes]

    def is_same(self, other: "PlaceForFile") -> bool:
        """Whether the same thing stands at both."""
        return self.behind is not None and self.behind.is_same(other.behind)


@dataclass(frozen=True)
class FileMade:
    """A file on its way: `file` is written to, and `put` gives it its name; until the end that can be taken back."""

    file: IO[bytes]
    put: Callable[[], None]


def look(path: Path) -> PlaceForFile:
    """What this process sees at a path; of what it may not see, nothing."""
    endings = (*SIDE_ENDINGS, KEY_ENDING)
    return PlaceForFile(
        path,
        itself=thing_at(path, follow=False),
        behind=thing_at(path),
        folder=thing_at(path.parent),
        beside=frozenset(one for one in endings if path.name and thing_at(path.with_name(f"{path.name}{one}"))),
        is_an_act=any(_is_database(base) for base in bases_of(path)),
        beginning=partial(_beginning, path),
    )


def thing_at(path: Path, *, follow: bool = True) -> Thing | None:
    """What stands at a path, None for nothing that can be seen."""
    try:
        about = os.stat(path, follow_symlinks=follow)
    except (OSError, ValueError):  # a path with a NUL
        return None
    return Thing(about.st_dev, about.st_ino, about.st_mode)


def bases_of(path: Path) -> list[Path]:
    """The databases, if they are any, of which a path's name would say that it is an unfinished act."""
    return [
        path.with_name(path.name.removesuffix(ending))
        for ending in SIDE_ENDINGS
        if path.name.endswith(ending) and path.name != ending
    ]


def _is_database(base: Path) -> bool:
    try:
        return base.is_file() and _beginning(base, BEGINNING_BYTES).startswith(DATABASE_BEGINNINGS)
    except OSError:
        return False


def _beginning(path: Path, most: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(most)
