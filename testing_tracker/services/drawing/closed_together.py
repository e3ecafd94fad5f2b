"""Closes many draws at once that are alike in what is known of them, by few statements whatever their number."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, insert, literal, update
from sqlalchemy import select as sa_select
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from testing_tracker.rules.drawing.closing import Untouched, end_of_day, sentence
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.store.dialects import among
from testing_tracker.store.tables import AuditEntry, Draw
from testing_tracker.store.work import Work

Which = tuple[ColumnElement[bool], ...]


def these(work: Work, draws: Collection[int], day: date) -> Which:
    """The condition that a draw is one of some, by id, of a day."""
    pairs = [(number, day) for number in sorted(draws)]
    number: Any = Draw.id
    return (among(work.session.connection(), (number, col(Draw.due_on)), pairs), col(Draw.due_on) == day)


def close_together(work: Work, which: Which, draws: Untouched, more: str | None = None) -> int:
    """Close all draws that are alike in what is known of them, by one statement; returns how many.

    `more` is what there is to say of them besides. It is for draws from whose end nothing follows.
    """
    status, because = end_of_day(draws)
    reason = sentence(because, more)
    columns = ["facility_id", "at", "account", "act", "participant_id", "draw_id", "reason"]
    values = (
        literal(work.facility_id),
        literal(work.now, UTCDateTime()),
        literal(work.account),
        literal(str(Act.of_draw(status))),
        col(Draw.participant_id),
        col(Draw.id),
        literal(reason),
    )
    work.session.connection().execute(
        insert(AuditEntry).from_select(columns, sa_select(*values).where(*which).order_by(col(Draw.id)))
    )
    closed = work.session.connection().execute(
        update(Draw).where(*which).values(status=str(status), reason=reason, because=str(because))
    )
    return closed.rowcount
