"""How long it took from being told to come to the specimen: what is told early leaves less time to be ready for it.

A drug court's standards want a specimen no more than eight hours after the participant was told of the test (All Rise,
formerly NADCP: Adult Drug Court Best Practice Standards, volume II, standard VII, on random testing; four hours for
oral fluid, which is not told apart here). We know them by others' account, and did not read the standard itself. It is
no limit of this program: nobody is held to it, and a report only says how many took longer.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WITHIN = timedelta(hours=8)
_OF_A_HUNDRED = 95


@dataclass(frozen=True)
class ToldToSpecimen:
    """Of so many specimens: seconds in the middle, at most for 95 of 100, and how many took more than eight hours.

    The middle of an even number is halfway between the two in the middle, rounded down to a second. `p95_s` is the
    nearest-rank percentile, which is one of the times. Both are None of none.
    """

    n: int = 0
    median_s: int | None = None
    p95_s: int | None = None
    over_8h: int = 0


def seconds_between(told_at: datetime, collected_at: datetime) -> int | None:
    """From being told to the specimen, in seconds; None where the specimen came first, so nobody came for being told.

    A time of collection is on record to the minute, an answer to the second: in the same minute it is none at all.
    """
    if collected_at < told_at.replace(second=0, microsecond=0):
        return None
    return max(0, int((collected_at - told_at).total_seconds()))


def told_to_specimen(seconds: Iterable[int]) -> ToldToSpecimen:
    """What some times come to, whatever their order."""
    ordered = array("q", sorted(seconds))
    count = len(ordered)
    if not count:
        return ToldToSpecimen()
    half = count // 2
    median = ordered[half] if count % 2 else (ordered[half - 1] + ordered[half]) // 2
    over = sum(one > WITHIN.total_seconds() for one in ordered)
    return ToldToSpecimen(count, median, ordered[(_OF_A_HUNDRED * count + 99) // 100 - 1], over)


def duration_in_words(seconds: int) -> str:
    """A time to the minute, as people say it: `2 h 40 min`, `7 h`, `12 min`."""
    hours, minutes = divmod(seconds // 60, 60)
    return " ".join(filter(None, (f"{hours} h" if hours else "", f"{minutes} min" if minutes or not hours else "")))
