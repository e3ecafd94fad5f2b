"""What guard rails allow, counted a second time by going through every week there is."""

from collections import Counter
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from testing_tracker.rules.schedules.draw_graph import (
    DAYS,
    Graph,
    after_a_draw,
    after_none,
    classes,
    extreme_mean,
    graph_of,
    tightest,
)
from testing_tracker.rules.schedules.schedule import Bounds

EVERY_DAY = tuple(range(DAYS))
SOME_DAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
FEWEST, MOST = 1, -1
few = settings(max_examples=25)


@st.composite
def guard_rails(draw):
    """Days, and bounds that `binding` could have made consistent; some of them cannot be kept for ever."""
    days = draw(SOME_DAYS)
    most = draw(st.integers(1, len(days)))
    fewest = draw(st.integers(0, most))
    return days, Bounds(fewest, most, draw(st.none() | st.integers(1, 10)))


def ways_through_a_week(days, bounds: Bounds) -> Counter:
    """How many ways there are by (draws, days since the last draw on this Monday, and on the next)."""
    gap = bounds.max_gap_days
    found: Counter = Counter()
    for before, week in product(range(1, (gap or 1) + 1), product((False, True), repeat=DAYS)):
        since = before
        for day, drawn in enumerate(week):
            if drawn and day not in days:
                break
            if not drawn and since == gap:
                break
            since = 1 if drawn else since + 1
        else:
            if bounds.min_per_week <= sum(week) <= bounds.max_per_week:
                found[sum(week), before, since if gap else 1] += 1
    return found


def ways_of(graph: Graph) -> Counter:
    """The same, as the graph says it."""
    return Counter(
        {
            (m, before + 1, after + 1): int(graph.weeks[m, before, after])
            for m, before, after in zip(*(axis.tolist() for axis in np.nonzero(graph.weeks)), strict=True)
        }
    )


def fewest_or_most(graph: Graph, states, sign: int, weeks: int) -> int:
    """The fewest or the most draws in so many weeks of anybody who begins and stays among these states."""
    best = dict.fromkeys(states.tolist(), 0)
    pick = min if sign == FEWEST else max
    steps = [(m, before - 1, after - 1) for m, before, after in ways_of(graph)]
    steps = [step for step in steps if step[1] in best and step[2] in best]
    for _ in range(weeks):
        best = {state: pick(m + best[to] for m, at, to in steps if at == state) for state in best}
    return pick(best.values())


def means_of_returning(graph: Graph, state: int, sign: int) -> set[Fraction]:
    """The fewest (or the most) draws a week with which one comes back to a Monday's state, in 1, 2, … weeks."""
    pick = min if sign == FEWEST else max
    steps = [(m, before - 1, after - 1) for m, before, after in ways_of(graph)]
    reached, found = {state: 0}, set()
    for weeks in range(1, graph.gaps + 1):
        after: dict[int, int] = {}
        for m, at, to in steps:
            if at in reached:
                after[to] = pick(after.get(to, reached[at] + m), reached[at] + m)
        reached = after
        if state in reached:
            found.add(Fraction(reached[state], weeks))
    return found


class TestWeeks:
    @few
    @given(guard_rails())
    def test_every_way_through_a_week_is_counted_and_no_other(self, rails):
        assert ways_of(graph_of(*rails)) == ways_through_a_week(*rails)

    @given(SOME_DAYS)
    def test_without_a_bound_any_of_the_days_may_be_drawn(self, days):
        graph = graph_of(days, Bounds(0, len(days)))
        assert (graph.counts, graph.gaps) == (1, 1)
        assert graph.weeks[:, 0, 0].tolist() == [comb(len(days), m) for m in range(DAYS + 1)]

    @pytest.mark.parametrize("k", range(1, 8))
    def test_exactly_k_a_week_is_any_k_days(self, k):
        graph = graph_of(EVERY_DAY, Bounds(k, k))
        assert graph.weeks[:, 0, 0].tolist() == [comb(7, k) if m == k else 0 for m in range(DAYS + 1)]

    def test_who_was_not_drawn_all_week_has_waited_seven_days_more(self):
        graph = graph_of(EVERY_DAY, Bounds(0, 7, 10))
        assert {(before, after) for m, before, after in ways_of(graph) if m == 0} == {(1, 8), (2, 9), (3, 10)}

    def test_a_gap_of_one_day_is_a_draw_every_day(self):
        assert ways_of(graph_of(EVERY_DAY, Bounds(0, 7, 1))) == Counter({(7, 1, 1): 1})

    def test_less_is_allowed_when_something_is_taken_out(self):
        graph = graph_of(EVERY_DAY, Bounds(0, 7, 3))
        no_monday = graph.draw.copy()
        no_monday[0] = False
        assert ways_of(graph.only(no_monday, graph.rest)) == ways_through_a_week((1, 2, 3, 4, 5, 6), Bounds(0, 7, 3))
        assert ways_of(graph.only(np.ones_like(graph.draw), np.ones_like(graph.rest))) == ways_of(graph)


class TestSteps:
    def test_a_draw_is_one_more_until_there_is_nothing_left_to_count(self):
        assert after_a_draw(4).tolist() == [1, 2, 3, 3]
        assert after_a_draw(1).tolist() == [0]

    def test_a_day_without_one_is_a_day_longer_until_the_longest(self):
        assert after_none(4).tolist() == [1, 2, 3, 3]
        assert after_none(1).tolist() == [0]


