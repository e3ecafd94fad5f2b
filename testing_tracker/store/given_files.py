"""The one door for files that somebody gives to be read: a plain file of a size that a person would give.

A pipe that nobody writes to would keep a command waiting for ever, and a device has no end.
"""

import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testing_tracker.rules.exchange.toml_file import FacilityFile

MOST_OF_TOML = 4 * 262_144  # bytes; the most characters that `toml_text` takes, in the longest encoding
MOST_OF_JSON = 8_000_000
MOST_OF_A_KEY = 1_000_000
MOST_OF_CSV = 50_000_000


def content_of(file: Path, most: int, *, may_be_a_pipe: bool = False) -> bytes:
    """All of a file, which may have so many bytes. Raises OSError, whose `strerror` says in words what is wrong."""
    return content_in(opened(file, waits=may_be_a_pipe), most, str(file), may_be_a_pipe=may_be_a_pipe)


def opened(file: Path, *, waits: bool) -> int:
    """The descriptor of a file to be read; a pipe is only waited for if that is said. Raises OSError."""
    without_waiting = 0 if waits else getattr(os, "O_NONBLOCK", 0)
    try:
        return os.open(file, os.O_RDONLY | without_waiting | getattr(os, "O_BINARY", 0))
    except ValueError:  # a path with a NUL
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), str(file)) from None


def content_in(descriptor: int, most: int, name: str, *, may_be_a_pipe: bool = False) -> bytes:
    """All of what is open under a descriptor, which is closed then. Raises OSError as `content_of` does."""
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(kind) or not (stat.S_ISREG(kind) or may_be_a_pipe):
        os.close(descriptor)
        if stat.S_ISDIR(kind):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        raise OSError(errno.EINVAL, "it is not a plain file", name)
    with open(descriptor, "rb") as file:
        return _bounded(file.read(most + 1), most, name)


def piped_content(most: int) -> bytes:
    """All of standard input, which may have so many bytes. Raises OSError as `content_of` does."""
    return _bounded(sys.stdin.buffer.read(most + 1) if sys.stdin is not None else b"", most, "-")


def _bounded(content: bytes, most: int, name: str) -> bytes:
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // 1_000_000} MB", name)
    return content


def read_facility_file(file: Path, content: Callable[[Path, int], bytes] = content_of) -> "FacilityFile":
    """What stands in the file, which `content` reads. Raises FacilityFileError where it cannot be read."""
    from testing_tracker.rules.exchange.toml_file import FacilityFile, FacilityFileError  # a client opens files only

    try:
        return FacilityFile(content(file, MOST_OF_TOML).decode(), str(file))
    except UnicodeDecodeError:
        raise FacilityFileError(str(file), ["not a text file in UTF-8; save it as one"]) from None
    except OSError as error:
        raise FacilityFileError(str(file), [f"cannot be read: {error.strerror}"]) from None
