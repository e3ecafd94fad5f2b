"""How the screen ends when nobody quits it: by a signal, because its terminal is gone, or because nobody is there."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable

from textual import events
from textual.app import App

from testing_tracker.cli.desk.idle import IdleClock
from testing_tracker.errors import TestingTrackerError

_LEAVE_IN = 3.0  # seconds, where the terminal is gone and what writes to it may hang for ever


def hear_of_signals(end: Callable[[int], None], go_on: Callable[[], object]) -> None:
    """Call `end` with the number of a signal that asks to end, and `go_on` when a stopped process goes on.

    Only the main thread hears of them. The library would read the keys twice after a stop that it did not see, and
    never end.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            loop.add_signal_handler(number, end, number)
    if hasattr(signal, "SIGCONT"):
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        loop.add_signal_handler(signal.SIGCONT, go_on)


def leave_by_force_after_a_while(status: int) -> None:
    """End the process in any case. A transaction that is open then has recorded nothing."""
    forced = threading.Timer(_LEAVE_IN, os._exit, (status,))
    forced.daemon = True
    forced.start()


def has_terminal() -> bool:
    """Whether the terminal is still there."""
    try:
        return sys.__stdin__ is not None and os.isatty(sys.__stdin__.fileno())
    except (OSError, ValueError):
        return False


class EndsInALine(App[None]):
    """A screen of which nothing stays on the terminal. `failed` is what it ended of, and `signalled` the number of the
    signal that ended it."""

    failed: Exception | None = None
    signalled = 0

    def __init__(self, idle: IdleClock) -> None:
        super().__init__(ansi_color=True)
        self.idle = idle

    async def on_event(self, event: events.Event) -> None:
        """Whatever a person or a scanner does comes this way first, whatever stands over the board."""
        if isinstance(event, events.InputEvent | events.Paste):
            self.idle.touch()
        await super().on_event(event)

    def leave_where_nobody_is(self) -> None:
        """Leave where nobody has touched it for too long, whatever is asked over the board."""
        if self.idle.is_over:
            self.exit()

    def fail(self, error: Exception) -> None:
        """End of what no command ends of."""
        self.failed = self.failed or error
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """End in a line: what the library would print has the values of variables in it, and codes are among them."""
        if self.is_headless:
            super()._handle_exception(error)
        self.failed = self.failed or error
        self._close_messages_no_wait()

    def panic(self, *_renderables: object) -> None:
        """End in a line, as above: what reads the keys could not."""
        self.failed = self.failed or TestingTrackerError(
            "The terminal sent what is no text in UTF-8, or is gone; the screen is closed. What was said to be "
            "recorded is on record."
        )
        self._close_messages_no_wait()

    def end(self, number: int) -> None:
        """A signal, or the terminal is gone: leave, and by force where that hangs; nothing is half recorded."""
        if not self.signalled:
            self.signalled = int(number)
            leave_by_force_after_a_while(128 + self.signalled)
            self.exit()
