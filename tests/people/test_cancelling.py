"""An enrolment by mistake is taken back where nothing was recorded; what the nights decided stays on record."""

import pytest
from conftest import made_once

MISTAKE = ("--reason", "never came to intake")
ENROL = ("--schedule", "fixed-2", "--level", "iop")


@made_once
def mistaken(clinic):
    """A17 was enrolled by mistake on Monday; Monday's draw was closed as missed."""
    clinic.add("A17", name="Jane Example")
    clinic.add("B04")
    clinic("draw")
    clinic("result", "B04", "negative")
    clinic.today = "2026-11-17"
    clinic("draw")
    assert clinic.status("A17", "2026-11-16") == "missed"


def test_its_draws_are_cancelled_and_it_is_in_no_list(mistaken):
    said = mistaken("participant", "cancel", "A17", *MISTAKE)
    assert "A17's enrolment is cancelled as a mistake." in said
    assert "The draw of 2026-11-16 is cancelled." in said
    assert [line["participant"] for line in mistaken.json("participant", "list")] == ["B04"]
    everybody = mistaken.json("participant", "list", "--all")
    assert [(line["participant"], line["status"]) for line in everybody] == [("A17", "cancelled"), ("B04", "active")]
    report = mistaken.json("report", "weekly", "--week", "2026-W47")
    assert [line["participant"] for line in report["participants"]] == ["B04"]
    assert report["totals"]["missed"] == 0
    assert mistaken.status("A17", "2026-11-16") == "cancelled"
    assert "cancelled: never came to intake" in mistaken("participant", "show", "A17")
    assert "All holds" in mistaken("verify")
    for day in (18, 19, 20, 23):
        mistaken.today = f"2026-11-{day}"
        mistaken("draw")
    assert mistaken.status("A17", "2026-11-19") == "none"
    assert [one["participant"] for one in mistaken.json("report", "outcomes")] == ["B04"]
    assert "All holds" in mistaken("verify")


def test_the_proof_of_its_day_is_the_same(mistaken):
    before = mistaken("proof", "--day", "2026-11-16")
    mistaken("participant", "cancel", "A17", *MISTAKE)
    assert mistaken("proof", "--day", "2026-11-16") == before


@pytest.mark.parametrize(
    "recorded",
    [
        ("result", "A17", "negative", "--on", "2026-11-16"),
        ("refused", "A17", "--on", "2026-11-16"),
        ("excuse", "A17", "--on", "2026-11-16", "--reason", "ill"),
        ("unable", "A17", "--on", "2026-11-16"),
        ("test", "A17"),
        ("prescription", "add", "A17", "methadone"),
        ("participant", "leave", "A17", "2026-11-18", "2026-11-19", "--reason", "travel"),
    ],
    ids=lambda command: command[0],
)
def test_where_anything_was_recorded_it_is_refused(mistaken, recorded):
    mistaken(*recorded)
    message = mistaken.refused("participant", "cancel", "A17", *MISTAKE)
    assert "Something is on record of A17" in message
    assert "participant discharge A17 --on DATE" in message


def test_a_person_who_said_missed_has_recorded_something(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic("missed", "A17")
    assert "`draw missed` on 2026-11-16" in clinic.refused("participant", "cancel", "A17", *MISTAKE)


def test_a_past_record_is_something_too(mistaken):
    mistaken.add("C21", enrolled="2026-11-01")
    past = "participant,due_on,status,outcome,analytes,reason\nC21,2026-11-02,missed,,,\n"
    mistaken("history", "import", "-", input=past)
    assert "a past record was imported" in mistaken.refused("participant", "cancel", "C21", *MISTAKE)


def test_what_was_changed_of_the_enrolment_itself_says_nothing_of_a_person(mistaken):
    mistaken("participant", "transfer", "A17", "php", "--reason", "typed wrong")
    mistaken("participant", "set-schedule", "A17", "fixed-3")
    mistaken("participant", "rename", "A17", "A71", "--reason", "typed wrong")
    mistaken("participant", "discharge", "A71", "--reason", "enrolled by mistake")
    mistaken("participant", "cancel", "A71", *MISTAKE)
    assert [line["participant"] for line in mistaken.json("participant", "list")] == ["B04"]
    assert "All holds" in mistaken("verify")


def test_the_code_may_be_given_anew_as_if_for_the_first_time(mistaken):
    mistaken("participant", "cancel", "A17", *MISTAKE)
    assert "cancelled already" in mistaken.refused("participant", "cancel", "A17", *MISTAKE)
    assert "was cancelled as a mistake" in mistaken.refused("test", "A17")
    mistaken("participant", "add", "A17", *ENROL)
    (line,) = [one for one in mistaken.json("participant", "list", "--names") if one["participant"] == "A17"]
    assert (line["status"], line["enrolled_on"], line["name"]) == ("active", "2026-11-17", None)
    record = mistaken.json("participant", "show", "A17")
    assert [row["what"] for row in record["enrolments"]] == ["enrolled", "cancelled", "enrolled"]
    mistaken.today = "2026-11-19"
    mistaken("draw")
    assert mistaken.status("A17") == "due"
    assert "All holds" in mistaken("verify")


def test_the_file_that_brought_it_does_not_bring_it_back(clinic):
    lines = "participant,level,schedule,enrolled_on\nA17,iop,fixed-2,2026-11-16\n"
    clinic("participant", "import", "-", input=lines)
    clinic("participant", "cancel", "A17", *MISTAKE)
    assert "0 imported, 1 unchanged" in clinic("participant", "import", "-", input=lines)
    assert clinic.json("participant", "list") == []


def test_one_enrolled_from_a_day_to_come_is_cancelled_too(clinic):
    clinic.add("A17", enrolled="2026-11-19")
    clinic("participant", "cancel", "A17", *MISTAKE)
    clinic.today = "2026-11-19"
    clinic("draw")
    assert (clinic.status("A17"), clinic.json("participant", "list")) == ("none", [])
    assert "All holds" in clinic("verify")


def test_a_closed_week_that_was_printed_before_says_so(mistaken):
    mistaken.today = "2026-11-23"
    mistaken("draw")
    mistaken("report", "weekly", "--week", "2026-W47")
    mistaken("participant", "cancel", "A17", *MISTAKE)
    again = mistaken("report", "weekly", "--week", "2026-W47")
    assert "Amended since first printed on" in again
    assert "participant cancel" in again
    assert "never came to intake" in again
