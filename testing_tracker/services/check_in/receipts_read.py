"""Reads a receipt that somebody shows or says: is it theirs of that day, what does it say, and is that on record?"""

from dataclasses import dataclass
from datetime import date, datetime

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.cards import digits_in
from testing_tracker.rules.check_in.receipts import HERE, RECEIPT_DIGITS, Says, is_whole, shown, what_it_says
from testing_tracker.rules.said import in_full
from testing_tracker.services.check_in.attempts import rows_on
from testing_tracker.services.check_in.receipt_keys import day_key, keys_for, receipts_made_ready
from testing_tracker.services.check_in.rules_in_force import rule_on
from testing_tracker.services.people.lookup import find_participant, records_of_person
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import CheckIn
from testing_tracker.store.work import Work

_SAID: dict[str, str] = {
    DaysAnswer.COME: "told to come in",
    DaysAnswer.STAY: "told that there is no need to come in",
    DaysAnswer.DONE: "told that the day's specimen was given",
    HERE: "was here and could not be told",
}
_WHEN = {Timing.IN_TIME: "in time", Timing.LATE: "late", Timing.OVER: "after collection had ended"}
_BY = {CheckedInBy.PAGE: "by the page", CheckedInBy.PHONE: "by telephone", CheckedInBy.STAFF: "by staff"}


@dataclass(frozen=True)
class ReadReceipt:
    """A receipt that is genuine and on record: whose, of which day, what it says, when (UTC) and on which way."""

    participant_id: int
    participant: str
    day: date
    says: str
    at: datetime
    by: str


def whose(work: Work, code: str, given: str) -> int:
    """The id of the participant whose a receipt is said to be; as `read_receipt` raises, for what can be none."""
    _whole(given)
    return id_of(find_participant(work, code))


def read_receipt(work: Work, key_file: KeyFile, code: str, given: str, day: date) -> ReadReceipt:
    """What a receipt says, and the check-in on record that it is of.

    It needs the key; of a day whose receipts were made ready for this machine also these do. Raises TestingTrackerError
    for what can be no receipt, for one that is not this participant's of that day, whatever else it may be, and for a
    genuine one while no such check-in is on record.
    """
    digits = _whole(given)
    if day > work.today:
        raise TestingTrackerError(f"{in_full(day)} is in the future; nobody has a receipt of that day.")
    participant = find_participant(work, code)
    whose = f"{participant.code}'s of {in_full(day)}"
    records = [id_of(record) for record in records_of_person(work.session, participant)]
    says = _found(work, key_file, records, digits, day)
    if says is None:
        raise TestingTrackerError(f"This is not a receipt of {whose}.")
    words = f"{_SAID[says.said]}, {_WHEN[says.timing]}"
    identity = id_of(participant)
    row = next((one for one in rows_on(work, day, [identity]).get(identity, ()) if _is_of(one, says)), None)
    if row is None:
        raise TestingTrackerError(
            f"{participant.code}, {in_full(day)}: the receipt says {words}, and no such check-in is on record. "
            f"{_missing(work, day)}"
        )
    return ReadReceipt(identity, participant.code, day, words, row.at, _BY[CheckedInBy(row.channel)])


def _missing(work: Work, day: date) -> str:
    rule = rule_on(work, day)
    if day == work.today and rule is not None and rule.page:
        return "What the page was asked comes here within minutes; if it does not, a record is missing."
    return "A record is missing."


def _whole(given: str) -> str:
    """The eight digits of a receipt. Raises TestingTrackerError for what can be none."""
    digits = digits_in(given)
    if digits is None or len(digits) != RECEIPT_DIGITS:
        raise TestingTrackerError(f"{given!r} cannot be a receipt: one has {RECEIPT_DIGITS} digits, such as 4586-5319.")
    if not is_whole(digits):
        raise TestingTrackerError(f"{shown(digits)} cannot be a receipt: one digit is wrong.")
    return digits


def _found(work: Work, key_file: KeyFile, records: list[int], digits: str, day: date) -> Says | None:
    """What the digits say to one of a person's records. Raises TestingTrackerError where nothing at hand can tell."""
    ready = [receipts_made_ready(work, number, day) for number in records]
    for says, one in (pair for made in ready for pair in made.items()):
        if one == digits:
            return says
    try:
        for key in keys_for(work, key_file, day):
            for number in records:
                found = what_it_says(key, number, digits)
                if found is not None:
                    return found
    except TestingTrackerError:
        if not ready[0]:
            raise
    if not ready[0] and day_key(work, key_file, day) is None:
        raise TestingTrackerError(
            f"The key of {in_full(day)} is not at hand, so nobody can tell here whether this is a receipt of that day. "
            f"`testing-tracker checkin verify` is for a machine with the key file."
        )
    return None


def _is_of(row: CheckIn, says: Says) -> bool:
    if says.said == HERE:
        return row.outcome in (CheckInOutcome.UNKNOWN, CheckInOutcome.OVER) and row.timing in (says.timing, None)
    return row.answer == says.said and row.timing == says.timing
