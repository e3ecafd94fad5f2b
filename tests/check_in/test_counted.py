"""What a day of checking in came to, and what the participant of a missed test had been told of it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.check_in.answers import (
    CheckInAttempt,
    CheckInOutcome,
    DaysAnswer,
    Standing,
    Stands,
    Timing,
    standing,
)
from testing_tracker.rules.check_in.counted import (
    MISSED_IN_WORDS,
    NOT_HELD_AGAINST,
    UNRECORDED_IN_WORDS,
    CheckedInOn,
    CheckInCounts,
    MissedHow,
    checked_in_on,
    missed_how,
)
from testing_tracker.rules.drawing.closing import Because

DRAWN_AT = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
attempts = st.lists(
    st.builds(
        CheckInAttempt,
        at=st.integers(-300, 300).map(lambda minutes: DRAWN_AT + timedelta(minutes=minutes)),
        outcome=st.sampled_from(CheckInOutcome),
        answer=st.sampled_from(DaysAnswer),
        timing=st.sampled_from(Timing),
    ),
    max_size=6,
)


def told(minutes=10, answer=DaysAnswer.COME, timing=Timing.IN_TIME):
    return CheckInAttempt(DRAWN_AT + timedelta(minutes=minutes), CheckInOutcome.TOLD, answer, timing)


def tried(outcome=CheckInOutcome.WRONG):
    return CheckInAttempt(DRAWN_AT, outcome)


def test_an_answer_counts_whatever_was_tried_before_it():
    assert checked_in_on([tried(), told()]) is CheckedInOn.IN_TIME
    assert checked_in_on([tried(), told(timing=Timing.LATE)]) is CheckedInOn.LATE
    assert checked_in_on([tried(CheckInOutcome.UNKNOWN)]) is CheckedInOn.TRIED
    assert checked_in_on([]) is CheckedInOn.NOT


def test_who_checks_in_again_when_it_is_late_was_in_time():
    assert checked_in_on([told(timing=Timing.LATE), told()]) is CheckedInOn.IN_TIME


@given(attempts, attempts)
def test_another_attempt_never_makes_a_day_worse(some, more):
    worse = [CheckedInOn.IN_TIME, CheckedInOn.LATE, CheckedInOn.TRIED, CheckedInOn.NOT]
    assert worse.index(checked_in_on([*some, *more])) <= worse.index(checked_in_on(some))


@given(st.lists(st.lists(st.sampled_from(CheckedInOn))))
def test_the_counts_add_up_and_those_of_several_are_their_sum(people):
    together, summed = CheckInCounts(), CheckInCounts()
    for days in people:
        one = CheckInCounts()
        for day in days:
            one.count(day)
            together.count(day)
        summed.add(one)
    assert together == summed
    assert together.expected == together.in_time + together.late + together.tried + together.not_checked_in
    assert together.checked_in.part + together.not_told == together.expected


@given(attempts, st.sampled_from([None, *Because]), st.booleans())
def test_every_missed_test_is_one_of_these(some, because, is_asked):
    how = missed_how(standing(some, DRAWN_AT), because, is_asked=is_asked)
    assert how in MissedHow
    if not some:
        assert how is (MissedHow.NOT_CHECKED_IN if is_asked else MissedHow.NO_CHECK_IN_ASKED)
    if how is MissedHow.TOLD:
        assert any(
            one.outcome is CheckInOutcome.TOLD and one.answer is not DaysAnswer.STAY and one.at >= DRAWN_AT
            for one in some
        )


def test_who_was_told_in_time_and_did_not_come_is_not_said_to_have_not_checked_in():
    in_time = Stands(Standing.TOLD, told(), 1)
    assert missed_how(in_time, Because.NOT_CHECKED_IN, is_asked=True) is MissedHow.TOLD


def test_who_checked_in_too_late_to_come_is_said_to_have_not_checked_in():
    late = Stands(Standing.TOLD, told(timing=Timing.LATE), 1)
    assert missed_how(late, Because.NOT_CHECKED_IN, is_asked=True) is MissedHow.NOT_CHECKED_IN
    assert missed_how(late, Because.CLOSED_OUT, is_asked=True) is MissedHow.TOLD


def test_every_reason_has_words():
    assert set(MISSED_IN_WORDS) == set(MissedHow)
    assert set(UNRECORDED_IN_WORDS) == set(NOT_HELD_AGAINST)
