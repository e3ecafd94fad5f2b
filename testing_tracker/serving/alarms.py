"""What the dead man's switches are told of the nights that `serve` makes: each that was made, and what keeps one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from testing_tracker.clock import Clock
from testing_tracker.serving import events
from testing_tracker.serving.events import Event

_AN_HOUR = 3600  # seconds


class OnceAnHour:
    """Of which facilities something was told, so that it is told once an hour and not at every turn."""

    def __init__(self) -> None:
        self._since_told: dict[int, Callable[[], float]] = {}

    def is_to_be_told(self, number: int) -> bool:
        """Whether it was not told in the last hour, by a stopwatch: the clock may be what is wrong."""
        since = self._since_told.get(number)
        if since is not None and since() < _AN_HOUR:
            return False
        self._since_told[number] = Clock(ZoneInfo("UTC")).stopwatch()
        return True

    def is_over(self, number: int) -> bool:
        """What was told is over, and is told at once when it comes again. Returns whether it had been told."""
        return self._since_told.pop(number, None) is not None


@dataclass
class Alarms:
    """The switches of the facilities that are served. `tell` tells a facility's an exit status, and says why it could
    not; `numbers` are the facilities that may have one, where the database cannot be asked.

    A turn is taken every minute: a failure is told once an hour, and once that it is over.
    """

    tell: Callable[[int, int], str | None] = lambda _number, _status: None
    numbers: Callable[[], list[int]] = list
    _failures: OnceAnHour = field(default_factory=OnceAnHour)

    def failed(self, number: int) -> None:
        """A facility's night was not made, or its turn failed."""
        if self._failures.is_to_be_told(number):
            self._tell(number, 1)

    def all_failed(self) -> None:
        """No turn could be taken."""
        for number in self.numbers():
            self.failed(number)

    def night_made(self, number: int) -> None:
        """A facility's night was made."""
        self._failures.is_over(number)
        self._tell(number, 0)

    def is_well(self, number: int) -> None:
        """A facility's night is made and its turn went through: what was told to have failed is over."""
        if self._failures.is_over(number):
            self._tell(number, 0)

    def _tell(self, number: int, status: int) -> None:
        why = self.tell(number, status)
        if why is not None:
            said = f"the dead man's switch was not told: {why}"
            events.tell(Event.ALIVE_NOT_TOLD, said, level=logging.WARNING, facility=number, error=why)
