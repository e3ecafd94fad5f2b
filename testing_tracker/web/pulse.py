"""The page's pulse: that it runs, minute by minute, and what it did; so that nobody is missed while it was away."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Lock

from testing_tracker.web.file import Beat, PageFile, minute_of

SECONDS = 10.0
_MOST_MINUTES = 60  # that wait for being written, while the disk is full

TellMinute = Callable[[Beat, list[str]], None]
"""Tells what was done in a minute that is over, and the kinds of what failed."""


class Pulse:
    """What is counted of the requests, and written into the file every few seconds. For any thread."""

    def __init__(
        self, file: PageFile, now: Callable[[], datetime], tell: TellMinute = lambda beat, kinds: None
    ) -> None:
        self._file = file
        self._now = now
        self._tell = tell
        self._lock = Lock()
        self._waiting: dict[int, Beat] = defaultdict(Beat)
        self._minute, self._done, self._kinds = minute_of(now()), Beat(), list[str]()
        self._tidied_at: datetime | None = None

    def count(self, *, busy: bool = False, failed: str | None = None) -> None:
        """A request was answered: `busy` where there was no room for it, `failed` by an error of such a kind."""
        self._add(minute_of(self._now()), Beat(1, int(busy), int(failed is not None)), failed)

    def _add(self, minute: int, more: Beat, failed: str | None = None) -> None:
        with self._lock:
            over, kinds = (self._done, self._kinds) if minute != self._minute else (Beat(), [])
            if minute != self._minute:
                self._minute, self._done, self._kinds = minute, Beat(), []
            self._done = _together(self._done, more)
            self._waiting[minute] = _together(self._waiting[minute], more)
            while len(self._waiting) > _MOST_MINUTES:
                del self._waiting[min(self._waiting)]
            if failed and failed not in self._kinds:
                self._kinds.append(failed)
        if over != Beat():
            self._tell(over, kinds)

    def beat(self) -> None:
        """Write down that the page runs, and what it did. Raises OSError and sqlite3.Error, and then keeps it."""
        now = self._now()
        self._add(minute_of(now), Beat())
        with self._lock:
            waiting, self._waiting = self._waiting, defaultdict(Beat)
        for minute in sorted(waiting):
            try:
                self._file.beat(minute, waiting[minute])
            except BaseException:
                self._keep(waiting)
                raise
            del waiting[minute]
        if self._tidied_at is None or abs(now - self._tidied_at) > timedelta(hours=1):
            self._file.tidy(now)
            self._tidied_at = now

    def run(self, stop: Event) -> None:
        """Beat until it is to stop, and then once more."""
        while not stop.is_set():
            self._beat_or_count()
            stop.wait(SECONDS)
        self._beat_or_count()

    def _beat_or_count(self) -> None:
        """Beat; a minute in which that fails has no beat, and that is what tells of it."""
        try:
            self.beat()
        except Exception as error:
            self._add(minute_of(self._now()), Beat(failed=1), type(error).__name__)

    def _keep(self, waiting: dict[int, Beat]) -> None:
        with self._lock:
            for minute, done in waiting.items():
                self._waiting[minute] = _together(self._waiting[minute], done)


def _together(one: Beat, other: Beat) -> Beat:
    return Beat(one.served + other.served, one.busy + other.busy, one.failed + other.failed)
