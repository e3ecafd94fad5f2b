from datetime import date
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from testing_tracker.rules.calendar import WEEKDAYS, Week, closed_days, weekday_name
from testing_tracker.rules.schedules import days as draws
from testing_tracker.rules.schedules.days import ClosedDays
from testing_tracker.rules.schedules.schedule import Bounds, ClosedRule, DrawRule, Shift, TestingRule
from testing_tracker.rules.words import DrawKind

EVERY_DAY = "mon tue wed thu fri sat sun"
SHIFTS = st.sampled_from([Shift.NEXT, Shift.PREVIOUS])
WEEKS = st.dates(date(2015, 1, 1), date(2034, 12, 31)).map(Week.of)
WEEKDAY_SETS = st.sets(st.sampled_from(WEEKDAYS))
DRAW_DAYS = st.sets(st.sampled_from(WEEKDAYS), min_size=1, max_size=3)


def numbers(days):
    return tuple(sorted(WEEKDAYS.index(day) for day in days))


def fixed(days, shift=Shift.NEXT, holidays=None):
    days = numbers(days.split() if isinstance(days, str) else days)
    return TestingRule("fixed", DrawRule(DrawKind.FIXED, Fraction(len(days)), days), ClosedRule(holidays, shift))


def random(per_week, days=EVERY_DAY, holidays=None):
    return TestingRule(
        "random", DrawRule(DrawKind.RANDOM, Fraction(per_week), numbers(days.split())), ClosedRule(holidays)
    )


def holidays_of(schedule, day):
    return ClosedDays(
        closed_days(schedule.closed.holidays, day.year) | closed_days(schedule.closed.holidays, day.year + 1)
    )


def fixed_week(schedule, week):
    return draws.fixed_week(schedule, week, holidays_of(schedule, week.monday))


def chance_on(schedule, day):
    return draws.chance_on(schedule, day, holidays_of(schedule, day))


def is_closed(calendar, day):
    return day in closed_days(calendar, day.year)


def placed_with(closed, schedule, week=Week(2026, 47)):  # noqa: B008
    """The week's draws, as weekday names, when the facility is closed on these weekdays."""
    found = draws.fixed_week(schedule, week, ClosedDays(frozenset(d for d in week.days if weekday_name(d) in closed)))
    assert set(found.days) | set(found.unplaced) <= set(week.days), "a draw left its week"
    return [weekday_name(day) for day in found.days], [weekday_name(day) for day in found.unplaced]


@given(DRAW_DAYS, st.sampled_from(Shift), WEEKS)
def test_a_week_without_closed_days_has_its_draws_on_the_days_of_the_schedule(days, shift, week):
    found = fixed_week(fixed(days, shift), week)
    assert [day.weekday() for day in found.days] == list(numbers(days))
    assert set(found.days) <= set(week.days)
    assert found.unplaced == ()


@given(DRAW_DAYS, SHIFTS, WEEKDAY_SETS, WEEKS)
@example({"mon", "wed", "fri"}, Shift.NEXT, set(WEEKDAYS), Week(2026, 53))
def test_whatever_is_closed_every_draw_finds_a_day_of_its_own_while_there_is_one(days, shift, closed, week):
    placed, unplaced = placed_with(closed, fixed(days, shift), week)
    assert not set(placed) & closed
    assert placed == [day for day in WEEKDAYS if day in placed], "each day once, in order"
    assert len(placed) == min(len(days), 7 - len(closed))
    assert len(placed) + len(unplaced) == len(days)
    assert set(unplaced) <= days & closed


@given(DRAW_DAYS, SHIFTS, WEEKDAY_SETS)
def test_a_draw_of_an_open_day_stays_where_it_is(days, shift, closed):
    placed, _ = placed_with(closed, fixed(days, shift))
    assert days - closed <= set(placed)


@given(DRAW_DAYS, WEEKDAY_SETS)
def test_skip_drops_the_draws_of_closed_days_and_misses_none_of_them(days, closed):
    placed, unplaced = placed_with(closed, fixed(days, Shift.SKIP))
    assert set(placed) == days - closed
    assert unplaced == []


@given(DRAW_DAYS, st.sampled_from(Shift), WEEKS)
@example({"mon", "thu"}, Shift.NEXT, Week(2026, 1))
@example({"fri"}, Shift.NEXT, Week(2021, 52))
def test_nobody_is_tested_on_a_public_holiday(days, shift, week):
    assert not [day for day in fixed_week(fixed(days, shift, "US"), week).days if is_closed("US", day)]


