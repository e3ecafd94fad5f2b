"""The nights that were taken back, for `verify` to name and for `doctor` not to wonder about."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.store.tables import TakingBack

ACT = "night take back"


@dataclass(frozen=True)
class NightsTakenBack:
    """Nights that do not count, by their days, with who took them back, when (UTC) and why."""

    first_day: date
    last_day: date
    recorded_at: datetime
    recorded_by: str
    reason: str


def taken_back(session: Session, acting: Acting) -> list[NightsTakenBack]:
    """All that were ever taken back at the facility, in the order in which that was done."""
    rows = session.exec(
        select(TakingBack).where(TakingBack.facility_id == acting.facility_id).order_by(col(TakingBack.id))
    )
    return [NightsTakenBack(row.first_day, row.last_day, row.recorded_at, row.recorded_by, row.reason) for row in rows]
