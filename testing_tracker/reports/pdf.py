"""Typesets pdf files from the templates with typst, which comes as a package and needs nothing else.

What a report says goes into the template as data, never as markup, so no text can be anything but text.
"""

import json
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path

PAPERS = ("us-letter", "a4")


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
            sys_inputs={"data": json.dumps(data, default=str)},
            timestamp=int(printed_at.timestamp()),
        )
    assert isinstance(typeset, bytes), "one document"
    return typeset
