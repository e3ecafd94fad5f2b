"""What guard rails let one do from day to day, as a graph, and the fewest and the most draws that it allows.

The graph repeats every week, so a way through it is followed from one Monday to the next. Loaded only when a schedule
with guard rails is: it needs numpy.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from testing_tracker.rules.schedules.schedule import Bounds

Numbers = NDArray[np.float64]
Marks = NDArray[np.bool_]
States = NDArray[np.intp]  # a Monday's states, by their place: the days since the last draw - 1

DAYS = 7


@dataclass(frozen=True, eq=False)
class Graph:
    """What may be done in each state [weekday, draws so far, days since the last draw - 1]: draw, or not.

    `fewest` draws must have been made by the end of a week. Where no bound counts draws or days, its axis has length 1.
    """

    draw: Marks
    rest: Marks
    fewest: int

    @property
    def counts(self) -> int:
        return int(self.draw.shape[1])

    @property
    def gaps(self) -> int:
        return int(self.draw.shape[2])

    @cached_property
    def weeks(self) -> Numbers:
        """The number of ways through a week with m draws from one Monday to the next: [m, state, state].

        On a Monday nothing was drawn yet, so its state is the days since the last draw alone.
        """
        last = min(self.gaps, DAYS + 1)  # who was drawn in the week ends in one of 7 states; the others move on by 7
        ways = np.zeros((DAYS + 1, self.counts, self.gaps, last))
        for gap in range(self.gaps):
            ways[0, self.fewest :, gap, min(gap, DAYS)] = 1
        for day in reversed(range(DAYS)):
            before = np.zeros_like(ways)
            before[1:] = ways[:-1, after_a_draw(self.counts), :1, :] * self.draw[day, None, :, :, None]
            before += ways[:, :, after_none(self.gaps), :] * self.rest[day, :, :, None]
            ways = before
        square = np.zeros((DAYS + 1, self.gaps, self.gaps))
        within = min(self.gaps, DAYS)
        square[:, :, :within] = ways[:, 0, :, :within]
        for gap in range(self.gaps - DAYS):
            square[:, gap, gap + DAYS] += ways[:, 0, gap, DAYS]
        return square

    def only(self, draw: Marks, rest: Marks) -> "Graph":
        """The graph without what is not marked."""
        return Graph(self.draw & draw, self.rest & rest, self.fewest)


def after_a_draw(counts: int) -> States:
    """The place on the axis of draws so far to which a draw leads from each place."""
    return np.minimum(np.arange(counts) + 1, counts - 1)


def after_none(gaps: int) -> States:
    """The place on the axis of days since the last draw to which a day without draw leads from each place."""
    return np.minimum(np.arange(gaps) + 1, gaps - 1)


def graph_of(days: tuple[int, ...], bounds: Bounds) -> Graph:
    """What may be done on these weekdays within bounds that `guard_rails.binding` has made consistent."""
    has_counts = bounds.min_per_week > 0 or bounds.max_per_week < len(days)
    counts = bounds.max_per_week + 1 if has_counts else 1
    gaps = bounds.max_gap_days or 1
    draw = np.zeros((DAYS, counts, gaps), dtype=bool)
    draw[list(days)] = True
    rest = np.ones((DAYS, counts, gaps), dtype=bool)
    if has_counts:
        draw[:, -1] = False
    if bounds.max_gap_days is not None:
        rest[:, :, -1] = False
    return Graph(draw, rest, bounds.min_per_week)


def classes(graph: Graph, within: States | None = None) -> list[States]:
    """The sets of Monday states that lead to each other, so that one can stay among them for ever."""
    leads = graph.weeks.sum(axis=0) > 0
    if within is not None:
        inside = np.zeros(graph.gaps, dtype=bool)
        inside[within] = True
        leads &= inside[:, None] & inside[None, :]
    reach = leads.astype(float)
    for _ in range(graph.gaps.bit_length()):
        reach = ((reach + reach @ reach) > 0).astype(float)
    both = (reach > 0) & (reach.T > 0)
    seen: set[int] = set()
    found = []
    for state in range(graph.gaps):
        if both[state, state] and state not in seen:
            members = np.flatnonzero(both[state])
            seen.update(members.tolist())
            found.append(members)
    return found


def _cheapest(graph: Graph, states: States, sign: int) -> Numbers:
    """The fewest draws (sign 1), or minus the most (sign -1), in k weeks from each state: [k, state].

    k goes from 0 to the number of states.
    """
    possible = graph.weeks[:, states[:, None], states] > 0
    draws = sign * np.arange(DAYS + 1, dtype=float)
    a_week = np.where(possible, draws[:, None, None], np.inf).min(axis=0)
    totals = [np.zeros(len(states))]
    for _ in states:
        totals.append((a_week + totals[-1]).min(axis=1))
    return np.array(totals)


def extreme_mean(graph: Graph, states: States, sign: int) -> Fraction:
    """The fewest draws a week (sign 1) or the most (sign -1) that can be kept up for ever (Karp 1978)."""
    totals = _cheapest(graph, states, sign)
    weeks = len(states)
    left = np.arange(weeks, 0, -1)
    means = (totals[-1] - totals[:-1]) / left[:, None]
    at = means.argmax(axis=0)
    state = int(means.max(axis=0).argmin())
    k = int(at[state])
    return sign * Fraction(int(totals[-1, state] - totals[k, state]), weeks - k)


def tightest(graph: Graph, states: States, mean: Fraction, sign: int) -> Graph:
    """What may be done in each state without ever straying from an extreme mean: the edges without slack."""
    a_draw, a_week = sign * mean.denominator, sign * mean.numerator
    totals = _cheapest(graph, states, sign) * mean.denominator
    potential = np.full(graph.gaps, np.inf)
    potential[states] = (totals - a_week * np.arange(len(totals))[:, None]).min(axis=0)
    value = np.full((graph.counts, graph.gaps), np.inf)
    value[graph.fewest :] = potential - a_week
    draw, rest = np.zeros_like(graph.draw), np.zeros_like(graph.rest)
    for day in reversed(range(DAYS)):
        drawing = np.where(graph.draw[day], a_draw + value[after_a_draw(graph.counts), :1], np.inf)
        resting = np.where(graph.rest[day], value[:, after_none(graph.gaps)], np.inf)
        value = np.minimum(drawing, resting)
        best = np.minimum(value, potential) if day == 0 else value
        draw[day] = (drawing == best) & np.isfinite(best)
        rest[day] = (resting == best) & np.isfinite(best)
    return graph.only(draw, rest)
