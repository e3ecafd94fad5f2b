"""Writes the outcomes report: a table for people, as wide as their terminal, and csv and json for programs.

All are written line by line, so that a large facility's report does not fill the memory.
"""

import csv
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TextIO

from testing_tracker.reports.outcomes.gather import OutcomesReport, ParticipantOutcomes
from testing_tracker.reports.paper.words import LETTERS, NOTICE, WIDTH, is_narrow, moment, narrow, wrapped
from testing_tracker.rules.calendar import Week, weekday_name
from testing_tracker.rules.exchange.csv_cells import protected
from testing_tracker.rules.exchange.visible import escaped_in_json, in_one_line
from testing_tracker.rules.reporting.measures import RELAPSE_WIDTH, Measures, measure, negative, provided, retained
from testing_tracker.rules.reporting.tally import NOT_AVAILABLE, Share

COLUMNS = ("participant", "pattern", *(one.name for one in fields(Measures)))

_CODE = 11  # columns; a longer code stands in a line of its own
_TOGETHER = "\N{NO-BREAK SPACE}"
_LETTERS = 8  # of a pattern are shown at least
_PERCENT, _FRACTION = len("100 %"), len("104.5/105 = 100 %")  # room for two years
_RATES = {"all": _PERCENT, "prov": _PERCENT, "retn": _PERCENT}
_CELLS = {"wks": 4, "neg": 3, **_RATES, "last": 4, "3neg": 4, "3pos": 4, "ctn94": 5, "lee16": 5, "drop": 5}
_LEGEND = (
    "wks: weeks. neg: negative weeks. all, prov, retn: negative weeks and half of those marked * out of all weeks, "
    "of those other than o, and of those up to the last week with a specimen, which is last; 0 where there are none. "
    "3neg, 3pos: three negative or positive weeks in a row. ctn94, lee16: relapse (CTN-0094 2023, Lee 2016). drop: "
    f"dropout (CTN-0094 2023). w3: seen, dated to week 3; no: not seen; {NOT_AVAILABLE}: fewer than {RELAPSE_WIDTH} "
    "weeks. For 3pos and relapse, o and * count as positive."
)


def write_csv(report: OutcomesReport, file: TextIO) -> None:
    """The csv form: a header row and a line a participant."""
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for line in report.participants:
        writer.writerow({column: protected(cell) for column, cell in _row(line).items()})


def write_json(report: OutcomesReport, file: TextIO) -> None:
    """The json form: one list, an object a participant."""
    start = "[\n"
    for line in report.participants:
        file.write(start + textwrap.indent(escaped_in_json(json.dumps(_row(line), indent=2, ensure_ascii=False)), "  "))
        start = ",\n"
    file.write("\n]\n" if report.participants else "[]\n")


def _row(line: ParticipantOutcomes) -> dict[str, object]:
    return {"participant": line.participant, "pattern": line.pattern, **asdict(measure(line.pattern))}


def write_table(report: OutcomesReport, file: TextIO, width: int | None = None) -> None:
    """The form for people, on paper or as wide as their terminal: with more room, fractions and more of the weeks."""
    with narrow(width):
        for line in _printed(report, width or WIDTH):
            file.write(f"{in_one_line(line.rstrip())}\n")


def _printed(report: OutcomesReport, width: int) -> Iterator[str]:
    yield from _heading(report)
    yield ""
    if not report.participants:
        yield from wrapped("Nobody was in treatment in these days.")
    else:
        layout = _layout(report, width)
        if not is_narrow():
            yield layout.row("participant", {name: name for name in _CELLS}, "pattern")
            yield "-" * layout.width
        for line in report.participants:
            yield from (_block if is_narrow() else _participant)(line, layout)
        yield ""
        yield from wrapped(_LEGEND)
        yield from wrapped(f"Pattern: the last {layout.letters} weeks, oldest first; {LETTERS}")
    yield from wrapped(NOTICE)


