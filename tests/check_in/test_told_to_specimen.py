"""From being told to come to the specimen: half, nearly all, and how many took more than eight hours."""

from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.check_in.told_to_specimen import (
    ToldToSpecimen,
    duration_in_words,
    seconds_between,
    told_to_specimen,
)

HOUR = 3600
TOLD_AT = datetime(2026, 11, 16, 13, 12, 40, tzinfo=UTC)
times = st.lists(st.integers(0, 20 * HOUR), max_size=60)


def test_of_a_weeks_specimens_half_came_within_so_long_and_95_of_100_within_so_long():
    assert told_to_specimen([2 * HOUR, 9 * HOUR, 3 * HOUR, 8 * HOUR]) == ToldToSpecimen(4, 19_800, 9 * HOUR, 1)


def test_eight_hours_are_not_more_than_eight_hours():
    assert told_to_specimen([8 * HOUR]).over_8h == 0
    assert told_to_specimen([8 * HOUR + 1]).over_8h == 1


def test_of_nothing_there_is_no_middle():
    assert told_to_specimen([]) == ToldToSpecimen(0, None, None, 0)


@given(times)
def test_at_least_95_of_100_took_at_most_so_long_and_one_less_would_not_do(seconds):
    found = told_to_specimen(seconds)
    assert found.n == len(seconds)
    if seconds:
        assert found.median_s == int(median(seconds))
        assert found.p95_s in seconds
        assert 100 * sum(one <= found.p95_s for one in seconds) >= 95 * len(seconds)
        assert 100 * sum(one < found.p95_s for one in seconds) < 95 * len(seconds)
        assert found.median_s <= found.p95_s


@given(times, st.randoms())
def test_their_order_says_nothing(seconds, chance):
    shuffled = list(seconds)
    chance.shuffle(shuffled)
    assert told_to_specimen(shuffled) == told_to_specimen(seconds)


def test_who_came_before_being_told_did_not_come_for_it():
    assert seconds_between(TOLD_AT, TOLD_AT - timedelta(minutes=1)) is None


def test_a_time_of_collection_has_no_seconds():
    assert seconds_between(TOLD_AT, TOLD_AT.replace(second=0)) == 0
    assert seconds_between(TOLD_AT, TOLD_AT.replace(second=0) + timedelta(hours=2)) == 2 * HOUR - 40


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 min"), (59, "0 min"), (720, "12 min"), (7 * HOUR, "7 h"), (9_600, "2 h 40 min"), (30 * HOUR, "30 h")],
)
def test_a_time_is_said_as_people_say_it(seconds, said):
    assert duration_in_words(seconds) == said
