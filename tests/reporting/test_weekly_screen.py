"""The weekly table on terminals of several kinds, and what it says of a day that chance hardly explains."""

import io
from dataclasses import replace
from datetime import date

import pytest
from conftest import Clinic
from databases import clock_of

from testing_tracker.reports.weekly.gather import gather
from testing_tracker.reports.weekly.printing import Printed, imprint
from testing_tracker.reports.weekly.table import Screen, write_table
from testing_tracker.reports.weekly.trend import DayDrawn
from testing_tracker.reports.weekly.words import weekday_rows
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.store.engine import open_engine, writing


@pytest.fixture
def printed(clinic: Clinic) -> Printed:
    """A1's report of a week, with ten weeks of past records before it."""
    clinic.add("A1", schedule="fixed-1", enrolled="2026-09-07")
    days = [date.fromisocalendar(2026, week, 3) for week in range(37, 47)]
    past = "".join(
        f"A1,{day},{'missed,,' if number % 2 else 'collected,negative,'},\n" for number, day in enumerate(days)
    )
    clinic("history", "import", "-", input=f"participant,due_on,status,outcome,analytes,reason\n{past}")
    engine = open_engine(clinic.location)
    with writing(engine, None, clock_of(date(2026, 11, 16)), SHIPPED) as work:
        found = imprint(work, gather(work))
    engine.dispose()
    return found


def text(printed: Printed, screen: Screen) -> str:
    file = io.StringIO()
    write_table(printed, file, screen)
    return file.getvalue()


def test_a_wider_terminal_shows_more_of_the_pattern(printed):
    narrow, wide = text(printed, Screen()), text(printed, Screen(width=100))
    assert "-o-o-o-o" in narrow
    assert "-o-o-o-o-o" not in narrow
    assert "-o-o-o-o-o" in wide
    assert "The last 28 weeks are shown." in " ".join(wide.split())


def test_where_there_is_colour_each_week_is_a_coloured_cell_and_only_there(printed):
    assert "\x1b" not in text(printed, Screen())
    coloured = text(printed, Screen(colour=True))
    assert "\x1b[30;42m-\x1b[0m\x1b[97;100mo\x1b[0m" in coloured
    assert "\x1b" not in coloured[: coloured.index("participant level")]


def test_a_day_that_chance_hardly_explains_is_called_unusual(printed):
    drawn = [
        DayDrawn(day.day, observed, 10.0, 2.0, observed)
        for day, observed in zip(printed.report.weekdays, (10, 14, 15, 6, 5, 0, 10), strict=True)
    ]
    rows = weekday_rows(replace(printed.report, weekdays=drawn, gaps=[]))
    assert [row.remark for row in rows] == ["", "", "unusual", "", "unusual", "unusual", ""]
    assert rows[0].usual == "6–14"
