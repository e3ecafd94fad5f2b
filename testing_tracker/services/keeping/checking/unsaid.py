"""Says which rows were written in a way in which the program writes none: without an act on the audit table beside it.

Whoever knows the program can keep the word of a row that they have changed (`last_written`) as the program does. It
keeps none without an act that is recorded together with it and is about the same participant, draw or recommendation;
so a change by hand is named, or stands among the acts, where everybody can ask about it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from testing_tracker.rules.keeping.acts import Act
from testing_tracker.services.keeping.checking.otherwise import code_of
from testing_tracker.services.keeping.checking.stumbling import Found
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.ledger.last_written import says_of
from testing_tracker.store.queries import records_of
from testing_tracker.store.tables import AuditEntry, LastWritten, Recommendation, Renaming
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class _Acts:
    """The acts of one transaction: which they are, and whom and what they are about."""

    acts: frozenset[str]
    participants: frozenset[int]
    draws: frozenset[int]
    recommendations: frozenset[int]


def writings_without_an_act(work: Work) -> Iterator[Found]:
    """Rows of which a word was kept in a transaction none of whose acts is about them.

    The first that a facility's ledger has of such words are those of all that was there by then.
    """
    is_first = True
    for rows, entries in ledger.written_together(work.session, work.facility_id, "last_written"):
        if not is_first:
            yield from _unsaid(work, rows, entries)
        is_first = False


def _unsaid(work: Work, rows: range, entries: range) -> Iterator[Found]:
    acts = _acts(work, entries)
    query = select(LastWritten).where(
        LastWritten.facility_id == work.facility_id, col(LastWritten.id).between(rows.start, rows.stop - 1)
    )
    for row in work.session.exec(query.order_by(col(LastWritten.id))):
        if not _is_said(work, row, says_of(row.says), acts):
            code = code_of(work, row.of_table, row.row_id)
            yield work.today, code, f"the {row.of_table} {row.row_id} on record was written without an act that says so"


def _acts(work: Work, entries: range) -> _Acts:
    asked = select(AuditEntry.act, AuditEntry.participant_id, AuditEntry.draw_id, AuditEntry.recommendation_id).where(
        AuditEntry.facility_id == work.facility_id, col(AuditEntry.id).between(entries.start, entries.stop - 1)
    )
    found = work.session.exec(asked).all() or [("", None, None, None)]
    acts, participants, draws, recommendations = (
        frozenset(filter(None, column)) for column in zip(*found, strict=True)
    )
    return _Acts(acts, participants, draws, recommendations)


def _is_said(work: Work, row: LastWritten, says: Mapping[str, Any] | None, acts: _Acts) -> bool:
    if row.of_table == "participant":
        return row.row_id in acts.participants
    if row.of_table == "contact":
        return _is_contact_said(work, row, says, acts)
    if row.of_table == "delivery":
        return Act.NIGHT_TAKE_BACK in acts.acts if says is None else _has_arrived(work, says)
    if says is None:  # the program takes no row of these away
        return False
    if Act.HISTORY_IMPORT in acts.acts and row.of_table not in ("facility", "renaming"):
        return True  # is about everybody in the file, and an earlier use is another reason for what is recommended
    if row.of_table == "facility":
        return bool(acts.acts & {Act.FACILITY_RENAME, Act.FACILITY_CREATE})
    if row.of_table == "renaming":
        renaming = work.session.get(Renaming, row.row_id)
        return renaming is not None and _is_about(work, renaming.participant_id, acts)
    if row.of_table == "evidence":
        whose = work.session.get(Recommendation, says.get("recommendation_id"))
        return says.get("draw_id") in acts.draws or _is_about(work, whose.participant_id if whose else None, acts)
    if row.of_table == "recommendation":
        return row.row_id in acts.recommendations or _is_about(work, says.get("participant_id"), acts)
    if row.of_table == "review":
        return says.get("draw_id") in acts.draws or _is_about(work, says.get("participant_id"), acts)
    return row.row_id in acts.draws


def _is_about(work: Work, participant_id: int | None, acts: _Acts) -> bool:
    """Whether an act is about a participant, under any of the records that were joined."""
    records = work.session.connection().execute(records_of(participant_id or 0)).scalars()
    return not acts.participants.isdisjoint(records)


_OF_CONTACTS = frozenset({Act.CONTACT_SET, Act.CONTACT_STOP, Act.CONTACT_FORGET})


def _is_contact_said(work: Work, row: LastWritten, says: Mapping[str, Any] | None, acts: _Acts) -> bool:
    """Whether an act on where somebody is reminded is about whose address it is, or was where it was forgotten."""
    if not acts.acts & _OF_CONTACTS:
        return False
    if says is not None:
        return _is_about(work, says.get("participant_id"), acts)
    asked = select(LastWritten.says).where(
        LastWritten.facility_id == row.facility_id,
        LastWritten.of_table == "contact",
        LastWritten.row_id == row.row_id,
        col(LastWritten.id) < (row.id or 0),
    )
    was = says_of(work.session.exec(asked.order_by(col(LastWritten.id).desc()).limit(1)).first())
    return was is not None and _is_about(work, was.get("participant_id"), acts)


_ARRIVED = (Act.REPORT_DELIVER, Act.REMINDER_MAIL, Act.WITNESS_DELIVER)


def _has_arrived(work: Work, says: Mapping[str, Any]) -> bool:
    """Whether an act says that a delivery arrived at the moment that its row says; of one on its way none need."""
    at = says.get("delivered_at")
    if at is None:
        return True
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    asked = select(AuditEntry.id).where(
        AuditEntry.facility_id == work.facility_id, AuditEntry.at == moment, col(AuditEntry.act).in_(_ARRIVED)
    )
    return work.session.exec(asked.limit(1)).first() is not None
