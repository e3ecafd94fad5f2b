from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.calendar import (
    Week,
    closed_days,
    days_between,
    instant,
    instant_reached,
    weekday_name,
)

LONG_AGO, FAR_OFF = date(1990, 1, 1), date(2090, 12, 31)
DAYS = st.dates(LONG_AGO, FAR_OFF)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def test_a_week_runs_from_monday_to_sunday():
    week = Week.parse("2026-W47")
    assert (week.monday, week.sunday) == (date(2026, 11, 16), date(2026, 11, 22))
    assert [weekday_name(day) for day in week.days] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def test_a_week_at_new_year_belongs_to_the_year_of_its_thursday():
    assert str(Week.of(date(2027, 1, 3))) == "2026-W53"
    assert str(Week.of(date(2024, 12, 30))) == "2025-W01"


def test_week_53_is_followed_by_week_1():
    assert Week.parse("2026-W53") + 1 == Week.parse("2027-W01")
    assert Week.parse("2027-W01") - Week.parse("2026-W52") == 2


def test_weeks_are_in_the_order_of_time_across_a_year_end():
    assert sorted(map(Week.parse, ["2027-W01", "2026-W53", "2026-W09"])) == [
        Week(2026, 9),
        Week(2026, 53),
        Week(2027, 1),
    ]


@given(DAYS)
def test_every_day_lies_in_its_own_week_which_is_read_as_it_is_written(day):
    week = Week.of(day)
    assert day in week.days
    assert Week.parse(str(week)) == week


@given(DAYS, st.integers(-500, 500))
def test_going_weeks_on_and_taking_the_difference_agree(day, weeks):
    assert (Week.of(day) + weeks) - Week.of(day) == weeks


@pytest.mark.parametrize("text", ["2026-47", "2026-W7", "2026-W047", "26-W47", "2026W47", "2026-w47", " 2026-W47", ""])
def test_what_is_not_written_as_a_week_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"is not an ISO week such as 2026-W47$"):
        Week.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2025-W53", "2025 has no week 53"),
        ("2026-W54", "2026 has no week 54"),
        ("2026-W00", "2026 has no week 0"),
    ],
)
def test_a_week_that_its_year_does_not_have_is_refused(text, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        Week.parse(text)


def test_the_days_between_leave_out_both_ends():
    assert days_between(date(2026, 2, 27), date(2026, 3, 2)) == [date(2026, 2, 28), date(2026, 3, 1)]


@pytest.mark.parametrize("before", [date(2026, 3, 3), date(2026, 3, 2), date(2026, 2, 1)])
def test_there_are_no_days_between_neighbours_or_backwards(before):
    assert days_between(date(2026, 3, 2), before) == []


def is_closed(calendar, day):
    return day in closed_days(calendar, day.year)


def test_without_a_calendar_no_day_is_closed():
    assert closed_days(None, 2026) == frozenset()
    assert not is_closed(None, date(2026, 12, 25))


def test_public_holidays_are_closed_and_the_days_around_them_are_not():
    assert [is_closed("US", date(2026, 12, day)) for day in (24, 25, 26)] == [False, True, False]


def test_a_part_of_a_country_has_its_own_closed_days():
    day_after_thanksgiving = date(2026, 11, 27)
    assert is_closed("US-CA", day_after_thanksgiving)
    assert not is_closed("US", day_after_thanksgiving)


def test_a_new_years_day_kept_in_the_old_year_is_closed_there():
    assert is_closed("US", date(2021, 12, 31))


@pytest.mark.parametrize("calendar", ["XX", "US-XX", "us", "US-CA-LA", "", "-"])
def test_an_unknown_calendar_is_refused_by_name(calendar):
    with pytest.raises(ValueError, match=f"^'{calendar}' is not a country or part of one"):
        closed_days(calendar, 2026)


def test_a_local_time_is_the_instant_of_that_days_offset():
    assert instant(date(2026, 1, 5), time(8), LOS_ANGELES) == datetime(2026, 1, 5, 16, tzinfo=UTC)
    assert instant(date(2026, 7, 6), time(8), LOS_ANGELES) == datetime(2026, 7, 6, 15, tzinfo=UTC)


def test_a_time_that_comes_twice_means_the_first_one():
    assert instant(date(2026, 11, 1), time(1, 30), LOS_ANGELES) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


def test_a_time_that_the_clock_skips_is_refused():
    with pytest.raises(ValueError, match=r"^there was no 02:30 on 2026-03-08"):
        instant(date(2026, 3, 8), time(2, 30), LOS_ANGELES)


@pytest.mark.parametrize(
    ("day", "local", "zone", "expected"),
    [
        (date(2026, 3, 8), time(2, 30), "America/Los_Angeles", datetime(2026, 3, 8, 10, 0, tzinfo=UTC)),
        (date(2026, 3, 8), time(2, 0), "America/Los_Angeles", datetime(2026, 3, 8, 10, 0, tzinfo=UTC)),
        (date(2026, 3, 8), time(3, 0), "America/Los_Angeles", datetime(2026, 3, 8, 10, 0, tzinfo=UTC)),
        (date(2026, 3, 8), time(17, 0), "America/Los_Angeles", datetime(2026, 3, 9, 0, 0, tzinfo=UTC)),
        (date(2026, 11, 1), time(1, 30), "America/Los_Angeles", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
        (date(2026, 3, 8), time(0, 5), "America/Havana", datetime(2026, 3, 8, 5, 0, tzinfo=UTC)),
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        (date(2011, 12, 30), time(17, 0), "Pacific/Apia", datetime(2011, 12, 30, 10, 0, tzinfo=UTC)),
    ],
)
def test_a_time_that_the_clock_skips_is_reached_when_it_has_skipped_it(day, local, zone, expected):
    assert instant_reached(day, local, ZoneInfo(zone)) == expected


ZONES = sorted(available_timezones())
CLOCK_CHANGES = [
    (zone, day)
    for zone in [*ZONES[::7], "America/Havana", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Chatham"]
    for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(365))
    if datetime.combine(day, time(), ZoneInfo(zone)).utcoffset()
    != datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).utcoffset()
]


@given(st.tuples(st.sampled_from(ZONES), DAYS) | st.sampled_from(CLOCK_CHANGES), st.times())
@examples(500)
def test_every_time_of_every_day_is_reached_in_every_zone(where_and_when, local):
    zone, day = ZoneInfo(where_and_when[0]), where_and_when[1]
    local = local.replace(microsecond=0, fold=0)
    reached = instant_reached(day, local, zone)
    wall = datetime.combine(day, local)
    before, then = [(reached + timedelta(seconds=n)).astimezone(zone).replace(tzinfo=None) for n in (-1, 0)]
    assert before < wall <= then
    try:
        assert reached == instant(day, local, zone)
    except ValueError:
        assert then > wall or then - before > timedelta(seconds=1)
