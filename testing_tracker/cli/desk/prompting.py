"""A line that is typed at a terminal, and what is said of one that is refused."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.desk.command_words import as_called
from testing_tracker.cli.desk.desk import TRAINING, Desk
from testing_tracker.cli.desk.idle import IdleClock, IdleError, idle_minutes
from testing_tracker.cli.desk.shown import behind
from testing_tracker.cli.desk.terminal import in_its_lines
from testing_tracker.rules.exchange.visible import in_one_line

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.completion import Completer

_LINES_OF_A_MENU = 4
_LOOK_EVERY = 5.0  # seconds, because a machine that slept has not counted them


def prompt(question: Callable[[], str], completer: "Completer | None" = None) -> Callable[[], str]:
    """Asks for a line that can be edited. The library is loaded only where somebody types.

    Lines of before are not offered: they are another participant's. Asking ends by IdleError where nobody has touched
    a key for too long; what a scanner types are keys.
    """
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import DummyHistory
    from prompt_toolkit.output import create_output

    session: PromptSession[str] = PromptSession(
        completer=completer,
        history=DummyHistory(),
        output=create_output(behind(sys.stdout if sys.stdout.isatty() else sys.stderr)),
        reserve_space_for_menu=_LINES_OF_A_MENU if completer is not None else 0,
    )

    idle = IdleClock(idle_minutes())
    session.app.key_processor.before_key_press.add_handler(idle.touch)

    def ask() -> str:
        asked = in_one_line(question())
        end = asked[len(asked.rstrip()) :]
        idle.touch()
        return session.prompt(in_its_lines(asked.rstrip()) + end, pre_run=lambda: _end_when_idle(session.app, idle))

    return ask


def _end_when_idle(app: "Application[str]", idle: IdleClock) -> None:
    """Watch a prompt that runs, until it is answered or nobody has touched it for too long."""
    import asyncio

    async def watch() -> None:
        while (left := idle.left) is not None and left > 0:
            await asyncio.sleep(min(left, _LOOK_EVERY))
        if left is not None and app.future is not None and not app.future.done():
            app.exit(exception=IdleError(idle.minutes))

    app.create_background_task(watch())


def refuse(desk: Desk, message: str) -> None:
    """Say why a line is not taken, on standard error."""
    said = as_called(in_one_line(message))
    click.echo(in_its_lines(f"{said} ({TRAINING})" if desk.training else said, err=True), err=True)
