from datetime import date

import pytest

from testing_tracker.rules.deciding.escalation import (
    Grounds,
    Positive,
    explanation,
    is_more_immersive,
    level_above,
    level_below,
    steps_up,
)
from testing_tracker.rules.schedules.schedule import ResponseRule
from testing_tracker.rules.words import Level

REPEATS = ResponseRule(steps=1, repeat_within_days=30, repeat_steps=2)
MARCH_31 = date(2026, 3, 31)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_positive_recommends_the_steps_of_its_schedule(steps):
    assert steps_up(Positive(MARCH_31, ResponseRule(steps)), []) == steps


def test_without_a_rule_for_repeats_a_second_positive_counts_like_the_first():
    assert steps_up(Positive(MARCH_31, ResponseRule(1)), [date(2026, 3, 30)]) == 1


@pytest.mark.parametrize(
    ("earlier", "steps"),
    [
        pytest.param([], 1, id="the first one ever"),
        pytest.param([date(2026, 3, 30)], 2, id="a day after another"),
        pytest.param([date(2026, 3, 1)], 2, id="on the last day that counts"),
        pytest.param([date(2026, 2, 28)], 1, id="a day too late to count"),
        pytest.param([date(2026, 4, 1)], 1, id="another came later"),
        pytest.param([date(2025, 3, 1), date(2026, 3, 20), date(2026, 4, 1)], 2, id="one of several is near"),
    ],
)
def test_a_further_positive_soon_after_another_recommends_the_steps_for_repeats(earlier, steps):
    assert steps_up(Positive(MARCH_31, REPEATS), earlier) == steps


@pytest.mark.parametrize(
    ("level", "steps", "above"),
    [
        (Level.OUTPATIENT, 0, Level.OUTPATIENT),
        (Level.OUTPATIENT, 1, Level.IOP),
        (Level.IOP, 1, Level.PHP),
        (Level.PHP, 1, Level.RESIDENTIAL),
        (Level.OUTPATIENT, 2, Level.PHP),
        (Level.OUTPATIENT, 3, Level.RESIDENTIAL),
    ],
)
def test_steps_lead_up_the_ladder_of_levels_of_care(level, steps, above):
    assert level_above(level, steps) is above


@pytest.mark.parametrize(("level", "steps"), [(Level.PHP, 2), (Level.IOP, 3), (Level.RESIDENTIAL, 1)])
def test_no_step_leads_past_residential_care(level, steps):
    assert level_above(level, steps) is Level.RESIDENTIAL


def test_only_a_higher_level_is_more_immersive():
    assert is_more_immersive(Level.RESIDENTIAL, than=Level.PHP)
    assert not is_more_immersive(Level.IOP, than=Level.IOP)
    assert not is_more_immersive(Level.OUTPATIENT, than=Level.IOP)


NOVEMBER_16, NOVEMBER_17 = date(2026, 11, 16), date(2026, 11, 17)


@pytest.mark.parametrize(
    ("grounds", "said"),
    [
        (Grounds(positive=1), "1 positive test"),
        (Grounds(positive=2), "2 positive tests"),
        (Grounds(missed=1), "1 missed test"),
        (Grounds(positive=1, missed=2, refused=1), "1 positive test, 2 missed tests, 1 refused test"),
        (
            Grounds(positive=3, same_uses=[[NOVEMBER_16], [NOVEMBER_16]]),
            "3 positive tests (2 of them possibly the same use as 2026-11-16)",
        ),
        (
            Grounds(positive=1, same_uses=[[NOVEMBER_16, NOVEMBER_17]]),
            "1 positive test (possibly the same use as 2026-11-16 and 2026-11-17)",
        ),
    ],
)
def test_a_recommendation_says_on_how_many_tests_of_what_kind_it_rests(grounds, said):
    assert str(grounds) == said


def test_a_recommendation_says_from_which_level_to_which():
    assert explanation(Level.OUTPATIENT, Level.PHP, Grounds(positive=2)) == (
        "2 positive tests; review for more immersive care, outpatient to php"
    )


def test_a_recommendation_at_the_top_of_the_ladder_asks_for_clinical_review():
    assert explanation(Level.RESIDENTIAL, Level.RESIDENTIAL, Grounds(positive=1)) == (
        "1 positive test; already in the most immersive level: clinical review"
    )


def test_a_recommendation_of_no_steps_asks_for_clinical_review():
    assert explanation(Level.IOP, Level.IOP, Grounds(positive=1)) == (
        "1 positive test; the schedule asks for no step up: clinical review"
    )


def test_a_recommendation_on_no_certain_new_use_asks_for_clinical_review():
    assert explanation(Level.IOP, Level.IOP, Grounds(positive=1, same_uses=[[NOVEMBER_16]])) == (
        "1 positive test (possibly the same use as 2026-11-16); no new use is certain: clinical review"
    )


@pytest.mark.parametrize(
    ("level", "below"),
    [(Level.RESIDENTIAL, Level.PHP), (Level.PHP, Level.IOP), (Level.IOP, Level.OUTPATIENT), (Level.OUTPATIENT, None)],
)
def test_the_ladder_leads_down_to_outpatient_care(level, below):
    assert level_below(level) is below
