"""Who tried on a day to learn whether to come, and what became of each attempt."""

from collections.abc import Collection, Iterable
from datetime import date

from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInAttempt, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.store.queries import joined_into, records_of_all
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


def as_attempts(rows: Iterable[CheckIn]) -> list[CheckInAttempt]:
    """Attempts on record as the rules have them."""
    return [
        CheckInAttempt(
            at=row.at,
            outcome=CheckInOutcome(row.outcome),
            answer=DaysAnswer(row.answer) if row.answer else None,
            timing=Timing(row.timing) if row.timing else None,
        )
        for row in rows
    ]
