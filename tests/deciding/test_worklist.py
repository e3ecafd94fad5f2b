"""The clinician's worklist: what to look at first, what may be the same use, and who may need less care."""

from datetime import date, timedelta

import pytest


def positive(clinic, code, *analytes, on=None):
    """Log a positive on a day that everybody is drawn on."""
    if on:
        clinic.today = on
        clinic("draw")
    named = [part for analyte in analytes for part in ("--analyte", analyte)]
    return clinic("result", code, "positive", *named)


def ids(clinic, *more):
    return [line["id"] for line in clinic.json("recommendation", "list", *more)]


def reviews(clinic, *more):
    return [
        (line["participant"], line["about"], line["due_on"], line["status"])
        for line in clinic.json("review", "list", *more)
    ]


@pytest.fixture
def with_a_schedule(clinic, tmp_path):
    """Load a schedule with tests from Monday to Wednesday or so, and response rules of the test's own."""

    def load(response, name="ours"):
        file = tmp_path / f"{name}.toml"
        text = clinic("schedule", "show", "fixed-3").split("[response]")[0]
        file.write_text(f"{text}[response]\n{response}\n")
        clinic("schedule", "load", str(file))
        return name

    return load


def test_the_newest_evidence_comes_first_and_what_was_put_off_last(clinic):
    clinic.add("A17", "B04", "C21", schedule="fixed-3")
    clinic("draw")
    for code in ("A17", "B04"):
        positive(clinic, code, "cocaine")
    positive(clinic, "C21", "cocaine", on="2026-11-18")
    assert ids(clinic) == [3, 2, 1]
    positive(clinic, "A17", "fentanyl")
    assert ids(clinic) == [3, 1, 2], "of one day, the one raised last"
    clinic("recommendation", "defer", "3", "--until", "2026-11-25", "--reason", "in hospital until then")
    assert ids(clinic, "--open") == [1, 2, 3]
    clinic("recommendation", "decline", "1", "--reason", "discussed")
    assert ids(clinic) == ids(clinic, "--open") == [2, 3], "what was decided on is open no more"
    assert ids(clinic, "--all") == [2, 3, 1]
    assert [line["age_days"] for line in clinic.json("recommendation", "list", "--all")] == [2, 0, 2]
    clinic.today = "2026-11-25"
    assert ids(clinic, "--open") == [3, 2], "its day has come"


def test_one_that_was_put_off_says_until_when_and_keeps_who_and_why(clinic):
    clinic.add("A17")
    clinic("draw")
    positive(clinic, "A17", "cocaine")
    assert "today is 2026-11-16" in clinic.refused(
        "recommendation", "defer", "1", "--until", "today", "--reason", "busy"
    )
    said = clinic("recommendation", "defer", "1", "--until", "2026-11-20", "--reason", "court date first")
    assert "put off until 2026-11-20" in said
    (line,) = clinic.json("recommendation", "list", "--open")
    assert (line["status"], line["deferred_until"]) == ("open", "2026-11-20")
    assert "; put off until 2026-11-20" in clinic("recommendation", "list")
    (decision,) = clinic.json("recommendation", "show", "1")["record"]["decisions"]
    assert (decision["decision"], decision["reason"]) == ("deferred", "court date first")
    clinic("recommendation", "accept", "1")
    assert "accepted already" in clinic.refused(
        "recommendation", "defer", "1", "--until", "2026-11-30", "--reason", "busy"
    )


def test_a_new_use_brings_back_what_was_put_off(clinic):
    clinic.add("A17", schedule="fixed-3")
    clinic("draw")
    positive(clinic, "A17", "thc")
    clinic("recommendation", "defer", "1", "--until", "2026-12-20", "--reason", "on holiday")
    positive(clinic, "A17", "thc", on="2026-11-18")
    assert clinic.json("recommendation", "list")[0]["deferred_until"] == "2026-12-20", "possibly the same use"
    positive(clinic, "A17", "cocaine", on="2026-11-20")
    assert clinic.json("recommendation", "list")[0]["deferred_until"] is None


def test_the_list_says_what_is_awaited_and_what_is_overdue(clinic):
    clinic.add("A17")
    clinic("draw")
    positive(clinic, "A17", "cocaine")
    clinic("confirmation", "send", "A17", "--lab", "Acme", "--by", "2026-11-18")
    (line,) = clinic.json("recommendation", "list")
    assert (line["awaited_by"], line["is_overdue"]) == ("2026-11-18", False)
    assert "definitive result by 2026-11-18" in clinic("recommendation", "list")
    clinic.today = "2026-11-19"
    assert "definitive result by 2026-11-18, overdue" in clinic("recommendation", "list")
    clinic("result", "A17", "positive", "--analyte", "coc", "--definitive", "--lab", "Acme", "--on", "2026-11-16")
    (line,) = clinic.json("recommendation", "list")
    assert (line["awaited_by"], line["is_overdue"], line["certainty"]) == (None, False, "confirmed")


# A further positive inside the window of detection.

REPEAT = "steps = 1\nrepeat_within_days = 60\nrepeat_steps = 2"


