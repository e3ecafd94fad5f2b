"""When so many draws are without a record that the facility is asked, and nobody is called a no-show."""

from datetime import date, timedelta
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.drawing.no_record import (
    Closed,
    Compared,
    Count,
    asked_apart,
    chance_of_as_many,
    closed_day,
    jumps_out,
    question,
    usual_share,
)

TUESDAY = date(2026, 11, 17)


def weeks_before(*counts: tuple[int, int], day: date = TUESDAY) -> list[Closed]:
    """Closings of the days before, the last first."""
    return [Closed(day - timedelta(days=n + 1), 1, Count(*count)) for n, count in enumerate(counts)]


@given(draws=st.integers(0, 40), untouched=st.integers(0, 40), percent=st.integers(1, 99))
def test_the_chance_is_that_of_the_binomial_distribution(draws: int, untouched: int, percent: int) -> None:
    untouched = min(draws, untouched)
    share = Fraction(percent, 100)
    exact = sum(comb(draws, n) * share**n * (1 - share) ** (draws - n) for n in range(untouched, draws + 1))
    assert chance_of_as_many(Count(draws, untouched), percent / 100) == pytest.approx(float(exact), rel=1e-9)


def test_the_chance_is_found_for_a_region_too() -> None:
    assert chance_of_as_many(Count(300_000, 30_600), 0.1) < 0.001
    assert chance_of_as_many(Count(300_000, 30_000), 0.1) == pytest.approx(0.5, abs=0.01)


def test_a_third_of_six_hundred_without_a_record_is_a_question() -> None:
    """Michigan, 2015: nearly a third of some 600 people were reported to courts as no-shows, and had come."""
    assert jumps_out(Count(600, 190), Count(25_000, 1_500))


@pytest.mark.parametrize(
    ("count", "usual"),
    [
        (Count(1, 1), Count(200, 10)),  # one person who did not come
        (Count(14, 2), Count(840, 60)),
        (Count(2, 2), Count(20, 10)),  # where half never has a record, two of two say nothing
        (Count(28_000, 1_700), Count(2_000_000, 100_000)),  # beyond chance, but hardly more than usual
        (Count(0, 0), Count(0, 0)),
    ],
)
def test_what_is_usual_is_no_question(count: Count, usual: Count) -> None:
    assert not jumps_out(count, usual)


@pytest.mark.parametrize(
    ("count", "usual"),
    [
        (Count(3, 3), Count()),  # a new clinic's first day
        (Count(14, 12), Count(840, 60)),
        (Count(2, 2), Count(400, 10)),
        (Count(28_000, 3_000), Count(2_000_000, 100_000)),
    ],
)
def test_a_jump_is_a_question(count: Count, usual: Count) -> None:
    assert jumps_out(count, usual)


@given(draws=st.integers(1, 60), untouched=st.integers(0, 60), more=st.integers(1, 10))
def test_more_without_a_record_is_never_less_of_a_question(draws: int, untouched: int, more: int) -> None:
    usual = Count(500, 25)
    fewer, many = min(draws, untouched), min(draws, untouched + more)
    assert jumps_out(Count(draws, many), usual) >= jumps_out(Count(draws, fewer), usual)


def test_a_facility_without_a_record_of_its_own_begins_with_one_in_ten() -> None:
    assert usual_share(Count()) == Fraction(1, 10)
    assert usual_share(Count(9_990, 499)) == Fraction(1, 20)


def test_exactly_twice_the_usual_is_twice_the_usual() -> None:
    """7 of 82 are usual, and in floats 14 is less than twice that."""
    usual = Count(72, 6)
    assert usual_share(usual) == Fraction(7, 82)
    assert jumps_out(Count(82, 14), usual)
    assert not jumps_out(Count(82, 13), usual)


def test_exactly_one_case_of_a_hundred_is_not_fewer() -> None:
    """Two of two, where one of ten is usual; floats may say either."""
    assert not jumps_out(Count(2, 2), Count(40, 4))
    assert jumps_out(Count(2, 2), Count(41, 4))


def test_with_little_to_compare_a_day_of_two_people_without_any_record_is_a_question() -> None:
    def is_held(count: Count, people: int, *before: tuple[int, int]) -> bool:
        return closed_day(TUESDAY, count, weeks_before(*before), people=people)[0].closed.held

    assert is_held(Count(2, 2), 2)
    assert is_held(Count(2, 2), 2, *[(2, 1)] * 9)
    assert not is_held(Count(2, 2), 2, *[(2, 1)] * 10), "two of two are nothing new there"
    assert not is_held(Count(2, 2), 1), "one person who did not come, with a test for cause beside the usual one"
    assert not is_held(Count(3, 2), 3), "somebody was there to record something"


