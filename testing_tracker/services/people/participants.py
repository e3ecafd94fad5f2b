"""Enrolling participants and keeping their histories: enrolment, level of care, schedule, leave, discharge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.log_line import check_new_code
from testing_tracker.rules.words import Level
from testing_tracker.services.deciding import evidence
from testing_tracker.services.people.leaves import end_leaves_for_return
from testing_tracker.services.people.lookup import (
    LookAlikes,
    find_enrolled,
    first_day_of_change,
    is_cancelled,
    participant_with_code,
    record_with_code,
)
from testing_tracker.services.people.renaming import change_name
from testing_tracker.services.schedules import versions
from testing_tracker.store.queries import enrolled_on, id_of, in_force, level_on
from testing_tracker.store.tables import Assignment, Enrolment, Night, Participant, Placement, Recommendation, Schedule
from testing_tracker.store.work import Work

_History = TypeVar("_History", Assignment, Enrolment, Placement)


@dataclass(frozen=True)
class NewParticipant:
    """What enrolling needs to know. `name` is optional and is shown only when it is asked for."""

    code: str
    level: Level
    schedule: str
    enrolled_on: date
    name: str | None = None


@dataclass(frozen=True)
class Enrolled:
    """What enrolling did; the recommendation is an open one that says something else from the new level.

    `look_alikes` are codes that a new one may be taken for.
    """

    participant: Participant
    recommendation: Recommendation | None
    look_alikes: Sequence[str] = ()


def enrol(work: Work, new: NewParticipant, *, readmit: bool = False, known: LookAlikes | None = None) -> Enrolled:
    """Enrol a participant, or one who was discharged again with `readmit`, whatever was on record for later days.

    One whose enrolment was cancelled as a mistake is enrolled as if for the first time. `known` are the facility's
    codes, for a caller that has read them.

    Raises TestingTrackerError for a code in use, an unknown schedule, or a code that is none.
    """
    check_code(new.code)
    schedule = versions.find_schedule(work, new.schedule)
    participant = participant_with_code(work, new.code)
    alike: Sequence[str] = ()
    if participant is None:
        participant, alike = _write_new(work, new, known or LookAlikes(work), readmit=readmit)
    else:
        _check_readmission(work, participant, new, readmit=readmit)
    if readmit:
        end_leaves_for_return(work, id_of(participant), new.enrolled_on)
    _write_enrolment(work, id_of(participant), new, id_of(schedule))
    work.on_record(
        Act.PARTICIPANT_READMIT if readmit else Act.PARTICIPANT_ADD,
        participant_id=participant.id,
        level=new.level,
        schedule=new.schedule,
        enrolled_on=new.enrolled_on,
    )
    work.session.flush()
    return Enrolled(participant, evidence.bring_in_line(work, id_of(participant)), alike)


def _write_new(
    work: Work, new: NewParticipant, known: LookAlikes, *, readmit: bool
) -> tuple[Participant, Sequence[str]]:
    """Give a code to somebody who never had one; returns also the codes that it may be taken for."""
    if readmit:
        raise TestingTrackerError(f"There is no participant {new.code} to readmit. Leave --readmit out to enrol one.")
    check_new_code(work.vocabulary, new.code)
    alike = known.of(new.code)
    known.add(new.code)
    participant = Participant(facility_id=work.facility_id, code=new.code, code_key=new.code.casefold(), name=new.name)
    work.write(participant)
    return participant, alike


def _check_readmission(work: Work, participant: Participant, new: NewParticipant, *, readmit: bool) -> None:
    latest = in_force(work.session, Enrolment, id_of(participant), date.max)
    assert latest is not None, "every participant was enrolled once"
    if latest.enrolled:
        raise TestingTrackerError(f"There is a participant {participant.code} already. Codes are given once.")
    if is_cancelled(latest):
        change_name(work, participant, new.name, "enrolled again after the enrolment was cancelled")
        return
    # An enrolment that was called off before its first day has a later row too.
    discharged = in_force(work.session, Enrolment, id_of(participant), work.today) or latest
    if not readmit:
        raise TestingTrackerError(
            f"{participant.code} was discharged on {discharged.from_on}. If this is the same person, add --readmit; "
            "if not, give another code."
        )
    if new.enrolled_on < discharged.from_on:
        raise TestingTrackerError(
            f"{participant.code} was discharged on {discharged.from_on} and cannot be readmitted before that day."
        )
    if new.name is not None:
        change_name(work, participant, new.name, "given with the readmission")


def _write_enrolment(work: Work, participant_id: int, new: NewParticipant, schedule_id: int) -> None:
    write_from(work, Enrolment, participant_id, new.enrolled_on, enrolled=True)
    write_from(work, Placement, participant_id, new.enrolled_on, level=new.level)
    write_from(work, Assignment, participant_id, new.enrolled_on, schedule_id=schedule_id)


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


def enrol_if_new(work: Work, new: NewParticipant, known: LookAlikes) -> Enrolled | None:
    """For imports: enrol, or return None when the same is on record. Raises TestingTrackerError if it differs.

    An enrolment that was cancelled as a mistake does not come back with the file that brought it.
    """
    participant = record_with_code(work, new.code)
    if participant is None:
        return enrol(work, new, known=known)
    if not _was_enrolled_so(work.session, id_of(participant), new):
        raise TestingTrackerError(f"{participant.code} is on record already, with other details; nothing was changed")
    return None


def _was_enrolled_so(session: Session, participant_id: int, new: NewParticipant) -> bool:
    """Whether an enrolment of the participant began with these very details, whatever has changed since."""
    return (
        session.exec(
            select(Enrolment.id)
            .join(Placement, col(Placement.participant_id) == Enrolment.participant_id)
            .join(Assignment, col(Assignment.participant_id) == Enrolment.participant_id)
            .join(Schedule, col(Schedule.id) == Assignment.schedule_id)
            .where(
                Enrolment.participant_id == participant_id,
                col(Enrolment.enrolled),
                Enrolment.from_on == new.enrolled_on,
                Placement.from_on == new.enrolled_on,
                Placement.level == new.level,
                Assignment.from_on == new.enrolled_on,
                Schedule.name == new.schedule,
            )
        ).first()
        is not None
    )


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
