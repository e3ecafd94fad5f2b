"""Nothing is drawn, copied or printed from records that do not hold, unless somebody who may says so."""

import databases
import pytest
from conftest import Clinic, acting_as

pytestmark = pytest.mark.sqlite_only(reason="the words are for a file; store/test_server_check.py has the server's")

A_TRIGGER = "CREATE TRIGGER more AFTER INSERT ON draw BEGIN UPDATE draw SET status = 'excused' WHERE id = new.id; END"
FOREIGN = {
    "the trigger more was added": A_TRIGGER,
    "the view notes was added": "CREATE VIEW notes AS SELECT code FROM participant",
    "the index one_each was added": "CREATE UNIQUE INDEX one_each ON draw (participant_id, due_on, kind)",
    "the table notes was added": "CREATE TABLE notes (text)",
    "the trigger result_refuses_update is missing": "DROP TRIGGER result_refuses_update",
    "rows were added behind the program's back (leave)": (
        "INSERT INTO leave (facility_id, participant_id, from_on, to_on, reason, recorded_at, recorded_by) "
        "VALUES (1, 1, '2026-11-17', '2026-11-20', 'a cold', '2026-11-16 12:00:00.000000', 'nurse')"
    ),
    "page 4 of the ledger does not hold": "UPDATE result SET note = 'better'",
}


@pytest.fixture
def tested(clinic) -> Clinic:
    """A17 was drawn on Monday, and negative."""
    clinic.add("A17", schedule="fixed-2")
    clinic("draw")
    clinic("result", "A17", "negative")
    clinic.today = "2026-11-17"
    return clinic


def tamper(clinic: Clinic, statement: str) -> None:
    """Do something to the database, leaving its triggers as they are but for the one that is dropped or made."""
    databases.change(clinic.database, statement, triggers="TRIGGER" in statement)


@pytest.mark.parametrize(("told", "statement"), FOREIGN.items())
def test_what_does_not_hold_is_passed_on_by_nothing_and_named(tested, tmp_path, told, statement):
    tamper(tested, statement)
    before = tested.contents()
    for command in (("draw",), ("backup", str(tmp_path / "b.db")), ("report", "weekly"), ("report", "period")):
        said = tested.refused(*command)
        assert f"what is on record does not hold: {told}" in said, command
        assert "`testing-tracker check`" in said
        assert "`testing-tracker verify`" in said
    assert not (tmp_path / "b.db").exists()
    assert tested.contents() == before
    told_by_both = "leave on record was added" if "leave" in told else "result on record was changed"
    is_record = "rows" in told or "page" in told
    assert (told_by_both if is_record else told) in tested.run("check").stdout
    if "missing" not in told:
        assert (told_by_both if is_record else told) in tested.refused("verify")


def test_a_recommendation_that_was_decided_by_hand_is_passed_on_by_nothing(tested, tmp_path):
    """Also where it is an old one, long before the newest pages; who has looked goes on, and not from another."""
    tested("draw")
    for code in ("B04", "C21"):
        tested.add(code, schedule="fixed-2")
        tested("test", code, "--reason", "as agreed")
        tested("result", code, "positive", "--analyte", "cocaine", "--for-cause")
    tamper(tested, "UPDATE recommendation SET status = 'declined' WHERE id = 1")
    told = "what is on record does not hold: the recommendation 1 on record is not as the program last wrote it"
    tested.today = "2026-11-18"
    for command in (("draw",), ("backup", str(tmp_path / "b.db")), ("report", "weekly")):
        assert told in tested.refused(*command), command
    tested("draw", "--despite", "asked lee")
    tested.today = "2026-11-19"
    tested("draw")
    tamper(tested, "UPDATE recommendation SET to_level = 'residential' WHERE id = 2")
    assert told.replace("1", "2") in tested.refused("report", "weekly")


def test_where_all_holds_nothing_is_said(tested, tmp_path):
    assert tested.run("draw").stderr == ""
    tested("backup", str(tmp_path / "b.db"))
    tested("report", "weekly")


