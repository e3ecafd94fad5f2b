"""What `serve` tells of a week with failures: the same words for machines every time, and never a code or a name."""

import json
import re
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import databases
import pytest
from conftest import Clinic, key_of
from freezegun import freeze_time
from test_serve import serving, stop, wait_for

from testing_tracker.serving import events

# The server's library does not see that a connection has TLS from its start.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ZONE = ZoneInfo("America/Los_Angeles")
CODES = ("QUILL-7", "MARROW-9", "Tamsin", "Fenwick")
HOUSE = "Harbor House"


def at(day: int, hour: int, minute: int = 0):
    moment = datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(ZoneInfo("UTC"))
    return freeze_time(moment, real_asyncio=True)


@pytest.fixture
def live(tmp_path):
    """A live clinic with two named people, of whom one has a confirmation that is awaited by Wednesday."""
    live = Clinic(tmp_path / "live.db", None)
    with at(16, 0):
        live("init", "--facility", HOUSE, "--timezone", ZONE.key)
        live.add("QUILL-7", name="Tamsin")
        live.add("MARROW-9", name="Fenwick")
    return live


def deliver_to(live, folder) -> None:
    file = live.location.delivery_of(1)
    file.write_text(f'[folder]\npath = "{folder}"\nforms = ["csv"]')
    file.chmod(0o600)


def told(live, *words: str) -> tuple[list[dict], str]:
    """The events of a turn, and all that was printed."""
    done = live.run("serve", "--once", "--log-format", "json", *words)
    return [json.loads(line) for line in done.output.splitlines() if line.startswith("{")], done.output


def a_week_with_failures(live, tmp_path) -> tuple[list[dict], list[str]]:
    """Every turn's events from Monday to the next Monday, with a night slept over, a lost key and a lost folder."""
    key, away = key_of(live.database), tmp_path / "key"
    deliver_to(live, tmp_path / "reports")
    found, printed = [], []

    def turn(day: int, hour: int, minute: int = 0) -> None:
        with at(day, hour, minute):
            events_of_turn, output = told(live)
        found.extend(events_of_turn)
        printed.append(output)

    turn(16, 0, 5)
    with at(16, 10):
        live("result", "QUILL-7", "positive", "--analyte", "cocaine")
        live("confirmation", "send", "QUILL-7", "--by", "2026-11-18")
    turn(17, 0, 5)
    key.rename(away)
    turn(18, 0, 5)
    away.rename(key)
    turn(18, 0, 6)
    turn(19, 0, 5)  # tells of the confirmation
    turn(19, 12)
    turn(22, 9)  # two nights were slept over
    turn(23, 6)  # there is no folder for the report
    (tmp_path / "reports").mkdir()
    turn(23, 6, 1)
    return found, printed


def test_a_week_is_told_in_the_same_words_and_without_any_code_or_name(live, tmp_path):
    found, printed = a_week_with_failures(live, tmp_path)
    assert [one["event"] for one in found] == [
        "night_made",
        "night_made",
        "night_made",
        "night_made",
        "confirmations_overdue",
        "night_made",
        "night_gap",
        "night_held",
        "confirmations_overdue",
        "night_made",
        "confirmations_overdue",
        "delivery_failed",
        "report_delivered",
    ]
    assert all(list(one)[:4] == ["at", "level", "event", "facility"] for one in found)
    assert {one["facility"] for one in found} == {1}
    assert {one["event"]: one["level"] for one in found} == {
        "night_made": "info",
        "night_gap": "warning",
        "night_held": "warning",
        "confirmations_overdue": "info",
        "delivery_failed": "error",
        "report_delivered": "info",
    }
    assert found[0] == {
        "at": "2026-11-16T08:05:00.000+00:00",
        "level": "info",
        "event": "night_made",
        "facility": 1,
        "day": "2026-11-16",
        "drawn": 2,
        "missed": 0,
        "gaps": 0,
        "seconds": found[0]["seconds"],
        "witness": live("witness").splitlines()[0],
    }
    gap = next(one for one in found if one["event"] == "night_gap")
    assert (gap["nights"], gap["first_day"], gap["last_day"]) == (2, "2026-11-20", "2026-11-21")
    overdue = next(one for one in found if one["event"] == "confirmations_overdue")
    assert (overdue["at"][:10], overdue["overdue"], overdue["since"]) == ("2026-11-19", 1, "2026-11-18")
    failed = next(one for one in found if one["event"] == "delivery_failed")
    assert (failed["week"], failed["channel"]) == ("2026-W47", "folder")
    assert failed["next_at"] == "2026-11-23T14:01:00+00:00"
    everything = "".join(printed)
    assert "Error: The key file" in everything  # what cannot be done for the only facility, `--once` says as a command
    assert not [word for word in (*CODES, HOUSE, "cocaine") if word in everything]


