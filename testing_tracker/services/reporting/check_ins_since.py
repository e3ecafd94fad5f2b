"""What came on record of a week's checking in after some audit entry: for amended reports, and whether one is due."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.store.dialects import said_in
from testing_tracker.store.queries import records_of
from testing_tracker.store.tables import AuditEntry, CheckIn, Outage, Participant
from testing_tracker.store.work import Work

OF_EVERYBODY = "check-in"
_OF_A_DAY = (Act.CHECK_IN_RECORD, Act.CHECK_INS_COLLECT)
_OF_A_SPAN = (Act.OUTAGE_RECORD, Act.OUTAGE_FIND)
_OF_TWO_RECORDS = (Act.PARTICIPANT_JOIN,)  # what one record was told, the other one's participant knew


@dataclass(frozen=True)
class LaterCheckIns:
    """An act about a day's checking in: of whom, by code, or of everybody."""

    at: datetime
    account: str
    participant: str
    on: date
    what: str
    reason: str | None


def later_check_ins(work: Work, week: Week, since: ColumnElement[bool]) -> Iterator[LaterCheckIns]:
    """The acts about a week's checking in among the audit entries of a condition, in their order."""
    acts = (*_OF_A_DAY, *_OF_A_SPAN, *_OF_TWO_RECORDS)
    entries = work.session.exec(
        select(AuditEntry, Participant.code)
        .join(Participant, col(Participant.id) == AuditEntry.participant_id, isouter=True)
        .where(AuditEntry.facility_id == work.facility_id, since, col(AuditEntry.act).in_(acts))
        .order_by(col(AuditEntry.id))
    )
    for entry, code in entries.all():
        for day, what in _said(work, week, entry):
            yield LaterCheckIns(entry.at, entry.account, code or OF_EVERYBODY, day, what, entry.reason)


def _said(work: Work, week: Week, entry: AuditEntry) -> Iterator[tuple[date, str]]:
    """The days of the week that an entry is about, and what it did; nothing where it is about no day of it."""
    said = json.loads(entry.detail or "{}")
    if entry.act in _OF_A_SPAN:
        for day in _days_of_span(work, said):
            if week.monday <= day <= week.sunday:
                yield day, entry.act
    elif entry.act in _OF_TWO_RECORDS:
        days = _days_of_person(work, said, week.monday, week.sunday)
        if days:
            yield days[-1], entry.act
    elif entry.act == Act.CHECK_IN_RECORD:
        day = date.fromisoformat(said["day"]) if "day" in said else entry.at.astimezone(work.zone).date()
        if week.monday <= day <= week.sunday:
            yield day, f"{entry.act}: {said.get('outcome', 'told')}"
    else:
        # One act brings the visits of many people, all of that moment.
        visits = work.session.connection().execute(
            sa_select(func.max(col(CheckIn.day)), func.count()).where(
                col(CheckIn.facility_id) == work.facility_id,
                col(CheckIn.day).between(week.monday, week.sunday),
                col(CheckIn.visit).is_not(None),
                col(CheckIn.recorded_at) == entry.at,
            )
        )
        last, count = visits.one()
        if count:
            yield last, f"{entry.act}: {count}"


def _days_of_span(work: Work, said: dict[str, Any]) -> list[date]:
    """The facility's day on which a span begins, by its row, which says more than an entry needs to; and the day of
    the one in whose place it is, which counts no more."""
    found = set()
    for number in (said.get("outage"), said.get("replaces")):
        row = work.session.get(Outage, number) if number is not None else None
        if row is not None:
            found.add(row.from_at.astimezone(work.zone).date())
    return sorted(found)


def _days_of_person(work: Work, said: dict[str, Any], first: date, last: date) -> Sequence[date]:
    """The days of some on which a record that goes on for another one, or one of those joined into it, tried to check
    in; of the two entries of a joining, the one that says into which."""
    if "into" not in said:
        return []
    theirs = col(CheckIn.participant_id).in_(records_of(said["into"]))
    days = work.session.exec(select(col(CheckIn.day)).where(theirs, col(CheckIn.day).between(first, last)))
    return sorted(set(days))


def newest_of_days(work: Work, since: int, first: date, last: date) -> dict[date, int]:
    """The newest audit entry about checking in since another one, by the day that it is about, of some days.

    Of visits that a page's file brought it has the act that says that a day was looked through, not each of them.
    """
    connection = work.session.connection()
    said = said_in(connection, col(AuditEntry.detail), "day")
    rows = connection.execute(
        sa_select(said, func.max(AuditEntry.id))
        .where(
            col(AuditEntry.facility_id) == work.facility_id,
            col(AuditEntry.id) > since,
            col(AuditEntry.act).in_(_OF_A_DAY),
            said.between(str(first), str(last)),
        )
        .group_by(said)
    )
    newest = {date.fromisoformat(day): number for day, number in rows if day is not None and number is not None}
    for entry in work.session.exec(
        select(AuditEntry).where(
            AuditEntry.facility_id == work.facility_id,
            col(AuditEntry.id) > since,
            col(AuditEntry.act).in_((*_OF_A_SPAN, *_OF_TWO_RECORDS)),
        )
    ).all():
        detail = json.loads(entry.detail or "{}")
        is_span = entry.act in _OF_A_SPAN
        days = _days_of_span(work, detail) if is_span else _days_of_person(work, detail, first, last)
        for day in days:
            if first <= day <= last and entry.id is not None:
                newest[day] = max(newest.get(day, 0), entry.id)
    return newest
