"""Reads which records were joined into a participant's."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from testing_tracker.store.queries import records_of
from testing_tracker.store.tables import Joining, Participant


@dataclass(frozen=True)
class JoinedRecord:
    """A record that was joined into another one: its code and number, and who said so, when (UTC) and why."""

    participant: str
    number: int
    joined_at: datetime
    reason: str
    recorded_by: str


def joined_records(session: Session, participant_id: int) -> list[JoinedRecord]:
    """The records that were joined into a participant's, oldest first."""
    others = session.connection().execute(records_of(participant_id)).scalars().all()
    rows = session.exec(
        select(Joining, Participant.code)
        .join(Participant, col(Participant.id) == Joining.participant_id)
        .where(col(Joining.participant_id).in_(others), Joining.into_id == participant_id)
        .order_by(col(Joining.id))
    )
    return [
        JoinedRecord(code, joining.participant_id, joining.recorded_at, joining.reason, joining.recorded_by)
        for joining, code in rows
    ]
