"""Guard rails hold over years of draws with holidays, leave and enrolment in the middle of a week."""

from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from random import Random

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.calendar import Week, closed_days
from testing_tracker.rules.schedules import guard_rails
from testing_tracker.rules.schedules.days import ClosedDays
from testing_tracker.rules.schedules.guard_rails import Recent, last_day_that_matters
from testing_tracker.rules.schedules.least_predictable import table_of
from testing_tracker.rules.schedules.schedule import Bounds, ClosedRule, DrawRule, TestingRule
from testing_tracker.rules.words import DrawKind

EVERY_DAY = tuple(range(7))
WEEKDAYS = tuple(range(5))
MONDAY = date(2026, 11, 16)  # a week without holidays, and Thanksgiving in the next


def schedule(per_week, days=EVERY_DAY, holidays=None, **bounds):
    return TestingRule(
        "bounded", DrawRule(DrawKind.RANDOM, Fraction(per_week), days, Bounds(**bounds)), ClosedRule(holidays)
    )


SCHEDULES = [
    schedule(2, min_per_week=1, max_per_week=4, max_gap_days=7),
    schedule(2, min_per_week=2, max_per_week=2),
    schedule(2, WEEKDAYS, "US", max_gap_days=5, min_per_week=1, max_per_week=3),
    schedule(2, WEEKDAYS, "US-CA", max_gap_days=4),
    schedule(3, max_gap_days=4, max_per_week=4),
    schedule(1, min_per_week=1, max_per_week=1, max_gap_days=9),
    schedule("1.5", (0, 2, 4), "US", min_per_week=1),
]


@cache
def table(rule):
    return table_of(rule.draw)


@cache
def holidays_of(calendar, year):
    return ClosedDays(closed_days(calendar, year) | closed_days(calendar, year + 1))


def is_closed(calendar, day):
    return day in closed_days(calendar, day.year)


def chance_within(rule, table, day, recent, away):
    return guard_rails.chance_within(rule, table, day, recent, holidays_of(rule.closed.holidays, day.year), away)


def on(rule, day, drawn=0, since=1, away=()):
    return chance_within(rule, table(rule), day, Recent(drawn, since), frozenset(away))


def draws_of(rule, first, days, seed, away=frozenset()):
    """The days drawn of a participant enrolled on `first`, by the chances themselves."""
    generator = Random(seed)
    drawn = []
    for day in (first + timedelta(days=n) for n in range(days)):
        if day in away:
            continue
        recent = Recent(
            sum(Week.of(other) == Week.of(day) for other in drawn[-7:]),
            (day - (drawn[-1] if drawn else first - timedelta(days=1))).days,
        )
        horizon = last_day_that_matters(rule.draw, day)
        ahead = frozenset(other for other in away if day < other <= horizon)
        if generator.random() < chance_within(rule, table(rule), day, recent, ahead):
            drawn.append(day)
    return drawn


@examples(60)
@given(
    st.sampled_from(SCHEDULES),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.lists(st.tuples(st.integers(1, 110), st.integers(1, 20)), max_size=4),
    st.integers(0, 2**32),
)
def test_bounds_hold_whatever_is_closed_and_whoever_is_away(rule, first, leaves, seed):
    days = 120
    away = frozenset(first + timedelta(days=start + n) for start, length in leaves for n in range(length))
    drawn = draws_of(rule, first, days, seed, away)
    bounds = guard_rails.binding(rule.draw)

    def is_open(day):
        return day.weekday() in rule.draw.days and not is_closed(rule.closed.holidays, day) and day not in away

    assert all(is_open(day) for day in drawn)
    for week in {Week.of(first + timedelta(days=n)) for n in range(days - 6)}:
        count = sum(day in week.days for day in drawn)
        assert count <= bounds.max_per_week
        usual = [day for day in week.days if day.weekday() in rule.draw.days]
        if week.monday >= first and week.sunday < first + timedelta(days=days):
            possible = sum(is_open(day) for day in usual)
            assert count >= min(bounds.min_per_week, possible)
    if bounds.max_gap_days is not None and bounds.max_per_week >= 3:
        for last, following in pairwise([first - timedelta(days=1), *drawn, first + timedelta(days=days)]):
            assert_gap_kept_where_it_could_be(last, following, bounds.max_gap_days, is_open)


def assert_gap_kept_where_it_could_be(last, following, gap, is_open):
    """A gap runs out only over days when nobody could be drawn, and the first open day after them ends it."""
    if (following - last).days <= gap:
        return
    passed = [last + timedelta(days=n) for n in range(1, (following - last).days)]
    in_time = [day for day in passed if (day - last).days <= gap and is_open(day)]
    too_late = [day for day in passed if (day - last).days > gap and is_open(day)]
    assert not too_late, "an open day was passed over when the gap had run out"
    assert not in_time or (following - in_time[-1]).days > gap, "a draw in time would have kept both gaps"