def test_a_draw_on_a_closed_monday_moves_to_tuesday():
    memorial_day_week = Week.of(date(2026, 5, 25))
    assert fixed_week(fixed("mon thu", holidays="US"), memorial_day_week).days == (
        date(2026, 5, 26),
        date(2026, 5, 28),
    )


def test_a_draw_on_a_closed_thursday_moves_back_to_wednesday_where_the_schedule_says_previous():
    thanksgiving_week = Week.of(date(2026, 11, 26))
    schedule = fixed("mon thu", Shift.PREVIOUS, "US")
    assert fixed_week(schedule, thanksgiving_week).days == (date(2026, 11, 23), date(2026, 11, 25))


@pytest.mark.parametrize(
    ("days", "shift", "closed", "placed"),
    [
        pytest.param("mon tue", Shift.NEXT, "mon", "tue wed", id="next passes over a day that has a draw"),
        pytest.param("mon thu", Shift.NEXT, "mon tue", "wed thu", id="next passes over a closed day"),
        pytest.param(
            "mon fri", Shift.NEXT, "fri sat sun", "mon thu", id="next falls back when the week's rest is closed"
        ),
        pytest.param("thu fri", Shift.NEXT, "fri sat sun", "wed thu", id="falling back passes over a day with a draw"),
        pytest.param("fri", Shift.PREVIOUS, "thu fri", "wed", id="previous passes over a closed day"),
        pytest.param("mon", Shift.PREVIOUS, "mon", "tue", id="previous goes forward from a Monday"),
        pytest.param("sun", Shift.NEXT, "sun", "sat", id="next goes back from a Sunday"),
        pytest.param("mon wed fri", Shift.NEXT, "mon tue wed thu fri", "sat sun", id="two draws for two open days"),
    ],
)
def test_a_draw_of_a_closed_day_goes_to_the_nearest_free_day(days, shift, closed, placed):
    assert placed_with(closed.split(), fixed(days, shift))[0] == placed.split()


def test_a_draw_without_an_open_day_is_told_as_unplaced_under_the_day_it_belongs_to():
    assert placed_with(["mon", "tue", "wed", "thu", "fri"], fixed("mon wed fri")) == (["sat", "sun"], ["fri"])


@pytest.mark.parametrize(("per_week", "chance"), [(1, Fraction(1, 7)), (2, Fraction(2, 7)), (3, Fraction(3, 7))])
def test_a_random_schedule_has_the_same_chance_on_every_day(per_week, chance):
    assert {chance_on(random(per_week), day) for day in Week(2026, 47).days} == {chance}


def test_days_that_are_not_listed_have_no_chance_and_the_others_share_it():
    chances = [chance_on(random(2, "mon tue wed thu fri"), day) for day in Week(2026, 47).days]
    assert chances == [Fraction(2, 5)] * 5 + [0, 0]


def test_a_holiday_has_no_chance_and_leaves_the_other_days_theirs():
    chances = [chance_on(random(2, holidays="US"), day) for day in Week.of(date(2026, 5, 25)).days]
    assert chances == [0] + [Fraction(2, 7)] * 6


def test_as_many_draws_as_days_are_certain():
    assert chance_on(random(7), date(2026, 11, 17)) == 1


@given(st.fractions(Fraction(1, 100), 7), st.sets(st.sampled_from(WEEKDAYS), min_size=1), WEEKS)
def test_a_weeks_chances_add_up_to_the_draws_a_week_without_rounding(per_week, days, week):
    chances = [chance_on(random(per_week, " ".join(days)), day) for day in week.days]
    assert sum(chances) == per_week
    assert all(isinstance(chance, Fraction) for chance in chances)


def test_a_fixed_schedule_is_certain_on_its_days_and_never_draws_on_others():
    chances = [chance_on(fixed("mon thu", holidays="US"), day) for day in Week.of(date(2026, 5, 25)).days]
    assert chances == [0, 1, 0, 1, 0, 0, 0]


def test_with_guard_rails_there_is_no_chance_that_holds_whatever_came_before():
    rule = TestingRule("bounded", DrawRule(DrawKind.RANDOM, Fraction(2), numbers(WEEKDAYS), Bounds(max_gap_days=7)))
    with pytest.raises(ValueError, match="guard rails"):
        chance_on(rule, date(2026, 11, 17))
