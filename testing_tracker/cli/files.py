"""Writes files that only their owner may read, whole or not at all."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TextIO

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.whole_files import whole_file


@contextmanager
def private_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that only its owner may read; whatever goes wrong, it is there whole or as it was before.

    Raises TestingTrackerError where none can be written.
    """
    target = path.resolve()  # a link goes on pointing where it does
    if target.exists() and not target.is_file():
        raise TestingTrackerError(f"{path} is not a file. Nothing was changed.")
    try:
        with whole_file(target, overwrite=True) as made, open(made, "wb") as file:
            yield file
    except OSError as error:
        raise TestingTrackerError(f"Cannot write {path}: {error.strerror}. The file is as it was.") from None


@contextmanager
def spooled(parts: Iterable[bytes]) -> Iterator[IO[bytes]]:
    """The parts in a temporary file that only its owner may read, to be read from the start; it goes afterwards.

    Raises TestingTrackerError where none can be written.
    """
    import tempfile

    with ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile())
            file.writelines(parts)
            file.seek(0)
        except OSError as error:
            raise TestingTrackerError(f"Cannot write a temporary file: {error.strerror}.") from None
        yield file


def write_bytes(path: Path, content: bytes) -> None:
    """Write such a file. Raises TestingTrackerError where none can be written."""
    with private_file(path) as file:
        file.write(content)


def write_whole(path: Path, write: Callable[[TextIO], None]) -> None:
    """Let `write` fill such a file with text in UTF-8. Raises TestingTrackerError where none can be written."""
    with private_file(path) as file:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        write(text)
        text.flush()
        text.detach()
