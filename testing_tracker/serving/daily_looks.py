"""Has the records verified each day while `serve` stays running, so that this needs no cron.

Each command is a process of its own: however long one takes, no night waits for it.
"""

import logging
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from testing_tracker.serving import events
from testing_tracker.serving.events import Event

LOOK_AT = time(4)  # by the facility's clock: the night is over then, and the clock is put forward or back before
SECONDS_TO_SETTLE = 300.0  # after its start, when there is more to do than that
_SUNDAY = 7


def looks_of(day: date) -> list[tuple[str, ...]]:
    """The commands of a day: what is new, and on Sundays everything; then the database itself."""
    verify = ("verify",) if day.isoweekday() == _SUNDAY else ("verify", "--recent")
    return [verify, ("check", "--recent", "--quiet")]


@dataclass
class DailyLooks:
    """The looks of a process that stays. `begin` starts a command, `local_now` is the facility's time, and `settled`
    tells the seconds since the process began.

    They tell the dead man's switch by themselves. What they find is not told here: it may hold a participant's code.
    """

    begin: Callable[[Sequence[str]], "subprocess.Popen[bytes]"]
    local_now: Callable[[], datetime]
    settled: Callable[[], float]
    _last: date | None = None
    _left: list[tuple[str, ...]] = field(default_factory=list)
    _running: "tuple[tuple[str, ...], subprocess.Popen[bytes]] | None" = None

    def go_on(self) -> None:
        """Begin what is to be looked at now, and tell how what was begun has ended; waits for nothing."""
        if self._running is not None:
            words, process = self._running
            if process.poll() is None:
                return
            self._running = None
            _tell(" ".join(words), process.returncode)
        now = self.local_now()
        if not self._left and now.date() != self._last and now.time() >= LOOK_AT and self._has_settled():
            self._last, self._left = now.date(), looks_of(now.date())
        if self._left:
            words = self._left.pop(0)
            try:
                self._running = words, self.begin(words)
            except OSError as error:
                _tell(" ".join(words), 1, f" ({error.strerror})")

    def end(self) -> None:
        """Have what is running leave; it changes nothing, and is begun anew after the next start."""
        self._left = []
        if self._running is not None:
            self._running[1].terminate()

    def _has_settled(self) -> bool:
        return self.settled() >= SECONDS_TO_SETTLE


def _tell(words: str, status: int, more: str = "") -> None:
    if status == 0:
        events.tell(Event.RECORDS_HOLD, f"{words}: what was looked at holds", command=words)
        return
    said = (
        f"{words}: something does not hold, or could not be looked at{more}; `testing-tracker {words}` says what, and "
        "`testing-tracker verify` all"
    )
    events.tell(Event.RECORDS_DO_NOT_HOLD, said, level=logging.ERROR, command=words, status=status)
