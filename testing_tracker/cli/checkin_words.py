"""What several commands say of checking in: whether somebody was told, and that it is at fault."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from testing_tracker.rules.check_in.answers import CheckedInBy
from testing_tracker.rules.said import in_full

if TYPE_CHECKING:
    from testing_tracker.rules.check_in.told import ToldWord
    from testing_tracker.services.check_in.attempts import CheckInEntry
    from testing_tracker.services.check_in.who_is_told import FaultOfToday, Told

HOW = {CheckedInBy.PAGE: "page", CheckedInBy.PHONE: "phone", CheckedInBy.STAFF: "desk"}
TO_TELEPHONE = ("checkin", "list", "--not-yet", "--contacts")


def told_columns(told: "Told", form: str, zone: tzinfo) -> dict[str, object]:
    """Whether somebody was told of a draw, as columns; for other programs with the instant, how, and the receipt."""
    if form == "table":
        return {"told": told.word, "told_at": f"{told.at.astimezone(zone):%H:%M}" if told.at is not None else None}
    said, receipt = said_for_programs(told.word), receipt_shown(told.receipt)
    return {"told": said, "told_at": told.at, "told_by": told.by, "receipt": receipt}


def receipt_shown(receipt: str | None) -> str | None:
    """A receipt as it is printed and said, in every form; None for none."""
    from testing_tracker.rules.check_in.receipts import shown

    return None if receipt is None else shown(receipt)


def said_for_programs(word: "ToldWord") -> str | None:
    """Whether somebody was told, for other programs; None where nobody expects a check-in of them."""
    from testing_tracker.rules.check_in.told import ToldWord

    return None if word is ToldWord.NOT_ASKED else str(word)


def fault_in_words(fault: "FaultOfToday", zone: tzinfo) -> str:
    """That check-in is at fault, or was today."""
    since = f"{fault.since.astimezone(zone):%H:%M}"
    if fault.until is None:
        return f"Check-in has been at fault since {since}."
    return f"Check-in was at fault from {since} to {fault.until.astimezone(zone):%H:%M}."


def checked_in(entries: "Sequence[CheckInEntry]", zone: tzinfo) -> str:
    """When and how a participant last checked in, or tried to, and on how many days they have."""
    told = [entry for entry in entries if entry.answer is not None]
    last = (told or entries)[-1]
    said = f"{in_full(last.day)} at {last.at.astimezone(zone):%H:%M} by {HOW[last.by]}: {last.answer or last.outcome}"
    days = len({entry.day for entry in told})
    receipt = f" ({receipt_shown(last.receipt)})" if last.receipt is not None else ""
    return f"on {days} day{'' if days == 1 else 's'}, last {said}{receipt}" if told else f"not yet, tried {said}"
