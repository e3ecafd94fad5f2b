"""The table of chances against closed forms, and against other rules with the same bounds and mean."""

import re
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise
from math import comb, log2

import numpy as np
import pytest
from conftest import examples
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from testing_tracker.rules.schedules.guard_rails import ChanceTable, binding
from testing_tracker.rules.schedules.least_predictable import BoundsError, table_of
from testing_tracker.rules.schedules.schedule import Bounds, DrawRule, TestingRule
from testing_tracker.rules.schedules.simulation import _Chain, simulate
from testing_tracker.rules.words import DrawKind

EVERY_DAY = tuple(range(7))


def rule(per_week, days=EVERY_DAY, **bounds):
    return DrawRule(DrawKind.RANDOM, Fraction(str(per_week)), tuple(days), Bounds(**bounds))


def figures(draw):
    return simulate(TestingRule("bounded", draw), table_of(draw))


@st.composite
def rules(draw):
    """Guard rails of every kind that do not contradict each other at sight; many turn out to be impossible."""
    days = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    most = draw(st.integers(1, 7))
    fewest = draw(st.integers(0, most))
    gap = draw(st.none() | st.integers(1, 16))
    per_week = Fraction(draw(st.integers(1, 70)), 10)
    assume(per_week < len(days) and fewest <= per_week <= most)
    return DrawRule(DrawKind.RANDOM, per_week, days, Bounds(fewest, most, gap))


def table_or_none(draw):
    try:
        return table_of(draw)
    except BoundsError:
        return None


@given(st.integers(1, 7), st.integers(1, 7))
def test_exactly_k_a_week_is_a_uniform_choice_among_the_k_day_subsets(k, count):
    assume(k < count)
    table = table_of(rule(k, range(count), min_per_week=k, max_per_week=k))
    for chosen in combinations(range(count), k):
        chance, drawn = 1.0, 0
        for day in range(7):
            on_the_day = table.chance(day, drawn, 1)
            chance *= on_the_day if day in chosen else 1 - on_the_day
            drawn += day in chosen
        assert chance == pytest.approx(1 / comb(count, k), rel=1e-12)


def test_two_of_seven_has_the_entropy_of_its_subsets():
    assert figures(rule(2, min_per_week=2, max_per_week=2)).entropy_bits.actual == pytest.approx(log2(21) / 7)


@pytest.mark.parametrize("per_week", [1, 2, "2.5", 3])
def test_bounds_that_never_bind_leave_the_coin(per_week):
    table = table_of(rule(per_week))
    assert np.allclose(table.chances, float(Fraction(per_week)) / 7, rtol=1e-12)


def test_a_gap_alone_is_the_coin_cut_off():
    """Only a gap bound: the chance of a gap of k days is λ ÷ ρ^k, and a long one must hardly change the coin."""
    table = table_of(rule(2, max_gap_days=7))
    chances = [table.chance(0, 0, since) for since in range(1, 8)]
    assert chances[-1] == 1
    assert chances == sorted(chances)
    gaps, left = [], 1.0
    for chance in chances:
        gaps.append(left * chance)
        left *= 1 - chance
    ratios = [one / other for one, other in pairwise(gaps)]
    assert ratios == pytest.approx([ratios[0]] * 6, rel=1e-9)
    assert sum(k * chance for k, chance in enumerate(gaps, 1)) == pytest.approx(3.5, rel=1e-12)
    assert np.allclose(table_of(rule(2, max_gap_days=100)).chances[0][0][:50], 2 / 7, rtol=1e-6)


@examples(30, suppress_health_check=[HealthCheck.filter_too_much])
@given(rules())
def test_the_mean_is_kept_and_the_bounds_never_broken(draw):
    table = table_or_none(draw)
    assume(table is not None)
    found = simulate(TestingRule("bounded", draw), table)
    assert found.per_week.mean == pytest.approx(float(draw.per_week), abs=1e-10)
    possible = [count for count, chance in enumerate(found.per_week.distribution) if chance > 1e-15]
    assert draw.bounds.min_per_week <= min(possible)
    assert max(possible) <= draw.bounds.max_per_week
    if draw.bounds.max_gap_days is not None:
        assert found.gap_days.max <= draw.bounds.max_gap_days
    assert 0 < found.entropy_bits.actual <= found.entropy_bits.best + 1e-12


@examples(30, suppress_health_check=[HealthCheck.filter_too_much])
@given(rules())
def test_a_table_survives_json_to_the_last_bit(draw):
    table = table_or_none(draw)
    assume(table is not None)
    again = ChanceTable.from_json(table.to_json())
    assert again == table
    assert hash(again) == hash(table)
    assert again.to_json() == table.to_json()


