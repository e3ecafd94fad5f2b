"""The files that commands read and write: whole or not at all, for their owner alone, by one door."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO, TypeVar

import click

from testing_tracker.cli.desk.opening import HERE, door
from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.given_files import MOST_OF_TOML, content_of
from testing_tracker.store.location import CHECK_IN_VARIABLE, DELIVERY_VARIABLE

if TYPE_CHECKING:
    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.cli.desk.opening import Door
    from testing_tracker.rules.check_in.check_in_file import CheckInSettings
    from testing_tracker.rules.exchange.toml_file import TomlFileError
    from testing_tracker.rules.serving.delivery_file import Deliveries
    from testing_tracker.store.location import AnyLocation
    from testing_tracker.store.places import FileMade, PlaceForFile


_Command = TypeVar("_Command", bound=Callable[..., object])
STANDARD_OUTPUT = Path("-")


class GivenPath(click.Path):
    """The type of every argument that names a file to be read. Whether it can be read is seen when it is opened."""

    def __init__(self, *, allow_dash: bool = False) -> None:
        super().__init__(allow_dash=allow_dash, path_type=Path)

    def convert(
        self, value: "str | os.PathLike[str]", _param: click.Parameter | None, _ctx: click.Context | None
    ) -> Path:
        """The path as it was typed; nothing is looked at, because it may be another process that opens it."""
        return Path(value)


class OutputPath(GivenPath):
    """The type of every argument and option that names a file to be written, or with `-` standard output.

    What may be written to is not told here, where nothing is known of the database.
    """

    def __init__(self) -> None:
        super().__init__(allow_dash=True)


class OutputFolder(click.Path):
    """The type of every option that names a folder to write files to."""

    def __init__(self, *, exists: bool = False) -> None:
        super().__init__(exists=exists, file_okay=False, path_type=Path)

    def convert(
        self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The path as it was typed. Raises BadParameter for what is no folder, or has to be there and is not."""
        place = look_at(Path(value))
        if place.behind is None and self.exists:
            self.fail(f"Directory {os.fspath(value)!r} does not exist.", param, ctx)
        if place.behind is not None and not stat.S_ISDIR(place.behind.mode):
            self.fail(f"Directory {os.fspath(value)!r} is a file.", param, ctx)
        return place.path


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

    def __init__(self, made: "FileMade") -> None:
        self.file = made.file
        self._made = made

    def write_through(self) -> None:
        """Have all of it on the disk, which may be slow, or find out that it does not fit there."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def put(self) -> None:
        """Give the file its name now; should the block around it fail after all, it is taken back."""
        self._made.put()


@contextmanager
def output_file(desk: "Desk", path: Path, *, overwrite: bool, inputs: Iterable[Path] = ()) -> Iterator[Outgoing]:
    """A file that only its owner may read; whatever goes wrong, it is there whole or as it was before.

    Somebody at a terminal is asked before one is replaced without `overwrite`. Raises TestingTrackerError for a place
    that none may be written to, for one of the `inputs` that the command reads, and where none can be written.
    """
    for one in inputs:
        if is_same(one, path):
            raise TestingTrackerError(f"{path} is read by this very command. Nothing was changed; give another place.")
    replaces = overwrite or _is_to_be_replaced(desk, path)
    with _going_to(door(), desk.location, path, overwrite=replaces) as outgoing:
        yield outgoing


def write_file(location: "AnyLocation", path: Path, content: bytes, *, overwrite: bool = True) -> None:
    """Write such a file for what runs by itself, which replaces what it wrote before and asks nobody.

    It is the clinic's file that names its place, and no person at a command line. Raises TestingTrackerError as
    `output_file` does.
    """
    with _going_to(HERE, location, path, overwrite=overwrite) as outgoing:
        outgoing.file.write(content)


@contextmanager
def _going_to(opener: "Door", location: "AnyLocation", path: Path, *, overwrite: bool) -> Iterator[Outgoing]:
    from testing_tracker.store.own_files import Output, check_place

    try:
        check_place(opener.look(path), location, Output.PAPER, overwrite=overwrite)
        with opener.make(path, overwrite=overwrite) as made:
            outgoing = Outgoing(made)
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
    if not _is_watched():
        return False
    place = look_at(path)
    if place.itself is None:
        return False
    from testing_tracker.store.own_files import Output, check_place

    check_place(place, desk.location, Output.PAPER, overwrite=True)
    from testing_tracker.cli.desk.asking import confirmed

    return confirmed(f"There is something at {path} already. Replace it?")


def _is_watched() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def look_at(path: Path) -> "PlaceForFile":
    """What stands at a path that was typed. Raises TestingTrackerError where that cannot be told."""
    try:
        return door().look(path)
    except OSError as error:
        raise TestingTrackerError(f"{path} cannot be looked at: {error.strerror}. Nothing was changed.") from None


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths that were typed lead to the same file."""
    return look_at(one).is_same(look_at(other))


