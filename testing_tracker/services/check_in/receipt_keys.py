"""What a day's receipts are made with, and receipts that were made ready for a machine without the key."""

from collections.abc import Iterator
from datetime import date

from sqlmodel import select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.receipts import Says, everything_said, receipt, receipt_key
from testing_tracker.rules.drawing.day_secrets import DAYS_IN_A_CHAIN, Chain
from testing_tracker.rules.drawing.key_lines import ChainLine, DroppedLine
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


class ReceiptMaker:
    """Makes the receipts of one day: from the key, which is looked for once, or else as they were made ready."""

    def __init__(self, work: Work, key_file: KeyFile | None, day: date) -> None:
        self._work, self._key_file, self._day = work, key_file, day
        self._key: bytes | None = None
        self._has_looked = False

    def of(self, participant_id: int, says: Says) -> str | None:
        """The eight digits that say something to a participant; None where neither key nor ready receipt is here."""
        if not self._has_looked:
            self._key, self._has_looked = day_key(self._work, self._key_file, self._day), True
        if self._key is not None:
            return receipt(self._key, participant_id, says)
        return receipts_made_ready(self._work, participant_id, self._day).get(says)


def receipt_of(work: Work, key_file: KeyFile | None, participant_id: int, day: date, says: Says) -> str | None:
    """The eight digits that say something to a participant on a day: from the key, or else as they were made ready.

    None where neither is here: it follows when whoever has the key has made it.
    """
    return ReceiptMaker(work, key_file, day).of(participant_id, says)


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


def keys_for(work: Work, key_file: KeyFile, day: date) -> Iterator[bytes]:
    """Everything that a receipt of a day can have been made with, and is at hand; the likeliest first.

    A receipt may have been made ready before another key began on that day, and records that were brought back from a
    copy do not know of a key that began since: the key file does.
    """
    rows = [row for row in keys.chains(work.session, work.facility_id) if row.first_day <= day]
    first = keys.chain_on(work.session, work.facility_id, day)
    chains = [keys.values_of(row) for row in (first, *(row for row in reversed(rows) if row.id != first.id))]
    on_record = {chain.anchor for chain in chains}
    for line in key_file.known().chains().values():
        anchor = bytes.fromhex(line.by if isinstance(line, ChainLine) else line.anchor)
        if isinstance(line, ChainLine | DroppedLine) and line.first_day <= day and anchor not in on_record:
            chains.append(Chain(anchor, line.first_day, DAYS_IN_A_CHAIN))
    for chain in chains:
        if key_file.holds(chain):
            yield receipt_key(key_file.seed_of(chain), day)
