"""Writes the weekly compliance report for programs and spreadsheets: json and csv."""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import TextIO

from testing_tracker.reports.weekly import WeeklyReport
from testing_tracker.reports.weekly_participants import ParticipantWeek, Tally
from testing_tracker.rules.measures import Measures, measure

COUNTS = tuple(count.name for count in fields(Tally))
MEASURES = tuple(measure.name for measure in fields(Measures))
COLUMNS = ("participant", "level", "schedule", *COUNTS, "compliance_rate", "pattern", *MEASURES)


def document(report: WeeklyReport) -> dict[str, object]:
    """The report as the json form has it, with dates and instants as they are."""
    return {
        "facility": f"{report.facility} (TRAINING)" if report.training else report.facility,
        "week": str(report.week),
        "from": report.week.monday,
        "to": report.week.sunday,
        "totals": {
            "participants": len(report.participants),
            **asdict(report.total),
            "compliance_rate": report.total.compliance_rate,
            "positivity_rate": report.total.positivity_rate,
        },
        "participants": [{**_line(line), "measures": asdict(measure(line.pattern))} for line in report.participants],
        "recommendations": [asdict(recommendation) for recommendation in report.recommendations],
        "gaps": report.gaps,
        "unplaced": [asdict(unplaced) for unplaced in report.unplaced],
        "leaves": [asdict(leave) for leave in report.attention.leaves],
        "reviews": [asdict(review) for review in report.attention.reviews],
        "confirmations_overdue": [asdict(awaited) for awaited in report.attention.overdue],
        "anchors": [asdict(anchor) for anchor in report.anchors],
        "printed_at": report.printed_at,
    }


def rows(report: WeeklyReport) -> Iterator[dict[str, object]]:
    """The csv form's rows: a participant each, with the measures beside the counts."""
    for line in report.participants:
        yield {**_line(line), **asdict(measure(line.pattern))}


def _line(line: ParticipantWeek) -> dict[str, object]:
    return {
        "participant": line.participant,
        "level": line.level,
        "schedule": line.schedule,
        **asdict(line.tally),
        "compliance_rate": line.tally.compliance_rate,
        "pattern": line.pattern,
    }


def write_json(report: WeeklyReport, file: TextIO) -> None:
    """The json form: one document, dates and instants in ISO 8601."""
    encoder = json.JSONEncoder(default=_iso, indent=2, ensure_ascii=False)
    file.writelines(encoder.iterencode(document(report)))  # a piece at a time: a large facility's is long
    file.write("\n")


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    assert isinstance(value, date)
    return value.isoformat()


def write_csv(report: WeeklyReport, file: TextIO) -> None:
    """The csv form: a header row and a line a participant."""
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(report))
