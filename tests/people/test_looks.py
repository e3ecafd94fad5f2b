"""Who looked: reading one participant's record goes on record before it is shown; the day's work does not."""

import click
import databases
import pytest
from conftest import MONDAY, Clinic, made_once

from testing_tracker.cli import program

# What each command that shows or reads records is: a look, with the words it is tried by and what is on record then, as
# (participant, detail), or none, with the reason.
LOOK = {
    "participant show": {
        "participant show A17": [("A17", None)],
        "participant show a17 --format json": [("A17", "json")],
        "participant show A17 --format csv --names": [("A17", "names, csv")],
    },
    "participant contact": {
        "participant contact A17": [("A17", None)],
        "participant contact a17 --address": [("A17", "address")],
    },
    "notice list": {"notice list --format csv": [], "notice list": []},
    "participant list": {
        "participant list --names": [(None, "names, 2 participants")],
        "participant list --format csv": [(None, "2 participants, csv")],
        "participant list": [],
    },
    "prescription list": {
        "prescription list A17": [("A17", None)],
        "prescription list --format json": [(None, "1 participant, json")],
        "prescription list": [],
    },
    "recommendation show": {
        "recommendation show 1": [("A17", None)],
        "recommendation show A17 --format json": [("A17", "json")],
    },
    "recommendation list": {
        "recommendation list --format json": [(None, "1 participant, json")],
        "recommendation list": [],
    },
    "review list": {"review list --format csv": [(None, "1 participant, csv")], "review list": []},
    "confirmation list": {"confirmation list --format csv": [(None, "1 participant, csv")], "confirmation list": []},
    "specimen show": {"specimen show S1": [("A17", None)], "specimen show S1 --format csv": [("A17", "csv")]},
    "history export": {
        "history export": [(None, "2 participants, csv")],
        "history export --output FILE": [(None, "2 participants, csv")],
    },
    "report participant": {
        "report participant A17": [("A17", None)],
        "report participant A17 --names": [("A17", "names")],
        "report participant A17 --format html --output FILE": [("A17", "html")],
    },
    "report weekly": {
        "report weekly --week this": [],
        "report weekly --week this --names": [(None, "names, 2 participants")],
        "report weekly --week this --format csv": [(None, "2 participants, csv")],
        "report weekly --week this --explain A17": [("A17", None)],
        "report weekly --week this --for court --participant A17": [("A17", None)],
        "report weekly --week this --for court --participant A17 --participant B04": [("A17", None), ("B04", None)],
        "report weekly --week this --for court --format json": [(None, "2 participants, json")],
    },
    "audit list": {
        "audit list": [],
        "audit list --by nobody --format csv": [],
        "audit list --participant A17": [("A17", None)],
        "audit list --format csv": [(None, "2 participants, csv")],
    },
    "checkin list": {
        "checkin list": [],
        "checkin list --format csv": [(None, "2 participants, csv")],
        "checkin list --contacts --yes": [(None, "addresses, 2 participants")],
        "checkin list --contacts --yes --format json": [(None, "addresses, 2 participants, json")],
    },
    "checkin show": {"checkin show A17": [("A17", None)], "checkin show A17 --format csv": [("A17", "csv")]},
    "checkin verify": {"checkin verify A17 RECEIPT": [("A17", "a receipt of 2026-11-16")]},
    "participant card": {
        "participant card B04 --print FILE": [],
        "participant card A17 --print FILE": [("A17", "pdf")],  # which has one already
    },
    "report outcomes": {
        "report outcomes --to today --format csv": [(None, "2 participants, csv")],
        "report outcomes --to today": [],
        "report outcomes --format csv": [],
    },
}
IN_A_CONVERSATION = {"decide", "today"}  # `decide` shows the evidence, Enter on `today --watch` a record; tried below
_TOTALS = "totals, nobody's code"
ACTS = [
    "amend",
    "backup",
    "checkin record",
    "collected",
    "confirmation cancel",
    "confirmation send",
    "draw",
    "excuse",
    "facility add",
    "facility close",
    "facility open",
    "facility rename",
    "facility timezone",
    "history import",
    "init",
    "key acknowledge",
    "key rotate",
    "migrate",
    "missed",
    "notice send",
    "notice test",
    "participant add",
    "participant cancel",
    "participant discharge",
    "participant import",
    "participant join",
    "participant leave",
    "participant rename",
    "participant return",
    "participant set-schedule",
    "participant transfer",
    "prescription add",
    "prescription end",
    "prescription reread",
    "recommendation accept",
    "recommendation decline",
    "recommendation defer",
    "recommendation reopen",
    "refused",
    "restore",
    "result",
    "review done",
    "schedule load",
    "schedule take-back",
    "specimen handover",
    "staff add",
    "staff remove",
    "swap",
    "test",
    "unable",
]
OWN = [
    "analyte check",
    "analyte list",
    "analyte show",
    "checkin outage",
    "checkin rule",
    "completion",
    "cron print",
    "demo",
    "doctor",
    "facility list",
    "key show",
    "manual",
    "schedule check",
    "schedule list",
    "schedule show",
    "schedule simulate",
    "serve",
    "staff list",
    "status",
    "systemd print",
    "web collect",
    "web load",
    "web print",
    "web serve",
    "web sync",
    "web visits",
]
NO_LOOK = {
    "due": "the call list",
    "log": "a code that is typed to log a result",
    "report network": _TOTALS,
    "report period": _TOTALS,
    "verify": "says which row does not hold",
    "check": "says which row does not hold",
    "proof": "nobody's code is in it; an act",
    "proof check": "knows no database",
    "witness": "digests only",
    **dict.fromkeys(ACTS, "an act, with an entry of its own; it says what it did and no more"),
    **dict.fromkeys(OWN, "what the program is told and how it does; nobody's record"),
}


