"""Finds the participant that a person means by a code, and from which day on a change binds."""

from datetime import date

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Standing
from testing_tracker.store.queries import enrolled_on, id_of, in_force, participant_with_code, standing_on
from testing_tracker.store.tables import Enrolment, Participant


def find_participant(session: Session, acting: Acting, code: str) -> Participant:
    """The participant with a code. Raises TestingTrackerError naming codes that look like it."""
    participant = participant_with_code(session, acting.facility_id, code)
    if participant is not None:
        return participant
    from difflib import get_close_matches

    codes = session.exec(
        select(Participant.code_key, Participant.code)
        .where(Participant.facility_id == acting.facility_id)
        .order_by(col(Participant.id))
    ).all()
    close = [dict(codes)[key] for key in get_close_matches(code.casefold(), [key for key, _ in codes], n=3, cutoff=0.6)]
    hint = f"Did you mean {' or '.join(close)}?" if close else "`testing-tracker participant list` shows them all."
    raise TestingTrackerError(f"There is no participant {code}. {hint}")


def find_enrolled(session: Session, acting: Acting, code: str) -> Participant:
    """The same, for acts that need somebody in the programme. Raises TestingTrackerError for a discharged one."""
    participant = find_participant(session, acting, code)
    if standing_on(session, id_of(participant), acting.today) is not Standing.DISCHARGED:
        return participant
    back_on = readmitted_from(session, acting, id_of(participant))
    if back_on is not None:
        raise TestingTrackerError(f"{participant.code} is discharged until {back_on}, when the next enrolment begins.")
    raise TestingTrackerError(was_discharged(participant))


def was_discharged(participant: Participant) -> str:
    """The refusal of an act that needs somebody in the programme, with its remedy."""
    return (
        f"{participant.code} was discharged. Enrol the participant again with "
        f"`testing-tracker participant add {participant.code} --readmit …`."
    )


def readmitted_from(session: Session, acting: Acting, participant_id: int) -> date | None:
    """The first day of an enrolment that is on record and still to come."""
    latest = in_force(session, Enrolment, participant_id, date.max)
    begins = enrolled_on(session, participant_id)
    return begins if latest is not None and latest.enrolled and begins > acting.today else None


def first_day_of_change(session: Session, acting: Acting, participant_id: int) -> date:
    """The day from which a change made now binds: today, or the first day of an enrolment that is still to come."""
    return max(acting.today, enrolled_on(session, participant_id))
