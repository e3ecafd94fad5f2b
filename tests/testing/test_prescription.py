"""What is prescribed explains a positive; what it explains raises nothing, and everything else does."""

import json

import databases
import pytest
from conftest import made_once

PANEL = '["buprenorphine", "benzodiazepine", "cocaine", "methadone", "opiates"]'
BUP = ("prescription", "add", "A17", "buprenorphine")


@made_once
def clinic(clinic):
    """A clinic whose tests look for buprenorphine and methadone too; A17 is due today, Monday the 16th."""
    text = clinic("schedule", "show", "fixed-2")
    panel = next(line for line in text.splitlines() if line.startswith("panel"))
    file = clinic.database.with_name("clinic-2.toml")
    file.write_text(text.removeprefix("TRAINING").replace(panel, f"panel = {PANEL}"))
    clinic("schedule", "load", str(file))
    clinic.add("A17", schedule="clinic-2")
    clinic("draw")


def reviews(clinic) -> list[tuple]:
    """What a clinician is asked to look at, without what was withdrawn."""
    return clinic.rows("SELECT about, detail FROM review WHERE done_at IS NULL")


def recommended(clinic) -> list[str]:
    return [line["status"] for line in clinic.json("recommendation", "list", "--all")]


def readings(clinic) -> list[tuple]:
    return clinic.rows("SELECT expected, unexpected, absent, reason FROM reading ORDER BY id")


def positive(clinic, *analytes: str, code: str = "A17") -> str:
    return clinic("result", code, "positive", *[part for name in analytes for part in ("--analyte", name)])


def test_a_positive_that_a_prescription_explains_raises_nothing_and_says_so(clinic):
    clinic("prescription", "add", "A17", "bup", "--prescriber", "Dr 7")
    assert "Expected: a prescription explains buprenorphine." in positive(clinic, "buprenorphine")
    assert recommended(clinic) == []
    assert reviews(clinic) == []
    assert clinic.rows("SELECT outcome, expected FROM draw") == [("positive", 1)]


def test_one_other_analyte_on_the_same_test_raises_and_only_that_one_is_unexpected(clinic):
    clinic(*BUP)
    said = positive(clinic, "buprenorphine", "cocaine")
    assert "Recommendation 1 for A17, open" in said
    assert readings(clinic) == [("buprenorphine", "cocaine", "", None)]
    (line,) = clinic.json("recommendation", "list", "--all")
    assert line["evidence"][0]["analytes"] == ["cocaine"]


def test_what_is_prescribed_and_not_found_is_listed_for_the_clinician_and_recommends_nothing(clinic):
    clinic(*BUP)
    clinic("result", "A17", "negative")
    assert reviews(clinic) == [("unexpected negative", "buprenorphine")]
    assert recommended(clinic) == []


def test_a_screen_that_may_miss_the_medicine_lists_nobody(clinic):
    for analyte in ("benzodiazepine", "fentanyl"):
        clinic("prescription", "add", "A17", analyte)
    clinic("result", "A17", "negative")
    assert reviews(clinic) == []


def test_an_invalid_result_says_nothing_about_what_is_prescribed(clinic):
    clinic(*BUP)
    clinic("result", "A17", "invalid")
    assert reviews(clinic) == []


@pytest.mark.parametrize(
    ("days", "is_expected"),
    [
        pytest.param(("--from", "2026-11-16"), True, id="begins that day"),
        pytest.param(("--from", "2026-11-17"), False, id="begins the day after"),
        pytest.param(("--from", "2026-11-01", "--to", "2026-11-16"), True, id="ends that day"),
        pytest.param(("--from", "2026-11-01", "--to", "2026-11-15"), False, id="ended the day before"),
        pytest.param((), True, id="from today where no day is given"),
    ],
)
def test_the_first_and_last_day_are_included(clinic, days, is_expected):
    clinic(*BUP, *days)
    positive(clinic, "buprenorphine")
    assert (recommended(clinic) == []) is is_expected


def test_it_is_the_day_of_the_draw_that_counts_not_the_day_of_logging(clinic):
    clinic.today = "2026-11-17"
    clinic(*BUP)
    clinic("result", "A17", "positive", "--analyte", "buprenorphine", "--on", "2026-11-16")
    assert recommended(clinic) == ["open"]


