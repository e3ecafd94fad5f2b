"""Reminders of overdue confirmations: once a day for a facility, in `serve`'s log and, where it is asked for, by mail.

That a day was told is its place in the outbox, so that of several `serve` one does it, and none does it again. Only
counts are told.
"""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from testing_tracker.acting import Acting
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Channel
from testing_tracker.services.reporting import outbox
from testing_tracker.services.reporting.outbox import Claim
from testing_tracker.services.testing import confirmations
from testing_tracker.store import audit
from testing_tracker.store.tables import Delivery


@dataclass(frozen=True)
class Overdue:
    """How many definitive results are overdue, and the day by which the longest awaited one should have come."""

    count: int
    since: date


def overdue(session: Session, acting: Acting) -> Overdue | None:
    """What is overdue today, None for nothing."""
    lines = confirmations.awaited(session, acting, overdue_only=True)
    return Overdue(len(lines), min(line.expected_by for line in lines)) if lines else None


def told(session: Session, acting: Acting) -> Delivery | None:
    """Today's reminder and how far its mail is; None where it was not told yet."""
    return outbox.on_record(session, acting, acting.today, Channel.MAIL)


def tell(session: Session, acting: Acting) -> Overdue | None:
    """Put today's reminder on record; None where nothing is overdue, or another process was first."""
    found = overdue(session, acting)
    if found is None or told(session, acting) is not None:
        return None
    outbox.put(session, acting, acting.today, Channel.MAIL)
    audit.record(session, acting, Act.CONFIRMATIONS_REMIND, day=acting.today, overdue=found.count, since=found.since)
    return found


def mail_is_owed(session: Session, acting: Acting) -> bool:
    """Whether an attempt to mail today's reminder is due now: it was told, and is neither mailed nor at it."""
    row = told(session, acting)
    return row is not None and outbox.is_due(row, acting.now) and overdue(session, acting) is not None


def claim(session: Session, acting: Acting) -> tuple[Overdue, Claim] | None:
    """Take the next attempt; None where it is not owed, because another process was first or it is not its time."""
    row, found = told(session, acting), overdue(session, acting)
    taken = outbox.claim(session, acting, row) if row is not None and found is not None else None
    if taken is None or found is None:
        return None
    audit.record(session, acting, Act.REMINDER_BEGIN, day=acting.today, attempt=taken.attempt)
    return found, taken
