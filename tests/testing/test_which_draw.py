"""Which of a day's two draws a person means, who gives a code and a day."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.testing.which_draw import is_awaited, of_the_kind, to_record_for
from testing_tracker.rules.words import DrawKind, Outcome, Status


class OneDraw(NamedTuple):
    kind: DrawKind
    status: Status
    outcome: Outcome | None = None


def scheduled(status: Status, outcome: Outcome | None = None) -> OneDraw:
    return OneDraw(DrawKind.FIXED, status, outcome)


def for_cause(status: Status, outcome: Outcome | None = None) -> OneDraw:
    return OneDraw(DrawKind.FOR_CAUSE, status, outcome)


def test_a_new_result_is_of_the_one_that_is_still_awaited():
    had, due = scheduled(Status.COLLECTED, Outcome.NEGATIVE), for_cause(Status.DUE)
    assert to_record_for([had, due]) == [due]


def test_a_specimen_whose_result_is_to_come_is_awaited():
    given_, missed = scheduled(Status.COLLECTED), for_cause(Status.MISSED)
    assert to_record_for([given_, missed]) == [given_]


def test_a_result_that_comes_after_all_is_of_the_one_without():
    had, missed = scheduled(Status.COLLECTED, Outcome.POSITIVE), for_cause(Status.MISSED)
    assert to_record_for([had, missed]) == [missed]


def test_of_two_that_are_awaited_nobody_guesses():
    both = [scheduled(Status.DUE), for_cause(Status.DUE)]
    assert to_record_for(both) == both


def test_whoever_says_which_means_that_one():
    both = [scheduled(Status.DUE), for_cause(Status.DUE)]
    assert (of_the_kind(both, for_cause=False), of_the_kind(both, for_cause=True)) == (both[:1], both[1:])


def test_a_correction_means_either_unless_it_is_said():
    both = [scheduled(Status.COLLECTED, Outcome.POSITIVE), for_cause(Status.DUE)]
    assert of_the_kind(both, None) == both


def test_what_is_over_without_a_specimen_is_awaited_no_more():
    assert [status for status in Status if is_awaited(scheduled(status))] == ["due", "collected", "unrecorded"]


draws = st.builds(OneDraw, st.sampled_from(DrawKind), st.sampled_from(Status), st.none() | st.sampled_from(Outcome))


@given(st.lists(draws, max_size=2))
def test_one_is_always_found_where_there_is_any_and_none_is_made_up(several):
    meant = to_record_for(several)
    assert bool(meant) is bool(several)
    assert [draw for draw in several if draw in meant] == meant
