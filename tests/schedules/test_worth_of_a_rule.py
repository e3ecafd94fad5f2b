"""What a testing rule is worth, worked out by hand for fixed days, and what holds of every rule."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from testing_tracker.rules.schedules.least_predictable import BoundsError, table_of
from testing_tracker.rules.schedules.schedule import Bounds, DrawRule, TestingRule
from testing_tracker.rules.schedules.simulation import Simulation, simulate
from testing_tracker.rules.words import DrawKind

SOME_DAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
WINDOWS = range(1, 11)
few = settings(max_examples=12)


def fixed(days: tuple[int, ...]) -> Simulation:
    return simulate(TestingRule("fixed", DrawRule(DrawKind.FIXED, Fraction(len(days)), days)), None, WINDOWS)


@st.composite
def bounded(draw) -> Simulation:
    """A random rule within guard rails that can be kept."""
    days = draw(SOME_DAYS)
    most = draw(st.integers(1, len(days)))
    bounds = Bounds(draw(st.integers(0, most - 1)), most, draw(st.none() | st.integers(5, 12)))
    rule = DrawRule(DrawKind.RANDOM, Fraction(2 * bounds.min_per_week + 3 * most, 5), days, bounds)
    try:
        table = table_of(rule)
    except BoundsError:
        assume(False)
    return simulate(TestingRule("bounded", rule), table, WINDOWS)


class TestFixedDays:
    @given(SOME_DAYS)
    def test_a_use_is_found_where_a_test_falls_within_the_window(self, days):
        for one in fixed(days).detection:
            found = [any((use + later) % 7 in days for later in range(one.window_days)) for use in range(7)]
            assert one.random_day == pytest.approx(sum(found) / 7)
            assert one.informed == float(all(found)), "who knows the days uses on one that nobody would find"

    @given(SOME_DAYS)
    def test_the_gaps_are_those_between_the_days(self, days):
        gaps = sorted((later - day) % 7 or 7 for day, later in zip(days, (*days[1:], days[0]), strict=True))
        found = fixed(days).gap_days
        assert found.max == gaps[-1]
        assert found.p95 == gaps[-1], "with at most seven gaps each is more than one in twenty"
        assert found.mean == pytest.approx(7 / len(days))

    @given(SOME_DAYS)
    def test_every_week_is_the_same_and_nothing_is_left_to_chance(self, days):
        found = fixed(days)
        assert found.per_week.mean == len(days)
        assert [count for count, chance in enumerate(found.per_week.distribution) if chance] == [len(days)]
        assert (found.entropy_bits.actual, found.entropy_bits.best) == (0, 0)
        assert found.tomorrow.max == 1
        assert found.tomorrow.min == (1 if len(days) == 7 else 0)


class TestAnyRule:
    @few
    @given(bounded())
    def test_the_chances_of_a_week_are_one_in_all_and_make_the_mean(self, found):
        distribution = found.per_week.distribution
        assert all(chance >= -1e-12 for chance in distribution)
        assert sum(distribution) == pytest.approx(1)
        assert sum(count * chance for count, chance in enumerate(distribution)) == pytest.approx(found.per_week.mean)
        assert found.gap_days.mean == pytest.approx(7 / found.per_week.mean)

    @few
    @given(bounded())
    def test_what_shows_longer_is_found_no_less_often_and_whoever_knows_the_rule_is_found_no_more_often(self, found):
        longer = [one.random_day for one in found.detection]
        informed = [one.informed for one in found.detection]
        for chances in (longer, informed):
            assert all(shorter <= more + 1e-9 for shorter, more in pairwise(chances))
        assert all(best <= usual + 1e-9 for best, usual in zip(informed, longer, strict=True))
        assert longer[0] == pytest.approx(found.per_week.mean / 7), "of a use that shows for its day alone"

    @few
    @given(bounded())
    def test_the_longest_gap_bounds_what_goes_undetected(self, found):
        if found.gap_days.max is not None and found.gap_days.max <= WINDOWS[-1]:
            assert found.detection[found.gap_days.max - 1].informed == pytest.approx(1)
        assert found.gap_days.p95 <= (found.gap_days.max or found.gap_days.p95)

    @few
    @given(bounded())
    def test_no_rule_is_less_predictable_than_the_coin(self, found):
        assert 0 < found.entropy_bits.actual <= found.entropy_bits.best + 1e-9
        assert found.tomorrow.min <= found.per_week.mean / 7 <= found.tomorrow.max
