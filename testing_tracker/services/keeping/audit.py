"""What is on record of who did what and who looked at what, in one order.

45 CFR 164.312(b) asks for mechanisms that record and examine activity: acts stand on the audit table, looks beside it,
and here both are examined.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy import select as sa_select
from sqlmodel import col

from testing_tracker.rules.keeping.acts_said import act_said, detail_said
from testing_tracker.services.people.lookup import find_participant, records_of_person
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import AuditEntry, Draw, Look, Participant
from testing_tracker.store.work import Work

_ROWS_AT_A_TIME = 1_000
_MOST_SINCE = 100


class EntryKind(StrEnum):
    """What an entry is of."""

    ACT = "act"
    LOOK = "look"


@dataclass(frozen=True)
class AuditLine:
    """An act or a look. `at` is by the facility's clock; `what` is the act as it is stored or the command, `said` that
    in words; `due_on` is the day of the draw that it is about."""

    at: datetime
    account: str
    kind: EntryKind
    what: str
    said: str
    participant: str | None
    due_on: date | None
    recommendation: int | None
    reason: str | None
    detail: str | None


@dataclass(frozen=True)
class EntriesAsked:
    """Which entries are asked for: of all records of a participant's, by id, of an account, of days, both included, and
    of one kind only. None asks for all of them."""

    records: Sequence[int] | None = None
    account: str | None = None
    first: date | None = None
    last: date | None = None
    only: EntryKind | None = None


def records_behind(work: Work, code: str) -> tuple[int, Sequence[int]]:
    """The participant with a code, or with that code before, by id, and all records of that person.

    Raises TestingTrackerError where there is none.
    """
    participant = find_participant(work, code)
    return id_of(participant), [id_of(record) for record in records_of_person(work.session, participant)]


def listed(work: Work, asked: EntriesAsked) -> Iterator[AuditLine]:
    """Acts and looks, the newest last, read as they are taken: there may be a million."""
    kinds = EntryKind if asked.only is None else (asked.only,)
    yield from heapq.merge(*(_lines(work, _of_kind(work, kind, asked), kind) for kind in kinds), key=lambda one: one.at)


def acts_since(work: Work, account: str, instant: datetime) -> Sequence[AuditLine]:
    """What an account has put on record since an instant, in its order, the newest hundred: acts, and no looks."""
    query = _columns(EntryKind.ACT).where(
        col(AuditEntry.facility_id) == work.facility_id,
        col(AuditEntry.account) == account,
        col(AuditEntry.at) >= instant,
    )
    newest = query.order_by(col(AuditEntry.id).desc()).limit(_MOST_SINCE)
    return [*_lines(work, newest, EntryKind.ACT)][::-1]


def _of_kind(work: Work, kind: EntryKind, asked: EntriesAsked) -> Select[Any]:
    table: Any = AuditEntry if kind is EntryKind.ACT else Look
    at, account = (table.at, table.account) if kind is EntryKind.ACT else (table.recorded_at, table.recorded_by)
    conditions: list[ColumnElement[bool]] = []
    if asked.records is None:
        conditions.append(table.facility_id == work.facility_id)
    else:  # whose index is by participant; a participant is of one facility
        conditions.append(col(table.participant_id).in_(asked.records))
    if asked.account is not None:
        conditions.append(account == asked.account)
    if asked.first is not None:
        conditions.append(at >= _midnight(work, asked.first))
    if asked.last is not None:
        conditions.append(at < _midnight(work, asked.last + timedelta(days=1)))
    return _columns(kind).where(*conditions).order_by(table.id)


def _columns(kind: EntryKind) -> Select[Any]:
    columns: list[Any] = [col(Participant.code)]
    if kind is EntryKind.LOOK:
        columns += [col(Look.recorded_at).label("at"), col(Look.recorded_by).label("account")]
        columns += [col(Look.command).label("what"), col(Look.detail)]
        looks = sa_select(*columns).select_from(Look)
        return looks.outerjoin(Participant, col(Participant.id) == Look.participant_id)
    columns += [col(AuditEntry.at), col(AuditEntry.account), col(AuditEntry.act).label("what"), col(AuditEntry.detail)]
    columns += [col(Draw.due_on), col(AuditEntry.recommendation_id), col(AuditEntry.reason)]
    acts = sa_select(*columns).select_from(AuditEntry)
    whose = acts.outerjoin(Participant, col(Participant.id) == AuditEntry.participant_id)
    return whose.outerjoin(Draw, col(Draw.id) == AuditEntry.draw_id)


def _lines(work: Work, query: Select[Any], kind: EntryKind) -> Iterator[AuditLine]:
    rows = work.session.connection().execute(query, execution_options={"yield_per": _ROWS_AT_A_TIME})
    for row in rows:
        at = row.at.astimezone(work.zone)
        if kind is EntryKind.LOOK:
            yield AuditLine(
                at, row.account, kind, row.what, f"looked: {row.what}", row.code, None, None, None, row.detail
            )
            continue
        yield AuditLine(
            at,
            row.account,
            kind,
            row.what,
            act_said(row.what),
            row.code,
            row.due_on,
            row.recommendation_id,
            row.reason,
            detail_said(row.detail) or None,
        )


def _midnight(work: Work, day: date) -> datetime:
    """The instant at which a day begins at the facility."""
    return datetime.combine(day, time(), work.zone).astimezone(UTC)
