"""Whom to talk with: two draws missed in a row, also when the participant came after them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.talk import (
    LOOKED_BACK,
    Absences,
    Talk,
    Why,
    absences_in_a_row,
    for_absences,
    for_positive,
    for_unexpected_negative,
    in_order,
)
from testing_tracker.rules.reporting.tally import Share
from testing_tracker.rules.words import Status

WEEK = Week.parse("2026-W47")
MONDAY = WEEK.monday
GIVEN, MISSED, REFUSED, EXCUSED = Status.COLLECTED, Status.MISSED, Status.REFUSED, Status.EXCUSED
UNRECORDED = Status.UNRECORDED


def talked_about(*statuses: Status, since: date = MONDAY) -> list[tuple[date, str]]:
    """What is said of a participant who had a draw a day from a day on."""
    draws = [(since + timedelta(days=number), status) for number, status in enumerate(statuses)]
    return [(one.due_on, one.detail) for one in for_absences("A17", draws, WEEK)]


def test_one_absence_is_not_talked_about_and_two_in_a_row_are() -> None:
    assert talked_about(MISSED, GIVEN, MISSED) == []
    assert talked_about(MISSED, REFUSED) == [(MONDAY + timedelta(days=1), "2 in a row")]


def test_an_absence_that_was_excused_or_that_nobody_recorded_is_held_against_nobody() -> None:
    assert talked_about(MISSED, EXCUSED, UNRECORDED) == []
    assert talked_about(MISSED, EXCUSED, UNRECORDED, MISSED) == [(MONDAY + timedelta(days=3), "2 in a row")]


def test_absences_are_talked_about_in_the_week_of_the_last_one_and_count_from_the_first() -> None:
    sunday_before = MONDAY - timedelta(days=1)
    assert talked_about(MISSED, MISSED, GIVEN, since=sunday_before) == [(MONDAY, "2 in a row, then came")]
    assert talked_about(MISSED, MISSED, GIVEN, since=sunday_before - timedelta(days=1)) == [], "the week before's"


def test_twelve_weeks_are_looked_back_on() -> None:
    first = MONDAY - LOOKED_BACK
    assert str(Week.of(first)) == "2026-W35"
    assert for_absences("A17", [(first, MISSED), (MONDAY, MISSED)], WEEK) == [
        Talk("A17", Why.ABSENT, MONDAY, "2 in a row")
    ]


@given(st.lists(st.sampled_from(Status), max_size=14))
def test_whoever_gave_every_second_specimen_is_not_talked_with_about_absences(statuses: list[Status]) -> None:
    assert talked_about(*(status for one in statuses for status in (one, GIVEN))) == []


@pytest.mark.parametrize(
    ("statuses", "runs"),
    [
        pytest.param([MISSED], [(1, 0, False)], id="one alone"),
        pytest.param([MISSED, REFUSED], [(2, 1, False)], id="two, and nothing since"),
        pytest.param([MISSED, MISSED, GIVEN], [(2, 1, True)], id="two, and then came"),
        pytest.param([MISSED, EXCUSED, UNRECORDED, MISSED], [(2, 3, False)], id="what is held against nobody between"),
        pytest.param([MISSED, GIVEN, MISSED], [(1, 0, True), (1, 2, False)], id="two runs of one"),
        pytest.param([GIVEN, GIVEN], [], id="none"),
    ],
)
def test_absences_in_a_row_are_known_also_when_somebody_came_since(statuses, runs):
    found = absences_in_a_row((MONDAY + timedelta(days=number), status) for number, status in enumerate(statuses))
    assert found == [Absences(count, MONDAY + timedelta(days=last), ended) for count, last, ended in runs]


def test_a_talk_about_a_positive_says_what_a_laboratory_has_confirmed() -> None:
    assert for_positive("A17", MONDAY, ["cocaine"], ["alcohol", "opiates"]).detail == (
        "cocaine (confirmed); alcohol, opiates (presumptive)"
    )
    assert for_positive("A17", MONDAY, [], ["alcohol"]).detail == "alcohol (presumptive)"


def test_a_talk_about_what_is_prescribed_and_was_not_found_names_it() -> None:
    assert for_unexpected_negative("A17", MONDAY, ["buprenorphine"]).detail == "buprenorphine prescribed, not found"


def test_those_to_talk_with_stand_by_code_and_positives_first() -> None:
    late, early = MONDAY + timedelta(days=3), MONDAY
    absent = Talk("a17", Why.ABSENT, early, "2 in a row")
    first, second = for_positive("a17", early, [], ["alcohol"]), for_positive("a17", late, [], ["alcohol"])
    other = for_unexpected_negative("B04", early, ["methadone"])
    assert in_order([other, absent, second, first]) == [first, second, absent, other]


def test_who_missed_two_in_a_row_and_then_came_is_talked_with(clinic):
    clinic.add("A17", "B04", "C21", schedule="fixed-3")
    for day, a17, b04 in (("16", "missed", "collected"), ("18", "refused", "missed"), ("20", "collected", "missed")):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        clinic(a17, "A17")
        clinic(b04, "B04")
        clinic("result", "C21", "negative")
    clinic.today = "2026-11-23"
    clinic("draw")
    talk = clinic.json("report", "weekly")["talk"]
    assert [(one["participant"], one["due_on"], one["detail"]) for one in talk] == [
        ("A17", "2026-11-18", "2 in a row, then came"),
        ("B04", "2026-11-20", "2 in a row"),
    ]


def test_a_change_in_points_is_rounded_half_up_from_whole_numbers():
    assert Share(1, 8).change_from(Share(0, 8)) == "+13 points"
    assert Share(0, 8).change_from(Share(1, 8)) == "-13 points"
    assert Share(29, 200).change_from(Share(0, 200)) == "+15 points", "14.5, and a float says 14"
    assert Share(1, 3).change_from(Share(2, 6)) == "no change"
