"""A deferral is ended by a test that may show another use, and by nothing that was taken back."""

import pytest

UNTIL = "2026-12-01"


@pytest.fixture
def deferred(clinic):
    """A17's positive of Monday is put off until December; Wednesday's cups are there."""
    clinic.add("A17", "B04", schedule="fixed-3")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    clinic("result", "B04", "negative")
    clinic("recommendation", "defer", "1", "--until", UNTIL, "--reason", "talk first")
    clinic.today = "2026-11-18"
    clinic("draw")
    return clinic


def until(clinic) -> str | None:
    return clinic.rows("SELECT deferred_until FROM recommendation")[0][0]


def test_a_slip_that_is_undone_in_the_log_has_ended_nothing(deferred):
    deferred("log", input="A17 opi\n")
    assert until(deferred) is None
    deferred("amend", "A17", "due", "--reason", "B04's cup")
    assert until(deferred) == UNTIL
    deferred("log", input="A17 opi\nu\n")
    assert until(deferred) == UNTIL


def test_nor_has_one_that_was_corrected(deferred):
    deferred("result", "A17", "positive", "--analyte", "opiates")
    deferred("amend", "A17", "negative", "--reason", "misread")
    assert until(deferred) == UNTIL


def test_another_one_that_stands_has_ended_it(deferred):
    deferred("result", "A17", "positive", "--analyte", "opiates")
    deferred("test", "A17")
    deferred("result", "A17", "positive", "--analyte", "cannabinoids", "--for-cause")
    deferred("amend", "A17", "negative", "--scheduled", "--reason", "misread")
    assert until(deferred) is None
    deferred("amend", "A17", "negative", "--for-cause", "--reason", "misread")
    assert until(deferred) == UNTIL
