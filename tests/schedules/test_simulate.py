"""`schedule simulate` says what a rule is worth, loaded or not."""

import csv
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from testing_tracker.cli import program

pytestmark = pytest.mark.one_database(reason="figures of a rule, without anybody's records")

GUARDED = """\
title = "Two a week, never more than a week apart"
[draw]
kind = "random"
per_week = 2
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
min_per_week = 1
max_per_week = 4
max_gap_days = 7
"""


@pytest.fixture
def guarded(tmp_path):
    file = tmp_path / "guarded-2.toml"
    file.write_text(GUARDED)
    return str(file)


def test_a_schedules_figures_have_the_keys_that_scripts_rely_on(clinic):
    document = clinic.json("schedule", "simulate", "random-2")
    assert list(document) == [
        "schedule",
        "title",
        "per_week",
        "gap_days",
        "detection",
        "tomorrow",
        "entropy_bits",
    ]
    assert document["schedule"] == "random-2"
    assert document["per_week"]["mean"] == 2
    assert list(document["per_week"]["distribution"]) == [str(n) for n in range(8)]
    assert document["per_week"]["distribution"]["0"] == pytest.approx((5 / 7) ** 7)
    assert document["gap_days"] == {"mean": 3.5, "p95": 9, "max": None}
    assert [set(one) for one in document["detection"]] == [{"window_days", "random_day", "informed"}] * 14
    assert document["tomorrow"] == pytest.approx({"min": 2 / 7, "max": 2 / 7})
    assert document["entropy_bits"] == pytest.approx({"actual": 0.86312, "best": 0.86312}, abs=1e-5)


def test_several_stand_side_by_side(clinic, guarded, monkeypatch):
    documents = clinic.json("schedule", "simulate", "random-2", guarded, "fixed-2")
    assert [document["schedule"] for document in documents] == ["random-2", "guarded-2", "fixed-2"]
    assert [document["gap_days"]["max"] for document in documents] == [None, 7, 4]
    monkeypatch.setenv("COLUMNS", "80")
    lines = clinic("schedule", "simulate", "random-2", guarded, "fixed-2").splitlines()
    assert lines[0] == "TRAINING"
    assert lines[1].split() == ["random-2", "guarded-2", "fixed-2"]
    assert all(len(line.rstrip()) <= 80 for line in lines[:-1])
    longest = next(line for line in lines if "longest possible" in line)
    assert longest.split()[2:] == ["no", "limit", "7", "4"]


def test_a_file_needs_no_database(guarded, tmp_path):
    done = CliRunner().invoke(
        program, ["--database", str(tmp_path / "none.db"), "schedule", "simulate", guarded, "--format", "json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["title"] == "Two a week, never more than a week apart"
    assert not (tmp_path / "none.db").exists()


def test_a_loaded_schedule_has_the_figures_of_its_file(clinic, guarded):
    before = clinic.json("schedule", "simulate", guarded)
    clinic("schedule", "load", guarded)
    assert clinic.json("schedule", "simulate", "guarded-2") == before


def test_one_window(clinic):
    (only,) = clinic.json("schedule", "simulate", "random-2", "--window", "30")["detection"]
    assert only["window_days"] == 30
    assert only["informed"] == pytest.approx(1 - (5 / 7) ** 30)


def test_an_analytes_windows_come_with_their_source(clinic):
    document = clinic.json("schedule", "simulate", "fixed-2", "--analyte", "OPI")
    assert document["analyte"]["name"] == "opiates"
    assert document["analyte"]["specimen"] == "urine"
    assert (document["analyte"]["low_days"], document["analyte"]["high_days"]) == (2, 5)
    assert "second-hand" in document["analyte"]["source"]
    assert [one["window_days"] for one in document["detection"]] == [2, 5]
    table = clinic("schedule", "simulate", "fixed-2", "--analyte", "OPI")
    assert "opiates in urine: shows for 2 to 5 days. Clinicians' table" in table
    assert "0.25 to 0.5 days, counted as 1" in clinic("schedule", "simulate", "fixed-2", "--analyte", "alcohol")
    assert "for up to 4 days." in clinic("schedule", "simulate", "fixed-2", "--analyte", "cocaine")


def test_an_analyte_without_a_known_window_is_refused(clinic):
    said = clinic.refused("schedule", "simulate", "fixed-2", "--analyte", "tca")
    assert said == (
        "No window of detection is known for tricyclics in urine, which fixed-2 collects. Give --window DAYS."
    )


def test_window_and_analyte_together_are_wrong_usage(clinic):
    assert clinic.run("schedule", "simulate", "fixed-2", "--window", "3", "--analyte", "thc").exit_code == 2


def test_csv_has_a_row_for_each_schedule_and_window(clinic):
    rows = list(csv.DictReader(clinic("schedule", "simulate", "fixed-1", "random-1", "--format", "csv").splitlines()))
    assert [(row["schedule"], row["window_days"]) for row in rows] == [
        (name, str(days)) for name in ("fixed-1", "random-1") for days in range(1, 15)
    ]
    assert {row["gap_days_max"] for row in rows} == {"7", ""}


@pytest.mark.parametrize("name", ["random-9", "missing.toml"])
def test_what_is_not_there_is_one_clear_line(clinic, tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = clinic.refused("schedule", "simulate", name)
    assert said.startswith(("There is no schedule 'random-9'.", "missing.toml cannot be read"))


@pytest.mark.parametrize("command", ["check", "simulate"])
def test_guard_rails_that_cannot_be_kept_are_refused_with_file_key_and_remedy(clinic, guarded, tmp_path, command):
    bad = tmp_path / "bad.toml"
    bad.write_text(GUARDED.replace("max_gap_days = 7", "max_gap_days = 3"))
    said = clinic.refused("schedule", command, str(bad))
    assert f"{bad}: draw.per_week: " in said
    assert "write at least 2.34 a week, or max_gap_days = 4 or more" in said


def test_an_output_without_blocks_gets_number_signs(guarded):
    command = [sys.executable, "-m", "testing_tracker", "schedule", "simulate", guarded, "--window", "7"]
    done = subprocess.run(command, check=True, capture_output=True, env={"PYTHONIOENCODING": "ascii"})
    assert b"100.0 % #####" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.parametrize("arguments", [["due"], ["draw"], ["schedule", "list"]])
def test_a_nurses_and_the_nights_commands_load_no_library_for_figures_or_tables(clinic, guarded, arguments):
    clinic("schedule", "load", guarded)
    script = (
        "import sys; from testing_tracker.__main__ import main\n"
        "try: main()\nfinally: assert not {'numpy', 'rich'} & set(sys.modules)"
    )
    options = ["--database", clinic.url, "--today", "2026-11-17"]
    subprocess.run([sys.executable, "-c", script, *options, *arguments], check=True, capture_output=True)
