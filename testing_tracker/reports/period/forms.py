"""Writes the report of a period: as text for people, as csv and json, as a web page, and as a pdf."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from io import StringIO

from testing_tracker.reports.paper.words import NOTICE, Section, heading, is_narrow, iso, wrapped
from testing_tracker.reports.period import check_in
from testing_tracker.reports.period.gather import Part, PeriodReport
from testing_tracker.reports.period.words import COLUMNS_OF_A_PHONE, FEW_COLUMNS, PeriodPage, page_of
from testing_tracker.rules.drawing.no_record import question
from testing_tracker.rules.exchange.csv_cells import protected, rows_to
from testing_tracker.rules.exchange.visible import escaped_in_json, in_one_line
from testing_tracker.rules.reporting.confirming import Confirmed
from testing_tracker.rules.reporting.tally import Share, counts_and_rates
from testing_tracker.rules.reporting.waiting import Spread

FORMS = ("table", "csv", "json", "html", "pdf")
_COLUMNS = ("part", "name", "figure", "value")
_NAME = 16  # columns; a longer name stands in a line of its own
_ANSWERED = (Confirmed.CONFIRMED, Confirmed.PARTLY, Confirmed.NOT)


def as_bytes(report: PeriodReport, form: str) -> bytes:
    """The report in one of the forms, text in UTF-8."""
    if form == "pdf":
        return _pdf(report)
    writers = {"table": _table, "csv": _csv, "json": _json, "html": _html}
    return writers[form](report).encode()


def _table(report: PeriodReport) -> str:
    return "".join(f"{in_one_line(line.rstrip())}\n" for line in _printed(page_of(report)))


def _printed(page: PeriodPage) -> Iterator[str]:
    yield from heading(page)
    for rate in page.rates:
        yield from wrapped(f"{rate.name} {rate.share} ({rate.rule})", "  ")
    for section in page.sections:
        yield ""
        yield from wrapped(section.title)
        yield from (_in_blocks if is_narrow() else _aligned)(section)
        if section.note:
            yield from wrapped(section.note)
    yield ""
    for note in page.notes:
        yield from wrapped(note)
    yield ""
    yield from wrapped(page.printed)
    for line in page.foot:
        yield from wrapped(line, "  ")


def _in_blocks(section: Section) -> Iterator[str]:
    """The rows one below the other, each number with the name of its column."""
    for first, *numbers in section.rows:
        yield from wrapped(f"  {first}", "    ")
        said = (f"{column} {cell}" for column, cell in zip(section.columns[1:], numbers, strict=True) if cell.strip())
        yield from wrapped(f"    {', '.join(said)}", "    ")


def _aligned(section: Section) -> Iterator[str]:
    """The rows under their columns, numbers to the right."""
    if not section.rows:
        return
    widest = max(len(row[0]) for row in section.rows)
    name = widest if len(section.columns) <= FEW_COLUMNS else min(widest, _NAME)
    widths = [max(map(len, cells)) for cells in zip(*(section.columns, *section.rows), strict=True)][1:]
    for first, *numbers in (section.columns, *section.rows):
        cells = " ".join(f"{cell:>{width}}" for cell, width in zip(numbers, widths, strict=True))
        if len(first) > name:
            yield f"  {first}"
            first = ""
        yield f"  {first:<{name}} {cells}"


def _csv(report: PeriodReport) -> str:
    """A figure a line, with the part of the report that it is of; a figure that is not available is empty."""
    text = StringIO(newline="")
    writer = rows_to(text)
    writer.writerow(_COLUMNS)
    for part, name, figures in _figures(report):
        for figure, value in figures.items():
            writer.writerow((part, protected(name), figure, "" if value is None else value))
    return text.getvalue()


def _figures(report: PeriodReport) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Every figure: of which part, of which name in it, and by its own name."""
    yield "all", "", _of_part(report.whole, is_whole=True)
    for level, part in report.levels.items():
        yield "level", level, _of_part(part)
    for schedule, part in report.schedules.items():
        yield "schedule", schedule, _of_part(part)
    for (before, after), count in sorted(report.transfers.items()):
        yield "transfer", f"{before} to {after}", {"moves": count}
    for method, times in report.found.times.items():
        found = _spread(times.in_days, "results", "days") | _spread(times.in_hours, "timed_results", "hours")
        yield "time to result", method, found
    yield "recommendations", "", _recommendations(report)
    yield "presumptive positives", "", _positives(report)
    yield (
        "days",
        "",
        {
            "counted": len(report.counted.days),
            "without_a_night": len(report.gaps),
            "questions": len(report.questions),
            "imported_tests": report.found.imported,
        },
    )
    if report.check_in is not None:
        for of, figures in check_in.figures_of(report.check_in):
            yield of, "", figures


