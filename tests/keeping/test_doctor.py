"""`doctor`: what is stuck stands there with whom and since when, what is not does not, and the status says which."""

import json
import re
import shlex

import databases
import pytest
from click.testing import CliRunner
from conftest import key_of, made_once

from testing_tracker.cli import program

TUESDAY, THURSDAY, FRIDAY = "2026-11-17", "2026-11-19", "2026-11-20"


def back_up(clinic) -> None:
    """Make a backup, without which a database that is a file is not well."""
    if not databases.SERVER:
        clinic("backup", str(clinic.database.with_name("backup.db")))


@pytest.fixture(autouse=True)
def _in_the_facilitys_zone(machine_zone):
    machine_zone("America/Los_Angeles")


@made_once
def staffed(clinic):
    """Two participants are due on Monday."""
    clinic.add("A17", "B04")
    clinic("draw")


def until(clinic, last: int) -> None:
    """The nights of November up to a day."""
    for day in range(int(clinic.today[-2:]) + 1, last + 1):
        clinic.today = f"2026-11-{day:02}"
        clinic("draw")


def stuck(clinic, *arguments: str) -> list[tuple]:
    """What needs doing: its matter, since when and whom it is about. The status has to agree.

    The nights' questions, which come where draws are left without a record, have tests of their own.
    """
    done = clinic.run("doctor", *arguments, "--format", "json")
    found = json.loads(done.stdout)
    assert done.exit_code == int(any(one["needs_doing"] for one in found)), done.output
    return [(one["matter"], one["since"], one["participant"]) for one in found if one["matter"] != "question"]


def test_all_is_well(staffed):
    assert staffed("doctor") == "TRAINING All is well.\n"
    assert staffed("doctor", "--quiet") == ""
    assert stuck(staffed) == []


def test_todays_draws_were_not_made(staffed):
    staffed.today = TUESDAY
    assert stuck(staffed) == [("night", TUESDAY, None)]
    assert " draw; then see why it did not run" in " ".join(staffed.run("doctor", "--quiet").stdout.split())


def test_nights_without_a_run_are_told_for_a_week(staffed):
    staffed.today = FRIDAY
    assert stuck(staffed) == [("night", TUESDAY, None)]
    staffed("draw")
    back_up(staffed)
    assert stuck(staffed) == [("gap", TUESDAY, None), ("gap", "2026-11-18", None), ("gap", THURSDAY, None)]
    assert "still unrecorded: 2" in staffed.run("doctor").stdout  # Thursday's
    until(staffed, 26)
    assert stuck(staffed) == [("gap", THURSDAY, None)]
    until(staffed, 27)
    assert stuck(staffed) == []


def test_a_specimen_without_a_result(staffed):
    staffed("collected", "A17")
    staffed("result", "B04", "negative")
    until(staffed, 18)
    assert stuck(staffed) == []
    until(staffed, 19)
    assert stuck(staffed) == [("result", "2026-11-16", "A17")]
    assert stuck(staffed, "--result-days", "3") == []
    staffed("result", "A17", "negative", "--on", "2026-11-16")
    assert stuck(staffed) == []


def test_a_definitive_result_that_is_overdue(staffed):
    staffed("result", "A17", "positive", "--analyte", "cocaine")
    staffed("confirmation", "send", "A17", "--lab", "Northside", "--by", THURSDAY)
    until(staffed, 19)
    assert stuck(staffed) == []
    until(staffed, 20)
    assert stuck(staffed) == [("confirmation", THURSDAY, "A17")]


def test_an_invalid_specimen_until_another_one_is_asked_for(staffed):
    staffed("result", "A17", "invalid")
    assert stuck(staffed) == [("recollection", "2026-11-16", "A17")]
    until(staffed, 17)
    assert stuck(staffed) == [("recollection", "2026-11-16", "A17")]
    staffed("test", "A17", "--reason", "invalid on Monday")
    assert stuck(staffed) == []


def test_nobody_is_collected_again_who_has_left(staffed):
    staffed("result", "A17", "invalid")
    staffed("participant", "discharge", "A17", "--reason", "moved away")
    until(staffed, 17)
    assert stuck(staffed) == []


