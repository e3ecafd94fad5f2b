"""The nightly run: who is drawn, what is closed out, and what a missed night does."""

import subprocess
import sys
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from conftest import Clinic
from freezegun import freeze_time

from testing_tracker.services.drawing import pools


@pytest.fixture
def everybody_is_drawn(monkeypatch):
    monkeypatch.setattr(pools, "drawn_among", lambda secret, who, chance: list(who))


@pytest.fixture
def draw_by_chance(monkeypatch):
    """Chance that does whatever it is told next."""
    told = {"drawn": True}
    monkeypatch.setattr(pools, "drawn_among", lambda secret, who, chance: list(who) if told["drawn"] else [])
    return told


def test_a_fixed_schedule_draws_on_its_weekdays_and_only_there(clinic):
    clinic.add("A17", schedule="fixed-2")
    drawn = []
    for day in range(16, 30):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        drawn += [line["due_on"] for line in clinic.json("due")]
    assert drawn == ["2026-11-16", "2026-11-19", "2026-11-23", "2026-11-26"]


def test_the_call_list_says_who_is_due_and_by_which_schedule(clinic):
    clinic.add("B2", "A17", schedule="fixed-3")
    clinic("draw")
    expected = {
        "due_on": "2026-11-16",
        "kind": "fixed",
        "status": "due",
        "outcome": None,
        "schedule": "fixed-3",
        "reason": None,
        "expected": False,
        "panel": None,
    }
    assert clinic.json("due") == [{"participant": "A17", **expected}, {"participant": "B2", **expected}]
    assert clinic("due", "--format", "csv").splitlines() == [
        "participant,due_on,kind,status,outcome,schedule",
        "A17,2026-11-16,fixed,due,,fixed-3",
        "B2,2026-11-16,fixed,due,,fixed-3",
    ]
    assert "TRAINING" in clinic("due")


def test_drawing_twice_changes_nothing(clinic):
    clinic.add("A17", "B2", schedule="random-2")
    clinic.add("C3")
    clinic("draw")
    before = clinic.contents()
    assert "made already" in clinic("draw")
    assert clinic.contents() == before


def test_a_random_day_is_decided_once_however_often_the_run_is_repeated(clinic, draw_by_chance):
    draw_by_chance["drawn"] = False
    clinic.add("A17", schedule="random-2")
    clinic("draw")
    draw_by_chance["drawn"] = True
    clinic("draw")
    assert clinic.json("due") == []


def test_who_is_enrolled_after_the_run_is_decided_by_the_next_run_of_the_day(clinic, draw_by_chance):
    draw_by_chance["drawn"] = False
    clinic.add("A17", schedule="random-2")
    clinic("draw")
    draw_by_chance["drawn"] = True
    clinic.add("B2", schedule="random-2")
    clinic("draw")
    assert [line["participant"] for line in clinic.json("due")] == ["B2"]


def test_nothing_about_a_coming_random_draw_is_stored_or_shown(clinic, everybody_is_drawn):
    clinic.add("A17", schedule="random-3")
    clinic("draw")
    assert clinic.rows("SELECT max(due_on) FROM draw") == [("2026-11-16",)]
    assert clinic.json("due", "--on", "2026-11-17") == []
    assert "nobody can know" in clinic.run("due", "--on", "2026-11-17").stderr


def test_each_allowed_day_has_the_same_chance(clinic, monkeypatch):
    asked = []
    monkeypatch.setattr(pools, "drawn_among", lambda secret, who, chance: asked.append(chance) or list(who))
    clinic.add("A17", schedule="random-2")
    for day in range(16, 23):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    assert asked == [Fraction(2, 7)] * 7, "two in seven, every day, whatever came before"


def test_yesterdays_untouched_draws_become_missed_and_that_is_on_record(clinic):
    clinic.add("A17", "B2", "C3")
    clinic("draw")
    clinic("result", "A17", "negative")
    clinic("excuse", "C3", "--reason", "court date")
    clinic.today = "2026-11-17"
    assert "1 of the days before closed as missed" in clinic("draw")
    statuses = [clinic.status(code, "yesterday") for code in ("A17", "B2", "C3")]
    assert statuses == ["collected negative", "missed", "excused"]
    entries = clinic.rows(
        "SELECT code FROM audit_entry JOIN participant p ON p.id = participant_id WHERE act = 'draw missed'"
    )
    assert entries == [("B2",)]


def test_only_active_participants_are_drawn(clinic):
    clinic.add("A17", "AWAY", "GONE", schedule="fixed-2")
    clinic.add("LATER", enrolled="2026-11-19")
    clinic("participant", "leave", "AWAY", "2026-11-16", "2026-11-18", "--reason", "hospital")
    clinic("participant", "discharge", "GONE", "--reason", "moved")
    clinic("draw")
    assert [line["participant"] for line in clinic.json("due")] == ["A17"]
    for day in ("17", "18", "19"):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    assert [line["participant"] for line in clinic.json("due")] == ["A17", "AWAY", "LATER"]


def test_a_night_without_a_run_is_a_gap_and_its_fixed_draws_are_held_against_nobody(clinic, everybody_is_drawn):
    clinic.add("FIXED", schedule="fixed-2")
    clinic.add("RANDOM", schedule="random-2")
    clinic("draw")
    clinic("result", "RANDOM", "negative")  # somebody was there on Monday
    clinic.today = "2026-11-20"
    done = clinic.run("draw")
    assert "did not run on the 3 days from 2026-11-17 to 2026-11-19" in done.stderr
    assert clinic.status("FIXED", "2026-11-19") == "unrecorded"
    assert clinic.status("FIXED", "2026-11-16") == "missed", "of that one people could have been told"
    for day in ("17", "18", "19"):
        assert clinic.status("RANDOM", f"2026-11-{day}") == "none", "nobody could have been told"
    assert clinic.rows("SELECT day FROM night WHERE NOT ran") == [("2026-11-17",), ("2026-11-18",), ("2026-11-19",)]


