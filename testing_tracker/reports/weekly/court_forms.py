"""The forms of the weekly report to a court: text of 80 columns, json, a web page and a pdf."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from io import StringIO
from itertools import chain
from typing import TextIO

from testing_tracker.reports.paper.words import NOTICE, heading, iso, wrapped
from testing_tracker.reports.weekly.court import FoundInATest, ToldOfOne, ToldToCourt
from testing_tracker.reports.weekly.court_words import (
    COLUMNS,
    CONFIRMED,
    DISCLAIMER,
    GLOSSARY_TITLE,
    NOBODY,
    NOTHING,
    PRESUMPTIVE,
    CourtPage,
    Row,
    page_of,
    rows_of,
)
from testing_tracker.reports.weekly.printing import Printed
from testing_tracker.rules.exchange.visible import escaped_in_json, in_one_line

FORMS = ("table", "json", "html", "pdf")


def court_bytes(printed: Printed, told: ToldToCourt, form: str) -> bytes:
    """The report to a court in one of the forms, as it is in a file; text is in UTF-8."""
    if form == "html":
        return _html(printed, told).encode()
    if form == "pdf":
        return _pdf(printed, told)
    text = StringIO(newline="")
    if form == "json":
        _write_json(printed, told, text)
    else:
        for line in _lines(page_of(printed, told), rows_of(told)):
            text.write(f"{in_one_line(line.rstrip())}\n")
    return text.getvalue().encode()


def _lines(page: CourtPage, rows: Iterator[Row]) -> Iterator[str]:
    yield from heading(page)
    yield from wrapped(page.about)
    yield ""
    first = next(rows, None)
    yield from ([] if first is not None else wrapped(NOBODY))
    for row in chain([first] if first is not None else [], rows):
        yield from _row(row)
    for note in page.notes:
        yield ""
        yield from wrapped(note)
    yield ""
    yield from wrapped(DISCLAIMER)
    yield ""
    yield GLOSSARY_TITLE
    for word, meaning in page.glossary:
        yield from wrapped(f"  {word}: {meaning}", "      ")
    yield ""
    for line in page.foot:
        yield from wrapped(line, "  ")


def _row(row: Row) -> Iterator[str]:
    yield from wrapped(f"{row.participant}: {row.tests}", "  ")
    for title, found in ((CONFIRMED, row.confirmed), (PRESUMPTIVE, row.presumptive)):
        for one in found:
            yield from wrapped(f"  {title[0].upper()}{title[1:]}: {one}.", "    ")


def _write_json(printed: Printed, told: ToldToCourt, file: TextIO) -> None:
    page, report, imprint = page_of(printed, told), printed.report, printed.imprint
    document = {
        "for": "court",
        "facility": f"{report.facility} (TRAINING)" if report.training else report.facility,
        "week": str(report.week),
        "from": report.week.monday,
        "to": report.week.sunday,
        "warnings": page.leading,
        "participants": [_document(one) for one in told.people],
        "notes": page.notes,
        "disclaimer": DISCLAIMER,
        "glossary": dict(page.glossary),
        "printed_at": imprint.printed_at,
        "printed_by": imprint.printed_by,
        "edition": imprint.number,
        "digest": told.digest,
        "notice": NOTICE,
    }
    file.write(escaped_in_json(json.dumps(document, default=iso, indent=2, ensure_ascii=False)))
    file.write("\n")


def _document(one: ToldOfOne) -> dict[str, object]:
    tally = one.tally
    return {
        "participant": one.participant,
        "due": tally.due,
        "collected": tally.collected,
        "missed": tally.missed,
        **({"missed_how": dict(one.missed)} if one.missed is not None else {}),
        "refused": tally.refused,
        "excused": tally.excused,
        "unrecorded": tally.unrecorded,
        "still_awaited": one.still_to_come,
        "showed_no_use": tally.negative,
        "found_something": tally.positive,
        "invalid": tally.invalid,
        "without_result": one.without_result,
        "confirmed": [_found(each) | _proof(each) for each in one.confirmed],
        "presumptive": [_found(each) for each in one.presumptive],
    }


def _found(one: FoundInATest) -> dict[str, object]:
    return {"test_of": one.test_of, "substance": one.substance, "may_be_same_use_as": one.may_go_back_to}


def _proof(one: FoundInATest) -> dict[str, object]:
    return {"lab": one.lab, "entered_on": one.entered_on}


def _html(printed: Printed, told: ToldToCourt) -> str:
    from testing_tracker.reports.paper.pages import page

    return page("court.html.j2", **_shown(page_of(printed, told), told))


def _pdf(printed: Printed, told: ToldToCourt) -> bytes:
    from testing_tracker.reports.paper.pdf import paper_of, pdf

    page = page_of(printed, told)
    data = {**asdict(page), **_shown(page, told), "paper": paper_of(printed.report.zone.key)}
    del data["page"]
    data |= {"rows": [asdict(row) for row in rows_of(told)], "foot": NOTICE, "foot_lines": page.foot}
    return pdf("court.typ", data, printed.imprint.printed_at, {})


def _shown(page: CourtPage, told: ToldToCourt) -> dict[str, object]:
    return {
        "page": page,
        "rows": list(rows_of(told)),
        "columns": COLUMNS,
        "nothing": NOTHING,
        "nobody": NOBODY,
        "disclaimer": DISCLAIMER,
        "glossary_title": GLOSSARY_TITLE,
        "glossary": page.glossary,
    }