def test_overlapping_prescriptions_of_one_analyte_are_refused_with_the_remedy(clinic):
    clinic(*BUP, "--from", "2026-11-10", "--to", "2026-11-20")
    for days in (("--from", "2026-11-20"), ("--from", "2026-11-01", "--to", "2026-11-10"), ("--from", "2026-11-01")):
        assert clinic.refused(*BUP, *days) == (
            "A17 is prescribed buprenorphine from 2026-11-10 to 2026-11-20 already. Give other days, or end that one "
            "first with `testing-tracker prescription end A17 buprenorphine --on DATE --reason …`."
        )
    clinic(*BUP, "--from", "2026-11-21")
    clinic(*BUP, "--from", "2026-11-01", "--to", "2026-11-09")
    clinic("prescription", "add", "A17", "methadone", "--from", "2026-11-10")
    assert "before it begins" in clinic.refused(
        "prescription", "add", "A17", "cocaine", "--from", "2026-11-10", "--to", "2026-11-09"
    )


def test_nobody_is_prescribed_for_by_a_wrong_code_or_a_wrong_analyte(clinic):
    assert "There is no participant A18. Did you mean A17?" in clinic.refused("prescription", "add", "A18", "bup")
    assert clinic.run("prescription", "add", "A17", "bupp").exit_code == 2
    assert "No prescription explains 6-mam" in clinic.refused("prescription", "add", "A17", "heroin")


def test_an_end_is_the_last_day_and_the_earlier_row_is_kept(clinic):
    clinic(*BUP, "--from", "2026-11-01")
    said = clinic("prescription", "end", "A17", "bup", "--reason", "tapered off")
    assert "A17's prescription of buprenorphine ends on 2026-11-16." in said
    assert clinic.rows("SELECT from_on, to_on, reason, replaces_id FROM prescription") == [
        ("2026-11-01", None, None, None),
        ("2026-11-01", "2026-11-16", "tapered off", 1),
    ]
    positive(clinic, "buprenorphine")
    assert recommended(clinic) == []
    assert "so there is nothing to end after 2026-11-16" in clinic.refused(
        "prescription", "end", "A17", "bup", "--reason", "again"
    )
    clinic.today = "2026-11-19"
    clinic("draw")
    positive(clinic, "buprenorphine")
    assert recommended(clinic) == ["open"], "the prescription ended before this test"


def test_one_that_was_never_there_cannot_be_ended(clinic):
    assert "A17 has no prescription of methadone" in clinic.refused(
        "prescription", "end", "A17", "methadone", "--reason", "x"
    )


def test_ending_one_that_is_to_come_calls_it_off(clinic):
    clinic(*BUP, "--from", "2026-11-20")
    said = clinic("prescription", "end", "A17", "bup", "--reason", "changed plan")
    assert "is called off" in said
    assert "No prescription for A17 is active" in clinic("prescription", "list", "A17", "--on", "2026-11-21")
    statuses = [line["status"] for line in clinic.json("prescription", "list", "A17", "--all")]
    assert statuses == ["replaced", "called off"]
    clinic(*BUP, "--from", "2026-11-20")


def test_one_entered_by_mistake_is_called_off_with_a_last_day_before_its_first(clinic):
    clinic(*BUP)
    positive(clinic, "buprenorphine")
    said = clinic("prescription", "end", "A17", "bup", "--on", "2026-11-15", "--reason", "it is B04's", "--reread")
    assert "is called off" in said
    assert "Recommendation 1 for A17, open" in said
    assert "has no prescription" in clinic.refused("prescription", "end", "A17", "bup", "--reason", "x")


def test_the_list_has_what_is_active_with_what_it_explains_and_with_all_the_rest_too(clinic):
    clinic.add("B04")
    clinic("prescription", "add", "B04", "methadone", "--from", "2026-11-01", "--prescriber", "Dr 7")
    clinic(*BUP, "--from", "2026-11-01", "--to", "2026-11-10")
    clinic(*BUP, "--from", "2026-12-01")
    (line,) = clinic.json("prescription", "list")
    assert (line["participant"], line["analyte"], line["prescriber"]) == ("B04", "methadone", "Dr 7")
    assert (line["from_on"], line["to_on"], line["status"]) == ("2026-11-01", None, "active")
    everything = clinic.json("prescription", "list", "--all")
    assert [(line["participant"], line["status"]) for line in everything] == [
        ("A17", "ended"),
        ("A17", "to come"),
        ("B04", "active"),
    ]
    assert [line["status"] for line in clinic.json("prescription", "list", "a17", "--on", "2026-11-10")] == ["active"]
    assert clinic("prescription", "list", "--format", "csv").splitlines()[0].startswith("participant,analyte,explains")
    assert "methadone" in clinic("prescription", "list")
    assert "No prescription for A17 is active on 2026-11-16." in clinic("prescription", "list", "A17")


