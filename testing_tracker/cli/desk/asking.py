"""Asks a person at a terminal before something is done that is said first, and does it whole.

A script is not asked.
"""

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Any, TypeVar

import click

from testing_tracker.cli.desk.desk import TRAINING, Desk
from testing_tracker.cli.desk.idle import ends_when_idle
from testing_tracker.cli.desk.shown import folded, kept
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.visible import in_one_line

_INDENT = 2
_Command = TypeVar("_Command", bound=Callable[..., object])


def yes_option(command: _Command) -> _Command:
    """`--yes`, for every command that asks at a terminal."""
    return click.option("--yes", is_flag=True, help="Do not ask at a terminal.")(command)


def is_asked(*, yes: bool) -> bool:
    """Whether there is somebody to ask, who has not answered by `--yes`."""
    return not yes and sys.stdin is not None and sys.stdin.isatty()


def confirmed(question: str, *, abort: bool = False, **shown: Any) -> bool:  # noqa: ANN401  as click has them
    """Whether somebody says yes to a question; `abort` ends the command where not.

    The one door for a question that is answered by yes or no. At a terminal it raises IdleError where nobody answers
    for too long; a pipe has its answer in it.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        return click.confirm(question, abort=abort, err=True, **shown)
    with ends_when_idle():
        return click.confirm(question, abort=abort, err=True, **shown)


def agree(desk: Desk, what: object) -> None:
    """Say what will be done, and ask. Raises TestingTrackerError unless somebody agrees."""
    said = in_one_line(f"{TRAINING if desk.training else ''} {desk.whose}{what}.").strip()
    columns = shutil.get_terminal_size().columns - 1
    asked = "\n".join(folded(f"{said} {kept('Right? [y/N]:')}", columns, _INDENT))
    if not confirmed(asked, show_default=False, prompt_suffix=" "):
        raise TestingTrackerError("Nothing was done.")


def typed_unseen(question: str) -> str:
    """What somebody types behind a question, not shown as it is typed; raises IdleError as `confirmed` does."""
    with ends_when_idle() if sys.stdin is not None and sys.stdin.isatty() else nullcontext(), _unseen():
        said: str = click.prompt(question, err=True)
    return said


@contextmanager
def _unseen() -> Iterator[None]:
    """Have a terminal not show what is typed; whose terminal it is, standard input says."""
    try:
        import termios

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
    except (ImportError, OSError, AttributeError, ValueError, termios.error):  # a pipe, or none at all
        yield
        return
    quiet = [*before]
    quiet[3] = before[3] & ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        click.echo(err=True)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait until what is on record is counted and told too, so that no tally is ever one short."""
    came = False

    def remember(_signal: int, _frame: FrameType | None) -> None:
        nonlocal came
        came = True

    try:
        before = signal.signal(signal.SIGINT, remember)
    except ValueError:  # only the main thread hears of signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
        if came:
            raise KeyboardInterrupt