@made_once
def kept(clinic):
    clinic.today = "2026-11-15"
    hours = ("--opens", "05:00", "--closes", "13:00", "--no-page", "--not-checked-in", "missed")
    clinic("checkin", "rule", *hours, "--from", MONDAY)
    clinic.today = MONDAY
    clinic.add("A17", "B04")
    clinic("participant", "rename", "A17", "--name", "Ada Example", "--reason", "known now")
    clinic("draw")
    clinic("prescription", "add", "A17", "codeine")
    clinic("result", "A17", "positive", "--analyte", "cocaine", "--specimen-id", "S1")
    clinic("confirmation", "send", "A17", "--lab", "North")
    clinic("participant", "card", "A17", "--print", str(clinic.database.with_name("first.pdf")))
    clinic("checkin", "record", "A17")


def looks(clinic: Clinic) -> list[tuple]:
    query = (
        "SELECT command, code, detail, recorded_by FROM look LEFT JOIN participant ON participant.id = participant_id "
        "ORDER BY look.id"
    )
    return clinic.rows(query)


def commands() -> set[str]:
    found = set()

    def walk(command: click.Command, words: list[str]) -> None:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                walk(command.get_command(context, name), [*words, name])
        if not isinstance(command, click.Group) or (command.invoke_without_command and words):
            found.add(" ".join(words))

    walk(program, [])
    return found


def test_every_command_is_a_look_or_is_none_for_a_reason():
    assert commands() - set(LOOK) - IN_A_CONVERSATION - set(NO_LOOK) == set()
    assert (set(LOOK) | IN_A_CONVERSATION) & set(NO_LOOK) == set()
    assert set(NO_LOOK) - commands() == set()


@pytest.mark.parametrize("words", [words for several in LOOK.values() for words in several])
def test_a_look_is_on_record_with_who_and_when(kept, words, tmp_path):
    command, expected = next((command, tried[words]) for command, tried in LOOK.items() if words in tried)
    if "RECEIPT" in words:
        words = words.replace("RECEIPT", kept("checkin", "record", "A17").split()[-1])
    kept(*(str(tmp_path / "out") if word == "FILE" else word for word in words.split()))
    me = kept.rows("SELECT account FROM audit_entry LIMIT 1")[0][0]
    assert looks(kept) == [(command, code, detail, me) for code, detail in expected]
    assert "Ada" not in str(looks(kept))
    assert "All holds" in kept("verify")


