from itertools import product

import pytest

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.which_draw import check_change
from testing_tracker.rules.words import Outcome, Status

DRAW = "A17's draw of 2026-11-23"
RECORDABLE = (Status.COLLECTED, Status.MISSED, Status.REFUSED, Status.EXCUSED)
ALLOWED = {
    *product([Status.DUE, Status.UNRECORDED], RECORDABLE),
    (Status.MISSED, Status.COLLECTED),
    (Status.MISSED, Status.REFUSED),
    (Status.MISSED, Status.EXCUSED),
    (Status.REFUSED, Status.EXCUSED),
    (Status.COLLECTED, Status.COLLECTED),
    (Status.CANCELLED, Status.COLLECTED),  # given before the discharge
}
REFUSED = sorted(set(product(Status, RECORDABLE)) - ALLOWED)


@pytest.mark.parametrize(("status", "wanted"), sorted(ALLOWED))
def test_a_draw_that_is_still_open_to_it_may_become(status, wanted):
    check_change(DRAW, status, None, wanted)


@pytest.mark.parametrize(("status", "wanted"), REFUSED)
def test_any_other_change_is_refused_and_names_the_draw_and_what_it_is(status, wanted):
    with pytest.raises(TestingTrackerError, match=rf"^{DRAW} (is recorded as|was) {status}"):
        check_change(DRAW, status, None, wanted)


@pytest.mark.parametrize(("outcome", "wanted"), list(product(Outcome, RECORDABLE)))
def test_a_result_is_not_changed_in_passing_but_amended(outcome, wanted):
    with pytest.raises(TestingTrackerError, match=rf"already has a result \({outcome}\).*`testing-tracker amend`"):
        check_change(DRAW, Status.COLLECTED, outcome, wanted)


@pytest.mark.parametrize(
    ("status", "wanted", "remedy"),
    [
        (Status.MISSED, Status.MISSED, "there is nothing to do"),
        (Status.EXCUSED, Status.COLLECTED, "correct it with `testing-tracker amend`"),
        (Status.COLLECTED, Status.MISSED, "correct it with `testing-tracker amend`"),
        (Status.CANCELLED, Status.MISSED, "nothing can be recorded for it"),
    ],
)
def test_a_refusal_says_what_to_do(status, wanted, remedy):
    with pytest.raises(TestingTrackerError, match=remedy):
        check_change(DRAW, status, None, wanted)
