from datetime import date, datetime, time

import pytest

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.owed import Hours, draw_is_owed, report_owed

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
