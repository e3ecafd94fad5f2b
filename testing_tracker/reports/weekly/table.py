"""Writes the weekly compliance report for a clinical team to read: plain text of 80 columns, on screen or on paper.

It is written line by line and not laid out as a whole, so that a large facility's report does not fill the memory. On
a wider terminal there is more of each pattern, and where there is colour the weeks are coloured cells.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from testing_tracker.reports.paper.words import WIDTH, heading, is_narrow, narrow, printed_section, wrapped
from testing_tracker.reports.weekly.check_in import NOT_ASKED
from testing_tracker.reports.weekly.participants import ParticipantWeek
from testing_tracker.reports.weekly.printing import WORST_FIRST, Printed
from testing_tracker.reports.weekly.words import (
    ANALYTES_TITLE,
    KEY,
    WEEKDAYS_NOTE,
    WEEKDAYS_TITLE,
    Page,
    Rate,
    page_of,
    weekday_rows,
)
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.rules.reporting.pattern import MIXED, NEGATIVE, NOT_PROVIDED, POSITIVE
from testing_tracker.rules.reporting.tally import compliance_of
from testing_tracker.rules.words import Level

_LETTERS = 8  # of a pattern, on that width
_SHORT_LEVELS = {Level.OUTPATIENT: "outp", Level.RESIDENTIAL: "resid"}  # so that a code keeps its place in the line
_CODE, _SCHEDULE = 11, 8  # columns; what has a longer one stands in a line of its own
_COUNTS = {
    "due": "due",
    "coll": "collected",
    "miss": "missed",
    "ref": "refused",
    "exc": "excused",
    "open": "outstanding",
    "neg": "negative",
    "pos": "positive",
    "inv": "invalid",
}
_CI = "ci: days checked in, of those asked. Who has none here checked in, in time, on each day asked."
_COLOURS = {POSITIVE: "97;41", MIXED: "30;43", NEGATIVE: "30;42", NOT_PROVIDED: "97;100"}  # text; ground
_MARKED_COLOUR = re.compile(r"\\x1b\[([0-9;]{5,6})m(.)\\x1b\[0m")


@dataclass(frozen=True)
class Screen:
    """Where it is printed: how wide that is, and whether it shows colour."""

    width: int = WIDTH
    colour: bool = False

    @property
    def letters(self) -> int:
        """How many weeks of a pattern there is room for."""
        return _LETTERS + max(0, self.width - WIDTH)


def write_table(printed: Printed, file: TextIO, screen: Screen | None = None) -> None:
    """The form for people."""
    screen = screen or Screen()
    page = page_of(printed)
    with narrow(screen.width):
        for line in _printed(printed, page, screen):
            shown = in_one_line(line.rstrip())
            file.write(f"{_with_our_colours(shown) if screen.colour else shown}\n")


def _printed(printed: Printed, page: Page, screen: Screen) -> Iterator[str]:
    yield from heading(page)
    yield from _numbers(printed, page)
    for section in page.sections:
        yield ""
        yield from printed_section(section)
    yield ""
    yield from _weekdays(printed)
    yield from _analytes(printed)
    yield ""
    for note in page.notes:
        yield from wrapped(note)
        yield ""
    yield from _participants(printed, screen)
    if page.amendments:
        yield ""
        yield "Amendments"
        for amendment in page.amendments:
            yield from wrapped(f"  {amendment}", "    ")
    yield ""
    yield from wrapped(page.printed[0].upper() + page.printed[1:])
    for line in page.foot:
        yield from wrapped(line, "  ")


def _numbers(printed: Printed, page: Page) -> Iterator[str]:
    tally = printed.report.total
    yield f"participants {page.participants}"
    late = f" ({tally.late} after the window)" if tally.late else ""
    yield from wrapped(
        f"tests due {tally.due}: collected {tally.collected}{late}, missed {tally.missed}, refused {tally.refused}, "
        f"excused {tally.excused}, outstanding {tally.outstanding}"
    )
    expected = f" ({tally.expected} found only what is prescribed)" if tally.expected else ""
    yield from wrapped(
        f"results: negative {tally.negative}{expected}, positive {tally.positive}, invalid {tally.invalid}"
    )
    for rate in page.rates:
        yield from _rate(rate)


def _rate(rate: Rate) -> Iterator[str]:
    yield from wrapped(f"{rate.name} {rate.this} ({rate.rule})", "  ")
    for line in rate.before:
        yield from wrapped(f"  {line}", "  ")


def _weekdays(printed: Printed) -> Iterator[str]:
    rows = weekday_rows(printed.report)
    yield from wrapped(WEEKDAYS_TITLE)
    if is_narrow():
        for row in rows:
            facts = f"observed {row.observed}, expected {row.expected}, usual {row.usual}"
            yield from wrapped(f"  {row.name}  {', '.join(filter(None, (facts, row.remark)))}", "      ")
        yield from wrapped(WEEKDAYS_NOTE)
        return
    for title, cells in (
        ("", [row.name for row in rows]),
        ("observed", [row.observed for row in rows]),
        ("expected", [row.expected for row in rows]),
        ("usual", [row.usual for row in rows]),
        ("", [row.remark for row in rows]),
    ):
        line = f"  {title:<9}" + "".join(f"{cell:>9}" for cell in cells)
        if line.strip():
            yield line
    yield from wrapped(WEEKDAYS_NOTE)


def _analytes(printed: Printed) -> Iterator[str]:
    found = printed.report.findings.analytes
    if not found:
        return
    yield ""
    if is_narrow():
        yield from wrapped(ANALYTES_TITLE)
        for one in found:
            facts = f"found {one.unexpected}, confirmed {one.confirmed}, prescribed {one.expected}"
            yield from wrapped(f"  {one.analyte}: {facts}", "      ")
        return
    yield f"{ANALYTES_TITLE:<26}{'found':>8}{'confirmed':>12}{'prescribed':>12}"
    for one in found:
        yield f"  {one.analyte:<24}{one.unexpected:>8}{one.confirmed:>12}{one.expected:>12}"


def _participants(printed: Printed, screen: Screen) -> Iterator[str]:
    if not len(printed.report.participants):
        yield from wrapped("Nobody was enrolled and nothing was due in this week.")
        return
    if not is_narrow():
        yield _row("participant", "level", "schedule", _COUNTS, "compl", "pattern")
        yield "-" * (WIDTH - _LETTERS + screen.letters)
    for line in printed.lines:
        yield from (_block if is_narrow() else _participant)(printed, line, screen)
    if printed.sort == WORST_FIRST:
        yield from wrapped("Most positive tests first, then most not given.")
    yield from wrapped(f"{KEY} The last {screen.letters} weeks are shown. open: nothing recorded yet.")
    if printed.report.check_in is not None:
        yield from wrapped(_CI)


def _participant(printed: Printed, line: ParticipantWeek, screen: Screen) -> Iterator[str]:
    counted = [str(getattr(line.tally, count)) for count in _COUNTS.values()]
    code, level, schedule = line.participant, _SHORT_LEVELS.get(Level(line.level), line.level), line.schedule
    if len(code) > _CODE or len(schedule) > _SCHEDULE:  # stands in a line of its own
        yield f"{code:<{_CODE}} {level:<5} {schedule}"
        code = level = schedule = ""
    letters = line.pattern[-screen.letters :]
    compliance = compliance_of(line.tally).percent
    yield _row(code, level, schedule, counted, compliance, " " * (_LETTERS - len(letters)) + _shown(letters, screen))
    named = printed.name_of(line.participant)
    if named:
        yield f"  {named}"
    check_ins = _check_ins(printed, line)
    if check_ins:
        yield f"  {check_ins}"


def _check_ins(printed: Printed, line: ParticipantWeek) -> str:
    """The days checked in of those asked; nothing of who checked in on every day, as nearly all do."""
    week = printed.report.check_in
    counts = week.by_code.get(line.participant) if week is not None else None
    if week is None or (counts is not None and counts.not_told + counts.late == 0):
        return ""
    if counts is None:
        return f"ci {NOT_ASKED}"
    others = ((counts.late, "late"), (counts.tried, "tried"))
    return ", ".join([f"ci {counts.checked_in.fraction}", *(f"{count} {what}" for count, what in others if count)])


def _block(printed: Printed, line: ParticipantWeek, screen: Screen) -> Iterator[str]:
    """A participant on a terminal that is too narrow for the columns; what is nothing is left out."""
    named = printed.name_of(line.participant)
    yield ""
    yield from wrapped(f"{line.participant}  {named}" if named else line.participant, "  ")
    yield from wrapped(f"  {line.level}, {line.schedule}", "    ")
    counts = {count: getattr(line.tally, count) for count in _COUNTS.values()}
    said = ", ".join(f"{what} {count}" for what, count in counts.items() if count or what == "due")
    yield from wrapped(f"  {said}", "    ")
    yield f"  compliance {compliance_of(line.tally).percent}, pattern {_shown(line.pattern[-screen.letters :], screen)}"
    check_ins = _check_ins(printed, line)
    if check_ins:
        yield from wrapped(f"  {check_ins}", "    ")


def _shown(letters: str, screen: Screen) -> str:
    return "".join(map(_coloured, letters)) if screen.colour else letters


def _coloured(letter: str) -> str:
    return f"\x1b[{_COLOURS[letter]}m{letter}\x1b[0m" if letter in _COLOURS else letter


def _with_our_colours(line: str) -> str:
    """The colours of a pattern's letters again, after everything else that a terminal obeys became visible."""
    return _MARKED_COLOUR.sub("\x1b[\\1m\\2\x1b[0m", line)


def _row(code: str, level: str, schedule: str, counts: Iterable[str], compliance: str, pattern: str) -> str:
    numbers = " ".join(f"{count:>{max(3, len(heading))}}" for heading, count in zip(_COUNTS, counts, strict=False))
    start = f"{code:<{_CODE}} {level:<5} {schedule:<{_SCHEDULE}}"
    return f"{start} {numbers} {compliance:>5} {pattern:>{_LETTERS}}"
