"""What the weekly report puts before the team beside the numbers: who was away, and what waits to be looked at."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.calendar import Week
from testing_tracker.services import confirmations, reviews
from testing_tracker.services.confirmations import Awaited
from testing_tracker.services.reviews import ReviewLine
from testing_tracker.store.queries import leave_counts
from testing_tracker.store.tables import Leave, Participant


@dataclass(frozen=True)
class Away:
    """A leave that lies in the week at least in part; both days are included."""

    participant: str
    from_on: date
    to_on: date
    reason: str


@dataclass(frozen=True)
class Attention:
    """Leaves of the week; and as of today the open reviews and the definitive results that are overdue."""

    leaves: list[Away]
    reviews: list[ReviewLine]
    overdue: list[Awaited]


def attention_in(session: Session, acting: Acting, week: Week) -> Attention:
    """What the team should know of and talk about."""
    return Attention(
        leaves=_leaves(session, acting, week),
        reviews=reviews.listed(session, acting),
        overdue=confirmations.awaited(session, acting, overdue_only=True),
    )


def _leaves(session: Session, acting: Acting, week: Week) -> list[Away]:
    rows = session.exec(
        select(Leave, Participant.code)
        .join(Participant, col(Participant.id) == Leave.participant_id)
        .where(
            Participant.facility_id == acting.facility_id,
            Leave.from_on <= week.sunday,
            Leave.to_on >= week.monday,
            Leave.from_on <= Leave.to_on,
            leave_counts(),
        )
        .order_by(Participant.code_key, col(Leave.from_on))
    )
    return [Away(code, leave.from_on, leave.to_on, leave.reason) for leave, code in rows]
