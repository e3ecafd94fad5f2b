"""Puts a test on record that was taken elsewhere on an earlier day, such as at a hospital or a court."""

from datetime import date

from sqlmodel import Session

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.because import Because
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Kind, Standing, Status
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.store import audit
from testing_tracker.store.queries import draws_on, id_of, in_force, standing_on
from testing_tracker.store.tables import Draw, Enrolment


def record_test(session: Session, acting: Acting, code: str, day: date, reason: str) -> Draw:
    """A test for cause of a day that is over, to be given its result like any other; one a day.

    Until then it is unrecorded: nobody has missed it, and it is never late, because nobody could be told of it in
    time. Its positive raises as any does. A leave does not stand in its way: people on leave may be at a hospital.
    Raises TestingTrackerError for a day that is not over, and for one on which the participant was not enrolled.
    """
    participant = find_participant(session, acting, code)
    identity = id_of(participant)
    if day >= acting.today:
        raise TestingTrackerError(f"{day} is not over; today is {acting.today}. Leave --on out to order one for today.")
    first = in_force(session, Enrolment, identity, day)
    if first is None:
        raise TestingTrackerError(f"{day} is before {participant.code} was enrolled.")
    if standing_on(session, identity, day) is Standing.DISCHARGED:
        raise TestingTrackerError(f"{participant.code} was not in the programme on {day}.")
    if any(draw.kind == Kind.FOR_CAUSE for draw in draws_on(session, identity, day)):
        raise TestingTrackerError(
            f"{participant.code} has a test for cause of {day} on record already. Log its result with "
            f"`testing-tracker result {participant.code} … --for-cause --on {day}`."
        )
    draw = Draw(
        participant_id=identity,
        due_on=day,
        kind=Kind.FOR_CAUSE,
        status=Status.DUE,
        ordered_for=f"{reason} (put on record on {acting.today})",
        recorded_at=acting.now,
    )
    session.add(draw)
    session.flush()
    audit.record(
        session, acting, Act.DRAW_RECORD, participant_id=identity, draw_id=draw.id, reason=reason, due_on=draw.due_on
    )
    set_status(session, acting, draw, Status.UNRECORDED, Because.RESULT_TO_COME)
    return draw
