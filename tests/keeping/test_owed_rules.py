from datetime import date, datetime, time

import pytest

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.owed import (
    Hours,
    draw_is_owed,
    last_night_expected,
    overdue_since,
    report_overdue,
    report_owed,
    wait_after,
)

HOURS = Hours(draw_at=time(4), report_at=time(7))  # reports on Mondays
OPENED_LONG_AGO = date(2020, 1, 1)
MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 22)
LAST_WEEK = Week.parse("2026-W47")


def at(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute))


@pytest.mark.parametrize(("hour", "minute", "owed"), [(3, 59, False), (4, 0, True), (23, 59, True)])
def test_the_draws_are_owed_from_their_hour_on(hour, minute, owed):
    assert draw_is_owed(HOURS, at(MONDAY, hour, minute), night_ran=False) is owed


def test_draws_that_were_made_are_not_owed_again():
    assert not draw_is_owed(HOURS, at(MONDAY, 5), night_ran=True)


@pytest.mark.parametrize(
    ("now", "week"),
    [
        pytest.param(at(MONDAY, 6, 59), None, id="before the hour"),
        pytest.param(at(MONDAY, 7), LAST_WEEK, id="at the hour"),
        pytest.param(at(date(2026, 11, 29), 0), LAST_WEEK, id="still in the night to Sunday"),
        pytest.param(at(date(2026, 11, 30), 6), None, id="next Monday before the hour"),
    ],
)
def test_last_weeks_report_is_owed_from_its_hour_on(now, week):
    assert report_owed(HOURS, now, night_ran=True, opened_on=OPENED_LONG_AGO) == week


def test_a_report_on_wednesdays_is_not_owed_on_tuesday():
    hours = Hours(time(4), time(7), report_on=2)
    tuesday, wednesday = at(date(2026, 11, 24), 12), at(date(2026, 11, 25), 7)
    assert report_owed(hours, tuesday, night_ran=True, opened_on=OPENED_LONG_AGO) is None
    assert report_owed(hours, wednesday, night_ran=True, opened_on=OPENED_LONG_AGO) == LAST_WEEK


def test_a_report_waits_for_the_nightly_run():
    assert report_owed(HOURS, at(MONDAY, 8), night_ran=False, opened_on=OPENED_LONG_AGO) is None


@pytest.mark.parametrize(("opened_on", "week"), [(SUNDAY, LAST_WEEK), (MONDAY, None)])
def test_a_facility_has_no_report_of_a_week_before_it_opened(opened_on, week):
    assert report_owed(HOURS, at(MONDAY, 8), night_ran=True, opened_on=opened_on) == week


def test_a_failed_delivery_waits_twice_as_long_each_time_up_to_an_hour():
    waits = [wait_after(attempts).total_seconds() / 60 for attempts in range(1, 10)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert wait_after(100_000).total_seconds() == 3600


@pytest.mark.parametrize(("hour", "expected"), [(0, SUNDAY), (5, SUNDAY), (6, MONDAY), (23, MONDAY)])
def test_until_the_hour_the_night_before_is_the_last_expected_one(hour, expected):
    assert last_night_expected(time(6), at(MONDAY, hour)) == expected


@pytest.mark.parametrize(
    ("last_run", "opened_on", "since"),
    [
        (MONDAY, OPENED_LONG_AGO, None),
        (SUNDAY, OPENED_LONG_AGO, MONDAY),
        (date(2026, 11, 20), OPENED_LONG_AGO, date(2026, 11, 21)),
        (None, MONDAY, None),  # the day of opening needs none
        (None, SUNDAY, MONDAY),
        (date(2026, 11, 24), OPENED_LONG_AGO, None),  # made by a clock that was ahead
    ],
)
def test_a_night_is_overdue_since_the_day_after_the_last_run(last_run, opened_on, since):
    assert overdue_since(MONDAY, last_run, opened_on) == since


@pytest.mark.parametrize(
    ("now", "opened_on", "week"),
    [
        (at(MONDAY, 23, 59), OPENED_LONG_AGO, None),
        (at(date(2026, 11, 24), 0), OPENED_LONG_AGO, LAST_WEEK),
        (at(SUNDAY, 12), OPENED_LONG_AGO, LAST_WEEK + -1),
        (at(date(2026, 11, 24), 0), MONDAY, None),
    ],
)
def test_a_report_has_all_of_monday_to_leave(now, opened_on, week):
    assert report_overdue(now, opened_on) == week