def _of_part(part: Part, *, is_whole: bool = False) -> dict[str, object]:
    moved = part.movements
    between = {} if is_whole else {"moved_in": moved.moved_in, "moved_out": moved.moved_out}
    return {
        "participants": part.participants,
        "beginning": moved.beginning,
        "enrolled": moved.enrolled,
        **between,
        "discharged": moved.discharged,
        "end": moved.end,
        "on_leave_at_beginning": moved.on_leave_at_beginning,
        "on_leave_at_end": moved.on_leave_at_end,
        **counts_and_rates(part.tally),
        "awaited": part.tally.awaited,
    }


def _spread(found: Spread, counted: str, unit: str) -> dict[str, object]:
    values = {"median": found.median, "ninetieth": found.ninetieth, "longest": found.longest}
    rounded = {name: None if value is None else round(value, 2) for name, value in values.items()}
    return {counted: found.count} | {f"{name}_{unit}": value for name, value in rounded.items()}


def _recommendations(report: PeriodReport) -> dict[str, object]:
    found = report.decisions
    waiting = {f"open_{name}": value for name, value in _spread(found.open_for, "in_all", "days").items()}
    return {
        "raised": found.raised,
        "accepted": found.accepted,
        "declined": found.declined,
        "withdrawn": found.withdrawn,
        "open": found.open,
        **_spread(found.to_decision, "decided", "days"),
        **waiting,
    }


def _positives(report: PeriodReport) -> dict[str, object]:
    found = report.found.positives
    answered = sum(found[one] for one in _ANSWERED)
    return {
        "positives": sum(found.values()),
        **{str(became): count for became, count in found.items()},
        "answered": answered,
        "confirmed_rate": Share(found[Confirmed.CONFIRMED], answered).rate,
    }


def _json(report: PeriodReport) -> str:
    """One document, days and instants in ISO 8601."""
    parts: dict[str, list[dict[str, object]]] = {}
    for part, name, figures in _figures(report):
        parts.setdefault(part, []).append({"name": name, **figures})
    document = {
        "facility": f"{report.facility} (TRAINING)" if report.training else report.facility,
        "period": str(report.period),
        "from": report.period.first,
        "to": report.period.last,
        "counted_to": report.counted.last,
        "is_over": report.is_over,
        "totals": _without_name(parts["all"][0]),
        "levels": [_named("level", one) for one in parts["level"]],
        "schedules": [_named("schedule", one) for one in parts.get("schedule", [])],
        "transfers": [
            {"from_level": before, "to_level": after, "moves": count}
            for (before, after), count in sorted(report.transfers.items())
        ],
        "time_to_result": [_named("method", one) for one in parts["time to result"]],
        "recommendations": _without_name(parts["recommendations"][0]),
        "presumptive_positives": _without_name(parts["presumptive positives"][0]),
        "days": _without_name(parts["days"][0]),
        **_check_in(parts),
        "gaps": report.gaps,
        "questions": [
            {"from": one.closed.first_day, "to": one.closed.day, "question": question(one)} for one in report.questions
        ],
        "printed_at": report.imprint.printed_at,
        "printed_by": report.imprint.printed_by,
        "notice": NOTICE,
    }
    return escaped_in_json(json.dumps(document, default=iso, indent=2, ensure_ascii=False)) + "\n"


def _check_in(parts: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    """The keys of checking in; none where no rule was in force."""
    if "check-in" not in parts:
        return {}
    of, told, missed, unrecorded = (
        _without_name(parts[part][0]) for part in ("check-in", "told to specimen", "missed", "unrecorded for check-in")
    )
    return {"check_in": {**of, "told_to_specimen": told, "unrecorded": unrecorded}, "missed": missed}


def _named(what: str, figures: dict[str, object]) -> dict[str, object]:
    return {what: figures["name"], **_without_name(figures)}


def _without_name(figures: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in figures.items() if name != "name"}


def _html(report: PeriodReport) -> str:
    from testing_tracker.reports.paper.pages import page

    return page("period.html.j2", page=page_of(report), few=COLUMNS_OF_A_PHONE)


def _pdf(report: PeriodReport) -> bytes:
    from testing_tracker.reports.paper.pdf import paper_of, pdf

    page = page_of(report)
    data: dict[str, object] = {
        "paper": paper_of(report.zone.key),
        "title": page.title,
        "period": f"{page.period}. {page.printed}",
        "training": page.training,
        "leading": page.leading,
        "foot": f"{page.foot[0]} {page.printed}.",
        "rates": [
            {"name": rate.name, "rule": rate.rule, "percent": rate.share.percent, "fraction": rate.fraction}
            for rate in page.rates
        ],
        "blocks": [[asdict(section) for section in block] for block in page.blocks],
        "notes": page.notes,
        "foot_lines": page.foot,
    }
    return pdf("period.typ", data, report.imprint.printed_at, {})
