"""A decision that has lost its ground is a review until somebody has looked, and says whom it moved."""

import databases
import pytest

MOVED = "A17 was moved from iop to php on this ground (recommendation 1)"
LOST = "decision without its ground"


@pytest.fixture
def accepted(staffed):
    """A17's positive of Monday was accepted: php instead of iop."""
    staffed("recommendation", "accept", "1")
    return staffed


def lost(clinic, *arguments: str) -> list[tuple]:
    return [
        (one["participant"], one["due_on"], one["detail"], one["status"])
        for one in clinic.json("review", "list", *arguments)
        if one["about"] == LOST
    ]


def definitive(clinic, outcome: str, *more: str) -> str:
    return clinic("result", "A17", outcome, "--definitive", "--lab", "North", *more)


def test_nothing_is_asked_while_the_ground_stands(accepted):
    assert lost(accepted) == []
    definitive(accepted, "positive", "--analyte", "cocaine")
    assert lost(accepted) == []


def test_the_laboratorys_negative_asks_a_clinician_to_look_and_says_whom_it_moved(accepted):
    said = definitive(accepted, "negative")
    assert f"{MOVED}. A clinician is asked to look: `testing-tracker review list`." in said
    assert "The decision stands until a clinician changes it." in said
    assert lost(accepted) == [("A17", "2026-11-16", MOVED, "open")]
    assert accepted.json("participant", "show", "A17")["level"] == "php"
    assert "All holds" in accepted("verify")


def test_a_correction_asks_too(accepted):
    assert MOVED in accepted("amend", "A17", "negative", "--reason", "B04's cup")
    assert lost(accepted) == [("A17", "2026-11-16", MOVED, "open")]


def test_a_result_that_is_taken_back_asks_too(accepted):
    assert MOVED in accepted("amend", "A17", "excused", "--reason", "B04's cup")
    assert lost(accepted) == [("A17", "2026-11-16", MOVED, "open")]


def test_a_prescription_that_explains_it_asks_too(accepted):
    accepted("amend", "A17", "positive", "--analyte", "buprenorphine", "--reason", "the other line of the cup")
    said = accepted("prescription", "add", "A17", "buprenorphine", "--from", "2026-11-01", "--reread", input="y\n")
    assert MOVED in said
    assert lost(accepted) == [("A17", "2026-11-16", MOVED, "open")]


def test_a_file_of_the_laboratory_asks_too(accepted):
    file = accepted.database.with_name("lab.csv")
    file.write_text("participant,due_on,outcome,method,lab\nA17,2026-11-16,negative,definitive,North\n")
    assert MOVED in accepted("result", "import", str(file))
    assert lost(accepted) == [("A17", "2026-11-16", MOVED, "open")]


def test_a_ground_that_comes_back_withdraws_the_question(accepted):
    accepted("amend", "A17", "negative", "--reason", "B04's cup")
    accepted("amend", "A17", "positive", "--analyte", "cocaine", "--reason", "it was A17's after all")
    assert lost(accepted) == []
    assert [status for *_, status in lost(accepted, "--all")] == ["withdrawn"]
    assert "All holds" in accepted("verify")


def test_what_was_looked_at_is_done_until_the_ground_is_lost_anew(accepted):
    accepted("amend", "A17", "negative", "--reason", "B04's cup")
    number = next(one["id"] for one in accepted.json("review", "list") if one["about"] == LOST)
    accepted("review", "done", str(number), "--note", "stays in php for other reasons")
    assert lost(accepted) == []
    accepted.today = "2026-11-17"
    accepted("amend", "A17", "positive", "--on", "2026-11-16", "--analyte", "cocaine", "--reason", "A17's after all")
    assert lost(accepted) == []
    accepted.today = "2026-11-18"
    accepted("amend", "A17", "negative", "--on", "2026-11-16", "--reason", "no, B04's")
    assert lost(accepted) == [("A17", "2026-11-16", MOVED, "open")]
    assert "All holds" in accepted("verify")


def test_a_decision_that_moved_nobody_says_so(staffed):
    staffed("recommendation", "accept", "1", "--to", "iop")
    staffed("amend", "A17", "negative", "--reason", "B04's cup")
    said = "A17 was not moved by recommendation 1, which was accepted on this ground"
    assert lost(staffed) == [("A17", "2026-11-16", said, "open")]


def test_a_recommendation_that_was_declined_asks_nothing(staffed):
    staffed("recommendation", "decline", "1", "--reason", "talked with A17")
    staffed("amend", "A17", "negative", "--reason", "B04's cup")
    assert lost(staffed) == []


def test_a_missed_test_that_was_a_ground_and_was_excused_asks_too(clinic, tmp_path):
    rule = clinic("schedule", "show", "fixed-2")
    file = tmp_path / "strict.toml"
    file.write_text("\n".join(line for line in rule.splitlines() if not line.startswith("missed")))
    file.write_text(file.read_text().replace("[response]", '[response]\nmissed = "positive"'))
    clinic("schedule", "load", str(file))
    clinic.today = "2026-11-17"
    clinic.add("A17", schedule="strict")
    clinic.today = "2026-11-19"
    clinic("draw")
    clinic("missed", "A17")
    clinic("recommendation", "accept", "1")
    said = clinic("excuse", "A17", "--reason", "in hospital")
    assert MOVED in said
    assert lost(clinic) == [("A17", "2026-11-19", MOVED, "open")]
    assert "All holds" in clinic("verify")


def test_the_weekly_report_has_it_among_what_is_open(accepted):
    for day in range(17, 24):
        accepted.today = f"2026-11-{day}"
        accepted("draw")
    accepted("amend", "A17", "negative", "--on", "2026-11-16", "--reason", "B04's cup")
    assert f"{LOST}: {MOVED}" in " ".join(accepted("report", "weekly").split())


@pytest.mark.sqlite_only(reason="asks the file's own catalogue")
def test_the_table_keeps_its_indexes_and_still_refuses_other_words(clinic):
    with databases.opened(clinic.database) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE tbl_name = 'review'")}
        (declared,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'review'").fetchone()
    assert {"review", "review_participant_id_index"} <= names
    assert "review_about_is_known" in declared
    assert "review_draw_id_about_facility_id_unique" in declared
    assert "anew" not in declared