def test_the_same_week_for_people_has_no_code_or_name_either(live, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTING_TRACKER_LOG_FORMAT", "text")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("test_serve_events.told", lambda live: ([], live.run("serve", "--once").output))
        _, printed = a_week_with_failures(live, tmp_path)
    everything = "".join(printed)
    assert "1 confirmation is overdue, the longest awaited since 2026-11-18" in everything
    assert not [word for word in (*CODES, HOUSE, "cocaine") if word in everything]


def test_every_line_of_a_process_is_an_object_and_every_key_is_snake_case(clinic, monkeypatch):
    monkeypatch.setenv("TESTING_TRACKER_LOG_FORMAT", "json")
    clinic.add("QUILL-7")
    with serving(clinic) as process:
        wait_for(lambda: clinic.rows("SELECT 1 FROM night"))
        printed, complained = stop(process)
    found = [json.loads(line) for line in (process.first_line + printed + complained).splitlines()]
    assert [one["event"] for one in found] == ["started", "night_made", "stopped"]
    assert all(one["training"] for one in found)
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", key) for one in found for key in one)
    assert found[0] | {"at": ""} == {
        "at": "",
        "level": "info",
        "event": "started",
        "training": True,
        "draw_at": "00:05",
        "report_at": "06:00",
        "facilities": 1,
    }
    assert found[-1]["in_a_turn"] is False


def test_a_turn_that_fails_is_an_event_and_so_is_the_end_in_the_middle_of_one(clinic):
    with databases.held(clinic.database), serving(clinic, "--log-format", "json") as process:
        time.sleep(1)  # its first turn waits for the writer
        _, complained = stop(process)
    (stopped,) = [json.loads(line) for line in complained.splitlines()]
    assert (stopped["event"], stopped["level"], stopped["in_a_turn"]) == ("stopped", "warning", True)
    key_of(clinic.database).unlink()
    with serving(clinic, "--log-format", "json") as process:
        failed = json.loads(process.stderr.readline())
        stop(process)
    assert (failed["event"], failed["level"]) == ("turn_failed", "error")
    assert "The key file" in failed["error"]


def test_a_night_that_was_held_is_an_event(live):
    with at(16, 0, 5):
        live.add(*(f"QUILL-{number}" for number in range(10, 22)))
        told(live)
    with at(17, 0, 5):
        found, output = told(live)  # nothing was recorded of Monday
    assert [one["event"] for one in found] == ["night_made", "night_held"]
    assert (found[1]["draws"], found[1]["untouched"], found[1]["day"]) == (14, 14, "2026-11-16")
    assert "QUILL" not in output


@pytest.mark.sqlite_only(reason="a server's database is brought up to date by migrate")
def test_bringing_a_file_up_to_date_is_an_event(tmp_path):
    import gzip
    from pathlib import Path

    released = Path(__file__).parents[1] / "store" / "released"
    old = Clinic(tmp_path / "old.db", "2027-01-04")
    old.database.write_bytes(gzip.decompress((released / "schema-0004.db.gz").read_bytes()))
    key_of(old.database).touch(0o600)
    key_of(old.database).write_bytes((released / "schema-0004.db.key").read_bytes())
    done = old.run("serve", "--once", "--log-format", "json")
    assert done.exit_code == 0, done.output
    found = [json.loads(line) for line in done.output.splitlines()]
    assert "database_upgraded" in {one["event"] for one in found}


def test_every_event_has_a_word_of_its_own():
    assert {event.value for event in events.Event} >= {
        "night_made",
        "night_gap",
        "report_delivered",
        "delivery_failed",
        "confirmations_overdue",
        "database_upgraded",
        "turn_failed",
        "stopped",
    }


def test_reminders_are_events_and_status_counts_them(live, one_office, monkeypatch):
    from test_reminders import way

    from testing_tracker.rules.serving.delivery_file import Deliveries

    monkeypatch.setattr("testing_tracker.cli.serve._ways", lambda *_: Deliveries(mail=way(one_office)))
    with at(16, 0, 5):
        told(live)
        live("result", "QUILL-7", "positive", "--analyte", "cocaine")
        live("confirmation", "send", "QUILL-7", "--by", "2026-11-16")
    one_office.close()
    with at(17, 0, 5):
        found, _ = told(live)
        assert [one["event"] for one in found][-2:] == ["confirmations_overdue", "reminder_failed"]
        assert "connection refused" in found[-1]["error"]
        done = live.run("status", "--format", "json")
        state = json.loads(done.stdout)
        assert done.exit_code == 1
        assert (state["confirmations"]["overdue"], state["confirmations"]["since"]) == (1, "2026-11-16")
        assert state["problems"] == [f"the reminder of 2026-11-17 is not mailed: {found[-1]['error']}"]
        assert "reminder by mail" in live.run("status").stdout
    one_office.open()
    with at(17, 0, 6):
        found, _ = told(live)
        assert [one["event"] for one in found] == ["reminder_mailed"]
        assert live.json("status")["confirmations"]["mailed_at"] == "2026-11-17T08:06:00+00:00"
        assert "QUILL-7" not in live("status")
    assert len(one_office.messages) == 1
    with at(17, 0, 6):
        assert told(live)[0] == []
