"""Words, lists and cells that every report is made of: its imprint, its sections, the weeks of a use pattern."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.pattern import MEANINGS, MIXED, NEGATIVE, NOT_PROVIDED, POSITIVE
from testing_tracker.rules.reporting.tally import compliance_of, positivity_missing_as_positive_of, positivity_of
from testing_tracker.services.drawing.keys import Anchor
from testing_tracker.services.reporting.editions import Imprint

_Report = TypeVar("_Report")

WIDTH = 80  # a printed page
_width = ContextVar("width", default=WIDTH)
# 42 CFR 2.32(a)(2), the short form as amended in 2024; several secondary sources agree on the wording.
NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."


@contextmanager
def narrow(width: int | None) -> Iterator[None]:
    """Meanwhile, texts are folded for a terminal that is narrower than a page."""
    before = _width.set(min(width or WIDTH, WIDTH))
    try:
        yield
    finally:
        _width.reset(before)


def is_narrow() -> bool:
    """Whether a page's columns have no room beside each other."""
    return _width.get() < WIDTH


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """An instant by the facility's clock, to the minute."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def iso(value: object) -> str:
    """A date or an instant, to the second, as JSON has it (ISO 8601)."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    assert isinstance(value, date)
    return value.isoformat()


def printed_in_words(imprint: Imprint, zone: ZoneInfo) -> str:
    """When and by which account it was printed, and the number of the edition where it was amended."""
    edition = f", edition {imprint.number}" if imprint.number is not None and imprint.number > 1 else ""
    return f"printed {moment(imprint.printed_at, zone)} by {imprint.printed_by}{edition}"


def anchors_in_words(anchors: Sequence[Anchor]) -> list[str]:
    """What the draws are checked against."""
    return [
        f"Draws from {anchor.first_day} on{' (superseded before it drew)' if anchor.superseded else ''}, anchor: "
        f"{anchor.anchor}"
        for anchor in anchors
    ]


@dataclass(frozen=True)
class Section:
    """A list of a report, with a note under it; without rows it is left out, unless it is `always` there."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""
    always: bool = False


def sections_of(lists: Iterable[Callable[[_Report], Section]], report: _Report) -> list[Section]:
    """The sections of a report that are there, in the order in which they are read."""
    return [section for make in lists if (section := make(report)).rows or section.always]


_FIRST, _SHORT = 34, 18  # columns that stand under each other are no wider


def printed_section(section: Section) -> Iterator[str]:
    """The lines of a section, its title first."""
    yield from wrapped(section.title)
    if is_narrow():
        for row in section.rows:
            yield from wrapped(f"  {'  '.join(cell.strip() for cell in row if cell.strip())}", "      ")
    else:
        yield from _in_columns(section)
    if section.note:
        yield from wrapped(section.note)


def _in_columns(section: Section) -> Iterator[str]:
    widths = [max((len(row[place]) for row in section.rows), default=0) for place in range(len(section.columns))]
    too_wide = (place for place, found in enumerate(widths[:-1]) if found > (_SHORT if place else _FIRST))
    flowing = next(too_wide, len(widths) - 1)
    for row in section.rows:
        start = "  ".join(
            f"{cell:<{found}}" for cell, found in zip(row[:flowing], widths[:flowing], strict=True) if found
        )
        rest = "; ".join(cell for cell in row[flowing:] if cell)
        yield from wrapped(f"  {start}  {rest}".rstrip(), "      ")


def wrapped(text: str, indent: str = "") -> list[str]:
    """A text in lines of a page's width, or a narrower terminal's; the later ones begin with `indent`."""
    return textwrap.wrap(text, _width.get(), subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)


class Headed(Protocol):
    """A page that begins with its title, its days and its warnings."""

    @property
    def training(self) -> bool: ...
    @property
    def title(self) -> str: ...
    @property
    def period(self) -> str: ...
    @property
    def leading(self) -> list[str]: ...


def heading(page: Headed) -> Iterator[str]:
    """The lines that a page begins with."""
    if page.training:
        yield "TRAINING"
    yield from wrapped(page.title)
    yield from wrapped(page.period)
    for warning in page.leading:
        yield ""
        yield from wrapped(warning)
    yield ""


# Each rate by its name, with what it is a share of.
RATES_IN_WORDS = (
    ("compliance", "collected of due, without excused and outstanding", compliance_of),
    ("positivity", "positive of positive and negative", positivity_of),
    (
        "positivity, missing as positive",
        "positive, missed and refused of due, without excused and outstanding",
        positivity_missing_as_positive_of,
    ),
)

LETTERS = "+ positive, - negative, * both, o missed or refused, _ nothing due or nothing known."
LOOKS = {POSITIVE: "positive", MIXED: "mixed", NEGATIVE: "negative", NOT_PROVIDED: "absent"}


@dataclass(frozen=True)
class WeekCell:
    """A week of a pattern: its letter, how it looks, and what it means in words."""

    letter: str
    look: str
    week: str
    meaning: str


def cells_of(pattern: str, last: Week) -> list[WeekCell]:
    """The cells of a use pattern that ends with a week."""
    first = last + -(len(pattern) - 1)
    return [
        WeekCell(letter, LOOKS.get(letter, ""), str(first + number), MEANINGS[letter])
        for number, letter in enumerate(pattern)
    ]
