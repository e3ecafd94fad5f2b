"""A positive recommends more immersive care, and a clinician decides."""

import pytest
from conftest import made_once


@made_once
def after_a_positive(clinic):
    """A17 is in IOP, with a positive for cocaine on Monday."""
    clinic.add("A17", schedule="fixed-3")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")


def test_a_positive_raises_a_recommendation_one_level_up(clinic):
    clinic.add("A17")
    clinic("draw")
    said = clinic("result", "A17", "positive", "--analyte", "cocaine")
    assert "Recommendation 1 for A17, open: 1 positive test; review for more immersive care, iop to php." in said
    assert "A clinician decides" in said
    assert clinic.json("recommendation", "list", "--open") == [
        {
            "id": 1,
            "participant": "A17",
            "from_level": "iop",
            "to_level": "php",
            "status": "open",
            "raised_at": "2026-11-16T20:00:00+00:00",
            "evidence": [
                {
                    "due_on": "2026-11-16",
                    "outcome": "positive",
                    "analytes": ["cocaine"],
                    "status": "collected",
                    "method": "presumptive",
                    "expected": False,
                    "same_use_as": [],
                    "awaited_by": None,
                    "is_overdue": False,
                    "presumptive": ["cocaine"],
                }
            ],
            "reason": "1 positive test; review for more immersive care, iop to php",
            "decided_at": None,
            "decided_by": None,
            "decision_reason": None,
            "kind": "escalation",
            "age_days": 0,
            "certainty": "presumptive",
            "awaited_by": None,
            "is_overdue": False,
            "deferred_until": None,
            "decided_level": None,
            "changed_since": False,
        }
    ]


@pytest.mark.parametrize("outcome", ["negative", "invalid"])
def test_other_results_raise_nothing(clinic, outcome):
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", outcome)
    assert clinic.json("recommendation", "list", "--all") == []


def test_at_the_top_it_is_a_clinical_review(clinic):
    clinic.add("A17", level="residential")
    clinic("draw")
    said = clinic("result", "A17", "positive", "--analyte", "cocaine")
    assert "already in the most immersive level: clinical review" in said
    assert "stays in residential" in clinic("recommendation", "accept", "1")


def another_positive(clinic, day="2026-11-18"):
    clinic.today = day
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "fentanyl")


def test_a_further_positive_joins_the_open_recommendation(after_a_positive):
    another_positive(after_a_positive)
    (line,) = after_a_positive.json("recommendation", "list", "--all")
    assert [test["due_on"] for test in line["evidence"]] == ["2026-11-16", "2026-11-18"]
    assert (line["from_level"], line["to_level"]) == ("iop", "php"), "a second positive may be the same use"


REPEAT = "steps = 1\nrepeat_within_days = 30\nrepeat_steps = 2\n"


@pytest.fixture
def with_repeat_rule(clinic, tmp_path):
    """The facility recommends two levels up on a further positive within 30 days."""
    file = tmp_path / "strict.toml"
    text = clinic("schedule", "show", "fixed-3").split("[response]")[0]
    file.write_text(f"{text}[response]\n{REPEAT}")
    clinic("schedule", "load", str(file))
    clinic.add("A17", schedule="strict")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    return clinic


def test_a_repeat_may_raise_the_target(with_repeat_rule):
    another_positive(with_repeat_rule)
    (line,) = with_repeat_rule.json("recommendation", "list", "--all")
    assert line["to_level"] == "residential"


def test_the_target_falls_back_when_its_evidence_is_withdrawn(with_repeat_rule):
    another_positive(with_repeat_rule)
    with_repeat_rule("amend", "A17", "negative", "--reason", "confirmed negative")
    (line,) = with_repeat_rule.json("recommendation", "list", "--all")
    assert (line["status"], line["to_level"], len(line["evidence"])) == ("open", "php", 1)


