"""The files that commands read and write: whole or not at all, for their owner alone, by one door."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO, TypeVar

import click

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.given_files import MOST_OF_TOML, content_of
from testing_tracker.store.location import DELIVERY_VARIABLE

if TYPE_CHECKING:
    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.rules.serving.delivery_file import Deliveries
    from testing_tracker.store.location import AnyLocation
    from testing_tracker.store.whole_files import Unfinished


_Command = TypeVar("_Command", bound=Callable[..., object])
STANDARD_OUTPUT = Path("-")


class OutputPath(click.Path):
    """The type of every argument and option that names a file to be written, or with `-` standard output.

    What may be written to is not told here, where nothing is known of the database.
    """

    def __init__(self) -> None:
        super().__init__(allow_dash=True, readable=False, path_type=Path)


class OutputFolder(click.Path):
    """The type of every option that names a folder to write files to."""

    def __init__(self, *, exists: bool = False) -> None:
        super().__init__(exists=exists, file_okay=False, path_type=Path)


def output_options(does: str = "Write it to FILE instead.") -> Callable[[_Command], _Command]:
    """`--output FILE` and `--overwrite`, for every command that can write what it prints to a file."""

    def add(command: _Command) -> _Command:
        output = click.option("--output", type=OutputPath(), metavar="FILE", callback=_file_or_none, help=does)
        return output(overwrite_option()(command))

    return add


def overwrite_option(does: str = "Replace what stands at FILE.") -> Callable[[_Command], _Command]:
    """`--overwrite`, without which no file is replaced that stands already."""
    return click.option("--overwrite", is_flag=True, help=does)


def _file_or_none(_ctx: click.Context, _parameter: click.Parameter, given: Path | None) -> Path | None:
    return None if given == STANDARD_OUTPUT else given


class Outgoing:
    """A file on its way: `file` is what is written to."""

    def __init__(self, file: IO[bytes], unfinished: "Unfinished") -> None:
        self.file = file
        self._unfinished = unfinished

    def write_through(self) -> None:
        """Have all of it on the disk, which may be slow, or find out that it does not fit there."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def put(self) -> None:
        """Give the file its name now; should the block around it fail after all, it is taken back."""
        self.file.flush()
        self._unfinished.put()


@contextmanager
def output_file(desk: "Desk", path: Path, *, overwrite: bool, inputs: Iterable[Path] = ()) -> Iterator[Outgoing]:
    """A file that only its owner may read; whatever goes wrong, it is there whole or as it was before.

    Somebody at a terminal is asked before one is replaced without `overwrite`. Raises TestingTrackerError for a place
    that none may be written to, for one of the `inputs` that the command reads, and where none can be written.
    """
    for one in inputs:
        if _is_same(one, path):
            raise TestingTrackerError(f"{path} is read by this very command. Nothing was changed; give another place.")
    with _going_to(desk.location, path, overwrite=overwrite or _is_to_be_replaced(desk, path)) as outgoing:
        yield outgoing


def write_file(location: "AnyLocation", path: Path, content: bytes, *, overwrite: bool = True) -> None:
    """Write such a file for what runs by itself, which replaces what it wrote before and asks nobody.

    Raises TestingTrackerError as `output_file` does.
    """
    with _going_to(location, path, overwrite=overwrite) as outgoing:
        outgoing.file.write(content)


@contextmanager
def _going_to(location: "AnyLocation", path: Path, *, overwrite: bool) -> Iterator[Outgoing]:
    from testing_tracker.store.own_files import Output, check_place
    from testing_tracker.store.whole_files import whole_file

    check_place(path, location, Output.PAPER, overwrite=overwrite)
    try:
        with whole_file(path, overwrite=overwrite) as made, open(made.path, "wb") as file:
            outgoing = Outgoing(file, made)
            yield outgoing
            outgoing.put()
    except FileExistsError:
        raise TestingTrackerError(
            f"There is something at {path} already. Nothing was changed; give another place, or --overwrite."
        ) from None
    except OSError as error:
        raise TestingTrackerError(f"Cannot write {path}: {error.strerror}. The file is as it was.") from None


def _is_to_be_replaced(desk: "Desk", path: Path) -> bool:
    """Whether somebody at a terminal says so of a file that may be replaced."""
    if not (os.path.lexists(path) and _is_watched()):
        return False
    from testing_tracker.store.own_files import Output, check_place

    check_place(path, desk.location, Output.PAPER, overwrite=True)
    return click.confirm(f"There is something at {path} already. Replace it?", err=True)


def _is_watched() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


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


def write_text(file: IO[bytes], write: Callable[[TextIO], None]) -> None:
    """Let `write` fill a file with text in UTF-8."""
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    write(text)
    text.flush()
    text.detach()


def schedule_text(file: Path) -> str:
    """What stands in a schedule file. Raises TestingTrackerError where it cannot be read."""
    try:
        return content_of(file, MOST_OF_TOML).decode()
    except UnicodeDecodeError:
        raise TestingTrackerError(f"{file} is not a text file in UTF-8.") from None
    except OSError as error:
        raise TestingTrackerError(f"{file} cannot be read: {error.strerror}.") from None


def deliveries_of(location: "AnyLocation", facility_id: int) -> "Deliveries | None":
    """What a facility's file says, None where it has none.

    Raises DeliveryFileError for a file that others can read, that is not there though the environment names it (the
    first facility's), or that says what cannot be.
    """
    from testing_tracker.rules.serving.delivery_file import DeliveryFileError, read_deliveries

    file = location.delivery_of(facility_id)
    is_named = location.delivery_elsewhere is not None and facility_id == 1
    if not is_named and not file.exists():
        return None
    try:
        text = _private_text(file)
    except FileNotFoundError:
        problem = f"is not there; put it there, or change {DELIVERY_VARIABLE}, which names it"
        raise DeliveryFileError(str(file), [problem]) from None
    except ValueError as error:
        raise DeliveryFileError(str(file), [str(error)]) from None
    return read_deliveries(text, str(file), file.parent, _secret_in)


def _secret_in(path: Path) -> str:
    try:
        return _private_text(path)
    except FileNotFoundError:
        raise ValueError(f"{path} is not there") from None
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None


def _private_text(path: Path) -> str:
    """The text of a file that only its owner may read. Raises ValueError saying what is wrong with another one."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if os.name == "posix" and mode & 0o077:
            raise ValueError(f"is open to others (mode {mode:o}), and may hold a password; `chmod 600` it")
        return content_of(path, MOST_OF_TOML).decode()
    except FileNotFoundError:
        raise
    except UnicodeDecodeError:
        raise ValueError("is not a text file in UTF-8") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
