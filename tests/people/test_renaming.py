"""A code or name typed wrong is corrected: the earlier code finds the participant, and everything shows the new one."""

import json

from conftest import made_once

WHY = ("--reason", "typed wrong")


@made_once
def renamed(clinic):
    """A71 is A17 now, after a first week of fixed draws."""
    clinic.add("A71", "B04")
    clinic("draw")
    clinic("result", "B04", "negative")
    clinic("participant", "rename", "A71", "A17", *WHY)


def test_the_new_code_is_shown_and_the_permanent_number_stays(clinic):
    clinic.add("A71", "B04")
    number = clinic.json("participant", "show", "A71")["number"]
    assert clinic("participant", "rename", "A71", "A17", *WHY).strip() == (
        "TRAINING A71 is A17 now; the earlier code finds the record too."
    )
    record = clinic.json("participant", "show", "A17")
    assert record["number"] == number
    assert [(one["what"], one["code"], one["reason"]) for one in record["earlier_codes"]] == [
        ("code", "A71", "typed wrong")
    ]
    assert "earlier    A71, code corrected on 2026-11-16: typed wrong" in clinic("participant", "show", "A17")
    (entry,) = clinic.rows("SELECT reason, detail FROM audit_entry WHERE act = 'participant rename'")
    assert entry == ("typed wrong", '{"earlier": "A71", "now": "A17"}')
    assert "All holds" in clinic("verify")


def test_every_command_that_takes_a_code_finds_the_participant_by_the_earlier_one(renamed):
    for command in (
        ("participant", "show", "A71"),
        ("participant", "transfer", "a71", "php", "--reason", "x"),
        ("participant", "set-schedule", "A71", "fixed-3"),
        ("participant", "leave", "A71", "2026-12-01", "2026-12-02", "--reason", "x"),
        ("prescription", "add", "A71", "buprenorphine"),
        ("prescription", "list", "A71"),
        ("test", "A71", "--reason", "x"),
        ("unable", "A71", "--scheduled"),
        ("collected", "A71", "--scheduled"),
        ("result", "A71", "positive", "--analyte", "cocaine", "--scheduled"),
        ("amend", "A71", "negative", "--scheduled", "--reason", "x"),
        ("confirmation", "send", "A71", "--scheduled"),
        ("excuse", "A71", "--for-cause", "--reason", "x"),
        ("report", "participant", "A71"),
        ("report", "weekly", "--week", "2026-W47", "--explain", "A71"),
        ("participant", "discharge", "A71", "--reason", "x"),
        ("participant", "add", "A71", "--readmit", "--schedule", "fixed-2", "--level", "iop"),
    ):
        done = renamed.run(*command)
        assert done.exit_code == 0, (command, done.output)
        assert "is A17 now." in done.stderr, command
        says_the_history = command[:2] in (("participant", "show"), ("report", "participant"))
        assert says_the_history or "A71" not in done.stdout, (command, done.stdout)
    assert renamed.rows("SELECT count(*) FROM participant") == [(2,)]
    assert "All holds" in renamed("verify")


def test_a_refusal_says_who_is_meant(renamed):
    renamed("missed", "A17")
    assert renamed.refused("missed", "A71").endswith("there is nothing to do. (A71 is A17 now.)")


def test_lists_and_reports_show_the_new_code_only(renamed):
    renamed("result", "A71", "positive", "--analyte", "cocaine")
    for command in (
        ("due",),
        ("participant", "list"),
        ("recommendation", "list"),
        ("recommendation", "show", "1"),
        ("report", "weekly", "--week", "2026-W47"),
        ("history", "export"),
    ):
        printed = renamed(*command)
        assert "A17" in printed, command
        assert "A71" not in printed, command
    renamed.today = "2026-11-23"
    outcomes = renamed("report", "outcomes")
    assert ("A17" in outcomes, "A71" in outcomes) == (True, False)


def test_log_takes_the_earlier_code(renamed):
    assert "A17's draw" in renamed("log", input="A71 n\n")
    assert renamed.status("A17") == "collected negative"


