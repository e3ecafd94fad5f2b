"""The clock that a facility goes by, where its timezone was corrected from a day on.

A day that was decided keeps its zone: its collection window, what was late on it, and the times printed of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo


class FacilityZone(ZoneInfo):
    """A timezone that becomes another one from a day on; `key` is the last one's.

    A local time is of the zone in force on its date. An instant is of the last zone whose first day had begun, by the
    earlier zone's midnight and by its own: so no day ends before its own midnight. A facility that moves east begins
    that one day some hours late, and one that moves west has it some hours longer. Two zones that follow on one another
    are at most 24 hours apart.
    """

    _first: ZoneInfo
    _changes: Sequence[tuple[date, datetime, ZoneInfo]]  # first day, its beginning in UTC, zone

    @classmethod
    def of(cls, first: ZoneInfo, changes: Sequence[tuple[date, ZoneInfo]]) -> Self:
        """The zone of a facility that began in one, and changed it from days on, which are in order."""
        found = cls.no_cache(changes[-1][1].key)
        found._first = first
        found._changes = []
        before = first
        for from_on, zone in changes:
            begins = max(datetime.combine(from_on, time(), one).astimezone(UTC) for one in (before, zone))
            found._changes.append((from_on, begins, zone))
            before = zone
        return found

    def on(self, day: date) -> ZoneInfo:
        """The zone in force on a day."""
        return next((zone for from_on, _, zone in reversed(self._changes) if from_on <= day), self._first)

    def fromutc(self, moment: datetime) -> datetime:
        instant = moment.replace(tzinfo=UTC)
        zone = next((zone for _, begins, zone in reversed(self._changes) if begins <= instant), self._first)
        return instant.astimezone(zone)

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return _of_its_day(self, moment, "utcoffset")

    def dst(self, moment: datetime | None) -> timedelta | None:
        return _of_its_day(self, moment, "dst")

    def tzname(self, moment: datetime | None) -> str | None:
        return None if moment is None else self.on(moment.date()).tzname(moment)


def _of_its_day(zone: FacilityZone, moment: datetime | None, what: str) -> timedelta | None:
    if moment is None:
        return None
    found: timedelta | None = getattr(zone.on(moment.date()), what)(moment)
    return found


def zone_on(zone: tzinfo, day: date) -> ZoneInfo:
    """The zone in force on a day, of a facility's zone that may have changed."""
    if isinstance(zone, FacilityZone):
        return zone.on(day)
    assert isinstance(zone, ZoneInfo)
    return zone


@dataclass(frozen=True)
class Timezones:
    """The names of a facility's timezones: the one that it began in, and those from a day on, in the days' order."""

    first: str
    changes: tuple[tuple[date, str], ...] = ()


def zone_of(timezones: Timezones) -> ZoneInfo:
    """The zone of a facility, for every day and instant.

    Raises ZoneInfoNotFoundError (or ValueError or OSError) for a name that this machine does not know.
    """
    first = ZoneInfo(timezones.first)
    if not timezones.changes:
        return first
    return FacilityZone.of(first, [(from_on, ZoneInfo(name)) for from_on, name in timezones.changes])
