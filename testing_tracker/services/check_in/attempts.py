"""Who tried to learn whether to come, and what became of each attempt: of a day, or of a participant, with receipts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInAttempt, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.receipts import HERE, Says
from testing_tracker.services.check_in.receipt_keys import ReceiptMaker
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.store.dialects import one_of
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.queries import id_of, joined_into, records_of, records_of_all
from testing_tracker.store.tables import CheckIn
from testing_tracker.store.work import Work


def rows_on(work: Work, day: date, participants: Collection[int] | None = None) -> dict[int, list[CheckIn]]:
    """The attempts of a day, of some participants by id or of all, in the order of their instants.

    They are under the record that goes on for the person, also those that another record made which was joined into it
    since: whoever was told knows it, whichever card they had. Nobody is in it without an attempt.
    """
    asked = select(CheckIn).where(CheckIn.facility_id == work.facility_id, CheckIn.day == day)
    if participants is not None:
        records = records_of_all(work.session, participants)
        asked = asked.where(col(CheckIn.participant_id).in_(records))
    rows = work.session.exec(asked.order_by(col(CheckIn.at), col(CheckIn.id))).all()
    found: dict[int, list[CheckIn]] = {}
    into = joined_into(work.session) if rows else {}
    for row in rows:
        found.setdefault(into.get(row.participant_id, row.participant_id), []).append(row)
    return found


class AttemptRow(NamedTuple):
    """What counts of an attempt on record, where a day has thousands of them."""

    participant_id: int
    at: datetime
    channel: str
    outcome: str
    answer: str | None
    timing: str | None
    receipt: str | None


def few_columns_on(work: Work, day: date, participants: Collection[int] | None = None) -> dict[int, list[AttemptRow]]:
    """The attempts of a day as `rows_on` has them, without what is rarely asked for."""
    columns = (col(getattr(CheckIn, name)) for name in AttemptRow._fields)
    asked = sa_select(*columns).where(col(CheckIn.facility_id) == work.facility_id, col(CheckIn.day) == day)
    if participants is not None:
        records = records_of_all(work.session, participants)
        asked = asked.where(one_of(work.session.connection(), col(CheckIn.participant_id), records))
    rows = work.session.connection().execute(asked.order_by(col(CheckIn.at), col(CheckIn.id))).all()
    found: dict[int, list[AttemptRow]] = {}
    into = joined_into(work.session) if rows else {}
    for row in map(AttemptRow._make, rows):
        found.setdefault(into.get(row.participant_id, row.participant_id), []).append(row)
    return found


def as_attempts(rows: Iterable[CheckIn | AttemptRow]) -> list[CheckInAttempt]:
    """Attempts on record as the rules have them."""
    return [attempt_said(row.at, row.outcome, row.answer, row.timing) for row in rows]


def attempt_said(at: datetime, outcome: str, answer: str | None, timing: str | None) -> CheckInAttempt:
    """An attempt from the words that are on record of it."""
    return CheckInAttempt(
        at,
        CheckInOutcome(outcome),
        DaysAnswer(answer) if answer else None,
        Timing(timing) if timing else None,
    )


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


def attempts_on(work: Work, day: date, before: Sequence[tuple[int, datetime]] = ()) -> dict[int, list[CheckInAttempt]]:
    """All attempts of a day, as `rows_on` has them and by the same records, without their rows: there may be many.

    Those with ids up to one in `before` were made before its instant at the latest, whatever a clock showed.
    """
    columns = (CheckIn.id, CheckIn.participant_id, CheckIn.at, CheckIn.outcome, CheckIn.answer, CheckIn.timing)
    asked = sa_select(*map(col, columns)).where(col(CheckIn.facility_id) == work.facility_id, col(CheckIn.day) == day)
    rows: Sequence[Any] = work.session.connection().execute(asked.order_by(col(CheckIn.at), col(CheckIn.id))).all()
    into = joined_into(work.session) if rows else {}
    found: dict[int, list[CheckInAttempt]] = {}
    for number, participant_id, at, outcome, answer, timing in rows:
        by_then = min([at, *(instant for last, instant in before if number <= last)])
        attempt = attempt_said(by_then, outcome, answer, timing)
        found.setdefault(into.get(participant_id, participant_id), []).append(attempt)
    return found
