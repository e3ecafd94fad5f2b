"""Specimens: what was measured on them, what that does to a result, and through whose hands they went."""

import pytest
from conftest import made_once
from freezegun import freeze_time

NORMAL = ("--creatinine", "80", "--specific-gravity", "1.0150", "--ph", "6.5", "--temperature", "34", "--oxidant", "0")
DILUTE = ("--creatinine", "12", "--specific-gravity", "1.0020")
SUBSTITUTED = ("--creatinine", "1", "--specific-gravity", "1.0005")


@made_once
def drawn(clinic):
    """A17 is due on Monday; a pretended day is at noon, before the window closes."""
    clinic.add("A17")
    clinic("draw")


def validity(clinic) -> str:
    return clinic.rows("SELECT validity FROM specimen ORDER BY id DESC")[0][0]


def reviews(clinic) -> list[str]:
    return [line["about"] for line in clinic.json("review", "list")]


def test_an_acceptable_specimen_changes_nothing(drawn):
    drawn("result", "A17", "negative", *NORMAL)
    assert (validity(drawn), drawn.status("A17")) == ("acceptable", "collected negative")


def test_what_was_not_measured_is_not_tested_and_never_normal(drawn):
    drawn("result", "A17", "negative", "--specimen-id", "S-1")
    assert validity(drawn) == "not tested"
    assert drawn("specimen", "show", "S-1").count("not tested") == 6


def test_a_dilute_negative_is_collected_again(drawn):
    done = drawn.run("result", "A17", "negative", *DILUTE)
    assert (validity(drawn), drawn.status("A17")) == ("dilute", "collected invalid")
    assert "the specimen is dilute" in done.stderr
    drawn("test", "A17", "--recollect")
    assert drawn.status("A17") == "due"
    drawn("result", "A17", "negative", *NORMAL)
    assert drawn.status("A17") == "collected negative"
    kept = drawn.rows("SELECT outcome FROM result ORDER BY id")
    assert kept == [("invalid",), ("negative",)]


def test_a_dilute_positive_stays_positive(drawn):
    assert "Recommendation 1" in drawn("result", "A17", "positive", "--analyte", "coc", *DILUTE)
    assert (validity(drawn), drawn.status("A17")) == ("dilute", "collected positive")


def test_a_tampered_specimen_goes_to_review_and_raises_nothing_by_itself(drawn):
    drawn("result", "A17", "negative", *SUBSTITUTED)
    assert (validity(drawn), drawn.status("A17")) == ("substituted", "collected invalid")
    assert reviews(drawn) == ["tampered specimen"]
    assert drawn.json("recommendation", "list") == []


def test_a_correction_of_the_measurement_withdraws_the_review(drawn):
    drawn("result", "A17", "negative", *SUBSTITUTED)
    drawn("amend", "A17", "negative", *NORMAL, "--reason", "creatinine misread")
    assert drawn.status("A17") == "collected negative"
    assert reviews(drawn) == []


def test_a_recollection_that_was_not_given_is_no_missed_test(drawn):
    """The participant did give a specimen that day."""
    drawn("result", "A17", "invalid", "--note", "leaked")
    drawn("test", "A17", "--recollect")
    drawn.today = "2026-11-17"
    drawn("draw")
    assert drawn.status("A17", "yesterday") == "collected invalid"
    assert "All holds" in drawn("verify")


def test_a_recollection_can_be_refused_or_be_more_than_somebody_can(drawn):
    drawn("result", "A17", "negative", *DILUTE)
    drawn("test", "A17", "--recollect")
    drawn("unable", "A17", "--reason", "tried twice")
    drawn("refused", "A17", "--reason", "left")
    assert drawn.status("A17") == "refused"
    assert "All holds" in drawn("verify")


def test_recollecting_needs_an_invalid_specimen_of_today(drawn):
    assert "no invalid specimen" in drawn.refused("test", "A17", "--recollect")
    drawn("result", "A17", "negative")
    assert "no invalid specimen" in drawn.refused("test", "A17", "--recollect")


def test_after_the_window_it_is_too_late_to_recollect(tmp_path):
    from conftest import Clinic

    live = Clinic(tmp_path / "live.db", None)
    with freeze_time("2026-11-16T09:00:00+00:00"):
        live("init", "--timezone", "UTC")
        live.add("A17")
        live("draw")
        live("result", "A17", "invalid")
    with freeze_time("2026-11-16T17:00:00+00:00"):
        assert "has closed" in live.refused("test", "A17", "--recollect")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--creatinine", "a lot"), ("--ph", "-1"), ("--specific-gravity", "1,003"), ("--temperature", "warm")],
)
def test_a_measurement_that_is_none_is_refused(drawn, option, value):
    assert drawn.refused("result", "A17", "negative", option, value)


