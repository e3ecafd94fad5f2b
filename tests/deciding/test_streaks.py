"""Runs of negatives: what ends one, what counts, and when a lower level is to be thought of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.deciding.escalation import (
    Streaks,
    is_ready_for_less,
    letter_for_less,
    negative_streaks,
    negative_weeks,
)
from testing_tracker.rules.reporting.pattern import week_letter
from testing_tracker.rules.words import Outcome, Status

NEGATIVE = (Status.COLLECTED, Outcome.NEGATIVE)
POSITIVE = (Status.COLLECTED, Outcome.POSITIVE)
INVALID = (Status.COLLECTED, Outcome.INVALID)
MISSED, REFUSED, EXCUSED = (Status.MISSED, None), (Status.REFUSED, None), (Status.EXCUSED, None)
UNRECORDED = (Status.UNRECORDED, None)


@pytest.mark.parametrize(
    ("tests", "now", "longest"),
    [
        pytest.param([], 0, 0, id="no test yet"),
        pytest.param([NEGATIVE] * 3, 3, 3, id="only negatives"),
        pytest.param([NEGATIVE, NEGATIVE, POSITIVE, NEGATIVE], 1, 2, id="a positive ends it"),
        pytest.param([NEGATIVE, MISSED], 0, 1, id="a missed test ends it"),
        pytest.param([NEGATIVE, REFUSED, NEGATIVE], 1, 1, id="a refused test ends it"),
        pytest.param([NEGATIVE, EXCUSED, NEGATIVE], 2, 2, id="an excused test does not"),
        pytest.param([NEGATIVE, UNRECORDED, INVALID, NEGATIVE], 2, 2, id="nor what is held against nobody"),
    ],
)
def test_a_run_of_negative_tests(tests, now, longest):
    assert negative_streaks(tests) == Streaks(now, longest)


@given(st.lists(st.sampled_from([NEGATIVE, POSITIVE, INVALID, MISSED, EXCUSED])))
def test_the_run_of_now_is_never_longer_than_the_longest(tests):
    streaks = negative_streaks(tests)
    assert 0 <= streaks.now <= streaks.longest <= tests.count(NEGATIVE)


@pytest.mark.parametrize(
    ("pattern", "weeks"),
    [("", 0), ("+--", 2), ("--*", 0), ("--o", 0), ("o--_-", 3), ("____", 0), ("---+", 0)],
)
def test_a_run_of_negative_weeks_leaves_out_weeks_that_say_nothing(pattern, weeks):
    assert negative_weeks(pattern) == weeks


@pytest.mark.parametrize(
    ("pattern", "is_ready"),
    [
        pytest.param("+----_", True, id="four weeks are over, this one says nothing yet"),
        pytest.param("+-----", True, id="this week is negative so far"),
        pytest.param("+----", False, id="the fourth week is not over"),
        pytest.param("+----+", False, id="this week has a positive"),
        pytest.param("+----o", False, id="this week has a missed test"),
        pytest.param("---+-_", False, id="too few since the last positive"),
    ],
)
def test_four_negative_weeks_that_are_over_ask_for_thinking_of_less(pattern, is_ready):
    assert is_ready_for_less(pattern, 4) is is_ready


@pytest.mark.parametrize(
    ("week", "letter"),
    [
        pytest.param([NEGATIVE, MISSED, MISSED], "o", id="one negative, two missed: who knows"),
        pytest.param([REFUSED, NEGATIVE], "o", id="one refused, one negative"),
        pytest.param([INVALID, MISSED], "o", id="one that said nothing, one missed"),
        pytest.param([MISSED], "o", id="missed"),
        pytest.param([POSITIVE, MISSED], "+", id="a positive stays one"),
        pytest.param([POSITIVE, NEGATIVE, MISSED], "*", id="and stays beside a negative"),
        pytest.param([NEGATIVE, EXCUSED, UNRECORDED, INVALID], "-", id="what is held against nobody"),
        pytest.param([EXCUSED], "_", id="nothing that says anything"),
        pytest.param([], "_", id="nothing due"),
    ],
)
def test_a_week_with_a_test_missed_or_refused_is_none_with_negative_tests_only(week, letter):
    assert letter_for_less(iter(week)) == letter


@given(st.lists(st.sampled_from([NEGATIVE, POSITIVE, INVALID, EXCUSED, UNRECORDED])))
def test_a_week_without_either_has_the_letter_of_its_use_pattern(week):
    assert letter_for_less(week) == week_letter(week)
