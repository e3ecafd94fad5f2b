"""Reads for many days at once on which of them check-in could not be reached, by one statement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.faulty_minutes import is_at_fault, minutes_of
from testing_tracker.rules.check_in.in_force import FoundBy
from testing_tracker.services.check_in.reporting.asked import AskedDay
from testing_tracker.store.tables import Outage
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class FaultyDay:
    """A day on which check-in could not be reached for a while: the spans (UTC) inside of its window, none overlapping.

    `counts`: for so many minutes that nobody who was not told is held to have missed that day.
    `not_told`: of who was asked, those who were not told anything that day. `told_by_staff`: those who were told first
    by telephone or at the desk, while it could not be reached or after trying then: who just calls hours later is none
    of them. `missed`: tests of that day that count as missed although nobody had told their participants, because a
    person said so.
    """

    day: date
    spans: list[tuple[datetime, datetime]]
    minutes: int
    counts: bool
    not_told: int = 0
    told_by_staff: int = 0
    missed: int = 0


def faulty_days(work: Work, on: Sequence[AskedDay]) -> Iterator[FaultyDay]:
    """The days whose window check-in could not be reached for a part of, by what stands on record."""
    later = aliased(Outage)
    replaced = select(col(later.replaces_id)).where(col(later.replaces_id).is_not(None))
    rows = work.session.exec(
        select(col(Outage.from_at), col(Outage.to_at), col(Outage.found_by))
        .where(
            Outage.facility_id == work.facility_id,
            col(Outage.id).not_in(replaced),
            Outage.to_at > Outage.from_at,
            Outage.from_at < on[-1].closes,
            Outage.to_at > on[0].opens,
        )
        .order_by(col(Outage.from_at))
    ).all()
    for day, opens, closes, page in on if rows else ():
        inside = [
            (max(begins, opens), min(ends, closes))
            for begins, ends, found_by in rows
            if begins < closes and ends > opens and (page or found_by != FoundBy.PROGRAM)
        ]
        if spans := _joined(inside):
            minutes = set[int]().union(*(minutes_of(begins, ends) for begins, ends in spans))
            yield FaultyDay(day, spans, len(minutes), is_at_fault(minutes, CheckInWindow(opens, closes, closes)))


def _joined(spans: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Spans in their order, those that touch or overlap as one."""
    joined: list[tuple[datetime, datetime]] = []
    for begins, ends in spans:
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return joined
