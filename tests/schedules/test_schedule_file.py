from datetime import time
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest

from testing_tracker.rules.schedules import schedule_file
from testing_tracker.rules.schedules.schedule import Bounds, Shift
from testing_tracker.rules.schedules.schedule_file import ScheduleFileError
from testing_tracker.rules.testing import analytes
from testing_tracker.rules.words import DrawKind

read_schedule = partial(schedule_file.read_schedule, analytes.SHIPPED)
read_with_table = partial(schedule_file.read_with_table, analytes.SHIPPED)
SHIPPED = Path(__file__).parents[2] / "schedules"
WEEK = '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'

FIXED = """\
title = "Mondays and Thursdays"
[draw]
kind = "fixed"
per_week = 2
days = ["thu", "mon"]
[closed]
holidays = "US-CA"
shift = "previous"
[collection]
specimen = "oral-fluid"
panel = ["COC", "thc"]
window = "07:30-12:00"
[response]
steps = 1
repeat_within_days = 30
repeat_steps = 2
missed = "none"
"""
RANDOM = f"""\
title = "Any day"
[draw]
kind = "random"
per_week = 1.5
days = {WEEK}
"""


def problems_of(text):
    with pytest.raises(ScheduleFileError) as refused:
        read_schedule(text, "clinic.toml")
    assert str(refused.value) == "; ".join(refused.value.problems)
    return refused.value.problems


def changed(text, line, to):
    assert text.count(line + "\n") == 1, f"{line!r} is not a line to change"
    return text.replace(line + "\n", to + "\n")


@pytest.mark.parametrize("kind", ["fixed", "random"])
@pytest.mark.parametrize("per_week", [1, 2, 3])
def test_a_shipped_schedule_is_what_its_name_says(kind, per_week):
    schedule = read_schedule((SHIPPED / f"{kind}-{per_week}.toml").read_text(encoding="utf-8"), f"{kind}-{per_week}")
    assert (schedule.draw.kind, schedule.draw.per_week) == (kind, per_week)
    assert len(schedule.draw.days) == (per_week if kind == "fixed" else 7)
    assert (schedule.response.steps, schedule.response.repeat_within_days) == (1, None)
    assert len(schedule.collection.panel) == 7


def test_no_other_schedules_are_shipped():
    assert sorted(file.stem for file in SHIPPED.iterdir()) == [
        f"{kind}-{n}" for kind in ("fixed", "random") for n in (1, 2, 3)
    ]


def test_a_schedule_is_read_as_it_is_written():
    schedule = read_schedule(FIXED, "clinic.toml")
    assert schedule.title == "Mondays and Thursdays"
    assert (schedule.draw.kind, schedule.draw.per_week, schedule.draw.days) == (DrawKind.FIXED, 2, (0, 3))
    assert (schedule.closed.holidays, schedule.closed.shift) == ("US-CA", Shift.PREVIOUS)
    collection = schedule.collection
    assert (collection.specimen, collection.panel) == ("oral-fluid", ("cocaine", "cannabinoids"))
    assert (collection.opens, collection.closes) == (time(7, 30), time(12))
    response = schedule.response
    assert (response.steps, response.repeat_within_days, response.repeat_steps) == (1, 30, 2)


def test_all_but_the_title_and_the_draws_may_be_left_out():
    schedule = read_schedule(RANDOM, "clinic.toml")
    assert (schedule.closed.holidays, schedule.closed.shift) == (None, Shift.NEXT)
    assert (schedule.collection.specimen, schedule.collection.opens, schedule.collection.closes) == (
        "urine",
        time(8),
        time(17),
    )
    assert schedule.response.steps == 1


@pytest.mark.parametrize(
    ("written", "exactly"),
    [("0.1", Fraction(1, 10)), ("1.5", Fraction(3, 2)), ("0.5e-1", Fraction(1, 20)), ("7", Fraction(7))],
)
def test_the_draws_a_week_are_the_number_that_the_director_wrote_without_rounding(written, exactly):
    schedule = read_schedule(changed(RANDOM, "per_week = 1.5", f"per_week = {written}"), "clinic.toml")
    assert schedule.draw.per_week == exactly


@pytest.mark.parametrize("written", ["1e999999999", "1e-999999999", "1e-300", "1.000000000000001e-7", "9" * 4000])
def test_a_mean_that_no_proof_could_say_exactly_is_refused(written):
    with pytest.raises(ScheduleFileError, match=r"draw.per_week: must be a number over 0 and up to 7|not a TOML file"):
        read_schedule(changed(RANDOM, "per_week = 1.5", f"per_week = {written}"), "clinic.toml")


