"""A newer version of the holidays library changes what is to come, never what was decided."""

import json
from datetime import date

import pytest

from testing_tracker.rules import calendar

FIXED = """
title = "Monday and Thursday"
[draw]
kind = "fixed"
per_week = 2
days = ["mon", "thu"]
[closed]
holidays = "US-CA"
[collection]
[response]
"""
BOUNDED = """
title = "Two a week within bounds"
[draw]
kind = "random"
per_week = 2
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
min_per_week = 1
max_per_week = 3
max_gap_days = 5
[closed]
holidays = "US-CA"
[collection]
[response]
"""


class Library:
    """A made-up holidays library in place of the real one."""

    def __init__(self, monkeypatch):
        monkeypatch.setattr(calendar, "closed_days", lambda name, year: self.days_of(name, year))
        monkeypatch.setattr(calendar, "library_version", lambda: self.version)
        self.asked = []
        self.become("0.60")

    def become(self, version, *days):
        self.version, self.days = version, frozenset(date.fromisoformat(day) for day in days)

    def days_of(self, name, year):
        if self.version == "gone":
            raise ValueError(f"{name!r} is not a country that the holidays library knows")
        self.asked.append((name, year))
        return frozenset(day for day in self.days if name and day.year == year)


@pytest.fixture
def library(monkeypatch):
    return Library(monkeypatch)


@pytest.fixture
def clinic(clinic, library, tmp_path):
    for name, text in (("twice", FIXED), ("bounded", BOUNDED)):
        (tmp_path / f"{name}.toml").write_text(text)
        clinic("schedule", "load", str(tmp_path / f"{name}.toml"))
    clinic.add("A17", "B04", schedule="twice")
    clinic.add("C21", "D33", schedule="bounded")
    return clinic


def draw_on(clinic, *days):
    for day in days:
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        for line in [line for line in clinic.json("due") if line["outcome"] is None]:
            clinic("result", line["participant"], "negative")


def drawn_on(clinic, code):
    query = "SELECT due_on FROM draw d JOIN participant p ON p.id = participant_id WHERE code = '{}' ORDER BY due_on"
    return [str(day) for (day,) in clinic.rows(query.format(code))]


def doctor(clinic):
    return json.loads(clinic.run("doctor", "--format", "json").stdout)


WEEK = range(16, 23)


def test_a_past_day_stays_as_it_was_decided(clinic, library):
    library.become("0.60", "2026-11-19")
    draw_on(clinic, *WEEK, 23)
    assert drawn_on(clinic, "A17")[:2] == ["2026-11-16", "2026-11-20"]
    printed = clinic("report", "weekly", "--week", "2026-W47")
    library.become("0.61", "2026-11-16", "2026-11-18")
    assert "All holds" in clinic("verify")
    assert clinic("report", "weekly", "--week", "2026-W47") == printed
    draw_on(clinic, 24)
    assert "All holds" in clinic("verify")
    assert clinic("report", "weekly", "--week", "2026-W47") == printed


def test_what_is_decided_already_of_a_week_is_neither_lost_nor_drawn_twice(clinic, library):
    """Monday was closed, so its draw went to Tuesday; the newer library knows of no such Monday."""
    library.become("0.60", "2026-11-16")
    draw_on(clinic, 16)
    library.become("0.61")
    draw_on(clinic, 17, 18, 19)
    assert drawn_on(clinic, "A17") == ["2026-11-17", "2026-11-19"]
    library.become("0.62", "2026-11-17", "2026-11-18")
    draw_on(clinic, 20)
    assert drawn_on(clinic, "A17") == ["2026-11-17", "2026-11-19"]
    assert "All holds" in clinic("verify")


def test_a_day_to_come_goes_by_the_newer_word(clinic, library):
    draw_on(clinic, 16)
    library.become("0.61", "2026-11-19")
    draw_on(clinic, 17, 18, 19, 20)
    assert drawn_on(clinic, "A17") == ["2026-11-16", "2026-11-20"]
    assert "All holds" in clinic("verify")


def test_days_found_to_be_without_a_run_and_newcomers_are_decided_from_the_record_too(clinic, library):
    library.become("0.60", "2026-11-17")
    draw_on(clinic, 16, 20)
    clinic.add("E55", schedule="twice")
    library.become("0.61", "2026-11-20", "2026-11-18")
    clinic("draw")
    draw_on(clinic, 21, 22)
    library.become("0.62")
    assert "All holds" in clinic("verify")
    assert clinic.rows("SELECT count(*) FROM pool WHERE NOT ran") == [(3,)]


def test_neither_verify_nor_a_report_nor_due_asks_the_library(clinic, library):
    draw_on(clinic, *WEEK, 23)
    clinic("report", "weekly", "--week", "2026-W47")
    library.become("gone")
    assert "All holds" in clinic("verify")
    clinic("report", "weekly", "--week", "2026-W47")
    clinic("due")
    clinic("proof", "--day", "yesterday")
    library.become("0.61")
    library.asked.clear()
    clinic("verify")
    clinic("report", "weekly")
    clinic("due")
    assert library.asked == []


def test_a_calendar_that_the_library_knows_no_more_keeps_what_is_on_record(clinic, library):
    library.become("0.60", "2026-11-19")
    draw_on(clinic, 16)
    library.become("gone")
    draw_on(clinic, 17, 18, 19, 20)
    assert drawn_on(clinic, "A17") == ["2026-11-16", "2026-11-20"]
    clinic.today = "2026-12-28"  # its week reaches into a year that was never on record
    assert "knows. A schedule goes by it" in clinic.refused("draw")


