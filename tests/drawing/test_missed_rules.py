"""What a missed or refused test leads to, as the schedule says: counting it, a review, or a recommendation."""

import pytest


@pytest.fixture
def clinic_with(clinic, tmp_path):
    """A17 is in IOP and due on Monday, under a schedule that answers a missed test in one of three ways."""

    def made(missed):
        file = tmp_path / "ours.toml"
        text = clinic("schedule", "show", "fixed-3").split("[response]")[0]
        file.write_text(
            f'{text}[response]\nsteps = 1\nrepeat_within_days = 30\nrepeat_steps = 2\nmissed = "{missed}"\n'
        )
        clinic("schedule", "load", str(file))
        clinic.add("A17", schedule="ours")
        clinic("draw")
        return clinic

    return made


def next_night(clinic, day="2026-11-17"):
    clinic.today = day
    clinic("draw")


def reviews(clinic, *more):
    return [(line["about"], line["due_on"], line["status"]) for line in clinic.json("review", "list", *more)]


def recommendations(clinic):
    return [
        (line["id"], line["status"], line["reason"].split(";")[0], [test["status"] for test in line["evidence"]])
        for line in clinic.json("recommendation", "list", "--all")
    ]


@pytest.mark.parametrize("value", ['"sometimes"', "3", '["review"]'])
def test_any_other_answer_is_refused(clinic, tmp_path, value):
    file = tmp_path / "ours.toml"
    text = clinic("schedule", "show", "fixed-3").split("[response]")[0]
    file.write_text(f"{text}[response]\nmissed = {value}\n")
    assert 'response.missed: must be "none", "review" or "positive"' in clinic.refused("schedule", "check", str(file))


@pytest.mark.parametrize("value", ["0", "1.5", '"four"', "true"])
def test_the_run_of_negative_weeks_is_a_whole_number(clinic, tmp_path, value):
    file = tmp_path / "ours.toml"
    text = clinic("schedule", "show", "fixed-3").split("[response]")[0]
    file.write_text(f"{text}[response]\nreview_after_negative_weeks = {value}\n")
    said = clinic.refused("schedule", "check", str(file))
    assert "response.review_after_negative_weeks: must be a whole number of weeks, 1 or more" in said


@pytest.mark.parametrize("act", ["missed", "refused", None])
def test_none_counts_it_only(clinic_with, act):
    clinic = clinic_with("none")
    if act:
        clinic(act, "A17")
    next_night(clinic)
    assert (reviews(clinic), recommendations(clinic)) == ([], [])


@pytest.mark.parametrize("act", ["missed", "refused"])
def test_review_puts_it_on_the_clinicians_list(clinic_with, act):
    clinic = clinic_with("review")
    clinic(act, "A17", "--reason", "said so by telephone")
    assert reviews(clinic) == [(act, "2026-11-16", "open")]
    assert clinic.json("review", "list")[0]["detail"] == "said so by telephone"
    assert recommendations(clinic) == []


@pytest.mark.parametrize("act", ["missed", "refused"])
def test_positive_raises_a_recommendation_on_the_draw(clinic_with, act):
    clinic = clinic_with("positive")
    said = clinic(act, "A17")
    reason = f"1 {act} test; review for more immersive care, iop to php"
    assert f"Recommendation 1 for A17, open: {reason}. A clinician decides." in said
    assert recommendations(clinic) == [(1, "open", f"1 {act} test", [act])]
    (line,) = clinic.json("recommendation", "list", "--all")
    assert (line["certainty"], line["evidence"][0]["outcome"]) == (None, None)
    assert f"2026-11-16 {act}" in clinic("recommendation", "list")
    assert reviews(clinic) == []


def test_the_night_does_the_same_for_draws_that_nobody_touched(clinic_with):
    clinic = clinic_with("positive")
    clinic.add("B04", "C1", "C2", "C3", "C4", "C5", schedule="fixed-3")
    clinic("draw")
    clinic("test", "B04", "--reason", "slurred speech")
    for code in ("C1", "C2", "C3", "C4", "C5"):  # most of the day is on record, so the rest is not held back
        clinic("result", code, "negative")
    clinic.today = "2026-11-17"
    assert "3 of the days before closed as missed" in clinic("draw")
    assert [line["participant"] for line in clinic.json("recommendation", "list", "--all")] == ["A17"]
    assert "All holds" in clinic("verify")


