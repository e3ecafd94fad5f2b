"""How the screen ends when nobody quits it: by a signal, or because its terminal is gone."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable

_LEAVE_IN = 3.0  # seconds, where the terminal is gone and what writes to it may hang for ever


def hear_of_signals(end: Callable[[int], None]) -> None:
    """Call `end` with the number of a signal that asks to end. Only the main thread hears of them."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            loop.add_signal_handler(number, end, number)


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