def test_a_positive_long_after_is_not_a_repeat(with_repeat_rule):
    with_repeat_rule("recommendation", "decline", "1", "--reason", "talked it over")
    another_positive(with_repeat_rule, "2026-12-18")
    (line, _) = with_repeat_rule.json("recommendation", "list", "--all")
    assert line["to_level"] == "php"


def test_accepting_transfers_the_participant(after_a_positive):
    said = after_a_positive("recommendation", "accept", "1", "--note", "bed free on Tuesday")
    assert said == "TRAINING Recommendation 1 accepted; A17 is in php from today; the schedule stays fixed-3.\n"
    record = after_a_positive.json("participant", "show", "A17")
    assert record["level"] == "php"
    assert [change["what"] for change in record["levels"]] == ["iop", "php"]
    assert "accepted already" in after_a_positive.refused("recommendation", "accept", "1")


def test_accepting_never_moves_anybody_down(after_a_positive):
    after_a_positive("participant", "transfer", "A17", "residential", "--reason", "crisis")
    assert "stays in residential" in after_a_positive("recommendation", "accept", "1")


def test_declining_needs_a_reason(after_a_positive):
    assert after_a_positive.run("recommendation", "decline", "1").exit_code == 2
    after_a_positive("recommendation", "decline", "1", "--reason", "lapse discussed")
    shown = after_a_positive.json("recommendation", "show", "1")
    assert (shown["status"], shown["decision_reason"]) == ("declined", "lapse discussed")
    assert after_a_positive.json("participant", "show", "A17")["level"] == "iop"


def test_amending_to_negative_withdraws_it_when_no_evidence_is_left(after_a_positive):
    said = after_a_positive("amend", "A17", "negative", "--reason", "cups swapped")
    assert "withdrawn" in said
    (line,) = after_a_positive.json("recommendation", "list", "--all")
    assert (line["status"], line["evidence"][0]["outcome"]) == ("withdrawn", "negative")
    assert after_a_positive.json("recommendation", "list", "--open") == []


def test_amending_to_positive_raises_one(after_a_positive):
    after_a_positive("amend", "A17", "negative", "--reason", "cups swapped")
    after_a_positive("amend", "A17", "positive", "--analyte", "opiates", "--reason", "swapped back")
    (line,) = after_a_positive.json("recommendation", "list", "--open")
    assert line["id"] == 2


def test_a_decision_stands_when_its_evidence_falls_and_shows_it(after_a_positive):
    after_a_positive("recommendation", "accept", "1")
    said = after_a_positive("amend", "A17", "negative", "--reason", "laboratory says negative")
    assert "Recommendation 1 was decided on what this corrects" in said
    shown = after_a_positive.json("recommendation", "show", "1")
    assert (shown["status"], shown["evidence"][0]["outcome"]) == ("accepted", "negative")
    assert after_a_positive.json("participant", "show", "A17")["level"] == "php"


def test_it_says_that_it_is_a_recommendation(after_a_positive):
    for command in (("recommendation", "list"), ("recommendation", "show", "1")):
        assert "A recommendation to a clinician, who decides" in after_a_positive(*command)


def test_an_unknown_one_is_refused(after_a_positive):
    assert "There is no recommendation 9" in after_a_positive.refused("recommendation", "accept", "9")


def decisions(clinic):
    return [(line["id"], line["status"]) for line in clinic.json("recommendation", "list", "--all")]


def steps(clinic, number=1):
    shown = clinic.json("recommendation", "show", str(number))
    return (shown["from_level"], shown["to_level"], shown["status"])


def test_accepting_for_somebody_who_was_discharged_is_refused_with_the_remedy(after_a_positive):
    after_a_positive("participant", "discharge", "A17", "--reason", "left")
    message = after_a_positive.refused("recommendation", "accept", "1")
    assert message.startswith("A17 was discharged")
    assert "`testing-tracker recommendation decline 1" in message
    after_a_positive("recommendation", "decline", "1", "--reason", "left the programme")


