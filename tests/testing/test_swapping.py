"""Two cups that changed hands are exchanged in one act, with all that is theirs."""

import itertools

import pytest
from conftest import made_once


@made_once
def drawn(clinic):
    """A17, B04 and C21 are due on Monday; a pretended day is at noon."""
    clinic.add("A17", "B04", "C21")
    clinic("draw")


def standing(clinic, code, on="today"):
    """What counts of a draw: by method, outcome, analytes, laboratory, and the specimen's label."""
    rows = clinic.rows(
        "SELECT p.code, d.due_on, r.method, r.outcome, r.lab, r.note, s.label, "
        "(SELECT group_concat(analyte) FROM (SELECT analyte FROM finding WHERE result_id = r.id AND found ORDER BY 1)) "
        "FROM result r JOIN draw d ON d.id = r.draw_id JOIN participant p ON p.id = d.participant_id "
        "LEFT JOIN specimen s ON s.id = r.specimen_id WHERE r.outcome IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM result later WHERE later.replaces_id = r.id) ORDER BY r.method DESC"
    )
    return [row[2:] for row in rows if row[0] == code]


@pytest.mark.sqlite_only("group_concat")
def test_two_cups_change_places_with_all_that_is_theirs(drawn):
    drawn(
        "result", "A17", "positive", "--analyte", "coc=3200", "--specimen-id", "S-1", "--note", "cloudy",
        "--collector", "nurse 4",
    )  # fmt: skip
    drawn("specimen", "handover", "S-1", "--to", "courier")
    drawn("confirmation", "send", "A17", "--lab", "North")
    drawn("result", "C21", "negative", "--specimen-id", "S-2")
    a17, c21 = standing(drawn, "A17"), standing(drawn, "C21")
    drawn.today = "2026-11-17"
    drawn("draw")
    said = drawn("swap", "A17", "c21", "--on", "yesterday", "--reason", "labels changed hands")
    assert said.splitlines() == [
        "TRAINING A17's draw of 2026-11-16: C21's cup, negative; the earlier entry is kept.",
        "TRAINING Recommendation 1 for A17, withdrawn: 1 positive test; review for more immersive care, iop to php. "
        "A clinician decides.",
        "TRAINING C21's draw of 2026-11-16: A17's cup, positive for cocaine; the earlier entry is kept.",
        "TRAINING Recommendation 2 for C21, open: 1 positive test; review for more immersive care, iop to php. "
        "A clinician decides.",
    ]
    assert (standing(drawn, "A17"), standing(drawn, "C21")) == (c21, a17)
    assert [(line["participant"], line["sent_on"]) for line in drawn.json("confirmation", "list")] == [
        ("C21", "2026-11-16")
    ]
    record = drawn.json("specimen", "show", "s-1")
    assert (record["participant"], [hand["whom"] for hand in record["hands"]]) == ("C21", ["nurse 4", "courier"])
    assert drawn.json("specimen", "show", "S-2")["participant"] == "A17"
    for code in ("A17", "C21"):
        (draw,) = [one for one in drawn.json("participant", "show", code)["draws"] if one["due_on"] == "2026-11-16"]
        assert [result["reason"] for result in draw["results"]] == [None, "labels changed hands"]
    assert "All holds" in drawn("verify")
    assert drawn("report", "weekly", "--week", "2026-W47")
    drawn("swap", "A17", "C21", "--on", "yesterday", "--reason", "it was right before")
    assert (standing(drawn, "A17"), standing(drawn, "C21")) == (a17, c21)
    assert drawn.json("specimen", "show", "S-1")["participant"] == "A17"
    assert [line["participant"] for line in drawn.json("recommendation", "list", "--open")] == ["A17"]
    assert "All holds" in drawn("verify")


@pytest.mark.sqlite_only("group_concat")
def test_definitive_results_go_with_their_cups(drawn):
    drawn("result", "A17", "positive", "--analyte", "coc")
    drawn("confirmation", "send", "A17", "--lab", "North")
    drawn("result", "A17", "positive", "--analyte", "coc=900", "--definitive", "--lab", "North")
    drawn("result", "C21", "negative")
    drawn("swap", "A17", "C21", "--reason", "labels changed hands")
    assert standing(drawn, "A17") == [("presumptive", "negative", None, None, None, None)]
    assert [row[:3] for row in standing(drawn, "C21")] == [
        ("presumptive", "positive", None), ("definitive", "positive", "North"),
    ]  # fmt: skip
    assert drawn.status("A17") == "collected negative"
    assert drawn.json("confirmation", "list") == [], "it is answered, whosever it is"
    assert drawn.json("recommendation", "list", "--open")[0]["certainty"] == "confirmed"
    assert "All holds" in drawn("verify")


