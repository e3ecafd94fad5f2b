"""Gathers the weekly compliance report from the database: the facility's week, for each participant and in all."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.reports.weekly_attention import Attention, attention_in
from testing_tracker.reports.weekly_participants import ParticipantWeek, Tally, participants_in, total
from testing_tracker.reports.weekly_recommendations import Recommended, recommendations_in
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.draws import fixed_week
from testing_tracker.rules.owed import last_full_week
from testing_tracker.rules.words import Kind
from testing_tracker.services import keys, schedules
from testing_tracker.store.queries import in_force_id, version_on
from testing_tracker.store.tables import Assignment, Enrolment, Facility, Night


@dataclass(frozen=True)
class Unplaced:
    """A fixed draw of a closed day that found no open day left in its week, so nobody was drawn for it."""

    schedule: str
    closed_on: date


@dataclass(frozen=True)
class WeeklyReport:
    """A facility's week. `gaps` are the days without a nightly run, `anchors` what the draws are checked against."""

    facility: str
    training: bool
    week: Week
    today: date
    total: Tally
    participants: list[ParticipantWeek]
    recommendations: list[Recommended]
    gaps: list[date]
    unplaced: list[Unplaced]
    attention: Attention
    anchors: list[keys.Anchor]
    printed_at: datetime
    zone: ZoneInfo


def gather(session: Session, acting: Acting, week: Week | None = None) -> WeeklyReport:
    """The report of a week, by default the last full one, from what the records say now."""
    week = week or last_full_week(acting.today)
    facility = session.get_one(Facility, acting.facility_id)
    lines = participants_in(session, acting, week)
    return WeeklyReport(
        facility=facility.name,
        training=facility.training,
        week=week,
        today=acting.today,
        total=total(line.tally for line in lines),
        participants=lines,
        recommendations=recommendations_in(session, acting, week),
        gaps=_gaps(session, acting, week, facility.opened_on),
        unplaced=_unplaced(session, acting, week),
        attention=attention_in(session, acting, week),
        anchors=keys.anchors_between(session, acting.facility_id, week.monday, week.sunday),
        printed_at=acting.now,
        zone=acting.zone,
    )


def _gaps(session: Session, acting: Acting, week: Week, opened_on: date) -> list[date]:
    """The days since the facility opened whose nightly run did not happen. Today's may still come."""
    ran = dict(
        session.exec(
            select(col(Night.day), col(Night.ran)).where(
                Night.facility_id == acting.facility_id, Night.day >= week.monday, Night.day <= week.sunday
            )
        ).all()
    )
    return [day for day in week.days if opened_on < day <= acting.today and not ran.get(day, day == acting.today)]


def _unplaced(session: Session, acting: Acting, week: Week) -> list[Unplaced]:
    """Draws of closed days that no open day was left for, of the schedules that somebody was tested by that day."""
    unplaced = []
    for schedule in schedules.all_schedules(session, acting):
        for version in schedules.versions_of(session, schedule):
            rule = schedules.rule_of(version.text)
            if rule.draw.kind is not Kind.FIXED:
                continue
            for day in fixed_week(rule, week).unplaced:
                binding = version_on(session, version.schedule_id, day)
                if binding.id == version.id and _anyone_tested_by(session, version.schedule_id, day):
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
