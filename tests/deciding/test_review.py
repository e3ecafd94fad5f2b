"""Reviews: what a clinician is asked to look at, and is not a recommendation."""

import databases
import pytest
from conftest import Clinic, made_once


@made_once
def unable(clinic):
    """A17 tried on Monday and could not."""
    clinic.add("A17", schedule="fixed-3")
    clinic("draw")
    said = clinic("unable", "A17", "--reason", "waited three hours")
    assert "tried and could not provide; the draw is due" in said


def reviews(clinic, *more):
    return [(line["participant"], line["about"], line["status"]) for line in clinic.json("review", "list", *more)]


def test_who_could_not_may_still_try_the_same_day(unable):
    assert unable.status("A17") == "due"
    assert reviews(unable) == []
    unable("result", "A17", "negative")
    assert unable.status("A17") == "collected negative"
    unable.today = "2026-11-17"
    unable("draw")
    assert reviews(unable, "--all") == []


def test_at_the_end_of_the_day_it_is_unrecorded_and_not_missed(unable):
    unable.today = "2026-11-17"
    assert "0 of the days before closed as missed" in unable("draw")
    assert unable.status("A17", "2026-11-16") == "unrecorded"
    (line,) = unable.json("review", "list")
    assert (line["about"], line["due_on"], line["age_days"]) == ("unable to provide", "2026-11-16", 0)
    assert line["detail"] == "the participant tried and could not provide a specimen: waited three hours"


def test_it_can_be_said_a_day_late(clinic):
    clinic.add("A17", schedule="fixed-3")
    clinic("draw")
    clinic.today = "2026-11-17"
    clinic("draw")
    assert clinic.status("A17", "yesterday") == "missed"
    assert "the draw is unrecorded" in clinic("unable", "A17", "--on", "yesterday")
    assert reviews(clinic) == [("A17", "unable to provide", "open")]
    assert "already" in clinic.refused("unable", "A17", "--on", "yesterday")
    assert "All holds" in clinic("verify")


@pytest.mark.parametrize("act", [("result", "A17", "negative"), ("excuse", "A17", "--reason", "fever")])
def test_it_is_withdrawn_when_it_is_settled_otherwise(unable, act):
    unable.today = "2026-11-17"
    unable("draw")
    unable(*act, "--on", "2026-11-16")
    assert reviews(unable) == []
    assert reviews(unable, "--all") == [("A17", "unable to provide", "withdrawn")]


def test_nobody_is_unable_after_the_specimen_was_given(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "negative")
    assert "has a result (negative)" in clinic.refused("unable", "A17")


def test_a_review_is_done_once_by_somebody(unable):
    unable.today = "2026-11-17"
    unable("draw")
    assert "Nothing waits" not in unable("review", "list")
    assert unable("review", "done", "1", "--note", "shy bladder, doctor informed") == (
        "TRAINING Review 1 for A17 (unable to provide, 2026-11-16) is done.\n"
    )
    assert reviews(unable) == []
    (line,) = unable.json("review", "list", "--all")
    assert (line["status"], line["note"], bool(line["done_by"])) == ("done", "shy bladder, doctor informed", True)
    assert "done already" in unable.refused("review", "done", "1")
    assert "There is no review 9" in unable.refused("review", "done", "9")
    assert "Nothing waits for review." in unable("review", "list")
    header, row = unable("review", "list", "--all", "--format", "csv").splitlines()
    assert header == "id,participant,about,due_on,detail,status,age_days,raised_at,done_at,done_by,note"
    assert row.startswith("1,A17,unable to provide,2026-11-16,")


def test_what_was_done_is_not_asked_again(unable):
    unable.today = "2026-11-17"
    unable("draw")
    unable("review", "done", "1")
    unable("excuse", "A17", "--on", "2026-11-16", "--reason", "fever")
    assert reviews(unable, "--all") == [("A17", "unable to provide", "done")]


def test_several_are_done_in_one_line_all_or_none(clinic):
    clinic.add("A17", "B04", schedule="fixed-3")
    clinic("draw")
    for code in ("A17", "B04"):
        clinic("unable", code)
    clinic.today = "2026-11-17"
    clinic("draw")
    numbers = [str(line["id"]) for line in clinic.json("review", "list")]
    assert "There is no review 9" in clinic.refused("review", "done", *numbers, "9", "--note", "talked")
    assert len(reviews(clinic)) == 2
    said = clinic("review", "done", *numbers, numbers[0], "--note", "talked to both").splitlines()
    assert len(said) == 2
    assert all("(unable to provide, 2026-11-16) is done." in line for line in said)
    assert {line["note"] for line in clinic.json("review", "list", "--all")} == {"talked to both"}
    assert "done already" in clinic.refused("review", "done", *numbers)
    assert clinic.run("review", "done").exit_code == 2


@pytest.mark.parametrize(
    "changed",
    [
        "done_at = raised_at, done_by = 'somebody'",
        "done_at = raised_at",
        "note = 'another'",
        "done_by = 'somebody'",
    ],
)
def test_a_review_that_was_closed_by_hand_is_named(unable, tmp_path, changed):
    unable.today = "2026-11-17"
    unable("draw")
    if not changed.startswith("done_at"):
        unable("review", "done", "1", "--note", "talked")
    assert "All holds" in unable("verify")
    copy = tmp_path / "copy.db"
    databases.copy(unable.database, copy)
    assert databases.change(copy, f"UPDATE review SET {changed} WHERE id = 1", triggers=False) == 1
    done = Clinic(copy, unable.today).run("verify")
    assert done.exit_code == 1
    assert "A17: review 1 is closed, and the audit table does not say so" in done.output
