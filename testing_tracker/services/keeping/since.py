"""What an account has put on record since a moment: for a command of which nobody knows how it ended."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from testing_tracker.store.tables import AuditEntry, Participant
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class PutOnRecord:
    """An act on the audit table, at an instant in UTC; about a participant by code, or about none."""

    at: datetime
    act: str
    participant: str | None


def put_on_record_since(work: Work, moment: datetime) -> list[PutOnRecord]:
    """The acts of the account at work since a moment, the oldest first. A pretended day is one moment."""
    since = min(moment, work.now)
    found = work.session.exec(
        select(AuditEntry.at, AuditEntry.act, Participant.code)
        .join(Participant, col(AuditEntry.participant_id) == Participant.id, isouter=True)
        .where(AuditEntry.facility_id == work.facility_id, AuditEntry.account == work.account, AuditEntry.at >= since)
        .order_by(col(AuditEntry.id))
    )
    return [PutOnRecord(at, act, code) for at, act, code in found]
