"""The one door to the clock.

Everything else takes the moment as an argument. Instants are aware and in UTC; days are the facility's own local
dates. A training database may pretend that it is another day; then it is noon there, whenever somebody practises.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from time import monotonic
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.rules.calendar import Timezones


@dataclass(frozen=True)
class Clock:
    """The time as a facility sees it: its zone, and the day a training database pretends it is, if any."""

    zone: ZoneInfo
    pretended_day: date | None = None

    def now(self) -> datetime:
        """The present instant in UTC."""
        if self.pretended_day is not None:
            return datetime.combine(self.pretended_day, time(12), self.zone).astimezone(UTC)
        return datetime.now(UTC)

    def today(self) -> date:
        """The facility's local date."""
        return self.pretended_day or self.now().astimezone(self.zone).date()

    def stopwatch(self) -> Callable[[], float]:
        """Tells the seconds since now, whatever is done to the clock; on a pretended day time stands still."""
        if self.pretended_day is not None:
            return lambda: 0.0
        begun = monotonic()
        return lambda: monotonic() - begun


ClockOf = Callable[["Timezones"], Clock]  # makes the clock of a facility


def machine_zone() -> ZoneInfo:
    """The machine's own timezone. Raises TestingTrackerError where its settings name none that there is."""
    import tzlocal

    try:
        return tzlocal.get_localzone()
    except (LookupError, ValueError, OSError):
        raise TestingTrackerError(
            "This machine's timezone cannot be read. Set TZ to a name such as America/Los_Angeles, or leave it out."
        ) from None
