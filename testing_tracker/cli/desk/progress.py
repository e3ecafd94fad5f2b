"""A progress bar on standard error for what takes longer than a second, if a person is looking at it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

SECONDS_WITHOUT_PROGRESS = 1.0


@contextmanager
def progress(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """What to call with each part of the total that is done."""
    if not _is_watched():
        yield lambda _: None
        return
    from time import monotonic

    began = monotonic()
    done = 0
    draw: Callable[[int], None] | None = None
    with ExitStack() as stack:

        def advance(part: int) -> None:
            nonlocal done, draw
            done += part
            if draw is None and monotonic() - began >= SECONDS_WITHOUT_PROGRESS:
                draw = stack.enter_context(_bar(doing, total))
            if draw is not None:
                draw(done)

        yield advance


@contextmanager
def _bar(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    from testing_tracker.cli.desk.shown import behind

    with Progress(console=Console(file=behind(sys.stderr)), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done: bar.update(task, completed=done)


def _is_watched() -> bool:
    return sys.stderr.isatty()
