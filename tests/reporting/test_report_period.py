"""`report period`: a month's, a quarter's or any days' figures, in counts and in nobody's code.

It is Monday, 2026-11-23; last week four people were in the programme, one of them under two codes.
"""

import csv
import io
import json
import re

import databases
import pytest
from conftest import made_once
from pypdf import PdfReader
from sqlalchemy import event
from sqlalchemy.engine import Engine

from testing_tracker.reports.paper.words import NOTICE, WIDTH
from testing_tracker.reports.period.forms import FORMS
from testing_tracker.rules.reporting.tally import COUNTS, RATES
from testing_tracker.services.keeping.checking import before_passing_on

CODES = ("A17", "B04", "C21", "D33", "E08", "X99")
WEEK = ("--from", "2026-11-16", "--to", "2026-11-22")
LAB = ("--definitive", "--lab", "Northside")


@made_once
def lived_in(clinic):
    """A week of four: a positive that a laboratory confirms, a move, a discharge, a mistake and two records of one."""
    clinic.add("A17", "B04", "C21", "X99")
    clinic("participant", "cancel", "X99", "--reason", "typed for somebody else")
    clinic("prescription", "add", "C21", "buprenorphine")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine", "--collected-at", "09:00")
    clinic("confirmation", "send", "A17", "--lab", "Northside")
    clinic("missed", "B04")
    clinic("result", "C21", "positive", "--analyte", "buprenorphine")
    clinic.today = "2026-11-18"
    clinic("draw")
    clinic("participant", "transfer", "B04", "php", "--reason", "asked for it", "--yes")
    clinic("participant", "set-schedule", "B04", "fixed-3")
    clinic("result", "A17", "positive", "--analyte", "cocaine", "--on", "2026-11-16", *LAB)
    clinic("recommendation", "accept", "A17", "--yes")
    clinic.today = "2026-11-19"
    clinic.add("D33", level="outpatient", schedule="fixed-1")
    clinic.add("E08", level="outpatient", schedule="fixed-1")
    clinic("participant", "join", "E08", "D33", "--reason", "the same person", "--yes")
    clinic("draw")
    clinic("refused", "A17")
    clinic("result", "C21", "invalid")
    clinic.today = "2026-11-20"
    clinic("draw")
    clinic("result", "B04", "negative")
    clinic("participant", "discharge", "C21", "--reason", "moved")
    clinic.today = "2026-11-23"
    clinic("draw")


@pytest.fixture
def week(lived_in):
    return lived_in.json("report", "period", *WEEK)


def part(report, which: str, name: str) -> dict[str, object]:
    return next(one for one in report[which] if name in one.values())


def picked(figures: dict[str, object], *names: str) -> tuple[object, ...]:
    return tuple(figures[name] for name in names)


CENSUS = ("participants", "beginning", "enrolled", "discharged", "end")


def test_the_census_counts_people_and_no_mistakes(week):
    assert picked(week["totals"], *CENSUS) == (4, 0, 4, 1, 3)
    iop, php = part(week, "levels", "iop"), part(week, "levels", "php")
    moved = ("moved_in", "moved_out", *CENSUS)
    assert picked(iop, *moved) == (0, 2, 3, 0, 3, 1, 0)
    assert picked(php, *moved) == (2, 0, 2, 0, 0, 0, 2)
    assert picked(part(week, "levels", "outpatient"), *CENSUS) == (1, 0, 1, 0, 1)
    assert picked(part(week, "levels", "residential"), *CENSUS) == (0, 0, 0, 0, 0)
    assert week["transfers"] == [{"from_level": "iop", "to_level": "php", "moves": 2}]


def test_a_test_counts_where_the_participant_was_on_its_day(week):
    counts = ("due", "collected", "missed", "refused", "negative", "expected", "positive", "invalid")
    assert picked(part(week, "levels", "iop"), *counts) == (4, 3, 1, 0, 1, 1, 1, 1)
    assert picked(part(week, "levels", "php"), *counts) == (2, 1, 0, 1, 1, 0, 0, 0)
    assert picked(part(week, "schedules", "fixed-2"), *counts) == (5, 3, 1, 1, 1, 1, 1, 1)
    assert picked(part(week, "schedules", "fixed-3"), *counts) == (1, 1, 0, 0, 1, 0, 0, 0)


