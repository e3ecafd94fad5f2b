"""The one door by which commands open what a person names: files to read, and places to write to.

A command that runs by itself opens them itself. One that a server does for somebody else opens no path at all: it asks
the person's own process, which opens with the person's rights and hands the open file over. So nobody reads or writes
by the server what he could not without it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.given_files import content_of
from testing_tracker.store.location import at_home

if TYPE_CHECKING:
    from socket import socket

    from testing_tracker.store.places import FileMade, PlaceForFile


class Door(Protocol):
    """A way to what a person named. Each raises OSError, whose `strerror` says in words what is wrong."""

    def content(self, file: Path, most: int, *, may_be_a_pipe: bool = False) -> bytes:
        """All of a file, which may have so many bytes."""

    def look(self, path: Path) -> "PlaceForFile":
        """What stands at a path."""

    def in_full(self, path: Path) -> Path:
        """A path from the root on, `~` and what it is relative to being the person's."""

    def make(self, path: Path, *, overwrite: bool) -> "AbstractContextManager[FileMade]":
        """A file for its owner alone, whole or not at all; FileExistsError where one stands that is to stay."""


class _Here:
    """This process opens by itself."""

    def content(self, file: Path, most: int, *, may_be_a_pipe: bool = False) -> bytes:
        return content_of(file, most, may_be_a_pipe=may_be_a_pipe)

    def look(self, path: Path) -> "PlaceForFile":
        from testing_tracker.store.places import look

        return look(path)

    def in_full(self, path: Path) -> Path:
        return at_home(path).absolute()

    @contextmanager
    def make(self, path: Path, *, overwrite: bool) -> Iterator["FileMade"]:
        from testing_tracker.store.places import FileMade
        from testing_tracker.store.whole_files import whole_file

        with whole_file(path, overwrite=overwrite) as made, open(made.path, "wb") as file:

            def put() -> None:
                file.flush()
                made.put()

            yield FileMade(file, put)


HERE: Door = _Here()
_door: Door = HERE


def ask_through(channel: "socket") -> None:
    """Ask the process at the other end for whatever a person names from now on, rather than open it here."""
    from testing_tracker.serving.their_files import TheirFiles

    global _door
    _door = TheirFiles(channel)


def door() -> Door:
    """The way to what the person named that this process serves."""
    return _door


def is_asking() -> bool:
    """Whether the person is another than this process."""
    return _door is not HERE


def here_only(what: str) -> None:
    """Raise TestingTrackerError for a command that opens files by itself, where a server does it for somebody else."""
    if is_asking():
        raise TestingTrackerError(
            f"`testing-tracker {what}` is not done by the server of a database. Run it without --database unix:PATH."
        )
