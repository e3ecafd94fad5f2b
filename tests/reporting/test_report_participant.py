"""`report participant`: all about one participant, as it is now."""

import csv
import stat

import pytest
from conftest import made_once


@made_once
def a1(clinic):
    """Two weeks of A1: negative, positive, corrected, missed, excused, and decided on."""
    clinic.add("A1", "B1", "B2", "B3", "B4", "B5", schedule="fixed-3")
    clinic("prescription", "add", "A1", "buprenorphine", "--prescriber", "Dr Lee")
    for day in (16, 17, 18, 19, 20, 21, 22, 23, 24, 25):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        for line in clinic.json("due"):
            if line["participant"] != "A1":
                clinic("result", line["participant"], "negative")
        if day == 16:
            clinic("result", "A1", "positive", "--analyte", "cocaine")
            clinic("amend", "A1", "negative", "--reason", "cups swapped")
        if day == 18:
            clinic("result", "A1", "positive", "--analyte", "fentanyl")
        if day == 20:
            clinic("excuse", "A1", "--reason", "court date")
        if day == 23:
            clinic("missed", "A1")
    number = clinic.json("recommendation", "list", "--open")[0]["id"]
    clinic("recommendation", "decline", str(number), "--reason", "counselling first")


def test_the_page_has_calendar_measures_prescriptions_decisions_and_every_draw(a1):
    text = a1("report", "participant", "A1")
    assert max(len(line) for line in text.splitlines()) <= 80
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "Mon Tue Wed Thu Fri Sat Sun" in lines
    assert "2026-W47 - . + . e . ." in lines
    assert "2026-W48 o . d . . . ." in lines
    flowing = " ".join(lines)
    assert "+ positive, - negative, o missed or refused, d due, e excused" in flowing
    assert "negative weeks 0 of 1" in flowing
    assert "buprenorphine; Dr Lee" in flowing
    assert "counselling first" in flowing
    assert "was positive: cocaine (presumptive)" in flowing
    assert "negative (presumptive) cups swapped" in flowing.replace(";", "")
    assert "42 CFR part 2 prohibits unauthorized use or disclosure of these records." in flowing
    assert "anchor:" in flowing


def test_json_and_csv_have_the_same(a1):
    document = a1.json("report", "participant", "a1")
    assert (document["participant"], document["pattern"]) == ("A1", "*")
    assert document["calendar"][0] == {
        "week": "2026-W47",
        "days": ["negative", None, "positive", None, "excused", None, None],
    }
    assert [decision["decision"] for decision in document["decisions"]] == ["declined"]
    assert "name" not in document
    rows = list(csv.DictReader(a1("report", "participant", "A1", "--format", "csv").splitlines()))
    assert [(row["due_on"], row["status"], row["outcome"], row["analytes"]) for row in rows] == [
        ("2026-11-16", "collected", "negative", ""),
        ("2026-11-18", "collected", "positive", "fentanyl"),
        ("2026-11-20", "excused", "", ""),
        ("2026-11-23", "missed", "", ""),
        ("2026-11-25", "due", "", ""),
    ]


@pytest.mark.parametrize("form", ["table", "csv", "json", "html", "pdf"])
def test_a_file_is_for_its_owner_alone_and_on_record(a1, tmp_path, form):
    file = tmp_path / f"one.{form}"
    a1("report", "participant", "A1", "--format", form, "--output", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_size > 100
    about = "SELECT participant_id FROM audit_entry WHERE act = 'report export' AND detail LIKE '%\"participant\"%'"
    assert a1.rows(about) == [(1,)]


def test_somebody_new_has_nothing_yet(clinic):
    clinic.add("N1")
    text = clinic("report", "participant", "N1")
    assert "no week is over yet" in text
    assert "Draws: none" in text


def test_a_code_that_nobody_has_is_refused(clinic):
    assert "There is no participant N1" in clinic.refused("report", "participant", "N1")
