"""Reminders of overdue confirmations: once a day for a facility, in `serve`'s log and, where it is asked for, by mail.

That a day was told, and every attempt to mail it, is on the audit record, so that of several `serve` one does it, and
none does it again. Only counts are told.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.owed import wait_after
from testing_tracker.services import confirmations
from testing_tracker.services.deliveries import CUT_OFF, TIME_FOR_AN_ATTEMPT
from testing_tracker.store import audit
from testing_tracker.store.tables import AuditEntry

TOLD = "confirmations remind"
BEGUN, MAILED, FAILED = "reminder begin", "reminder mail", "reminder mail failed"


@dataclass(frozen=True)
class Overdue:
    """How many definitive results are overdue, and the day by which the longest awaited one should have come."""

    count: int
    since: date


@dataclass(frozen=True)
class Mailing:
    """How far the mail of a day's reminder is. `next_at` is when the next attempt is due, None for never or not yet."""

    attempts: int = 0
    busy_until: datetime | None = None
    delivered_at: datetime | None = None
    error: str | None = None
    next_at: datetime | None = None


@dataclass(frozen=True)
class Claim:
    """An attempt to mail a day's reminder that is this process's to make."""

    day: date
    overdue: Overdue
    attempt: int


def overdue(session: Session, acting: Acting) -> Overdue | None:
    """What is overdue today, None for nothing."""
    lines = confirmations.awaited(session, acting, overdue_only=True)
    return Overdue(len(lines), min(line.expected_by for line in lines)) if lines else None


def is_told(session: Session, acting: Acting) -> bool:
    """Whether today's reminder was told already."""
    return bool(_entries_of_today(session, acting, TOLD))


def tell(session: Session, acting: Acting) -> Overdue | None:
    """Put today's reminder on record; None where nothing is overdue, or another process was first."""
    found = overdue(session, acting)
    if found is None or is_told(session, acting):
        return None
    audit.record(session, acting, TOLD, day=acting.today, overdue=found.count, since=found.since)
    return found


def mailing(session: Session, acting: Acting) -> Mailing:
    """How far the mail of today's reminder is."""
    state = Mailing()
    for entry in _entries_of_today(session, acting, BEGUN, MAILED, FAILED):
        at = entry.at
        if entry.act == BEGUN:
            # Its end may be missing: then it was cut off, and the next one is due when its time is over.
            busy_until = at + TIME_FOR_AN_ATTEMPT
            state = Mailing(state.attempts + 1, busy_until, error=CUT_OFF, next_at=busy_until)
        elif entry.act == MAILED:
            state = Mailing(state.attempts, delivered_at=at)
        elif state.delivered_at is None:
            error = json.loads(entry.detail or "{}").get("error")
            state = Mailing(state.attempts, error=error, next_at=at + wait_after(state.attempts))
    return state


def mail_is_owed(session: Session, acting: Acting) -> bool:
    """Whether an attempt to mail today's reminder is due now: it was told, and is neither mailed nor at it."""
    if overdue(session, acting) is None or not is_told(session, acting):
        return False
    state = mailing(session, acting)
    return state.delivered_at is None and (state.next_at is None or state.next_at <= acting.now)


def claim(session: Session, acting: Acting) -> Claim | None:
    """Take the next attempt; None where it is not owed, because another process was first or it is not its time."""
    found = overdue(session, acting)
    if found is None or not mail_is_owed(session, acting):
        return None
    attempt = mailing(session, acting).attempts + 1
    audit.record(session, acting, BEGUN, day=acting.today, attempt=attempt)
    return Claim(acting.today, found, attempt)


def finish(session: Session, acting: Acting, taken: Claim, error: str | None) -> datetime | None:
    """Record how an attempt ended, `error` None for well. Returns when the next one is to be made, None for never."""
    if error is None:
        audit.record(session, acting, MAILED, day=taken.day, attempt=taken.attempt)
        return None
    audit.record(session, acting, FAILED, day=taken.day, attempt=taken.attempt, error=error)
    return acting.now + wait_after(taken.attempt)


def _entries_of_today(session: Session, acting: Acting, *acts: str) -> list[AuditEntry]:
    """Oldest first. An attempt may end after midnight; it belongs to the day that it was for."""
    midnight = datetime.combine(acting.today, time(), acting.zone).astimezone(UTC)
    found = session.exec(
        select(AuditEntry)
        .where(AuditEntry.facility_id == acting.facility_id, AuditEntry.at >= midnight, col(AuditEntry.act).in_(acts))
        .order_by(col(AuditEntry.id))
    ).all()
    return [entry for entry in found if json.loads(entry.detail or "{}").get("day") == acting.today.isoformat()]
