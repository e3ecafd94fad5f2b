"""Typesets pdf files from the templates with typst, which comes as a package and needs nothing else.

What a report says goes into the template as data, never as markup, so no text can be anything but text.
"""

import json
from dataclasses import asdict
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path

from testing_tracker.reports.weekly_words import Section
from testing_tracker.rules.exchange.visible import visible_values

_WIDE = 24  # characters; a column with longer cells takes what room there is
_AMERICAS = ("America/", "US/", "Canada/")


def pdf(template: str, data: dict[str, object], printed_at: datetime) -> bytes:
    """A tagged pdf, the same for the same data; its date is when the report was first printed."""
    import matplotlib
    import typst

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # DejaVu, which the charts are drawn with too
    with as_file(files(__package__) / "templates") as templates:
        typeset = typst.compile(
            str(templates / template),
            root=str(templates),
            font_paths=[str(fonts)],
            sys_inputs={"data": json.dumps(visible_values(data), default=str)},
            timestamp=int(printed_at.timestamp()),
        )
    assert isinstance(typeset, bytes), "one document"
    return typeset


def paper_of(timezone: str) -> str:
    """Letter in the Americas, A4 elsewhere."""
    return "us-letter" if timezone.startswith(_AMERICAS) else "a4"


def section_data(section: Section) -> dict[str, object]:
    """A list of the report as data; `wide` is how many of the last columns hold long texts."""
    widths = [max((len(row[place]) for row in section.rows), default=0) for place in range(len(section.columns))]
    wide = next((number for number, width in enumerate(reversed(widths)) if width <= _WIDE), len(widths))
    return {**asdict(section), "wide": max(wide, 1)}
