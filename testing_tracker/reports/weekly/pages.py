"""The weekly report as a web page: one file, readable on a phone and by a screen reader, and fit to be printed."""

from testing_tracker.reports.paper.pages import page
from testing_tracker.reports.weekly.charts import charts_of
from testing_tracker.reports.weekly.lines import COUNT_NAMES, WEEKS_SHOWN, lines_of
from testing_tracker.reports.weekly.printing import WORST_FIRST, Printed
from testing_tracker.reports.weekly.words import page_of


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
    )
