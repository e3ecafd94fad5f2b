"""`today --watch`: the board stays on the screen, follows the records, and keys act on its lines."""

import os
import sys
import threading

import click

from testing_tracker.cli.desk.desk import Desk, say
from testing_tracker.cli.desk.idle import IdleClock, closed_by_itself, idle_minutes
from testing_tracker.cli.desk.pasting import given_before, typed
from testing_tracker.cli.desk.terminal import is_coloured
from testing_tracker.errors import TestingTrackerError

_LIBRARYS_OWN = "TEXTUAL"  # how the variables begin by which the library writes logs, and lets others look in


def stay(desk: Desk) -> None:
    """Show the board until it is left. Raises TestingTrackerError where there is no terminal, and for what it ended of.

    The library is loaded here. What it was told by the environment is forgotten: a log would have codes in it.
    """
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    if os.environ.get("TERM") == "dumb" or not all(stream is not None and stream.isatty() for stream in streams):
        raise TestingTrackerError(
            "`today --watch` needs a terminal that it can draw on. `testing-tracker today` shows the board once, and "
            "`testing-tracker today --plain` a fact a line."
        )
    for name in [name for name in os.environ if name.startswith(_LIBRARYS_OWN)]:
        del os.environ[name]
    if not is_coloured(sys.stdout):
        os.environ["NO_COLOR"] = "1"  # as the library reads it
    else:
        os.environ.pop("NO_COLOR", None)
    threading.excepthook = lambda _: None  # the library writes in a thread; where the terminal is gone nobody reads it

    from testing_tracker.cli.watch.records import Records
    from testing_tracker.cli.watch.screen import DayScreen

    records, idle = Records(desk), IdleClock(idle_minutes())
    first = records.read()
    screen = DayScreen(records, first, given_before(desk), idle)
    try:
        screen.run()
    finally:
        screen.background.stop()
        records.close()
    if screen.failed is not None:
        raise screen.failed
    if screen.signalled:
        click.get_current_context().exit(128 + screen.signalled)
    say(desk, screen.tally)
    if idle.is_over:
        say(desk, closed_by_itself(desk, idle.minutes, typed((*given_before(desk), "today", "--watch"))))
