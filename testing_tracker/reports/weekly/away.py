"""Who was away in the report's week."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.calendar import Week
from testing_tracker.store.queries import leave_counts
from testing_tracker.store.tables import Leave, Participant


@dataclass(frozen=True)
class Away:
    """A leave that lies in the week at least in part; both days are included."""

    participant: str
    from_on: date
    to_on: date
    reason: str


def leaves_in(session: Session, acting: Acting, week: Week) -> list[Away]:
    """The leaves of the week, by code."""
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
