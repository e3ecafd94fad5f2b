"""A participant's attempts to learn whether to come, as they are on record, with their receipts."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.receipts import HERE, Says
from testing_tracker.services.check_in.receipt_keys import ReceiptMaker
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.queries import id_of, records_of
from testing_tracker.store.tables import CheckIn
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class CheckInEntry:
    """An attempt: when (UTC), on which way, what became of it, and who recorded it."""

    day: date
    at: datetime
    by: CheckedInBy
    outcome: CheckInOutcome
    answer: DaysAnswer | None
    timing: Timing | None
    receipt: str | None
    note: str | None
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class CheckInsOnRecord:
    """A participant's attempts in the order of their instants, also those of records that were joined into theirs."""

    participant_id: int
    participant: str
    entries: list[CheckInEntry]


def check_ins_of_participant(
    work: Work, key_file: KeyFile | None, code: str, first: date | None = None, last: date | None = None
) -> CheckInsOnRecord:
    """All attempts of a participant, from a day on and up to one where these are given.

    Raises TestingTrackerError for a code that nobody has, and for days that end before they begin.
    """
    if first is not None and last is not None and last < first:
        raise TestingTrackerError(f"{last} is before {first}; say the earlier day with --from.")
    participant = find_participant(work, code)
    return CheckInsOnRecord(
        id_of(participant), participant.code, entries_of(work, key_file, id_of(participant), first, last)
    )


def entries_of(
    work: Work, key_file: KeyFile | None, participant_id: int, first: date | None = None, last: date | None = None
) -> list[CheckInEntry]:
    """The attempts of a participant by id, as above."""
    days = [*([col(CheckIn.day) >= first] if first else []), *([col(CheckIn.day) <= last] if last else [])]
    rows = work.session.exec(
        select(CheckIn)
        .where(col(CheckIn.participant_id).in_(records_of(participant_id)), *days)
        .order_by(col(CheckIn.day), col(CheckIn.at), col(CheckIn.id))
    ).all()
    makers: dict[date, ReceiptMaker] = {}
    return [
        CheckInEntry(
            day=row.day,
            at=row.at,
            by=CheckedInBy(row.channel),
            outcome=CheckInOutcome(row.outcome),
            answer=DaysAnswer(row.answer) if row.answer else None,
            timing=Timing(row.timing) if row.timing else None,
            receipt=row.receipt or _made_now(row, makers.setdefault(row.day, ReceiptMaker(work, key_file, row.day))),
            note=row.note,
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
        )
        for row in rows
    ]


def _made_now(row: CheckIn, receipts: ReceiptMaker) -> str | None:
    """The receipt of a check-in that was recorded where there was no key; None also for what has none."""
    if row.timing is None:
        return None
    return receipts.of(row.participant_id, Says(row.answer or HERE, Timing(row.timing)))