def test_a_nurse_can_say_what_happened_on_a_day_without_a_run(clinic):
    clinic.add("A17", "B2")
    clinic("draw")
    clinic.today = "2026-11-20"
    clinic("draw")
    clinic("missed", "A17", "--on", "2026-11-19")
    clinic("result", "B2", "negative", "--on", "2026-11-19")
    assert clinic.status("A17", "2026-11-19") == "missed"
    assert clinic.status("B2", "2026-11-19") == "collected negative"


@pytest.mark.parametrize(
    ("drawn_at", "closed_out_as"),
    [("08:01", "missed"), ("15:00", "missed"), ("16:59", "missed"), ("17:01", "unrecorded"), ("23:59", "unrecorded")],
)
def test_draws_made_after_the_window_has_closed_are_not_held_against_anyone(tmp_path, drawn_at, closed_out_as):
    """A run late in the day makes the day's draws, but after 17:00 nobody could come any more."""
    pacific = ZoneInfo("America/Los_Angeles")
    clinic = Clinic(tmp_path / "live.db", None)
    with freeze_time(datetime.fromisoformat(f"2026-11-16T{drawn_at}").replace(tzinfo=pacific)):
        clinic("init", "--timezone", pacific.key)
        clinic.add("A17")
        clinic("draw")
        assert clinic.status("A17") == "due"
    with freeze_time(datetime(2026, 11, 17, 0, 1, tzinfo=pacific)):
        clinic("draw")
        assert clinic.status("A17", "2026-11-16") == closed_out_as


def test_a_clock_that_jumped_back_is_refused(clinic):
    clinic.today = "2026-11-18"
    clinic("draw")
    clinic.today = "2026-11-17"
    assert "Check the machine's clock" in clinic.refused("draw")


def test_a_draw_keeps_the_schedule_version_it_was_made_under(clinic, tmp_path):
    clinic.add("A17", schedule="fixed-1")
    file = tmp_path / "fixed-1.toml"
    file.write_text(clinic("schedule", "show", "fixed-1").replace('["wed"]', '["tue"]'))
    assert "binds from 2026-11-17" in clinic("schedule", "load", str(file))
    clinic.today = "2026-11-17"
    clinic("draw")
    assert clinic.status("A17") == "due"
    assert clinic.rows("SELECT version FROM draw JOIN schedule_version v ON v.id = schedule_version_id") == [(2,)]


def test_two_hosts_at_once_make_the_same_draws_once(clinic):
    clinic.add(*(f"P{number}" for number in range(20)), schedule="random-3")
    clinic.add("F1", "F2", schedule="fixed-2")
    command = [sys.executable, "-m", "testing_tracker", "--database", clinic.url, "--today", "2026-11-16"]
    hosts = [subprocess.Popen([*command, "draw"], stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [host.wait(timeout=60) for host in hosts] == [0, 0, 0, 0]
    assert clinic.rows("SELECT count(*) FROM night") == [(1,)]
    assert clinic.rows("SELECT count(*) FROM audit_entry WHERE act = 'night run'") == [(1,)]
    assert clinic.rows("SELECT participant_id FROM draw GROUP BY 1 HAVING count(*) > 1") == []
    assert clinic.rows("SELECT count(*) FROM draw WHERE kind = 'fixed'") == [(2,)]


def test_rotating_panels_are_drawn_by_chance_and_can_be_checked(clinic, tmp_path):
    """Of three panels each has its share, and the proof says which one was drawn."""
    file = tmp_path / "rotating.toml"
    file.write_text(
        'title = "x"\n[draw]\nkind = "random"\nper_week = 7\n'
        'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\n'
        '[collection]\npanels = [["cocaine"], ["alcohol"], ["fentanyl", "opiates"]]\n[response]\n'
    )
    clinic("schedule", "load", str(file))
    clinic.add(*(f"R{number}" for number in range(30)), schedule="rotating")
    clinic("draw")
    panels = [tuple(line["panel"]) for line in clinic.json("due")]
    assert set(panels) == {("cocaine",), ("alcohol",), ("fentanyl", "opiates")}
    assert "panel" in clinic("due").splitlines()[1]
    clinic.today = "2026-11-17"
    clinic("draw")
    assert "All holds" in clinic("verify")
    proof = tmp_path / "proof.json"
    clinic("proof", "--day", "2026-11-16", "--output", str(proof))
    assert "holds: 30 participants" in clinic("proof", "check", str(proof))
    proof.write_text(proof.read_text().replace('"panel": 0', '"panel": 1', 1))
    assert "has panel 0 by the day's secret" in clinic.run("proof", "check", str(proof)).stderr


def test_a_draw_put_in_by_hand_does_not_keep_the_others_from_theirs(clinic):
    clinic.add("A17", "B2")
    number, version = clinic.rows(
        "SELECT p.id, v.id FROM participant p, schedule_version v JOIN schedule s ON s.id = v.schedule_id "
        "WHERE p.code = 'A17' AND s.name = 'fixed-2'"
    )[0]
    clinic.change(
        "INSERT INTO draw (facility_id, participant_id, due_on, kind, status, schedule_version_id, recorded_at) "
        f"VALUES (1, {number}, '2026-11-16', 'random', 'excused', {version}, '2026-11-16 12:00:00.000000')"
    )
    assert "1 drawn today" in clinic("draw")
    assert clinic.status("A17") == "excused"
    assert clinic.status("B2") == "due"
