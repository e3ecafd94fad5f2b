"""A day of which nothing is known is asked about wherever somebody looks, with the commands that answer it."""

import pytest
from conftest import made_once

CODES = ("A1", "A2", "A3", "A4", "A5", "A6")
ASKED = "Was anything collected on Monday 2026-11-16?"
ANSWERS = (
    "`testing-tracker missed --all --on 2026-11-16` or `testing-tracker excuse --all --on 2026-11-16 --reason TEXT`"
)


@made_once
def asked(clinic):
    """On Tuesday nobody has said anything of Monday's six draws."""
    clinic.add(*CODES, schedule="fixed-3")
    clinic("draw")
    clinic.today = "2026-11-17"
    clinic("draw")


@pytest.fixture
def week(asked):
    """Three days of the week are held back: Monday, Wednesday and Friday."""
    for day in ("2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"):
        asked.today = day
        asked("draw")
    return asked


def test_the_call_list_asks_in_a_note_and_its_json_stays_a_list(asked):
    done = asked.run("due", "--format", "json")
    assert (done.exit_code, done.stdout.strip()) == (0, "[]")
    assert f"note: {ASKED}" in done.stderr
    assert ANSWERS in done.stderr
    assert ASKED in asked.run("due", "--on", "2026-11-16").stderr
    assert ASKED not in asked.run("due", "--on", "2026-11-15").stderr


def test_the_newest_of_several_is_asked_and_the_others_are_counted(week):
    said = week.run("due").stderr
    assert "Was anything collected on Friday 2026-11-20?" in said
    assert ASKED not in said
    assert "2 more of these questions are open: `testing-tracker status` has them all." in said


def test_whoever_logs_cups_is_asked(asked):
    done = asked.run("log", input="")
    assert ASKED in done.stderr
    assert ANSWERS in done.stderr


def test_status_shows_the_question_and_its_answers(asked):
    rows = asked.json("status")["questions"]
    assert [(row["from"], row["to"], row["draws"], row["untouched"]) for row in rows] == [
        ("2026-11-16", "2026-11-16", 6, 6)
    ]
    assert rows[0]["do"] == ANSWERS
    assert ASKED in " ".join(asked("status").split())


def test_the_doctor_says_what_gets_it_on(asked):
    done = asked.run("doctor", "--format", "csv")
    assert done.exit_code == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("question,")]
    assert ASKED in line
    do = "testing-tracker missed --all --on 2026-11-16; or testing-tracker excuse --all --on 2026-11-16"
    assert asked.as_pasted(do) in line


def test_an_answer_takes_the_question_out_of_sight(asked):
    asked("missed", "--all", "--on", "2026-11-16", "--yes")
    assert ASKED not in asked.run("due").stderr + asked.run("log", input="").stderr + asked.run("doctor").stdout
    assert asked.json("status")["questions"] == []


def test_the_weeks_question_has_an_answer_in_one_line(week):
    assert len(week.json("status")["questions"]) == 3
    said = week("missed", "--all", "--from", "2026-11-16", "--to", "2026-11-20", "--yes")
    assert "18 draws of 2026-11-16 to 2026-11-20: missed." in said
    assert {line["status"] for line in week.json("due", "--on", "2026-11-18")} == {"missed"}
    assert week.json("status")["questions"] == []
    assert "All holds" in week("verify")


def test_the_weeks_draws_are_excused_in_one_line(week):
    said = week(
        "excuse", "--all", "--from", "2026-11-16", "--to", "2026-11-20", "--reason", "the road was closed", "--yes"
    )
    assert "18 draws of 2026-11-16 to 2026-11-20: excused." in said
    assert "All holds" in week("verify")


@pytest.mark.parametrize(
    "days",
    [
        ("--from", "2026-11-16"),
        ("--to", "2026-11-16"),
        ("--on", "2026-11-16", "--from", "2026-11-16", "--to", "2026-11-17"),
    ],
)
def test_days_are_one_or_from_one_to_another(week, days):
    assert week.run("missed", "--all", *days, "--yes").exit_code == 2
    assert week.run("missed", "A1", *days[:2]).exit_code == (0 if days[0] == "--on" else 2)


def test_days_that_end_before_they_begin_and_days_to_come_are_refused(week):
    said = week.refused("missed", "--all", "--from", "2026-11-18", "--to", "2026-11-16", "--yes")
    assert "2026-11-16 is before 2026-11-18" in said
    said = week.refused("missed", "--all", "--from", "2026-11-16", "--to", "2026-11-21", "--yes")
    assert "2026-11-21 is not over" in said
