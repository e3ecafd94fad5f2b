"""A schedule: a facility's testing rule, as its file says it.

The values only; `schedule_file` reads them from TOML, `draws` works out days and chances from them.
"""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from fractions import Fraction

from testing_tracker.rules.words import DrawKind


class Shift(StrEnum):
    """Where a fixed draw of a closed day goes: the next open day, the one before, or nowhere."""

    NEXT = "next"
    PREVIOUS = "previous"
    SKIP = "skip"


class Missed(StrEnum):
    """What a missed or refused test leads to, beside being counted: nothing, a review, or a recommendation."""

    NONE = "none"
    REVIEW = "review"
    POSITIVE = "positive"


@dataclass(frozen=True)
class Bounds:
    """Guard rails on random draws: how few and how many in an ISO week, and days from one draw to the next."""

    min_per_week: int = 0
    max_per_week: int = 7
    max_gap_days: int | None = None


@dataclass(frozen=True)
class DrawRule:
    """On which days tests are drawn. `days` are weekday numbers, Monday 0, in order.

    `bounds` is None where the file gives none, or none that could ever make a difference.
    """

    kind: DrawKind
    per_week: Fraction
    days: tuple[int, ...]
    bounds: Bounds | None = None


@dataclass(frozen=True)
class ClosedRule:
    """On which days nobody is tested, and where a fixed draw of such a day goes. `days` are the facility's own."""

    holidays: str | None = None
    shift: Shift = Shift.NEXT
    days: tuple[date, ...] = ()


@dataclass(frozen=True)
class CollectionRule:
    """What is collected, what it is tested for, and when (facility's local time).

    Of several `panels` chance chooses one for each draw; `panel` is empty then.
    """

    specimen: str = "urine"
    panel: tuple[str, ...] = ()
    opens: time = time(8, 0)
    closes: time = time(17, 0)
    panels: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class ResponseRule:
    """How far up the ladder a positive recommends, and what else the tests lead to.

    `repeat_within_days` and `repeat_steps` come together: a further positive within that many days of an earlier one
    recommends `repeat_steps` levels instead of `steps`. After `review_after_negative_weeks` weeks in a row with
    negative tests only, a lower level of care is to be thought of; None where the facility does not ask for that.
    """

    steps: int = 1
    repeat_within_days: int | None = None
    repeat_steps: int | None = None
    missed: Missed = Missed.NONE
    review_after_negative_weeks: int | None = None


@dataclass(frozen=True)
class TestingRule:
    """One version of a facility's testing rule."""

    title: str
    draw: DrawRule
    closed: ClosedRule = ClosedRule()
    collection: CollectionRule = CollectionRule()
    response: ResponseRule = ResponseRule()
