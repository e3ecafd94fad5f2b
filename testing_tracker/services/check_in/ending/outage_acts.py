"""What staff say of spans in which check-in could not be reached, and what follows for days that are over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.faulty_minutes import minutes_of
from testing_tracker.rules.check_in.in_force import FoundBy
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.said import in_full
from testing_tracker.services.check_in.ending.later_known import Reconsidered, bring_in_line
from testing_tracker.services.check_in.outages import is_faulty, spans_on
from testing_tracker.services.check_in.rules_in_force import window_on
from testing_tracker.services.testing.collections import check_has_happened
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Outage
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class OutageSaid:
    """What staff said of an outage: the row's number, its span (UTC) as far as it lies in the day's window, and what
    followed. `is_at_fault`: the day's check-in was so much at fault that nobody who was not told has missed.

    `cut`: more was said than lies in the window. `reconsidered` are the draws of a day that is over. `standing` are the
    numbers of all outages that count on the day.
    """

    number: int
    day: date
    from_at: datetime
    to_at: datetime
    is_at_fault: bool
    cut: bool
    reconsidered: Sequence[Reconsidered]
    standing: Sequence[int]

    @property
    def minutes(self) -> int:
        return len(minutes_of(self.from_at, self.to_at))


@dataclass(frozen=True)
class OutageLine:
    """An outage on record, for a list; `corrects` and `corrected_by` are the numbers of other ones.

    `taken_back`: it is only the word that an earlier one was none. `is_day_at_fault`: with all outages of that day
    check-in was so much at fault that nobody who was not told has missed.
    """

    number: int
    from_at: datetime
    to_at: datetime
    found_by: FoundBy
    reason: str
    corrects: int | None
    corrected_by: int | None
    taken_back: bool
    is_day_at_fault: bool
    recorded_at: datetime
    recorded_by: str


def record(work: Work, first: datetime, last: datetime, reason: str, corrects: int | None = None) -> OutageSaid:
    """Record that check-in could not be reached from one instant to another; `corrects` another one, by its number.

    It is cut to the day's window. Raises TestingTrackerError for a span that ends before it begins, is still to come,
    or has no part in a day's window, and for another one that is not there or was corrected already.
    """
    earlier = _standing(work, corrects) if corrects is not None else None
    day = first.astimezone(work.zone).date()
    window = _window(work, day)
    _check(work, first, last, window)
    row = Outage(
        facility_id=work.facility_id,
        from_at=max(first, window.opens),
        to_at=min(last, window.closes),
        found_by=FoundBy.STAFF,
        reason=reason,
        replaces_id=corrects,
    )
    days = {day} | ({_day_of(work, earlier)} if earlier is not None else set())
    return _write(work, row, days, cut=(first, last) != (row.from_at, row.to_at))


def take_back(work: Work, number: int, reason: str) -> OutageSaid:
    """Say that an outage on record was none. Raises TestingTrackerError where there is none, or it was corrected."""
    earlier = _standing(work, number)
    row = Outage(
        facility_id=work.facility_id,
        from_at=earlier.from_at,
        to_at=earlier.from_at - timedelta(seconds=1),
        found_by=FoundBy.STAFF,
        reason=reason,
        replaces_id=number,
    )
    return _write(work, row, {_day_of(work, earlier)})


def listed(work: Work, since: date) -> list[OutageLine]:
    """The outages that began on a day or later, in the order of their beginnings."""
    begins = datetime.combine(since, datetime.min.time(), work.zone).astimezone(UTC)
    rows = work.session.exec(
        select(Outage)
        .where(Outage.facility_id == work.facility_id, Outage.from_at >= begins)
        .order_by(col(Outage.from_at), col(Outage.id))
    ).all()
    # A correction may be of another day, and not among those.
    corrections = select(col(Outage.replaces_id), col(Outage.id)).where(
        Outage.facility_id == work.facility_id, col(Outage.replaces_id).in_([id_of(row) for row in rows])
    )
    replaced_by = dict(work.session.exec(corrections).all())
    at_fault = {day: is_faulty(work, day) for day in {_day_of(work, row) for row in rows}}
    return [
        OutageLine(
            number=id_of(row),
            from_at=row.from_at,
            to_at=row.to_at,
            found_by=FoundBy(row.found_by),
            reason=row.reason,
            corrects=row.replaces_id,
            corrected_by=replaced_by.get(id_of(row)),
            taken_back=row.to_at < row.from_at,
            is_day_at_fault=at_fault[_day_of(work, row)],
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
        )
        for row in rows
    ]


def _write(work: Work, row: Outage, days: set[date], *, cut: bool = False) -> OutageSaid:
    work.write(row)
    said: dict[str, Any] = {"outage": id_of(row), "from_at": row.from_at, "to_at": row.to_at}
    if row.replaces_id is not None:
        said["replaces"] = row.replaces_id
    work.on_record(Act.OUTAGE_RECORD, reason=row.reason, **said)
    reconsidered = bring_in_line(work, days)
    work.session.flush()
    day = _day_of(work, row)
    standing = [span.number for span in spans_on(work, day)]
    return OutageSaid(id_of(row), day, row.from_at, row.to_at, is_faulty(work, day), cut, reconsidered, standing)


def _day_of(work: Work, row: Outage) -> date:
    return row.from_at.astimezone(work.zone).date()


def _window(work: Work, day: date) -> CheckInWindow:
    window = window_on(work, day)
    if window is None:
        raise TestingTrackerError(
            f"Nobody had to check in on {in_full(day)}: no rule was in force. There is no outage to record."
        )
    return window


def _check(work: Work, first: datetime, last: datetime, window: CheckInWindow) -> None:
    opens, closes = (f"{one.astimezone(work.zone):%H:%M}" for one in (window.opens, window.closes))
    if last <= first:
        raise TestingTrackerError(
            f"It would end at {last.astimezone(work.zone):%Y-%m-%d %H:%M}, which is not after it began. Say the "
            "earlier time with --from."
        )
    check_has_happened(work, last, "end of an outage")
    if first.astimezone(work.zone).date() != last.astimezone(work.zone).date():
        raise TestingTrackerError("An outage is recorded day by day: give times of one day.")
    if last <= window.opens or first >= window.closes:
        raise TestingTrackerError(
            f"Check-in was open from {opens} to {closes} that day; the outage lies outside of it."
        )


def _standing(work: Work, number: int) -> Outage:
    row = work.session.exec(
        select(Outage).where(Outage.facility_id == work.facility_id, Outage.id == number)
    ).one_or_none()
    if row is None:
        raise TestingTrackerError(f"There is no outage {number}. `testing-tracker checkin outage` lists them.")
    later = aliased(Outage)
    replaced = work.session.exec(select(exists().where(col(later.replaces_id) == number))).one()
    if replaced or row.to_at < row.from_at:
        raise TestingTrackerError(
            f"Outage {number} was corrected or taken back already. `testing-tracker checkin outage` lists what counts."
        )
    return row