def test_the_night_asks_for_reviews_also_of_tests_for_cause(clinic_with):
    clinic = clinic_with("review")
    clinic("test", "A17", "--reason", "slurred speech")
    clinic.today = "2026-11-17"
    assert "2 of the days before closed as missed" in clinic("draw")
    assert reviews(clinic) == [("missed", "2026-11-16", "open")] * 2


@pytest.mark.parametrize(
    "act",
    [
        ("excuse", "A17", "--reason", "court date"),
        ("collected", "A17"),
        ("result", "A17", "negative"),
        ("amend", "A17", "excused", "--reason", "was in hospital"),
        ("amend", "A17", "negative", "--reason", "the cup was found"),
        ("participant", "leave", "A17", "2026-11-16", "2026-11-18", "--reason", "hospital"),
    ],
)
@pytest.mark.parametrize("missed", ["review", "positive"])
def test_what_it_led_to_is_withdrawn_when_it_was_not_missed_after_all(clinic_with, missed, act):
    clinic = clinic_with(missed)
    next_night(clinic)
    assert len(reviews(clinic)) + len(recommendations(clinic)) == 1
    clinic(*act, *([] if act[0] == "participant" else ["--on", "2026-11-16"]))
    assert reviews(clinic) == []
    assert [line[1] for line in recommendations(clinic)] in ([], ["withdrawn"])
    if missed == "review":
        assert reviews(clinic, "--all") == [("missed", "2026-11-16", "withdrawn")]


def test_missed_that_was_refused_asks_about_the_refusal(clinic_with):
    clinic = clinic_with("review")
    next_night(clinic)
    clinic("refused", "A17", "--on", "2026-11-16")
    assert reviews(clinic) == [("refused", "2026-11-16", "open")]


def test_a_positive_that_comes_in_for_a_missed_draw_takes_its_place(clinic_with):
    clinic = clinic_with("positive")
    next_night(clinic)
    said = clinic("result", "A17", "positive", "--analyte", "cocaine", "--on", "2026-11-16")
    assert "(was missed)" in said
    assert "Recommendation 1 for A17, open: 1 positive test" in said
    assert recommendations(clinic) == [(1, "open", "1 positive test", ["collected"])]
    assert clinic.rows("SELECT withdrawn_at IS NULL FROM evidence ORDER BY id") == [(0,), (1,)]


def test_a_positive_for_a_missed_draw_that_was_decided_on_is_news(clinic_with):
    clinic = clinic_with("positive")
    next_night(clinic)
    clinic("recommendation", "decline", "1", "--reason", "bus strike")
    said = clinic("result", "A17", "positive", "--analyte", "cocaine", "--on", "2026-11-16")
    assert "Recommendation 2 for A17, open: 1 positive test" in said
    assert "Recommendation 1 was decided on what this corrects" in said
    assert [line[:2] for line in recommendations(clinic)] == [(2, "open"), (1, "declined")]


def test_a_positive_that_was_really_missed_goes_back(clinic_with):
    clinic = clinic_with("positive")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    clinic("amend", "A17", "missed", "--reason", "another's cup")
    assert recommendations(clinic) == [(1, "open", "1 missed test", ["missed"])]


def test_a_missed_test_makes_no_positive_a_repeat_and_is_none_itself(clinic_with):
    clinic = clinic_with("positive")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    next_night(clinic, "2026-11-18")
    next_night(clinic, "2026-11-19")
    assert recommendations(clinic) == [(1, "open", "1 positive test, 1 missed test", ["collected", "missed"])]
    assert clinic.json("recommendation", "show", "1")["to_level"] == "php"


def test_one_draw_in_two_recommendations(clinic_with):
    """Missed and decided on, then positive: what is corrected later changes the open one only."""
    clinic = clinic_with("positive")
    next_night(clinic)
    clinic("recommendation", "accept", "1", "--note", "missed too much")
    clinic("result", "A17", "positive", "--analyte", "cocaine", "--on", "2026-11-16")
    clinic("amend", "A17", "negative", "--on", "2026-11-16", "--reason", "cups swapped")
    assert [line[:2] for line in recommendations(clinic)] == [(2, "withdrawn"), (1, "accepted")]
    assert clinic.json("recommendation", "show", "1")["changed_since"] is True