def test_the_record_is_written_once_a_change(clinic, library):
    library.become("0.60", "2026-11-19", "2026-12-25")
    draw_on(clinic, 16, 17)
    assert clinic.rows("SELECT calendar, year, days, library FROM holiday_year") == [
        ("US-CA", 2026, "2026-11-19 2026-12-25", "0.60")
    ]
    library.become("0.61", "2026-11-16", "2026-12-24")
    draw_on(clinic, 18, 19)
    assert clinic.rows("SELECT days, library FROM holiday_year WHERE id > 1") == [("2026-12-24", "0.61")]


def test_coming_changes_are_told_by_schedule_list_and_doctor(clinic, library):
    library.become("0.60", "2026-11-26", "2026-12-25")
    draw_on(clinic, 16)
    assert "US-CA" not in clinic.run("schedule", "list").stderr
    library.become("0.61", "2026-12-24", "2026-12-25", "2026-11-16")
    closed = "US-CA: 2026-12-24 is closed now, it was open when it was recorded on 2026-11-16 (holidays 0.60, now 0.61)"
    opened = "US-CA: 2026-11-26 is open now, it was closed when it was recorded on 2026-11-16"
    for day in (16, 17, 18):  # told from the new library on, and still when a night has gone by it
        draw_on(clinic, day)
        told = clinic.run("schedule", "list").stderr
        assert closed in told
        assert opened in told
        assert "2026-11-16 is" not in told, "a past day is as it was decided"
        assert closed in [line["what"] for line in doctor(clinic) if line["matter"] == "calendar"]
        (line,) = [line for line in clinic.json("schedule", "list") if line["schedule"] == "twice"]
        assert closed in line["calendar_changes"]
    clinic.today = "2026-11-27"
    assert opened not in clinic.run("schedule", "list").stderr
    (line,) = [line for line in clinic.json("schedule", "list") if line["schedule"] == "fixed-1"]
    assert line["calendar_changes"] == []


# How a database is that an earlier version of the program has drawn in: without a record of closed days.
FORGET = (
    "UPDATE pool SET last_holiday_year_id = NULL, last_closure_id = NULL",
    "DELETE FROM holiday_year",
)


def forget(clinic):
    import databases

    databases.change(clinic.database, *FORGET, triggers=False)


def draws_hold(clinic, library):
    """What deciding again comes to, whatever was done to the ledger."""
    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.services.keeping.checking import checks

    desk = Desk(str(clinic.url), clinic.today)
    with desk.reading() as work:
        result = checks.verify(work, desk.location.key)
    desk.close()
    elsewhere = ("sealed", "ledger", "behind the program's back")
    ours = [problem for problem in result.problems if not any(word in problem.what for word in elsewhere)]
    return [str(problem) for problem in ours], result.unchecked


def test_runs_of_an_earlier_version_that_another_library_explains_are_unchecked_not_tampered_with(clinic, library):
    library.become("0.60", "2026-11-19")
    draw_on(clinic, *WEEK)
    forget(clinic)
    assert draws_hold(clinic, library) == ([], [])
    library.become("0.61")
    problems, unchecked = draws_hold(clinic, library)
    assert problems == []
    assert (
        "The draws of 2026-11-19 hold if 2026-11-19 was closed by US-CA: which days were closed was not recorded then, "
        "and the holidays library says otherwise now." in unchecked
    )


def test_a_proof_of_such_a_run_holds_too(clinic, library, tmp_path):
    library.become("0.60", "2026-11-19")
    draw_on(clinic, *WEEK)
    forget(clinic)
    library.become("0.61")
    for day in (16, 19, 20, 21):
        file = tmp_path / f"proof-{day}.json"
        clinic("proof", "--day", f"2026-11-{day}", "--output", str(file))
        assert clinic.run("proof", "check", str(file)).exit_code == 0


def test_what_no_closed_day_explains_is_still_found_in_runs_of_an_earlier_version(clinic, library):
    import databases

    library.become("0.60", "2026-11-18")
    draw_on(clinic, *WEEK)
    forget(clinic)
    library.become("0.61")
    databases.change(
        clinic.database,
        "DELETE FROM draw WHERE due_on = '2026-11-19' AND participant_id = 1",
        triggers=False,
    )
    problems, _ = draws_hold(clinic, library)
    assert any("A17: was drawn, and there is no draw on record" in problem for problem in problems)


def test_all_draws_of_a_day_removed_are_no_closed_day(clinic, library):
    import databases

    draw_on(clinic, *WEEK)
    forget(clinic)
    databases.change(clinic.database, "DELETE FROM draw WHERE due_on = '2026-11-19'", triggers=False)
    problems, _ = draws_hold(clinic, library)
    assert any("there is no draw on record" in problem for problem in problems)


def test_the_real_library_is_recorded_with_its_version(clinic, monkeypatch):
    monkeypatch.undo()
    import holidays

    draw_on(clinic, 16)
    ((days, library),) = clinic.rows("SELECT days, library FROM holiday_year")
    assert "2026-11-27" in days.split()
    assert library == holidays.__version__
    draw_on(clinic, *range(17, 28))
    assert "2026-11-26" not in drawn_on(clinic, "A17")
    assert "All holds" in clinic("verify")
