"""The one door for files that somebody gives to be read: a plain file of a size that a person would give.

A pipe that nobody writes to would keep a command waiting for ever, and a device has no end.
"""

import errno
import os
import stat
import sys
from pathlib import Path

MOST_OF_TOML = 4 * 262_144  # bytes; the most characters that `toml_text` takes, in the longest encoding
MOST_OF_JSON = 8_000_000
MOST_OF_A_KEY = 1_000_000
MOST_OF_CSV = 50_000_000


def content_of(file: Path, most: int, *, may_be_a_pipe: bool = False) -> bytes:
    """All of a file, which may have so many bytes. Raises OSError, whose `strerror` says in words what is wrong."""
    without_waiting = 0 if may_be_a_pipe else getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(file, os.O_RDONLY | without_waiting | getattr(os, "O_BINARY", 0))
    except ValueError:  # a path with a NUL
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), str(file)) from None
    with open(descriptor, "rb") as opened:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        if not stat.S_ISREG(kind) and not may_be_a_pipe:
            raise OSError(errno.EINVAL, "it is not a plain file", str(file))
        content = opened.read(most + 1)
    return _bounded(content, most, str(file))


def piped_content(most: int) -> bytes:
    """All of standard input, which may have so many bytes. Raises OSError as `content_of` does."""
    return _bounded(sys.stdin.buffer.read(most + 1) if sys.stdin is not None else b"", most, "-")


def _bounded(content: bytes, most: int, name: str) -> bytes:
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // 1_000_000} MB", name)
    return content
