"""What stands at the foot of everything that leaves the program: who printed it, the notice, and the anchors."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from testing_tracker.services.drawing.keys import Anchor
from testing_tracker.services.reporting.editions import Imprint

# 42 CFR 2.32(a)(2), the short form as amended in 2024; several secondary sources agree on the wording.
NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """An instant by the facility's clock, to the minute."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def iso(value: object) -> str:
    """A date or an instant, to the second, as JSON has it (ISO 8601)."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    assert isinstance(value, date)
    return value.isoformat()


def printed_in_words(imprint: Imprint, zone: ZoneInfo) -> str:
    """When and by which account it was printed, and the number of the edition where it was amended."""
    edition = f", edition {imprint.number}" if imprint.number is not None and imprint.number > 1 else ""
    return f"printed {moment(imprint.printed_at, zone)} by {imprint.printed_by}{edition}"


def anchors_in_words(anchors: Sequence[Anchor]) -> list[str]:
    """What the draws are checked against."""
    return [
        f"Draws from {anchor.first_day} on{' (superseded before it drew)' if anchor.superseded else ''}, anchor: "
        f"{anchor.anchor}"
        for anchor in anchors
    ]
