"""What is known of the terminal that somebody looks at: how wide it is, and whether it is to have colour."""

import os
import sys
from typing import TextIO

import click

from testing_tracker.cli.desk.shown import behind
from testing_tracker.rules.exchange.visible import visible
from testing_tracker.rules.reporting.layout import folded

COLOURS = ("auto", "always", "never")
_NARROWEST, _UNKNOWN = 20, 80  # columns
_ALARM = {"fg": "red", "bold": True}
# A result that stands and is not explained; not what a measure counts.
_POSITIVE = r"(?<!\bas )(?<!\bwas )\bpositive\b(?!, expected| (?:or|tests?|weeks)\b)"


def width_of(stream: TextIO) -> int | None:
    """How many columns a stream's terminal has; None where it is none, and lines may be as long as they are."""
    if not is_terminal(stream):
        return None
    try:
        columns = int(os.environ.get("COLUMNS", "")) or os.get_terminal_size(behind(stream).fileno()).columns
    except (ValueError, OSError):
        try:
            columns = os.get_terminal_size(behind(stream).fileno()).columns
        except (ValueError, OSError):
            columns = _UNKNOWN
    return max(columns or _UNKNOWN, _NARROWEST)


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks at what is written there."""
    return stream is not None and behind(stream).isatty()


def is_coloured(stream: TextIO) -> bool:
    """Whether there is colour: as `--color` says, else at a terminal that knows some, unless NO_COLOR is set."""
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def in_its_lines(text: str, label: int = 0, *, err: bool = False) -> str:
    """A sentence as a terminal shows it best: folded between words, later lines indented. In a pipe it is one line.

    Where a text begins with a label of so many columns, later lines begin behind it.
    """
    width = width_of(sys.stderr if err else sys.stdout)
    if width is None:
        return text
    start = len(text) - len(text.lstrip(" "))
    return "\n".join(folded(text, width, max(label - start, 0) if label else 2))


def print_lines(text: str) -> None:
    """Lines on standard output, in which what must not be overlooked stands out by colour where there is any."""
    if not is_coloured(sys.stdout):
        click.echo(text)
        return
    # The colours are ours, and go around the door that makes everything else visible.
    click.echo(_coloured(visible(text)), file=behind(sys.stdout), color=True)


def _coloured(text: str) -> str:
    import re

    return re.sub(_POSITIVE, lambda found: click.style(found[0], **_ALARM), text)  # type: ignore[arg-type]
