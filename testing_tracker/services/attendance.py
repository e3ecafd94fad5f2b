"""What a nurse records of a draw beside its result: missed, refused, excused, or collected with the result to come."""

from sqlmodel import Session

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.attendance import check_change
from testing_tracker.rules.words import Status
from testing_tracker.services.draws import OpenDraw
from testing_tracker.store import audit
from testing_tracker.store.tables import Draw


def record_absence(session: Session, acting: Acting, found: OpenDraw, status: Status, reason: str | None) -> None:
    """Set a draw to missed, refused or excused. Raises TestingTrackerError where its state does not allow that."""
    check_change(found.which, Status(found.draw.status), found.outcome, status)
    set_status(session, acting, found.draw, status, reason)


def record_collected(session: Session, acting: Acting, found: OpenDraw) -> None:
    """The specimen was given and its result is to come, so the night does not close the draw out as missed.

    Raises TestingTrackerError where the draw's state does not allow that.
    """
    earlier = Status(found.draw.status)
    check_change(found.which, earlier, found.outcome, Status.COLLECTED)
    if earlier is Status.COLLECTED:
        raise TestingTrackerError(f"{found.which} is recorded as collected already; log its result with `result`.")
    set_status(session, acting, found.draw, Status.COLLECTED, None)


def set_status(session: Session, acting: Acting, draw: Draw, status: Status, reason: str | None) -> None:
    """Write a draw's status with its audit entry; whether it may change was checked before."""
    audit.record(
        session,
        acting,
        f"draw {status}",
        participant_id=draw.participant_id,
        draw_id=draw.id,
        reason=reason,
        due_on=draw.due_on,
        earlier=draw.status,
    )
    draw.status = status
    draw.reason = reason
    session.add(draw)
    session.flush()
