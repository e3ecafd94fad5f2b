"""Whether check-in could be reached: which minutes of its window were faulty, and when there were too many of them.

Who was not told on a day that was at fault has missed nothing. Pure: instants are given, in UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from testing_tracker.rules.check_in.answers import CheckInWindow

# Chosen here, from no source: who tries once or twice within some minutes is not kept away by fewer.
FAULTY_MINUTES = 5
FAULTY_MINUTES_AT_THE_END, THE_END = 2, timedelta(minutes=30)
MOST_BUSY = 5  # visitors in a minute who were asked to call because too many came at once
MOST_APART = timedelta(seconds=60)  # the clocks of two machines
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class MinuteOfPage:
    """What is known of a minute of the page, when it is over.

    `beat`: the page said in it that it was running. `failed` and `busy` count visitors who got no answer by a fault,
    and because too many came. `answers`: the day's answers were in the page's file. `reached` is what a look from
    outside found, None without one. `clocks_apart` is by how much the page's machine and this one differ.
    """

    beat: bool = True
    failed: int = 0
    busy: int = 0
    visits: int = 0
    answers: bool = True
    reached: bool | None = None
    clocks_apart: timedelta = timedelta(0)


def fault_of(minute: MinuteOfPage) -> str | None:
    """What was wrong in a minute, for the record; None where who came could be told."""
    if not minute.beat:
        return "the page was not running"
    if not minute.answers:
        return "the page had no answers"
    if minute.failed > 0:
        return "the page failed"
    if minute.busy > MOST_BUSY:
        return "the page had too much to do"
    if minute.reached is False and not minute.visits:
        return "the page was not reached from outside"
    if abs(minute.clocks_apart) > MOST_APART:
        return "the page's clock and this one's differ by more than a minute"
    return None


def minutes_of(first: datetime, last: datetime) -> set[int]:
    """The minutes since 1970 that a span (UTC) touches; none where it ends before or when it begins."""
    return set(range(_minute_of(first), -(-int(last.timestamp() * 1_000_000) // 60_000_000))) if last > first else set()


def _minute_of(at: datetime) -> int:
    return int(at.timestamp() // _MINUTE.total_seconds())


def minute_begins(minute: int) -> datetime:
    """The instant (UTC) at which a minute since 1970 begins."""
    return datetime.fromtimestamp(minute * 60, tz=UTC)


def faulty_in(minutes: Iterable[int], window: CheckInWindow) -> set[int]:
    """Which of some faulty minutes are of a day's window, from its opening to its closing."""
    return set(minutes) & minutes_of(window.opens, window.closes)


def is_at_fault(minutes: Iterable[int], window: CheckInWindow) -> bool:
    """Whether so many minutes of a window were faulty that nobody has missed for not being told.

    It is 5 minutes or more, or 2 or more of the last 30, when who put it off could not try again.
    """
    faulty = faulty_in(minutes, window)
    at_the_end = faulty & minutes_of(max(window.opens, window.closes - THE_END), window.closes)
    return len(faulty) >= FAULTY_MINUTES or len(at_the_end) >= FAULTY_MINUTES_AT_THE_END
