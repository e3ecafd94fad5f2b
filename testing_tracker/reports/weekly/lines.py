"""Lines of a report: a participant's as forms with cells show it, and a section's as plain text."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from testing_tracker.reports.weekly.printing import Printed
from testing_tracker.reports.weekly.words import Section
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.pattern import MEANINGS, MIXED, NEGATIVE, NOT_PROVIDED, POSITIVE
from testing_tracker.rules.reporting.tally import NOT_AVAILABLE, compliance_of

WEEKS_SHOWN = 13  # the report's and the twelve before, as in its charts
LOOKS = {POSITIVE: "positive", MIXED: "mixed", NEGATIVE: "negative", NOT_PROVIDED: "absent"}
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
class WeekCell:
    """A week of a pattern: its letter, how it looks, and what it means in words."""

    letter: str
    look: str
    week: str
    meaning: str


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


def lines_of(printed: Printed) -> Iterator[ParticipantCells]:
    """The lines in the order asked for."""
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
        )


def cells_of(pattern: str, last: Week) -> list[WeekCell]:
    """The cells of a use pattern that ends with a week."""
    first = last + -(len(pattern) - 1)
    return [
        WeekCell(letter, LOOKS.get(letter, ""), str(first + number), MEANINGS[letter])
        for number, letter in enumerate(pattern)
    ]


_FIRST, _SHORT = 34, 18  # columns that stand under each other are no wider


def printed_section(section: Section, width: int) -> Iterator[str]:
    """The lines of a section, its title first."""
    yield section.title
    widths = [max((len(row[place]) for row in section.rows), default=0) for place in range(len(section.columns))]
    too_wide = (place for place, found in enumerate(widths[:-1]) if found > (_SHORT if place else _FIRST))
    flowing = next(too_wide, len(widths) - 1)
    for row in section.rows:
        start = "  ".join(
            f"{cell:<{found}}" for cell, found in zip(row[:flowing], widths[:flowing], strict=True) if found
        )
        rest = "; ".join(cell for cell in row[flowing:] if cell)
        yield from wrapped(f"  {start}  {rest}".rstrip(), width, "      ")
    if not section.rows and section.empty:
        yield f"  {section.empty}"
    if section.note:
        yield from wrapped(section.note, width)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """A text in lines of a width; the later ones begin with `indent`."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False)