@pytest.mark.parametrize(
    ("lines", "bounds"),
    [
        ("", None),
        ("max_per_week = 4", Bounds(0, 4)),
        ("min_per_week = 1\nmax_gap_days = 10", Bounds(1, 7, 10)),
        ("min_per_week = 0\nmax_per_week = 7", None),
    ],
)
def test_guard_rails_are_read_as_they_are_written_and_left_out_where_they_never_bind(lines, bounds):
    schedule = read_schedule(changed(RANDOM, "per_week = 1.5", f"per_week = 1.5\n{lines}"), "clinic.toml")
    assert schedule.draw.bounds == bounds


def test_where_every_allowed_day_is_drawn_nothing_is_left_to_guard():
    lines = "per_week = 7\nmax_gap_days = 2"
    assert read_schedule(changed(RANDOM, "per_week = 1.5", lines), "clinic.toml").draw.bounds is None


def test_guard_rails_that_only_the_computation_finds_impossible_are_refused_on_loading():
    text = changed(RANDOM, "per_week = 1.5", "per_week = 2\nmax_gap_days = 3")
    assert read_schedule(text, "clinic.toml").draw.bounds == Bounds(max_gap_days=3)
    with pytest.raises(ScheduleFileError) as refused:
        read_with_table(text, "clinic.toml")
    (problem,) = refused.value.problems
    assert problem.startswith("clinic.toml: draw.per_week: ")
    assert problem.endswith("write at least 2.34 a week, or max_gap_days = 4 or more")


def test_only_a_schedule_with_guard_rails_has_a_table():
    assert read_with_table(RANDOM, "clinic.toml")[1] is None
    _, table = read_with_table(changed(RANDOM, "per_week = 1.5", "per_week = 2\nmax_gap_days = 7"), "clinic.toml")
    assert table is not None
    assert table.chance(0, 0, 7) == 1


