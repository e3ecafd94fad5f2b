"""A cup's result beside a laboratory's: taken by every way in, and what governs is said."""

from conftest import made_once

GOVERNS = "The definitive result (positive for cocaine, North) governs the draw and still stands."


@made_once
def confirmed(clinic):
    """A17's laboratory was quicker than the cup's line: positive for cocaine."""
    clinic.add("A17")
    clinic("draw")
    clinic("collected", "A17")
    clinic("result", "A17", "positive", "--analyte", "cocaine", "--definitive", "--lab", "North")


def results(clinic) -> list[tuple]:
    return clinic.rows("SELECT method, outcome FROM result ORDER BY id")


def test_the_log_takes_what_result_takes(confirmed):
    assert GOVERNS in confirmed("log", input="A17 coc\n")
    assert results(confirmed) == [("definitive", "positive"), ("presumptive", "positive")]
    assert confirmed.run("log", input="A17 n\n").exit_code == 1, "the cup has its result now"
    assert "All holds" in confirmed("verify")


def test_it_is_taken_back_in_the_log_too(confirmed):
    said = confirmed("log", input="A17 n\nu\n")
    assert "negative taken back; it is collected again" in said
    assert confirmed.status("A17") == "collected positive"
    assert "All holds" in confirmed("verify")


def test_but_nobody_is_absent_of_whom_a_laboratory_has_a_result(confirmed):
    assert confirmed.run("log", input="A17 m\n").exit_code == 1


def test_a_correction_that_does_not_govern_says_what_does(confirmed):
    confirmed("result", "A17", "positive", "--analyte", "cocaine")
    said = confirmed("amend", "A17", "negative", "--reason", "misread")
    assert "corrected to negative" in said
    assert GOVERNS in said
    assert confirmed.status("A17") == "collected positive"


def test_where_the_written_one_governs_nothing_is_said(confirmed):
    said = confirmed("amend", "A17", "negative", "--definitive", "--lab", "North", "--reason", "their mistake")
    assert "governs" not in said
