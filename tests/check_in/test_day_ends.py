"""What becomes of the draws of a day on which participants were to check in: nobody is missed who could not be told."""

from datetime import date, timedelta

import pytest
from conftest import Clinic
from freezegun import freeze_time
from mornings import MONDAY, ZONE, Mornings, moment

TUESDAY = MONDAY + timedelta(days=1)
CODES = ("A17", "B04", "C21", "D33", "E09", "F10")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Clinic:
    """Six who are tested every Monday and Thursday, with a card each, and a rule from Monday on."""
    clinic = Clinic(tmp_path_factory.mktemp("made") / "live.db", None)
    mornings, sunday = Mornings(clinic), MONDAY - timedelta(days=1)
    with freeze_time(moment(sunday)):
        clinic("init", "--timezone", ZONE.key)
        clinic.add(*CODES)
    mornings.rule(sunday)
    mornings.cards(sunday, *CODES)
    mornings.night(MONDAY)
    return clinic


@pytest.fixture
def mornings(made, tmp_path) -> Mornings:
    return Mornings(made.copy(tmp_path / "live.db"))


def come(mornings: Mornings, *codes: str, day: date = MONDAY) -> None:
    """They check in and give a specimen."""
    for code in codes:
        mornings.told(code, day, "06:00")
        mornings.type(day, "11:00", "result", code, "negative")


def test_who_was_told_in_good_time_and_did_not_come_has_missed(mornings):
    come(mornings, *CODES[1:])
    mornings.told("A17", MONDAY, "05:12")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "closed out")


def test_who_did_not_check_in_has_missed_where_the_rule_says_so(mornings):
    come(mornings, *CODES[1:])
    mornings.night(TUESDAY)
    said = "the participant did not check in, and nothing was recorded by the end of the day"
    assert mornings.draw_of("A17", MONDAY) == ("missed", "not checked in", said)
    assert "All holds" in mornings.type(TUESDAY, "09:00", "verify")


def test_who_tried_and_could_not_is_asked_about(mornings):
    come(mornings, *CODES[1:])
    mornings.tried("A17", MONDAY, "07:44")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY) == (
        "unrecorded",
        "tried to check in",
        "the participant tried to check in and could not: at 07:44, number and PIN did not go together",
    )
    assert "All holds" in mornings.type(TUESDAY, "09:00", "verify")
