"""`status`: what ran, when, how long, and what did not; for people, cron and monitoring."""

import csv
import io
import json
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

ZONE = ZoneInfo("America/Los_Angeles")
NIGHT = datetime(2026, 11, 16, 0, 5, tzinfo=ZONE)


@pytest.fixture
def live(clinic, tmp_path):
    """A live facility that opened on Sunday, and was drawn in the night to Monday."""
    live = replace(clinic, database=tmp_path / "live.db", today=None)
    with freeze_time(datetime(2026, 11, 15, 16, 0, tzinfo=ZONE)):
        live("init", "--timezone", ZONE.key)
        live.add("A1", "A2")
    with freeze_time(NIGHT):
        live("draw")
    return live


def state(live):
    return json.loads(live.run("status", "--format", "json").stdout)


def test_the_last_night_is_told_with_when_and_by_whom(live):
    with freeze_time(NIGHT + timedelta(hours=8)):
        found = live.json("status")
        told = live("status")
    assert found["night"] == {
        "day": "2026-11-16",
        "at": "2026-11-16T08:05:00+00:00",
        "by": found["night"]["by"],
        "drawn": 2,
        "missed": 0,
        "seconds": 0.0,
    }
    assert (found["overdue"], found["gaps"], found["problems"]) == (False, [], [])
    assert "2026-11-16 00:05" in told
    assert "2 drawn, 0 missed in 0 s" in told
    assert "no delivery file says where to" in told
    assert "A1" not in told


def test_how_long_the_night_took_is_measured_by_a_clock_that_nobody_sets(live, monkeypatch):
    ticks = iter([100.0, 103.25])
    monkeypatch.setattr("testing_tracker.clock.monotonic", lambda: next(ticks))
    live("draw")
    monkeypatch.undo()
    assert state(live)["night"]["seconds"] == 3.25


def test_a_night_is_overdue_from_six_on_and_stays_so(live):
    tuesday = NIGHT + timedelta(days=1)
    with freeze_time(tuesday.replace(hour=5, minute=59)):
        assert live.json("status")["overdue"] is False
    with freeze_time(tuesday.replace(hour=6, minute=0)):
        done = live.run("status")
        assert done.exit_code == 1
        assert done.stderr.strip() == (
            "Error: The nightly run is overdue since 2026-11-17; `testing-tracker draw` makes today's draws."
        )
        assert "overdue" in done.stdout
        live("status", "--overdue-after", "06:01")
    with freeze_time(tuesday + timedelta(days=1)):  # past midnight, before anything is owed for Wednesday
        assert live.run("status").exit_code == 1
        live("draw")
        found = live.json("status")
        assert (found["overdue"], found["gaps"]) == (False, ["2026-11-17"])


def test_gaps_are_told_for_seven_nights(live):
    with freeze_time(NIGHT + timedelta(days=3)):
        live("draw")
    with freeze_time(NIGHT + timedelta(days=8, hours=8)):
        found = state(live)
    assert found["overdue_since"] == "2026-11-20"
    assert found["gaps"] == [f"2026-11-{day}" for day in (17, 18, 20, 21, 22, 23)]


@pytest.mark.parametrize("hour", [1, 12, 23])
def test_on_the_day_on_which_it_opened_nothing_is_overdue(tmp_path, clinic, hour):
    live = replace(clinic, database=tmp_path / "new.db", today=None)
    with freeze_time(datetime(2026, 11, 15, hour, 0, tzinfo=ZONE)):
        live("init", "--timezone", ZONE.key)
        assert "never" in live("status")
    with freeze_time(datetime(2026, 11, 16, 6, 0, tzinfo=ZONE)):
        assert live.run("status").exit_code == 1


def test_a_report_that_nothing_has_sent_by_tuesday_is_overdue(live, tmp_path):
    file = live.location.delivery_of(1)
    file.write_text(f'[folder]\npath = "{tmp_path}"')
    file.chmod(0o600)
    monday = NIGHT + timedelta(days=7)
    with freeze_time(monday):
        live("draw")
        live("status")
    with freeze_time(monday + timedelta(days=1)):
        live("draw")
        done = live.run("status")
        assert done.exit_code == 1
        assert (
            "The report of 2026-W47 is not delivered (folder): nothing has tried to; is `serve` running?" in done.stderr
        )
        live("serve", "--once")
        found = live.json("status")
    assert [(one["week"], one["channel"], one["state"]) for one in found["deliveries"]] == [
        ("2026-W47", "folder", "delivered")
    ]
    assert [(one["week"], one["number"]) for one in found["editions"]] == [("2026-W47", 1)]


def test_csv_has_a_line_for_each_thing_with_local_times(live):
    with freeze_time(NIGHT):
        lines = list(csv.DictReader(io.StringIO(live("status", "--format", "csv"))))
    assert [line["what"] for line in lines] == ["nightly run", "report", "backup make", "dead man's switch"]
    assert (lines[0]["of"], lines[0]["state"], lines[0]["at"]) == ("2026-11-16", "made", "2026-11-16 00:05")
    assert [line["state"] for line in lines[2:]] == ["never", "none"]


def test_the_last_backup_is_told(live, tmp_path):
    with freeze_time(NIGHT):
        live("verify")
        live("backup", str(tmp_path / "copy"))
        [check] = live.json("status")["checks"]
    assert (check["act"], check["at"]) == ("backup make", "2026-11-16T08:05:00+00:00")


def test_a_training_database_says_so(clinic):
    assert clinic("status").startswith("TRAINING\n")