@pytest.fixture
def after_cannabis(clinic, with_a_schedule):
    """A17 is in IOP with a positive for cannabinoids on Monday; the schedule takes two steps on a repeat."""
    clinic.add("A17", schedule=with_a_schedule(REPEAT))
    clinic("draw")
    positive(clinic, "A17", "thc")
    return clinic


def target(clinic, number):
    shown = clinic.json("recommendation", "show", str(number))
    return (shown["status"], shown["to_level"], [test["same_use_as"] for test in shown["evidence"]])


def test_a_further_positive_that_may_be_the_same_use_joins_and_does_not_raise_the_target(after_cannabis):
    positive(after_cannabis, "A17", "thc", on="2026-11-23")
    assert target(after_cannabis, 1) == ("open", "php", [[], ["2026-11-16"]])
    assert "1 of them possibly the same use as 2026-11-16" in after_cannabis(
        "recommendation", "list", "--format", "csv"
    )
    assert "2026-11-23 positive cannabinoids (possibly the same use as 2026-11-16)" in after_cannabis(
        "recommendation", "show", "1"
    )
    assert ids(after_cannabis) == [1]


def test_one_that_names_another_analyte_too_counts_in_full(after_cannabis):
    positive(after_cannabis, "A17", "thc", "cocaine", on="2026-11-23")
    assert target(after_cannabis, 1) == ("open", "residential", [[], []])


def test_one_outside_the_window_counts_in_full(after_cannabis):
    positive(after_cannabis, "A17", "thc", on="2026-12-28")
    assert target(after_cannabis, 1) == ("open", "residential", [[], []])


@pytest.mark.parametrize("decision", [("accept", "1"), ("decline", "1", "--reason", "talked it over")])
def test_once_that_use_was_decided_on_it_asks_for_a_review_and_raises_nothing(after_cannabis, decision):
    after_cannabis("recommendation", *decision)
    said = positive(after_cannabis, "A17", "thc", on="2026-11-23")
    assert "Recommendation" not in said
    assert ids(after_cannabis, "--all") == [1]
    assert reviews(after_cannabis) == [("A17", "possibly the same use", "2026-11-23", "open")]
    (line,) = after_cannabis.json("review", "list")
    assert line["detail"] == "cannabinoids, as on 2026-11-16"
    assert "1 review waits" in after_cannabis("recommendation", "list")
    positive(after_cannabis, "A17", "cocaine", on="2026-11-25")
    assert ids(after_cannabis, "--all") == [2, 1]


def test_a_correction_that_names_another_analyte_makes_a_recommendation_of_the_review(after_cannabis):
    after_cannabis("recommendation", "accept", "1")
    positive(after_cannabis, "A17", "thc", on="2026-11-23")
    again = ("amend", "A17", "positive", "--analyte", "thc", "--analyte", "coc", "--reason", "read the strip again")
    assert "Recommendation 2 for A17, open" in after_cannabis(*again)
    assert reviews(after_cannabis) == []
    assert reviews(after_cannabis, "--all") == [("A17", "possibly the same use", "2026-11-23", "withdrawn")]
    after_cannabis("amend", "A17", "positive", "--analyte", "thc", "--reason", "no, it was right")
    assert target(after_cannabis, 2)[0] == "withdrawn"
    assert reviews(after_cannabis) == [("A17", "possibly the same use", "2026-11-23", "open")]


def test_when_the_earlier_use_turns_out_not_to_be_one_the_later_positive_counts(after_cannabis):
    after_cannabis("recommendation", "accept", "1")
    positive(after_cannabis, "A17", "thc", on="2026-11-23")
    after_cannabis("result", "A17", "negative", "--definitive", "--lab", "Acme", "--on", "2026-11-16")
    assert ids(after_cannabis, "--open") == [2]
    assert target(after_cannabis, 2) == ("open", "residential", [[]])
    assert reviews(after_cannabis) == [("A17", "decision without its ground", "2026-11-16", "open")]


def test_what_is_left_of_a_recommendation_when_its_new_use_falls_is_a_review(after_cannabis):
    after_cannabis("recommendation", "decline", "1", "--reason", "talked it over")
    positive(after_cannabis, "A17", "cocaine", on="2026-11-23")
    positive(after_cannabis, "A17", "thc", on="2026-11-25")
    assert target(after_cannabis, 2)[2] == [[], ["2026-11-16"]]
    said = after_cannabis("amend", "A17", "negative", "--on", "2026-11-23", "--reason", "cups swapped")
    assert "Recommendation 2 for A17, withdrawn" in said
    assert reviews(after_cannabis) == [("A17", "possibly the same use", "2026-11-25", "open")]


def test_what_a_prescription_explains_is_no_use_at_all(clinic):
    clinic.add("A17", schedule="fixed-3")
    clinic("prescription", "add", "A17", "buprenorphine", "--from", "2026-11-01")
    clinic("draw")
    positive(clinic, "A17", "buprenorphine")
    assert ids(clinic) == []
    positive(clinic, "A17", "buprenorphine", "cocaine", on="2026-11-18")
    (line,) = clinic.json("recommendation", "list")
    assert [test["analytes"] for test in line["evidence"]] == [["cocaine"]]


