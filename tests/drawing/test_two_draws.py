"""A scheduled draw and one for cause on the same day: nothing is recorded for the wrong one."""

import pytest
from conftest import made_once

RESULTS = "participant,due_on,outcome,analytes\n"
WITH_KIND = "participant,due_on,outcome,analytes,kind\n"
POSITIVE = ("positive", "--analyte", "coc")


@made_once
def due_today(clinic):
    clinic.add("A17")
    clinic("draw")


@pytest.fixture
def take(due_today, tmp_path):
    """Imports results; what was said, and what was complained of."""

    def run(text: str):
        path = tmp_path / "results.csv"
        path.write_text(text)
        done = due_today.run("result", "import", str(path))
        return done.stdout, done.stderr

    return run


def outcomes(clinic, on="2026-11-16"):
    """What became of the scheduled draw and of the one for cause."""
    return [(line["status"], line["outcome"]) for line in clinic.json("due", "--on", on)]


def test_a_correction_never_guesses_which_draw_is_meant(due_today):
    due_today("result", "A17", *POSITIVE)
    due_today("test", "A17", "--reason", "slurred speech")
    assert "Add --scheduled or --for-cause" in due_today.refused("amend", "A17", "missed", "--reason", "never came")
    due_today("amend", "A17", "negative", "--scheduled", "--reason", "cups swapped")
    assert outcomes(due_today) == [("collected", "negative"), ("due", None)]


def test_a_correction_does_not_land_on_the_draw_that_was_closed_out(due_today):
    due_today("test", "A17")
    due_today("result", "A17", "negative", "--for-cause")
    due_today.today = "2026-11-17"
    due_today("draw")
    correction = ("amend", "A17", *POSITIVE, "--on", "2026-11-16", "--reason", "the laboratory called")
    assert "Add --scheduled or --for-cause" in due_today.refused(*correction)
    due_today(*correction, "--for-cause")
    assert outcomes(due_today) == [("missed", None), ("collected", "positive")]


def test_a_result_is_not_guessed_while_the_other_specimen_is_at_the_laboratory(due_today):
    due_today("collected", "A17")
    due_today("test", "A17")
    for command in (("result", "A17", "negative"), ("collected", "A17"), ("missed", "A17")):
        assert "Add --scheduled or --for-cause" in due_today.refused(*command)
    due_today("result", "A17", "negative", "--scheduled")
    assert outcomes(due_today) == [("collected", "negative"), ("due", None)]


def test_an_imported_line_says_which_of_two_draws_it_means(due_today, take):
    due_today("test", "A17")
    said, complaint = take(RESULTS + "A17,2026-11-16,negative,\n")
    assert "0 imported, 0 unchanged, 1 refused" in said
    assert "A17 has two draws on 2026-11-16" in complaint
    assert "a column kind" in complaint
    assert outcomes(due_today) == [("due", None), ("due", None)]
    said, _ = take(WITH_KIND + "A17,2026-11-16,negative,,Scheduled\nA17,2026-11-16,positive,coc,for-cause\n")
    assert "2 imported" in said
    assert outcomes(due_today) == [("collected", "negative"), ("collected", "positive")]
    said, _ = take(WITH_KIND + "A17,2026-11-16,negative,,\n")
    assert "1 refused" in said, "an empty cell says nothing"


def test_the_kind_of_an_imported_line_has_to_fit(due_today, take):
    assert "kind is none of scheduled, for-cause" in take(WITH_KIND + "A17,2026-11-16,negative,,urgent\n")[1]
    assert "No draw for cause was due for A17" in take(WITH_KIND + "A17,2026-11-16,negative,,for-cause\n")[1]
    assert "1 imported" in take(WITH_KIND + "A17,2026-11-16,negative,,\n")[0], "there is one draw only"


def test_the_same_result_of_the_other_draw_is_no_repetition(due_today, take):
    due_today("result", "A17", "negative")
    due_today("test", "A17")
    assert "1 imported, 0 unchanged" in take(WITH_KIND + "A17,2026-11-16,negative,,for-cause\n")[0]
    assert outcomes(due_today) == [("collected", "negative"), ("collected", "negative")]


def test_a_corrected_line_imported_again_does_not_fill_the_other_draw(due_today, take):
    line = RESULTS + "A17,2026-11-16,positive,coc\n"
    take(line)
    due_today("amend", "A17", "negative", "--reason", "cups swapped")
    due_today("test", "A17")
    before = due_today.contents()
    assert "1 refused" in take(line)[0]
    assert "0 imported, 1 unchanged" in take(WITH_KIND + "A17,2026-11-16,positive,coc,scheduled\n")[0]
    assert due_today.contents() == before


@pytest.mark.parametrize("correction", ["negative", "missed", "refused"])
def test_a_line_that_was_corrected_does_not_come_back(due_today, take, correction):
    line = RESULTS + "A17,2026-11-16,positive,coc\n"
    take(line)
    due_today("amend", "A17", correction, "--reason", "it was A71's cup")
    before = due_today.contents()
    assert "0 imported, 1 unchanged" in take(line)[0]
    assert due_today.contents() == before
