"""Logging results, absences and corrections, with every mistake that a nurse can make."""

import databases
import pytest
from conftest import made_once


@made_once
def due_today(clinic):
    """A17 has a draw today; it is Monday."""
    clinic.add("A17")
    clinic("draw")


def test_a_negative_is_logged_in_one_short_line(due_today):
    assert due_today("result", "A17", "negative") == "TRAINING A17's draw of 2026-11-16: negative logged.\n"
    assert due_today.status("A17") == "collected negative"


def test_codes_are_found_in_any_case_and_shown_as_entered(due_today):
    assert "A17's draw" in due_today("result", "a17", "negative")


def test_a_positive_needs_an_analyte_that_exists(due_today):
    assert "at least one analyte" in due_today.refused("result", "A17", "positive")
    assert "has no analytes" in due_today.refused("result", "A17", "negative", "--analyte", "cocaine")
    wrong = due_today.run("result", "A17", "positive", "--analyte", "cocain")
    assert wrong.exit_code == 2
    assert "did you mean cocaine" in wrong.stderr


def test_analytes_may_be_called_what_people_call_them(due_today):
    due_today("result", "A17", "positive", "--analyte", "THC", "--analyte", "coc", "--analyte", "thc")
    assert due_today.rows("SELECT analyte FROM finding") == [("cannabinoids",), ("cocaine",)]


def test_a_result_without_a_draw_says_what_to_do(clinic):
    clinic.add("A17", schedule="fixed-1")
    assert "Today's draws are not made yet" in clinic.refused("result", "A17", "negative")
    clinic("draw")
    message = clinic.refused("result", "A17", "negative")
    assert message == (
        "No draw was due for A17 on 2026-11-16. Give --on, or order one with `testing-tracker test A17`."
    )


def test_a_second_result_is_refused_and_names_the_remedy(due_today):
    due_today("result", "A17", "negative")
    message = due_today.refused("result", "A17", "positive", "--analyte", "cocaine")
    assert message.startswith("A17's draw of 2026-11-16 already has a result (negative).")
    assert "amend" in message
    assert "already has a result" in due_today.refused("missed", "A17")


def test_a_future_day_and_an_unknown_code_are_refused(due_today):
    assert "in the future" in due_today.refused("result", "A17", "negative", "--on", "2026-11-17")
    assert "Did you mean A17?" in due_today.refused("result", "A71", "negative")


@pytest.mark.parametrize(
    "arguments",
    [
        ("result", "A17", "negativ"),
        ("result", "A17", "negative", "--on", "12.11.2026"),
        ("result", "Jane Doe", "negative"),
        ("result", "A17"),
        ("excuse", "A17", "--reason", " "),
    ],
)
def test_wrong_words_are_wrong_usage(due_today, arguments):
    before = due_today.contents()
    done = due_today.run(*arguments)
    assert done.exit_code == 2
    assert "Jane" not in done.stderr, "somebody typed a name where a code belongs"
    assert due_today.contents() == before


def test_the_time_of_collection_is_local_and_kept_in_utc(due_today):
    due_today("result", "A17", "negative", "--collected-at", "09:40", "--note", "first void")
    assert due_today.rows("SELECT collected_at, note FROM result") == [("2026-11-16 17:40:00.000000", "first void")]


@pytest.mark.parametrize("time", ["9 o'clock", "25:00", "2026-11-17T09:00", "2026-11-15T09:00"])
def test_an_impossible_time_of_collection_is_refused(due_today, time):
    due_today.refused("result", "A17", "negative", "--collected-at", time)


def test_a_result_that_comes_in_after_the_draw_was_closed_out_counts(due_today):
    due_today.today = "2026-11-17"
    due_today("draw")
    assert "(was missed)" in due_today("result", "A17", "negative", "--on", "yesterday")
    assert due_today.status("A17", "yesterday") == "collected negative"


def test_absences_are_recorded_with_their_reasons(clinic):
    clinic.add("A", "B", "D")
    clinic("draw")
    clinic("missed", "A")
    clinic("refused", "B", "--reason", "left the room")
    clinic("excuse", "D", "--reason", "court date")
    assert [(line["status"], line["reason"]) for line in clinic.json("due")] == [
        ("missed", None),
        ("refused", "left the room"),
        ("excused", "court date"),
    ]
    assert clinic.run("excuse", "A").exit_code == 2, "an excuse needs its reason"
    clinic("excuse", "A", "--reason", "ambulance")
    assert clinic.status("A") == "excused"
    assert "recorded as excused already" in clinic.refused("excuse", "A", "--reason", "again")
    assert "amend" in clinic.refused("missed", "D")