def _heading(report: OutcomesReport) -> Iterator[str]:
    span = report.span
    if report.training:
        yield "TRAINING"
    since = f"{weekday_name(span.first).title()} {span.first}" if span.first else "each enrolment"
    yield from wrapped(f"{report.facility}: outcomes from {since} to {weekday_name(span.last).title()} {span.last}")
    only = [f"schedule {report.schedule}"] if report.schedule else []
    only += [f"level {report.level}"] if report.level else []
    of_these = f" ({' and '.join(only)} at the end)" if only else ""
    yield f"printed {moment(report.printed_at, report.zone)}"
    yield from wrapped(f"participants {len(report.participants)}{of_these}")
    if report.today <= Week.of(span.last).sunday:
        yield from wrapped("The last week is not over; these are the numbers so far.")
    elif Week.of(span.last).sunday != span.last:
        yield from wrapped("The last week is counted in part only.")
    if span.first is not None and Week.of(span.first).monday != span.first:
        yield from wrapped("The first week is counted in part only.")


@dataclass(frozen=True)
class _Layout:
    """How wide the cells are, whether rates have their fractions, and how many weeks of a pattern are shown."""

    cells: dict[str, int]
    fractions: bool
    letters: int

    @property
    def width(self) -> int:
        return _CODE + sum(1 + cell for cell in self.cells.values()) + 1 + self.letters

    def row(self, code: str, cells: Mapping[str, str], pattern: str) -> str:
        numbers = " ".join(f"{cells.get(name, ''):>{width}}" for name, width in self.cells.items())
        return f"{code:<{_CODE}} {numbers} {pattern[-self.letters :]:>{self.letters}}"


def _layout(report: OutcomesReport, width: int) -> _Layout:
    """Fractions first, where they have room, and then as much of the patterns as there is."""
    plain = _Layout(_CELLS, fractions=False, letters=_LETTERS)
    wide = _Layout(_CELLS | dict.fromkeys(_RATES, _FRACTION), fractions=True, letters=_LETTERS)
    if is_narrow():
        return replace(plain, letters=width - 2)
    layout = wide if wide.width <= width else plain
    longest = max(len(line.pattern) for line in report.participants)
    return replace(layout, letters=min(_LETTERS + width - layout.width, max(longest, _LETTERS)))


def _participant(line: ParticipantOutcomes, layout: _Layout) -> Iterator[str]:
    code = line.participant
    if len(code) > _CODE:
        yield code
        code = ""
    yield layout.row(code, _cells(line.pattern, layout), line.pattern)


def _block(line: ParticipantOutcomes, layout: _Layout) -> Iterator[str]:
    """A participant on a terminal that is too narrow for the columns."""
    yield from wrapped(line.participant)
    cells = (f"{name} {cell}".replace(" ", _TOGETHER) for name, cell in _cells(line.pattern, layout).items())
    yield from (part.replace(_TOGETHER, " ") for part in wrapped(f"  {', '.join(cells)}", "    "))
    yield f"  {line.pattern[-layout.letters :]}"
    yield ""


def _cells(pattern: str, layout: _Layout) -> dict[str, str]:
    found = measure(pattern)
    return {
        "wks": str(found.weeks),
        "neg": str(found.negative_weeks),
        "all": _rate(pattern, fraction=layout.fractions),
        "prov": _rate(provided(pattern), fraction=layout.fractions),
        "retn": _rate(retained(pattern), fraction=layout.fractions),
        "last": str(found.retention_weeks),
        "3neg": _yes(found.three_negatives),
        "3pos": _yes(found.three_positives),
        "ctn94": _seen(found.relapse_ctn0094, found.relapse_ctn0094_week),
        "lee16": _seen(found.relapse_lee2016, found.relapse_lee2016_week),
        "drop": _seen(found.dropout, found.dropout_week),
    }


def _rate(weeks: str, *, fraction: bool) -> str:
    percent = f"{Share(round(2 * negative(weeks)), 2 * len(weeks)).rounded} %"  # a mixed week counts half
    return f"{negative(weeks):g}/{len(weeks)} = {percent}" if fraction else percent


def _yes(seen: bool) -> str:
    return "yes" if seen else "no"


def _seen(seen: bool | None, week: int | None) -> str:
    if seen is None:
        return NOT_AVAILABLE
    return f"w{week}" if seen else "no"
