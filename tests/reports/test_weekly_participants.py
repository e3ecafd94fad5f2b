"""What a tally counts, and what its rates divide by."""

import pytest

from testing_tracker.reports.weekly_participants import Tally, total
from testing_tracker.rules.words import Outcome, Status


def tally_of(*draws: tuple[Status, Outcome | None]) -> Tally:
    tally = Tally()
    for status, outcome in draws:
        tally.add(status, outcome, day_is_over=False)
    return tally


def test_nothing_due_has_no_rates() -> None:
    assert Tally().compliance_rate is None
    assert Tally().positivity_rate is None


@pytest.mark.parametrize("status", [Status.EXCUSED, Status.DUE, Status.UNRECORDED])
def test_what_is_held_against_nobody_leaves_the_rate_alone(status: Status) -> None:
    kept = (Status.COLLECTED, Outcome.NEGATIVE)
    assert tally_of((status, None)).compliance_rate is None
    assert tally_of(kept, (status, None)).compliance_rate == 1


@pytest.mark.parametrize("status", [Status.MISSED, Status.REFUSED])
def test_what_was_not_provided_lowers_the_rate(status: Status) -> None:
    assert tally_of((Status.COLLECTED, None), (status, None)).compliance_rate == 0.5


def test_an_invalid_result_is_collected_and_says_nothing_of_use() -> None:
    tally = tally_of((Status.COLLECTED, Outcome.INVALID))
    assert (tally.compliance_rate, tally.positivity_rate) == (1, None)


def test_a_due_draw_of_a_day_that_is_over_is_unrecorded() -> None:
    tally = Tally()
    tally.add(Status.DUE, None, day_is_over=True)
    tally.add(Status.DUE, None, day_is_over=False)
    tally.add(Status.UNRECORDED, None, day_is_over=False)
    assert (tally.due, tally.outstanding, tally.unrecorded) == (3, 3, 2)


def test_the_total_adds_every_count_and_no_rates() -> None:
    one = tally_of((Status.COLLECTED, Outcome.POSITIVE), (Status.MISSED, None))
    other = tally_of((Status.COLLECTED, Outcome.NEGATIVE))
    summed = total([one, other])
    assert (summed.due, summed.collected, summed.missed, summed.positive, summed.negative) == (3, 2, 1, 1, 1)
    assert summed.compliance_rate == pytest.approx(2 / 3)
    assert (one.due, other.due) == (2, 1)
