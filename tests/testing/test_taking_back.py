"""A draw that is to be due again becomes what the day, a discharge or a leave leaves of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from conftest import Clinic
from freezegun import freeze_time

PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def at(tmp_path):
    """A live clinic with A17, whose clock can be set: commands typed in `with at(…)` happen then."""
    live = Clinic(tmp_path / "live.db", None)

    def set_clock(moment: str):
        return freeze_time(datetime.fromisoformat(moment).replace(tzinfo=PACIFIC))

    with set_clock("2026-11-15T16:00"):
        live("init", "--timezone", PACIFIC.key)
        live.add("A17")
    set_clock.clinic = live
    return set_clock


@pytest.mark.parametrize(
    ("taken_back_at", "said", "closed_out_as"),
    [("10:00", "due", "missed"), ("16:59", "due", "missed"), ("17:00", "unrecorded", "unrecorded")],
)
def test_after_closing_time_nobody_could_come_any_more(at, taken_back_at, said, closed_out_as):
    clinic = at.clinic
    with at("2026-11-16T00:05"):
        clinic("draw")
    with at("2026-11-16T09:00"):
        clinic("result", "A17", "negative")
    with at(f"2026-11-16T{taken_back_at}"):
        assert f"corrected to {said}" in clinic("amend", "A17", "due", "--reason", "another's cup")
        assert clinic.status("A17") == said
    with at("2026-11-17T00:05"):
        clinic("draw")
        assert clinic.status("A17", "yesterday") == closed_out_as


def test_a_draw_that_nobody_touched_has_nothing_to_take_back(at):
    clinic = at.clinic
    with at("2026-11-16T00:05"):
        clinic("draw")
    with at("2026-11-16T19:00"):
        assert "recorded as due; there is nothing to correct" in clinic.refused("amend", "A17", "due", "--reason", "x")


@pytest.mark.parametrize(
    ("ordered_at", "closed_out_as"), [("16:59", "missed"), ("17:00", "unrecorded"), ("23:50", "unrecorded")]
)
def test_a_test_ordered_after_closing_time_is_held_against_nobody(at, ordered_at, closed_out_as):
    clinic = at.clinic
    with at("2026-11-17T00:05"):
        clinic("draw")
    with at(f"2026-11-17T{ordered_at}"):
        clinic("test", "A17")
    with at("2026-11-18T00:05"):
        clinic("draw")
        assert clinic.status("A17", "yesterday") == closed_out_as


def test_the_draw_of_a_discharged_participant_is_not_due_again(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic("participant", "discharge", "A17", "--reason", "completed")
    clinic("result", "A17", "positive", "--analyte", "coc")
    said = clinic("amend", "A17", "due", "--reason", "it was A71's cup")
    assert "corrected to cancelled, because A17 was discharged;" in said
    clinic.today = "2026-11-17"
    assert "0 of the days before closed as missed" in clinic("draw")
    assert clinic.status("A17", "yesterday") == "cancelled"


def test_a_draw_of_a_day_before_the_discharge_stays_one(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "negative")
    clinic.today = "2026-11-17"
    clinic("draw")
    clinic("participant", "discharge", "A17", "--reason", "completed")
    said = clinic("amend", "A17", "due", "--on", "yesterday", "--reason", "it was A71's cup")
    assert "corrected to unrecorded, because the day is over;" in said


def test_the_draw_of_a_day_on_leave_is_not_due_again(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "negative")
    clinic("participant", "leave", "A17", "2026-11-16", "2026-11-20", "--reason", "hospital")
    said = clinic("amend", "A17", "due", "--reason", "it was A71's cup")
    assert "corrected to excused, because A17 is on leave that day;" in said
    (line,) = clinic.json("due")
    assert line["reason"] == "A17 is on leave that day; it was A71's cup"
    clinic.today = "2026-11-17"
    clinic("draw")
    assert clinic.status("A17", "yesterday") == "excused"
