"""What a clinician types to answer: letters with their words, levels, and days."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.deciding.answers import WORDS, Choice, choice_said, day_and_why, level_said
from testing_tracker.rules.words import Level

ALL = tuple(Choice)
THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize("choice", ALL)
def test_a_letter_and_its_word_are_the_same_in_any_case(choice):
    for said in (str(choice), WORDS[choice], str(choice).upper(), WORDS[choice].title()):
        assert choice_said(said, ALL) == (choice, "")


def test_every_answer_has_a_letter_and_a_word_of_its_own():
    assert WORDS.keys() == set(Choice)
    assert len(set(WORDS.values())) == len(Choice)


def test_what_belongs_to_an_answer_goes_behind_it():
    assert choice_said("a agreed with A17", ALL) == (Choice.ACCEPT, "agreed with A17")
    assert choice_said("to php", ALL) == (Choice.OTHER, "php")
    assert choice_said("other level PHP", ALL) == (Choice.OTHER, "PHP")
    assert choice_said("f +7 court date", ALL) == (Choice.DEFER, "+7 court date")


@pytest.mark.parametrize("typed", ["", "y", "yes", "accepted", "1", "php", "q now", "s 3", "b A17", "a php", "A IOP"])
def test_what_is_none_or_could_be_two_is_refused(typed):
    with pytest.raises(TestingTrackerError):
        choice_said(typed, ALL)


def test_an_answer_that_does_not_fit_what_is_on_the_screen_is_refused():
    with pytest.raises(TestingTrackerError, match="x done, s skip"):
        choice_said("d", (Choice.DONE, Choice.SKIP))


@given(st.text(max_size=30), st.lists(st.sampled_from(ALL), min_size=1))
def test_nothing_is_ever_taken_for_an_answer_that_is_not_offered(typed, among):
    try:
        choice, _ = choice_said(" ".join(typed.split()), among)
    except TestingTrackerError:
        return
    assert choice in among


def test_a_level_is_its_whole_name_in_any_case():
    assert level_said("IOP") == (Level.IOP, "")
    assert level_said("Residential bed is free") == (Level.RESIDENTIAL, "bed is free")
    for typed in ("", "res", "inpatient"):
        with pytest.raises(TestingTrackerError, match="outpatient, iop, php, residential"):
            level_said(typed)


@pytest.mark.parametrize(
    ("typed", "day", "why"),
    [
        ("2026-12-01", date(2026, 12, 1), ""),
        ("2026-12-01 court date first", date(2026, 12, 1), "court date first"),
        ("+7 court", date(2026, 12, 3), "court"),
        ("next mon family meeting", date(2026, 11, 30), "family meeting"),
        ("Dec 1 court", date(2026, 12, 1), "court"),
        ("tomorrow", date(2026, 11, 27), ""),
    ],
)
def test_a_day_to_come_and_why(typed, day, why):
    assert day_and_why(typed, THURSDAY) == (day, why)


def test_what_is_no_day_is_refused():
    with pytest.raises(TestingTrackerError):
        day_and_why("soon enough", THURSDAY)
