"""Months, quarters and any other days that a report is of."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from testing_tracker.rules.exchange.csv_cells import EARLIEST, LATEST

_MONTHS_OF_A_YEAR, _MONTHS_OF_A_QUARTER = 12, 3


@dataclass(frozen=True)
class Period:
    """Days that follow on one another, the first and the last included."""

    first: date
    last: date

    @classmethod
    def of_months(cls, year: int, month: int, months: int = 1) -> "Period":
        """So many whole months from one on. Raises ValueError for what no calendar has."""
        years, past = divmod(month - 1 + months, _MONTHS_OF_A_YEAR)
        return cls(date(year, month, 1), date(year + years, past + 1, 1) - timedelta(days=1))

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    def until(self, day: date) -> "Period":
        """The days of it up to one that is not before its first."""
        return Period(self.first, min(self.last, day))

    def __str__(self) -> str:
        """`2026-10`, `2026-Q3`, and for other days `2026-10-05 to 2026-10-18`."""
        if self == Period.of_months(self.first.year, self.first.month):
            return f"{self.first:%Y-%m}"
        quarter, begun = divmod(self.first.month - 1, _MONTHS_OF_A_QUARTER)
        if not begun and self == Period.of_months(self.first.year, self.first.month, _MONTHS_OF_A_QUARTER):
            return f"{self.first:%Y}-Q{quarter + 1}"
        return f"{self.first} to {self.last}"


def month_said(text: str) -> Period:
    """The month that `2026-10` means. Raises ValueError for anything else."""
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text)
    try:
        return _kept(Period.of_months(int(match[1]), int(match[2])) if match else None)
    except ValueError:
        raise ValueError(f"{text!r} is no month; write its year and its number, such as 2026-10") from None


def quarter_said(text: str) -> Period:
    """The quarter of a year that `2026-Q3` means. Raises ValueError for anything else."""
    match = re.fullmatch(r"([0-9]{4})-[qQ]([1-4])", text)
    try:
        first = _MONTHS_OF_A_QUARTER * (int(match[2]) - 1) + 1 if match else 0
        return _kept(Period.of_months(int(match[1]), first, _MONTHS_OF_A_QUARTER) if match else None)
    except ValueError:
        raise ValueError(f"{text!r} is no quarter; write its year and its number, such as 2026-Q3") from None


def _kept(period: Period | None) -> Period:
    """A period of days that records can have. Raises ValueError for any other, and for none."""
    if period is None or period.first < EARLIEST or period.last > LATEST:
        raise ValueError
    return period


def last_full_month(today: date) -> Period:
    """The last month that was over before a day."""
    before = today.replace(day=1) - timedelta(days=1)
    return Period.of_months(before.year, before.month)
