"""`serve` as a process: it catches up, stops when asked, does nothing twice, and gets on with a second one."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import databases
import pytest
from conftest import made_once

from testing_tracker.cli.desk.desk import Desk

TUESDAY = "2026-11-17"
THURSDAY = "2026-11-19"
NEXT_MONDAY = "2026-11-23"
PATIENCE = 20  # seconds, on a busy machine
STOPPED_IN_A_TURN = "stopped in the middle of a turn; what it had not finished is done after the next start"


@contextmanager
def serving(clinic, *arguments):
    """A `serve` process that has said it is serving; killed when a test forgets it."""
    command = [sys.executable, "-u", "-m", "testing_tracker", "--database", clinic.url]
    command += ["--today", clinic.today] if clinic.today else []
    process = subprocess.Popen(
        [*command, "serve", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        process.first_line = process.stdout.readline()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def nights(clinic):
    return clinic.rows("SELECT day, ran FROM night ORDER BY day")


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def stop(process, number=signal.SIGTERM):
    """Ask it to stop; what it printed after its first line. It has five seconds, and may not fail."""
    process.send_signal(number)
    begun = time.monotonic()
    printed, complained = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - begun < 5
    assert process.returncode == 0, complained
    return printed, complained


@made_once
def staffed(clinic):
    """A clinic with five people who are all due on Monday and Thursday."""
    clinic.add("A1", "A2", "A3", "A4", "A5", schedule="fixed-2")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_night_is_made_and_the_process_stops_when_asked(staffed, number):
    with serving(staffed) as process:
        wait_for(lambda: nights(staffed))
        printed, complained = stop(process, number)
    assert nights(staffed) == [(staffed.today, 1)]
    assert staffed.rows("SELECT count(*) FROM draw") == [(5,)]
    assert process.first_line.rstrip().endswith("TRAINING serving: the nightly draw at 00:05 (America/Los_Angeles)")
    lines = printed.splitlines()
    assert "TRAINING draws of 2026-11-16 made: 5 drawn" in lines[0]
    assert lines[-1].endswith("stopped")
    assert "A1" not in printed
    assert complained == ""


def test_a_restart_does_nothing_twice(staffed):
    staffed("serve", "--once")
    before = staffed.contents()
    with serving(staffed) as process:
        time.sleep(1)
        printed, _ = stop(process)
    assert "draws" not in printed
    assert staffed.contents() == before


def test_two_at_once_make_one_night(staffed):
    with serving(staffed) as one, serving(staffed) as other:
        wait_for(lambda: nights(staffed))
        time.sleep(0.5)
        printed = [stop(one)[0], stop(other)[0]]
    assert nights(staffed) == [(staffed.today, 1)]
    assert staffed.rows("SELECT count(*), count(DISTINCT participant_id) FROM draw") == [(5, 5)]
    assert sum("5 drawn" in text for text in printed) == 1


def test_catching_up_is_what_draw_does(staffed, tmp_path):
    staffed("draw")
    other = replace(staffed.copy(tmp_path / "other.db"), today=THURSDAY)
    staffed.today = THURSDAY
    other("draw")
    printed = staffed("serve", "--once")
    assert "5 drawn; 0 of the days before closed as missed; 2 nights without a run" in printed
    assert staffed.contents() == other.contents()


def test_nothing_is_owed_before_the_hour(staffed):
    assert staffed("serve", "--once", "--draw-at", "12:01") == ""  # a pretended day is at noon
    assert nights(staffed) == []


def test_the_report_of_last_week_is_written_once(staffed, tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    staffed("serve", "--once", "--reports", str(reports))
    assert list(reports.iterdir()) == []  # the facility opened this week
    staffed.today = NEXT_MONDAY
    staffed("serve", "--once", "--reports", str(reports), "--report-at", "12:01")
    assert list(reports.iterdir()) == []
    assert "report of 2026-W47 written: 5 participants" in staffed("serve", "--once", "--reports", str(reports))
    text, document = reports / "report-2026-W47.txt", reports / "report-2026-W47.json"
    assert sorted(reports.iterdir()) == sorted([text, document])
    assert json.loads(document.read_text())["totals"]["participants"] == 5
    assert "weekly compliance report, 2026-W47" in text.read_text()
    assert {path.stat().st_mode & 0o777 for path in (text, document)} == {0o600}
    text.write_text("as it was")
    document.unlink()
    staffed("serve", "--once", "--reports", str(reports))
    assert document.exists()
    assert text.read_text() == "as it was"


def test_another_writer_does_not_keep_it_from_stopping(staffed):
    before = staffed.contents()
    with databases.held(staffed.database), serving(staffed) as process:
        time.sleep(1)
        printed, complained = stop(process)
    assert "draws" not in printed
    assert complained.rstrip().endswith(STOPPED_IN_A_TURN)
    assert staffed.contents() == before


def test_a_turn_that_fails_is_told_in_a_line_and_the_next_one_makes_up_for_it(staffed, monkeypatch, kept_events):
    from datetime import time as time_of_day
    from functools import partial

    from testing_tracker.cli.desk.files import write_file
    from testing_tracker.rules.keeping.owed import Hours
    from testing_tracker.rules.serving.delivery_file import Deliveries
    from testing_tracker.serving import serve, turn
    from testing_tracker.store import engine

    monkeypatch.setattr(engine, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 0.01)
    desk = Desk(staffed.url, staffed.today)
    told, complaints = kept_events.told, kept_events.complaints
    plan = turn.Plan(
        location=desk.location,
        hours=Hours(time_of_day(0, 5), time_of_day(6)),
        ways=lambda number: Deliveries(),
        clock_of=desk.clock,
        write_file=partial(write_file, desk.location),
    )
    turns = serve.Turns(plan)
    with databases.held(staffed.database):
        turns.take()
    with databases.away(staffed.database):
        turns.take()
    assert told == []
    assert "Another program has been writing" in complaints[0]
    assert "There is no database" in complaints[1]
    assert all(len(line.splitlines()) == 1 and "Trying again in a minute" in line for line in complaints)
    turns.take()
    assert len(told) == 1
    assert nights(staffed) == [(staffed.today, 1)]
    assert turns.end()
    turns.take()  # nothing more once it has ended
    assert len(told) == 1


def test_a_live_database_has_the_real_day(tmp_path, clinic):
    live = replace(clinic, database=tmp_path / "live.db", today=None)
    live("init", "--timezone", "UTC")
    assert "0 drawn" in live("serve", "--once", "--draw-at", "00:00")
    assert len(nights(live)) == 1
    pretending = replace(live, today=TUESDAY)
    assert "live" in pretending.refused("serve", "--once")


def test_it_does_not_begin_without_a_database(clinic):
    databases.drop(clinic.database)
    done = clinic.run("serve")
    assert done.exit_code == 1
    assert "There is no database" in done.stderr
    assert not clinic.database.exists()


@pytest.mark.parametrize("wrong", ["25:00", "noon", "00:05:30", "5"])
def test_a_time_that_is_none_is_wrong_usage(clinic, wrong):
    assert clinic.run("serve", "--once", "--draw-at", wrong).exit_code == 2