def test_imports_with_the_earlier_code_find_the_participant(renamed):
    roster = "participant,level,schedule,enrolled_on\nA71,iop,fixed-2,2026-11-16\n"
    done = renamed.run("participant", "import", "-", input=roster)
    assert (done.exit_code, "0 imported, 1 unchanged" in done.stdout) == (0, True)
    renamed("result", "import", "-", input="participant,due_on,outcome\nA71,2026-11-16,negative\n")
    assert renamed.status("A17") == "collected negative"
    past = "participant,due_on,status,outcome,analytes,reason\nA71,2026-11-16,collected,negative,,\n"
    assert "1 unchanged" in renamed("history", "import", "-", input=past)


def test_an_earlier_code_is_given_to_nobody_else(renamed):
    enrol = ("--schedule", "fixed-2", "--level", "iop")
    assert "There is a participant A17 already" in renamed.refused("participant", "add", "A71", *enrol)
    assert "a71 was A17's code and finds A17 still" in renamed.refused("participant", "rename", "B04", "a71", *WHY)
    message = renamed.refused("participant", "rename", "B04", "A17", *WHY)
    assert "There is a participant A17 already" in message
    assert "participant join B04 A17" in message
    assert "nothing to correct" in renamed.refused("participant", "rename", "A17", "A17", *WHY)


def test_a_code_may_be_corrected_again_also_to_what_it_was(renamed):
    renamed("participant", "rename", "A17", "A71", "--reason", "it was right")
    assert [line["participant"] for line in renamed.json("participant", "list")] == ["A71", "B04"]
    renamed("participant", "rename", "A17", "a71", "--reason", "in small letters")
    done = renamed.run("participant", "show", "A17")
    assert "A17 is a71 now." in done.stderr
    assert "All holds" in renamed("verify")


def test_a_name_is_corrected_and_the_earlier_one_is_kept_and_shown_only_when_asked_for(clinic):
    clinic.add("A17", name="Jane Exampel")
    assert "A17's name is corrected; the earlier one is kept." in clinic(
        "participant", "rename", "A17", "--name", "Jane Example", *WHY
    )
    shown = clinic("participant", "show", "A17") + json.dumps(clinic.json("participant", "show", "A17"))
    assert "Jane" not in shown
    assert "name corrected on 2026-11-16: typed wrong" in shown
    named = clinic("participant", "show", "A17", "--names")
    assert "A17 (Jane Example)" in named
    assert "earlier    A17 (Jane Exampel), name corrected" in named
    assert clinic.rows("SELECT count(*) FROM audit_entry WHERE detail LIKE '%Jane%'") == [(0,)]
    clinic("participant", "rename", "A17", "--name", "", "--reason", "not wanted")
    assert clinic.json("participant", "show", "A17", "--names")["name"] is None
    assert "All holds" in clinic("verify")


def test_a_closed_week_that_was_printed_before_says_who_was_renamed_and_why(clinic):
    clinic.add("A71", "B04")
    clinic.add("C21", enrolled="2026-11-23")
    clinic("draw")
    clinic.today = "2026-11-23"
    clinic("draw")
    first = clinic("report", "weekly", "--week", "2026-W47")
    clinic("participant", "rename", "C21", "C12", *WHY)
    assert clinic("report", "weekly", "--week", "2026-W47") == first, "who was not there then changes nothing"
    clinic("participant", "rename", "A71", "A17", *WHY)
    again = clinic("report", "weekly", "--week", "2026-W47")
    assert "Amended since first printed on" in again
    assert "A71 is A17 now" in " ".join(again.split())
    assert "typed wrong" in again
    assert "C12" not in again


def test_a_code_changed_behind_the_programs_back_is_found(renamed):
    renamed.change("UPDATE participant SET code = 'A99' WHERE code = 'A17'")
    assert "not the one that its correction on record says" in renamed.refused("verify")


def test_a_proof_made_before_holds_after(renamed, tmp_path):
    renamed.today = "2026-11-17"
    renamed("draw")
    before = renamed("proof", "--day", "2026-11-16")
    renamed("participant", "rename", "B04", "B40", *WHY)
    assert renamed("proof", "--day", "2026-11-16") == before