def test_a_recommendation_that_nobody_decided_on(staffed):
    staffed("result", "A17", "positive", "--analyte", "cocaine")
    until(staffed, 23)
    back_up(staffed)
    assert stuck(staffed) == []
    until(staffed, 24)
    assert stuck(staffed) == [("recommendation", "2026-11-16", "A17")]
    staffed("recommendation", "defer", "1", "--until", "2026-11-26", "--reason", "on holiday")
    assert stuck(staffed) == []
    until(staffed, 26)
    assert stuck(staffed) == [("recommendation", "2026-11-16", "A17")]
    staffed("recommendation", "decline", "1", "--reason", "prescribed elsewhere")
    assert stuck(staffed) == []


def test_a_review_that_nobody_did(staffed):
    staffed("prescription", "add", "A17", "amphetamine")
    staffed("result", "A17", "negative")  # what is prescribed was not found
    (review,) = staffed.json("review", "list")
    until(staffed, 24)
    back_up(staffed)
    assert stuck(staffed) == [("review", "2026-11-16", "A17")]
    staffed("review", "done", str(review["id"]))
    assert stuck(staffed) == []


@pytest.mark.sqlite_only(reason="a server's copies are made by its own tools")
def test_no_backup_for_a_week(staffed):
    until(staffed, 23)
    assert stuck(staffed) == []
    until(staffed, 24)
    assert stuck(staffed) == [("backup", "2026-11-16", None)]
    file = str(staffed.database.with_name("backup.db"))
    staffed("backup", file)
    assert stuck(staffed) == []
    until(staffed, 28)
    staffed("backup", "--key", file + ".key")  # is none of the records
    assert stuck(staffed) == []
    staffed.today = "2026-11-30"
    staffed("draw")
    assert ("gap", "2026-11-29", None) in stuck(staffed)


def test_the_key_is_not_there(staffed):
    key_of(staffed.database).unlink()
    assert stuck(staffed) == [("key", "2026-11-16", None)]


def test_a_clock_that_was_put_back(staffed):
    until(staffed, 17)
    staffed.today = "2026-11-16"
    assert stuck(staffed) == [("clock", "2026-11-16", None)]


def test_the_machines_timezone_is_a_note(staffed, machine_zone):
    machine_zone("Europe/Berlin")
    assert stuck(staffed) == [("zone", "2026-11-16", None)]
    assert "this machine's timezone is Europe/Berlin" in staffed("doctor")
    assert staffed("doctor", "--quiet") == ""


def test_every_command_it_says_is_one_that_there_is(staffed):
    from testing_tracker.cli import _COMMANDS

    staffed("collected", "A17")
    staffed("result", "B04", "invalid")
    key_of(staffed.database).unlink()
    staffed.today = "2026-11-30"
    found = json.loads(staffed.run("doctor", "--format", "json").stdout)
    assert len(found) == (4 if databases.SERVER else 5)  # without a word about backups
    given = ["--database", staffed.url, "--today", staffed.today]
    for one in found:
        for said in re.split("; |; then |or ", one["do"]):
            _, is_one, command = said.partition("testing-tracker ")
            if is_one:
                words = shlex.split(command)
                assert words[: len(given)] == given, "as pasted into another shell"
                assert words[len(given)] in _COMMANDS


def test_what_it_says_gets_on_what_is_stuck_as_it_is_pasted(staffed, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    staffed("result", "B04", "invalid")
    staffed.today = "2026-11-30"
    said = {one["matter"]: one["do"] for one in json.loads(staffed.run("doctor", "--format", "json").stdout)}
    said["night"] = said["night"].partition(";")[0]
    done = [CliRunner().invoke(program, shlex.split(said[one])[1:]) for one in said if one != "question"]
    assert [one.exit_code for one in done] == [0] * len(done), [one.output for one in done]
    left = {one["matter"] for one in json.loads(staffed.run("doctor", "--format", "json").stdout)}
    assert not left & {"night", "backup", "recollection"}
