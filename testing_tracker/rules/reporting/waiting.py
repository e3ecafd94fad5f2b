"""How long people waited: from a test to its result, and from a recommendation to a decision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import NamedTuple, Protocol

from testing_tracker.rules.words import RecommendationStatus

_HOUR, _DAY = 3600, 86_400


@dataclass(frozen=True)
class Spread:
    """How long it took: of how many, in the middle, at most for nine of ten, and at most; None where there are none.

    The middle of an even number is halfway between the two in the middle. `ninetieth` is the nearest-rank percentile,
    which is one of the values.
    """

    count: int = 0
    median: float | None = None
    ninetieth: float | None = None
    longest: float | None = None


def spread(values: Iterable[float]) -> Spread:
    """The spread of some times, all in one unit."""
    ordered = sorted(values)
    count = len(ordered)
    if not count:
        return Spread()
    half = count // 2
    median = ordered[half] if count % 2 else (ordered[half - 1] + ordered[half]) / 2
    return Spread(count, median, ordered[(9 * count + 9) // 10 - 1], ordered[-1])


class SaidOnce(Protocol):
    """A row of a line of results, by one method: without an outcome it takes the row before it back."""

    @property
    def outcome(self) -> str | None: ...

    @property
    def recorded_at(self) -> datetime: ...

    @property
    def collected_at(self) -> datetime | None: ...


class TimeToResult(NamedTuple):
    """How long a result took: in days by the facility's calendar, and in hours where the time of collection is known.

    Days count from the day of collection, or from the day on which the test was due where nobody said when it was.
    """

    days: int
    hours: float | None


def time_to_result(
    due_on: date, line: Sequence[SaidOnce], zone: tzinfo, otherwise: datetime | None = None
) -> TimeToResult | None:
    """How long a line of results, oldest first, took to say what stands; None where nothing stands.

    A correction of what was said leaves the moment at which it was said first. What was taken back was not said, and a
    specimen that was given after a result has a result of its own. `otherwise` is the time of collection where the line
    does not say it.
    """
    first: SaidOnce | None = None
    collected: datetime | None = None
    for row in line:
        if row.outcome is None:
            first = collected = None
        elif first is None or (row.collected_at is not None and row.collected_at > first.recorded_at):
            first, collected = row, row.collected_at
        else:
            collected = row.collected_at or collected
    if first is None:
        return None
    collected = collected or otherwise
    if collected is not None and collected > first.recorded_at:
        collected = None
    since = collected.astimezone(zone).date() if collected is not None else due_on
    days = (first.recorded_at.astimezone(zone).date() - since).days
    hours = (first.recorded_at - collected).total_seconds() / _HOUR if collected is not None else None
    return TimeToResult(max(days, 0), hours)


class RaisedAndDecided(NamedTuple):
    """A recommendation's moments and what has become of it."""

    status: str
    raised_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class Decisions:
    """What has become of the recommendations of a period, and how long it took in days.

    `to_decision` is of those accepted or declined. `open_for` is of all that are open and were raised by the period's
    end, before it too.
    """

    raised: int
    accepted: int
    declined: int
    withdrawn: int
    open: int
    to_decision: Spread
    open_for: Spread


def decisions(found: Iterable[RaisedAndDecided], first: date, last: date, now: datetime, zone: tzinfo) -> Decisions:
    """The decisions on what was raised from one of the facility's days to another, both included."""
    known = [(one, one.raised_at.astimezone(zone).date()) for one in found]
    raised = [one for one, day in known if first <= day <= last]
    count = {status: sum(one.status == status for one in raised) for status in RecommendationStatus}
    decided = (RecommendationStatus.ACCEPTED, RecommendationStatus.DECLINED)
    waiting = [one for one, day in known if day <= last and one.status == RecommendationStatus.OPEN]
    return Decisions(
        raised=len(raised),
        accepted=count[RecommendationStatus.ACCEPTED],
        declined=count[RecommendationStatus.DECLINED],
        withdrawn=count[RecommendationStatus.WITHDRAWN],
        open=count[RecommendationStatus.OPEN],
        to_decision=spread(
            _days(one.raised_at, one.decided_at) for one in raised if one.status in decided and one.decided_at
        ),
        open_for=spread(_days(one.raised_at, now) for one in waiting),
    )


def _days(since: datetime, until: datetime) -> float:
    return max((until - since).total_seconds(), 0.0) / _DAY
