"""What a draw says is judged by the schedule that bound it when it was recorded."""

from conftest import made_once

RULE = """
title = "A window of its own"
[draw]
kind = "fixed"
per_week = 1
days = ["mon"]
[closed]
[collection]
specimen = "urine"
panel = ["cocaine"]
window = "08:00-{closes}"
[response]
steps = 1
"""


@made_once
def early(clinic):
    """Two schedules: one whose window closes at 10:00, and one that is open until the evening. Nobody is drawn."""
    for name, closes in (("early", "10:00"), ("evening", "20:00")):
        file = clinic.database.with_name(f"{name}.toml")
        file.write_text(RULE.format(closes=closes))
        clinic("schedule", "load", str(file))
    clinic.add("A17", schedule="evening")


def holds(clinic) -> bool:
    return "All holds" in clinic("verify") and "A17" in clinic("report", "weekly", "--week", "2026-W47")


def is_late(clinic) -> list[tuple]:
    return clinic.rows("SELECT due_on, late FROM draw ORDER BY id")


def test_a_test_for_cause_is_judged_by_the_schedule_of_its_hour(early):
    early("test", "A17", "--reason", "seemed ill")
    early("result", "A17", "negative", "--collected-at", "10:30")
    early("participant", "set-schedule", "A17", "early")
    assert holds(early)
    early("amend", "A17", "positive", "--analyte", "cocaine", "--reason", "misread")
    assert is_late(early) == [("2026-11-16", 0)]
    assert holds(early)


def test_a_late_one_stays_late(early):
    early("participant", "set-schedule", "A17", "early")
    early("test", "A17")
    early("result", "A17", "negative", "--collected-at", "10:30")
    early("participant", "set-schedule", "A17", "evening")
    assert is_late(early) == [("2026-11-16", 1)]
    assert holds(early)


def test_discharge_and_readmission_on_one_day_change_nothing_of_that(early):
    early("test", "A17")
    early("result", "A17", "negative", "--collected-at", "10:30")
    early("participant", "discharge", "A17", "--reason", "moved")
    assert holds(early)
    early("participant", "add", "A17", "--readmit", "--schedule", "early", "--level", "php")
    early("draw")
    assert holds(early)
    assert is_late(early)[0] == ("2026-11-16", 0)


def test_a_past_record_is_judged_by_what_bound_when_it_came(early):
    past = early.database.with_name("past.csv")
    past.write_text("participant,due_on,status,outcome,analytes,reason\nA17,2026-11-16,due,,,\n")
    early("history", "import", str(past))
    early("participant", "set-schedule", "A17", "early")
    early("result", "A17", "negative", "--collected-at", "10:30")
    assert is_late(early) == [("2026-11-16", 0)]
    assert holds(early)


def test_a_call_list_does_not_say_that_a_schedule_made_a_test_for_cause(early):
    early("test", "A17")
    assert [(line["kind"], line["schedule"]) for line in early.json("due")] == [("for-cause", None)]
