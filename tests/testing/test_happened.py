"""What is said to have been, has been: no time of a specimen is later than now, and no cup comes before its draw."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from conftest import Clinic
from freezegun import freeze_time

ZONE = ZoneInfo("America/Los_Angeles")


def at(hour: int, minute: int = 0, day: int = 16):
    return freeze_time(datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC))


@pytest.fixture
def live(tmp_path) -> Clinic:
    """A live facility on a Monday afternoon: A17 and B04 are due by 17:00."""
    clinic = Clinic(tmp_path / "live.db", None)
    with at(12, day=15):
        clinic("init", "--timezone", ZONE.key)
        clinic.add("A17", "B04")
    with at(0, 5):
        clinic("draw")
    return clinic


@pytest.mark.parametrize(
    "said",
    [
        ("result", "A17", "negative", "--collected-at", "23:50"),
        ("result", "A17", "negative", "--collected-at", "14:39"),
        ("result", "A17", "negative", "--collected-at", "2026-11-17T00:40+02:00"),
        ("result", "A17", "negative", "--collected-at", "9999-12-31T23:59"),
        ("result", "A17", "negative", "--received-at", "23:50"),
        ("result", "A17", "negative", "--received-at", "2026-11-17T09:00"),
        ("result", "B04", "negative", "--on", "2026-11-17"),
        ("missed", "B04", "--on", "2026-11-17"),
        ("specimen", "handover", "S-1", "--to", "courier", "--at", "23:50"),
        ("amend", "C21", "positive", "--analyte", "coc", "--on", "today", "--reason", "x", "--collected-at", "15:00"),
    ],
)
def test_a_time_that_is_still_to_come_is_refused_everywhere(live, said):
    with at(14, 33):
        live.add("C21")
        live("draw")
        live("result", "C21", "negative", "--specimen-id", "S-1", "--collected-at", "14:00")
        message = live.refused(*said)
        assert "in the future" in message or "not a time of collection" in message


def test_a_typed_2350_in_the_afternoon_marks_nobody_late(live):
    with at(14, 33):
        assert live.refused("result", "A17", "negative", "--collected-at", "23:50") == (
            "The time of collection is in the future; it is 14:33 on 2026-11-16 now. Check the time that was given, "
            "and the machine's clock."
        )
        live("result", "A17", "negative", "--collected-at", "13:50")
    assert live.rows("SELECT late FROM draw WHERE participant_id = 1") == [(0,)]


def test_clocks_may_differ_by_five_minutes(live):
    with at(14, 33):
        live("result", "A17", "negative", "--collected-at", "14:38", "--received-at", "14:38", "--specimen-id", "S-1")
        live("specimen", "handover", "S-1", "--to", "courier", "--at", "14:38")


def test_a_files_times_are_held_against_the_clock_as_well(live):
    lines = [
        "participant,due_on,outcome,collected_at,received_at",
        "A17,2026-11-16,negative,23:50,",
        "A17,2026-11-16,negative,14:00,23:50",
        "B04,2026-11-16,negative,14:00,14:10",
    ]
    with at(14, 33):
        done = live.run("result", "import", "-", input="\n".join(lines))
    assert done.exit_code == 1
    assert "-:2: The time of collection is in the future" in done.stderr
    assert "-:3: The time of receipt is in the future" in done.stderr
    assert "1 imported" in done.stdout


def test_a_pretended_day_has_no_hour_and_an_end(clinic):
    clinic.add("A17", "B04")
    clinic("draw")
    clinic("result", "A17", "negative", "--collected-at", "23:50")
    assert "in the future; today is 2026-11-16" in clinic.refused(
        "result", "B04", "negative", "--collected-at", "2026-11-17T00:00"
    )


CUP_BEFORE_ITS_NIGHT = (
    "Today's draws are not made yet, so nothing can be recorded for A17's. Run `testing-tracker draw`"
)


def test_a_cup_before_its_night_is_made_is_told_so_everywhere(live):
    with at(6, day=19):
        for said in (("result", "A17", "negative"), ("collected", "A17"), ("missed", "A17"), ("unable", "A17")):
            assert live.refused(*said).startswith(CUP_BEFORE_ITS_NIGHT)
        cup = "participant,due_on,outcome\nA17,2026-11-19,negative\n"
        assert CUP_BEFORE_ITS_NIGHT in live.run("result", "import", "-", input=cup).stderr
        assert CUP_BEFORE_ITS_NIGHT in live.run("log", input="A17 n\n").stderr
        assert "The draws of 2026-11-18 are not made yet" in live.refused(
            "result", "A17", "negative", "--on", "yesterday"
        )
        live("draw")
        live("result", "A17", "negative")
        assert "No draw was due for A17 on 2026-11-18" in live.refused("result", "A17", "negative", "--on", "yesterday")


def test_a_test_for_cause_before_the_night_is_recorded_as_what_it_is(live):
    with at(0, 2, day=17):
        live("test", "A17", "--reason", "came intoxicated")
        live("result", "A17", "negative")
        assert "2026-11-17" in live.refused("result", "B04", "negative", "--for-cause")
