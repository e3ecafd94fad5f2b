"""The outbox: weekly reports, reminders and witness lines on their way out, which are owed, and who is at one.

An attempt is claimed in one transaction and finished in another, and made in between. What a crash leaves claimed is
tried again when the claim has run out: what is sent arrives at least once, and may arrive twice. A report is tried
until it arrives, for as long as its channel is in the delivery file. A reminder of overdue confirmations is told once a
day, in `serve`'s log and, where that is asked for, by mail, and given up when its day is over; only counts are told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.keeping.owed import wait_after
from testing_tracker.rules.words import Channel
from testing_tracker.services.testing import confirmations
from testing_tracker.services.testing.confirmations import Awaited
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Delivery, Facility, Night
from testing_tracker.store.work import Work

TIME_FOR_AN_ATTEMPT = timedelta(minutes=5)
CUT_OFF = "the attempt did not come to an end"


@dataclass(frozen=True)
class Claim:
    """An attempt that is this process's to make, for as long as `busy_until` says."""

    delivery_id: int
    attempt: int
    busy_until: datetime
    attempts_before: int


@dataclass(frozen=True)
class Overdue:
    """How many definitive results are overdue, and the day by which the longest awaited one should have come."""

    count: int
    since: date


def check_sendable(work: Work, week: Week) -> None:
    """Raises TestingTrackerError for a week that has no final report: not over, not closed, or before the opening."""
    opened_on = work.session.get_one(Facility, work.facility_id).opened_on
    if opened_on > week.sunday:
        raise TestingTrackerError(f"There is no report of {week}: the facility opened on {opened_on}.")
    if work.today <= week.sunday:
        raise TestingTrackerError(f"{week} is not over; its report leaves from the Monday after it on.")
    closed = work.session.exec(
        select(Night.id).where(Night.facility_id == work.facility_id, Night.day > week.sunday, col(Night.ran))
    )
    if closed.first() is None:
        raise TestingTrackerError(
            f"The last day of {week} is not closed yet; `testing-tracker draw` makes today's draws and closes it."
        )


def reports(work: Work) -> list[tuple[Week, Delivery]]:
    """Every report's delivery that was ever attempted, with its week; newest week first."""
    rows = work.session.exec(
        select(Delivery)
        .where(Delivery.facility_id == work.facility_id, col(Delivery.week).is_not(None))
        .order_by(col(Delivery.week).desc(), col(Delivery.id))
    )
    return [(Week.parse(row.week), row) for row in rows if row.week is not None]


def reports_owed(work: Work, week: Week | None, channels: Iterable[Channel]) -> list[tuple[Week, Channel]]:
    """Reports to be delivered now on these channels, oldest first: the week's, and what failed before."""
    channels = set(channels)
    found = [(of, Channel(row.channel)) for of, row in reports(work) if is_due(row, work.now)]
    if week is not None:
        found += [(week, channel) for channel in channels if on_record(work, week, channel) is None]
    return sorted(one for one in found if one[1] in channels)


def on_record(work: Work, about: Week | date, channel: Channel) -> Delivery | None:
    """The delivery of a week's report or of a day's reminder; None before there was any."""
    is_about = Delivery.week == str(about) if isinstance(about, Week) else Delivery.day == about
    return work.session.exec(
        select(Delivery).where(Delivery.facility_id == work.facility_id, is_about, Delivery.channel == channel)
    ).first()


def put(work: Work, about: Week | date, channel: Channel) -> Delivery:
    """Put a week's report or a day's reminder in the outbox; its first attempt is due at once."""
    week, day = (str(about), None) if isinstance(about, Week) else (None, about)
    row = Delivery(facility_id=work.facility_id, week=week, day=day, channel=channel, next_at=work.now)
    work.write(row)
    return row


def is_due(row: Delivery, now: datetime) -> bool:
    """Whether the next attempt is to be made now."""
    return row.delivered_at is None and row.next_at <= now and not is_busy(row, now)


def is_busy(row: Delivery, now: datetime) -> bool:
    """Whether an attempt is under way, as far as anybody can know."""
    return row.busy_until is not None and row.busy_until > now


