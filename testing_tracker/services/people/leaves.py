"""Leaves: days on which a participant is away, is not drawn, and is excused from what was drawn."""

from datetime import date, timedelta

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Status
from testing_tracker.services.people.lookup import find_enrolled
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.store.queries import draws_with, id_of
from testing_tracker.store.tables import Draw, Leave
from testing_tracker.store.work import Work

HELD_OPEN = (Status.DUE, Status.MISSED, Status.UNRECORDED)


def add_leave(work: Work, code: str, from_on: date, to_on: date, reason: str) -> list[Draw]:
    """Record days away, both included. No draws are made on them; those there are become excused and are returned.

    That includes days closed out as missed: who was away has not missed a test.
    """
    participant = find_enrolled(work, code)
    identity = id_of(participant)
    if to_on < from_on:
        raise TestingTrackerError(f"The leave ends on {to_on}, before it begins on {from_on}.")
    for leave in leaves_of(work.session, identity):
        if leave.from_on <= to_on and from_on <= leave.to_on:
            raise TestingTrackerError(
                f"{participant.code} has a leave from {leave.from_on} to {leave.to_on} on some of these days. "
                "Give the other days only, or end that leave with `testing-tracker participant return`."
            )
    work.write(Leave(participant_id=identity, from_on=from_on, to_on=to_on, reason=reason))
    work.on_record(Act.PARTICIPANT_LEAVE, participant_id=identity, reason=reason, from_on=from_on, to_on=to_on)
    away = (Draw.participant_id == identity, col(Draw.due_on).between(from_on, to_on))
    open_draws = draws_with(work.session, *away, col(Draw.status).in_(HELD_OPEN))
    for draw in open_draws:
        set_status(work, draw, Status.EXCUSED, f"on leave: {reason}")
    return list(open_draws)


def end_leave(work: Work, code: str, back_on: date, reason: str) -> Leave:
    """The participant is back on a day, today or later, that lies in a leave; the leave ends the day before."""
    participant = find_enrolled(work, code)
    identity = id_of(participant)
    if back_on < work.today:
        raise TestingTrackerError(
            f"{back_on} is over; say the day from which tests can be drawn again, today or later."
        )
    for leave in leaves_of(work.session, identity):
        if leave.from_on <= back_on <= leave.to_on:
            break
    else:
        raise TestingTrackerError(f"{participant.code} is not on leave on {back_on}; there is nothing to end.")
    shorter = _shorten(work, leave, back_on)
    work.on_record(Act.PARTICIPANT_RETURN, participant_id=identity, reason=reason, back_on=back_on, until=leave.to_on)
    work.session.flush()
    return shorter


def _shorten(work: Work, leave: Leave, back_on: date) -> Leave:
    """Replace a leave by one that ends the day before; one that has not begun by then is taken back by that."""
    shorter = Leave(
        participant_id=leave.participant_id,
        from_on=leave.from_on,
        to_on=back_on - timedelta(days=1),
        reason=leave.reason,
        replaces_id=leave.id,
    )
    work.write(shorter)
    return shorter


def leaves_of(session: Session, participant_id: int) -> list[Leave]:
    """A participant's leaves that count, oldest first: neither replaced nor taken back."""
    rows = session.exec(select(Leave).where(Leave.participant_id == participant_id).order_by(col(Leave.from_on))).all()
    replaced = {row.replaces_id for row in rows}
    return [row for row in rows if row.id not in replaced and row.from_on <= row.to_on]


def end_leaves_for_return(work: Work, participant_id: int, back_on: date) -> None:
    """No leave from before a readmission keeps the participant out of the draws."""
    for leave in leaves_of(work.session, participant_id):
        if leave.to_on >= back_on:
            _shorten(work, leave, back_on)
