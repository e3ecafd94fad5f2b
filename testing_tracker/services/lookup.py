"""Finds the participant that a person means by a code."""

from sqlmodel import Session, select

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Standing
from testing_tracker.store.queries import id_of, participant_with_code, standing_on
from testing_tracker.store.tables import Participant


def find_participant(session: Session, acting: Acting, code: str) -> Participant:
    """The participant with a code. Raises TestingTrackerError naming codes that look like it."""
    participant = participant_with_code(session, acting.facility_id, code)
    if participant is not None:
        return participant
    from difflib import get_close_matches

    codes = session.exec(
        select(Participant.code_key, Participant.code).where(Participant.facility_id == acting.facility_id)
    ).all()
    close = [dict(codes)[key] for key in get_close_matches(code.casefold(), [key for key, _ in codes], n=3, cutoff=0.6)]
    hint = f"Did you mean {' or '.join(close)}?" if close else "`testing-tracker participant list` shows them all."
    raise TestingTrackerError(f"There is no participant {code}. {hint}")


def find_enrolled(session: Session, acting: Acting, code: str) -> Participant:
    """The same, for acts that need somebody in the programme. Raises TestingTrackerError for a discharged one."""
    participant = find_participant(session, acting, code)
    if standing_on(session, id_of(participant), acting.today) is Standing.DISCHARGED:
        raise TestingTrackerError(
            f"{participant.code} was discharged. Enrol the participant again with "
            f"`testing-tracker participant add {participant.code} --readmit …`."
        )
    return participant
