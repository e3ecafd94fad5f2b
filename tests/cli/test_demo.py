"""The demo: a facility that shows everything, the same every time, and touches nobody's database."""

import json
import os
import re
import shlex
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from testing_tracker.account import current_account
from testing_tracker.cli import program
from testing_tracker.rules.reporting.tally import COUNTS

pytestmark = pytest.mark.sqlite_only(reason="the demo makes a file of its own, whatever database the facility has")

WEDNESDAY = "2026-11-25"  # so the demo ends with week 47, and its Monday is the 23rd
MONDAY = "2026-11-23"


def type_(*arguments):
    return CliRunner().invoke(program, arguments)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A kept demo and what it printed."""
    path = tmp_path_factory.mktemp("demo") / "demo file.db"
    done = type_("--today", WEDNESDAY, "demo", "--keep", str(path))
    assert done.exit_code == 0, done.output
    return path, done.stdout


def count(path, query):
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute(query).fetchall())


def test_the_day_is_on_one_screen_and_the_report_in_a_file(kept):
    path, printed = kept
    assert printed.startswith("TRAINING Monday 2026-11-23: 18 due, 10 open, 8 came.")
    lines = printed.splitlines()
    assert len(lines) < 24, "and the prompt below them"
    assert all(len(line) <= 80 for line in lines if str(path.parent) not in line)
    assert [line.split(" (")[0] for line in lines if line and line[0].isupper()][1:4] == [
        "Open",
        "Came",
        "For a clinician",
    ]
    report = path.with_name("demo file-report.html")
    assert f"The report of the week before is a page: {report}" in printed
    assert "2026-W47" in report.read_text(encoding="utf-8")
    assert report.stat().st_mode & 0o077 == 0


def test_its_last_week_is_a_fair_one(kept):
    """As most weeks are: every night ran, no question is open, most came, and some of all there is was found."""
    path, _ = kept
    done = type_("--database", str(path), "--today", MONDAY, "report", "weekly", "--format", "json")
    report = json.loads(done.stdout)
    assert (report["gaps"], report["questions"]) == ([], [])
    totals = report["totals"]
    assert 0.85 <= totals["compliance_rate"] < 1
    assert totals["positive"] >= 3
    assert totals["missed"] >= 2
    assert totals["outstanding"] == 0


def test_every_kind_of_thing_is_there(kept):
    path, _ = kept
    statuses = count(path, "SELECT status, count(*) FROM draw GROUP BY status")
    assert set(statuses) >= {"due", "collected", "missed", "refused", "excused", "unrecorded"}
    assert statuses["collected"] > sum(statuses.values()) * 0.8
    outcomes = count(path, "SELECT outcome, count(*) FROM result GROUP BY outcome")
    assert outcomes["negative"] > 4 * outcomes["positive"] > 4 * outcomes["invalid"] > 0
    assert set(count(path, "SELECT kind, count(*) FROM draw GROUP BY kind")) == {"fixed", "random", "for-cause"}
    decided = count(path, "SELECT status, count(*) FROM recommendation GROUP BY status")
    assert set(decided) == {"accepted", "declined", "open", "withdrawn"}
    assert 2 <= decided["open"] <= 10
    assert len(count(path, "SELECT level, count(*) FROM placement GROUP BY level")) == 4
    assert len(count(path, "SELECT schedule_id, count(*) FROM assignment GROUP BY schedule_id")) == 6
    assert len(count(path, "SELECT analyte, count(*) FROM finding GROUP BY analyte")) >= 5
    acts = count(path, "SELECT act, count(*) FROM audit_entry GROUP BY act")
    assert acts["participant add"] == 40
    assert {"participant discharge", "participant transfer", "participant leave", "result amend"} <= set(acts)


def test_one_night_failed_and_every_other_ran(kept):
    path, _ = kept
    nights = count(path, "SELECT ran, count(*) FROM night GROUP BY ran")
    assert nights == {0: 1, 1: 56}  # eight weeks without one night, and the Monday after
    done = type_("--database", str(path), "--today", MONDAY, "report", "weekly", "--week", "2026-W45")
    assert "The nightly draw did not run on 2026-11-04" in done.stdout


def test_nobody_has_a_name(kept):
    path, _ = kept
    assert count(path, "SELECT name, count(*) FROM participant GROUP BY name") == {None: 40}


def records(path):
    """Every row but those of the audit and the versions, which hold real moments; and of nights, only what they say."""
    tables = ("participant", "draw", "result", "finding", "recommendation", "placement", "enrolment", "leave", "night")
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if line.startswith(tuple(f'INSERT INTO "{t}"' for t in tables))]


def test_it_is_the_same_every_time(kept, tmp_path):
    path, _ = kept
    again = tmp_path / "again.db"
    before = records(path)
    assert type_("--today", "2026-11-23", "demo", "--keep", str(again)).exit_code == 0  # another day of the same week
    assert records(again) == before
    assert len(before) > 1000
    assert os.stat(again).st_mode & 0o077 == 0
    assert sorted(tmp_path.iterdir()) == [tmp_path / "again-report.html", again, tmp_path / "again.db.key"]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where temporary files go."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_without_keep_it_is_in_a_folder_for_its_owner_alone(temporary):
    own = temporary / "own.db"
    done = type_("--database", str(own), "demo")
    assert done.exit_code == 0, done.output
    (folder,) = temporary.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    assert sorted(one.name for one in folder.iterdir()) == ["demo-report.html", "demo.db", "demo.db.key"]
    assert f"--database {folder / 'demo.db'}" in done.stdout


def test_of_one_that_fails_nothing_is_left(temporary, monkeypatch):
    from testing_tracker.services.drawing import nights

    def fail(*_given):
        raise RuntimeError("a night fails")

    monkeypatch.setattr(nights, "run_night", fail)
    assert type_("demo").exit_code == 1
    assert list(temporary.iterdir()) == []


def test_a_path_in_use_is_refused(tmp_path):
    taken = tmp_path / "records.db"
    taken.write_text("precious")
    done = type_("demo", "--keep", str(taken))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert re.fullmatch(r"Error: There is something at \S+ already\. Nothing was changed; [^\n]*\n", done.stderr)
    assert taken.read_text() == "precious"


def test_who_made_it_is_its_manager_and_has_its_nights(kept):
    path, _ = kept
    assert count(path, "SELECT role, account FROM staff") == dict.fromkeys(("manager", "nights"), current_account())


def test_the_kept_file_is_an_ordinary_training_database(kept):
    path, _ = kept
    done = type_("--database", str(path), "--today", MONDAY, "due", "--format", "json")
    assert done.exit_code == 0
    assert done.stderr.startswith("TRAINING\n")
    assert {line["due_on"] for line in json.loads(done.stdout)} == {MONDAY}


def test_what_it_says_to_try_works(kept):
    path, printed = kept
    untouched = path.read_bytes()
    tries = [shlex.split(line)[1:] for line in printed.replace("\\\n", "").splitlines() if line.startswith("  testing")]
    assert [words[4:] for words in tries] == [["result", "P39", "coc"], ["decide"], ["today", "--watch"]]
    for arguments in tries:
        assert arguments[:4] == ["--database", str(path), "--today", MONDAY]
    done = type_(*tries[0])
    assert "positive for cocaine logged" in done.stdout
    for arguments in tries[1:]:
        assert "terminal" in type_(*arguments).stderr  # which is all that they lack here
    path.write_bytes(untouched)


def test_its_weeks_together_are_the_period_of_its_weeks(kept, tmp_path):
    path, _ = kept
    own = tmp_path / "own.db"
    for suffix in ("", ".key"):
        Path(f"{own}{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
    start = ("--database", str(own), "--today", "2026-11-23", "report")
    weeks = [
        json.loads(type_(*start, "weekly", "--week", f"2026-W{n}", "--format", "json").stdout) for n in range(40, 48)
    ]
    days = ("--from", weeks[0]["from"], "--to", weeks[-1]["to"])
    period = json.loads(type_(*start, "period", *days, "--format", "json").stdout)
    assert period["totals"]["due"] > 500
    for count in COUNTS:
        assert sum(week["totals"][count] for week in weeks) == period["totals"][count], count
    assert period["gaps"] == [day for week in weeks for day in week["gaps"]]
