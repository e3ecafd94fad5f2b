"""Makes a file that only its owner may read, whole or not at all. Imports nothing heavy.

What is not finished yet lies in a folder of its own beside the file's place. Its process holds a lock on that folder,
so whoever comes next can tell what a killed one left from what another one is at, and tidies it.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED = ".testing-tracker-unfinished-"  # how the name of such a folder begins


class Unfinished:
    """A file that is being made: `path` is where it is until it has its name."""

    def __init__(self, folder: Path, target: Path, *, overwrite: bool) -> None:
        self.path = folder / "made"
        self.is_in_place = False
        self._replaces = False
        self._earlier = folder / "earlier"
        self._target = target
        self._overwrite = overwrite
        os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    def put(self) -> None:
        """Give the file its name, unless it has it; whoever does it before the end can still fail, and take it back.

        Raises FileExistsError where something has come to stand there that is not to be overwritten.
        """
        if self.is_in_place:
            return
        _to_disk(self.path)
        self._about = os.stat(self.path)
        if self._overwrite:
            self._replaces = os.path.lexists(self._target)
            if self._replaces and not stat.S_ISREG(os.lstat(self._target).st_mode):
                raise FileExistsError(f"{self._target} has become something that no file may replace")
            with suppress(OSError):  # what a disk without links had there cannot be brought back
                os.link(self._target, self._earlier, follow_symlinks=False)
            os.replace(self.path, self._target)
        else:
            _put(self.path, self._target)
        self.is_in_place = True
        with suppress(OSError):  # some systems cannot write a folder's entries through; the file itself is safe
            _to_disk(self._target.parent)

    def take_back(self) -> None:
        """Have what stood there before be there again, after all, unless somebody has replaced the file since."""
        if not self.is_in_place or not os.path.samestat(os.lstat(self._target), self._about):
            return
        if self._earlier.exists():
            os.replace(self._earlier, self._target)
        elif not self._replaces:
            self._target.unlink()
        self.is_in_place = False


@contextmanager
def whole_file(target: Path, *, overwrite: bool = False) -> Iterator[Unfinished]:
    """An empty file for its owner alone: it becomes `target` when the block ends, if not before, or it is gone.

    What a killed process left in the target's folder is tidied first. Raises FileExistsError where something stands at
    `target`, unless that is to be overwritten; OSError where no file can be made.
    """
    if not overwrite and os.path.lexists(target):
        raise FileExistsError(f"{target} exists")
    with private_folder(target.parent) as folder:
        made = Unfinished(folder, target, overwrite=overwrite)
        try:
            yield made
            made.put()
        except BaseException:
            with suppress(OSError):
                made.take_back()
            raise


def tidy(parent: Path) -> None:
    """Remove what killed processes of this account left unfinished in a folder; what cannot be told stays."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in [one for one in entries if one.name.startswith(UNFINISHED)]:
            with suppress(OSError):
                _tidy_one(entry)


def _tidy_one(entry: "os.DirEntry[str]") -> None:
    about = entry.stat(follow_symlinks=False)
    lock = _locked(Path(entry.path), wait=False) if stat.S_ISDIR(about.st_mode) else None
    if lock is None:
        return
    try:
        if about.st_uid == os.geteuid():
            _remove(Path(entry.path))
    finally:
        os.close(lock)


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """A new folder that only its owner may enter, and that nobody tidies meanwhile; it is gone afterwards.

    What killed processes left of such folders beside it is tidied first.
    """
    import tempfile

    tidy(parent)

    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=UNFINISHED))
        lock = _locked(folder, wait=True)
        if lock is None or _is_there(folder, lock):
            break
        os.close(lock)  # somebody tidied it before it was locked
    try:
        yield folder
    finally:
        _remove(folder)
        if lock is not None:
            os.close(lock)


def _locked(folder: Path, *, wait: bool) -> int | None:
    """A lock that goes with its process; None where another process has it, and where there are no such locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _is_there(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(folder), os.fstat(descriptor))
    except OSError:
        return False


def _remove(folder: Path) -> None:
    """Remove such a folder, which holds files, and folders like it."""
    with suppress(FileNotFoundError):
        for name in os.listdir(folder):
            if name.startswith(UNFINISHED):
                _remove(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _put(made: Path, target: Path) -> None:
    """Give the file its name, unless somebody else took that in the meantime."""
    try:
        os.link(made, target)
    except FileExistsError:
        raise
    except OSError:  # a disk without links, such as a memory stick
        if os.path.lexists(target):
            raise FileExistsError(f"{target} exists") from None
        os.rename(made, target)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
