"""The least predictable way of drawing that keeps a schedule's guard rails: its table of chances.

The days are a Markov chain over weekday, draws so far in the week and days since the last draw. Of all ways of drawing
that keep the bounds and the mean, the one of greatest entropy (Shannon 1948) weighs every allowed path by λ to the
number of its draws; its chances come from the principal eigenvector r and eigenvalue ρ of the graph with these weights
(Parry 1964): the chance of a draw in state s is λ·r(s′) ÷ (ρ·r(s)), s′ being the state after the draw. λ is solved so
that the mean is `per_week`.

Loaded only when a schedule with guard rails is: it needs numpy.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, exp, floor, log

import numpy as np

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.schedules.draw_graph import (
    DAYS,
    Graph,
    Numbers,
    States,
    after_a_draw,
    after_none,
    classes,
    extreme_mean,
    graph_of,
    tightest,
)
from testing_tracker.rules.schedules.guard_rails import ChanceTable, Grid, binding
from testing_tracker.rules.schedules.schedule import Bounds, DrawRule

MOST_GAP_DAYS = 366
NEARLY = Fraction(1, 1_000_000)  # a mean this near an end of what can be attained is out of a float's reach
LEAST_ENTROPY = 1e-9  # bits a week; under that everybody can tell every draw


class BoundsError(TestingTrackerError):
    """Guard rails that contradict each other or the mean; `key` is the one under [draw] that the remedy begins with."""

    def __init__(self, key: str, problem: str) -> None:
        self.key = key
        super().__init__(problem)


def table_of(draw: DrawRule) -> ChanceTable:
    """The chances of the least predictable rule with these bounds and this mean.

    Raises BoundsError, with the nearest that works, where there is no such rule or where it leaves nothing to chance.
    """
    bounds = binding(draw)
    graph = graph_of(draw.days, bounds)
    found = _least_predictable(graph, draw.per_week)
    if found is None or found.entropy < LEAST_ENTROPY:
        raise _refusal(draw, graph)
    return _table(found)


@dataclass(frozen=True, eq=False)
class _Solution:
    """A rule of greatest entropy (bits a week): λ and what may follow from each Monday's state, ever after."""

    graph: Graph
    share: float
    mondays: Numbers
    entropy: float


def _least_predictable(graph: Graph, per_week: Fraction) -> _Solution | None:
    """The rule of greatest entropy with this mean, None where there is none."""
    found = [solution for states in classes(graph) for solution in _solutions(graph, states, per_week)]
    return max(found, key=lambda solution: solution.entropy, default=None)


def _solutions(graph: Graph, states: States, per_week: Fraction) -> Iterator[_Solution]:
    """The rules with this mean that stay among states that lead to each other (`states` are Monday's)."""
    least, most = (extreme_mean(graph, states, sign) for sign in (1, -1))
    if least == most == per_week:
        yield _solution(graph, states, 1.0)
    elif per_week in (least, most):
        # Only the ways of drawing that never stray from the extreme have it as their mean.
        tight = tightest(graph, states, per_week, 1 if per_week == least else -1)
        for remaining in classes(tight, states):
            yield _solution(tight, remaining, 1.0)
    elif least + NEARLY < per_week < most - NEARLY:
        count = int(graph.draw.any(axis=(1, 2)).sum())
        yield _solution(graph, states, _share(graph, states, float(per_week), count))


def _solution(graph: Graph, states: States, share: float) -> _Solution:
    """The rule that stays among these states and weighs a draw by λ = `share`."""
    weights = share ** np.arange(DAYS + 1.0)
    weeks = np.tensordot(weights, graph.weeks, axes=1)
    growth, right = _principal(weeks[states[:, None], states])
    mondays = np.zeros(graph.gaps)
    mondays[states] = right
    _lead_in(mondays, weeks, states, growth)
    mean = _mean(graph, states, log(share)) if share != 1 else 0.0
    return _Solution(graph, share, mondays, (log(growth) - mean * log(share)) / log(2))