@pytest.mark.parametrize("words", ["due", "due --format csv", "today", "today --format json", "status", "result B04 n"])
def test_the_days_work_is_none(kept, words):
    kept(*words.split())
    assert looks(kept) == []


def test_a_joined_record_is_the_persons(kept):
    kept("participant", "join", "B04", "A17", "--reason", "same person", "--yes")
    kept("participant", "show", "B04")
    assert [look[1] for look in looks(kept)] == ["A17"]


def test_a_cup_of_a_joined_record_is_the_persons(kept):
    kept("participant", "join", "A17", "B04", "--reason", "same person", "--yes")
    kept("specimen", "show", "S1")
    assert [look[1] for look in looks(kept)] == ["B04"]


@pytest.mark.one_database(reason="how a disk or a server refuses is tried elsewhere")
class TestWhatCannotBePutOnRecord:
    WORDS = ("participant show A17", "report participant A17", "recommendation show 1", "specimen show S1")

    @pytest.mark.parametrize("words", [*WORDS, "participant list --format csv", "history export"])
    def test_it_is_not_shown(self, kept, words, monkeypatch):
        from testing_tracker import services
        from testing_tracker.errors import TestingTrackerError

        def fail(*_arguments, **_more):
            raise TestingTrackerError("The database is read-only.")

        monkeypatch.setattr(services.looks, "looked", fail)
        done = kept.run(*words.split())
        assert (done.exit_code, done.stdout.replace("TRAINING\n", "")) == (1, "")
        assert done.stderr.count("Error:") == 1
        assert "only where it can be put on record that somebody looked. The database is read-only." in done.stderr

    def test_not_while_the_database_refuses_to_write(self, kept, monkeypatch):
        from testing_tracker.store import engine

        monkeypatch.setattr(engine, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 0.1)
        with databases.held(kept.database):
            done = kept.run("participant", "show", "A17")
        assert done.exit_code == 1
        assert "A17" not in done.stdout

    def test_no_file_is_left_of_it(self, kept, monkeypatch, tmp_path):
        from testing_tracker import services
        from testing_tracker.errors import TestingTrackerError

        def fail(*_arguments, **_more):
            raise TestingTrackerError("The disk is full.")

        monkeypatch.setattr(services.looks, "looked", fail)
        done = kept.run("history", "export", "--output", str(tmp_path / "all.csv"))
        assert (done.exit_code, list(tmp_path.glob("*.csv"))) == (1, [])


class TestInAConversation:
    def test_decide_shows_nobody_who_is_not_on_record_and_each_once(self, kept):
        from testing_tracker.cli.decide_conversation import Sitting
        from testing_tracker.cli.desk.desk import Desk

        put: list[str] = []

        def shown(line: str) -> None:
            if "cocaine" in line:
                assert [look[:2] for look in looks(kept)] == [("decide", "A17")]
            put.append(line)

        desk = Desk(kept.url, kept.today)
        sitting = Sitting(desk, shown, lambda: (80, 24))
        sitting.begin()
        sitting.show()
        sitting.show()
        desk.close()
        assert any("cocaine" in line for line in put)
        assert [look[:2] for look in looks(kept)] == [("decide", "A17")]

    def test_a_record_on_the_screen_that_stays_is_looked_at_once(self, kept):
        from testing_tracker.cli.desk.desk import Desk
        from testing_tracker.cli.watch.records import Records

        records = Records(Desk(kept.url, kept.today))
        records.read()
        assert looks(kept) == []
        records.record_of("A17")
        records.record_of("A17")
        records.close()
        assert [look[:2] for look in looks(kept)] == [("today --watch", "A17")]


def test_a_look_costs_a_due_and_a_result_nothing(kept, monkeypatch):
    """No statement is about looks, but the ledger's one that asks every table which only grows for its newest row."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    asked: list[str] = []

    def remember(_connection, _cursor, statement, *_more) -> None:
        asked.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", remember)
    try:
        kept("due")
        of_due, _ = list(asked), asked.clear()
        kept("result", "B04", "n")
    finally:
        event.remove(Engine, "before_cursor_execute", remember)
    assert of_due
    assert [one for one in of_due if " look" in one or "INSERT" in one] == []
    assert [one for one in asked if "INTO look" in one or "FROM look " in one] == []
