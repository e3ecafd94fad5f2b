"""Which days a facility's decisions take to be closed, as they knew it then: the one door to that question.

The holidays library says what a calendar's closed days are, and its next version may say something else, of the past
too. So the night records what it says before it decides, and what was decided is decided again from that record.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import combinations

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules import calendar
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.schedules.days import ClosedDays, as_known, as_text, closed, from_text
from testing_tracker.rules.schedules.guard_rails import last_day_that_matters
from testing_tracker.rules.schedules.schedule import ClosedRule, TestingRule
from testing_tracker.services.schedules import versions as schedules
from testing_tracker.store.queries import id_of, version_known
from testing_tracker.store.tables import Closure, Facility, HolidayYear, Pool, Schedule, ScheduleVersion
from testing_tracker.store.work import Work

_Years = dict[tuple[str, int], frozenset[date]]
_MOST_DAYS_SUPPOSED = 35  # how far ahead another word of the library is thought of, for a run that kept none


@dataclass(frozen=True)
class KnownDays:
    """What a decision knew of closed days.

    `years` are the public holidays by calendar and year. `kept` is false for a run of a version of the program that
    kept no record of them: then `otherwise` are days of a calendar that are supposed to have been the other way round.
    """

    facility_id: int
    years: _Years
    closures: Sequence[Closure]
    last_version_id: int | None = None
    kept: bool = True
    otherwise: frozenset[tuple[str, date]] = field(default_factory=frozenset)

    def of(self, work: Work, version: ScheduleVersion, rule: TestingRule, day: date) -> ClosedDays:
        """The closed days that matter to a day that this version of a schedule decides, its week's earlier days too.

        Of those the version says that was binding on each.
        """
        monday, last = Week.of(day).monday, max(Week.of(day).sunday, last_day_that_matters(rule.draw, day))
        binding_from = max(monday, min(version.binds_from, day)) if self.kept and version.version > 1 else monday
        days = set(self._said_by(rule.closed, binding_from, last))
        for earlier in _days(monday, binding_from - timedelta(days=1)):
            then = version_known(work.session, version.schedule_id, earlier, up_to=self.last_version_id)
            if then is not None:
                days.update(self._said_by(schedules.rule_of(work, then.text).closed, earlier, earlier))
        looked_at = _days(monday, last) if self.closures else ()
        shut = {one: row for one in looked_at if (row := self.closure_of(one)) is not None}
        late = {(one, row.decided_to) for one, row in shut.items() if row.decided_to and row.decided_to >= monday}
        return closed(frozenset(days | shut.keys()), frozenset(late))

    def closure_of(self, day: date) -> Closure | None:
        """The facility's own word that it is closed on a day, where that is the last one."""
        last = next((row for row in reversed(self.closures) if row.from_on <= day <= row.to_on), None)
        return last if last is not None and last.closed else None

    def _said_by(self, rule: ClosedRule, first: date, last: date) -> Iterator[date]:
        yield from (day for day in rule.days if first <= day <= last)
        if rule.holidays is not None:
            for year in range(first.year, last.year + 1):
                holidays = self.years.get((rule.holidays, year))
                if holidays is None:
                    holidays = _library(rule.holidays, year)
                supposed = {day for name, day in self.otherwise if name == rule.holidays and day.year == year}
                yield from (day for day in holidays ^ supposed if first <= day <= last)


def known_to(session: Session, pool: Pool) -> KnownDays:
    """What a run knew. Of one that kept no record, what was recorded first of each year is the nearest to it."""
    kept = pool.last_holiday_year_id is not None
    rows = _rows(session, pool.facility_id)
    years: _Years = {}
    for row in rows if kept else reversed(rows):
        if not kept or id_of(row) <= (pool.last_holiday_year_id or 0):
            years[row.calendar, row.year] = from_text(row.days)
    closures = [row for row in _closures(session, pool.facility_id) if id_of(row) <= (pool.last_closure_id or 0)]
    return KnownDays(pool.facility_id, years, closures, pool.last_version_id, kept)


def known_now(session: Session, facility_id: int) -> KnownDays:
    """What is known of the past and of the days to come."""
    years = {(row.calendar, row.year): from_text(row.days) for row in _rows(session, facility_id)}
    return KnownDays(facility_id, years, _closures(session, facility_id))


def suppositions(known: KnownDays, rules: Iterable[TestingRule], day: date) -> Iterator[KnownDays]:
    """What a run may have known instead of closed days, where it kept no record of them: one day otherwise, or two.

    Two only within the day's week, as where a holiday is kept on another day.
    """
    if known.kept:
        return
    using = [rule for rule in rules if rule.closed.holidays is not None]
    single: list[tuple[str, date]] = []
    for name in sorted({rule.closed.holidays for rule in using if rule.closed.holidays is not None}):
        last = max(last_day_that_matters(rule.draw, day) for rule in using if rule.closed.holidays == name)
        last = min(max(last, Week.of(day).sunday), day + timedelta(days=_MOST_DAYS_SUPPOSED))
        single += [(name, one) for one in _days(Week.of(day).monday, last)]
    for one in single:
        yield replace(known, otherwise=frozenset({one}))
    this_week = [one for one in single if one[1] <= Week.of(day).sunday]
    for two in combinations(this_week, 2):
        if two[0][0] == two[1][0]:
            yield replace(known, otherwise=frozenset(two))