FIXED_PROBLEMS = [
    # an unknown word
    ("steps = 1", "step = 1", "response.step", "unknown; [response] has steps, repeat_within_days"),
    ('kind = "fixed"', 'kind = "fixed"\nseed = 4', "draw.seed", "unknown; [draw] has kind, per_week, days"),
    ("[collection]", "[colection]", "colection", "unknown; a schedule has title, draw, closed, collection, response"),
    ("[closed]", "[closed]\n[extra]", "extra", "unknown; a schedule has title, draw"),
    # the title
    ('title = "Mondays and Thursdays"', "", "title", 'such as title = "Two tests a week"'),
    ('title = "Mondays and Thursdays"', "title = 2", "title", 'such as title = "Two tests a week"'),
    ('title = "Mondays and Thursdays"', 'title = "  "', "title", 'such as title = "Two tests a week"'),
    # the draws
    ('kind = "fixed"', "", "draw.kind", "missing; every schedule says it under [draw]"),
    ("per_week = 2", "", "draw.per_week", "missing; every schedule says it under [draw]"),
    ('days = ["thu", "mon"]', "", "draw.days", "missing; every schedule says it under [draw]"),
    ('kind = "fixed"', 'kind = "for-cause"', "draw.kind", 'must be "fixed" or "random"'),
    ('kind = "fixed"', "kind = 1", "draw.kind", 'must be "fixed" or "random"'),
    ("per_week = 2", 'per_week = "2"', "draw.per_week", "must be a number over 0 and up to 7"),
    ("per_week = 2", "per_week = true", "draw.per_week", "must be a number over 0 and up to 7"),
    ("per_week = 2", "per_week = 0", "draw.per_week", "must be a number over 0 and up to 7"),
    ("per_week = 2", "per_week = 8", "draw.per_week", "must be a number over 0 and up to 7"),
    ("per_week = 2", "per_week = nan", "draw.per_week", "must be a number over 0 and up to 7"),
    ("per_week = 2", "per_week = 4", "draw.per_week", "must be 1, 2 or 3 for a fixed schedule"),
    ("per_week = 2", "per_week = 1.5", "draw.per_week", "must be 1, 2 or 3 for a fixed schedule"),
    ("per_week = 2", "per_week = 3", "draw.days", "lists 2 for 3 a week; a fixed schedule has as many days as draws"),
    ('days = ["thu", "mon"]', 'days = ["thu"]', "draw.days", "as many days as draws"),
    ('days = ["thu", "mon"]', "days = []", "draw.days", 'such as ["mon", "thu"]'),
    ('days = ["thu", "mon"]', 'days = ["mon", "mon"]', "draw.days", "a list of different weekdays"),
    ('days = ["thu", "mon"]', 'days = ["mon", "Thursday"]', "draw.days", 'such as ["mon", "thu"]'),
    ('days = ["thu", "mon"]', "days = [1, 4]", "draw.days", 'such as ["mon", "thu"]'),
    ('days = ["thu", "mon"]', 'days = "mon"', "draw.days", 'such as ["mon", "thu"]'),
    # closed days
    ('holidays = "US-CA"', 'holidays = "Narnia"', "closed.holidays", "'Narnia' is not a country"),
    ('holidays = "US-CA"', "holidays = true", "closed.holidays", 'such as "US-CA"'),
    ('shift = "previous"', 'shift = "after"', "closed.shift", 'must be "next", "previous" or "skip"'),
    ('shift = "previous"', "shift = 1", "closed.shift", 'must be "next", "previous" or "skip"'),
    # the specimen
    ('specimen = "oral-fluid"', 'specimen = "saliva"', "collection.specimen", "one of urine, oral-fluid, breath"),
    ('specimen = "oral-fluid"', 'specimen = ["urine"]', "collection.specimen", "one of urine, oral-fluid, breath"),
    ('panel = ["COC", "thc"]', 'panel = ["cocaine", "fentanil"]', "collection.panel", "did you mean fentanyl"),
    ('panel = ["COC", "thc"]', 'panel = "cocaine"', "collection.panel", "must be a list of analytes"),
    ('panel = ["COC", "thc"]', "panel = [6]", "collection.panel", "must be a list of analytes"),
    ('window = "07:30-12:00"', 'window = "7:30-12"', "collection.window", 'such as "08:00-17:00"'),
    ('window = "07:30-12:00"', 'window = "07:30-24:00"', "collection.window", 'such as "08:00-17:00"'),
    ('window = "07:30-12:00"', "window = 07:30:00", "collection.window", 'such as "08:00-17:00"'),
    ('window = "07:30-12:00"', 'window = "22:00-06:00"', "collection.window", "must open before it closes, on one day"),
    ('window = "07:30-12:00"', 'window = "08:00-08:00"', "collection.window", "must open before it closes, on one day"),
    # the response
    ("steps = 1", "steps = -1", "response.steps", "a whole number from 0 to 3"),
    ("steps = 1", "steps = 1.0", "response.steps", "a whole number from 0 to 3"),
    ("steps = 1", "steps = true", "response.steps", "a whole number from 0 to 3"),
    ("repeat_within_days = 30", "repeat_within_days = 0", "response.repeat_within_days", "a whole number of days"),
    ("repeat_within_days = 30", "repeat_within_days = true", "response.repeat_within_days", "a whole number of days"),
    ("repeat_within_days = 30", "", "response.repeat_steps", "come together or not at all"),
    ("repeat_steps = 2", "", "response.repeat_within_days", "come together or not at all"),
    ("repeat_steps = 2", "repeat_steps = 4", "response.repeat_steps", "a whole number from 0 to 3"),
    ("repeat_steps = 2", "repeat_steps = 0", "response.repeat_steps", "must not be fewer than steps"),
    ('missed = "none"', 'missed = "maybe"', "response.missed", '"none", "review" or "positive"'),
    ("steps = 1", "steps = 1\nreview_after_negative_weeks = 0", "response.review_after_negative_weeks", "1 or more"),
    ('missed = "none"', "missed = false", "response.missed", 'must be "none"'),
]
FIXED_PROBLEMS += [
    ("per_week = 2", f"per_week = 2\n{bound} = 2", f"draw.{bound}", "remove the line from a fixed schedule")
    for bound in ("min_per_week", "max_per_week", "max_gap_days")
]
RANDOM_PROBLEMS = [
    (
        f"days = {WEEK}",
        'days = ["mon"]',
        "draw.per_week",
        "1.5 draws a week do not fit on 1 days; give at most 1, or more days",
    ),
    (f"days = {WEEK}", f'days = {WEEK}\n[closed]\nshift = "next"', "closed.shift", "remove the line from a random"),
    # guard rails
    *(
        ("per_week = 1.5", f"per_week = 1.5\n{key} = {value}", f"draw.{key}", f"a whole number from {least} to {most}")
        for key, least, most in (("min_per_week", 0, 7), ("max_per_week", 1, 7), ("max_gap_days", 1, 366))
        for value in (least - 1, most + 1, 1.5, "true", '"2"')
    ),
    ("per_week = 1.5", "per_week = 1.5\nmin_per_week = 2", "draw.per_week", "at least 2, or min_per_week at most 1"),
    ("per_week = 1.5", "per_week = 1.5\nmax_per_week = 1", "draw.per_week", "at most 1, or max_per_week at least 2"),
    (
        "per_week = 1.5",
        "per_week = 1.5\nmin_per_week = 3\nmax_per_week = 2",
        "draw.min_per_week",
        "3 is more than max_per_week 2; write at most 2",
    ),
    (
        f"days = {WEEK}",
        'days = ["mon", "thu"]\nmin_per_week = 3',
        "draw.min_per_week",
        "3 do not fit on 2 days; write at most 2, or more days",
    ),
    (
        f"days = {WEEK}",
        'days = ["mon", "tue", "wed"]\nmax_gap_days = 4',
        "draw.max_gap_days",
        "from wed to the next mon it is 5 days; write at least 5, or more days",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "to", "key", "remedy"),
    [
        pytest.param(text, line, to, key, remedy, id=to or f"without {line}")
        for text, problems in ((FIXED, FIXED_PROBLEMS), (RANDOM, RANDOM_PROBLEMS))
        for line, to, key, remedy in problems
    ],
)
def test_a_problem_names_the_file_the_key_and_the_remedy_and_is_the_only_one(text, line, to, key, remedy):
    (problem,) = problems_of(changed(text, line, to))
    assert problem.startswith(f"clinic.toml: {key}: ")
    assert remedy in problem


