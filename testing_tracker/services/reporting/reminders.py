"""Reminders of overdue confirmations: once a day for a facility, in `serve`'s log and, where it is asked for, by mail.

That a day was told is its place in the outbox, so that of several `serve` one does it, and none does it again. Only
counts are told.
"""

from dataclasses import dataclass
from datetime import date

from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Channel
from testing_tracker.services.reporting import outbox
from testing_tracker.services.reporting.outbox import Claim
from testing_tracker.services.testing import confirmations
from testing_tracker.store.tables import Delivery
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class Overdue:
    """How many definitive results are overdue, and the day by which the longest awaited one should have come."""

    count: int
    since: date


def overdue(work: Work) -> Overdue | None:
    """What is overdue today, None for nothing."""
    lines = confirmations.awaited(work, overdue_only=True)
    return Overdue(len(lines), min(line.expected_by for line in lines)) if lines else None


def told(work: Work) -> Delivery | None:
    """Today's reminder and how far its mail is; None where it was not told yet."""
    return outbox.on_record(work, work.today, Channel.MAIL)


def tell(work: Work) -> Overdue | None:
    """Put today's reminder on record; None where nothing is overdue, or another process was first."""
    found = overdue(work)
    if found is None or told(work) is not None:
        return None
    outbox.put(work, work.today, Channel.MAIL)
    work.on_record(Act.CONFIRMATIONS_REMIND, day=work.today, overdue=found.count, since=found.since)
    return found


def mail_is_owed(work: Work) -> bool:
    """Whether an attempt to mail today's reminder is due now: it was told, and is neither mailed nor at it."""
    row = told(work)
    return row is not None and outbox.is_due(row, work.now) and overdue(work) is not None


def claim(work: Work) -> tuple[Overdue, Claim] | None:
    """Take the next attempt; None where it is not owed, because another process was first or it is not its time."""
    row, found = told(work), overdue(work)
    taken = outbox.claim(work, row) if row is not None and found is not None else None
    if taken is None or found is None:
        return None
    work.on_record(Act.REMINDER_BEGIN, day=work.today, attempt=taken.attempt)
    return found, taken