def test_the_participants_record_shows_what_is_prescribed(clinic):
    clinic(*BUP, "--from", "2026-11-01", "--prescriber", "Dr 7")
    assert "prescribed from 2026-11-01  buprenorphine, by Dr 7  (active)" in clinic("participant", "show", "A17")
    (line,) = clinic.json("participant", "show", "A17")["prescriptions"]
    assert (line["analyte"], line["status"]) == ("buprenorphine", "active")


# Results that were logged before the prescription came on record


def test_results_before_it_are_left_as_they_were_where_nobody_can_answer_and_it_says_how(clinic):
    positive(clinic, "buprenorphine")
    before = readings(clinic)
    done = clinic.run(*BUP)
    assert done.exit_code == 0
    assert "A17's draw of 2026-11-16 was not read again: expected buprenorphine; before, unexpected bup" in done.stderr
    assert "`testing-tracker prescription reread A17`" in done.stderr
    assert readings(clinic) == before
    assert recommended(clinic) == ["open"]
    (detail,) = clinic.rows("SELECT detail FROM audit_entry WHERE act = 'prescription add'")[0]
    assert (json.loads(detail)["touched"], json.loads(detail)["reread"]) == (["2026-11-16"], False)


def test_read_again_the_positive_is_expected_and_its_recommendation_withdrawn(clinic):
    positive(clinic, "buprenorphine")
    said = clinic(*BUP, "--reread")
    assert "A17's draw of 2026-11-16 was read again: expected buprenorphine; before, unexpected buprenorphine." in said
    assert "Recommendation 1 for A17, withdrawn" in said
    assert readings(clinic) == [
        ("", "buprenorphine", "", None),
        ("buprenorphine", "", "", "prescription of buprenorphine added"),
    ]
    assert clinic.rows("SELECT reason FROM audit_entry WHERE act = 'result read again'") == [
        ("prescription of buprenorphine added",)
    ]
    (detail,) = clinic.rows("SELECT detail FROM audit_entry WHERE act = 'prescription add'")[0]
    assert json.loads(detail)["reread"] is True


def test_read_again_in_part_the_recommendation_stands_on_what_is_left(clinic):
    positive(clinic, "buprenorphine", "cocaine")
    clinic(*BUP, "--reread")
    (line,) = clinic.json("recommendation", "list", "--all")
    assert line["status"] == "open"
    assert [test["analytes"] for test in line["evidence"]] == [["cocaine"]]


def test_read_again_a_negative_becomes_an_unexpected_one(clinic):
    clinic("result", "A17", "negative")
    said = clinic(*BUP, "--reread")
    assert "unexpected negative for buprenorphine; before, nothing unexpected" in said
    assert reviews(clinic) == [("unexpected negative", "buprenorphine")]
    clinic("prescription", "end", "A17", "bup", "--on", "2026-11-15", "--reason", "not taken yet", "--reread")
    assert reviews(clinic) == []


def test_on_a_terminal_it_shows_what_would_change_and_asks(clinic, monkeypatch):
    positive(clinic, "buprenorphine")
    monkeypatch.setattr("testing_tracker.cli.prescription.somebody_can_answer", lambda: True)
    done = clinic.run(*BUP, input="n\n")
    assert "The draw of 2026-11-16 would read expected buprenorphine" in done.stderr
    assert "Read again? [y/N]" in done.stderr
    assert recommended(clinic) == ["open"]
    done = clinic.run("prescription", "end", "A17", "bup", "--reason", "x", input="")
    assert done.exit_code == 0, "nothing is touched, so nothing is asked"
    clinic("prescription", "end", "A17", "bup", "--on", "2026-11-15", "--reason", "x")
    assert clinic.run(*BUP, input="y\n").exit_code == 0
    assert recommended(clinic) == ["withdrawn"]


