"""Of whom nothing was decided yet while check-in was open, because they were enrolled after the night had run.

They could be told nothing, by nobody: for them check-in was at fault, whatever it was for the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.faulty_minutes import is_at_fault, minutes_of
from testing_tracker.store.queries import pool_stands
from testing_tracker.store.tables import Pool
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class DecidedLate:
    """Whom the runs of a day decided on: everybody up to `known` at first; in `later` from whom to whom, and when."""

    window: CheckInWindow
    known: int
    later: Sequence[tuple[int, int, datetime]]

    def fault_for(self, participant_id: int) -> tuple[datetime, datetime] | None:
        """The span in which a participant could be told nothing; None where there is none, or it is too short."""
        if participant_id <= self.known:
            return None
        decided = (at for first, last, at in self.later if first <= participant_id <= last)
        until = min(next(decided, self.window.closes), self.window.closes)
        span = (self.window.opens, until)
        return span if until > span[0] and is_at_fault(minutes_of(*span), self.window) else None


def decided_late(work: Work, day: date, window: CheckInWindow) -> DecidedLate | None:
    """Whom the runs of a day decided on, and when; None where none ran."""
    runs = work.session.exec(
        select(Pool.first_participant_id, Pool.last_participant_id, Pool.recorded_at)
        .where(Pool.facility_id == work.facility_id, Pool.day == day, col(Pool.ran), pool_stands())
        .order_by(col(Pool.id))
    ).all()
    return DecidedLate(window, runs[0][1], runs[1:]) if runs else None