def test_the_whole_is_the_weekly_reports(lived_in, week):
    weekly = lived_in.json("report", "weekly", "--week", "2026-W47")["totals"]
    assert {name: week["totals"][name] for name in (*COUNTS, *RATES)} == {
        name: weekly[name] for name in (*COUNTS, *RATES)
    }


def test_levels_schedules_and_days_add_up(lived_in, week):
    days = [
        lived_in.json("report", "period", "--from", day, "--to", day) for day in map("2026-11-{}".format, range(16, 23))
    ]
    for which in ("levels", "schedules"):
        for name in COUNTS:
            assert sum(one[name] for one in week[which]) == week["totals"][name]
    for name in (*COUNTS, "enrolled", "discharged"):
        assert sum(day["totals"][name] for day in days) == week["totals"][name]


def test_cups_and_laboratories_wait_apart(week):
    cups, laboratory = week["time_to_result"]
    assert picked(cups, "method", "results", "longest_days", "timed_results", "median_hours") == (
        "presumptive",
        4,
        0,
        1,
        3,
    )
    assert picked(laboratory, "results", "median_days", "timed_results", "longest_hours") == (1, 2, 1, 51)


def test_what_laboratories_said_of_cups(week):
    found = week["presumptive_positives"]
    assert picked(found, "positives", "confirmed", "explained", "never_sent", "answered", "confirmed_rate") == (
        2,
        1,
        1,
        0,
        1,
        1,
    )


def test_a_recommendation_waited_for_its_decision(lived_in, week):
    found = week["recommendations"]
    assert picked(found, "raised", "accepted", "open", "decided", "median_days") == (1, 1, 0, 1, 2)
    before = lived_in.json("report", "period", "--from", "2026-11-01", "--to", "2026-11-15")["recommendations"]
    assert picked(before, "raised", "median_days", "open_in_all", "open_longest_days") == (0, None, 0, None)


def test_what_is_of_nothing_is_null_and_empty_in_csv(lived_in):
    before = lived_in.json("report", "period", "--month", "2026-10")
    assert before["presumptive_positives"]["confirmed_rate"] is None
    assert picked(before["totals"], *RATES) == (None, None, None)
    rows = list(csv.DictReader(io.StringIO(lived_in("report", "period", "--month", "2026-10", "--format", "csv"))))
    assert [row["value"] for row in rows if row["figure"] == "compliance_rate"] == [""] * 5


def test_csv_has_every_figure_of_the_document(lived_in, week):
    rows = list(csv.DictReader(io.StringIO(lived_in("report", "period", *WEEK, "--format", "csv"))))
    said = {(row["part"], row["name"], row["figure"]): row["value"] for row in rows}
    assert len(said) == len(rows)
    for name, value in week["totals"].items():
        assert said["all", "", name] == str(value)
    for which, called in (("levels", "level"), ("schedules", "schedule")):
        for one in week[which]:
            assert said[called, one[called], "due"] == str(one["due"])
    for name, value in week["presumptive_positives"].items():
        assert said["presumptive positives", "", name] == str(value)


def test_each_facility_has_its_own_figures(lived_in):
    days = ("report", "period", "--from", "2026-11-16", "--to", "2026-11-23")
    before = lived_in.json("--facility", "1", *days)
    lived_in("facility", "add", "Hillside", "--timezone", "America/Los_Angeles")

    def hillside(*words):
        return lived_in("--facility", "2", *words)

    for code in ("A17", "H02", "H03"):
        hillside("participant", "add", code, "--schedule", "fixed-3", "--level", "iop")
    hillside("participant", "leave", "H02", "2026-11-23", "2026-11-24", "--reason", "court")
    hillside("draw")
    hillside("result", "A17", "p:coc", "--collected-at", "09:00")
    hillside("result", "A17", "p:coc", *LAB)
    hillside("missed", "H03")
    hillside("recommendation", "accept", "A17", "--yes")
    assert lived_in.json("--facility", "1", *days) == before
    own = json.loads(hillside(*days, "--format", "json"))
    assert picked(own["totals"], *CENSUS, "on_leave_at_end") == (3, 0, 3, 0, 3, 1)
    assert picked(own["totals"], "due", "positive", "missed") == (2, 1, 1)
    assert [one["schedule"] for one in own["schedules"]] == ["fixed-3"]
    assert [one["results"] for one in own["time_to_result"]] == [1, 1]
    assert picked(own["presumptive_positives"], "positives", "confirmed") == (1, 1)
    assert picked(own["recommendations"], "raised", "accepted", "open_in_all") == (1, 1, 0)


