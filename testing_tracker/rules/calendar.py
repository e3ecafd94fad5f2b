"""Weeks, days and instants of a facility, and the clock it goes by, corrections of its timezone included."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo


class CorrectedZone(ZoneInfo):
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


def _of_its_day(zone: CorrectedZone, moment: datetime | None, what: str) -> timedelta | None:
    if moment is None:
        return None
    found: timedelta | None = getattr(zone.on(moment.date()), what)(moment)
    return found


def zone_on(zone: tzinfo, day: date) -> ZoneInfo:
    """The zone in force on a day, of a facility's zone that may have changed."""
    if isinstance(zone, CorrectedZone):
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
    return CorrectedZone.of(first, [(from_on, ZoneInfo(name)) for from_on, name in timezones.changes])


_WEEKDAYS_IN_WORDS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, order=True)
class Week:
    """An ISO week, written `2026-W47`."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Week":
        """The week that a day lies in."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @classmethod
    def parse(cls, text: str) -> "Week":
        """Read `2026-W47`. Raises ValueError for anything else, also for a week 53 in a year without one."""
        match = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", text)
        if match is None:
            raise ValueError(f"{text!r} is not an ISO week such as 2026-W47")
        week = cls(int(match[1]), int(match[2]))
        try:
            week.sunday  # noqa: B018
        except (ValueError, OverflowError):
            raise ValueError(f"{week.year} has no week {week.number}") from None
        return week

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.monday + timedelta(days=n) for n in range(7))

    def __add__(self, weeks: int) -> "Week":
        return Week.of(self.monday + timedelta(weeks=weeks))

    def __sub__(self, other: "Week") -> int:
        return (self.monday - other.monday).days // 7

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"


def weekday_name(day: date) -> str:
    """`mon` … `sun`."""
    return WEEKDAYS[day.weekday()]


def day_in_words(day: date) -> str:
    """A day with its weekday's name, as in `Tuesday 2026-11-17`."""
    return f"{_WEEKDAYS_IN_WORDS[day.weekday()]} {day}"


def days_between(after: date, before: date) -> list[date]:
    """The days strictly between two days."""
    return [after + timedelta(days=n) for n in range(1, (before - after).days)]


@lru_cache(maxsize=256)
def closed_days(calendar: str | None, year: int) -> frozenset[date]:
    """The public holidays of a country (`US`) or a part of it (`US-CA`) in a year, by the holidays library of today.

    The only place that asks the library. Its next version may say something else of the past, so decisions go by what
    the services recorded of it. Raises ValueError for a calendar that the library does not know.
    """
    if calendar is None:
        return frozenset()
    import holidays

    country, dash, subdivision = calendar.partition("-")
    subdivisions = holidays.list_supported_countries().get(country)
    if subdivisions is None or (dash and subdivision not in subdivisions):
        raise ValueError(
            f"{calendar!r} is not a country or part of one that the holidays library knows; "
            'write a code such as "US", "US-CA" or "DE-BY"'
        )
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


def library_version() -> str:
    """The version of the holidays library that `closed_days` goes by."""
    from importlib.metadata import version

    return version("holidays")


def instant(day: date, local: time, zone: ZoneInfo) -> datetime:
    """The instant in UTC of a local time of day; the first of the two where the clock is put back over it.

    Raises ValueError for a time that the clock skips on that day.
    """
    zone = zone_on(zone, day)
    found = datetime.combine(day, local, zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != datetime.combine(day, local):
        raise ValueError(f"there was no {local:%H:%M} on {day}: the clock was put forward over it")
    return found


def instant_reached(day: date, local: time, zone: ZoneInfo) -> datetime:
    """The instant in UTC at which a zone's clock first shows a local time of day or a later one.

    It is `instant`, and where the clock skips that time, the first instant after the skipped hour: a collection window
    that ends at 02:30 ends at 03:00 on the day on which 02:00 becomes 03:00. A day that a zone skips whole ends as it
    would begin.
    """
    wall = datetime.combine(day, local)
    before = wall.replace(tzinfo=zone).astimezone(UTC)
    if before.astimezone(zone).replace(tzinfo=None) == wall:
        return before
    # Read by what held after, the time is before the clock is put forward; by what held before, it is after that.
    earliest = int(wall.replace(tzinfo=zone, fold=1).timestamp())
    latest = int(before.timestamp())
    while latest - earliest > 1:
        middle = (earliest + latest) // 2
        if datetime.fromtimestamp(middle, zone).replace(tzinfo=None) < wall:
            earliest = middle
        else:
            latest = middle
    return datetime.fromtimestamp(latest, UTC)