def claim(work: Work, row: Delivery, *, again: bool = False) -> Claim | None:
    """Take the next attempt; None where it is not owed, because another process was first or it is not its time.

    `again` takes it also before its time, and when it was delivered already; only not from an attempt that is under
    way.
    """
    if is_busy(row, work.now) or not (again or is_due(row, work.now)):
        return None
    before = row.attempts
    if row.delivered_at is not None:
        row.attempts = 0
    row.attempts += 1
    row.busy_until = work.now + TIME_FOR_AN_ATTEMPT
    work.write(row)
    return Claim(id_of(row), row.attempts, row.busy_until, before)


def claim_report(work: Work, week: Week, channel: Channel, *, again: bool = False) -> Claim | None:
    """Take the next attempt to deliver a week's report; see `claim`."""
    row = on_record(work, week, channel) or put(work, week, channel)
    return claim(work, row, again=again)


def finish(work: Work, taken: Claim, error: str | None, **known: Any) -> datetime | None:  # noqa: ANN401
    """Record how an attempt ended, `error` None for well. Returns when the next one is to be made, None for never.

    `known` is what is said of what was delivered: a report's `edition`, and `up_to`, the newest audit entry that it
    knew; the newest `page` of which a line left.
    """
    row = work.session.get_one(Delivery, taken.delivery_id)
    arrived, failed = Act.REMINDER_MAIL, Act.REMINDER_MAIL_FAILED
    about: dict[str, Any] = {"day": row.day}
    if row.week is not None:
        arrived, failed = Act.REPORT_DELIVER, Act.REPORT_DELIVER_FAILED
        about = {"week": row.week, "channel": row.channel}
    elif row.channel == Channel.WITNESS:
        arrived, failed = Act.WITNESS_DELIVER, Act.WITNESS_DELIVER_FAILED
    if error is None:
        work.on_record(arrived, attempt=taken.attempt, **about, **known)
        row.delivered_at, row.busy_until, row.error = work.now, None, None
        work.add(row)
        return None
    work.on_record(failed, attempt=taken.attempt, **about, error=error)
    if row.busy_until == taken.busy_until:  # or else the claim had run out, and another process is at it now
        row.delivered_at, row.busy_until, row.error = None, None, error
        row.next_at = work.now + wait_after(row.attempts)
        work.add(row)
    return row.next_at


def give_back(session: Session, taken: Claim) -> None:
    """Give an attempt back that had nothing to deliver: what was delivered before says the same."""
    row = session.get_one(Delivery, taken.delivery_id)
    row.attempts, row.busy_until = taken.attempts_before, None
    session.add(row)


def overdue_confirmations(work: Work, awaited: Sequence[Awaited] | None = None) -> Overdue | None:
    """The confirmations that are overdue today, None for nothing; only their count is told.

    `awaited` are all that are awaited, where they are at hand.
    """
    awaited = confirmations.awaited(work) if awaited is None else awaited
    lines = [line for line in awaited if line.is_overdue]
    return Overdue(len(lines), min(line.expected_by for line in lines)) if lines else None


def reminder_told(work: Work) -> Delivery | None:
    """Today's reminder and how far its mail is; None where it was not told yet."""
    return on_record(work, work.today, Channel.MAIL)


def remind(work: Work) -> Overdue | None:
    """Put today's reminder on record; None where nothing is overdue, or another process was first."""
    found = overdue_confirmations(work)
    if found is None or reminder_told(work) is not None:
        return None
    put(work, work.today, Channel.MAIL)
    work.on_record(Act.CONFIRMATIONS_REMIND, day=work.today, overdue=found.count, since=found.since)
    return found


def reminder_is_owed(work: Work) -> bool:
    """Whether an attempt to mail today's reminder is due now: it was told, and is neither mailed nor at it."""
    row = reminder_told(work)
    return row is not None and is_due(row, work.now) and overdue_confirmations(work) is not None


def claim_reminder(work: Work) -> tuple[Overdue, Claim] | None:
    """Take the next attempt to mail today's reminder; see `claim`."""
    row, found = reminder_told(work), overdue_confirmations(work)
    taken = claim(work, row) if row is not None and found is not None else None
    if taken is None or found is None:
        return None
    work.on_record(Act.REMINDER_BEGIN, day=work.today, attempt=taken.attempt)
    return found, taken
