"""Appends lines to a file that only ever grows, for its owner alone: nothing in it is written over or cut off."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

MOST = 50_000_000  # bytes; a night's line has less than a hundred


def append_once(file: Path, lines: Sequence[str]) -> None:
    """Append those of some lines that the file does not have, and have the disk keep them before this returns.

    A file that is not there is made. Raises OSError; what was begun of a line then, the next one begins after.
    """
    appending = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(file, appending)
        is_new = False
    except FileNotFoundError:
        descriptor = os.open(file, appending | os.O_CREAT | os.O_EXCL, 0o600)
        is_new = True
    with open(descriptor, "r+b", buffering=0) as kept:
        there = os.fstat(descriptor)
        if not stat.S_ISREG(there.st_mode) or there.st_size > MOST:
            raise OSError(None, "it is not a plain file of lines", str(file))
        content = os.pread(descriptor, MOST, 0)
        known = set(content.split(b"\n"))
        new = [line.encode() for line in dict.fromkeys(lines) if line.encode() not in known]
        begun = b"\n" if content and not content.endswith(b"\n") else b""
        left = begun + b"".join(line + b"\n" for line in new) if new else b""
        while left:
            left = left[kept.write(left) or 0 :]
        os.fsync(descriptor)
    if is_new:
        _sync(file.parent)


def _sync(folder: Path) -> None:
    """Have the disk keep a new file's name too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
