"""Writes a participant's report: as text for people, as csv and json, as a web page, and as a pdf."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from io import StringIO

from testing_tracker.reports.paper.words import NOTICE, iso, printed_section, wrapped
from testing_tracker.reports.participant.check_ins import as_documents
from testing_tracker.reports.participant.gather import ParticipantReport
from testing_tracker.reports.participant.words import (
    CALENDAR_TITLE,
    DAYS,
    PATTERN_TITLE,
    calendar_cells,
    foot_of,
    key_of_calendar,
    lists_of,
    pattern_cells,
    printed_of,
    status_of,
    title_of,
)
from testing_tracker.rules.exchange.csv_cells import protected, rows_to
from testing_tracker.rules.exchange.visible import escaped_in_json, in_one_line
from testing_tracker.rules.reporting.pattern import SIGNS
from testing_tracker.services.people.roster import DrawEntry, ResultEntry

_OF_THE_CUP = ("collected_at", "collector", "observed", "specimen_id", "note")
_COLUMNS = ("due_on", "kind", "status", "outcome", "analytes", "expected", "late", "reason", *_OF_THE_CUP)


def as_bytes(report: ParticipantReport, form: str) -> bytes:
    """The report in one of the forms, text in UTF-8."""
    if form == "pdf":
        return _pdf(report)
    writers = {"table": _table, "csv": _csv, "json": _json, "html": _html}
    return writers[form](report).encode()


def _table(report: ParticipantReport) -> str:
    return "".join(f"{in_one_line(line.rstrip())}\n" for line in _printed(report))


def _printed(report: ParticipantReport) -> Iterator[str]:
    if report.training:
        yield "TRAINING"
    yield from wrapped(title_of(report))
    yield from wrapped(status_of(report))
    yield ""
    yield from wrapped(PATTERN_TITLE)
    for start in range(0, len(report.pattern), 26):
        yield f"  {report.pattern[start : start + 26]}"
    if not report.pattern:
        yield "  no week is over yet"
    yield ""
    yield CALENDAR_TITLE
    if report.calendar:
        yield f"  {'':<9} {' '.join(DAYS)}"
        for row in report.calendar:
            signs = (SIGNS[mark] if mark is not None else "." for mark in row.days)
            yield f"  {row.week!s:<9} {'   '.join(f'{sign}' for sign in signs)}"
        yield from wrapped(key_of_calendar(report))
    for section in lists_of(report):
        yield ""
        yield from printed_section(section)
    yield ""
    printed = printed_of(report)
    yield from wrapped(printed[0].upper() + printed[1:])
    for line in foot_of(report):
        yield from wrapped(line, "  ")


def _csv(report: ParticipantReport) -> str:
    """The draws, one a line."""
    text = StringIO(newline="")
    writer = rows_to(text)
    writer.writerow(_COLUMNS)
    for draw in report.record.draws:
        governing = next((entry for entry in draw.results if entry.counts), None)
        analytes = ";".join(governing.analytes) if governing and draw.outcome else ""
        outcome = draw.outcome or ""
        what = (draw.due_on, draw.kind, draw.status, outcome, analytes, draw.expected, draw.late)
        cup = _cup_cells(draw, governing if draw.outcome else None)
        writer.writerow((*what, *map(protected, (draw.reason or "", *map(str, cup)))))
    return text.getvalue()


def _cup_cells(draw: DrawEntry, governing: ResultEntry | None) -> tuple[object, ...]:
    """When the specimen was taken, by whom, whether that was observed, its label, and the note."""
    cup = governing.specimen if governing else draw.specimen
    at = (governing.collected_at if governing else None) or (cup.collected_at if cup else None)
    observed = "" if cup is None or cup.observed is None else cup.observed
    note = (governing.note if governing else None) or ""
    return (
        iso(at) if at else "",
        (cup.collector if cup else None) or "",
        observed,
        (cup.specimen_id if cup else None) or "",
        note,
    )


def _json(report: ParticipantReport) -> str:
    line = asdict(report.record.line)
    if line["name"] is None:
        del line["name"]
    document = {
        "facility": f"{report.facility} (TRAINING)" if report.training else report.facility,
        **line,
        "pattern": report.pattern,
        "measures": asdict(report.measures),
        "negatives_in_a_row": report.recent.negatives_in_a_row,
        "most_negatives_in_a_row": report.recent.most_negatives_in_a_row,
        "calendar": [{"week": str(row.week), "days": list(row.days)} for row in report.calendar],
        "prescriptions": [asdict(one) for one in report.record.prescriptions],
        "decisions": [asdict(one) for one in report.recent.decisions],
        "reviews": [asdict(one) for one in report.recent.reviews],
        "enrolments": [asdict(one) for one in report.record.enrolments],
        "levels": [asdict(one) for one in report.record.levels],
        "schedules": [asdict(one) for one in report.record.schedules],
        "leaves": [asdict(one) for one in report.record.leaves],
        "earlier_codes": [asdict(one) for one in report.record.earlier_names],
        "joined": [asdict(one) for one in report.record.joined],
        "draws": [asdict(one) for one in report.record.draws],
        **as_documents(report.check_ins),
        "anchors": [asdict(one) for one in report.anchors],
        "printed_at": report.imprint.printed_at,
        "printed_by": report.imprint.printed_by,
        "notice": NOTICE,
    }
    return escaped_in_json(json.dumps(document, default=iso, indent=2, ensure_ascii=False)) + "\n"


def _html(report: ParticipantReport) -> str:
    from testing_tracker.reports.paper.pages import page

    return page("participant.html.j2", **_shown(report))


def _pdf(report: ParticipantReport) -> bytes:
    from testing_tracker.reports.paper.pdf import paper_of, pdf, section_data

    shown = _shown(report)
    data = {
        **shown,
        "paper": paper_of(report.zone.key),
        "leading": [],
        "period": f"{shown['status']}, {shown['printed']}",
        "foot": f"{NOTICE} {shown['printed']}.",
        "sections": [section_data(section) for section in lists_of(report)],
        "calendar": [
            {"week": week, "days": [asdict(cell) if cell else None for cell in days]}
            for week, days in calendar_cells(report)
        ],
        "pattern": [asdict(cell) for cell in pattern_cells(report)],
    }
    line = report.record.line
    return pdf("participant.typ", data, report.imprint.printed_at, {line.participant: line.name})


def _shown(report: ParticipantReport) -> dict[str, object]:
    printed = printed_of(report)
    return {
        "title": title_of(report),
        "status": status_of(report),
        "printed": printed[0].upper() + printed[1:],
        "training": report.training,
        "pattern_title": PATTERN_TITLE,
        "pattern": pattern_cells(report),
        "calendar_title": CALENDAR_TITLE,
        "calendar": calendar_cells(report),
        "calendar_key": key_of_calendar(report),
        "days": DAYS,
        "sections": lists_of(report),
        "foot_lines": foot_of(report),
    }
