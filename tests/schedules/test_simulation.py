"""The exact figures against closed forms, and against years of the draws themselves."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations, pairwise
from math import comb, log2
from random import Random

import pytest

from testing_tracker.rules.schedules.days import OPEN_ALWAYS, chance_on
from testing_tracker.rules.schedules.guard_rails import Recent, chance_within
from testing_tracker.rules.schedules.least_predictable import table_of
from testing_tracker.rules.schedules.schedule import Bounds, DrawRule, TestingRule
from testing_tracker.rules.schedules.simulation import Detection, simulate
from testing_tracker.rules.words import DrawKind

EVERY_DAY = tuple(range(7))


def schedule(kind, per_week, days=EVERY_DAY, **bounds):
    return TestingRule("any", DrawRule(kind, Fraction(str(per_week)), days, Bounds(**bounds) if bounds else None))


def random(per_week, days=EVERY_DAY):
    return simulate(schedule(DrawKind.RANDOM, per_week, days), None)


def bounded(per_week, days=EVERY_DAY, **bounds):
    rule = schedule(DrawKind.RANDOM, per_week, days, **bounds)
    return simulate(rule, table_of(rule.draw))


@pytest.mark.parametrize("per_week", ["0.01", 1, 2, "3.5", 6])
def test_without_bounds_every_day_is_the_same_coin(per_week):
    found = random(per_week)
    p = float(Fraction(str(per_week)) / 7)
    assert found.per_week.mean == pytest.approx(7 * p)
    assert found.per_week.distribution == pytest.approx([comb(7, n) * p**n * (1 - p) ** (7 - n) for n in range(8)])
    assert [one.window_days for one in found.detection] == list(range(1, 15))
    for one in found.detection:
        assert one.random_day == pytest.approx(1 - (1 - p) ** one.window_days)
        assert one.informed == pytest.approx(1 - (1 - p) ** one.window_days)
    assert (found.tomorrow.min, found.tomorrow.max) == pytest.approx((p, p))
    coin = -p * log2(p) - (1 - p) * log2(1 - p)
    assert (found.entropy_bits.actual, found.entropy_bits.best) == pytest.approx((coin, coin))
    assert found.gap_days.mean == pytest.approx(1 / p)
    assert found.gap_days.max is None
    shortest = next(k for k in range(1, 10_000) if 1 - (1 - p) ** k >= 0.95 - 1e-12)
    assert found.gap_days.p95 == shortest


def test_days_that_are_never_allowed_have_no_bits_and_are_safe():
    found = random(2, (0, 1, 2, 3, 4))
    assert found.entropy_bits.actual == pytest.approx(5 / 7 * (-0.4 * log2(0.4) - 0.6 * log2(0.6)))
    assert found.entropy_bits.best == pytest.approx(found.entropy_bits.actual)
    assert (found.tomorrow.min, found.tomorrow.max) == (0, 0.4)
    assert [one.informed for one in found.detection][:3] == pytest.approx([0, 0, 0.4]), "from Saturday morning on"


@pytest.mark.parametrize("k", [1, 2, 3])
def test_exactly_k_a_week_are_uniform_subsets(k):
    found = bounded(k, min_per_week=k, max_per_week=k)
    weeks = [set(days) for days in combinations(range(7), k)]
    for one in found.detection[:7]:
        undrawn = sum(
            sum(not any(t in week for t in range(start, min(start + one.window_days, 7))) for week in weeks)
            * sum(not any(7 + t in range(start, start + one.window_days) for t in week) for week in weeks)
            for start in range(7)
        )
        assert one.random_day == pytest.approx(1 - undrawn / 7 / len(weeks) ** 2)
    # Drawn on the first k days, nobody is drawn before Monday.
    assert [one.informed == pytest.approx(0, abs=1e-12) for one in found.detection[: 8 - k]] == [True] * (7 - k) + [
        False
    ]
    assert found.gap_days.max == 14 - 2 * k + 1
    assert (found.tomorrow.min, found.tomorrow.max) == (0, 1)
    assert found.entropy_bits.actual == pytest.approx(log2(len(weeks)) / 7)


def test_a_fixed_schedule_has_safe_days():
    found = simulate(schedule(DrawKind.FIXED, 2, (0, 3)), None)
    assert found.per_week.distribution == (0, 0, 1, 0, 0, 0, 0, 0)
    assert (found.gap_days.mean, found.gap_days.p95, found.gap_days.max) == (3.5, 4, 4)
    assert [one.informed for one in found.detection[:5]] == [0, 0, 0, 1, 1]
    assert [one.random_day for one in found.detection[:4]] == pytest.approx([2 / 7, 4 / 7, 6 / 7, 1])
    assert (found.tomorrow.min, found.tomorrow.max) == (0, 1)
    assert (found.entropy_bits.actual, found.entropy_bits.best) == (0, 0)


def test_only_the_windows_that_were_asked_for():
    rule = schedule(DrawKind.FIXED, 1, (2,))
    assert simulate(rule, None, [30]).detection == (Detection(30, 1.0, 1.0),)


RULES = [
    schedule(DrawKind.RANDOM, 2),
    schedule(DrawKind.RANDOM, 2, min_per_week=1, max_per_week=4, max_gap_days=7),
    schedule(DrawKind.RANDOM, 2, (0, 1, 2, 3, 4), max_gap_days=6),
    schedule(DrawKind.RANDOM, 1, min_per_week=1, max_per_week=1),
    schedule(DrawKind.FIXED, 3, (0, 2, 4)),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.draw))
def test_the_exact_figures_are_those_of_a_long_run_of_draws(rule):
    table = table_of(rule.draw) if rule.draw.bounds is not None else None
    exact = simulate(rule, table)
    weeks = 6_000
    drawn = run(rule, table, weeks)
    counts = [sum(drawn[7 * week : 7 * week + 7]) for week in range(weeks)]
    assert sum(counts) / weeks == pytest.approx(exact.per_week.mean, abs=0.05)
    for count, chance in enumerate(exact.per_week.distribution):
        assert counts.count(count) / weeks == pytest.approx(chance, abs=0.025)
    gaps = [later - day for day, later in pairwise(day for day, hit in enumerate(drawn) if hit)]
    assert sum(gaps) / len(gaps) == pytest.approx(exact.gap_days.mean, abs=0.08)
    assert sum(gap <= exact.gap_days.p95 for gap in gaps) / len(gaps) > 0.94
    assert sum(gap < exact.gap_days.p95 for gap in gaps) / len(gaps) < 0.96
    assert exact.gap_days.max is None or max(gaps) == exact.gap_days.max
    for one in exact.detection:
        found = sum(any(drawn[day : day + one.window_days]) for day in range(len(drawn) - 14))
        assert found / (len(drawn) - 14) == pytest.approx(one.random_day, abs=0.01)


def run(rule, table, weeks):
    """Whether a participant is drawn, day by day, by the chances that the night uses."""
    generator = Random(7)
    drawn = []
    last, in_week = -1, 0
    for number in range(7 * weeks):
        day = date(2026, 11, 16) + timedelta(days=number)
        in_week = 0 if number % 7 == 0 else in_week
        chance = (
            chance_within(rule, table, day, Recent(in_week, number - last), OPEN_ALWAYS)
            if table is not None
            else chance_on(rule, day, OPEN_ALWAYS)
        )
        drawn.append(generator.random() < chance)
        if drawn[-1]:
            last, in_week = number, in_week + 1
    return drawn