def _lead_in(mondays: Numbers, weeks: Numbers, states: States, growth: float) -> None:
    """Fill in the weights of the other states: whoever comes from there, as a newcomer does, goes on by the same ones.

    Where the others grow as fast as these by themselves, nothing is filled in.
    """
    others = _leading_to(weeks, states)
    outside = growth * np.eye(len(others)) - weeks[others[:, None], others]
    try:
        solved = np.linalg.solve(outside, weeks[others[:, None], states] @ mondays[states])
    except np.linalg.LinAlgError:
        return
    if np.isfinite(solved).all() and (solved > 0).all():
        mondays[others] = solved


def _leading_to(weeks: Numbers, states: States) -> States:
    """The other states from which one gets among these."""
    found = np.zeros(len(weeks), dtype=bool)
    found[states] = True
    while True:
        more = found | ((weeks > 0) @ found.astype(float) > 0)
        if (more == found).all():
            found[states] = False
            return np.flatnonzero(found)
        found = more


def _principal(matrix: Numbers) -> tuple[float, Numbers]:
    """The principal eigenvalue and eigenvector of a matrix whose states all lead to each other (Noda 1971).

    Inverse iteration with a shift that comes down to the eigenvalue, and converges quadratically.
    """
    vector = np.ones(len(matrix))
    spread = np.inf
    for _ in range(100):
        image = matrix @ vector
        quotients = image / vector
        highest = float(quotients.max())
        narrower = highest - float(quotients.min())
        if narrower <= 4e-16 * highest or (narrower >= spread and spread <= 1e-9 * highest):
            break
        spread = narrower
        shifted = highest * (1 + 1e-15) * np.eye(len(matrix)) - matrix
        vector = np.abs(np.linalg.solve(shifted, vector))
        vector /= vector.max()
    vector = matrix @ vector
    return float((matrix @ vector).sum() / vector.sum()), vector / vector.max()


def _mean(graph: Graph, states: States, log_share: float) -> float:
    """The draws a week, in the long run, of the rule that weighs a draw by λ."""
    draws = np.arange(DAYS + 1)
    by_draws = np.exp(log_share * draws)[:, None, None] * graph.weeks[:, states[:, None], states]
    weeks = by_draws.sum(axis=0)
    _, right = _principal(weeks)
    _, left = _principal(weeks.T)
    flows = np.einsum("i,mij,j->m", left, by_draws, right)
    return float((flows * draws).sum() / flows.sum())


def _share(graph: Graph, states: States, per_week: float, days: int) -> float:
    """The λ with which the mean is `per_week`. The mean rises with λ, so one too small and one too large enclose it."""

    def excess(log_share: float) -> float:
        return _mean(graph, states, log_share) - per_week

    coin = per_week / days
    low = high = log(coin / (1 - coin))
    step = 1.0
    below = above = excess(low)
    while below > 0:
        high, above = low, below
        low, step = low - step, step * 2
        below = excess(low)
    while above < 0:
        low, below = high, above
        high, step = high + step, step * 2
        above = excess(high)
    return exp(_root(excess, low, below, high, above))


def _root(excess: Callable[[float], float], low: float, below: float, high: float, above: float) -> float:
    """Where a rising function is 0, between a value below and one above (false position, Illinois variant)."""
    best, least = (low, -below) if -below < above else (high, above)
    for turn in range(200):
        if least <= 1e-13 or high - low <= 1e-15 * max(1.0, abs(low)):
            break
        middle = (low + high) / 2 if turn % 4 == 3 else low - below * (high - low) / (above - below)
        value = excess(middle)
        if abs(value) < least:
            best, least = middle, abs(value)
        if value < 0:
            low, below, above = middle, value, above / 2
        else:
            high, above, below = middle, value, below / 2
    return best


