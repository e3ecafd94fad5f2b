"""Makes a file that only its owner may read, whole or not at all. Imports nothing heavy."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_file(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """An empty file beside `target`, for its owner alone: it becomes `target` when the block ends, or it is gone.

    Raises FileExistsError where something stands at `target`, unless that is to be overwritten; OSError where no file
    can be made.
    """
    import tempfile

    if not overwrite and os.path.lexists(target):
        raise FileExistsError(f"{target} exists")
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(descriptor)
    made = Path(name)
    try:
        yield made
        _to_disk(made)
        if overwrite:
            os.replace(made, target)
        else:
            _put(made, target)
        with suppress(OSError):  # some systems cannot write a folder's entries through; the file itself is safe
            _to_disk(target.parent)
    finally:
        made.unlink(missing_ok=True)


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
