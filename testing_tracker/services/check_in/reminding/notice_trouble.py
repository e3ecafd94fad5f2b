"""Whose reminders do not go through: those that fail day after day, and those that somebody ended with the vendor."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from testing_tracker.rules.check_in.notices import NoticeChannel
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.services.check_in.reminding.contacts import BY_VENDOR, standing_contacts
from testing_tracker.store.tables import AuditEntry, Notice, Participant
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class FailingNotices:
    """A participant whose reminders by a channel failed on these days, newest first, and on none since."""

    participant: str
    channel: NoticeChannel
    failed_on: list[date]
    error: str


@dataclass(frozen=True)
class EndedByVendor:
    """A participant who has ended their reminders with the vendor, and has not consented again since."""

    participant: str
    channel: NoticeChannel
    at: datetime


def failing(work: Work) -> Iterator[FailingNotices]:
    """Participants of whom every reminder of the last days failed, of the days that the queue keeps."""
    rows = work.session.exec(
        select(Notice, Participant.code)
        .join(Participant, col(Participant.id) == Notice.participant_id)
        .where(Notice.facility_id == work.facility_id)
        .order_by(col(Notice.day).desc(), col(Notice.id).desc())
    ).all()
    by_whom: dict[tuple[str, str], dict[date, list[Notice]]] = defaultdict(lambda: defaultdict(list))
    for row, code in rows:
        if row.handed_over_at is not None or row.next_at is None:  # what waits has not failed yet
            by_whom[code, row.channel][row.day].append(row)
    for (code, channel), days in by_whom.items():
        failed: list[date] = []
        error = ""
        for day, of_day in days.items():
            if any(row.handed_over_at is not None for row in of_day):
                break
            failed.append(day)
            error = error or of_day[0].error or ""
        if failed:
            yield FailingNotices(code, NoticeChannel(channel), failed, error)


def ended_by_vendor(work: Work, days: int) -> Iterator[EndedByVendor]:
    """Participants who ended their reminders with the vendor within so many days."""
    entries = work.session.exec(
        select(AuditEntry, Participant.code)
        .join(Participant, col(Participant.id) == AuditEntry.participant_id)
        .where(
            AuditEntry.facility_id == work.facility_id,
            AuditEntry.act == Act.CONTACT_STOP,
            AuditEntry.reason == BY_VENDOR,
            AuditEntry.at >= work.now - timedelta(days=days + 1),
        )
        .order_by(col(AuditEntry.id).desc())
    ).all()
    standing = {one.participant_id for one in standing_contacts(work) if one.channel == NoticeChannel.TEXT}
    told: set[str] = set()
    for entry, code in entries:
        if entry.participant_id not in standing and code not in told:
            told.add(code)
            yield EndedByVendor(code, NoticeChannel.TEXT, entry.at)
