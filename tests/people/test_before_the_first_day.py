"""Somebody who is enrolled from a day to come has one level and one schedule, wherever one looks."""

import pytest

CHANGES = [
    [("transfer", "A17", "php", "--reason", "asked for it"), ("set-schedule", "A17", "fixed-3")],
    [
        ("discharge", "A17", "--reason", "begins later"),
        ("add", "A17", "--readmit", "--schedule", "fixed-3", "--level", "php", "--enrolled", "2026-11-20"),
    ],
]


@pytest.mark.parametrize("changes", CHANGES, ids=["changed", "called off and enrolled anew"])
def test_what_was_changed_before_the_first_day_is_the_same_everywhere(clinic, changes):
    clinic.add("A17", schedule="fixed-1", level="iop", enrolled="2026-11-18")
    for change in changes:
        clinic("participant", *change)
    clinic("draw")
    now = {"level": "php", "schedule": "fixed-3"}
    (listed,) = clinic.json("participant", "list")
    shown = clinic.json("participant", "show", "A17")
    (reported,) = clinic.json("report", "weekly", "--week", "2026-W47")["participants"]
    for seen in (listed, shown, reported):
        assert {key: seen[key] for key in now} == now
    assert ", php, schedule fixed-3" in clinic("participant", "show", "A17")
    first = shown["enrolled_on"]
    for day in (17, 18, 19, 20):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    days = [draw["due_on"] for draw in clinic.json("participant", "show", "A17")["draws"]]
    assert days == [day for day in ("2026-11-18", "2026-11-20") if day >= first]
    clinic("result", "A17", "positive", "--analyte", "cocaine", "--on", days[-1])
    (raised,) = clinic.json("recommendation", "list", "--open")
    assert (raised["from_level"], raised["to_level"]) == ("php", "residential")
    (reported,) = clinic.json("report", "weekly", "--week", "2026-W47")["participants"]
    assert {key: reported[key] for key in now} == now
    assert "All holds" in clinic("verify")


def test_who_comes_back_on_a_day_to_come_is_shown_as_they_will_be(clinic):
    clinic.add("A17", schedule="fixed-2", level="residential")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    clinic("participant", "discharge", "A17", "--reason", "moved away")
    clinic(
        *("participant", "add", "A17", "--readmit", "--schedule", "fixed-3", "--level", "iop"),
        *("--enrolled", "2026-11-20"),
    )
    (listed,) = clinic.json("participant", "list")
    shown = clinic.json("participant", "show", "A17")
    assert (listed["level"], listed["schedule"]) == (shown["level"], shown["schedule"]) == ("iop", "fixed-3")
    (number,) = [line["id"] for line in clinic.json("recommendation", "list", "--open")]
    record = clinic.json("recommendation", "show", str(number))["record"]
    assert (record["level"], record["schedule"]) == ("iop", "fixed-3")
