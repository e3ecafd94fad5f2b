"""Who acts, when, and for which facility: what a service has to know beyond the records themselves."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from testing_tracker.account import current_account
from testing_tracker.clock import Clock

if TYPE_CHECKING:
    from testing_tracker.store.tables import Facility


@dataclass(frozen=True)
class Acting:
    """`now` is in UTC; `today` is the facility's local date; `account` is the operating system's.

    `zone` is the facility's for every day and instant, also where it was corrected from a day on. `is_pretended`: a
    training database pretends that it is that day, so `now` is its noon and means no hour.
    """

    facility_id: int
    zone: ZoneInfo
    account: str
    now: datetime
    today: date
    is_pretended: bool = False


def acting_in(facility: "Facility", clock: Clock) -> Acting:
    """The current account, acting now for a facility that is on record, whose clock is given."""
    assert facility.id is not None
    return Acting(
        facility.id,
        clock.zone,
        current_account(),
        clock.now(),
        clock.today(),
        is_pretended=clock.pretended_day is not None,
    )
