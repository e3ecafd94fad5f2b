"""What several commands say of checking in: whether somebody was told, and that it is at fault."""

from datetime import tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testing_tracker.rules.check_in.told import ToldWord
    from testing_tracker.services.check_in.who_is_told import FaultOfToday, Told

TO_TELEPHONE = ("checkin", "list", "--not-yet", "--contacts")


def told_columns(told: "Told", form: str, zone: tzinfo) -> dict[str, object]:
    """Whether somebody was told of a draw, as columns; for other programs with the instant, how, and the receipt."""
    from testing_tracker.rules.check_in.receipts import shown

    if form == "table":
        return {"told": told.word, "told_at": f"{told.at.astimezone(zone):%H:%M}" if told.at is not None else None}
    receipt = None if told.receipt is None else shown(told.receipt)
    return {"told": said_for_programs(told.word), "told_at": told.at, "told_by": told.by, "receipt": receipt}


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
