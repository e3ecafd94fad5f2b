"""What ran by itself, when, and what did not: for cron's mails and monitoring. No codes and no addresses are in it."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlmodel import Session, col, func, select

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.drawing.no_record import Compared
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.keeping.owed import (
    LONGEST_GAP,
    Gap,
    last_night_expected,
    overdue_since,
    report_overdue,
    waiting,
)
from testing_tracker.rules.words import Channel
from testing_tracker.services.check_in.whether import any_rule
from testing_tracker.services.drawing import held_days
from testing_tracker.services.drawing.last_nights import TAKE_BACK, gap_that_waits, last_night
from testing_tracker.services.reporting import lines_out, outbox
from testing_tracker.services.reporting.amended import AmendedReport, amended
from testing_tracker.services.reporting.lines_out import LinesLeft
from testing_tracker.services.testing.confirmations import Awaited
from testing_tracker.store.queries import newest
from testing_tracker.store.tables import AuditEntry, Delivery, Facility, Night, ReportEdition
from testing_tracker.store.work import Work

if TYPE_CHECKING:  # what a facility without a rule of checking in has no use for is not loaded
    from testing_tracker.services.check_in.page.page_faults import PageMinutes
    from testing_tracker.services.check_in.page.state_now import CheckInNow

DAYS_TO_LOOK_BACK = 7
EDITIONS_TO_SHOW = 3
CHECKS = (Act.BACKUP_MAKE,)  # acts on the audit record; `verify` changes nothing, so that it was done is not there


@dataclass(frozen=True)
class NightRun:
    """The last nightly run. `seconds` is how long it took, None where that was not measured."""

    day: date
    at: datetime
    by: str
    drawn: int | None
    missed: int | None
    seconds: float | None


@dataclass(frozen=True)
class Edition:
    """A printed report; `number` counts the editions of its week."""

    week: str
    number: int
    printed_at: datetime
    printed_by: str


class Progress(StrEnum):
    """How far a delivery is. `given up`: the channel was taken out of the delivery file; `overdue`: never begun."""

    DELIVERED = "delivered"
    UNDER_WAY = "under way"
    FAILED = "failed"
    GIVEN_UP = "given up"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class DeliveryState:
    """Where a week's delivery is, with what its last attempt failed of and when the next one is due."""

    week: str
    channel: str
    state: Progress
    attempts: int
    next_at: datetime | None
    delivered_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class Check:
    """The last time that something was done that is to be done now and then; None for never."""

    act: str
    at: datetime | None
    by: str | None


@dataclass(frozen=True)
class OverdueConfirmations:
    """The confirmations that are overdue, since when the longest awaited one is, and whether today's reminder was told.

    `mailed_at` is None where it was not mailed, or not yet; `error` is what the last attempt failed of.
    """

    overdue: int
    since: date
    is_told: bool
    attempts: int
    mailed_at: datetime | None
    next_at: datetime | None
    error: str | None


@dataclass
class StatusReport:
    """Everything that `status` tells. `overdue_since` is the day whose nightly run is overdue, None for none.

    `waits_for_word` are the nights without a run for which the next one waits for a person's word on the day.
    `questions` are the days of which nobody has said yet whether anything was collected, `amended` the
    reports that were amended after they were delivered, `witness` the lines that were to have left by now.
    """

    today: date
    now: datetime
    night: NightRun | None
    overdue_since: date | None
    gaps: list[date]
    editions: list[Edition]
    deliveries: list[DeliveryState]
    checks: list[Check]
    confirmations: OverdueConfirmations | None = None
    waits_for_word: Gap | None = None
    questions: list[Compared] = field(default_factory=list)
    amended: list[AmendedReport] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    witness: LinesLeft | None = None
    check_in: "CheckInNow | None" = None