class TestClasses:
    @few
    @given(guard_rails())
    def test_the_states_that_lead_to_each_other_are_together(self, rails):
        graph = graph_of(*rails)
        leads = {(at - 1, to - 1) for _, at, to in ways_through_a_week(*rails)}
        reached = {state: {to for at, to in leads if at == state} for state in range(graph.gaps)}
        for _ in range(graph.gaps):
            reached = {at: set(to).union(*(reached[state] for state in to)) for at, to in reached.items()}
        expected = {
            frozenset(other for other in reached[state] if state in reached[other])
            for state in reached
            if state in reached[state]
        }
        assert {frozenset(states.tolist()) for states in classes(graph)} == expected

    def test_guard_rails_that_nobody_can_keep_have_none(self):
        assert classes(graph_of((0,), Bounds(0, 1, 6))) == []
        assert len(classes(graph_of((0,), Bounds(0, 1, 7)))) == 1

    def test_within_some_of_the_states_the_others_are_no_way_out(self):
        graph = graph_of(EVERY_DAY, Bounds(0, 7, 9))
        (everything,) = classes(graph)
        (within,) = classes(graph, everything[:2])
        assert within.tolist() == everything[:2].tolist()


class TestTheFewestAndTheMost:
    @few
    @given(guard_rails())
    def test_no_weeks_have_fewer_or_more_and_some_have_as_many(self, rails):
        """Over many weeks the fewest draws are the mean, give or take what the first and last weeks cost."""
        graph = graph_of(*rails)
        weeks = 40
        for states in classes(graph):
            least, most = (extreme_mean(graph, states, sign) for sign in (FEWEST, MOST))
            assert least <= most
            for sign, mean in ((FEWEST, least), (MOST, most)):
                assert abs(fewest_or_most(graph, states, sign, weeks) - mean * weeks) <= DAYS * graph.gaps

    @given(SOME_DAYS, st.data())
    def test_without_a_longest_gap_they_are_the_bounds(self, days, data):
        most = data.draw(st.integers(1, len(days)))
        fewest = data.draw(st.integers(0, most))
        graph = graph_of(days, Bounds(fewest, most))
        (states,) = classes(graph)
        assert extreme_mean(graph, states, FEWEST) == fewest
        assert extreme_mean(graph, states, MOST) == most

    @pytest.mark.parametrize("gap", range(1, 17))
    def test_a_longest_gap_on_every_day_costs_exactly_seven_days_in_so_many(self, gap):
        graph = graph_of(EVERY_DAY, Bounds(0, 7, gap))
        (states,) = classes(graph)
        assert extreme_mean(graph, states, FEWEST) == Fraction(7, gap)
        assert extreme_mean(graph, states, MOST) == 7

    def test_never_more_than_three_days_with_the_weekend_off_costs_three_a_week(self):
        """Over the weekend only Friday and Monday are near enough, and from one to the other it takes one between."""
        graph = graph_of((0, 1, 2, 3, 4), Bounds(0, 5, 3))
        assert min(extreme_mean(graph, states, FEWEST) for states in classes(graph)) == 3

    def test_the_most_a_week_is_kept_beside_a_longest_gap(self):
        graph = graph_of(EVERY_DAY, Bounds(0, 2, 5))
        for states in classes(graph):
            assert extreme_mean(graph, states, FEWEST) == Fraction(7, 5)
            assert extreme_mean(graph, states, MOST) == 2


class TestNeverStrayingFromAnExtreme:
    @few
    @given(guard_rails(), st.sampled_from([FEWEST, MOST]))
    def test_whatever_is_left_has_that_mean_and_something_is_left(self, rails, sign):
        graph = graph_of(*rails)
        found = classes(graph)
        assume(found)
        for states in found:
            mean = extreme_mean(graph, states, sign)
            tight = tightest(graph, states, mean, sign)
            remaining = classes(tight, states)
            assert remaining
            for inside in remaining:
                assert extreme_mean(tight, inside, FEWEST) == mean == extreme_mean(tight, inside, MOST)

    @few
    @given(guard_rails(), st.sampled_from([FEWEST, MOST]))
    def test_every_state_to_which_one_can_come_back_at_that_mean_is_left(self, rails, sign):
        graph = graph_of(*rails)
        for states in classes(graph):
            mean = extreme_mean(graph, states, sign)
            left = [
                state for inside in classes(tightest(graph, states, mean, sign), states) for state in inside.tolist()
            ]
            assert sorted(left) == [
                state for state in states.tolist() if mean in means_of_returning(graph, state, sign)
            ]

    def test_the_fewest_with_a_gap_of_seven_is_the_same_weekday_for_ever(self):
        graph = graph_of(EVERY_DAY, Bounds(0, 7, 7))
        (states,) = classes(graph)
        tight = tightest(graph, states, Fraction(1), FEWEST)
        assert [len(inside) for inside in classes(tight, states)] == [1] * 7
        assert {m for m, before, after in ways_of(tight) if before == after} == {1}

    def test_it_only_takes_away(self):
        graph = graph_of(EVERY_DAY, Bounds(1, 3, 5))
        (states,) = classes(graph)
        tight = tightest(graph, states, extreme_mean(graph, states, MOST), MOST)
        assert not (tight.draw & ~graph.draw).any()
        assert not (tight.rest & ~graph.rest).any()
        assert ways_of(tight) < ways_of(graph)