def test_where_one_has_no_cup_the_other_ones_moves(drawn):
    drawn("result", "A17", "negative", "--specimen-id", "S-1")
    said = drawn("swap", "C21", "A17", "--reason", "C21's cup")
    assert "A17's draw of 2026-11-16: has no cup now and is due; the earlier entry is kept." in said
    assert (drawn.status("A17"), drawn.status("C21")) == ("due", "collected negative")
    assert drawn.json("specimen", "show", "S-1")["participant"] == "C21"
    drawn("result", "A17", "positive", "--analyte", "coc", "--specimen-id", "S-3")
    assert "All holds" in drawn("verify")


def test_nobody_becomes_a_no_show_because_a_cup_was_anothers(drawn):
    for code in ("A17", "B04"):
        drawn("result", code, "negative")
    drawn.today = "2026-11-17"
    drawn("draw")
    assert drawn.status("C21", "yesterday") == "missed"
    said = drawn("swap", "A17", "C21", "--on", "yesterday", "--reason", "C21's cup")
    assert "A17's draw of 2026-11-16: has no cup now and is unrecorded, because the day is over" in said
    assert drawn.status("C21", "yesterday") == "collected negative"
    assert "All holds" in drawn("verify")


def test_a_cup_whose_result_is_to_come_changes_places_too(drawn):
    drawn("collected", "A17", "--specimen-id", "S-1")
    drawn("result", "C21", "positive", "--analyte", "coc", "--specimen-id", "S-2")
    said = drawn("swap", "A17", "C21", "--reason", "labels changed hands")
    assert "C21's draw of 2026-11-16: A17's cup, whose result is to come" in said
    assert (drawn.status("A17"), drawn.status("C21")) == ("collected positive", "collected")
    drawn("result", "C21", "negative", "--specimen-id", "S-1")
    assert "All holds" in drawn("verify")


def test_two_cups_whose_results_are_to_come_change_labels(drawn):
    drawn("collected", "A17", "--specimen-id", "S-1")
    drawn("collected", "C21", "--specimen-id", "S-2")
    drawn("swap", "A17", "C21", "--reason", "labels changed hands")
    assert drawn.json("specimen", "show", "S-1")["participant"] == "C21"
    drawn("result", "A17", "negative", "--specimen-id", "S-2")
    assert "All holds" in drawn("verify")


def test_what_cannot_be_swapped(drawn):
    assert "Neither" in drawn.refused("swap", "A17", "C21", "--reason", "x")
    drawn("result", "A17", "negative")
    assert "with itself" in drawn.refused("swap", "A17", "a17", "--reason", "x")
    drawn("refused", "C21")
    assert "recorded as refused" in drawn.refused("swap", "A17", "C21", "--reason", "x")
    drawn("result", "B04", "invalid")
    drawn("test", "B04", "--recollect")
    assert "another one that is to come" in drawn.refused("swap", "A17", "B04", "--reason", "x")
    assert drawn.run("swap", "A17", "C21").exit_code == 2, "a reason is needed"


_STATES = {
    "due": (),
    "missed": (("missed", "{}"),),
    "to come": (("collected", "{}"),),
    "labelled": (("collected", "{}", "--specimen-id", "{}-1"),),
    "negative": (("result", "{}", "negative"),),
    "invalid": (("result", "{}", "invalid", "--specimen-id", "{}-1"),),
    "positive": (
        ("result", "{}", "positive", "--analyte", "coc", "--specimen-id", "{}-1"),
        ("confirmation", "send", "{}"),
    ),
    "definitive": (("result", "{}", "positive", "--analyte", "coc", "--definitive", "--lab", "North"),),
    "taken back": (("result", "{}", "positive", "--analyte", "coc"), ("amend", "{}", "collected", "--reason", "x")),
}


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(_STATES, 2)))
def test_from_whatever_to_whatever_all_holds_and_twice_is_as_before(drawn, one, other):
    for code, state in (("A17", one), ("C21", other)):
        for act in _STATES[state]:
            drawn(*(part.format(code) for part in act))
    before = {code: drawn.status(code) for code in ("A17", "C21")}
    done = drawn.run("swap", "A17", "C21", "--reason", "labels changed hands")
    if {one, other} == {"due", "missed"}:
        assert done.exit_code == 1
        return
    assert done.exit_code == 0, done.output
    no_cup = {"due": "due", "missed": "due"}
    assert drawn.status("C21") == no_cup.get(one, before["A17"])
    assert drawn.status("A17") == no_cup.get(other, before["C21"])
    assert "All holds" in drawn("verify")
    drawn("swap", "C21", "A17", "--reason", "it was right before")
    assert drawn.status("A17") == no_cup.get(one, before["A17"])
    positive = sorted(code for code, status in before.items() if status == "collected positive")
    assert sorted(line["participant"] for line in drawn.json("recommendation", "list", "--open")) == positive
    assert "All holds" in drawn("verify")
