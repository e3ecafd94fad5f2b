"""A history goes out of one database and into a new one: nothing that a report says of its tests may differ."""

import json
from pathlib import Path

import databases
import pytest
from conftest import MONDAY, Clinic, made_once

PEOPLE = ("A17", "B04", "C21", "D33", "E55", "F01", "G02", "H08")
HEADER = "participant,due_on,status,outcome,analytes,reason\n"


@pytest.fixture
def other(made_clinic, tmp_path) -> Clinic:
    """A new database with the same participants, and nothing else of theirs."""
    Path(tmp_path, "other").mkdir()
    database = tmp_path / "other" / "clinic.db"
    databases.copy(made_clinic, database)
    other = Clinic(database, MONDAY)
    other.add(*PEOPLE, enrolled="2026-11-15")
    return other


@made_once
def lived(clinic):
    """A Monday with everything that a draw may be, and the Tuesday after it."""
    clinic.add(*PEOPLE, enrolled="2026-11-15")
    clinic("draw")
    clinic("prescription", "add", "A17", "buprenorphine")
    clinic("result", "A17", "positive", "--analyte", "buprenorphine")
    clinic("result", "B04", "positive", "--analyte", "cocaine", "--collected-at", "10:30")
    clinic("result", "B04", "positive", "--analyte", "cocaine=320", "--definitive", "--lab", "North, Ltd")
    clinic("result", "C21", "invalid", "--note", "leaked")
    clinic("test", "C21", "--recollect")
    clinic("missed", "C21")
    clinic("result", "D33", "invalid", "--note", "leaked")
    clinic("test", "D33", "--recollect")
    clinic("collected", "D33")
    clinic("result", "E55", "positive", "--analyte", "cocaine=5000", "--analyte", "opiates=3")
    clinic("prescription", "add", "F01", "fentanyl")
    clinic("result", "F01", "negative")
    clinic("unable", "G02", "--reason", "an hour")
    clinic("result", "H08", "invalid", "--note", "leaked")
    clinic("test", "H08", "--recollect")
    clinic("test", "A17", "--reason", "[seemed] ill")
    clinic("result", "A17", "negative", "--for-cause", "--collected-at", "18:00")


def of_the_tests(clinic: Clinic) -> dict:
    """What the weekly report says of the tests, with the measures; a line for each participant, by code."""
    report = clinic.json("report", "weekly", "--week", "2026-W47")
    assert len(report["participants"]) == len(PEOPLE)
    lines = {line["participant"]: line for line in report["participants"]}
    return {"totals": report["totals"], **lines, "analytes": report["analytes"], "talk": report["talk"]}


def record(clinic: Clinic, code: str) -> list:
    shown = clinic.json("participant", "show", code)["draws"]
    told = ("due_on", "status", "outcome", "expected", "late", "reason")
    return [{key: draw[key] for key in told} for draw in shown]


@pytest.mark.parametrize("today", [MONDAY, "2026-11-17", "2026-11-23"])
def test_nothing_differs_in_a_new_database(lived, other, today):
    if today != MONDAY:
        lived.today = today
        lived("draw")
    other.today = today
    exported = lived("history", "export")
    said = other("history", "import", "-", input=exported)
    assert f"{exported.count(chr(10)) - 1} imported, 0 unchanged, 0 refused" in said
    assert other("history", "export") == exported
    for code in PEOPLE:
        assert record(other, code) == record(lived, code)
    assert of_the_tests(other) == of_the_tests(lived)
    assert "All holds" in other("verify")
    assert "0 imported" in other("history", "import", "-", input=exported)
    assert "0 imported" in lived("history", "import", "-", input=exported)


def test_what_was_measured_below_its_cutoff_was_not_found(lived):
    lines = {line.split(",")[0]: line for line in lived("history", "export").splitlines()}
    assert lines["E55"] == (
        'E55,2026-11-16,collected,positive,cocaine,"[measured ""cocaine=5000 ng/mL;opiates=3 ng/mL""]"'
    )


