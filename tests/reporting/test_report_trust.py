"""What makes a report worth trusting: the same when printed again, amended openly, stopped where a record is wrong."""

import json
import stat

import pytest
from conftest import made_once

pytestmark = pytest.mark.one_database(
    reason="the statements of the reports and of verify, which have tests of their own"
)

READ_ON = "2026-11-23"
CODES = ("A1", "A2", "A3", "B-7", "C.9", "D_2")


@made_once
def week(clinic):
    """Six people's Monday, Wednesday and Friday of 2026-W47, all on record, closed by Monday's night."""
    clinic.add(*CODES, schedule="fixed-3")
    for day in ("2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"):
        clinic.today = day
        clinic("draw")
        for line in clinic.json("due"):
            positive = line["participant"] == "A2" and day == "2026-11-18"
            outcome = ("positive", "--analyte", "cocaine") if positive else ("negative",)
            clinic("result", line["participant"], *outcome)
    clinic.today = READ_ON
    clinic("draw")


def later(clinic, day: str = "2026-11-25") -> None:
    clinic.today = day
    clinic("draw")


@pytest.mark.parametrize("form", ["table", "csv", "json", "html", "pdf"])
def test_a_past_week_printed_again_is_the_same_to_the_byte(week, tmp_path, form, monkeypatch):
    first, again = tmp_path / "first", tmp_path / "again"
    week("report", "weekly", "--week", "2026-W47", "--format", form, "--output", str(first))
    later(week)
    week("result", "A1", "positive", "--analyte", "opiates")  # of the week after
    week("participant", "add", "N1", "--schedule", "random-1", "--level", "iop")
    week("staff", "add", "somebody-else", "--role", "auditor")
    monkeypatch.setattr("testing_tracker.store.work.current_account", lambda: "somebody-else")
    week("report", "weekly", "--week", "2026-W47", "--format", form, "--output", str(again))
    assert first.read_bytes() == again.read_bytes()
    assert stat.S_IMODE(first.stat().st_mode) == 0o600


def test_who_printed_it_first_and_when_stands_at_its_foot(week, monkeypatch):
    week("staff", "add", "lee", "--role", "clinician")
    week("staff", "add", "pat", "--role", "auditor")
    monkeypatch.setattr("testing_tracker.store.work.current_account", lambda: "lee")
    assert "Printed 2026-11-23 12:00 by lee\n" in week("report", "weekly")
    week.today = "2026-11-25"
    monkeypatch.setattr("testing_tracker.store.work.current_account", lambda: "pat")
    assert "Printed 2026-11-23 12:00 by lee\n" in week("report", "weekly", "--week", "2026-W47")


def test_a_correction_makes_an_amended_edition_that_says_what(week):
    first = week.json("report", "weekly")
    assert (first["edition"], first["amended"]) == (1, None)
    later(week)
    week("amend", "A1", "--on", "2026-11-20", "positive", "--analyte", "fentanyl", "--reason", "cups swapped")
    text = " ".join(week("report", "weekly", "--week", "2026-W47").split())
    assert "Amended since first printed on 2026-11-23 12:00: see Amendments." in text
    assert "positive: 1 when first printed, 2 now" in text
    assert "2026-11-25 12:00 by root: A1, 2026-11-20, result amend: positive (cups swapped)" in text.replace(
        f"by {account(week)}", "by root"
    )
    again = week.json("report", "weekly", "--week", "2026-W47")
    assert again["edition"] == 2
    assert again["amended"]["first_printed_at"] == first["printed_at"]
    assert ["positive", 1, 2] in again["amended"]["counts"]
    assert week.json("report", "weekly", "--week", "2026-W47") == again


def account(clinic) -> str:
    return clinic.rows("SELECT account FROM audit_entry LIMIT 1")[0][0]


def test_a_correction_that_is_taken_back_leaves_the_first_edition(week):
    first = week.json("report", "weekly")
    week("amend", "A1", "--on", "2026-11-20", "positive", "--analyte", "fentanyl", "--reason", "cups swapped")
    week.json("report", "weekly")
    week("amend", "A1", "--on", "2026-11-20", "negative", "--reason", "they were not")
    assert week.json("report", "weekly") == first


def test_a_transfer_that_was_said_afterwards_is_an_amendment_only_where_it_bears_on_the_week(week):
    week("report", "weekly")
    week("participant", "transfer", "A1", "php", "--reason", "asked for it")  # from the 23rd on
    assert week.json("report", "weekly")["edition"] == 1
    week("participant", "leave", "A3", "2026-11-19", "2026-11-19", "--reason", "court")
    again = week.json("report", "weekly")
    assert again["edition"] == 2
    assert [(act["participant"], act["what"], act["reason"]) for act in again["amended"]["acts"]] == [
        ("A3", "participant leave", "court")
    ]


