"""A specimen that does not count, and the second one for the same draw."""

from conftest import made_once


@made_once
def recollected(clinic):
    """A17's cup of Monday was invalid and is to be collected again; a pretended day is at noon."""
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "invalid", "--note", "leaked")
    clinic("test", "A17", "--recollect")


def holds(clinic) -> bool:
    return "All holds" in clinic("verify") and "collected" in clinic("report", "weekly", "--week", "2026-W47")


def test_the_second_cup_is_collected_first_and_read_later(recollected):
    recollected("collected", "A17")
    assert recollected.status("A17") == "collected"
    assert holds(recollected)
    recollected("result", "A17", "negative")
    assert recollected.status("A17") == "collected negative"
    assert holds(recollected)


def test_the_second_cup_awaited_over_night_stays_awaited(recollected):
    recollected("collected", "A17")
    recollected.today = "2026-11-17"
    recollected("draw")
    assert recollected.status("A17", "yesterday") == "collected"
    recollected("result", "A17", "positive", "--analyte", "thc", "--on", "yesterday")
    assert recollected.status("A17", "yesterday") == "collected positive"
    assert holds(recollected)


def test_a_late_specimen_that_is_collected_again_is_not_late_any_more(clinic):
    window = clinic.database.with_name("early.toml")
    window.write_text(
        'title = "Early"\n[draw]\nkind = "fixed"\nper_week = 1\ndays = ["mon"]\n[closed]\n'
        '[collection]\nspecimen = "urine"\npanel = ["cocaine"]\nwindow = "08:00-13:00"\n[response]\nsteps = 1\n'
    )
    clinic("schedule", "load", str(window))
    clinic.add("A17", schedule="early")
    clinic("draw")
    assert "late" in clinic("result", "A17", "invalid", "--note", "leaked", "--collected-at", "13:30")
    clinic("test", "A17", "--recollect")
    assert clinic.rows("SELECT status, late FROM draw") == [("due", 0)]
    assert holds(clinic)
    clinic("result", "A17", "negative")
    assert clinic.rows("SELECT late FROM draw") == [(0,)], "the second cup was not the late one"
    assert clinic.rows("SELECT collected_at FROM result ORDER BY id DESC LIMIT 1") == [(None,)]
    assert holds(clinic)


def test_who_gave_one_that_does_not_count_has_missed_nothing(recollected):
    said = recollected("missed", "A17", "--reason", "left")
    assert "A17's draw of 2026-11-16: collected, because a specimen was given" in said
    assert recollected.status("A17") == "collected invalid"
    assert holds(recollected)


def test_nor_in_the_log(recollected):
    assert "missed 0" in recollected("log", input="A17 m\n")
    assert recollected.status("A17") == "collected invalid"
    assert holds(recollected)


def test_a_line_of_the_log_about_the_second_cup_is_taken_back_to_the_first(recollected):
    recollected("log", input="A17 n\nu\n")
    assert recollected.status("A17") == "due"
    recollected("collected", "A17")
    recollected("log", input="A17 coc\nu\n")
    assert recollected.status("A17") == "collected"
    assert holds(recollected)


def test_what_a_laboratory_said_of_the_first_says_nothing_of_the_second(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    clinic("amend", "A17", "invalid", "--reason", "leaked")
    clinic("result", "A17", "invalid", "--definitive", "--lab", "North")
    clinic("test", "A17", "--recollect")
    clinic("result", "A17", "negative")
    assert clinic.status("A17") == "collected negative"
    assert holds(clinic)


def test_the_second_cup_of_somebody_discharged_meanwhile(recollected):
    recollected("participant", "discharge", "A17", "--reason", "moved")
    assert recollected.status("A17") == "cancelled"
    recollected("result", "A17", "negative")
    assert recollected.status("A17") == "collected negative"
    assert holds(recollected)


def test_a_second_cup_that_nothing_is_known_of_is_not_corrected_but_logged(recollected):
    recollected("collected", "A17")
    assert "Log one with `result`" in recollected.refused("amend", "A17", "negative", "--reason", "typo")
    recollected("amend", "A17", "missed", "--reason", "it was C21's cup, both times")
    assert recollected.status("A17") == "missed"
    assert holds(recollected)


def test_an_invalid_second_cup_is_collected_a_third_time(recollected):
    recollected("collected", "A17")
    recollected("result", "A17", "invalid", "--note", "leaked again")
    recollected("test", "A17", "--recollect")
    recollected("result", "A17", "negative")
    assert recollected.status("A17") == "collected negative"
    assert holds(recollected)