def test_accepting_never_lowers_the_level_that_a_readmission_brings(after_a_positive):
    after_a_positive("participant", "discharge", "A17", "--reason", "left")
    again = ("participant", "add", "A17", "--schedule", "fixed-3", "--level", "residential", "--readmit")
    said = after_a_positive(*again, "--enrolled", "2026-11-20")
    assert "already in the most immersive level: clinical review" in said
    assert "until 2026-11-20" in after_a_positive.refused("recommendation", "accept", "1")
    after_a_positive.today = "2026-11-20"
    assert "stays in residential" in after_a_positive("recommendation", "accept", "1")
    assert after_a_positive.json("participant", "show", "A17")["level"] == "residential"


def test_an_open_one_is_weighed_again_from_the_level_of_a_transfer(after_a_positive):
    said = after_a_positive("participant", "transfer", "A17", "outpatient", "--reason", "asked for it")
    assert "Recommendation 1 for A17, open: 1 positive test; review for more immersive care, outpatient to iop." in said
    another_positive(after_a_positive)
    assert steps(after_a_positive) == ("outpatient", "iop", "open")
    assert "A17 is in iop from today" in after_a_positive("recommendation", "accept", "1")
    assert after_a_positive.rows(
        "SELECT detail FROM audit_entry WHERE act = 'recommendation weigh again' AND recommendation_id = 1"
    ) == [('{"from_level": "outpatient", "to_level": "iop"}',)]


def test_a_transfer_to_what_was_recommended_leaves_the_rest_to_the_clinician(after_a_positive):
    after_a_positive("participant", "transfer", "A17", "php", "--reason", "bed free")
    assert steps(after_a_positive) == ("php", "residential", "open")
    another_positive(after_a_positive)
    assert "A17 is in residential from today" in after_a_positive("recommendation", "accept", "1")


def test_an_open_one_is_weighed_again_from_the_level_of_a_readmission(after_a_positive):
    after_a_positive("participant", "discharge", "A17", "--reason", "left")
    after_a_positive.today = "2026-11-18"
    again = ("participant", "add", "A17", "--schedule", "fixed-3", "--level", "outpatient", "--readmit")
    assert "outpatient to iop" in after_a_positive(*again)
    assert steps(after_a_positive) == ("outpatient", "iop", "open")


@pytest.mark.parametrize("decision", [("accept", "1"), ("decline", "1", "--reason", "talked it over")])
def test_a_test_that_was_decided_on_raises_nothing_a_second_time(after_a_positive, decision):
    after_a_positive("recommendation", *decision)
    decided = decisions(after_a_positive)
    after_a_positive("amend", "A17", "negative", "--reason", "cups swapped")
    said = after_a_positive("amend", "A17", "positive", "--analyte", "coc", "--reason", "swapped back")
    assert "Recommendation 1 was decided on what this corrects" in said
    assert decisions(after_a_positive) == decided
    another_positive(after_a_positive)
    assert [line["status"] for line in after_a_positive.json("recommendation", "list", "--all")] == [
        "open",
        decided[0][1],
    ]
    assert len(after_a_positive.json("recommendation", "show", "2")["evidence"]) == 1


def test_a_positive_that_was_corrected_makes_no_later_one_a_repeat(with_repeat_rule):
    with_repeat_rule("recommendation", "decline", "1", "--reason", "talked it over")
    another_positive(with_repeat_rule)
    assert steps(with_repeat_rule, 2) == ("iop", "residential", "open")
    said = with_repeat_rule("amend", "A17", "negative", "--on", "2026-11-16", "--reason", "confirmed negative")
    assert "Recommendation 2 for A17, open: 1 positive test; review for more immersive care, iop to php." in said
    assert steps(with_repeat_rule, 2) == ("iop", "php", "open")
    with_repeat_rule("amend", "A17", "positive", "--analyte", "coc", "--on", "2026-11-16", "--reason", "it was not")
    assert steps(with_repeat_rule, 2) == ("iop", "residential", "open")