def test_a_week_that_no_night_has_closed_is_no_edition(week):
    running = week.json("report", "weekly", "--week", "2026-W48")
    assert running["edition"] is None
    assert "The week is not over; these are the numbers so far." in week("report", "weekly", "--week", "2026-W48")
    assert week.rows("SELECT count(*) FROM report_edition") == [(0,)]


def test_what_was_open_is_said_as_of_the_first_printing(week):
    first = week.json("report", "weekly")
    assert [(found["status"], found["age_days"]) for found in first["recommendations"]] == [("open", 5)]
    later(week)
    week("recommendation", "decline", "1", "--reason", "counselling first")
    again = week.json("report", "weekly", "--week", "2026-W47")
    assert again == first
    assert again["as_of"] == "2026-11-23T20:00:00+00:00"


def behind_its_back(clinic, statement: str) -> None:
    assert clinic.change(statement) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("status = 'missed', outcome = NULL", "the draw is on record as missed, and the audit table does not lead"),
        ("outcome = 'positive'", "the draw on record does not say what its results lead to"),
        ("due_on = '2026-11-19'", "the draw on record is not the one that the audit table speaks of"),
        ("participant_id = 7 - participant_id, due_on = '2026-11-15'", "is not the one that the audit table speaks of"),
    ],
)
def test_a_draw_that_disagrees_with_the_audit_table_stops_the_report_with_its_name(week, change, said):
    behind_its_back(week, f"UPDATE draw SET {change} WHERE due_on = '2026-11-20' AND participant_id = 1")
    refusal = week.run("report", "weekly")
    assert refusal.exit_code == 1
    assert refusal.stdout == ""
    assert "The report of 2026-W47 is not printed, because a record does not hold: 2026-11-" in refusal.stderr
    assert said in refusal.stderr
    assert "testing-tracker verify" in refusal.stderr


def test_a_wrong_draw_of_months_ago_stops_it_too_because_the_pattern_rests_on_it(week):
    behind_its_back(week, "UPDATE draw SET outcome = 'positive' WHERE due_on = '2026-11-16' AND participant_id = 1")
    week.today = "2026-12-28"
    week("draw")
    assert "2026-11-16, A1: the draw on record" in week.run("report", "weekly").stderr


@pytest.mark.parametrize("column", ["expected", "late"])
def test_what_follows_from_readings_and_times_is_looked_at_too(week, column):
    behind_its_back(week, f"UPDATE draw SET {column} = true WHERE due_on = '2026-11-18' AND participant_id = 2")
    assert "2026-11-18, A2: the draw on record" in week.run("report", "weekly").stderr


def test_a_positive_whose_explanation_was_hidden_stops_the_report(week):
    week("prescription", "add", "A2", "methadone", "--from", "2026-11-16")
    week("test", "A2")
    week("result", "A2", "positive", "--analyte", "methadone", "--for-cause")
    week("report", "weekly", "--week", "2026-W48")
    assert week.change("UPDATE draw SET expected = false WHERE expected") == 1
    refused = week.run("report", "weekly", "--week", "2026-W48").stderr
    assert "A2: the draw on record does not say what its results" in refused


def test_an_explanation_the_outcomes_and_a_participants_report_stop_at_a_wrong_record_too(week):
    behind_its_back(week, "UPDATE draw SET outcome = 'positive' WHERE due_on = '2026-11-16' AND participant_id = 1")
    for arguments in (("weekly", "--explain", "A1"), ("outcomes",), ("participant", "A1")):
        assert "2026-11-16, A1: the draw on record" in week.run("report", *arguments).stderr


def test_a_past_record_read_in_afterwards_is_an_amendment_that_says_so(week):
    week("report", "weekly")
    past = "participant,due_on,status,outcome,analytes,reason\nA1,2026-11-21,missed,,,\n"
    week("history", "import", "-", input=past)
    amended = week.json("report", "weekly")["amended"]
    assert [act["what"] for act in amended["acts"]] == ["history import: 1 lines taken"]


def test_a_draw_that_no_run_made_stops_it(week):
    behind_its_back(
        week,
        "INSERT INTO draw (facility_id, participant_id, due_on, kind, status, recorded_at) "
        "VALUES (1, 1, '2026-11-17', 'random', 'unrecorded', '2026-11-17 08:00:00.000000')",
    )
    assert "2026-11-17: the day's runs made 0 draws, and 1 are on record" in week.run("report", "weekly").stderr