RIVALRIES = [
    rule(2, min_per_week=1, max_per_week=4, max_gap_days=7),
    rule(2, min_per_week=2, max_per_week=2, max_gap_days=6),
    rule(2, (0, 1, 2, 3, 4), max_gap_days=5),
    rule("1.5", (0, 2, 4), min_per_week=1),
    rule(2, (0, 1, 2, 3, 4), max_gap_days=4),
    rule(3, max_per_week=4, max_gap_days=4),
]


@pytest.mark.parametrize("draw", RIVALRIES, ids=str)
def test_no_other_rule_with_the_same_bounds_and_mean_is_less_predictable(draw):
    """Rivals at random: other chances wherever there is a choice, turned up or down together until the mean is kept."""
    ours = np.array(table_of(draw).chances)
    best = entropy(ours)
    generator = np.random.default_rng(20261116)
    is_open = (ours > 0) & (ours < 1)
    assert is_open.any()
    rivals = 0
    for size in np.geomspace(0.01, 3, 60):
        tilt = generator.normal(0, size, ours.shape)
        rival = with_mean(lambda turn, tilt=tilt: turned(ours, is_open, tilt + turn), float(draw.per_week))
        if rival is None:
            continue
        rivals += 1
        assert entropy(rival) <= best + 1e-9
    assert rivals > 20


def turned(chances, is_open, by):
    """Chances with their log odds moved; those that the bounds force stay."""
    odds = np.log(np.where(is_open, chances, 0.5) / np.where(is_open, 1 - chances, 0.5)) + by
    return np.where(is_open, 1 / (1 + np.exp(-odds)), chances)


def with_mean(rival_turned, per_week):
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(rival_turned(middle)) < per_week else (low, middle)
    found = rival_turned(low)
    return found if abs(mean(found) - per_week) < 1e-9 else None


def mean(chances):
    chain = _Chain(chances)
    return float((chain.shares * chances).sum())


def entropy(chances):
    chain = _Chain(chances)
    safe = np.clip(chances, 1e-300, 1 - 1e-16)
    bits = np.where((chances > 0) & (chances < 1), -safe * np.log2(safe) - (1 - safe) * np.log2(1 - safe), 0)
    return float((chain.shares * bits).sum()) / 7


REFUSED = [
    (rule(2, max_gap_days=3), "per_week", "at least 2.34 a week, or max_gap_days = 4 or more"),
    (rule(2, (0, 1, 2, 3, 4), max_gap_days=3), "per_week", "at least 3 a week, or max_gap_days = 4 or more"),
    (rule(2, max_per_week=2, max_gap_days=3), "max_gap_days", "max_gap_days = 4 or more"),
    (rule(1, max_per_week=1, max_gap_days=6), "max_gap_days", "max_gap_days = 8 or more"),
    (rule(1, max_gap_days=7), "per_week", "leaves nothing to chance"),
    (rule(1, min_per_week=1, max_per_week=1, max_gap_days=7), "per_week", "max_gap_days = 8 or more"),
    (rule("0.01", max_gap_days=100), "per_week", "at least 0.08 a week"),
    (rule("6.99999999", max_gap_days=7), "per_week", "at most 6.99 a week"),
]


@pytest.mark.parametrize(("draw", "key", "remedy"), REFUSED, ids=str)
def test_bounds_that_cannot_be_kept_are_refused_with_the_nearest_that_works(draw, key, remedy):
    with pytest.raises(BoundsError) as refused:
        table_of(draw)
    assert refused.value.key == key
    assert remedy in str(refused.value)


@given(rules())
def test_what_a_refusal_proposes_works(draw):
    try:
        table_of(draw)
    except BoundsError as error:
        gap = re.search(r"max_gap_days = (\d+) or more", str(error))
        mean = re.search(r"write at (?:least|most) (\S+) a week", str(error))
        if gap is not None:
            table_of(replace(draw, bounds=replace(draw.bounds, max_gap_days=int(gap[1]))))
        if mean is not None:
            table_of(replace(draw, per_week=Fraction(mean[1])))


def test_a_mean_at_a_bound_closes_the_other():
    assert binding(rule(2, min_per_week=2, max_per_week=5)) == Bounds(2, 2)
    assert binding(rule(3, max_per_week=3)) == Bounds(3, 3)
    assert binding(rule(2, (0, 1, 2), max_gap_days=9)) == Bounds(0, 3, 9)
