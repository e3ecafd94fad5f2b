"""Making, finding and refusing databases."""

import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import databases
import pytest
from conftest import Clinic
from freezegun import freeze_time
from sqlalchemy import event

from testing_tracker.store import engine


@pytest.mark.sqlite_only(reason="about the file")
def test_init_makes_a_file_that_only_its_owner_may_read(clinic):
    fresh = Clinic(clinic.database.parent / "new" / "fresh.db", "2026-11-16")
    fresh("init", "--training", "--facility", "Harbor House")
    assert stat.S_IMODE(fresh.database.stat().st_mode) == 0o600


def test_init_leaves_an_existing_file_alone(clinic):
    assert "already. Nothing was changed" in clinic.refused("init", "--training")


def test_a_failed_init_leaves_nothing_behind(tmp_path):
    fresh = Clinic(tmp_path / "fresh.db", "2026-11-16")
    assert "no timezone 'Mars/Base'" in fresh.run("init", "--training", "--timezone", "Mars/Base").stderr
    assert list(tmp_path.iterdir()) == []


def test_pretending_the_day_is_for_training_databases_only(tmp_path):
    live = Clinic(tmp_path / "live.db", None)
    live("init")
    live.today = "2026-11-16"
    assert "training database only" in live.run("due").stderr
    other = Clinic(tmp_path / "other.db", "2026-11-16")
    assert other.run("init").exit_code == 1


@pytest.mark.sqlite_only(reason="about the file")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no database at"),
        (b"", "is not a database of testing-tracker"),
        (b"name,code\n" * 500, "is not a SQLite database"),
    ],
)
def test_what_is_not_our_database_is_named(tmp_path, content, message):
    clinic = Clinic(tmp_path / "some.db", None)
    if content is not None:
        clinic.database.write_bytes(content)
    done = clinic.run("due")
    assert (done.exit_code, message in done.stderr) == (1, True)


def test_a_database_of_a_newer_program_is_refused(clinic):
    clinic.change("UPDATE alembic_version SET version_num = '9999'")
    assert "made by a newer version" in clinic.refused("due")


def test_another_kind_of_database_is_refused():
    done = Clinic(Path("unused"), None)
    done = done.run("--database", "mysql://host/db", "due")
    assert (done.exit_code, "mysql databases are not supported" in done.stderr) == (1, True)


@pytest.mark.sqlite_only(reason="about the file")
@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("PRAGMA max_page_count = 1", "The disk is full. Make room and try again. Nothing was changed."),
        (
            "PRAGMA query_only = ON",
            "The database is read-only. Check its permissions and the disk's. Nothing was changed.",
        ),
    ],
)
def test_a_full_or_read_only_disk_is_one_clear_line_and_changes_nothing(clinic, monkeypatch, limit, message):
    """SQLite itself refuses, as it does on such a disk; the tests may run as root, who may write anywhere."""
    make = engine.make_engine

    def make_limited(location):
        made = make(location)
        event.listen(made, "connect", lambda connection, _: connection.execute(limit))
        return made

    clinic.add("A17")
    clinic("draw")
    file = clinic.database.with_name("long.toml")
    file.write_text(f"{clinic('schedule', 'show', 'fixed-2')}\n#{'x' * 200_000}\n")
    with databases.opened(clinic.database) as database:
        database.isolation_level = None
        database.execute("VACUUM")  # what the migrations left free would be room enough
    monkeypatch.setattr(engine, "make_engine", make_limited)
    assert clinic.refused("schedule", "load", str(file)) == message


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("America/Los_Angeles", "2026-11-17T07:59:00+00:00", "2026-11-16"),  # 23:59
        ("America/Los_Angeles", "2026-11-17T08:01:00+00:00", "2026-11-17"),  # 00:01
        ("Pacific/Kiritimati", "2026-11-16T10:01:00+00:00", "2026-11-17"),  # 00:01, fourteen hours ahead
        ("Pacific/Pago_Pago", "2026-11-17T10:59:00+00:00", "2026-11-16"),  # 23:59, eleven behind
        ("America/Los_Angeles", "2026-11-01T07:01:00+00:00", "2026-11-01"),  # 00:01 before clocks go back
        ("America/Los_Angeles", "2026-11-02T07:59:00+00:00", "2026-11-01"),  # 23:59 at the end of those 25 hours
        ("America/Los_Angeles", "2026-03-09T06:59:00+00:00", "2026-03-08"),  # 23:59 at the end of 23 hours
        ("Africa/Cairo", "2026-04-23T22:01:00+00:00", "2026-04-24"),  # midnight itself is skipped: it is 01:01
    ],
)
def test_a_nightly_run_gives_the_facilitys_own_day(tmp_path, zone, instant, day):
    moment = datetime.fromisoformat(instant)
    assert moment.astimezone(ZoneInfo(zone)).date().isoformat() == day
    clinic = Clinic(tmp_path / "live.db", None)
    with freeze_time(moment):
        clinic("init", "--timezone", zone)
        clinic("draw")
    assert clinic.rows("SELECT day FROM night") == [(day,)]
    assert clinic.rows("SELECT recorded_at FROM night")[0][0].startswith(instant[:16].replace("T", " "))


def test_a_fixed_week_is_complete_across_the_nights_when_clocks_change(tmp_path):
    """A run just after midnight, every day of the week in which the clocks go back."""
    zone = ZoneInfo("America/Los_Angeles")
    clinic = Clinic(tmp_path / "live.db", None)
    drawn = []
    for day in range(26, 34):
        month, number = (10, day) if day <= 31 else (11, day - 31)
        with freeze_time(datetime(2026, month, number, 0, 5, tzinfo=zone)):
            if day == 26:
                clinic("init", "--timezone", zone.key)
                clinic.add("A17", schedule="fixed-3")
            clinic("draw")
            drawn += [line["due_on"] for line in clinic.json("due")]
    assert drawn == ["2026-10-26", "2026-10-28", "2026-10-30", "2026-11-02"]
    assert clinic.rows("SELECT count(*) FROM night WHERE NOT ran") == [(0,)]


def test_an_error_of_a_training_database_says_so(clinic):
    assert clinic.run("result", "A17", "negative").stderr.endswith("(TRAINING)\n")


@pytest.mark.sqlite_only(reason="about the file")
@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_database_is_named_as_damaged(clinic, seed):
    """Bytes flipped all over: whatever SQLite or the libraries stumble over, a person reads one line."""
    clinic.add("A17")
    clinic("draw")
    content = bytearray(clinic.database.read_bytes())
    chance = Random(seed)
    for _ in range(400):
        content[chance.randrange(100, len(content))] ^= 255
    clinic.database.write_bytes(content)
    done = clinic.run("due")
    assert (done.exit_code, "damaged" in done.stderr) == (1, True), done.output


def test_output_that_cannot_be_printed_does_not_claim_that_nothing_was_done(clinic):
    clinic.add("A17")
    clinic("draw")
    command = [sys.executable, "-m", "testing_tracker", "--database", clinic.url, "--today", clinic.today]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*command, "result", "A17", "negative"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "may be done" in done.stderr
    assert clinic.status("A17") == "collected negative"
