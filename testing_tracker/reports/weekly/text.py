"""Writes the weekly compliance report for programs and spreadsheets: json and csv."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from itertools import chain
from typing import TextIO

from testing_tracker.reports.paper.words import NOTICE, iso
from testing_tracker.reports.weekly.check_in import as_documents, named_counts
from testing_tracker.reports.weekly.gather import WeeklyReport
from testing_tracker.reports.weekly.participants import ParticipantWeek
from testing_tracker.reports.weekly.printing import Printed
from testing_tracker.reports.weekly.trend import Trend
from testing_tracker.rules.check_in.counted import CheckInCounts
from testing_tracker.rules.drawing.no_record import Asks, question
from testing_tracker.rules.exchange.csv_cells import protected, rows_to
from testing_tracker.rules.exchange.visible import escaped_in_json
from testing_tracker.rules.reporting.measures import Measures, measure
from testing_tracker.rules.reporting.tally import COUNTS, counts_and_rates

MEASURES = tuple(measure.name for measure in fields(Measures))
COLUMNS = ("participant", "level", "schedule", *COUNTS, "compliance_rate", "pattern", *MEASURES)
OF_CHECK_IN = tuple(named_counts(CheckInCounts()))
_LINES = "participants"


def write_json(printed: Printed, file: TextIO) -> None:
    """The json form: one document, dates and instants in ISO 8601. A large facility's lines are never all in memory."""
    encoder = json.JSONEncoder(default=iso, indent=2, ensure_ascii=False)
    before, after = _before_lines(printed), _after_lines(printed)
    file.write(escaped_in_json(encoder.encode(before)[: -len("\n}")]))
    file.write(f',\n  "{_LINES}": [')
    separator = ""
    for line in printed.lines:
        document = escaped_in_json(encoder.encode(_line_document(printed, line)))
        file.write(f"{separator}\n{_indented(document, 4)}")
        separator = ","
    file.write("\n  ],\n" if separator else "],\n")
    file.write(escaped_in_json(encoder.encode(after)[len("{\n") :]))
    file.write("\n")


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.splitlines())


def _before_lines(printed: Printed) -> dict[str, object]:
    report = printed.report
    return {
        "facility": f"{report.facility} (TRAINING)" if report.training else report.facility,
        "week": str(report.week),
        "from": report.week.monday,
        "to": report.week.sunday,
        "totals": {"participants": len(report.participants), **counts_and_rates(report.total)},
        **as_documents(report.check_in),
    }


def _after_lines(printed: Printed) -> dict[str, object]:
    report, imprint = printed.report, printed.imprint
    standing = report.standing
    return {
        "recommendations": [asdict(recommendation) for recommendation in standing.recommendations],
        "gaps": report.gaps,
        "unplaced": [asdict(unplaced) for unplaced in report.unplaced],
        "closed": [asdict(closed) for closed in report.closed],
        "questions": _questions(report),
        "talk": [asdict(one) for one in report.findings.talk],
        "analytes": [asdict(one) for one in report.findings.analytes],
        "weekdays": [
            {"day": one.day, "observed": one.observed, "expected": one.expected, "spread": one.spread}
            for one in report.weekdays
        ],
        "trend": _trend(report.trend),
        "weeks_before": _weeks_before(report.trend),
        "leaves": [asdict(leave) for leave in report.leaves],
        "reviews": [asdict(review) for review in standing.reviews],
        "confirmations_overdue": [asdict(awaited) for awaited in standing.overdue],
        "recollections": [asdict(one) for one in standing.recollections],
        "amended_after_delivery": [asdict(one) for one in standing.amended],
        "anchors": [asdict(anchor) for anchor in report.anchors],
        "as_of": standing.as_of,
        "printed_at": imprint.printed_at,
        "printed_by": imprint.printed_by,
        "edition": imprint.number,
        "amended": asdict(imprint.amended) if imprint.amended else None,
        "notice": NOTICE,
        "witness": [str(line) for line in report.witness],
    }


def _questions(report: WeeklyReport) -> list[dict[str, object]]:
    return [
        {
            "from": compared.closed.first_day,
            "to": compared.closed.day,
            "draws": compared.closed.count.draws,
            "untouched": compared.closed.count.untouched,
            "usual_draws": compared.usual.draws,
            "usual_untouched": compared.usual.untouched,
            "question": question(compared),
            **({} if compared.about is Asks.RECORD else {"about": compared.about}),
        }
        for compared in report.questions
    ]


def _trend(trend: Trend) -> list[dict[str, object]]:
    return [{"week": str(one.week), **counts_and_rates(one.tally)} for one in trend.weeks]


def _weeks_before(trend: Trend) -> dict[str, object]:
    """How many weeks before there were, each count as their average a week, and the rates of all their tests."""
    together = trend.before_together
    averages = {count: float(trend.a_week_before(getattr(together, count))) for count in COUNTS}
    return {"weeks": trend.count_before, **counts_and_rates(together), **averages}


def _line_document(printed: Printed, line: ParticipantWeek) -> dict[str, object]:
    named = {"name": printed.name_of(line.participant)} if printed.names is not None else {}
    return {**_line(line), **named, **_check_ins(printed, line), "measures": asdict(measure(line.pattern))}


def _check_ins(printed: Printed, line: ParticipantWeek) -> dict[str, object]:
    """How the participant's check-ins went; null for who was not asked, and nothing where no rule was in force."""
    week = printed.report.check_in
    if week is None:
        return {}
    counts = week.by_code.get(line.participant)
    return {"check_in": asdict(counts) if counts is not None else None}


def _line(line: ParticipantWeek) -> dict[str, object]:
    return {
        "participant": line.participant,
        "level": line.level,
        "schedule": line.schedule,
        **{count: getattr(line.tally, count) for count in COUNTS},
        "compliance_rate": line.tally.compliance_rate,
        "pattern": line.pattern,
    }


def write_csv(printed: Printed, file: TextIO) -> None:
    """The csv form: a header row and a line a participant."""
    writer = rows_to(file)
    with_rule = OF_CHECK_IN if printed.report.check_in is not None else ()
    writer.writerow([*COLUMNS, *with_rule, *(["name"] if printed.names is not None else [])])
    writer.writerows([protected(cell) for cell in row] for row in _rows(printed))


def _rows(printed: Printed) -> Iterator[list[object]]:
    """The measures stand beside the counts. Many participants have the same pattern, so they are computed once."""
    known: dict[str, tuple[object, ...]] = {}
    for line in printed.lines:
        measures = known.get(line.pattern)
        if measures is None:
            found = measure(line.pattern)
            measures = tuple(getattr(found, name) for name in MEASURES)
            if len(known) < 10_000:
                known[line.pattern] = measures
        tally = line.tally
        counts = (getattr(tally, count) for count in COUNTS)
        named = [printed.name_of(line.participant)] if printed.names is not None else []
        yield [
            *chain((line.participant, line.level, line.schedule), counts, (tally.compliance_rate, line.pattern)),
            *measures,
            *_check_in_cells(printed, line),
            *named,
        ]


def _check_in_cells(printed: Printed, line: ParticipantWeek) -> tuple[object, ...]:
    week = printed.report.check_in
    if week is None:
        return ()
    return tuple(named_counts(week.by_code.get(line.participant, CheckInCounts())).values())
