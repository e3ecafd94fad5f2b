"""What the board says of a draw, and what is typed next about it."""

from datetime import date

import pytest

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.testing.board_line import DrawFacts, Place, next_words, place_of, said_of
from testing_tracker.rules.testing.outcome_said import outcome_said
from testing_tracker.rules.words import DrawKind, Outcome, Status

TODAY, YESTERDAY, WEEK = date(2026, 11, 16), date(2026, 11, 15), date(2026, 11, 23)


def draw(status=Status.DUE, outcome=None, **more) -> DrawFacts:
    given = {"code": "A17", "due_on": TODAY, "kind": DrawKind.FIXED, **more}
    return DrawFacts(status=status, outcome=outcome, **given)


def line(facts: DrawFacts) -> tuple[Place, str, str]:
    words = next_words(facts, TODAY)
    return place_of(facts, TODAY), said_of(facts, TODAY), " ".join(words or ())


COCAINE = {"found": ("cocaine",), "presumptive": ("cocaine",)}
AT_THE_LABORATORY = {"awaited_by": WEEK, "lab": "Quest"}
COLLECTED, POSITIVE = Status.COLLECTED, Outcome.POSITIVE


@pytest.mark.parametrize(
    ("facts", "said", "then"),
    [
        (draw(), "nothing yet", "result A17 OUTCOME"),
        (draw(unable=True), "tried and could not", "result A17 OUTCOME"),
        (
            draw(because=Because.RECOLLECT, earlier_outcome=Outcome.INVALID),
            "to be collected again: the specimen was invalid",
            "result A17 OUTCOME",
        ),
        (
            draw(because=Because.RECOLLECT, earlier_outcome=Outcome.NEGATIVE, unable=True),
            "to be collected again: the specimen was too cold or too warm; tried and could not",
            "result A17 OUTCOME",
        ),
        (draw(COLLECTED), "collected; result awaited", "result A17 OUTCOME"),
        (
            draw(COLLECTED, because=Because.SECOND_GIVEN),
            "second specimen collected; result awaited",
            "result A17 OUTCOME",
        ),
        (
            draw(COLLECTED, **AT_THE_LABORATORY),
            "collected; at the laboratory Quest, awaited by 2026-11-23",
            "result A17 OUTCOME --definitive --lab Quest",
        ),
        (
            draw(COLLECTED, awaited_by=YESTERDAY),
            "collected; at the laboratory, awaited by 2026-11-15, overdue",
            "confirmation list",
        ),
        (
            draw(COLLECTED, Outcome.INVALID, again="the specimen was invalid", same_draw=True),
            "invalid; to be collected again",
            "test A17 --recollect",
        ),
        (draw(Status.UNRECORDED), "unrecorded", "result A17 OUTCOME"),
    ],
)
def test_who_is_open_and_why(facts, said, then):
    assert line(facts) == (Place.OPEN, said, then)


@pytest.mark.parametrize(
    ("facts", "said", "then"),
    [
        (draw(COLLECTED, Outcome.NEGATIVE), "negative", ""),
        (draw(COLLECTED, Outcome.INVALID), "invalid", ""),
        (draw(COLLECTED, POSITIVE, **COCAINE), "positive for cocaine, presumptive", "confirmation send A17"),
        (draw(COLLECTED, POSITIVE, found=("cocaine",)), "positive for cocaine, confirmed", ""),
        (
            draw(COLLECTED, POSITIVE, **COCAINE, **AT_THE_LABORATORY),
            "positive for cocaine, presumptive; at the laboratory Quest, awaited by 2026-11-23",
            "",
        ),
        (
            draw(COLLECTED, POSITIVE, found=("cocaine", "opiates"), presumptive=("opiates",), explained=("thc",)),
            "positive for cocaine, opiates (prescribed: thc), presumptive: opiates",
            "confirmation send A17",
        ),
        (
            draw(COLLECTED, POSITIVE, explained=("buprenorphine",), presumptive=("buprenorphine",)),
            "expected: prescriptions explain buprenorphine",
            "",
        ),
    ],
)
def test_who_came_and_what_the_test_said(facts, said, then):
    assert line(facts) == (Place.CAME, said, then)


@pytest.mark.parametrize("status", [Status.MISSED, Status.REFUSED, Status.EXCUSED])
def test_who_gave_nothing_is_neither_open_nor_there(status):
    assert line(draw(status)) == (Place.ABSENT, str(status), "")


def test_what_is_left_over_names_its_day():
    assert line(draw(COLLECTED, due_on=YESTERDAY)) == (
        Place.LEFT,
        "collected; result awaited",
        "result A17 OUTCOME --on 2026-11-15",
    )


@pytest.mark.parametrize(("kind", "which"), [(DrawKind.FOR_CAUSE, "--for-cause"), (DrawKind.RANDOM, "--scheduled")])
def test_of_two_draws_the_command_says_which(kind, which):
    assert next_words(draw(kind=kind, is_one_of_two=True), TODAY) == ("result", "A17", "OUTCOME", which)


def test_every_reason_of_a_draw_that_is_unrecorded_has_words():
    """A reason that the night gives is said, not only that nothing is recorded."""
    of_a_night = (Because.HELD, Because.UNABLE, Because.MADE_TOO_LATE, Because.CLOSED_FOR_A_WHILE)
    for because in (*of_a_night, Because.RESULT_TO_COME, Because.CLOSED_BY_A_CLOCK):
        assert said_of(draw(Status.UNRECORDED, due_on=YESTERDAY, because=because), TODAY) != "unrecorded"


def test_a_command_that_is_pasted_as_it_is_records_nothing():
    """Who copies the next command must not log a negative that nobody has seen."""
    with pytest.raises(TestingTrackerError, match="OUTCOME stands for what the test said"):
        outcome_said(SHIPPED, next_words(draw(), TODAY)[2])