def test_who_breaks_off_at_the_question_has_changed_nothing(clinic, monkeypatch):
    positive(clinic, "buprenorphine")
    monkeypatch.setattr("testing_tracker.cli.prescription.somebody_can_answer", lambda: True)
    before = clinic.contents()
    assert clinic.run(*BUP, input="").exit_code == 1
    assert clinic.contents() == before


def test_only_the_results_on_its_days_that_it_explains_otherwise_are_touched(clinic):
    positive(clinic, "cocaine")
    clinic.today = "2026-11-19"
    clinic("draw")
    positive(clinic, "buprenorphine")
    done = clinic.run(*BUP, "--from", "2026-11-17", "--reread")
    assert "draw of 2026-11-19" in done.stdout
    assert "2026-11-16" not in done.stdout
    (line,) = clinic.json("recommendation", "list", "--all")
    assert [test["due_on"] for test in line["evidence"]] == ["2026-11-16"]


def test_what_was_left_can_be_read_again_later(clinic):
    positive(clinic, "buprenorphine")
    clinic(*BUP, "--no-reread")
    clinic("prescription", "add", "A17", "methadone", "--no-reread")
    said = clinic("prescription", "reread", "A17", "--reason", "asked the prescriber")
    assert "Recommendation 1 for A17, withdrawn" in said
    assert clinic.rows("SELECT reason FROM reading ORDER BY id DESC LIMIT 1") == [("asked the prescriber",)]
    assert "already" in clinic("prescription", "reread", "A17")


def test_an_end_in_the_past_makes_what_it_explained_unexpected_again(clinic):
    clinic(*BUP, "--from", "2026-11-01")
    positive(clinic, "buprenorphine")
    assert recommended(clinic) == []
    said = clinic("prescription", "end", "A17", "bup", "--on", "2026-11-10", "--reason", "pharmacy said so", "--reread")
    assert "unexpected buprenorphine; before, expected buprenorphine" in said
    assert recommended(clinic) == ["open"]


def test_a_decision_on_what_was_read_before_stands_and_is_named(clinic):
    positive(clinic, "buprenorphine")
    clinic("recommendation", "accept", "1")
    assert "Recommendation 1 was decided on what was read before" in clinic(*BUP, "--reread")
    assert recommended(clinic) == ["accepted"]


def test_a_past_record_is_read_again_without_raising_anything(clinic, tmp_path):
    clinic.add("B04", schedule="clinic-2", enrolled="2026-10-01")
    past = tmp_path / "past.csv"
    past.write_text(
        "participant,due_on,status,outcome,analytes,reason\n"
        "B04,2026-10-05,collected,positive,buprenorphine;cocaine,\n"
        "B04,2026-10-08,collected,positive,buprenorphine,\n"
        "B04,2026-10-12,collected,negative,,\n"
    )
    clinic("history", "import", str(past))
    said = clinic("prescription", "add", "B04", "buprenorphine", "--from", "2026-10-01", "--reread")
    assert said.count("was read again") == 3
    assert recommended(clinic) == []
    assert clinic.rows("SELECT expected FROM draw WHERE outcome = 'positive' ORDER BY due_on") == [(0,), (1,)]


def test_a_definitive_result_is_what_is_read_again(clinic):
    positive(clinic, "opiates")
    clinic("result", "A17", "positive", "--analyte", "hydrocodone", "--definitive", "--lab", "L")
    said = clinic("prescription", "add", "A17", "hydrocodone", "--reread")
    assert "expected hydrocodone; before, unexpected hydrocodone" in said
    assert recommended(clinic) == ["withdrawn"]


def test_a_laboratory_that_was_asked_about_one_analyte_says_nothing_about_the_others(clinic):
    clinic(*BUP)
    positive(clinic, "buprenorphine", "cocaine")
    clinic("result", "A17", "negative", "--definitive", "--lab", "L")
    assert reviews(clinic) == [], "buprenorphine was found, and the laboratory was not asked about it"


def test_prescriptions_can_only_be_added_to(clinic):
    clinic(*BUP)
    with pytest.raises(databases.REFUSALS, match="append-only"):
        clinic.change("UPDATE prescription SET analyte = 'cocaine'")
    clinic("verify")
