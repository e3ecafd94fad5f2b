"""How today's check-in stands now: whether it is open, who has checked in, and whether it is at fault."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.counted import CheckInCounts, counted
from testing_tracker.rules.check_in.in_force import FoundBy
from testing_tracker.services.check_in.attempts import attempts_on
from testing_tracker.services.check_in.expected import expected_on
from testing_tracker.services.check_in.outages import spans_on
from testing_tracker.services.check_in.page import page_faults
from testing_tracker.services.check_in.page.page_faults import PageFault, PageMinutes
from testing_tracker.services.check_in.rules_in_force import any_rule, rule_on, window_on
from testing_tracker.store.work import Work

_LEAST = timedelta(minutes=3)  # for which a fault that was put on record is taken to go on


class CheckInPhase(StrEnum):
    """How far a day's check-in is."""

    NOT_YET = "not open yet"
    OPEN = "open"
    AT_FAULT = "at fault"
    CLOSED = "closed"


@dataclass(frozen=True)
class CheckInNow:
    """Today's check-in: its instants (UTC), who was there, and since when it has been at fault, with why."""

    phase: CheckInPhase
    opens_at: datetime
    closes_at: datetime
    counts: CheckInCounts
    fault: PageFault | None = None

    @property
    def checked_in(self) -> int:
        return self.counts.in_time + self.counts.late


def counts_on(work: Work, day: date) -> CheckInCounts:
    """What a day's check-in has come to by now."""
    attempts = attempts_on(work, day)
    return counted(attempts.get(one, ()) for one in expected_on(work, day))


def state_now(work: Work, known: PageMinutes | None = None) -> CheckInNow | None:
    """How today's check-in stands; None where nobody has to check in.

    `known` are the page's minutes where they are at hand; else what was put on record says whether it is at fault.
    """
    window = window_on(work, work.today) if any_rule(work) else None
    if window is None:
        return None
    is_open = window.opens <= work.now < window.closes
    fault = _fault_now(work, window, known) if is_open else None
    phase = CheckInPhase.CLOSED
    if is_open:
        phase = CheckInPhase.OPEN if fault is None else CheckInPhase.AT_FAULT
    elif work.now < window.opens:
        phase = CheckInPhase.NOT_YET
    return CheckInNow(phase, window.opens, window.closes, counts_on(work, work.today), fault)


def _fault_now(work: Work, window: CheckInWindow, known: PageMinutes | None) -> PageFault | None:
    rule = rule_on(work, work.today)
    if known is not None and rule is not None and rule.page:
        faulty = page_faults.faulty_minutes(work.today, window, known, work.now)
        found = page_faults.fault_that_lasts(faulty, work.now)
        if found is not None:
            return found
    for span in spans_on(work, work.today):
        if known is not None and span.found_by is FoundBy.PROGRAM:
            continue  # what is known now is newer
        # One that goes on is put on record each time that it has doubled.
        patience = max(_LEAST, span.to_at - span.from_at) if span.found_by is FoundBy.PROGRAM else timedelta(0)
        if span.from_at <= work.now < span.to_at + patience:
            return PageFault(span.from_at, span.to_at, span.reason)
    return None