@pytest.mark.parametrize(
    ("level", "said", "now"),
    [
        ("residential", "at residential instead of php; A17 is in residential from today", "residential"),
        ("iop", "at iop instead of php; A17 stays in iop", "iop"),
        ("outpatient", "at outpatient instead of php; A17 is in outpatient from today", "outpatient"),
        ("php", "accepted; A17 is in php from today", "php"),
    ],
)
def test_a_clinician_may_accept_it_at_another_level_and_that_goes_on_record(after_a_positive, level, said, now):
    assert said in after_a_positive("recommendation", "accept", "1", "--to", level, "--note", "talked it over")
    record = after_a_positive.json("participant", "show", "A17")
    assert record["level"] == now
    if now not in ("iop", "php"):
        why = f"recommendation 1 accepted at {now} instead of php: talked it over"
        assert record["levels"][-1]["reason"] == why
    shown = after_a_positive.json("recommendation", "show", "1")
    assert (shown["to_level"], shown["decided_level"], shown["decision_reason"]) == ("php", now, "talked it over")
    (decision,) = shown["record"]["decisions"]
    assert (decision["recommendation"], decision["decision"], decision["level"]) == (1, "accepted", now)
    assert decision["by"]
    assert decision["at"].startswith("2026-11-16")


def test_a_decision_that_put_nobody_elsewhere_has_the_level_of_then(after_a_positive):
    after_a_positive("participant", "transfer", "A17", "residential", "--reason", "crisis")
    after_a_positive("recommendation", "accept", "1")
    assert after_a_positive.json("recommendation", "show", "1")["decided_level"] == "residential"


def definitive(clinic, *outcome, on="2026-11-16"):
    return clinic("result", "A17", *outcome, "--definitive", "--lab", "Acme", "--on", on)


def test_a_definitive_positive_confirms_it(after_a_positive):
    table = after_a_positive("recommendation", "list")
    assert "presumptive: confirm before acting" in table
    assert "certainty presumptive: confirm before acting" in after_a_positive("recommendation", "show", "1")
    after_a_positive.today = "2026-11-18"
    definitive(after_a_positive, "positive", "--analyte", "cocaine")
    (line,) = after_a_positive.json("recommendation", "list", "--all")
    assert (line["certainty"], line["evidence"][0]["method"], line["status"]) == ("confirmed", "definitive", "open")
    another_positive(after_a_positive)
    (line,) = after_a_positive.json("recommendation", "list", "--all")
    assert line["certainty"] == "partly confirmed"


def test_a_definitive_negative_withdraws_it(after_a_positive):
    after_a_positive.today = "2026-11-18"
    assert "Recommendation 1 for A17, withdrawn" in definitive(after_a_positive, "negative")
    assert decisions(after_a_positive) == [(1, "withdrawn")]


def test_a_definitive_negative_after_it_was_accepted_leaves_the_decision_and_says_so(after_a_positive):
    after_a_positive("recommendation", "accept", "1")
    assert after_a_positive.json("recommendation", "list", "--all")[0]["changed_since"] is False
    after_a_positive.today = "2026-11-18"
    assert "Recommendation 1 was decided on what this corrects" in definitive(after_a_positive, "negative")
    (line,) = after_a_positive.json("recommendation", "list", "--all")
    assert (line["status"], line["changed_since"], line["evidence"][0]["outcome"]) == ("accepted", True, "negative")
    assert "changed since" in after_a_positive("recommendation", "show", "1")
    assert after_a_positive.json("participant", "show", "A17")["level"] == "php"


