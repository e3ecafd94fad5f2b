"""Keeps participants' histories: enrolment, level of care, schedule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Level
from testing_tracker.services.deciding import evidence
from testing_tracker.services.people.lookup import find_enrolled, first_day_of_change
from testing_tracker.services.schedules import versions
from testing_tracker.store.queries import enrolled_on, id_of, in_force, level_on
from testing_tracker.store.tables import Assignment, Enrolment, Night, Participant, Placement, Recommendation, Schedule
from testing_tracker.store.work import Work

_History = TypeVar("_History", Assignment, Enrolment, Placement)


def write_from(work: Work, history: type[_History], participant_id: int, from_on: date, **said: Any) -> None:  # noqa: ANN401  a row's cells
    """Write what applies from a day on; it overrules what was recorded for later."""
    for day in _days_to_write(work.session, history, participant_id, from_on):
        work.write(history(participant_id=participant_id, from_on=day, **said))


def _days_to_write(session: Session, history: type[_History], participant_id: int, from_on: date) -> list[date]:
    """The days that a change from a day on needs a row for: its own, and before it each later one that has a row.

    Of one day the last row counts, so the change overrules what was recorded for later. Its own day comes last, which
    makes an enrolment's the last one recorded.
    """
    later: Sequence[date] = session.exec(
        select(col(history.from_on))
        .where(history.participant_id == participant_id, history.from_on > from_on)
        .order_by(col(history.from_on))
        .distinct()
    ).all()
    return [*later, from_on]


def set_schedule(work: Work, code: str, name: str) -> date:
    """Test a participant by another schedule; returns the first day that it binds.

    That is today, or tomorrow when today's draw was already made for the participant.
    """
    participant = find_enrolled(work, code)
    schedule = versions.find_schedule(work, name)
    identity = id_of(participant)
    from_on = max(first_undecided_day(work, identity), enrolled_on(work.session, identity))
    current = in_force(work.session, Assignment, identity, from_on)
    if current is not None and current.schedule_id == schedule.id:
        raise TestingTrackerError(f"{participant.code} is on schedule {name} already; there is nothing to do.")
    write_from(work, Assignment, identity, from_on, schedule_id=id_of(schedule))
    earlier = work.session.get_one(Schedule, current.schedule_id).name if current else None
    work.on_record(Act.PARTICIPANT_SET_SCHEDULE, participant_id=identity, from_on=from_on, earlier=earlier, now=name)
    work.session.flush()
    return from_on


def first_undecided_day(work: Work, participant_id: int) -> date:
    """Today, or tomorrow when the nightly run has decided on this participant today."""
    night = work.session.exec(
        select(Night).where(Night.facility_id == work.facility_id, Night.day == work.today, col(Night.ran))
    ).first()
    decided = night is not None and participant_id <= night.last_participant_id
    return work.today + timedelta(days=1) if decided else work.today


@dataclass(frozen=True)
class Transferred:
    """What a transfer did; the recommendation is an open one that says something else from the new level."""

    before: Level
    recommendation: Recommendation | None


def transfer(
    work: Work, participant: Participant, level: Level, reason: str, recommendation_id: int | None = None
) -> Transferred:
    """Move a participant to another level of care from today.

    An open recommendation stays open, weighed again: whether the transfer settles it, a clinician decides.

    Raises TestingTrackerError when the participant is in that level.
    """
    identity = id_of(participant)
    from_on = first_day_of_change(work, identity)
    before = level_on(work.session, identity, from_on)
    if before is level:
        raise TestingTrackerError(f"{participant.code} is in {level} already; there is nothing to do.")
    said = {"level": level, "reason": reason, "recommendation_id": recommendation_id}
    write_from(work, Placement, identity, from_on, **said)
    work.on_record(
        Act.PARTICIPANT_TRANSFER,
        participant_id=identity,
        recommendation_id=recommendation_id,
        reason=reason,
        from_level=before,
        to_level=level,
    )
    work.session.flush()
    return Transferred(before, evidence.bring_in_line(work, identity))
