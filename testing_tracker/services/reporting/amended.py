"""Reports that were delivered, and whose week's records have changed since: their readers have not seen that.

The audit table says all of it: what each delivery knew, and which acts came later.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import col, select

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.acts import CHANGES_A_DRAW, CHANGES_WHO_TAKES_PART, Act
from testing_tracker.rules.words import Channel
from testing_tracker.services.check_in.whether import any_rule
from testing_tracker.services.reporting import outbox
from testing_tracker.store.tables import AuditEntry, Delivery, Draw, Participant
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class LastDelivered:
    """What left last of a week on a channel: the edition, None where that was not kept, and the audit entries known."""

    edition: int | None
    up_to: int


@dataclass(frozen=True)
class AmendedReport:
    """A report that was amended after it was delivered at that moment (UTC)."""

    week: str
    channel: Channel
    delivered_at: datetime

    @property
    def do(self) -> str:
        """The command that sends the new edition now."""
        return f"testing-tracker report weekly --week {self.week} --send"


def amended(work: Work, reports: Sequence[tuple[Week, Delivery]] | None = None) -> list[AmendedReport]:
    """The reports that were amended after they were delivered, oldest week first.

    `reports` are those of `outbox.reports`, where they are at hand.
    """
    reports = outbox.reports(work) if reports is None else reports
    delivered = sorted(
        (str(week), row.channel, row.delivered_at) for week, row in reports if row.delivered_at is not None
    )
    if not delivered:
        return []
    known = _last_deliveries(work)
    since = {(week, channel): known[week, channel] for week, channel, _ in delivered if (week, channel) in known}
    newest = _newest_change(work, {week: last.up_to for (week, _), last in since.items()})
    return [
        AmendedReport(week, Channel(channel), at)
        for week, channel, at in delivered
        if (last := since.get((week, channel))) is not None and newest.get(week, 0) > last.up_to
    ]


def is_amended(work: Work, week: Week, channel: Channel) -> bool:
    """Whether a delivered report was amended since, as far as anybody has recorded by now."""
    return any((one.week, one.channel) == (str(week), channel) for one in amended(work))


def last_delivered(work: Work, week: Week, channel: Channel) -> LastDelivered | None:
    """What left last; None where nothing has."""
    return _last_deliveries(work).get((str(week), str(channel)))


def record_unchanged(work: Work, week: Week, channel: Channel, *, edition: int | None, up_to: int) -> None:
    """What was recorded since has not changed the report, so there was nothing to deliver."""
    work.on_record(Act.REPORT_UNCHANGED, week=str(week), channel=str(channel), edition=edition, up_to=up_to)


def _last_deliveries(work: Work) -> dict[tuple[str, str], LastDelivered]:
    entries = work.session.exec(
        select(AuditEntry)
        .where(
            AuditEntry.facility_id == work.facility_id,
            col(AuditEntry.act).in_((Act.REPORT_DELIVER, Act.REPORT_UNCHANGED)),
        )
        .order_by(col(AuditEntry.id))
    )
    found = {}
    for entry in entries:
        detail = json.loads(entry.detail or "{}")
        known = LastDelivered(detail.get("edition"), detail.get("up_to") or entry.id or 0)
        found[str(detail.get("week")), str(detail.get("channel"))] = known
    return found


def _newest_change(work: Work, known: Mapping[str, int]) -> dict[str, int]:
    """The newest audit entry that changed something of each week; of those weeks that are asked for."""
    if not known:
        return {}
    weeks = {text: Week.parse(text) for text in known}
    first = min(week.monday for week in weeks.values())
    last = max(week.sunday for week in weeks.values())
    rows = work.session.exec(
        select(col(Draw.due_on), func.max(AuditEntry.id))
        .select_from(AuditEntry)
        .join(Draw, col(Draw.id) == AuditEntry.draw_id)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            col(AuditEntry.id) > min(known.values()),
            col(AuditEntry.act).in_(CHANGES_A_DRAW),
            col(Draw.due_on).between(first, last),
        )
        .group_by(col(Draw.due_on))
    )
    newest: dict[str, int] = {}
    for day, entry_id in rows:
        text = str(Week.of(day))
        newest[text] = max(newest.get(text, 0), entry_id or 0)
    if any_rule(work):
        from testing_tracker.services.reporting.check_ins_since import newest_of_days

        for day, number in newest_of_days(work, min(known.values()), first, last).items():
            newest[str(Week.of(day))] = max(newest.get(str(Week.of(day)), 0), number)
    for day, entry_id in _changes_of_who_takes_part(work, min(known.values())):
        for text, week in weeks.items():
            if day <= week.sunday:
                newest[text] = max(newest.get(text, 0), entry_id)
    return newest


def _changes_of_who_takes_part(work: Work, since: int) -> list[tuple[date, int]]:
    entries = work.session.exec(
        select(AuditEntry).where(
            AuditEntry.facility_id == work.facility_id,
            col(AuditEntry.id) > since,
            col(AuditEntry.act).in_(tuple(CHANGES_WHO_TAKES_PART)),
        )
    )
    found = []
    for entry in entries:
        day = json.loads(entry.detail or "{}").get(CHANGES_WHO_TAKES_PART[entry.act])
        if day and entry.id is not None:
            found.append((date.fromisoformat(day), entry.id))
    return found
