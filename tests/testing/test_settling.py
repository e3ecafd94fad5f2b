"""What a draw says by its results: its outcome, whether prescriptions explain it, and whether it was late."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.testing.settling import ResultAsRead, WhatItSays, what_a_draw_says
from testing_tracker.rules.words import Method, Outcome, Status

COLLECTED = Status.COLLECTED
NEGATIVE, POSITIVE, INVALID = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INVALID
FIVE = datetime(2026, 11, 16, 17, tzinfo=UTC)  # the window closes
TEN_TO, TEN_PAST = FIVE - timedelta(minutes=10), FIVE + timedelta(minutes=10)


def cup(outcome: Outcome | None, **said) -> ResultAsRead:
    return ResultAsRead(Method.PRESUMPTIVE, outcome, **said)


def laboratory(outcome: Outcome | None, **said) -> ResultAsRead:
    return ResultAsRead(Method.DEFINITIVE, outcome, **said)


def says(*results: ResultAsRead, status=COLLECTED, because=None, closes=FIVE) -> WhatItSays:
    return what_a_draw_says(status, because, results, closes)


def test_without_a_result_it_says_nothing():
    assert says() == (None, False, False)
    assert says(cup(None, collected_at=TEN_PAST)) == (None, False, False)


def test_a_cups_word_is_the_draws():
    assert [says(cup(outcome)).outcome for outcome in Outcome] == list(Outcome)


def test_a_laboratorys_word_governs():
    assert says(cup(POSITIVE), laboratory(NEGATIVE)).outcome is NEGATIVE
    assert says(cup(NEGATIVE), laboratory(POSITIVE)).outcome is POSITIVE


def test_one_that_was_taken_back_leaves_the_word_to_the_cup():
    assert says(cup(POSITIVE), laboratory(None)).outcome is POSITIVE


def test_what_the_laboratory_did_not_look_at_stays_as_the_cup_said_it():
    assert says(cup(POSITIVE), laboratory(NEGATIVE, together=POSITIVE)).outcome is POSITIVE


def test_a_positive_that_prescriptions_explain_is_expected():
    assert says(cup(POSITIVE, is_explained=True)).expected
    assert not says(cup(POSITIVE)).expected
    assert not says(cup(POSITIVE, is_explained=True), laboratory(POSITIVE)).expected


def test_a_specimen_given_when_the_window_closes_is_late():
    assert not says(cup(NEGATIVE, collected_at=TEN_TO)).late
    assert says(cup(NEGATIVE, collected_at=FIVE)).late
    assert says(cup(NEGATIVE, collected_at=TEN_PAST)).late


def test_when_it_was_given_stays_as_the_cup_said_it_unless_the_laboratory_says_it_too():
    late = cup(NEGATIVE, collected_at=TEN_PAST)
    assert says(late, laboratory(NEGATIVE)).late
    assert not says(late, laboratory(NEGATIVE, collected_at=TEN_TO)).late


def test_nothing_is_late_of_a_test_without_a_window_of_ours():
    assert not says(cup(NEGATIVE, collected_at=TEN_PAST), closes=None).late


def test_while_a_second_specimens_result_is_to_come_the_first_one_does_not_count():
    assert says(cup(INVALID, collected_at=TEN_PAST), because=Because.SECOND_GIVEN) == WhatItSays()
    assert says(cup(INVALID), because=Because.NOT_RECOLLECTED).outcome is INVALID


results = st.builds(
    ResultAsRead,
    st.sampled_from(Method),
    *(st.none() | st.sampled_from(Outcome) for _ in range(2)),
    st.booleans(),
    st.none() | st.sampled_from((TEN_TO, FIVE, TEN_PAST)),
)
of_a_draw = st.lists(results, unique_by=lambda result: result.method)


@given(st.sampled_from(Status), st.none() | st.sampled_from(Because), of_a_draw, st.none() | st.just(FIVE))
def test_only_a_collected_draw_says_anything_and_in_whatever_order_the_results_came(status, because, several, closes):
    said = what_a_draw_says(status, because, several, closes)
    assert what_a_draw_says(status, because, several[::-1], closes) == said
    if status is not COLLECTED:
        assert said == WhatItSays()


@given(of_a_draw)
def test_what_is_expected_is_positive_and_what_is_late_has_an_outcome(several):
    said = says(*several)
    assert not said.expected or said.outcome is POSITIVE
    assert not said.late or said.outcome is not None
