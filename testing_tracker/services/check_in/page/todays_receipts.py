"""Makes the day's receipts ready, for machines that tell participants and have not the key."""

from datetime import date

from sqlalchemy import delete, exists
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.check_in.receipts import everything_said, receipt
from testing_tracker.services.check_in.receipt_keys import day_key
from testing_tracker.services.check_in.rules_in_force import rule_on
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.queries import in_force_id
from testing_tracker.store.tables import Enrolment, Participant, TodaysReceipt
from testing_tracker.store.work import Work


def are_owed(work: Work, key_file: KeyFile) -> bool:
    """Whether somebody has no receipts of today ready, or those of a key that was replaced since."""
    if rule_on(work, work.today) is None:
        return _any_of_other_days(work)
    key = day_key(work, key_file, work.today)
    return key is not None and (bool(_without(work)) or _any_of_other_days(work) or _is_of_another_key(work, key))


def make_ready(work: Work, key_file: KeyFile) -> int:
    """Make today's receipts of whoever is in the programme, and take those of other days away; returns of how many.

    Where the key is not at hand nothing is made; nor where nobody has to check in today.
    """
    key = day_key(work, key_file, work.today) if rule_on(work, work.today) is not None else None
    gone = delete(TodaysReceipt).where(col(TodaysReceipt.facility_id) == work.facility_id)
    if key is None or not _is_of_another_key(work, key):
        gone = gone.where(col(TodaysReceipt.day) != work.today)
    work.session.connection().execute(gone)
    if key is None:
        return 0
    lacking = _without(work)
    rows = [(number, work.today, receipts_of(key, number)) for number in lacking]
    if rows:
        work.write_all(TodaysReceipt, ("participant_id", "day", "receipts"), rows)
    return len(rows)


def receipts_of(key: bytes, participant_id: int) -> str:
    """All receipts of a participant on the day of a key, in the order of `everything_said`."""
    return " ".join(receipt(key, participant_id, says) for says in everything_said())


def ready_on(work: Work, day: date) -> dict[int, str]:
    """The receipts that are ready of a day, by the participant's id."""
    asked = select(TodaysReceipt.participant_id, TodaysReceipt.receipts)
    rows = work.session.exec(asked.where(TodaysReceipt.facility_id == work.facility_id, TodaysReceipt.day == day))
    return dict(rows.all())


def _without(work: Work) -> list[int]:
    """Who is in the programme and has no receipts of today, by id; the desk tells also those who have no card."""
    has_them = exists().where(
        col(TodaysReceipt.participant_id) == col(Participant.id),
        col(TodaysReceipt.day) == work.today,
        col(TodaysReceipt.facility_id) == work.facility_id,
    )
    asked = (
        sa_select(col(Participant.id))
        .join(Enrolment, col(Enrolment.id) == in_force_id(Enrolment, Participant.id, work.today))
        .where(col(Participant.facility_id) == work.facility_id, col(Enrolment.enrolled), ~has_them)
        .order_by(col(Participant.id))
    )
    return [number for number in work.session.connection().execute(asked).scalars() if number is not None]


def _any_of_other_days(work: Work) -> bool:
    asked = select(TodaysReceipt.id).where(
        TodaysReceipt.facility_id == work.facility_id, TodaysReceipt.day != work.today
    )
    return work.session.exec(asked.limit(1)).first() is not None


def _is_of_another_key(work: Work, key: bytes) -> bool:
    """Whether the receipts that are ready are not what the key gives: it was replaced before the night ran."""
    asked = select(TodaysReceipt.participant_id, TodaysReceipt.receipts).where(
        TodaysReceipt.facility_id == work.facility_id, TodaysReceipt.day == work.today
    )
    one = work.session.exec(asked.limit(1)).first()
    return one is not None and receipts_of(key, one[0]) != one[1]
