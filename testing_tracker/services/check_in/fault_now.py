"""Whether check-in is, or was, at fault today while somebody can still be told by telephone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from testing_tracker.services.check_in.outages import spans_on
from testing_tracker.services.check_in.rules_in_force import any_rule, window_on
from testing_tracker.store.work import Work

# What the program finds is on record when the minute is over and a turn has come.
_AS_IF_NOW = timedelta(minutes=3)


@dataclass(frozen=True)
class FaultOfToday:
    """The last span (UTC) of today in which check-in could not be reached; `until` is None while it goes on."""

    since: datetime
    until: datetime | None


def fault_of_today(work: Work) -> FaultOfToday | None:
    """Today's last fault; None where there is none, no rule binds, or collection has ended.

    Spans that follow on one another are one fault.
    """
    if not any_rule(work):
        return None
    window = window_on(work, work.today)
    if window is None or work.now >= window.over:
        return None
    fault: tuple[datetime, datetime] | None = None
    for span in spans_on(work, work.today):
        follows = fault is not None and span.from_at <= fault[1] + _AS_IF_NOW
        fault = (fault[0], max(fault[1], span.to_at)) if fault is not None and follows else (span.from_at, span.to_at)
    if fault is None or fault[0] > work.now:
        return None
    since, until = fault
    goes_on = until + _AS_IF_NOW >= work.now and work.now < window.closes
    return FaultOfToday(since, None if goes_on else until)
