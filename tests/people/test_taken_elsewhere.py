"""A test that was taken elsewhere on an earlier day raises as any positive does, and is never missed or late."""

from conftest import made_once

COUNTY = ("--reason", "county hospital")


@made_once
def friday(clinic):
    """A17 and B04 after their first week; it is Friday, and no draw was due on Wednesday."""
    clinic.add("A17", "B04")
    for day in (16, 17, 18, 19, 20):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        for line in clinic.json("due"):
            clinic("result", line["participant"], "negative")


def test_its_positive_raises_as_any(friday):
    said = friday("test", "A17", "--on", "2026-11-18", *COUNTY)
    assert "a test for cause of 2026-11-18 is on record" in said
    (line,) = friday.json("due", "--on", "2026-11-18")
    assert (line["kind"], line["status"]) == ("for-cause", "unrecorded")
    said = friday("result", "A17", "positive", "--analyte", "fentanyl", "--on", "2026-11-18", "--collected-at", "23:10")
    assert "late" not in said
    assert "Recommendation" in said
    (raised,) = friday.json("recommendation", "list", "--open")
    assert [(test["due_on"], test["outcome"]) for test in raised["evidence"]] == [("2026-11-18", "positive")]
    (draw,) = [one for one in friday.json("participant", "show", "A17")["draws"] if one["due_on"] == "2026-11-18"]
    assert (draw["status"], draw["late"]) == ("collected", False)
    assert draw["reason"] == "county hospital (put on record on 2026-11-20)"
    assert "All holds" in friday("verify")


def test_no_night_takes_it_for_missed(friday):
    friday("test", "A17", "--on", "2026-11-19", "--reason", "court")
    for day in (21, 22, 23):
        friday.today = f"2026-11-{day}"
        friday("draw")
    statuses = {line["kind"]: line["status"] for line in friday.json("due", "--on", "2026-11-19")}
    assert statuses["for-cause"] == "unrecorded"
    report = friday.json("report", "weekly", "--week", "2026-W47")
    assert report["totals"]["missed"] == 0
    assert "All holds" in friday("verify")


def test_one_whose_result_never_came_is_stuck(friday):
    friday("test", "A17", "--on", "2026-11-18", *COUNTY)
    stuck = friday.run("doctor", "--format", "json").stdout
    assert "result A17 OUTCOME --on 2026-11-18 --for-cause" not in stuck
    friday.today = "2026-11-23"
    friday("draw")
    stuck = friday.run("doctor", "--format", "json").stdout
    assert friday.as_pasted("testing-tracker result A17 OUTCOME --on 2026-11-18 --for-cause") in stuck


def test_a_definitive_result_of_it_stands_alone(friday):
    friday("test", "A17", "--on", "2026-11-18", *COUNTY)
    friday(
        "result", "A17", "positive", "--analyte", "fentanyl", "--on", "2026-11-18", "--definitive", "--lab", "County"
    )
    (raised,) = friday.json("recommendation", "list", "--open")
    assert raised["certainty"] == "confirmed"


def test_a_leave_does_not_stand_in_its_way(friday):
    friday("participant", "leave", "A17", "2026-11-17", "2026-11-22", "--reason", "hospital")
    friday("test", "A17", "--on", "2026-11-18", *COUNTY)
    friday("result", "A17", "positive", "--analyte", "fentanyl", "--on", "2026-11-18")
    assert friday.json("recommendation", "list", "--open") != []
    assert "All holds" in friday("verify")


def test_also_after_a_discharge_of_a_day_before_it(friday):
    friday("participant", "discharge", "A17", "--reason", "moved away")
    friday("test", "A17", "--on", "2026-11-18", *COUNTY)
    friday.today = "2026-11-21"
    assert "was not in the programme on 2026-11-20" in friday.refused("test", "A17", "--on", "2026-11-20", *COUNTY)


def test_what_is_refused(friday):
    assert "before A17 was enrolled" in friday.refused("test", "A17", "--on", "2026-11-15", *COUNTY)
    assert "is not over" in friday.refused("test", "A17", "--on", "2026-11-21", *COUNTY)
    assert "Say with --reason where" in friday.refused("test", "A17", "--on", "2026-11-18")
    friday("test", "A17", "--on", "2026-11-18", *COUNTY)
    assert "on record already" in friday.refused("test", "A17", "--on", "2026-11-18", *COUNTY)
    assert friday.run("test", "A17", "--recollect", "--on", "2026-11-18").exit_code == 2


def test_beside_a_scheduled_draw_of_that_day_it_is_said_which(friday):
    friday("test", "A17", "--on", "2026-11-16", *COUNTY)
    friday("result", "A17", "positive", "--analyte", "cocaine", "--for-cause", "--on", "2026-11-16")
    outcomes = {
        line["kind"]: line["outcome"]
        for line in friday.json("due", "--on", "2026-11-16")
        if line["participant"] == "A17"
    }
    assert outcomes == {"fixed": "negative", "for-cause": "positive"}
    assert "All holds" in friday("verify")


def test_today_is_an_order_as_ever(friday):
    assert "is due today" in friday("test", "B04", "--on", "today", "--reason", "seemed intoxicated")


def test_a_closed_week_that_was_printed_before_says_so(friday):
    friday.today = "2026-11-23"
    friday("draw")
    friday("report", "weekly", "--week", "2026-W47")
    friday("test", "A17", "--on", "2026-11-18", *COUNTY)
    friday("result", "A17", "positive", "--analyte", "fentanyl", "--on", "2026-11-18")
    again = friday("report", "weekly", "--week", "2026-W47")
    assert "Amended since first printed on" in again
    assert "draw record" in again
    assert "county hospital" in again


def test_an_export_brings_it_back_as_it_was(friday, tmp_path):
    friday("test", "A17", "--on", "2026-11-18", *COUNTY)
    friday("result", "A17", "positive", "--analyte", "fentanyl", "--on", "2026-11-18")
    exported = friday("history", "export")
    assert '"county hospital (put on record on 2026-11-20)"' in exported.replace('""', '"')
    assert ", 0 refused" in friday("history", "import", "-", input=exported)