def test_a_past_record_is_read_against_the_prescriptions_on_record(other):
    other("prescription", "add", "A17", "buprenorphine", "--from", "2026-11-15")
    other("history", "import", "-", input=f"{HEADER}A17,2026-11-15,collected,positive,buprenorphine,\n")
    assert other.rows("SELECT outcome, expected FROM draw") == [("positive", 1)]
    assert "All holds" in other("verify")
    other.today = "2026-11-16"
    assert of_the_tests(other)["A17"]["positive"] == 0


def test_a_past_record_weighs_an_open_recommendation_again(other):
    file = other.database.with_name("fixed-2.toml")
    text = other("schedule", "show", "fixed-2")
    file.write_text(text.replace("steps = 1", "steps = 1\nrepeat_within_days = 30\nrepeat_steps = 2"))
    other("schedule", "load", str(file))
    other("participant", "transfer", "A17", "outpatient", "--reason", "better")
    other.today = "2026-11-19"
    other("draw")
    other("result", "A17", "positive", "--analyte", "cocaine")
    assert [one["to_level"] for one in other.json("recommendation", "list")] == ["iop"]
    other("history", "import", "-", input=f"{HEADER}A17,2026-11-15,collected,positive,cannabinoids,\n")
    assert [one["to_level"] for one in other.json("recommendation", "list")] == ["php"]
    assert "All holds" in other("verify")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('due,,,"[definitive ""North""]"', "a mark in the reason is about a result, and the outcome is empty"),
        ('collected,negative,,"[collected-at ""noon""]"', "is no instant with its offset from UTC"),
        ('collected,negative,,"[collected-at ""2026-11-15T09:00""]"', "is no instant with its offset from UTC"),
        ('collected,positive,thc,"[expected ""cocaine""]"', "are not among the analytes"),
        ('collected,negative,,"[absent ""Jane""]"', "names an analyte that is not known"),
        ('collected,negative,,"[measured ""thc=Jane""]"', "the mark [measured] in the reason is none"),
        ('missed,,,"[earlier ""Jane""]"', "is none of negative, positive, invalid"),
        ('collected,negative,,"[earlier ""invalid""]"', "does not count, and the line says that it does"),
        ("collected,negative,,a second specimen was collected; its result is to come", "the line has one"),
        ("missed,,,[unrecorded]", "an [unrecorded] draw has the status due"),
        ("excused,,,[cancelled] [cancelled]", "has the mark cancelled twice"),
    ],
)
def test_a_mark_that_does_not_fit_is_refused_without_its_text(other, line, said):
    done = other.run("history", "import", "-", input=f"{HEADER}A17,2026-11-15,{line}\n")
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Jane" not in done.stderr


def test_a_file_of_before_there_were_these_marks_says_the_same(lived):
    """It leaves out what they say, and so contradicts nothing."""
    plain = [",".join([*line.split(",")[:5], ""]) for line in lived("history", "export").splitlines()[1:]]
    kept = [line for line in plain if line.split(",")[0] in ("B04", "E55") or "F01" in line]
    assert "3 unchanged, 0 refused" in lived("history", "import", "-", input=HEADER + "\n".join(kept) + "\n")
    assert json.loads(lived("verify", "--format", "json"))["problems"] == []


def test_an_amount_below_what_a_laboratory_can_measure_stays_below_it(clinic, tmp_path):
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "negative", "--definitive", "--lab", "North", "--analyte", "coc=<50", "--cutoff", "coc=100")
    exported = clinic("history", "export")
    assert "cocaine=<50 ng/mL" in exported
    other = Clinic(tmp_path / "other.db", clinic.today)
    other("init", "--training", "--timezone", "America/Los_Angeles")
    other.add("A17")
    other("history", "import", "-", input=exported)
    assert other("history", "export") == exported
    assert other.rows("SELECT amount, comparator FROM finding") == [("50", "<")]
