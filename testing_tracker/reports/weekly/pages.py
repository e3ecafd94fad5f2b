"""The weekly report as a web page and as a pdf, with its charts: on a phone, by a screen reader, and on paper."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from testing_tracker.reports.paper import charts
from testing_tracker.reports.paper.pages import page
from testing_tracker.reports.paper.pdf import paper_of, pdf, section_data
from testing_tracker.reports.paper.words import WeekCell, cells_of
from testing_tracker.reports.weekly.gather import WeeklyReport
from testing_tracker.reports.weekly.printing import WORST_FIRST, Printed
from testing_tracker.reports.weekly.trend import STANDARD_DEVIATIONS
from testing_tracker.reports.weekly.words import (
    ANALYTES_TITLE,
    WEEKDAYS_NOTE,
    WEEKDAYS_TITLE,
    Page,
    Rate,
    page_of,
    trend_rows,
    trend_title,
    weekday_rows,
)
from testing_tracker.rules.reporting.tally import NOT_AVAILABLE, compliance_of

WEEKS_SHOWN = 13  # the report's and the twelve before, as in its charts
_COUNTS = {
    "due": "due",
    "collected": "coll.",
    "missed": "missed",
    "refused": "ref.",
    "excused": "exc.",
    "outstanding": "open",
    "negative": "neg.",
    "positive": "pos.",
    "invalid": "inv.",
}
COUNT_NAMES = tuple(_COUNTS.values())


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
    title, weeks = trend_title(report.trend), report.trend.weeks
    compliance = [one.tally.compliance_rate for one in weeks]
    positivity = [one.tally.positivity_rate for one in weeks]
    names = [f"W{one.week.number:02}" for one in weeks]
    return Chart(
        title,
        charts.rates_by_week(title, names, (("compliance", compliance), ("positivity", positivity))),
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


@dataclass(frozen=True)
class ParticipantCells:
    """A participant's line, ready to be shown."""

    participant: str
    name: str | None
    level: str
    schedule: str
    counts: list[int]
    compliance: str
    cells: list[WeekCell]
    check_in: str | None = None


def lines_of(printed: Printed) -> Iterator[ParticipantCells]:
    """The lines in the order asked for."""
    check_in = printed.report.check_in
    for line in printed.lines:
        share = compliance_of(line.tally)
        yield ParticipantCells(
            participant=line.participant,
            name=printed.name_of(line.participant),
            level=line.level,
            schedule=line.schedule,
            counts=[getattr(line.tally, count) for count in _COUNTS],
            compliance=f"{share.fraction} {share.percent}" if share.whole else NOT_AVAILABLE,
            cells=cells_of(line.pattern[-WEEKS_SHOWN:], printed.report.week),
            check_in=check_in.said_of(line.participant) if check_in is not None else None,
        )


def weekly_html(printed: Printed) -> str:
    """The whole page."""
    return page(
        "weekly.html.j2",
        page=page_of(printed),
        charts=list(charts_of(printed.report)),
        lines=list(lines_of(printed)),
        count_names=COUNT_NAMES,
        weeks_shown=WEEKS_SHOWN,
        week=str(printed.report.week),
        worst_first=printed.sort == WORST_FIRST,
        with_check_in=printed.report.check_in is not None,
    )


def weekly_pdf(printed: Printed) -> bytes:
    """The whole report, on the paper that is usual where the facility is."""
    page = page_of(printed)
    named = {line.participant: printed.name_of(line.participant) for line in printed.lines}
    return pdf("weekly.typ", _data(printed, page), printed.imprint.printed_at, named)


def _data(printed: Printed, page: Page) -> dict[str, object]:
    worst = ", most positive tests first, then most not given" if printed.sort == WORST_FIRST else ""
    return {
        "paper": paper_of(printed.report.zone.key),
        "title": page.title,
        "period": f"{page.period}, {page.printed}",
        "training": page.training,
        "leading": page.leading,
        "foot": f"{page.foot[0]} {page.printed[0].upper()}{page.printed[1:]}.",
        "rates": [_rate(rate) for rate in page.rates],
        "participants": page.participants,
        "count_columns": page.count_columns,
        "counts": page.counts,
        "notes": page.notes,
        "sections": [section_data(section) for section in page.sections],
        "charts": [asdict(chart) for chart in charts_of(printed.report)],
        "lines_title": f"Participants{worst}",
        "lines": [asdict(line) for line in lines_of(printed)],
        "count_names": COUNT_NAMES,
        "weeks_shown": WEEKS_SHOWN,
        "with_check_in": printed.report.check_in is not None,
        "week": str(printed.report.week),
        "amendments": page.amendments,
        "foot_lines": page.foot,
    }


def _rate(rate: Rate) -> dict[str, str]:
    return {
        "name": rate.name,
        "rule": rate.rule,
        "percent": rate.this.percent,
        "fraction": rate.this.fraction if rate.this.whole else "",
        "before": "; ".join(rate.before),
    }
