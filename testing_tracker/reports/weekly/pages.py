"""The weekly report as a web page and as a pdf: on a phone, by a screen reader, and on paper."""

from dataclasses import asdict

from testing_tracker.reports.paper.pages import page
from testing_tracker.reports.paper.pdf import paper_of, pdf, section_data
from testing_tracker.reports.weekly.charts import charts_of
from testing_tracker.reports.weekly.lines import COUNT_NAMES, WEEKS_SHOWN, lines_of
from testing_tracker.reports.weekly.printing import WORST_FIRST, Printed
from testing_tracker.reports.weekly.words import Page, Rate, page_of


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
        "counts": page.counts,
        "notes": page.notes,
        "sections": [section_data(section) for section in page.sections],
        "charts": [asdict(chart) for chart in charts_of(printed.report)],
        "lines_title": f"Participants{worst}",
        "lines": [asdict(line) for line in lines_of(printed)],
        "count_names": COUNT_NAMES,
        "weeks_shown": WEEKS_SHOWN,
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
        "before": rate.before,
    }
