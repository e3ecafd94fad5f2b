"""Whatever of participants' records leaves the program for others is on record, once it has left."""

import json

import click
import databases
import pytest
from conftest import MONDAY, Clinic, made_once

from testing_tracker.cli import program
from testing_tracker.cli.desk.output import FORMATS

pytestmark = pytest.mark.one_database(reason="what is printed is on record, by one statement for all")

LISTS = {
    "audit list": "audit",
    "checkin list": "check-ins",
    "checkin show A17": "check-ins of a participant",
    "confirmation list": "confirmations",
    "due": "due",
    "notice list": "notices",
    "participant list": "participants",
    "participant show A17": "participant record",
    "prescription list": "prescriptions",
    "prescription list A17": "prescriptions",
    "recommendation list": "recommendations",
    "recommendation show 1": "recommendation",
    "report network": "network",
    "report outcomes": "outcomes",
    "report participant A17": "participant",
    "report period": "period",
    "report weekly": "weekly",
    "review list": "reviews",
    "specimen show S1": "specimen",
    "today": "today",
}
# What the program is told to do and how it does, and what needs doing: nobody's results.
NOT_ABOUT_RECORDS = {
    "analyte list",
    "analyte show",
    "check",
    "checkin rule",
    "checkin outage",
    "doctor",
    "facility list",
    "key show",
    "schedule list",
    "schedule show",
    "schedule simulate",
    "staff list",
    "status",
    "verify",
    "witness",
}
ABOUT_ONE = {
    "checkin show A17",
    "participant show A17",
    "prescription list A17",
    "recommendation show 1",
    "report participant A17",
}


@made_once
def kept(clinic):
    clinic.today = "2026-11-15"
    hours = ("--opens", "05:00", "--closes", "13:00", "--no-page", "--not-checked-in", "missed")
    clinic("checkin", "rule", *hours, "--from", MONDAY)
    clinic.today = MONDAY
    clinic.add("A17", "B04")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine", "--specimen-id", "S1")
    clinic("confirmation", "send", "A17", "--lab", "North")


def exports(clinic: Clinic) -> list[tuple]:
    query = "SELECT detail, participant_id FROM audit_entry WHERE act = 'report export' ORDER BY id"
    found = [(json.loads(detail), about) for detail, about in clinic.rows(query)]
    return [(one["report"], one["form"], one["to"], about) for one, about in found]


def test_every_list_is_known_to_this_test():
    found = set()

    def walk(command: click.Command, words: list[str]) -> None:
        if any(isinstance(one.type, click.Choice) and set(FORMATS) <= set(one.type.choices) for one in command.params):
            found.add(" ".join(words))
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                walk(command.get_command(context, name), [*words, name])

    walk(program, [])
    listed = {" ".join(word for word in words.split() if word not in ("A17", "1", "S1")) for words in LISTS}
    assert found == listed | NOT_ABOUT_RECORDS


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("words", LISTS)
def test_csv_and_json_are_on_record_and_a_table_is_a_look(kept, words, form):
    before = kept.contents()
    kept(*words.split())
    if words != "report weekly" and words not in {*ABOUT_ONE, "specimen show S1"}:  # an edition, and a look, are kept
        assert kept.contents() == before
    kept(*words.split(), "--format", form)
    about = 1 if words in ABOUT_ONE or words == "specimen show S1" else None
    assert exports(kept) == [(LISTS[words], form, "standard output", about)]
    assert "All holds" in kept("verify")


def test_a_past_record_that_leaves_is_on_record(kept, tmp_path):
    kept("history", "export")
    kept("history", "export", "--output", str(tmp_path / "history.csv"))
    assert exports(kept) == [
        ("history", "csv", "standard output", None),
        ("history", "csv", "file", None),
    ]


@pytest.mark.parametrize("words", ["participant list", "participant show A17"])
def test_that_names_were_in_it_is_said(kept, words):
    kept(*words.split(), "--names", "--format", "json")
    assert '"names": true' in kept.rows("SELECT detail FROM audit_entry WHERE act = 'report export'")[0][0]


def test_a_networks_figures_are_on_each_facilitys_record(network):
    network("report", "network", "--format", "json")
    rows = network.rows("SELECT facility_id, detail FROM audit_entry WHERE act = 'report export' ORDER BY facility_id")
    assert [(facility, json.loads(detail)["report"]) for facility, detail in rows] == [(1, "network"), (2, "network")]


def test_what_cannot_be_put_on_record_is_said_and_was_read(kept, monkeypatch):
    """A copy on a read-only disk is still read."""
    from testing_tracker import services
    from testing_tracker.errors import TestingTrackerError

    def fail(*arguments, **more):
        raise TestingTrackerError("The database is read-only.")

    monkeypatch.setattr(services.editions, "record_export", fail)
    done = kept.run("due", "--format", "json")
    assert (done.exit_code, len(json.loads(done.stdout))) == (0, 2)
    assert "could not be put on record as an export. The database is read-only." in done.stderr


def test_it_waits_for_nobody_before_it_is_read(kept, monkeypatch):
    from testing_tracker.store import engine

    monkeypatch.setattr(engine, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 0.1)
    with databases.held(kept.database):
        done = kept.run("due", "--format", "json")
    assert (done.exit_code, len(json.loads(done.stdout))) == (0, 2)
    assert "could not be put on record" in done.stderr