def _table(found: _Solution) -> ChanceTable:
    """Weights and chances of every day from those of Monday, each day on a scale of its own."""
    graph = found.graph
    weights, chances = np.zeros(graph.draw.shape), np.zeros(graph.draw.shape)
    value = np.zeros((graph.counts, graph.gaps))
    value[graph.fewest :] = found.mondays
    for day in reversed(range(DAYS)):
        drawing = graph.draw[day] * found.share * value[after_a_draw(graph.counts), :1]
        resting = graph.rest[day] * value[:, after_none(graph.gaps)]
        value = drawing + resting
        chances[day] = np.divide(drawing, value, out=np.zeros_like(value), where=value > 0)
        value = weights[day] = value / value.max()
    return ChanceTable(found.share, _nested(weights), _nested(chances))


def _nested(numbers: Numbers) -> Grid:
    return tuple(tuple(tuple(float(chance) for chance in row) for row in day) for day in numbers)


def _refusal(draw: DrawRule, graph: Graph) -> BoundsError:
    """What is wrong with the bounds, and the nearest mean and the nearest gap that work."""
    gap = draw.bounds.max_gap_days if draw.bounds is not None else None
    longer = _nearest_gap(draw) if gap is not None else None
    remedies = [f"max_gap_days = {longer} or more"] if longer is not None else []
    ranges = [(extreme_mean(graph, states, 1), extreme_mean(graph, states, -1)) for states in classes(graph)]
    if not ranges:
        problem = f"{gap} cannot be kept on these days with these bounds on a week"
        return BoundsError("max_gap_days", f"{problem}; write {' or '.join(remedies) or 'more days'}")
    nearest = _nearest_mean(draw, ranges)
    if nearest is not None:
        most_or_least = "least" if nearest > draw.per_week else "most"
        remedies.insert(0, f"at {most_or_least} {float(nearest):g} a week")
    remedy = f"write {', or '.join(remedies) or 'wider bounds'}"
    mean = f"an average of {float(draw.per_week):.10g} a week"
    if any(least <= draw.per_week <= most for least, most in ranges):
        return BoundsError("per_week", f"{mean} leaves nothing to chance with these bounds; {remedy}")
    with_bounds = f"max_gap_days {gap}" if gap is not None else "these bounds"
    return BoundsError("per_week", f"{mean} cannot be kept with {with_bounds}; {remedy}")


def _nearest_mean(draw: DrawRule, ranges: list[tuple[Fraction, Fraction]]) -> Fraction | None:
    """The mean nearest to the one asked for, in hundredths, that can be kept with something left to chance."""
    candidates = []
    for least, most in ranges:
        candidates += [Fraction(ceil(least * 100) + more, 100) for more in (0, 1)]
        candidates += [Fraction(floor(most * 100) - less, 100) for less in (0, 1)]
    for mean in sorted(candidates, key=lambda mean: abs(mean - draw.per_week)):
        if mean > 0 and _works(replace(draw, per_week=mean)):
            return mean
    return None


def _nearest_gap(draw: DrawRule) -> int | None:
    """The shortest longest gap with which the mean can be kept and something is left to chance."""
    given = draw.bounds or Bounds()
    shortest = max(given.max_gap_days or 1, ceil(DAYS / draw.per_week))
    gaps = range(shortest, MOST_GAP_DAYS + 1)
    found = bisect_left(gaps, True, key=lambda gap: _works(replace(draw, bounds=replace(given, max_gap_days=gap))))
    return gaps[found] if found < len(gaps) else None


def _works(draw: DrawRule) -> bool:
    """Whether there is a rule with these bounds and this mean that leaves something to chance."""
    graph = graph_of(draw.days, binding(draw))
    for states in classes(graph):
        least, most = (extreme_mean(graph, states, sign) for sign in (1, -1))
        if least + NEARLY < draw.per_week < most - NEARLY:
            return True
        if any(solution.entropy >= LEAST_ENTROPY for solution in _solutions(graph, states, draw.per_week)):
            return True
    return False
