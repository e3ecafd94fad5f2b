"""Whose it is to correct what is on record of a draw: one's own of today, or a manager's."""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import col, select

from testing_tracker.rules.keeping.acts import LEADS_TO
from testing_tracker.rules.words import Method, Status
from testing_tracker.services.people import staff
from testing_tracker.services.testing.draws import OpenDraw
from testing_tracker.store.queries import id_of, standing_result
from testing_tracker.store.tables import AuditEntry
from testing_tracker.store.work import Work


def check_may_amend(work: Work, found: OpenDraw, method: Method | None = None) -> None:
    """Raise AccessDeniedError unless the account acting may correct what a draw says, or its result by one method.

    What it recorded itself today it may; what others did, the night among them, or anybody on an earlier day, only who
    may do so for the facility.
    """
    staff.admit_correction(work, _entries(work, found, method))


def check_may_swap(work: Work, *draws: OpenDraw) -> None:
    """Raise AccessDeniedError as `check_may_amend` does, for those of some draws that have a cup."""
    for found in draws:
        if found.draw.status == Status.COLLECTED:
            check_may_amend(work, found)


def _entries(work: Work, found: OpenDraw, method: Method | None) -> Iterator[tuple[str, datetime]]:
    """Who recorded what is to be corrected, and when (UTC): results that stand, and the act that gave the status."""
    rows = [standing_result(work.session, id_of(found.draw), one) for one in ([method] if method else Method)]
    standing = [row for row in rows if row is not None and row.outcome is not None]
    yield from ((row.recorded_by, row.recorded_at) for row in standing)
    if method is None or not standing:
        newest = (
            select(AuditEntry.account, AuditEntry.at)
            .where(AuditEntry.draw_id == id_of(found.draw), col(AuditEntry.act).in_(LEADS_TO))
            .order_by(col(AuditEntry.id).desc())
        )
        yield from work.session.exec(newest.limit(1))
