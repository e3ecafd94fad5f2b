"""The spans in which check-in could not be reached, as the program found them and as staff say."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.faulty_minutes import faulty_in, is_at_fault, minutes_of
from testing_tracker.rules.check_in.in_force import FoundBy
from testing_tracker.services.check_in.rules_in_force import rule_on
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Outage
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class OutageSpan:
    """A span (UTC) of a day's window in which check-in could not be reached; `number` is that of its row."""

    number: int
    from_at: datetime
    to_at: datetime
    found_by: FoundBy
    reason: str


def spans_on(work: Work, day: date) -> list[OutageSpan]:
    """The spans of a day's window that count, in their order: those not corrected or taken back since, cut to it.

    What the program found of a page does not count where the day's rule has none. None where no rule binds.
    """
    window, rule = _open_on(work, day), rule_on(work, day)
    if window is None or rule is None:
        return []
    later = aliased(Outage)
    rows = work.session.exec(
        select(Outage)
        .where(
            Outage.facility_id == work.facility_id,
            col(Outage.from_at) < window.closes,
            col(Outage.to_at) > window.opens,
            col(Outage.to_at) > col(Outage.from_at),
            ~exists().where(col(later.replaces_id) == col(Outage.id)),
        )
        .order_by(col(Outage.from_at), col(Outage.id))
    ).all()
    return [
        OutageSpan(
            number=id_of(row),
            from_at=max(row.from_at, window.opens),
            to_at=min(row.to_at, window.closes),
            found_by=FoundBy(row.found_by),
            reason=row.reason,
        )
        for row in rows
        if rule.page or row.found_by != FoundBy.PROGRAM
    ]


def faulty_minutes_on(work: Work, day: date) -> int:
    """How many minutes of a day's window check-in could not be reached."""
    window = _open_on(work, day)
    return 0 if window is None else len(_faulty(work, day, window))


def is_faulty(work: Work, day: date) -> bool:
    """Whether a day's check-in was so much at fault that nobody who was not told has missed."""
    window = _open_on(work, day)
    return window is not None and is_at_fault(_faulty(work, day, window), window)


def _open_on(work: Work, day: date) -> CheckInWindow | None:
    """A day's window as it opens and closes; when the day's collection ends says nothing here, and costs a search."""
    rule = rule_on(work, day)
    return None if rule is None else rule.window(day, rule.closes, work.zone)


def _faulty(work: Work, day: date, window: CheckInWindow) -> set[int]:
    spans = spans_on(work, day)
    return faulty_in(set().union(*(minutes_of(span.from_at, span.to_at) for span in spans)), window)
