"""The way to the page's file: here, or by a command such as ssh on the page's own machine.

From here nothing but the day's answers goes there. What comes back is read as what somebody else has written.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import ceil

from testing_tracker.errors import TestingTrackerError
from testing_tracker.serving.commands import answered
from testing_tracker.web import filling, seen
from testing_tracker.web.file import PageFile
from testing_tracker.web.filling import PageContents
from testing_tracker.web.seen import PageSeen

SECONDS_FOR_A_COMMAND = 30.0
_PROGRAM = "testing-tracker"


@contextmanager
def complaints_of_the_file() -> Iterator[None]:
    """What keeps the page's file from being used, as a TestingTrackerError."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        if "place.path" in str(error):
            raise TestingTrackerError(
                "Two facilities have the same address on the page. Give each a word of its own, as path in [page] of "
                "its check-in file. The page is as it was."
            ) from None
        raise TestingTrackerError(f"The page's file does not take what it is given: {error}.") from None
    except sqlite3.Error as error:
        raise TestingTrackerError(f"The page's file cannot be used: {error}.") from None
    except OSError as error:
        raise TestingTrackerError(f"The page's file cannot be used: {error.strerror or 'no answer in time'}.") from None


class PageHere:
    """A page whose file is on this machine."""

    def __init__(self, file: PageFile, now: Callable[[], datetime]) -> None:
        self._file = file
        self._now = now
        self.last_file = file.identity

    def seen(self, after: int | None, back: timedelta) -> PageSeen:
        """The visits after one, none without one, and the minutes of a time before now."""
        with complaints_of_the_file():
            return seen.seen_in(self._file, after, self._now(), back)

    def fill(self, contents: PageContents) -> None:
        """Have the page say what the contents say."""
        with complaints_of_the_file():
            self._file.fill(contents)

    def clocks_apart(self, told: PageSeen) -> timedelta:
        """By how much the page's clock and this one differ: it is the same one, unless it was put back."""
        ahead = max(told.beats, default=0) * 60 - self._now().timestamp()
        return timedelta(seconds=max(ahead, 0.0))


class PageOver:
    """A page on another machine, which a command runs the program on."""

    def __init__(self, over: Sequence[str], notes: PageFile, now: Callable[[], datetime]) -> None:
        self._over = over
        self._notes = notes
        self._now = now
        self._apart = timedelta(0)
        self.last_file = notes.about("far file") or ""

    def seen(self, after: int, back: timedelta) -> PageSeen:
        """The visits after one, and the minutes of a time before now.

        Raises TestingTrackerError where the other machine does not answer.
        """
        hours = str(ceil(back / timedelta(hours=1)))
        before = self._now()
        said = self._ask("", "web", "visits", "--after", str(after), "--hours", hours)
        told, between = seen.from_json(said), before + (self._now() - before) / 2
        self._apart = told.now - between
        if told.file != self.last_file:
            with complaints_of_the_file():
                self._notes.note("far file", told.file)
            self.last_file = told.file
        return told

    def fill(self, contents: PageContents) -> None:
        """Have the page say what the contents say."""
        self._ask(filling.to_json(contents), "web", "load")

    def clocks_apart(self, _told: PageSeen) -> timedelta:
        """By how much the page's clock is ahead of this one, as of the last time that it was asked."""
        return self._apart

    def _ask(self, given: str, *words: str) -> bytes:
        said, error = answered((*self._over, _PROGRAM, *words), given, SECONDS_FOR_A_COMMAND)
        if error is not None:
            raise TestingTrackerError(f"The page's machine does not answer: {error}.")
        return said


AnyLink = PageHere | PageOver