def in_full(path: Path) -> Path:
    """A path that was typed from the root on, `~` being the person's home. Raises TestingTrackerError where none is."""
    try:
        return door().in_full(path)
    except OSError as error:
        raise TestingTrackerError(f"{path} cannot be found: {error.strerror}. Nothing was changed.") from None


@contextmanager
def spooled(parts: Iterable[bytes]) -> Iterator[IO[bytes]]:
    """The parts in a temporary file that only its owner may read, to be read from the start; it goes afterwards.

    Raises TestingTrackerError where none can be written.
    """
    import tempfile

    from testing_tracker.store import sqlite_file

    with ExitStack() as stack:
        try:
            # Nothing of an encrypted database comes to the disk in clear.
            made = BytesIO() if sqlite_file.has_opened_encrypted() else tempfile.TemporaryFile()  # noqa: SIM115
            file: IO[bytes] = stack.enter_context(made)
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
        return door().content(file, MOST_OF_TOML).decode()
    except UnicodeDecodeError:
        raise TestingTrackerError(f"{file} is not a text file in UTF-8.") from None
    except OSError as error:
        raise TestingTrackerError(f"{file} cannot be read: {error.strerror}.") from None


def deliveries_of(location: "AnyLocation", facility_id: int) -> "Deliveries | None":
    """What a facility's delivery file says, None where it has none.

    Raises DeliveryFileError for a file that others can read, that is not there though the environment names it (the
    first facility's), or that says what cannot be.
    """
    from testing_tracker.rules.serving.delivery_file import DeliveryFileError, read_deliveries

    file = location.delivery_of(facility_id)
    is_named = location.delivery_elsewhere is not None and facility_id == 1
    text = _own_text(file, DELIVERY_VARIABLE if is_named else None, DeliveryFileError)
    return None if text is None else read_deliveries(text, str(file), file.parent, _secret_in)


def check_in_settings_of(location: "AnyLocation", facility_id: int) -> "CheckInSettings | None":
    """What a facility's check-in file says, None where it has none. Raises CheckInFileError as `deliveries_of` does."""
    from testing_tracker.rules.check_in.check_in_file import CheckInFileError, read_check_in_file

    file = location.check_in_of(facility_id)
    is_named = location.check_in_elsewhere is not None and facility_id == 1
    text = _own_text(file, CHECK_IN_VARIABLE if is_named else None, CheckInFileError)
    return None if text is None else read_check_in_file(text, str(file), file.parent, _secret_in)


def check_in_configured(location: "AnyLocation", facility_id: int) -> "tuple[CheckInSettings | None, str | None]":
    """What a facility's check-in file says, None where there is no file; and what is wrong with it."""
    try:
        return check_in_settings_of(location, facility_id), None
    except TestingTrackerError as error:
        return None, str(error)


def _own_text(file: Path, variable: str | None, refused: "type[TomlFileError]") -> str | None:
    """The text of a file that may name secrets, None where there is none and no `variable` of the environment names it.

    Raises `refused` saying what is wrong with it.
    """
    if variable is None and not file.exists():
        return None
    try:
        return _private_text(file)
    except FileNotFoundError:
        raise refused(str(file), [f"is not there; put it there, or change {variable}, which names it"]) from None
    except ValueError as error:
        raise refused(str(file), [str(error)]) from None


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