def test_explain_lists_the_draws_behind_each_number_of_a_line(week):
    found = week.json("report", "weekly", "--explain", "a2")
    assert [(draw["due_on"], draw["status"], draw["outcome"], draw["counts_in"]) for draw in found] == [
        ("2026-11-16", "collected", "negative", ["due", "collected", "negative"]),
        ("2026-11-18", "collected", "positive", ["due", "collected", "positive"]),
        ("2026-11-20", "collected", "negative", ["due", "collected", "negative"]),
    ]
    text = week("report", "weekly", "--explain", "A2")
    assert "A2 in 2026-W47: due 3, collected 3, negative 2, positive 1; compliance 3/3; pattern *" in text
    (line,) = [line for line in week.json("report", "weekly")["participants"] if line["participant"] == "A2"]
    for count in ("due", "collected", "positive", "negative"):
        assert sum(count in draw["counts_in"] for draw in found) == line[count]


def test_explain_of_a_code_that_nobody_has_names_those_like_it(week):
    assert "There is no participant A9." in week.refused("report", "weekly", "--explain", "A9")


def test_explain_goes_alone(week):
    assert week.run("report", "weekly", "--explain", "A2", "--format", "html").exit_code == 2
    assert week.run("report", "weekly", "--explain", "A2", "--names").exit_code == 2


def test_worst_first_is_a_choice(week):
    codes = [line["participant"] for line in week.json("report", "weekly")["participants"]]
    assert codes == ["A1", "A2", "A3", "B-7", "C.9", "D_2"]
    worst = [line["participant"] for line in week.json("report", "weekly", "--sort", "worst")["participants"]]
    assert worst == ["A2", "A1", "A3", "B-7", "C.9", "D_2"]
    assert "Most positive tests first" in week("report", "weekly", "--sort", "worst")


def exports(clinic) -> list[dict]:
    """Those of the weekly report; how a test looks at what is due is an export too."""
    rows = clinic.rows("SELECT detail FROM audit_entry WHERE act = 'report export'")
    return [one for (detail,) in rows if (one := json.loads(detail))["report"].startswith("weekly")]


def test_an_export_is_on_record_and_a_look_at_the_screen_is_not(week, tmp_path):
    week("report", "weekly")
    assert exports(week) == []
    week("report", "weekly", "--format", "csv")
    week("report", "weekly", "--output", str(tmp_path / "week.txt"))
    found = [(one["report"], one["form"], one["to"], one["of"], one["names"]) for one in exports(week)]
    assert found == [
        ("weekly", "csv", "standard output", "2026-W47", False),
        ("weekly", "table", "file", "2026-W47", False),
    ]


@pytest.mark.parametrize("form", ["table", "csv", "json", "html"])
def test_names_are_shown_only_where_they_are_asked_for_and_that_is_on_record(week, form):
    week("participant", "add", "N1", "--schedule", "fixed-1", "--level", "iop", "--name", "Jo Bloggs")
    week.today = "2026-11-30"
    week("draw")
    assert "Bloggs" not in week("report", "weekly", "--format", form)
    assert week.rows("SELECT count(*) FROM audit_entry WHERE act = 'names show'") == [(0,)]
    assert "Jo Bloggs" in week("report", "weekly", "--format", form, "--names")
    assert week.rows("SELECT count(*) FROM audit_entry WHERE act = 'names show'") == [(1,)]


def test_an_explanation_for_programs_is_an_export_too(week):
    week("report", "weekly", "--explain", "A2", "--format", "json")
    assert [one["report"] for one in exports(week)] == ["weekly explained"]


def test_the_weeks_after_a_discharge_are_not_counted_on_a_participants_report(week):
    week("participant", "discharge", "A1", "--reason", "completed")
    week.today = "2027-01-11"
    report = week.json("report", "participant", "A1")
    assert (report["pattern"], report["measures"]["weeks"]) == ("-", 1)
    (line,) = [line for line in week.json("report", "outcomes") if line["participant"] == "A1"]
    assert line["pattern"] == report["pattern"]


def test_a_file_name_does_not_say_who_is_a_participant(week, tmp_path):
    said = week.refused("report", "participant", "A1", "--output", str(tmp_path / "report-a1.txt"))
    assert "Give it a name without the code" in said
    week("report", "participant", "A1", "--output", str(tmp_path / "report.txt"))


