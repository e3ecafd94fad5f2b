"""The weekly report's charts, each with the table that says the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from testing_tracker.reports.paper import charts
from testing_tracker.reports.weekly.gather import WeeklyReport
from testing_tracker.reports.weekly.trend import STANDARD_DEVIATIONS
from testing_tracker.reports.weekly.words import (
    ANALYTES_TITLE,
    TREND_TITLE,
    WEEKDAYS_NOTE,
    WEEKDAYS_TITLE,
    trend_rows,
    weekday_rows,
)


@dataclass(frozen=True)
class Chart:
    """A drawing and its figures; `numeric` are the columns of numbers. Without a drawing the table says it all."""

    title: str
    svg: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numeric: tuple[int, ...]
    note: str = ""


def charts_of(report: WeeklyReport) -> Iterator[Chart]:
    """Rates by week, draws by weekday, results by analyte."""
    yield _rates(report)
    yield _weekdays(report)
    yield _analytes(report)


def _rates(report: WeeklyReport) -> Chart:
    weeks = report.trend.weeks
    compliance = [one.tally.compliance_rate for one in weeks]
    positivity = [one.tally.positivity_rate for one in weeks]
    names = [f"W{one.week.number:02}" for one in weeks]
    return Chart(
        TREND_TITLE,
        charts.rates_by_week(TREND_TITLE, names, (("compliance", compliance), ("positivity", positivity))),
        ("week", "compliance", "", "positivity", " "),
        [
            (f"W{week.number:02}", collected.fraction, collected.percent, positive.fraction, positive.percent)
            for week, collected, positive in trend_rows(report)
        ],
        (1, 2, 3, 4),
    )


def _weekdays(report: WeeklyReport) -> Chart:
    rows = weekday_rows(report)
    return Chart(
        WEEKDAYS_TITLE,
        charts.draws_by_weekday(
            WEEKDAYS_TITLE,
            [row.name for row in rows],
            [day.observed for day in report.weekdays],
            [day.expected for day in report.weekdays],
            [STANDARD_DEVIATIONS * (day.spread or 0.0) for day in report.weekdays],
        ),
        ("day", "observed", "expected", "usual", ""),
        [(f"{row.name} {row.day:%d}", row.observed, row.expected, row.usual, row.remark) for row in rows],
        (1, 2, 3),
        WEEKDAYS_NOTE,
    )


def _analytes(report: WeeklyReport) -> Chart:
    found = report.findings.analytes
    drawing = ""
    if found:
        drawing = charts.found_by_analyte(
            ANALYTES_TITLE,
            [one.analyte for one in found],
            [one.unexpected for one in found],
            [one.expected for one in found],
        )
    return Chart(
        ANALYTES_TITLE,
        drawing,
        ("analyte", "found", "confirmed", "prescribed"),
        [(one.analyte, str(one.unexpected), str(one.confirmed), str(one.expected)) for one in found]
        or [("none", "0", "0", "0")],
        (1, 2, 3),
        "Tests in which it was found; a test that found two counts for each. Prescribed: a prescription explains it.",
    )