def test_an_amendment_of_an_amendment_leaves_the_evidence_of_the_last_word(after_a_positive):
    for outcome, standing in ((("negative",), []), (("positive", "--analyte", "thc"), [2]), (("invalid",), [])):
        after_a_positive("amend", "A17", *outcome, "--reason", "looked again")
        assert [line["id"] for line in after_a_positive.json("recommendation", "list", "--open")] == standing
    assert decisions(after_a_positive) == [(2, "withdrawn"), (1, "withdrawn")]


def test_a_positive_in_two_recommendations_leaves_only_the_open_one(after_a_positive):
    """It was withdrawn from the first with its correction, and raised the second when that was corrected."""
    after_a_positive("amend", "A17", "negative", "--reason", "cups swapped")
    after_a_positive("amend", "A17", "positive", "--analyte", "cocaine", "--reason", "swapped back")
    after_a_positive("amend", "A17", "negative", "--reason", "looked again")
    shown = [after_a_positive.json("recommendation", "show", number) for number in "12"]
    assert [(line["status"], line["evidence"][0]["due_on"]) for line in shown] == [("withdrawn", "2026-11-16")] * 2


def test_a_positive_after_readmission_starts_from_the_new_level(after_a_positive):
    after_a_positive("recommendation", "decline", "1", "--reason", "leaves today")
    after_a_positive("participant", "discharge", "A17", "--reason", "left")
    after_a_positive.today = "2026-11-23"
    after_a_positive("participant", "add", "A17", "--schedule", "fixed-3", "--level", "php", "--readmit")
    after_a_positive("draw")
    after_a_positive("result", "A17", "positive", "--analyte", "fentanyl")
    assert steps(after_a_positive, 2) == ("php", "residential", "open")


def test_show_has_the_recent_record_on_one_screen(after_a_positive):
    after_a_positive("recommendation", "decline", "1", "--reason", "lapse discussed")
    after_a_positive("prescription", "add", "A17", "buprenorphine", "--from", "2026-11-17", "--prescriber", "Dr. Ito")
    for day, outcome in (("2026-11-18", "negative"), ("2026-11-20", "negative")):
        after_a_positive.today = day
        after_a_positive("draw")
        after_a_positive("result", "A17", outcome)
    another_positive(after_a_positive, "2026-11-23")
    shown = after_a_positive.json("recommendation", "show", "2")["record"]
    assert (shown["level"], shown["schedule"], shown["pattern"]) == ("iop", "fixed-3", "*+")
    assert (shown["negatives_in_a_row"], shown["most_negatives_in_a_row"]) == (0, 2)
    assert [(one["analyte"], one["prescriber"]) for one in shown["prescriptions"]] == [("buprenorphine", "Dr. Ito")]
    assert [(one["due_on"], one["outcome"]) for one in shown["last_draws"]][:2] == [
        ("2026-11-23", "positive"),
        ("2026-11-20", "negative"),
    ]
    assert [(one["recommendation"], one["reason"]) for one in shown["decisions"]] == [(1, "lapse discussed")]
    screen = after_a_positive("recommendation", "show", "2")
    assert len(screen.splitlines()) <= 25
    for said in ("pattern   *+", "2 at most", "buprenorphine", "1 declined", "2026-11-20"):
        assert said in screen


def test_a_past_positive_that_is_corrected_to_another_positive_raises_nothing(clinic):
    clinic.add("A17", enrolled="2026-11-01")
    past = "participant,due_on,status,outcome,analytes,reason\nA17,2026-11-05,collected,positive,cocaine,\n"
    clinic("history", "import", "-", input=past)
    clinic("amend", "A17", "positive", "--analyte", "fentanyl", "--on", "2026-11-05", "--reason", "misread")
    assert clinic.json("recommendation", "list", "--all") == []
    clinic("amend", "A17", "negative", "--on", "2026-11-05", "--reason", "misread again")
    clinic("amend", "A17", "positive", "--analyte", "fentanyl", "--on", "2026-11-05", "--reason", "found in the file")
    assert len(clinic.json("recommendation", "list", "--all")) == 1
