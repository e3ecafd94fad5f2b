"""The one door to who watches something that takes long: a command with a bar on a terminal, or nobody."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Advance = Callable[[int], None]

_watcher: ContextVar[Callable[[str, int], Advance] | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(begin: Callable[[str, int], Advance]) -> Iterator[None]:
    """Within the block somebody watches: `begin` is told of each step as `begun` is, and gives what is to be called."""
    token = _watcher.set(begin)
    try:
        yield
    finally:
        _watcher.reset(token)


def begun(doing: str, total: int) -> Advance:
    """Tell whoever watches of a step that has so many parts; call what comes back with each part that is done.

    `doing` is what a person reads while it lasts. The step that was begun last is the one that is shown.
    """
    begin = _watcher.get()
    return _nobody if begin is None else begin(doing, total)


def _nobody(_part: int) -> None:
    pass
