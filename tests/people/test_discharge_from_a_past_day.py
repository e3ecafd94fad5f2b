"""Who had left by then has missed no test since: a discharge may be from a day that is over."""

import pytest

BY_DAY = """
title = "Every day; a missed test raises"
[draw]
kind = "random"
per_week = 7
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
[collection]
[response]
missed = "{}"
"""
GONE = ("--reason", "moved away")


def lived(clinic, tmp_path, missed: str):
    """A17 came on Monday, and never since; four days have been closed, and the fifth is Saturday."""
    (tmp_path / "daily.toml").write_text(BY_DAY.format(missed))
    clinic("schedule", "load", str(tmp_path / "daily.toml"))
    clinic.add("A17", "B04", "C21", schedule="daily")
    for day in (16, 17, 18, 19, 20, 21):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        for code in ("B04", "C21", *(("A17",) if day == 16 else ())):
            clinic("result", code, "negative")
    return clinic


@pytest.fixture
def gone(clinic, tmp_path):
    return lived(clinic, tmp_path, "none")


def test_the_missed_draws_since_are_cancelled_and_given_tests_stay(gone):
    gone("result", "A17", "negative", "--on", "2026-11-18")
    said = gone("participant", "discharge", "A17", "--on", "2026-11-17", *GONE)
    assert "A17 discharged from 2026-11-17." in said
    assert [day for day in range(16, 22) if f"The draw of 2026-11-{day} is cancelled." in said] == [17, 19, 20, 21]
    assert "The draw of 2026-11-18 stays: collected negative." in said
    draws = {draw["due_on"][-2:]: draw["status"] for draw in gone.json("participant", "show", "A17")["draws"]}
    assert draws == {
        "16": "collected",
        "17": "cancelled",
        "18": "collected",
        "19": "cancelled",
        "20": "cancelled",
        "21": "cancelled",
    }
    (line,) = [one for one in gone.json("report", "weekly", "--week", "2026-W47")["participants"] if one["due"] == 2]
    assert (line["participant"], line["missed"], line["compliance_rate"]) == ("A17", 0, 1)
    assert "All holds" in gone("verify")
    gone.today = "2026-11-22"
    gone("draw")
    assert gone.status("A17") == "none"
    assert "All holds" in gone("verify")


def test_what_rested_on_the_absences_follows(clinic, tmp_path):
    lived(clinic, tmp_path, "positive")
    (raised,) = clinic.json("recommendation", "list", "--open")
    assert raised["participant"] == "A17"
    said = clinic("participant", "discharge", "A17", "--on", "2026-11-17", *GONE)
    assert "withdrawn" in said
    assert clinic.json("recommendation", "list", "--open") == []
    assert "All holds" in clinic("verify")


def test_reviews_follow_too_and_a_decision_on_them_is_named(clinic, tmp_path):
    lived(clinic, tmp_path, "review")
    assert {line["participant"] for line in clinic.json("review", "list")} == {"A17"}
    clinic("participant", "discharge", "A17", "--on", "2026-11-17", *GONE)
    assert clinic.json("review", "list") == []


def test_a_decision_that_rested_on_them_is_named(clinic, tmp_path):
    lived(clinic, tmp_path, "positive")
    clinic("recommendation", "accept", "1")
    said = clinic("participant", "discharge", "A17", "--on", "2026-11-17", *GONE)
    assert "Recommendation 1 was decided on what this corrects." in said


def test_a_refusal_stays_because_the_participant_was_there(gone):
    gone("refused", "A17", "--on", "2026-11-20")
    said = gone("participant", "discharge", "A17", "--on", "2026-11-17", *GONE)
    assert "The draw of 2026-11-20 stays: refused." in said


def test_a_discharge_moves_to_an_earlier_day(gone):
    gone("participant", "discharge", "A17", *GONE)
    assert gone.status("A17", "2026-11-20") == "missed"
    assert "was discharged" in gone.refused("participant", "discharge", "A17", *GONE)
    assert "was discharged" in gone.refused("participant", "discharge", "A17", "--on", "2026-11-21", *GONE)
    gone("participant", "discharge", "A17", "--on", "2026-11-20", *GONE)
    assert (gone.status("A17", "2026-11-19"), gone.status("A17", "2026-11-20")) == ("missed", "cancelled")
    enrolments = gone.json("participant", "show", "A17")["enrolments"]
    assert [(row["from_on"], row["what"]) for row in enrolments] == [
        ("2026-11-16", "enrolled"),
        ("2026-11-20", "discharged"),
        ("2026-11-21", "discharged"),
        ("2026-11-21", "discharged"),
    ]
    assert "All holds" in gone("verify")


def test_a_day_to_come_and_one_before_the_enrolment_are_refused(gone):
    assert "is to come" in gone.refused("participant", "discharge", "A17", "--on", "2026-11-22", *GONE)
    message = gone.refused("participant", "discharge", "A17", "--on", "2026-11-15", *GONE)
    assert "began on 2026-11-16, after 2026-11-15" in message


def test_todays_missed_draw_stays_missed_where_the_discharge_is_from_today(gone):
    gone("missed", "A17")
    gone("participant", "discharge", "A17", *GONE)
    assert gone.status("A17") == "missed"


def test_a_closed_week_that_was_printed_before_says_so(gone):
    gone.today = "2026-11-23"
    gone("draw")
    gone("report", "weekly", "--week", "2026-W47")
    gone("participant", "discharge", "A17", "--on", "2026-11-17", *GONE)
    again = gone("report", "weekly", "--week", "2026-W47")
    assert "Amended since first printed on" in again
    assert "participant discharge" in again
    assert "moved away" in again


def test_of_an_outcomes_report_the_weeks_after_that_day_are_none(gone):
    gone.today = "2026-12-07"
    gone("draw")
    gone("participant", "discharge", "A17", "--on", "2026-11-17", *GONE)
    (line,) = [one for one in gone.json("report", "outcomes") if one["participant"] == "A17"]
    assert line["pattern"] == "-"