def test_a_leave_that_ended_early_counts_as_long_as_it_was(lived_in):
    lived_in("participant", "leave", "B04", "2026-11-23", "2026-11-27", "--reason", "court")
    lived_in.today = "2026-11-24"
    lived_in("participant", "return", "B04")
    found = [lived_in.json("report", "period", "--from", day, "--to", day) for day in ("2026-11-23", "2026-11-24")]
    assert [one["totals"]["on_leave_at_end"] for one in found] == [1, 0]


def test_what_was_taken_back_is_in_no_figure(lived_in):
    day = ("report", "period", "--from", "2026-11-23", "--to", "2026-11-23")
    before = lived_in.json(*day)
    assert "Recommendation 2 for B04, open" in lived_in("log", input="B04 coc\nu\n")
    assert lived_in.json(*day) == before


def test_a_cup_that_was_somebody_elses_waited_for_no_result(lived_in):
    lived_in("amend", "C21", "missed", "--on", "2026-11-16", "--reason", "another's cup")
    cups = lived_in.json("report", "period", *WEEK)["time_to_result"][0]
    assert cups["results"] == 3


def test_nights_and_questions_are_told(lived_in, week):
    assert week["gaps"] == ["2026-11-17", "2026-11-21", "2026-11-22"]
    assert picked(week["days"], "counted", "without_a_night", "questions") == (7, 3, 0)
    printed = lived_in("report", "period", *WEEK)
    assert "Days without a nightly draw: 3 of 7 (2026-11-17, 2026-11-21, 2026-11-22)." in " ".join(printed.split())


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same_and_nobodys_code(lived_in, tmp_path, form):
    file = tmp_path / f"period.{form}"
    said = lived_in("report", "period", *WEEK, "--format", form, "--output", str(file))
    assert said == f"TRAINING Wrote the report of 2026-11-16 to 2026-11-22 to {file}.\n"
    text = file.read_bytes()
    text = " ".join(page.extract_text() for page in PdfReader(file).pages) if form == "pdf" else text.decode()
    assert not [code for code in CODES if code in text]
    if form in ("table", "html", "pdf"):
        plain = " ".join(re.sub("<[^>]*>", " ", text).split())
        assert "TRAINING" in plain
        assert NOTICE in plain
        for words in ("compliance", "4/6", "Tests by level of care", "confirmed by a laboratory", "a count of 1 may"):
            assert words in plain, words
    (detail,) = lived_in.rows("SELECT detail FROM audit_entry WHERE act = 'report export'")[-1]
    assert json.loads(detail)["of"] == "2026-11-16 to 2026-11-22"


def test_a_page_of_paper_is_wide_enough(lived_in):
    lines = lived_in("report", "period", *WEEK).splitlines()
    assert max(map(len, lines)) <= WIDTH


def test_a_long_schedules_name_stands_whole_in_a_line_of_its_own(lived_in, tmp_path):
    name = "evenings-weekends-north-side"
    file = tmp_path / f"{name}.toml"
    file.write_text(lived_in("schedule", "show", "fixed-2"))
    lived_in("schedule", "load", str(file))
    lived_in.add("F01", schedule=name)
    printed = lived_in("report", "period", "--from", "2026-11-23", "--to", "2026-11-23")
    assert max(map(len, printed.splitlines())) <= WIDTH
    lines = printed.splitlines()
    places = [place for place, line in enumerate(lines) if line == f"  {name}"]
    assert len(places) == printed.count(name[:9]) == 3
    assert all(re.fullmatch(r" {18}( +([0-9]+|100 %|n/a))+", lines[place + 1]) for place in places)


