"""A list of a report as plain text: short columns under each other, long ones flowing."""

import textwrap
from collections.abc import Iterator

from testing_tracker.reports.weekly.words import Section

_FIRST, _SHORT = 34, 18  # columns that stand under each other are no wider


def section_lines(section: Section, width: int) -> Iterator[str]:
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
