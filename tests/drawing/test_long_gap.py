"""A clock that is years ahead closes nothing: after many nights without a run somebody has to say what day it is."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import Clinic
from freezegun import freeze_time

from testing_tracker.cli import program
from testing_tracker.rules.keeping.owed import Gap, gap_between

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = datetime(2026, 11, 16, 0, 5, tzinfo=ZONE)
YEARS_AHEAD = datetime(2031, 1, 1, 0, 5, tzinfo=ZONE)


def at(moment: datetime):
    return freeze_time(moment.astimezone(UTC))


@pytest.fixture
def live(tmp_path) -> Clinic:
    """A live facility: A17 and B04 are due on Monday 2026-11-16, and A17 gave a specimen."""
    clinic = Clinic(tmp_path / "live.db", None)
    with at(MONDAY - timedelta(hours=12)):
        clinic("init", "--timezone", ZONE.key)
        clinic.add("A17", "B04")
        clinic.add("R01", schedule="random-2")
    with at(MONDAY):
        clinic("draw")
    with at(MONDAY + timedelta(hours=9)):
        clinic("result", "A17", "negative")
    return clinic


def test_the_nights_between_two_days():
    assert gap_between(date(2026, 11, 16), date(2026, 11, 17)) is None
    assert gap_between(date(2026, 11, 16), date(2026, 11, 16)) is None
    assert gap_between(date(2026, 11, 16), date(2026, 11, 18)) == Gap(date(2026, 11, 17), date(2026, 11, 17))
    assert gap_between(date(2026, 11, 16), date(2031, 1, 1)).nights == 1506


def test_a_clock_that_is_years_ahead_closes_nothing_and_shows_no_secret(live):
    with at(YEARS_AHEAD):
        message = live.refused("draw")
    assert message == (
        "1506 nights without a run (2026-11-17 to 2030-12-31) would be closed for good, because it is 2031-01-01 by "
        "this machine's clock: 2 draws of before would become missed or unrecorded, about 860 fixed draws of these "
        "days unrecorded, and no random draw of them could be made any more. Nothing was drawn. If the clock is wrong, "
        "put it right. If it is right, `testing-tracker draw --catch-up-to DATE` goes on, where DATE is the day that "
        "it is today."
    )
    with at(MONDAY + timedelta(days=1)):
        assert "2026-11-17: 0 drawn today" in live("draw")
        assert "All holds" in live("verify")


@pytest.mark.parametrize(("nights", "waits"), [(14, False), (15, True)])
def test_fourteen_nights_are_made_up_for_and_fifteen_wait(live, nights, waits):
    with at(MONDAY + timedelta(days=nights + 1)):
        done = live.run("draw")
    assert (done.exit_code, "would be closed for good" in done.stderr) == ((1, True) if waits else (0, False))


def test_how_many_nights_may_be_without_a_run_is_a_setting(live, monkeypatch):
    with at(MONDAY + timedelta(days=4)):
        assert "3 nights without a run" in live.refused("draw", "--longest-gap", "2")
        monkeypatch.setenv("TESTING_TRACKER_LONGEST_GAP", "2")
        assert "3 nights without a run" in live.refused("draw")
        assert "TESTING_TRACKER_LONGEST_GAP=2" in live("cron", "print")
        live("draw", "--longest-gap", "3")


def test_who_says_what_day_it_is_goes_on_and_a_wrong_clock_is_caught_by_it(live):
    with at(YEARS_AHEAD):
        message = live.refused("draw", "--catch-up-to", "2026-11-17")
        assert message.startswith(
            "--catch-up-to says that today is 2026-11-17, and by this machine's clock it is 2031-01-01"
        )
    with at(MONDAY + timedelta(days=30)):
        assert "the 29 days from 2026-11-17 to 2026-12-15" in live.run("draw", "--catch-up-to", "2026-12-16").stderr
        assert "made already" in live("draw", "--catch-up-to", "2026-12-16")
        assert "All holds" in live("verify")


@pytest.mark.parametrize("word", ["today", "tomorrow", "16.12."])
def test_the_day_is_said_as_a_calendar_shows_it(live, word):
    assert live.run("draw", "--catch-up-to", word).exit_code == 2


def test_a_facility_that_opened_weeks_ago_goes_on_the_same_way(tmp_path):
    live = Clinic(tmp_path / "live.db", None)
    with at(MONDAY):
        live("init", "--timezone", ZONE.key)
        live.add("A17")
    with at(MONDAY + timedelta(days=21)):
        assert "20 nights without a run" in live.refused("draw")
        live("draw", "--catch-up-to", "2026-12-07")
        assert live.status("A17") == "due"
        assert "All holds" in live("verify")


def test_a_database_restored_after_weeks_goes_on_the_same_way(live, tmp_path):
    with at(MONDAY + timedelta(hours=10)):
        live("backup", str(tmp_path / "copy"))
    with at(MONDAY + timedelta(days=28)):
        restored = live.copy(tmp_path / "restored.db")
        assert "27 nights without a run" in restored.refused("draw")
        restored("draw", "--catch-up-to", "2026-12-14")
        assert "All holds" in restored("verify")


def test_status_and_doctor_name_the_command(live):
    with at(MONDAY + timedelta(days=21, hours=9)):
        status = live.run("status", "--format", "json")
        assert status.exit_code == 1
        assert json.loads(status.stdout)["waits_for_word"] == {
            "nights": 20, "first_day": "2026-11-17", "last_day": "2026-12-06"
        }  # fmt: skip
        assert "testing-tracker draw --catch-up-to DATE" in live.run("status").output
        (night,) = [
            one for one in json.loads(live.run("doctor", "--format", "json").stdout) if one["matter"] == "night"
        ]
        assert live.as_pasted("check the machine's clock; then testing-tracker draw --catch-up-to DATE") in night["do"]
        live("draw", "--catch-up-to", "2026-12-07")
        assert live.json("status")["waits_for_word"] is None


def test_serve_waits_and_tells_it_once_an_hour(live, kept_events, tmp_path):
    from functools import partial

    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.cli.desk.files import write_file
    from testing_tracker.rules.keeping.owed import Hours
    from testing_tracker.rules.serving.delivery_file import Deliveries
    from testing_tracker.serving.turn import Plan, do_what_is_owed

    def clock_of(zone: str):
        return Desk(None, None).clock(zone)

    hours = Hours(time(0, 5), time(6))
    plan = Plan(live.location, hours, lambda _number: Deliveries(), clock_of, partial(write_file, live.location))
    before = live.contents()
    with freeze_time(YEARS_AHEAD.astimezone(UTC)) as frozen:
        began = frozen()
        for minute in (0, 1, 2, 30, 59, 60, 61, 119, 120, 121):  # it looks each minute
            frozen.move_to(began + timedelta(minutes=minute))
            assert do_what_is_owed(plan) is False
            assert len(kept_events.complaints) == 1 + minute // 60
    assert live.contents() == before
    assert all("1506 nights without a run" in line for line in kept_events.complaints)
    with at(MONDAY + timedelta(days=1)):
        assert do_what_is_owed(plan) is True
    assert "draws of 2026-11-17 made" in kept_events.told[-1]


def test_serve_once_leaves_with_status_1_and_says_it_in_a_line(live):
    with at(YEARS_AHEAD):
        done = live.run("serve", "--once", "--log-format", "json")
    assert done.exit_code == 1
    told = json.loads(done.stderr)
    assert (told["event"], told["level"]) == ("night_refused", "error")
    assert "draw --catch-up-to DATE" in told["error"]


def test_of_several_facilities_each_waits_by_itself(live):
    with at(MONDAY + timedelta(days=20)):
        live("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
    with at(MONDAY + timedelta(days=21)):
        done = live.run("draw")
        assert done.exit_code == 1
        assert "Ostkreuz: 2026-12-07: 0 drawn today" in done.stdout
        assert "My facility: 20 nights without a run" in done.stderr
        done = live.run("serve", "--once")
        assert "facility 1: 20 nights without a run" in done.stderr
        assert "facility 2" not in done.stderr
        live("--facility", "My facility", "draw", "--catch-up-to", "2026-12-07")
        assert live.run("serve", "--once").exit_code == 0


def test_who_pretends_a_day_on_a_training_database_has_said_which(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic.today = "2027-03-01"
    clinic("draw")


def test_the_command_and_its_option_are_in_the_help():
    from click.testing import CliRunner

    assert "--catch-up-to DATE" in CliRunner().invoke(program, ["draw", "--help"]).output
