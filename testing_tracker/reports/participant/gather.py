"""Gathers the report on one participant: every draw on a calendar, streaks, measures, prescriptions and decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from testing_tracker.reports.outcomes.gather import pattern_of
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.owed import last_full_week
from testing_tracker.rules.reporting.measures import Measures, Span, measure
from testing_tracker.rules.reporting.pattern import DayMark, mark_of
from testing_tracker.services.check_in.reporting.attempts_of_days import DayCheckedIn, days_of
from testing_tracker.services.deciding import recent_record
from testing_tracker.services.deciding.recent_record import RecentRecord
from testing_tracker.services.drawing import keys
from testing_tracker.services.keeping.checking import before_printing
from testing_tracker.services.people import roster
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.services.people.roster import DrawEntry, Record
from testing_tracker.services.reporting.editions import Imprint
from testing_tracker.store.queries import records_of_all
from testing_tracker.store.tables import Facility
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class CalendarWeek:
    """A week of the calendar, Monday first; None on a day without a draw."""

    week: Week
    days: tuple[DayMark | None, ...]


@dataclass(frozen=True)
class ParticipantReport:
    """Everything about one participant as it is at the moment of printing.

    `pattern` and `measures` are of the weeks of treatment that are over, as in the outcomes report; `until` is the last
    of them. `check_ins` has the days that they were asked to check in, and those on which they tried to without.
    """

    facility: str
    training: bool
    zone: ZoneInfo
    today: date
    record: Record
    recent: RecentRecord
    pattern: str
    until: Week
    measures: Measures
    calendar: list[CalendarWeek]
    anchors: list[keys.Anchor]
    imprint: Imprint
    check_ins: list[DayCheckedIn]

    @property
    def participant(self) -> str:
        return self.record.line.participant


def gather(work: Work, code: str, *, names: bool = False) -> ParticipantReport:
    """A participant's report. Showing a name is an act on the audit record.

    Raises TestingTrackerError for a code that nobody has, and where a draw does not agree with the audit table.
    """
    participant = find_participant(work, code)
    before_printing.check_draws(work, Week.of(work.today), only=participant.id)
    facility = work.session.get_one(Facility, work.facility_id)
    record = roster.record_of(work, code, names=names)
    recent = recent_record.recent_record(work, participant)
    pattern, until = pattern_of(work.session, record.number, Span(None, last_full_week(work.today).sunday))
    first = min((draw.due_on for draw in record.draws), default=work.today)
    return ParticipantReport(
        facility=facility.name,
        training=facility.training,
        zone=work.zone,
        today=work.today,
        record=record,
        recent=recent,
        pattern=pattern,
        until=until,
        measures=measure(pattern),
        calendar=_calendar(record.draws, work.today),
        anchors=keys.anchors_between(work.session, work.facility_id, first, work.today),
        imprint=Imprint(work.now, work.account),
        check_ins=days_of(work, records_of_all(work.session, [record.number]), facility.opened_on),
    )


def _calendar(draws: Sequence[DrawEntry], today: date) -> list[CalendarWeek]:
    """The weeks from the first draw to now, with what became of each day's draws; weeks without any are left in."""
    marks = {
        day: mark_of([(draw.status, draw.outcome, draw.expected) for draw in of_day])
        for day, of_day in groupby(draws, key=lambda draw: draw.due_on)
    }
    if not marks:
        return []
    first, last = Week.of(min(marks)), Week.of(max(*marks, today))
    weeks = [first + number for number in range(last - first + 1)]
    return [
        CalendarWeek(week, tuple(marks.get(week.monday + timedelta(days=number)) for number in range(7)))
        for week in weeks
    ]