# At an end of what can be kept, a table allows fewer ways of drawing than its bounds.
AT_AN_END = SCHEDULES[3]


@pytest.mark.parametrize("rule", [rule for rule in SCHEDULES if rule is not AT_AN_END], ids=lambda rule: str(rule.draw))
def test_working_it_out_day_by_day_gives_the_tables_own_chances(rule):
    found = table(rule)
    bounds = guard_rails.binding(rule.draw)
    for weekday in rule.draw.days:
        day = MONDAY + timedelta(days=weekday)
        last = last_day_that_matters(rule.draw, day)
        opened, cut = guard_rails._days_ahead(rule.draw.days, ClosedDays(), day, last, frozenset())
        assert not cut
        for drawn, row in enumerate(found.weights[weekday]):
            again = guard_rails._chances_cut_short(found, bounds, weekday, opened, drawn)
            for since, weight in enumerate(row, 1):
                if weight:
                    chance = found.chance(weekday, drawn, since)
                    assert again[since - 1] == pytest.approx(chance, rel=1e-9, abs=1e-15)
                    assert (again[since - 1] in (0, 1)) == (chance in (0, 1))


def test_what_the_bounds_force_is_certain_to_the_last_bit():
    exactly_two = SCHEDULES[1]
    saturday, sunday = MONDAY + timedelta(days=5), MONDAY + timedelta(days=6)
    assert on(exactly_two, saturday, drawn=0) == 1
    assert on(exactly_two, sunday, drawn=1) == 1
    assert on(exactly_two, sunday, drawn=2) == 0
    assert on(exactly_two, MONDAY, drawn=0) == Fraction(2 / 7)
    assert on(SCHEDULES[0], MONDAY, since=7) == 1


def test_a_day_that_is_closed_or_not_allowed_has_no_chance():
    rule = SCHEDULES[2]
    assert on(rule, date(2026, 11, 26)) == 0, "Thanksgiving"
    assert on(rule, date(2026, 11, 28), since=30) == 0, "a Saturday"


def test_who_is_enrolled_in_mid_week_gets_the_draws_that_are_left():
    exactly_two = SCHEDULES[1]
    assert on(exactly_two, MONDAY + timedelta(days=6)) == 1, "on Sunday, one of the two is still possible"
    assert on(exactly_two, MONDAY + timedelta(days=4)) == pytest.approx(Fraction(2, 3)), "two of the last three days"


def test_a_holiday_ahead_raises_the_chance_of_the_days_before():
    rule = schedule(2, WEEKDAYS, "US", min_per_week=2, max_per_week=2)
    assert on(rule, date(2026, 11, 16)) == Fraction(2 / 5)
    assert on(rule, date(2026, 11, 23)) == pytest.approx(Fraction(1, 2)), "two of four days, Thursday being closed"


def test_a_leave_ahead_brings_the_draw_before_it():
    rule = schedule(2, max_gap_days=7)
    away = {MONDAY + timedelta(days=n) for n in range(1, 7)}
    assert on(rule, MONDAY, since=1) == Fraction(table(rule).chance(0, 0, 1))
    assert on(rule, MONDAY, since=1, away=away) == 1, "or else the gap would have run out on the return"
    long = {MONDAY + timedelta(days=n) for n in range(1, 14)}
    assert 0 < on(rule, MONDAY, since=1, away=long) < 1, "no choice today keeps the gap"
    assert on(rule, MONDAY, since=20) == 1, "back from a long leave"


def test_more_draws_than_the_maximum_by_an_earlier_schedule_are_enough():
    assert on(SCHEDULES[1], MONDAY + timedelta(days=4), drawn=3) == 0


def test_the_last_day_that_matters_ends_the_week_in_which_the_gap_runs_out():
    assert last_day_that_matters(SCHEDULES[1].draw, MONDAY) == MONDAY + timedelta(days=6)
    assert last_day_that_matters(SCHEDULES[0].draw, MONDAY) == MONDAY + timedelta(days=13)
    assert last_day_that_matters(SCHEDULES[0].draw, MONDAY - timedelta(days=1)) == MONDAY + timedelta(days=6)


def test_a_hundred_thousand_participants_cost_little():
    from time import perf_counter

    rule = SCHEDULES[2]
    day = date(2026, 11, 23)
    begun = perf_counter()
    for number in range(100_000):
        chance_within(rule, table(rule), day, Recent(0, number % 5 + 1), frozenset())
    assert perf_counter() - begun < 5
