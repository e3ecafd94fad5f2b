from itertools import permutations

import pytest

from testing_tracker.rules.reporting.pattern import week_letter
from testing_tracker.rules.words import Outcome, Status

NEGATIVE = (Status.COLLECTED, Outcome.NEGATIVE)
POSITIVE = (Status.COLLECTED, Outcome.POSITIVE)
INVALID = (Status.COLLECTED, Outcome.INVALID)
AWAITING_RESULT = (Status.COLLECTED, None)
MISSED, REFUSED, EXCUSED = (Status.MISSED, None), (Status.REFUSED, None), (Status.EXCUSED, None)
DUE, UNRECORDED, CANCELLED = (Status.DUE, None), (Status.UNRECORDED, None), (Status.CANCELLED, None)


@pytest.mark.parametrize(
    ("letter", "tests"),
    [
        pytest.param("+", [POSITIVE], id="one positive"),
        pytest.param("+", [POSITIVE, POSITIVE, INVALID], id="positives and an invalid specimen"),
        pytest.param("+", [POSITIVE, MISSED], id="a positive and a missed test"),
        pytest.param("-", [NEGATIVE], id="one negative"),
        pytest.param("-", [NEGATIVE, INVALID, EXCUSED], id="a negative, an invalid specimen, an excused test"),
        pytest.param("-", [NEGATIVE, REFUSED], id="a negative and a refused test"),
        pytest.param("*", [NEGATIVE, POSITIVE], id="a negative and a positive"),
        pytest.param("*", [NEGATIVE, POSITIVE, MISSED], id="a negative, a positive and a missed test"),
        pytest.param("o", [MISSED], id="missed"),
        pytest.param("o", [REFUSED], id="refused"),
        pytest.param("o", [MISSED, EXCUSED, UNRECORDED], id="one missed, the others not counted"),
        pytest.param("o", [MISSED, DUE], id="one missed, one still open"),
        pytest.param("_", [], id="nothing drawn"),
        pytest.param("_", [EXCUSED, EXCUSED], id="all excused"),
        pytest.param("_", [DUE], id="still open"),
        pytest.param("_", [UNRECORDED], id="not recorded"),
        pytest.param("_", [CANCELLED], id="cancelled"),
        pytest.param("_", [INVALID], id="no usable result"),
        pytest.param("_", [AWAITING_RESULT], id="result not in yet"),
        pytest.param("_", [INVALID, MISSED], id="a specimen came, another did not, nothing usable"),
    ],
)
def test_a_weeks_letter_says_what_its_tests_were_in_whatever_order(letter, tests):
    assert {week_letter(order) for order in permutations(tests)} == {letter}