def test_a_fahrenheit_temperature(drawn):
    drawn("result", "A17", "negative", "--temperature", "94F")
    ((celsius,),) = drawn.rows("SELECT temperature FROM specimen")
    assert 34.4 < float(celsius) < 34.5


def test_labels_are_given_once(drawn):
    drawn.add("B2")
    drawn("draw")
    drawn("result", "A17", "negative", "--specimen-id", "S-1")
    assert "another specimen with the label S-1" in drawn.refused("result", "B2", "negative", "--specimen-id", "S-1")


def test_the_chain_of_custody_has_every_hand(drawn):
    drawn(
        "result", "A17", "positive", "--analyte", "coc", "--specimen-id", "S-1", "--collector", "nurse 4",
        "--collected-at", "09:10", "--received-at", "09:40", "--observed",
    )  # fmt: skip
    drawn("specimen", "handover", "S-1", "--to", "courier", "--at", "10:30")
    drawn("specimen", "handover", "S-1", "--to", "Northside", "--at", "11:15", "--for", "confirmation")
    record = drawn.json("specimen", "show", "S-1")
    assert [hand["whom"] for hand in record["hands"]][0::2] == ["nurse 4", "courier"]
    assert record["hands"][-1]["whom"] == "Northside"
    assert record["observed"] is True
    printed = drawn("specimen", "show", "S-1")
    assert "09:10  nurse 4: collected" in printed
    assert "11:15  Northside: confirmation" in printed


def test_hands_go_forward_in_time(drawn):
    drawn("result", "A17", "negative", "--specimen-id", "S-1", "--collected-at", "09:10")
    assert "in the future" in drawn.refused("specimen", "handover", "S-1", "--to", "x", "--at", "2026-11-17T08:00")
    drawn("specimen", "handover", "S-1", "--to", "courier", "--at", "10:30")
    assert "Give the handovers in their order" in drawn.refused(
        "specimen", "handover", "S-1", "--to", "x", "--at", "10:00"
    )
    assert "There is no specimen S-2" in drawn.refused("specimen", "show", "S-2")


def test_a_specimen_given_after_the_window_is_collected_and_late(drawn):
    drawn.today = "2026-11-17"
    drawn("draw")
    assert drawn.status("A17", "yesterday") == "missed"
    printed = drawn("result", "A17", "negative", "--on", "2026-11-16", "--collected-at", "2026-11-16T18:30")
    assert "marked late" in printed
    drawn.today = "2026-11-23"
    totals = drawn.json("report", "weekly")["totals"]
    assert (totals["collected"], totals["missed"], totals["late"]) == (1, 0, 1)


def test_an_analyte_outside_the_panel_is_accepted_with_a_warning(drawn):
    done = drawn.run("result", "A17", "positive", "--analyte", "methadone")
    assert (done.exit_code, "methadone is not in the panel" in done.stderr) == (0, True)
    assert drawn.status("A17") == "collected positive"


def test_everything_can_come_in_a_file(drawn):
    columns = "participant,due_on,outcome,analytes,method,lab"
    columns += ",specimen_id,creatinine,specific_gravity,ph,oxidant,observed"
    lines = f"{columns}\nA17,2026-11-16,positive,coc=320;fentanyl,definitive,Northside,S-9,80,1.0150,6.5,0,yes\n"
    assert "1 imported" in drawn("result", "import", "-", input=lines)
    assert "0 imported, 1 unchanged" in drawn("result", "import", "-", input=lines)
    assert drawn.status("A17") == "collected positive"
    assert validity(drawn) == "acceptable"
    amounts = drawn.rows("SELECT analyte, amount FROM finding ORDER BY analyte")
    assert amounts == [("cocaine", "320"), ("fentanyl", None)]


def test_the_weekly_report_has_who_was_away_and_what_waits(drawn):
    drawn.add("B2", "C3", schedule="fixed-3")
    drawn("draw")
    drawn("result", "A17", "negative", *SUBSTITUTED)
    drawn("result", "B2", "positive", "--analyte", "coc")
    drawn("confirmation", "send", "B2", "--lab", "Northside", "--by", "2026-11-17")
    drawn("participant", "leave", "C3", "2026-11-16", "2026-11-20", "--reason", "hospital")
    drawn.today = "2026-11-23"
    report = drawn.json("report", "weekly")
    assert [(line["participant"], line["reason"]) for line in report["leaves"]] == [("C3", "hospital")]
    assert [(line["participant"], line["about"]) for line in report["reviews"]] == [("A17", "tampered specimen")]
    assert [line["participant"] for line in report["confirmations_overdue"]] == ["B2"]
    text = drawn("report", "weekly")
    assert "A17  7 d  2026-11-16  tampered specimen: substituted" in text
    assert "B2  2026-11-16  Northside  2026-11-17" in text
    assert "C3  2026-11-16  2026-11-20  hospital" in text
    assert max(map(len, text.splitlines())) <= 80
