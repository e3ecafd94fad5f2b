"""Gathers the weekly compliance report from the database: a facility's week, its gaps, leaves and open questions.

A large facility's lines wait in a `Spool`, so that they do not fill the memory.
"""

import pickle
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from testing_tracker.reports.weekly.check_in import CheckInWeek, check_in_week
from testing_tracker.reports.weekly.findings import Findings, findings_in
from testing_tracker.reports.weekly.open_matters import OpenMatters, standing_in
from testing_tracker.reports.weekly.participants import ParticipantWeek, participants_in
from testing_tracker.reports.weekly.trend import DayDrawn, Trend, trend_in, weekdays_in
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.drawing.no_record import Compared
from testing_tracker.rules.drawing.witness import Witness
from testing_tracker.rules.keeping.owed import last_full_week
from testing_tracker.rules.reporting.tally import Tally
from testing_tracker.rules.schedules.days import fixed_week
from testing_tracker.rules.words import DrawKind
from testing_tracker.services.drawing import held_days, keys, witnesses
from testing_tracker.services.drawing.closures import ClosedOn, closed_between
from testing_tracker.services.keeping.checking import before_printing
from testing_tracker.services.schedules import closed_days, versions
from testing_tracker.store import facilities, sqlite_file
from testing_tracker.store.queries import in_force_id, leave_counts, version_on
from testing_tracker.store.tables import Assignment, AuditEntry, Enrolment, Facility, Leave, Night, Participant
from testing_tracker.store.work import Work

_Row = TypeVar("_Row")
_AT_A_TIME = 500
_IN_MEMORY = 1 << 20


class Spool(Generic[_Row]):
    """Rows that can be gone through again and again; many are in a file that has no name and that nobody else sees.

    `seen` is shown each row as it comes in.
    """

    def __init__(self, rows: Iterable[_Row], seen: Callable[[_Row], object] = lambda row: None) -> None:
        # Nothing of an encrypted database comes to the disk in clear: 0 is never too much for the memory.
        most = 0 if sqlite_file.has_opened_encrypted() else _IN_MEMORY
        self._file = tempfile.SpooledTemporaryFile(max_size=most)  # noqa: SIM115  it lives as long as the rows
        weakref.finalize(self, self._file.close)
        self._count = 0
        page: list[_Row] = []
        for row in rows:
            seen(row)
            self._count += 1
            page.append(row)
            if len(page) == _AT_A_TIME:
                pickle.dump(page, self._file, pickle.HIGHEST_PROTOCOL)
                page = []
        pickle.dump(page, self._file, pickle.HIGHEST_PROTOCOL)
        self._end = self._file.tell()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[_Row]:
        position = 0
        while position < self._end:
            self._file.seek(position)
            page: list[_Row] = pickle.load(self._file)
            position = self._file.tell()
            yield from page


def questions_in(work: Work, week: Week) -> list[Compared]:
    """The days that were held back and lie in the week, of which nobody has said yet what happened."""
    return held_days.unanswered(work, week.monday, week.sunday)


@dataclass(frozen=True)
class Away:
    """A leave that lies in the week at least in part; both days are included."""

    participant: str
    from_on: date
    to_on: date
    reason: str


def leaves_in(work: Work, week: Week) -> list[Away]:
    """The leaves of the week, by code."""
    rows = work.session.exec(
        select(Leave, Participant.code)
        .join(Participant, col(Participant.id) == Leave.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            Leave.from_on <= week.sunday,
            Leave.to_on >= week.monday,
            Leave.from_on <= Leave.to_on,
            leave_counts(),
        )
        .order_by(Participant.code_key, col(Leave.from_on))
    )
    return [Away(code, leave.from_on, leave.to_on, leave.reason) for leave, code in rows]


@dataclass(frozen=True)
class Unplaced:
    """A fixed draw of a closed day that found no open day left in its week, so nobody was drawn for it."""

    schedule: str
    closed_on: date


@dataclass(frozen=True)
class WeeklyReport:
    """A facility's week. All but `facility`, `standing`, `today`, `is_closed`, `last_entry_id` are facts of the week.

    `facility` is the name that it has now, `first_name` the one that it was opened under, which never changes.
    `is_closed`: a night after the week has closed it, so its draws are not waiting for anything any more. `questions`
    are the days on which far more than usual is without a record; `closed` those on which the facility was closed by
    its own word; `gaps` those without a nightly run; `anchors` what the draws are checked against, and `witness` the
    nights' lines; `last_entry_id` is the newest audit entry that the records here come from. `check_in` is None where
    nobody was asked to check in on any day of the week.
    """

    facility: str
    first_name: str
    training: bool
    week: Week
    today: date
    zone: ZoneInfo
    is_closed: bool
    total: Tally
    participants: Spool[ParticipantWeek]
    trend: Trend
    weekdays: list[DayDrawn]
    findings: Findings
    leaves: list[Away]
    gaps: list[date]
    unplaced: list[Unplaced]
    closed: list[ClosedOn]
    questions: list[Compared]
    anchors: list[keys.Anchor]
    standing: OpenMatters
    last_entry_id: int
    witness: list[Witness]
    check_in: CheckInWeek | None