def state_of(
    work: Work,
    overdue_after: time,
    channels: Collection[Channel] | None,
    longest_gap: int = LONGEST_GAP,
    awaited: Sequence[Awaited] | None = None,
    *,
    keeps_lines: bool = False,
    page: "PageMinutes | None" = None,
) -> StatusReport:
    """How things stand now; `channels` are those configured, None where nothing is, as `keeps_lines` is for witnesses.

    Today's nightly run is overdue from the local time `overdue_after` on. `awaited` are the definitive results that
    are awaited, where they are at hand; `page` is what the check-in page's file says of its minutes, where that is.
    """
    opened_on = work.session.get_one(Facility, work.facility_id).opened_on
    local_now = work.now.astimezone(work.zone)
    nights = _nights_run(work)
    ran, newest_run = {night.day for night in nights}, nights[0] if nights else None
    last, reports = last_night(work), outbox.reports(work)
    state = StatusReport(
        today=work.today,
        now=work.now,
        night=_run(work, newest_run) if newest_run is not None else None,
        overdue_since=overdue_since(
            last_night_expected(overdue_after, local_now), newest_run.day if newest_run is not None else None, opened_on
        ),
        gaps=[day for day in _days_before(work.today) if day > opened_on and day not in ran],
        editions=_editions(work),
        deliveries=_deliveries(reports, work.now, channels),
        checks=[_check(work, act) for act in CHECKS],
        confirmations=_overdue_confirmations(work, awaited),
        waits_for_word=gap_that_waits(work, last, longest_gap),
        questions=held_days.unanswered(work),
        amended=amended(work, reports),
        witness=lines_out.left_behind(work) if keeps_lines else None,
        check_in=_check_in(work, page) if any_rule(work) else None,
    )
    state.deliveries += _not_begun(work, report_overdue(local_now, opened_on), channels)
    state.problems += _problems(work, state, last)
    return state


def _check_in(work: Work, page: "PageMinutes | None") -> "CheckInNow | None":
    from testing_tracker.services.check_in.page.state_now import state_now

    return state_now(work, page)


def _problems(work: Work, state: StatusReport, last: date) -> Iterator[str]:
    if last > work.today:
        yield (
            f"draws were made for {last} already, and today is {work.today}; check the machine's clock, and if it "
            f"is right now, `{TAKE_BACK}` takes those nights back"
        )
    elif state.waits_for_word is not None:
        yield waiting(state.waits_for_word)
    elif state.overdue_since is not None:
        yield f"the nightly run is overdue since {state.overdue_since}; `testing-tracker draw` makes today's draws"
    for one in state.deliveries:
        if one.state in (Progress.FAILED, Progress.OVERDUE):
            yield f"the report of {one.week} is not delivered ({one.channel}): {one.error}"
    if state.witness is not None:
        yield f"the witness lines since {state.witness.since} are not kept outside: {state.witness.error}"
    if state.check_in is not None and state.check_in.fault is not None:
        fault = state.check_in.fault
        yield (
            f"check-in has been at fault since {fault.from_at.astimezone(work.zone):%H:%M}: {fault.reason}; telephone "
            "those who are not told: `testing-tracker checkin list --not-yet --contacts`"
        )
    if state.confirmations is not None and state.confirmations.error is not None:
        yield f"the reminder of {work.today} is not mailed: {state.confirmations.error}"


def _overdue_confirmations(work: Work, awaited: Sequence[Awaited] | None) -> OverdueConfirmations | None:
    overdue = outbox.overdue_confirmations(work, awaited)
    if overdue is None:
        return None
    told = outbox.reminder_told(work)
    error, next_at = None, None
    if told is not None and told.attempts and told.delivered_at is None and not outbox.is_busy(told, work.now):
        was_cut_off = told.busy_until is not None
        error, next_at = (outbox.CUT_OFF, told.busy_until) if was_cut_off else (told.error, told.next_at)
    return OverdueConfirmations(
        overdue=overdue.count,
        since=overdue.since,
        is_told=told is not None,
        attempts=told.attempts if told is not None else 0,
        mailed_at=told.delivered_at if told is not None else None,
        next_at=next_at,
        error=error,
    )