def test_a_manager_who_has_looked_has_it_drawn_and_that_is_on_record(tested):
    tamper(tested, FOREIGN["the table notes was added"])
    done = tested.run("draw", "--despite", "asked IT")
    assert done.exit_code == 0
    assert "drawn despite what does not hold: the table notes was added" in done.stderr
    ((reason, detail),) = tested.rows("SELECT reason, detail FROM audit_entry WHERE act = 'go on despite'")
    assert reason == "asked IT"
    assert detail == '{"command": "draw", "found": ["the table notes was added"]}'
    assert "asked IT" in tested("audit", "list")


def test_it_is_said_once_and_what_came_after_it_is_refused_again(tested):
    tamper(tested, FOREIGN["rows were added behind the program's back (leave)"])
    tested("draw", "--despite", "asked IT")
    tested.today = "2026-11-18"
    tested("draw")
    tested("report", "weekly", "--week", "this")
    tamper(tested, FOREIGN["the view notes was added"])
    tested.today = "2026-11-19"
    assert "the view notes was added" in tested.refused("draw")
    tested("draw", "--despite", "looked again")
    tested.today = "2026-11-20"
    assert "drawn despite what does not hold: the view notes was added" in tested.run("draw").stderr
    tested.today = "2026-11-21"
    tamper(tested, "UPDATE night SET ran = 0 WHERE id = (SELECT max(id) FROM night)")
    assert "of the ledger does not hold" in tested.refused("draw")


def test_where_all_holds_going_on_despite_is_no_act(tested):
    tested("draw", "--despite", "just so")
    assert tested.rows("SELECT count(*) FROM audit_entry WHERE act = 'go on despite'") == [(0,)]


def test_only_a_manager_may(tested, tmp_path):
    tested("staff", "add", "pat", "--role", "nurse")
    tested("staff", "add", "cron", "--role", "nights")
    tamper(tested, FOREIGN["the table notes was added"])
    for account, command in [("pat", ("draw",)), ("cron", ("draw",)), ("cron", ("backup", str(tmp_path / "b.db")))]:
        with acting_as(account):
            done = tested.run(command[0], "--despite", "so what", *command[1:])
        assert done.exit_code == 1
        assert f"`testing-tracker {command[0]} --despite` takes a manager" in done.stderr
    assert tested.rows("SELECT count(*) FROM night WHERE day = '2026-11-17'") == [(0,)]
    tested("draw", "--despite", "asked IT")


def test_a_copy_as_evidence_says_so_on_record(tested, tmp_path):
    tamper(tested, A_TRIGGER)
    tested("backup", "--despite", "for the police", str(tmp_path / "b.db"))
    assert (tmp_path / "b.db").exists()
    ((reason, detail),) = tested.rows("SELECT reason, detail FROM audit_entry WHERE act = 'go on despite'")
    assert (reason, detail) == ("for the police", '{"command": "backup", "found": ["the trigger more was added"]}')
    assert "the trigger more was added" in tested.refused("draw")  # a copy is no word on the nights
    new = Clinic(tmp_path / "new" / "clinic.db", tested.today)
    done = new.run("restore", str(tmp_path / "b.db"))
    assert done.exit_code == 1
    assert "Tables in this backup were changed behind the program's back (the trigger more was added)" in done.stderr
    assert not new.database.exists()


def test_it_takes_no_other_way_of_drawing_or_copying(tested, tmp_path):
    assert tested.run("draw", "--take-back", "--reason", "x", "--despite", "y").exit_code == 2
    assert tested.run("backup", "--key", "--despite", "y", str(tmp_path / "k")).exit_code == 2


def test_a_page_that_is_larger_than_a_quick_look_is_for_verify(tested, monkeypatch):
    from testing_tracker.services.keeping.checking import before_passing_on

    tamper(tested, "UPDATE result SET note = 'better'")
    monkeypatch.setattr(before_passing_on, "_NEWEST_ROWS", 0)
    tested("draw")
    assert "result on record was changed" in tested.refused("verify")