def test_every_problem_is_told_at_once():
    keys = [
        problem.split(": ")[1]
        for problem in problems_of(
            """
            surprise = 1
            [draw]
            kind = "random"
            per_week = 3
            days = ["mon", "tue"]
            max_gap_days = 0
            [closed]
            holidays = "Narnia"
            shift = "next"
            [collection]
            specimen = "tears"
            panel = ["fentanil"]
            window = "late"
            [response]
            steps = 9
            repeat_steps = 2
            """
        )
    ]
    assert sorted(keys) == [
        "closed.holidays",
        "closed.shift",
        "collection.panel",
        "collection.specimen",
        "collection.window",
        "draw.max_gap_days",
        "draw.per_week",
        "response.repeat_steps",
        "response.steps",
        "surprise",
        "title",
    ]


def test_an_empty_file_is_told_what_every_schedule_has():
    assert [problem.split(": ")[1] for problem in problems_of("")] == [
        "title",
        "draw.kind",
        "draw.per_week",
        "draw.days",
    ]


def test_a_file_that_is_not_toml_is_told_where_it_goes_wrong():
    (problem,) = problems_of('title = "Mondays"\ndays = [mon]\n')
    assert problem.startswith("clinic.toml: not a TOML file: ")
    assert "line 2" in problem


@pytest.mark.parametrize("section", ["draw", "closed", "collection", "response"])
@pytest.mark.parametrize("value", ['"text"', "[1]"])
def test_a_section_that_is_no_table_is_told_how_it_begins(section, value):
    assert_told_how_it_begins(section, value)


@pytest.mark.parametrize("section", ["draw", "closed", "response"])
@pytest.mark.parametrize("value", ["5", "true"])
def test_a_section_that_is_a_number_is_told_how_it_begins(section, value):
    assert_told_how_it_begins(section, value)


def assert_told_how_it_begins(section, value):
    rest = RANDOM if section != "draw" else 'title = "Any day"\n'
    first = f"clinic.toml: {section}: must be a table that begins with [{section}]"
    assert first in problems_of(f"{section} = {value}\n{rest}")


@pytest.mark.parametrize("name", ["utils", "HolidayBase", "country_holidays"])
def test_a_word_of_the_holidays_library_that_is_no_country_is_refused(name):
    (problem,) = problems_of(changed(FIXED, 'holidays = "US-CA"', f'holidays = "{name}"'))
    assert problem.startswith("clinic.toml: closed.holidays: ")


def test_a_misspelt_kind_is_not_judged_as_a_fixed_schedule():
    (problem,) = problems_of(changed(RANDOM, 'kind = "random"', 'kind = "randm"'))
    assert problem.startswith("clinic.toml: draw.kind: ")


def test_every_unknown_analyte_of_a_panel_is_told():
    problems = " ".join(problems_of(changed(FIXED, 'panel = ["COC", "thc"]', 'panel = ["fentanil", "sugar"]')))
    assert "'fentanil'" in problems
    assert "'sugar'" in problems