def gather(work: Work, week: Week | None = None) -> WeeklyReport:
    """The report of a week, by default the last full one, from what the records say now.

    Every number comes from the draws; raises TestingTrackerError where a draw does not agree with the audit table, or
    the draws of a day with the run that made them.
    """
    week = week or last_full_week(work.today)
    facility = work.session.get_one(Facility, work.facility_id)
    before_printing.check_draws(work, week)
    weekdays = weekdays_in(work, week)
    before_printing.check_runs(week, [(day.day, day.observed, day.made) for day in weekdays])
    trend = trend_in(work, week)
    summed = Tally()
    lines = Spool(participants_in(work, week), lambda line: summed.add(line.tally))
    before_printing.check_sums(week, agree=summed == trend.this.tally)
    check_in = check_in_week(work, week)
    if check_in is not None:
        before_printing.check_sums(week, agree=sum(check_in.of.missed.values()) == summed.missed)
    return WeeklyReport(
        facility=facility.name,
        first_name=facilities.first_name(work.session, facility),
        training=facility.training,
        week=week,
        today=work.today,
        zone=work.zone,
        is_closed=_is_closed(work, week),
        total=summed,
        participants=lines,
        trend=trend,
        weekdays=weekdays,
        findings=findings_in(work, week),
        leaves=leaves_in(work, week),
        gaps=gaps_in(work, week, facility.opened_on),
        unplaced=_unplaced(work, week),
        closed=closed_between(work.session, work.facility_id, week.monday, week.sunday),
        questions=questions_in(work, week),
        anchors=keys.anchors_between(work.session, work.facility_id, week.monday, week.sunday),
        standing=standing_in(work, week),
        last_entry_id=_last_entry(work),
        witness=witnesses.lines(work, week.monday, week.sunday),
        check_in=check_in,
    )


def _last_entry(work: Work) -> int:
    query = select(func.max(AuditEntry.id)).where(AuditEntry.facility_id == work.facility_id)
    return work.session.exec(query).one() or 0


def _is_closed(work: Work, week: Week) -> bool:
    later = select(Night.id).where(Night.facility_id == work.facility_id, Night.day > week.sunday, col(Night.ran))
    return work.session.exec(later.limit(1)).first() is not None


def gaps_in(work: Work, week: Week, opened_on: date) -> list[date]:
    """The week's days since the facility opened whose nightly run did not happen."""
    return days_without_night(work, week.days, opened_on)


def days_without_night(work: Work, days: Sequence[date], opened_on: date) -> list[date]:
    """The days of some in a row whose nightly run did not happen, since the facility opened; today's may still come."""
    ran = dict(
        work.session.exec(
            select(col(Night.day), col(Night.ran)).where(
                Night.facility_id == work.facility_id, Night.day >= days[0], Night.day <= days[-1]
            )
        ).all()
    )
    return [day for day in days if opened_on < day <= work.today and not ran.get(day, day == work.today)]


def _unplaced(work: Work, week: Week) -> list[Unplaced]:
    """Draws of closed days that no open day was left for, of the schedules that somebody was tested by that day."""
    unplaced = []
    known = closed_days.known_now(work.session, work.facility_id)
    for schedule in versions.all_schedules(work):
        for version in versions.versions_of(work.session, schedule):
            rule = versions.rule_of(work, version.text)
            if rule.draw.kind is not DrawKind.FIXED:
                continue
            shut = known.of(work, version, rule, week.sunday)
            for day in fixed_week(rule, week, shut).unplaced:
                binding = version_on(work.session, version.schedule_id, day)
                if binding.id == version.id and _anyone_tested_by(work.session, version.schedule_id, day):
                    unplaced.append(Unplaced(schedule.name, day))
    return unplaced


def _anyone_tested_by(session: Session, schedule_id: int, day: date) -> bool:
    enrolled = select(Enrolment.participant_id).where(
        col(Enrolment.enrolled), col(Enrolment.id) == in_force_id(Enrolment, Enrolment.participant_id, day)
    )
    assigned = select(Assignment.id).where(
        Assignment.schedule_id == schedule_id,
        col(Assignment.id) == in_force_id(Assignment, Assignment.participant_id, day),
        col(Assignment.participant_id).in_(enrolled),
    )
    return session.exec(assigned.limit(1)).first() is not None
