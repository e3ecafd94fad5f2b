"""What each day's check-in came to, and whether so few checked in that it is check-in that has to be asked about.

A row of a day is kept when a night closes it, and another one when more is known of it since; the newest counts.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import exists, func
from sqlmodel import col, select

from testing_tracker.rules.check_in.counted import CheckInCounts
from testing_tracker.rules.drawing.closing import Because, every_sentence
from testing_tracker.rules.drawing.no_record import (
    DAYS_COMPARED_WITH,
    DAYS_TOGETHER,
    Asks,
    Closed,
    Compared,
    Count,
    closed_day,
)
from testing_tracker.rules.words import Status
from testing_tracker.services.check_in.outages import faulty_minutes_on, is_faulty
from testing_tracker.store.tables import AuditEntry, CheckInDay, Draw, StrangersSeen
from testing_tracker.store.work import Work


def keep(work: Work, day: date, found: CheckInCounts) -> Compared | None:
    """Keep what a day's check-in came to; returns what is to be asked about it, or about the days that end with it.

    A day on which check-in was at fault is asked about nobody, and is no example of what is usual.
    """
    if is_faulty(work, day) or not found.expected:
        _write(work, Compared(Closed(day, 1, _count(found)), Count(), Asks.CHECK_INS), found)
        return None
    before = _closed_before(work, day)
    held = None
    for compared in closed_day(day, _count(found), before, _answers(work, before), people=found.expected):
        _write(work, compared, found)
        if compared.closed.held:
            held = Compared(compared.closed, compared.usual, Asks.CHECK_INS)
    return held


def keep_again(work: Work, day: date, found: CheckInCounts) -> None:
    """Keep what is known by now of a day that a night has closed, where that is something else; it asks nothing new."""
    row = next((row for row in standing_rows(work, day, day) if row.days == 1), None)
    if row is None:
        return
    now = (found.expected, found.in_time, found.late, found.tried, found.not_checked_in, faulty_minutes_on(work, day))
    if now != (row.expected, row.in_time, row.late, row.tried, row.not_checked_in, row.faulty_minutes):
        usual = Count(row.usual_expected, row.usual_not_checked_in)
        held = row.held and not is_faulty(work, day)
        _write(work, Compared(Closed(day, 1, _count(found), held), usual, Asks.CHECK_INS), found)


def forget_since(work: Work, day: date) -> None:
    """What nights of a clock that was ahead have kept of days does not count: nobody was expected on them yet."""
    kept = {row.day for row in standing_rows(work, day, date.max)}
    for one in sorted(kept):
        _write(work, Compared(Closed(one, 1, Count()), Count(), Asks.CHECK_INS), CheckInCounts())


def standing_rows(work: Work, first: date, last: date) -> list[CheckInDay]:
    """What counts of the days from the first to the last one: the newest row of a day alone, and of several together
    those that were written with that one."""
    rows = work.session.exec(
        select(CheckInDay)
        .where(CheckInDay.facility_id == work.facility_id, col(CheckInDay.day).between(first, last))
        .order_by(col(CheckInDay.id))
    ).all()
    found: dict[date, dict[int, CheckInDay]] = {}
    for row in rows:
        if row.days == 1:
            found[row.day] = {}
        found.setdefault(row.day, {})[row.days] = row
    return [row for of_a_day in found.values() for row in of_a_day.values()]


def _count(found: CheckInCounts) -> Count:
    return Count(found.expected, found.not_checked_in)


def _write(work: Work, compared: Compared, found: CheckInCounts) -> None:
    closed = compared.closed
    if closed.days > 1:
        found = _together(work, closed, found)
    strangers = select(func.coalesce(func.sum(StrangersSeen.tries), 0)).where(
        StrangersSeen.facility_id == work.facility_id, col(StrangersSeen.day).between(closed.first_day, closed.day)
    )
    days = [closed.day - timedelta(days=number) for number in range(closed.days)]
    work.write(
        CheckInDay(
            facility_id=work.facility_id,
            day=closed.day,
            days=closed.days,
            expected=closed.count.draws,
            in_time=found.in_time,
            late=found.late,
            tried=found.tried,
            not_checked_in=closed.count.untouched,
            usual_expected=compared.usual.draws,
            usual_not_checked_in=compared.usual.untouched,
            held=closed.held,
            faulty_minutes=sum(faulty_minutes_on(work, day) for day in days),
            strangers=work.session.exec(strangers).one(),
        )
    )


def _together(work: Work, closed: Closed, last: CheckInCounts) -> CheckInCounts:
    """The counts of several days: those of the last one, and of the rows of the earlier ones."""
    rows = [row for row in standing_rows(work, closed.first_day, closed.day - timedelta(days=1)) if row.days == 1]
    return CheckInCounts(
        in_time=last.in_time + sum(row.in_time for row in rows),
        late=last.late + sum(row.late for row in rows),
        tried=last.tried + sum(row.tried for row in rows),
    )


def _closed_before(work: Work, day: date) -> list[Closed]:
    """What the days before came to, but those on which check-in was at fault."""
    rows = standing_rows(work, day - timedelta(days=DAYS_COMPARED_WITH + DAYS_TOGETHER), day - timedelta(days=1))
    waiting = days_waiting(work, [row for row in rows if row.held])
    found = []
    for row in rows:
        if not row.expected or (row.faulty_minutes and row.days == 1 and is_faulty(work, row.day)):
            continue
        closed = closed_of(row)
        days = {closed.day - timedelta(days=number) for number in range(closed.days)}
        found.append(Closed(row.day, row.days, closed.count, row.held, answered=row.held and not days & waiting))
    return found


def closed_of(row: CheckInDay) -> Closed:
    """What was counted, as the gate has it."""
    return Closed(row.day, row.days, Count(row.expected, row.not_checked_in), row.held)


def days_waiting(work: Work, held: Sequence[CheckInDay]) -> set[date]:
    """The days of held rows of whose draws nobody has said yet what became of them."""
    if not held:
        return set()
    first, last = min(closed_of(row).first_day for row in held), max(row.day for row in held)
    return set(
        work.session.exec(
            select(col(Draw.due_on))
            .where(
                Draw.facility_id == work.facility_id,
                col(Draw.due_on).between(first, last),
                Draw.status == Status.UNRECORDED,
                Draw.because == Because.CHECK_INS_HELD,
            )
            .distinct()
        ).all()
    )


def _answers(work: Work, before: Sequence[Closed]) -> dict[date, Count]:
    """The days of which somebody has said that check-in did work: all draws that were held back then were missed."""
    answered = [closed for closed in before if closed.held and closed.answered]
    days = {closed.day - timedelta(days=number) for closed in answered for number in range(closed.days)}
    if not days:
        return {}
    was_held = exists().where(
        col(AuditEntry.draw_id) == Draw.id, col(AuditEntry.reason).in_(every_sentence(Because.CHECK_INS_HELD))
    )
    rows = work.session.exec(
        select(col(Draw.due_on), col(Draw.status))
        .where(Draw.facility_id == work.facility_id, col(Draw.due_on).in_(days), was_held)
        .distinct()
    ).all()
    said: dict[date, set[str]] = {}
    for day, status in rows:
        said.setdefault(day, set()).add(status)
    alone = {closed.day: closed.count for closed in before if closed.days == 1}
    return {day: alone[day] for day, statuses in said.items() if statuses == {Status.MISSED} and day in alone}