class TestWhichDays:
    def test_the_last_full_month_where_nothing_is_said(self, lived_in):
        found = lived_in.json("report", "period")
        assert picked(found, "period", "from", "to", "is_over") == ("2026-10", "2026-10-01", "2026-10-31", True)

    def test_a_quarter_that_is_not_over_is_so_far(self, lived_in):
        found = lived_in.json("report", "period", "--quarter", "2026-q4")
        assert picked(found, "period", "to", "counted_to", "is_over") == ("2026-Q4", "2026-12-31", "2026-11-23", False)
        printed = lived_in("report", "period", "--quarter", "2026-Q4")
        assert "The last day is not over; these are the numbers so far, of 2026-11-23 and" in printed
        assert "The facility's records begin on 2026-11-16." in printed

    def test_one_end_is_enough(self, lived_in):
        assert lived_in.json("report", "period", "--from", "2026-11-19")["period"] == "2026-11-19 to 2026-11-23"
        assert lived_in.json("report", "period", "--to", "2026-11-19")["period"] == "2026-11-01 to 2026-11-19"

    def test_days_to_come_have_no_report(self, lived_in):
        assert lived_in.refused("report", "period", "--month", "2026-12") == "2026-12 is to come; today is 2026-11-23."

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--from", "2026-11-24"], "2026-11-24 is after 2026-11-23, today, where the report ends without --to."),
            (["--to", "2026-11-02", "--quarter", "2026-Q4"], "one of them"),
            (["--month", "2026-10", "--quarter", "2026-Q4"], "one of them"),
            ([*WEEK, "--month", "2026-10"], "one of them"),
            (["--from", "2026-11-03", "--to", "2026-11-02"], "2026-11-03 is after 2026-11-02, --to."),
            (["--month", "2026-13"], "'2026-13' is no month"),
            (["--quarter", "2026-Q5"], "'2026-Q5' is no quarter"),
        ],
    )
    def test_what_says_no_days_is_wrong_usage(self, lived_in, words, said):
        done = lived_in.run("report", "period", *words)
        assert done.exit_code == 2
        assert said in done.stderr


class TestBeforePrinting:
    def test_a_draw_that_was_changed_stops_it(self, lived_in):
        lived_in.change("UPDATE draw SET status = 'excused' WHERE status = 'missed'")
        refused = lived_in.refused("report", "period", *WEEK)
        assert refused.startswith(
            "The report of 2026-11-16 to 2026-11-22 is not printed, because a record does not hold: 2026-11-16, B04"
        )

    def test_a_draw_that_is_gone_stops_it(self, lived_in):
        of_friday = "(SELECT id FROM draw WHERE due_on = '2026-11-20')"
        of_result = f"(SELECT id FROM result WHERE draw_id IN {of_friday})"
        databases.change(
            lived_in.database,
            f"DELETE FROM reading WHERE result_id IN {of_result}",
            f"DELETE FROM result WHERE draw_id IN {of_friday}",
            f"UPDATE audit_entry SET draw_id = NULL WHERE draw_id IN {of_friday}",
            "DELETE FROM draw WHERE due_on = '2026-11-20'",
            triggers=False,
        )
        assert "what is on record does not hold: page" in lived_in.refused("report", "period", *WEEK)
        with pytest.MonkeyPatch.context() as patch:  # as where that page is an old one
            patch.setattr(before_passing_on, "look", lambda _work: [])
            refused = lived_in.refused("report", "period", *WEEK)
        assert "the day's runs made 1 draws, and 0 are on record" in refused


def test_it_asks_the_database_as_often_for_many_as_for_few(lived_in):
    asked: list[str] = []

    def listen(_connection, _cursor, statement, *_more) -> None:
        asked.append(statement)

    def statements() -> int:
        asked.clear()
        lived_in("report", "period", *WEEK)
        return len(asked)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        few = statements()
        lived_in.add(*(f"M{number:02}" for number in range(30)))
        assert statements() == few <= 100
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


@pytest.mark.parametrize("report", ["weekly", "weekly --for court", "period", "participant A17"])
def test_a_pdf_is_nothing_for_a_terminal(clinic, monkeypatch, report):
    clinic.add("A17")
    monkeypatch.setattr("testing_tracker.cli.report_forms.is_terminal", lambda _stream: True)
    done = clinic.run("report", *report.split(), "--format", "pdf")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "A pdf is nothing for a terminal; give --output FILE." in done.stderr
