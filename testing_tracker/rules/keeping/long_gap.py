"""When so many nights are without a run that a person has to say first what day it is.

A run closes all nights before it, for good, and takes the machine's clock for the day. A machine that was off for two
weeks is rare; a clock that is years ahead, after a dead battery or in a new virtual machine, would close years at once.
"""

from dataclasses import dataclass
from datetime import date, timedelta

LONGEST_GAP = 14  # nights; chosen here: longer than a machine is left off by those who look at it every morning


@dataclass(frozen=True)
class Gap:
    """Nights without a run, from the first to the last, both included."""

    first: date
    last: date

    @property
    def nights(self) -> int:
        return (self.last - self.first).days + 1


def gap_between(since: date, today: date) -> Gap | None:
    """The nights between the last one on record and today's; None where there are none."""
    return Gap(since + timedelta(days=1), today - timedelta(days=1)) if (today - since).days > 1 else None


def in_words(gap: Gap) -> str:
    """The nights of a gap, with how many they are."""
    if gap.nights == 1:
        return f"1 night without a run ({gap.first})"
    return f"{gap.nights} nights without a run ({gap.first} to {gap.last})"


GO_ON = "testing-tracker draw --catch-up-to DATE"


def waiting(gap: Gap) -> str:
    """What the next run waits for, and how to go on."""
    return (
        f"{in_words(gap)} wait for somebody to say what day it is: check the machine's clock, then `{GO_ON}`, where "
        "DATE is the day that it is today"
    )


def refusal(gap: Gap, due: int, fixed: int) -> str:
    """What would be closed, of how many draws, and how to go on; `fixed` draws would be made up for the gap."""
    today = gap.last + timedelta(days=1)
    return (
        f"{in_words(gap)} would be closed for good, because it is {today} by this machine's clock: {_draws(due)} of "
        f"before would become missed or unrecorded, about {_draws(fixed, 'fixed ')} of these days unrecorded, and no "
        "random draw of them could be made any more. Nothing was drawn. If the clock is wrong, put it right. If it is "
        f"right, `{GO_ON}` goes on, where DATE is the day that it is today."
    )


def _draws(count: int, kind: str = "") -> str:
    return f"{count} {kind}draw" if count == 1 else f"{count} {kind}draws"