def test_an_amendment_keeps_and_shows_the_earlier_result(due_today):
    due_today("result", "A17", "positive", "--analyte", "cocaine")
    due_today("amend", "A17", "negative", "--on", "2026-11-16", "--reason", "cups swapped")
    due_today("amend", "A17", "invalid", "--on", "2026-11-16", "--reason", "wrong form")
    (draw,) = due_today.json("participant", "show", "A17")["draws"]
    assert [(entry["outcome"], entry["analytes"], entry["reason"]) for entry in draw["results"]] == [
        ("positive", ["cocaine"], None),
        ("negative", [], "cups swapped"),
        ("invalid", [], "wrong form"),
    ]
    assert due_today.status("A17") == "collected invalid"
    shown = due_today("participant", "show", "A17")
    assert "was positive" in shown
    assert "cups swapped" in shown


def test_a_correction_keeps_the_time_and_while_the_outcome_stays_the_note(due_today):
    positive = ("positive", "--analyte", "cocaine")
    due_today("result", "A17", *positive, "--collected-at", "09:40", "--note", "admits use")
    due_today("amend", "A17", *positive, "--analyte", "opiates", "--reason", "a second analyte")
    due_today("amend", "A17", "negative", "--reason", "cups swapped")
    time = "2026-11-16 17:40:00.000000"
    assert due_today.rows("SELECT outcome, note, collected_at FROM result ORDER BY id") == [
        ("positive", "admits use", time),
        ("positive", "admits use", time),
        ("negative", None, time),
    ]


def test_an_amendment_needs_a_result_and_a_change(due_today):
    assert "has no result to correct" in due_today.refused("amend", "A17", "negative", "--reason", "x")
    due_today("result", "A17", "negative")
    assert "nothing to correct" in due_today.refused("amend", "A17", "negative", "--reason", "x")


def test_a_result_logged_for_the_wrong_participant_can_be_taken_back(clinic):
    clinic.add("A17", "A71")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    said = clinic("amend", "A17", "due", "--reason", "it was A71's cup")
    assert "withdrawn" in said
    assert clinic.status("A17") == "due"
    clinic("result", "A71", "positive", "--analyte", "cocaine")
    clinic("result", "A17", "negative")
    assert clinic.status("A17") == "collected negative"
    assert [line["participant"] for line in clinic.json("recommendation", "list", "--open")] == ["A71"]


def test_taken_back_on_a_later_day_nobody_claims_to_know(due_today):
    due_today("result", "A17", "negative")
    due_today.today = "2026-11-17"
    due_today("draw")
    due_today("amend", "A17", "due", "--on", "yesterday", "--reason", "never came")
    assert due_today.status("A17", "yesterday") == "unrecorded"


def test_a_test_for_cause_stands_beside_the_scheduled_one(due_today):
    due_today("test", "A17", "--reason", "slurred speech")
    assert [line["kind"] for line in due_today.json("due")] == ["fixed", "for-cause"]
    assert "Add --scheduled or --for-cause" in due_today.refused("result", "A17", "negative")
    due_today("result", "A17", "positive", "--analyte", "alcohol", "--for-cause")
    due_today("result", "A17", "negative")
    assert [line["outcome"] for line in due_today.json("due")] == ["negative", "positive"]
    assert "ordered for A17 today already" in due_today.refused("test", "A17")
    due_today("amend", "A17", "negative", "--for-cause", "--reason", "misread")
    assert [line["outcome"] for line in due_today.json("due")] == ["negative", "negative"]


def test_every_change_says_who_when_and_why(due_today):
    due_today("result", "A17", "positive", "--analyte", "cocaine")
    due_today("amend", "A17", "negative", "--reason", "cups swapped")
    entries = due_today.rows("SELECT act, account, at, reason FROM audit_entry ORDER BY id")
    acts = [entry[0] for entry in entries]
    assert acts[-4:] == ["result log", "recommendation raise", "result amend", "recommendation withdraw evidence"]
    assert all(account and at.startswith("2026-11-16") for _, account, at, _ in entries)
    assert entries[-2][3] == "cups swapped"


@pytest.mark.parametrize("table", ["audit_entry", "result", "placement", "assignment", "enrolment", "schedule_version"])
def test_what_is_on_record_can_be_neither_altered_nor_deleted(due_today, table):
    due_today("result", "A17", "negative")
    for change in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id + 1000"):
        with pytest.raises(databases.REFUSALS, match="append-only"):
            due_today.change(change)


def test_an_invalid_specimen_says_how_another_one_is_collected(due_today):
    said = due_today("result", "A17", "i", "--note", "leaked")
    assert said.endswith("To collect another specimen: `testing-tracker test A17 --recollect`.\n")
    due_today("test", "A17", "--recollect")
    assert "To collect another" not in due_today("result", "A17", "n")
    due_today.today = "2026-11-17"
    said = due_today("amend", "A17", "i", "--on", "yesterday", "--reason", "wrong form")
    assert "`testing-tracker test A17 --reason 'specimen of 2026-11-16'`" in said