def test_who_needs_a_talk(week):
    week("missed", "D_2")
    week("prescription", "add", "C.9", "opiates")
    week.today = "2026-11-25"
    week("draw")
    week("refused", "D_2")
    week("missed", "A3")
    week("result", "C.9", "negative")
    week("result", "A1", "positive", "--analyte", "cocaine")
    for code in ("A2", "B-7"):
        week("result", code, "negative")
    week.today = "2026-11-30"
    week("draw")
    talk = week.json("report", "weekly")["talk"]
    assert [(one["participant"], one["why"], one["due_on"], one["detail"]) for one in talk] == [
        ("A1", "new positive", "2026-11-25", "cocaine (presumptive)"),
        ("C.9", "unexpected negative", "2026-11-25", "opiates prescribed, not found"),
        ("D_2", "missed or refused", "2026-11-25", "2 in a row"),
    ]
    assert "To talk with: 3" in week("report", "weekly")


def test_last_week_and_the_weeks_before_stand_beside_it(week):
    week.today = "2026-11-30"
    week("draw")
    trend = week.json("report", "weekly")["trend"]
    assert [(one["week"], one["collected"]) for one in trend] == [("2026-W47", 18), ("2026-W48", 0)]
    text = " ".join(week("report", "weekly").split())
    assert "last week 18/18 = 100 %" in text
    assert "the 1 week before 18.0/18.0 a week = 100 %" in text


def test_the_weeks_before_are_as_many_as_there_were_and_an_average_beside_weeks(week):
    """A clinic of two weeks, 18 tests in the first and 12 of 18 in the second, has no twelve weeks before."""
    for day in range(23, 30):
        week.today = f"2026-11-{day}"
        week("draw")
        for line in week.json("due"):
            act = ("missed",) if line["participant"] in ("A1", "A3") else ("result",)
            week(*act, line["participant"], *(("negative",) if act == ("result",) else ()))
    week.today = "2026-12-07"
    week("draw")
    report = week.json("report", "weekly")
    before = report["weeks_before"]
    assert (before["weeks"], before["due"], before["collected"], before["missed"]) == (2, 18.0, 15.0, 3.0)
    assert before["compliance_rate"] == pytest.approx(30 / 36)
    assert [one["week"] for one in report["trend"]] == ["2026-W47", "2026-W48", "2026-W49"]
    text = week("report", "weekly")
    assert "  last week 12/18 = 67 %\n  the 2 weeks before 15.0/18.0 a week = 83 %\n" in text
    assert "12 weeks" not in text
    page = week("report", "weekly", "--format", "html")
    assert '<th role="columnheader" scope="col" class="n">2 weeks before, average</th>' in page
    assert "Compliance and positivity, the week and the 2 before" in page


def test_a_first_week_has_no_weeks_before(week):
    text = week("report", "weekly")
    assert "  last week n/a\n  no weeks before\n" in text
    assert week.json("report", "weekly")["weeks_before"]["weeks"] == 0


def test_draws_by_weekday_stand_beside_those_expected(week):
    days = week.json("report", "weekly")["weekdays"]
    assert [(day["observed"], day["expected"]) for day in days] == [
        (6, 6),
        (0, 0),
        (6, 6),
        (0, 0),
        (6, 6),
        (0, 0),
        (0, 0),
    ]


def test_expected_draws_of_a_random_schedule_are_the_sum_of_the_chances(clinic):
    clinic.add(*(f"R{number}" for number in range(7)), schedule="random-2")
    clinic("draw")
    day = clinic.json("report", "weekly", "--week", "2026-W47")["weekdays"][0]
    assert day["expected"] == pytest.approx(2.0)
    assert day["spread"] == pytest.approx((7 * 2 / 7 * 5 / 7) ** 0.5)
    assert day["observed"] == len(clinic.json("due"))


def test_results_by_analyte(week):
    assert week.json("report", "weekly")["analytes"] == [
        {"analyte": "cocaine", "unexpected": 1, "confirmed": 0, "expected": 0}
    ]
    week("result", "A2", "positive", "--analyte", "cocaine", "--definitive", "--lab", "N", "--on", "2026-11-18")
    week("prescription", "add", "A3", "methadone", "--from", "2026-11-16")
    week("amend", "A3", "--on", "2026-11-18", "positive", "--analyte", "methadone", "--reason", "misread")
    assert week.json("report", "weekly")["analytes"] == [
        {"analyte": "cocaine", "unexpected": 1, "confirmed": 1, "expected": 0},
        {"analyte": "methadone", "unexpected": 0, "confirmed": 0, "expected": 1},
    ]
