"""What a day's receipts are made with, and receipts that were made ready for a machine without the key."""

from datetime import date

from sqlmodel import select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.receipts import Says, everything_said, receipt, receipt_key
from testing_tracker.services.drawing import keys
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.tables import TodaysReceipt
from testing_tracker.store.work import Work


def day_key(work: Work, key_file: KeyFile | None, day: date) -> bytes | None:
    """What a day's receipts are made with, from the seed of the chain that its draws come from.

    None where that is not at hand: the key file is another one, or closed to this account, or the key is lost.
    """
    if key_file is None:
        return None
    try:
        return receipt_key(keys.open_key(work.session, work.facility_id, key_file, day).seed, day)
    except (TestingTrackerError, ValueError, TypeError):
        return None


def receipt_of(work: Work, key_file: KeyFile | None, participant_id: int, day: date, says: Says) -> str | None:
    """The eight digits that say something to a participant on a day: from the key, or else as they were made ready.

    None where neither is here: it follows when whoever has the key has made it.
    """
    key = day_key(work, key_file, day)
    if key is not None:
        return receipt(key, participant_id, says)
    ready = receipts_made_ready(work, participant_id, day)
    return ready.get(says)


def receipts_made_ready(work: Work, participant_id: int, day: date) -> dict[Says, str]:
    """A participant's receipts of a day as whoever has the key has left them here; empty where nobody has."""
    made = work.session.exec(
        select(TodaysReceipt.receipts).where(
            TodaysReceipt.facility_id == work.facility_id,
            TodaysReceipt.participant_id == participant_id,
            TodaysReceipt.day == day,
        )
    ).first()
    return dict(zip(everything_said(), made.split(), strict=False)) if made else {}
