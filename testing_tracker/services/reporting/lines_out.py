"""Witness lines on their way out: which of them have not left yet, who is at handing them over, and how that ended.

They leave in their order, so that what left says which are left: those of later pages of the ledger. A day's row in the
outbox is the attempt to hand over all that had not left by that day.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from testing_tracker.rules.drawing.witness import Witness
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Channel
from testing_tracker.services.drawing import witnesses
from testing_tracker.services.reporting import outbox
from testing_tracker.services.reporting.outbox import Claim
from testing_tracker.store.tables import AuditEntry, Delivery
from testing_tracker.store.work import Work


def not_left(work: Work) -> list[Witness]:
    """The lines that have not left yet, oldest first: all of them where none ever did."""
    return witnesses.lines(work, after_page=_last_page_out(work))


def is_owed(work: Work) -> bool:
    """Whether an attempt to hand lines over is due now."""
    left = not_left(work)
    row = outbox.on_record(work, left[-1].day, Channel.WITNESS) if left else None
    return bool(left) and (row is None or row.delivered_at is not None or outbox.is_due(row, work.now))


def claim(work: Work, *, again: bool = False) -> tuple[list[Witness], Claim] | None:
    """Take the next attempt, with the lines; None where none is owed, or another process is at it.

    `again` takes it also before its time.
    """
    left = not_left(work)
    if not left:
        return None
    row = outbox.on_record(work, left[-1].day, Channel.WITNESS) or outbox.put(work, left[-1].day, Channel.WITNESS)
    is_reopened = row.delivered_at is not None  # newcomers had a run of their own on that day
    taken = outbox.claim(work, row, again=again or is_reopened)
    if taken is not None and is_reopened:
        row.delivered_at = None
        work.write(row)
    return (left, taken) if taken is not None else None


def finish(work: Work, taken: Claim, lines: Sequence[Witness], error: str | None) -> datetime | None:
    """Record how an attempt ended, `error` None for well. Returns when the next one is to be made, None for never."""
    if error is not None:
        return outbox.finish(work, taken, error)
    for row in _waiting(work):
        row.delivered_at, row.busy_until, row.error = work.now, None, None
        work.add(row)
    return outbox.finish(work, taken, None, lines=len(lines), page=max(line.page for line in lines))


@dataclass(frozen=True)
class LinesLeft:
    """Lines that have not left though it is time: how many, since which day, and what the last attempt failed of."""

    lines: int
    since: date
    error: str
    attempts: int
    next_at: datetime | None


def left_behind(work: Work) -> LinesLeft | None:
    """The lines that were to have left by now; None where all have, and where today's are still on their way."""
    left = not_left(work)
    if not left:
        return None
    row = max(_waiting(work), key=lambda row: row.day or date.min, default=None)
    if row is not None and row.attempts and not outbox.is_busy(row, work.now):
        was_cut_off = row.busy_until is not None
        error, next_at = (outbox.CUT_OFF, row.busy_until) if was_cut_off else (row.error, row.next_at)
        return LinesLeft(len(left), left[0].day, error or outbox.CUT_OFF, row.attempts, next_at)
    if left[0].day < work.today:
        return LinesLeft(len(left), left[0].day, "nothing has handed them over", 0, None)
    return None


def _waiting(work: Work) -> Sequence[Delivery]:
    return work.session.exec(
        select(Delivery).where(
            Delivery.facility_id == work.facility_id,
            Delivery.channel == Channel.WITNESS,
            col(Delivery.delivered_at).is_(None),
        )
    ).all()


def _last_page_out(work: Work) -> int:
    """The newest page of which a line has left; 0 where none has."""
    some = select(Delivery.id).where(
        Delivery.facility_id == work.facility_id, Delivery.channel == Channel.WITNESS
    )  # or else all of the audit table would be looked through for nothing
    if work.session.exec(some.limit(1)).first() is None:
        return 0
    entry = work.session.exec(
        select(col(AuditEntry.detail))
        .where(AuditEntry.facility_id == work.facility_id, AuditEntry.act == Act.WITNESS_DELIVER)
        .order_by(col(AuditEntry.id).desc())
        .limit(1)
    ).first()
    return int(json.loads(entry or "{}").get("page", 0))
