"""Who acts, when, and for which facility: what a service has to know beyond the records themselves."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Acting:
    """`now` is in UTC; `today` is the facility's local date; `account` is the operating system's."""

    facility_id: int
    zone: ZoneInfo
    account: str
    now: datetime
    today: date