def test_a_past_record_raises_nothing_and_does_not_hide_the_first_positive_of_now(clinic):
    clinic.add("A17", schedule="fixed-3", enrolled="2026-11-01")
    past = "participant,due_on,status,outcome,analytes,reason\nA17,2026-11-10,collected,positive,cannabinoids,\n"
    clinic("history", "import", "-", input=past)
    clinic("draw")
    assert "Recommendation 1 for A17, open" in positive(clinic, "A17", "thc")
    assert target(clinic, 1) == ("open", "php", [["2026-11-10"]])


# Less care for whom it works.


def a_week_later(clinic):
    clinic.today = (date.fromisoformat(clinic.today) + timedelta(days=7)).isoformat()


def weeks_of(clinic, code, outcomes):
    """A Monday's result a week, from the clinic's Monday on."""
    for outcome in outcomes:
        clinic("draw")
        clinic("result", code, *outcome)
        a_week_later(clinic)


@pytest.fixture
def asks_after_three_weeks(clinic, tmp_path):
    """Tests on Mondays; three negative weeks ask for a review of a lower level."""
    file = tmp_path / "ours.toml"
    text = clinic("schedule", "show", "fixed-1").split("[response]")[0].replace('"wed"', '"mon"')
    file.write_text(f"{text}[response]\nsteps = 1\nreview_after_negative_weeks = 3\n")
    clinic("schedule", "load", str(file))
    return clinic


def ready(clinic, *more):
    return [
        (line["participant"], line["from_level"], line["to_level"], line["reason"])
        for line in clinic.json("recommendation", "list", *more)
        if line["kind"] == "step-down"
    ]


NEGATIVE, POSITIVE = ("negative",), ("positive", "--analyte", "cocaine")


def test_a_run_of_negative_weeks_makes_ready_for_review_of_a_lower_level(asks_after_three_weeks):
    clinic = asks_after_three_weeks
    clinic.add("A17", schedule="ours", level="php")
    clinic.add("C21", schedule="ours", level="outpatient")
    for _ in range(3):
        assert ready(clinic) == []
        clinic("draw")
        for code in ("A17", "C21"):
            clinic("result", code, "negative")
        a_week_later(clinic)
    said = "3 negative weeks in a row: ready for review of a lower level, php to iop"
    assert ready(clinic) == ready(clinic, "--open") == [("A17", "php", "iop", said)], "not those at the lowest level"
    (line,) = clinic.json("recommendation", "list")
    assert (line["id"], line["status"], line["evidence"]) == (None, "open", [])
    table = clinic("recommendation", "list")
    assert "ready for review of a lower level" in table
    assert "A recommendation to a clinician, who decides" in table


def test_a_step_down_has_to_prove_itself_before_the_next(asks_after_three_weeks):
    clinic = asks_after_three_weeks
    clinic.add("A17", schedule="ours", level="php")
    weeks_of(clinic, "A17", [NEGATIVE] * 3)
    assert len(ready(clinic)) == 1
    clinic("participant", "transfer", "A17", "iop", "--reason", "three good weeks")
    assert ready(clinic) == []
    weeks_of(clinic, "A17", [NEGATIVE] * 3)
    assert [line[1:3] for line in ready(clinic)] == [("iop", "outpatient")]


def test_nobody_with_something_open_is_ready_for_less(asks_after_three_weeks):
    clinic = asks_after_three_weeks
    clinic.add("A17", schedule="ours", level="php")
    weeks_of(clinic, "A17", [POSITIVE, NEGATIVE, NEGATIVE, NEGATIVE])
    assert ready(clinic) == []
    clinic("recommendation", "decline", "1", "--reason", "talked it over")
    assert len(ready(clinic)) == 1
    weeks_of(clinic, "A17", [POSITIVE])
    clinic("recommendation", "decline", "2", "--reason", "talked it over")
    assert ready(clinic) == []


def test_without_the_rule_nobody_is_listed(clinic):
    clinic.add("A17", schedule="fixed-3", level="php")
    weeks_of(clinic, "A17", [NEGATIVE] * 5)
    assert clinic.json("recommendation", "list") == []
    assert "No recommendation yet." in clinic("recommendation", "list", "--all")


def test_who_missed_tests_in_a_negative_week_is_not_ready_for_less(clinic, with_a_schedule):
    schedule = with_a_schedule("steps = 1\nreview_after_negative_weeks = 2")
    clinic.add("A17", "B04", schedule=schedule, level="php")
    for monday in ("2026-11-16", "2026-11-23", "2026-11-30"):
        for later in range(3 if monday < "2026-11-30" else 1):
            clinic.today = (date.fromisoformat(monday) + timedelta(days=2 * later)).isoformat()
            clinic("draw")
            clinic("result", "A17", "negative")
            if monday < "2026-11-23" or later == 0:
                clinic("result", "B04", "negative")
    assert [line[0] for line in ready(clinic)] == ["A17"], "B04 missed two tests of the second week"
    clinic.today = "2026-12-02"
    clinic("draw")
    clinic("missed", "A17")
    assert ready(clinic) == [], "nor is who misses one of the present week"
