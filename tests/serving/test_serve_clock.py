"""`serve` through sleep, restarts and changes of the clock: every night once, and what was slept over on record."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import Clinic
from freezegun import freeze_time

pytestmark = pytest.mark.one_database(reason="when a night is due, by the clock alone")

CLOCK_WRONG = "Draws were made for 2026-11-19 already, and today is 2026-11-17. Check the machine's clock"


def live_in(tmp_path, zone: str, opened: datetime) -> Clinic:
    """A live facility with two people who are due on Mondays and Thursdays."""
    clinic = Clinic(tmp_path / "live.db", None)
    with freeze_time(opened):
        clinic("init", "--timezone", zone)
        clinic.add("A1", "A2", schedule="fixed-2")
    return clinic


def nights(clinic) -> list[tuple[str, int]]:
    return clinic.rows("SELECT day, ran FROM night ORDER BY day")


def turns(clinic, start: datetime, length: timedelta, minutes: int = 30) -> list[str]:
    """Take a turn every so many minutes, as a process that runs all the time; what was told, with the local time."""
    told, moment = [], start
    while moment <= start + length:
        with freeze_time(moment.astimezone(ZoneInfo("UTC"))):
            done = clinic.run("serve", "--once")
        assert done.exit_code == 0, done.output
        told += [line for line in done.output.splitlines() if "draws of" in line]
        moment = (moment.astimezone(ZoneInfo("UTC")) + timedelta(minutes=minutes)).astimezone(start.tzinfo)
    return told


ZONE = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def live(tmp_path):
    return live_in(tmp_path, ZONE.key, datetime(2026, 11, 15, 12, 0, tzinfo=ZONE))


def at(day: int, hour: int, minute: int = 0):
    return freeze_time(datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(ZoneInfo("UTC")))


def test_the_night_is_made_at_five_past_midnight_and_not_a_minute_before(live):
    with at(15, 12):
        live("serve", "--once")
    with at(16, 0, 4):
        assert live("serve", "--once") == ""
    with at(16, 0, 5):
        assert "draws of 2026-11-16 made: 2 drawn" in live("serve", "--once")
    with at(16, 0, 6):
        assert live("serve", "--once") == ""


def test_a_sleep_over_several_nights_is_made_up_for_as_draw_would(live, tmp_path):
    with at(15, 12):
        live("serve", "--once")
    other = live.copy(tmp_path / "other.db")
    with at(20, 9):
        printed = live("serve", "--once")
        other("draw")
    assert "draws of 2026-11-20 made: 0 drawn" in printed
    assert "4 nights without a run" in printed
    days = [(f"2026-11-{day}", ran) for day, ran in ((15, 1), (16, 0), (17, 0), (18, 0), (19, 0), (20, 1))]
    assert nights(live) == days
    assert live.contents() == other.contents()
    assert live.rows("SELECT due_on, status FROM draw ORDER BY id") == [
        (f"2026-11-{day}", "unrecorded") for day in (16, 16, 19, 19)
    ]
    with at(20, 10):
        assert "All holds" in live("verify")


@pytest.mark.parametrize(
    ("zone", "before", "around"),
    [
        ("America/Havana", date(2026, 3, 7), "2026-03-08"),  # 00:00 becomes 01:00: there is no 00:05
        ("America/Havana", date(2026, 10, 31), "2026-11-01"),  # 01:00 becomes 00:00: 00:05 comes twice
        ("Europe/Berlin", date(2026, 10, 24), "2026-10-25"),
    ],
)
def test_where_the_clock_is_put_forward_or_back_each_night_is_made_once(tmp_path, zone, before, around):
    local = datetime.combine(before, time(12), ZoneInfo(zone))
    live = live_in(tmp_path, zone, local)
    told = turns(live, local, timedelta(hours=26))
    days = [day for day, _ in nights(live)]
    assert days == [f"{local:%Y-%m-%d}", around]
    assert [line.partition("draws of ")[2][:10] for line in told] == days
    with freeze_time((local + timedelta(hours=27)).astimezone(ZoneInfo("UTC"))):
        assert live.json("status")["gaps"] == []
        assert "All holds" in live("verify")


def test_a_clock_that_was_days_ahead_and_is_put_right_again_makes_nothing_twice(live):
    with at(16, 1):
        live("serve", "--once")
    with at(19, 1):
        live("serve", "--once")
    before = live.contents()
    with at(17, 1):
        done = live.run("serve", "--once")
        assert (done.exit_code, CLOCK_WRONG in done.output) == (1, True), done.output
    with at(19, 1):
        assert live("serve", "--once") == ""
    assert live.contents() == before
    with at(20, 1):
        assert "0 nights without a run" in live("serve", "--once")


def test_a_restart_in_the_middle_of_the_day_makes_nothing_twice(live):
    with at(16, 1):
        live("serve", "--once")
        before = live.contents()
    with at(16, 15):
        assert live("serve", "--once") == ""
    assert live.contents() == before


def test_the_days_before_are_closed_out_by_the_next_night(live):
    with at(15, 12):
        live("serve", "--once")
    with at(16, 1):
        live("serve", "--once")
    with at(16, 12):
        live("result", "A1", "negative")
    with at(17, 0, 5):
        assert "1 of the days before closed as missed" in live("serve", "--once")


def test_another_zone_of_the_machine_changes_nothing(live, machine_zone):
    machine_zone("Asia/Tokyo")
    with at(15, 12):
        live("serve", "--once")
    with at(16, 0, 4):
        assert live("serve", "--once") == ""
    with at(16, 0, 5):
        assert "draws of 2026-11-16" in live("serve", "--once")


def test_on_a_training_database_it_catches_up_to_the_day_that_is_pretended(clinic):
    clinic.add("A1")
    clinic("serve", "--once")
    later = replace(clinic, today="2026-11-20")
    assert "3 nights without a run" in later("serve", "--once")
    assert nights(clinic)[-1] == ("2026-11-20", 1)


WINDOW_IN_THE_SKIPPED_HOUR = """\
title = "Two tests a week, at night"
[draw]
kind = "fixed"
per_week = 2
days = ["sun", "wed"]
[collection]
specimen = "urine"
panel = ["cocaine"]
window = "00:15-02:30"
[response]
steps = 1
missed = "none"
"""


def test_a_window_that_ends_in_the_hour_that_the_clock_skips_stops_no_night(tmp_path):
    live = Clinic(tmp_path / "live.db", None)
    with freeze_time(datetime(2026, 3, 6, 12, tzinfo=ZONE).astimezone(UTC)):
        live("init", "--timezone", ZONE.key)
        (tmp_path / "night-shift.toml").write_text(WINDOW_IN_THE_SKIPPED_HOUR)
        live("schedule", "load", str(tmp_path / "night-shift.toml"))
        live.add("A1", "A2", schedule="night-shift")
        live("draw")
    for day in (8, 9, 10):
        with freeze_time(datetime(2026, 3, day, 0, 5, tzinfo=ZONE).astimezone(UTC)):
            assert f"draws of 2026-03-{day:02} made" in live("serve", "--once")
        if day == 8:
            with freeze_time(datetime(2026, 3, 8, 9, 55, tzinfo=UTC)):  # 01:55, five minutes before the clock is put on
                live("result", "A1", "invalid")
                live("test", "A1", "--recollect")
                live("result", "A1", "negative", "--collected-at", "01:50")
                assert "put forward over it" in live.refused("result", "A2", "negative", "--collected-at", "02:10")
            with freeze_time(datetime(2026, 3, 8, 10, 5, tzinfo=UTC)):  # 03:05
                live("amend", "A2", "missed", "--on", "today", "--reason", "did not come")
    assert live.rows("SELECT late, status FROM draw ORDER BY id")[:2] == [(0, "collected"), (0, "missed")]
    with freeze_time(datetime(2026, 3, 10, 12, tzinfo=ZONE).astimezone(UTC)):
        assert "All holds" in live("verify")
