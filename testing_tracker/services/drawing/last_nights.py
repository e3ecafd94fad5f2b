"""The last night on record, and those since then without a run: for whoever only looks, and draws nothing."""

from datetime import date

from sqlalchemy import func
from sqlmodel import select

from testing_tracker.rules.keeping.owed import LONGEST_GAP, Gap, gap_between
from testing_tracker.store.tables import Facility, Night
from testing_tracker.store.work import Work

TAKE_BACK = "testing-tracker draw --take-back --reason TEXT"


def gap_that_waits(work: Work, last: date, longest: int = LONGEST_GAP) -> Gap | None:
    """The nights without a run since the `last_night` for which the next run waits for a person's word, if it does."""
    gap = gap_between(last, work.today)
    return gap if gap is not None and gap.nights > longest and not work.is_pretended else None


def last_night(work: Work) -> date:
    """The last night on record, or the day on which the facility opened."""
    newest = work.session.exec(select(func.max(Night.day)).where(Night.facility_id == work.facility_id)).one()
    return newest or work.session.get_one(Facility, work.facility_id).opened_on