def _nights_run(work: Work) -> Sequence[Night]:
    """The last nights with a run, newest first; enough of them to know those of the days to look back on."""
    nights = select(Night).where(Night.facility_id == work.facility_id, col(Night.ran))
    return work.session.exec(nights.order_by(col(Night.day).desc()).limit(DAYS_TO_LOOK_BACK + 1)).all()


def _days_before(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(DAYS_TO_LOOK_BACK, 0, -1)]


def _run(work: Work, night: Night) -> NightRun:
    entry = _last_entry(work, Act.NIGHT_RUN)
    detail = json.loads(entry.detail or "{}") if entry is not None else {}
    if detail.get("day") != night.day.isoformat():
        detail = {}
    return NightRun(
        day=night.day,
        at=night.recorded_at,
        by=night.recorded_by,
        drawn=detail.get("drawn"),
        missed=detail.get("missed"),
        seconds=detail.get("seconds"),
    )


def _editions(work: Work) -> list[Edition]:
    editions = work.session.exec(
        select(ReportEdition)
        .where(ReportEdition.facility_id == work.facility_id)
        .order_by(col(ReportEdition.id).desc())
        .limit(EDITIONS_TO_SHOW)
    ).all()
    return [Edition(row.week, _number(work.session, row), row.printed_at, row.printed_by) for row in editions]


def _number(session: Session, edition: ReportEdition) -> int:
    of_its_week = (
        ReportEdition.facility_id == edition.facility_id,
        ReportEdition.week == edition.week,
        col(ReportEdition.id) <= edition.id,
    )
    return session.exec(select(func.count()).select_from(ReportEdition).where(*of_its_week)).one()


def _deliveries(
    reports: Sequence[tuple[Week, Delivery]], now: datetime, channels: Collection[Channel] | None
) -> list[DeliveryState]:
    """The deliveries that did not arrive yet, and each channel's last one that did; newest week first."""
    shown, arrived = [], set()
    for week, row in reports:
        if row.delivered_at is None or row.channel not in arrived:
            shown.append(_delivery(week, row, now, channels))
        if row.delivered_at is not None:
            arrived.add(row.channel)
    return shown


def _delivery(week: Week, row: Delivery, now: datetime, channels: Collection[Channel] | None) -> DeliveryState:
    error = row.error
    if row.delivered_at is not None:
        state = Progress.DELIVERED
    elif channels is not None and row.channel == Channel.MAIL and row.channel not in channels:
        state = Progress.GIVEN_UP
    elif outbox.is_busy(row, now):
        state = Progress.UNDER_WAY if error is None else Progress.FAILED
    else:
        state, error = Progress.FAILED, error or outbox.CUT_OFF
    waits = state == Progress.FAILED and not outbox.is_busy(row, now)
    return DeliveryState(
        week=str(week),
        channel=row.channel,
        state=state,
        attempts=row.attempts,
        next_at=row.next_at if waits else None,
        delivered_at=row.delivered_at,
        error=error if state != Progress.DELIVERED else None,
    )


def _not_begun(work: Work, week: Week | None, channels: Collection[Channel] | None) -> list[DeliveryState]:
    """The deliveries that nobody has attempted though it is time."""
    if week is None:
        return []
    why = "nothing has tried to; is `serve` running?"
    return [
        DeliveryState(str(week), channel, Progress.OVERDUE, 0, None, None, why)
        for channel in channels or ()
        if outbox.on_record(work, week, channel) is None
    ]


def _check(work: Work, act: Act) -> Check:
    entry = _last_entry(work, act)
    return Check(act, None, None) if entry is None else Check(act, entry.at, entry.account)


def _last_entry(work: Work, act: Act) -> AuditEntry | None:
    return newest(work.session, AuditEntry, AuditEntry.facility_id == work.facility_id, AuditEntry.act == act)
