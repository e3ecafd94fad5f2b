"""Automatic logoff: what waits at a terminal closes by itself where nobody has touched it for a while.

45 CFR 164.312(a)(2)(iii) asks for a time after which an electronic session ends; how long is the clinic's to say. Here
it is 15 minutes, and TESTING_TRACKER_IDLE_MINUTES has another number. What was entered is on record by then, and what
was typed and not entered is not. A pipe or a script is nobody who went away; it never closes so.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.cli.desk.desk import Desk

IDLE_VARIABLE = "TESTING_TRACKER_IDLE_MINUTES"
IDLE_MINUTES = 15  # chosen here: longer than between two patients, shorter than lunch
MOST_IDLE_MINUTES = 24 * 60
MINUTE = 60.0  # seconds


class IdleError(TestingTrackerError):
    """Nobody touched what waits at a terminal for so many `minutes`."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"Nobody answered for {in_minutes(minutes)}, so nothing was done.")
        self.minutes = minutes


class IdleClock:
    """Runs since the last touch. `minutes` is when it is over; 0 is never.

    A machine that sleeps is one that nobody touches: the time counts where the operating system tells it.
    """

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        self._touched_at = _now()

    def touch(self, *_event: object) -> None:
        """Begin anew: somebody typed, scanned, pasted or moved the mouse."""
        self._touched_at = _now()

    @property
    def left(self) -> float | None:
        """Seconds until it is over, 0 or less when it is; None where that is never."""
        return self._touched_at + self.minutes * MINUTE - _now() if self.minutes else None

    @property
    def is_over(self) -> bool:
        """Whether nobody has touched it for too long."""
        return self.left is not None and self.left <= 0


def idle_minutes() -> int:
    """After how many minutes what waits closes; 0 is never. Raises TestingTrackerError for what is no such number."""
    said = os.environ.get(IDLE_VARIABLE, "").strip()
    if not said:
        return IDLE_MINUTES
    if not (said.isascii() and said.isdigit() and int(said[:9]) <= MOST_IDLE_MINUTES and len(said) < 9):
        raise TestingTrackerError(
            f"{IDLE_VARIABLE} is {said!r}; it takes whole minutes from 1 to {MOST_IDLE_MINUTES}, or 0 for never."
        )
    return int(said)


def in_minutes(minutes: int) -> str:
    """So many minutes, in words."""
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def closed_by_itself(desk: "Desk", minutes: int, again: str) -> str:
    """What is said when something closed by itself: after how long, when by the facility's clock, and how to go on."""
    try:
        with desk.reading() as work:
            at = "" if work.is_pretended else f" at {work.now.astimezone(work.zone):%H:%M}"
    except TestingTrackerError:
        at = ""
    return (
        f"Closed by itself{at}: nobody touched it for {in_minutes(minutes)}. What was entered is on record; `{again}` "
        "goes on."
    )


@contextmanager
def ends_when_idle() -> Iterator[None]:
    """Let a question that waits for a line of a terminal end by IdleError where nobody answers it.

    Only where the operating system has an alarm clock for a process: elsewhere such a question waits.
    """
    minutes = idle_minutes()
    if not (minutes and hasattr(signal, "setitimer")):
        yield
        return

    def end(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise IdleError(minutes)

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, minutes * MINUTE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _now() -> float:
    """Seconds that pass also while the machine sleeps, where there is such a clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
