"""The sign of a day on a participant's calendar."""

from itertools import product

import pytest

from testing_tracker.rules.reporting.pattern import SIGNS, DayMark, mark_of
from testing_tracker.rules.words import Outcome, Status

COLLECTED = Status.COLLECTED


@pytest.mark.parametrize(
    ("tests", "mark"),
    [
        ([(COLLECTED, Outcome.POSITIVE, False)], DayMark.POSITIVE),
        ([(COLLECTED, Outcome.NEGATIVE, False)], DayMark.NEGATIVE),
        ([(COLLECTED, Outcome.POSITIVE, True)], DayMark.NEGATIVE),  # a prescription explains it
        ([(COLLECTED, Outcome.POSITIVE, False), (COLLECTED, Outcome.NEGATIVE, False)], DayMark.MIXED),
        ([(COLLECTED, Outcome.INVALID, False)], DayMark.INVALID),
        ([(COLLECTED, None, False)], DayMark.AWAITED),
        ([(Status.MISSED, None, False)], DayMark.ABSENT),
        ([(Status.REFUSED, None, False)], DayMark.ABSENT),
        ([(Status.UNRECORDED, None, False)], DayMark.UNRECORDED),
        ([(Status.EXCUSED, None, False)], DayMark.EXCUSED),
        ([(Status.DUE, None, False)], DayMark.DUE),
        ([(Status.CANCELLED, None, False)], DayMark.CANCELLED),
        ([(Status.MISSED, None, False), (COLLECTED, Outcome.NEGATIVE, False)], DayMark.NEGATIVE),
        ([(Status.CANCELLED, None, False), (Status.MISSED, None, False)], DayMark.ABSENT),
    ],
)
def test_what_a_test_said_goes_before_what_is_not_known(tests, mark):
    assert mark_of(tests) is mark
    assert mark_of(reversed(tests)) is mark


def test_only_a_missed_or_refused_draw_looks_like_one():
    for status, outcome in product(Status, [None, *Outcome]):
        absent = mark_of([(status, outcome, False)]) is DayMark.ABSENT
        assert absent == (outcome is None and status in (Status.MISSED, Status.REFUSED))


def test_every_mark_has_a_sign_of_its_own():
    assert len({SIGNS[mark] for mark in DayMark}) == len(DayMark)


def test_a_day_without_a_draw_has_no_mark():
    with pytest.raises(ValueError, match="without a draw"):
        mark_of([])
