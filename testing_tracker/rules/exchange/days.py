"""The one door for days as people and files write them."""

from datetime import date

# No facility has draws outside of these years, and each day in them has neighbours to reckon with.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


def read_day(text: str) -> date:
    """A day in ISO 8601. Raises ValueError, without the text, for what is none or is further away than any record."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("not a date; write 2026-11-23") from None
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"a day outside of the years {EARLIEST.year} to {LATEST.year}")
    return day