def test_days_that_somebody_answered_for_are_an_example() -> None:
    """Two people who miss every day are asked about until it is known that they do."""
    before: list[Closed] = []
    answers: dict[date, Count] = {}
    asked = 0
    for number in range(30):
        day = TUESDAY + timedelta(days=number)
        found = closed_day(day, Count(2, 2), before, answers, people=2)
        before += [compared.closed for compared in found]
        before = [Closed(one.day, one.days, one.count, one.held, answered=one.held) for one in before]
        if found[-1].closed.held:
            asked += 1
            answers[day] = Count(2, 2)
    assert 1 <= asked <= 10
    assert not found[-1].closed.held


def test_a_day_that_jumps_out_is_held_by_itself() -> None:
    (found,) = closed_day(TUESDAY, Count(14, 12), weeks_before(*[(14, 1)] * 60))
    assert (found.closed.held, found.closed.days, found.usual) == (True, 1, Count(840, 60))


def test_an_ordinary_day_is_kept_as_an_example_of_what_is_usual() -> None:
    (found,) = closed_day(TUESDAY, Count(14, 2), weeks_before(*[(14, 1)] * 60))
    assert not found.closed.held


def test_a_week_jumps_out_although_none_of_its_days_does() -> None:
    before = weeks_before(*[(3, 1)] * 6, *[(3, 0), (3, 0), (3, 0), (3, 1)] * 15)
    alone, together = closed_day(TUESDAY, Count(3, 1), before)
    assert not alone.closed.held
    assert (together.closed.held, together.closed.days, together.closed.count) == (True, 7, Count(21, 7))
    assert together.usual == Count(180, 15)
    assert together.closed.first_day == TUESDAY - timedelta(days=6)


def test_the_day_after_a_week_that_was_held_is_held_too_until_somebody_answers() -> None:
    """A record that is missing goes on missing: the next day's one draw is no no-show either."""
    before = weeks_before(*[(2, 2)] * 3, *[(2, 0)] * 40)
    held = Closed(TUESDAY - timedelta(days=1), 3, Count(6, 6), held=True)
    found = closed_day(TUESDAY, Count(1, 1), [*before, held])
    assert found[-1].closed.held
    answered = Closed(held.day, held.days, held.count, held=True, answered=True)
    (alone,) = closed_day(TUESDAY, Count(1, 1), [*before, answered])
    assert not alone.closed.held


def test_a_question_does_not_reach_back_before_the_first_day() -> None:
    found = closed_day(TUESDAY, Count(1, 1), weeks_before((1, 1), (1, 1)))
    assert found[-1].closed.first_day == TUESDAY - timedelta(days=2)
    assert found[-1].closed.count == Count(3, 3)


def test_days_that_were_held_are_no_example_of_what_is_usual() -> None:
    held = Closed(TUESDAY - timedelta(days=1), 1, Count(14, 14), held=True)
    (found,) = closed_day(TUESDAY, Count(14, 13), [held, *weeks_before(*[(14, 1)] * 30, day=held.day)])
    assert (found.closed.held, found.usual) == (True, Count(420, 30))


def test_only_the_twelve_weeks_before_are_compared_with() -> None:
    (found,) = closed_day(TUESDAY, Count(2, 0), weeks_before(*[(2, 0)] * 84, *[(2, 2)] * 50))
    assert found.usual == Count(168, 0)


def test_the_question_says_what_it_rests_on() -> None:
    compared = Compared(Closed(TUESDAY, 1, Count(14, 12), held=True), Count(840, 60))
    assert question(compared) == (
        "Was anything collected on Tuesday 2026-11-17? Nothing was on record for 12 of that day's 14 draws; in the "
        "twelve weeks before it was 60 of 840."
    )
    week = Compared(Closed(TUESDAY, 7, Count(21, 7), held=True), Count())
    assert question(week) == (
        "Is everything recorded of Wednesday 2026-11-11 to Tuesday 2026-11-17? Nothing was on record for 7 of these "
        "days' 21 draws, and there is no record yet of how many are usual."
    )


class TestQuestionsApart:
    """An answer to one question is none to another that is open."""

    @staticmethod
    def _asked(day: int, days: int) -> Compared:
        return Compared(Closed(date(2026, 11, day), days, Count(10, 9), held=True), Count(100, 5))

    def test_a_question_about_several_days_waits_for_those_about_its_days_alone(self):
        alone, together, later, apart = self._asked(13, 1), self._asked(17, 7), self._asked(18, 1), self._asked(25, 7)
        assert asked_apart([alone, together, later, apart]) == [alone, later, apart]
        assert asked_apart([together, later]) == [together, later]
        last_of_them = self._asked(17, 1)
        assert asked_apart([together, last_of_them]) == [last_of_them]

    @given(st.lists(st.tuples(st.integers(8, 30), st.sampled_from([1, 7])), unique=True, max_size=8))
    def test_no_two_have_a_day_in_common_and_where_any_is_open_one_is_asked(self, questions):
        asked = [self._asked(*one) for one in questions]
        kept = asked_apart(asked)
        days = [one.closed.day.day - number for one in kept for number in range(one.closed.days)]
        assert len(days) == len(set(days))
        assert bool(kept) == bool(asked)
        assert kept == [one for one in asked if one in kept]