def supposed_in_words(supposed: KnownDays, day: date) -> str:
    """What has to be supposed of closed days for a run's draws to hold."""
    said = []
    for name, other in sorted(supposed.otherwise):
        holidays = supposed.years.get((name, other.year)) or _library(name, other.year)
        said.append(f"{other} was {'open' if other in holidays else 'closed'} by {name}")
    return (
        f"The draws of {day} hold if {' and '.join(said)}: which days were closed was not recorded then, and the "
        "holidays library says otherwise now."
    )


def record_holidays(work: Work, decided_to: date | None) -> None:
    """Record what the library says of the calendars in use, where it was not on record or is another word now.

    `decided_to` is the last day whose draws were made: what was gone by until then stays. Raises TestingTrackerError
    for a calendar that the library knows no more and of which a year is not on record yet.
    """
    on_record = {(row.calendar, row.year): from_text(row.days) for row in _rows(work.session, work.facility_id)}
    opened_on = work.session.get_one(Facility, work.facility_id).opened_on
    first_year = Week.of(min(opened_on, work.today)).monday.year
    for name, last in _calendars_until(work).items():
        for year in range(first_year, last.year + 1):
            earlier = on_record.get((name, year))
            if earlier is not None and year < work.today.year:
                continue
            kept = as_known(earlier, _library(name, year, earlier), decided_to)
            if kept != earlier:
                work.write(
                    HolidayYear(
                        facility_id=work.facility_id,
                        calendar=name,
                        year=year,
                        days=as_text(kept),
                        library=calendar.library_version(),
                    )
                )
    work.session.flush()


@dataclass(frozen=True)
class CalendarChange:
    """A day to come of which a calendar says something else now than when it was `recorded_at`, by which `library`."""

    calendar: str
    day: date
    is_closed: bool
    recorded_at: datetime
    library: str


def coming_changes(work: Work) -> list[CalendarChange]:
    """The days from today on of which a calendar in use has changed its word since it was first recorded."""
    rows = _rows(work.session, work.facility_id)
    decided_to = schedules.decided_to(work)
    changes = []
    for name in _calendars_until(work):
        for year in sorted({row.year for row in rows if row.calendar == name and row.year >= work.today.year}):
            said = [(row, from_text(row.days)) for row in rows if (row.calendar, row.year) == (name, year)]
            now = as_known(said[-1][1], _library(name, year, said[-1][1]), decided_to)
            for day in sorted(day for day in frozenset().union(now, *(days for _, days in said))):
                other = [row for row, days in said if (day in days) != (day in now)]
                if other and day >= work.today:
                    changes.append(CalendarChange(name, day, day in now, other[-1].recorded_at, other[-1].library))
    return changes


def change_in_words(change: CalendarChange, work: Work) -> str:
    """A change as people read it."""
    now, then = ("closed", "open") if change.is_closed else ("open", "closed")
    on = change.recorded_at.astimezone(work.zone).date()
    return (
        f"{change.calendar}: {change.day} is {now} now, it was {then} when it was recorded on {on} "
        f"(holidays {change.library}, now {calendar.library_version()})"
    )


def _library(name: str, year: int, otherwise: frozenset[date] | None = None) -> frozenset[date]:
    """What the library says today; `otherwise` for a calendar that it knows no more."""
    try:
        return calendar.closed_days(name, year)
    except ValueError as error:
        if otherwise is not None:
            return otherwise
        raise TestingTrackerError(
            f"{error}. A schedule goes by it; load the schedule with another closed.holidays, or install the version "
            "of the holidays library that knew it."
        ) from None


def _calendars_until(work: Work) -> dict[str, date]:
    """The calendars that any version of the facility's schedules goes by, and how far ahead a decision looks today."""
    versions = work.session.exec(
        select(col(ScheduleVersion.text))
        .join(Schedule, col(Schedule.id) == ScheduleVersion.schedule_id)
        .where(Schedule.facility_id == work.facility_id)
        .order_by(col(ScheduleVersion.id))
    )
    until: dict[str, date] = {}
    for text in versions:
        rule = schedules.rule_of(work, text)
        if rule.closed.holidays is not None:
            last = last_day_that_matters(rule.draw, work.today)
            until[rule.closed.holidays] = max(last, until.get(rule.closed.holidays, last))
    return until


def _rows(session: Session, facility_id: int) -> Sequence[HolidayYear]:
    return session.exec(
        select(HolidayYear).where(HolidayYear.facility_id == facility_id).order_by(col(HolidayYear.id))
    ).all()


def _closures(session: Session, facility_id: int) -> Sequence[Closure]:
    return session.exec(select(Closure).where(Closure.facility_id == facility_id).order_by(col(Closure.id))).all()


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
