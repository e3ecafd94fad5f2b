"""How long a definitive result is awaited."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.which_draw import expected_by, is_overdue

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)


def test_a_week_unless_it_is_said():
    assert expected_by(MONDAY, None) == date(2026, 11, 23)
    assert expected_by(MONDAY, TUESDAY) == TUESDAY
    assert expected_by(MONDAY, MONDAY) == MONDAY


def test_nothing_is_awaited_by_a_day_that_is_over():
    with pytest.raises(TestingTrackerError, match=r"^2026-11-16 is over; say by when the result is awaited"):
        expected_by(TUESDAY, MONDAY)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-30, 30))
def test_it_is_overdue_from_the_day_after_the_last_one(last, days):
    assert is_overdue(last, last + timedelta(days=days)) is (days > 0)


def test_what_is_not_awaited_is_not_overdue():
    assert not is_overdue(None, MONDAY)
