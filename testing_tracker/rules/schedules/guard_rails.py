"""Random draws within guard rails: the chance of a draw on a day, given the draws before it.

The chances of an ordinary week stand in a table that was computed when the schedule was loaded (`least_predictable`);
here they are looked up, and worked out again from the table's weights where closed days, leave or enrolment cut a week
short. Plain arithmetic on floats only, so that every machine finds the same chance, to the last bit.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from math import inf
from typing import NamedTuple

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.schedules.days import ClosedDays
from testing_tracker.rules.schedules.schedule import Bounds, DrawRule, TestingRule

Grid = tuple[tuple[tuple[float, ...], ...], ...]

# What a way of drawing costs that does not keep the longest gap, so that the cheapest ways are those that keep it
# wherever they can: to pass over a day on which the draw could still be, or should have been long ago, costs more than
# to let the gap run out on days when nobody could be drawn.
_RAN_OUT = 1.0
_PASSED_OVER = 2.0


@dataclass(frozen=True)
class ChanceTable:
    """What to draw with in an ordinary week, by [weekday][draws so far this week][days since the last draw - 1].

    `share` is λ, the weight that a draw gives a way of drawing; `weights` is the principal eigenvector r, how much may
    still follow from a state, on a scale of each weekday's own; `chances` are the chances of a draw. A state that
    cannot keep the guard rails has weight 0. Where no guard rail counts draws or days, there is one entry for all.
    """

    share: float
    weights: Grid
    chances: Grid

    def __hash__(self) -> int:
        return hash(self.share)  # a table is looked up often and holds thousands of numbers

    def chance(self, weekday: int, drawn: int, since: int) -> float | None:
        """The chance of a draw in a state; None for one that the table does not know or that cannot go on."""
        rows = self.weights[weekday]
        row = 0 if len(rows) == 1 else drawn
        if row >= len(rows):
            return None
        column = 0 if len(rows[row]) == 1 else since - 1
        if column >= len(rows[row]) or not rows[row][column]:
            return None
        return self.chances[weekday][row][column]

    def to_json(self) -> str:
        """The table as text that `from_json` reads back without losing a bit."""
        return json.dumps({"share": self.share, "weights": self.weights, "chances": self.chances})

    @classmethod
    def from_json(cls, text: str) -> "ChanceTable":
        """The table that `to_json` wrote."""
        document = json.loads(text)
        return cls(float(document["share"]), _grid(document["weights"]), _grid(document["chances"]))


class Recent(NamedTuple):
    """A participant's scheduled draws before a day: how many in its ISO week, and the days since the last one.

    `days_since` is 1 the day after a draw. Who has had none yet counts from the day before enrolment.
    """

    drawn_this_week: int
    days_since: int


def _grid(numbers: list[list[list[float]]]) -> Grid:
    return tuple(tuple(tuple(map(float, row)) for row in rows) for rows in numbers)


@lru_cache(maxsize=256)
def binding(draw: DrawRule) -> Bounds:
    """The bounds that a draw rule amounts to, `max_per_week` being at most the number of its days.

    A mean that equals one bound can only be kept by as many draws in every week, so the other bound is the same.
    """
    given = draw.bounds or Bounds()
    fewest, most = given.min_per_week, min(given.max_per_week, len(draw.days))
    if draw.per_week >= most:
        fewest = most
    elif draw.per_week <= fewest:
        most = fewest
    return Bounds(fewest, most, given.max_gap_days)


def last_day_that_matters(draw: DrawRule, day: date) -> date:
    """The last day on which a closure or a leave can change the chance of a day.

    The end of the ISO week in which the longest gap from that day on runs out.
    """
    gap = draw.bounds.max_gap_days if draw.bounds is not None else None
    return _end_of_sight(day, gap or 0)


@lru_cache(maxsize=4096)
def _end_of_sight(day: date, gap: int) -> date:
    return Week.of(day + timedelta(days=gap)).sunday


def chance_within(
    schedule: TestingRule,
    table: ChanceTable,
    day: date,
    recent: Recent,
    closed: ClosedDays,
    away: frozenset[date] = frozenset(),
) -> Fraction:
    """The chance that a participant is drawn on a day by a schedule with guard rails.

    `table` is the schedule version's own. `away` are the participant's days of leave after that day, as far as
    `last_day_that_matters`. A week cut short keeps the maximum always, the minimum as far as open days are left for
    it, and the longest gap wherever it can be kept. 0 on a closed day and on one that the schedule does not allow.
    """
    draw = schedule.draw
    is_open, cut = _days_ahead(draw.days, closed, day, last_day_that_matters(draw, day), away)
    if not is_open[0]:
        return Fraction(0)
    chance = None if cut else table.chance(day.weekday(), *recent)
    if chance is None:
        by_gap = _chances_cut_short(table, binding(draw), day.weekday(), is_open, recent.drawn_this_week)
        chance = by_gap[min(recent.days_since, len(by_gap)) - 1]
    return _exactly(chance)


@lru_cache(maxsize=4096)
def _exactly(chance: float) -> Fraction:
    return Fraction(min(max(chance, 0.0), 1.0))


@lru_cache(maxsize=4096)
def _days_ahead(
    weekdays: tuple[int, ...], closed: ClosedDays, day: date, last: date, away: frozenset[date]
) -> tuple[tuple[bool, ...], bool]:
    """On which of the days from a day to the last that matters a draw may fall, and whether a coming one is lost."""
    days = [day + timedelta(days=n) for n in range((last - day).days + 1)]
    is_allowed = [day.weekday() in weekdays for day in days]
    is_open = [allowed and day not in closed and day not in away for day, allowed in zip(days, is_allowed, strict=True)]
    return tuple(is_open), is_open != is_allowed


# How many guard rails the best way on from a state breaks, and the weight of all the ways that break no more.
_Prospect = tuple[float, float]
_NO_WAY: _Prospect = (inf, 0.0)


@lru_cache(maxsize=4096)
def _chances_cut_short(
    table: ChanceTable, bounds: Bounds, weekday: int, is_open: tuple[bool, ...], drawn: int
) -> tuple[float, ...]:
    """The chances of a draw today by days since the last one, the last entry being for a gap that has run out.

    The formula of the table, from the weights of the day after the last one in sight back to today.
    """
    counts = range(len(table.weights[0]))
    has_gap = bounds.max_gap_days is not None
    minimum = _minimum_by_day(bounds.min_per_week, weekday, is_open, drawn)
    monday = _prospects_on_a_monday(table.weights[0][0], has_gap)
    after = [monday for _ in counts]
    for today in reversed(range(len(is_open))):
        if (weekday + today) % 7 == 6:
            after = [monday if n >= minimum[today] else [_NO_WAY] * len(monday) for n in counts]
        drawing = [_NO_WAY] * len(after)
        if is_open[today]:
            for n in counts:
                if len(counts) == 1 or n < bounds.max_per_week:
                    cost, weight = after[min(n + 1, counts[-1])][0]
                    drawing[n] = (cost, table.share * weight)
        passing = [_passing(row, is_open[today]) if has_gap else row for row in after]
        if today == 0:
            n = min(drawn, counts[-1])
            return tuple(_chance(drawing[n], prospect) for prospect in passing[n])
        after = _scaled([[_either(drawing[n], prospect) for prospect in passing[n]] for n in counts])
        if (weekday + today) % 7 == 0:
            monday = after[0]
    raise AssertionError("there is always a today")


def _minimum_by_day(fewest: int, weekday: int, is_open: tuple[bool, ...], drawn: int) -> list[int]:
    """The fewest draws of the week that each day lies in: what open days are left for it, from today on."""
    by_week: dict[int, int] = {0: drawn}
    weeks = [(weekday + n) // 7 for n in range(len(is_open))]
    for week, opened in zip(weeks, is_open, strict=True):
        by_week[week] = by_week.get(week, 0) + opened
    return [min(fewest, by_week[week]) for week in weeks]


def _prospects_on_a_monday(weights: tuple[float, ...], has_gap: bool) -> list[_Prospect]:
    """An ordinary Monday by days since the last draw. With a gap that has run out it is as with the longest one."""
    if not has_gap:
        return [(0.0, weights[0])]
    longest = next(weight for weight in reversed(weights) if weight)
    return [(0.0, weight) if weight else (_RAN_OUT, longest) for weight in weights] + [(0.0, longest)]


def _passing(tomorrow: list[_Prospect], opened: bool) -> list[_Prospect]:
    """Not drawing today, by days since the last draw; the last entry is for a gap that has run out."""
    today = tomorrow[1:]
    cost, weight = tomorrow[-1]
    if opened:
        today[-1] = (cost + _PASSED_OVER, weight)
        return [*today, today[-1]]
    today[-1] = (cost + _RAN_OUT, weight)
    return [*today, tomorrow[-1]]


def _either(one: _Prospect, other: _Prospect) -> _Prospect:
    if one[0] == other[0]:
        return one[0], one[1] + other[1]
    return min(one, other)


def _chance(drawing: _Prospect, passing: _Prospect) -> float:
    if drawing[0] != passing[0]:
        return 1.0 if drawing[0] < passing[0] else 0.0
    both = drawing[1] + passing[1]
    return drawing[1] / both if both else 1.0


def _scaled(rows: list[list[_Prospect]]) -> list[list[_Prospect]]:
    """The weights with the greatest 1: over a year of days the weights would leave the range of a float."""
    greatest = max(weight for row in rows for _, weight in row)
    return [[(cost, weight / greatest) for cost, weight in row] for row in rows]
