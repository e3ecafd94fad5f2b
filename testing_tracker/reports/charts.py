"""Draws the reports' charts as SVG, the same every time, without scripts and without anything from outside.

Each stands beside a table with the same figures, for those who do not see it. Loads matplotlib, which takes half a
second.
"""

import re
from collections.abc import Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

BLUE, ORANGE, GREY, PALE = "#1f5f99", "#b8500b", "#6b7280", "#d6dbe1"  # told apart also without seeing colours
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "testing_tracker",  # the same names in the same drawing
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],
    "font.size": 8,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.8,
    "lines.markersize": 4,
}
_INCHES = (4.6, 2.5)
_NO_METADATA: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def rates_by_week(weeks: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> str:
    """Lines of rates from 0 to 1; a line breaks at a week without a rate."""
    with mpl.rc_context(_STYLE):
        figure, axes = _axes()
        for (name, rates), colour, marker in zip(series, (BLUE, ORANGE), ("o", "s"), strict=False):
            values = [float("nan") if rate is None else rate for rate in rates]
            axes.plot(range(len(weeks)), values, color=colour, marker=marker, label=name)
        axes.set_ylim(-0.03, 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlim(-0.4, max(len(weeks) - 0.6, 0.6))
        every = 2 if len(weeks) > 7 else 1
        shown = list(range(len(weeks) - 1, -1, -every))
        axes.set_xticks(shown, [weeks[place] for place in shown])
        axes.grid(axis="y", color=PALE, linewidth=0.6)
        _legend_above(axes, 2)
        return _svg(figure, "rates")


def found_by_analyte(names: Sequence[str], unexpected: Sequence[int], expected: Sequence[int]) -> str:
    """A bar for each analyte: the tests it was found in, and those where a prescription explains it."""
    with mpl.rc_context(_STYLE):
        figure, axes = _axes(height=max(1.2, 0.7 + 0.24 * len(names)))
        places = range(len(names))
        axes.barh(places, unexpected, color=ORANGE, label="found")
        axes.barh(places, expected, left=unexpected, color=PALE, hatch="///", edgecolor=GREY, label="prescribed")
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlim(0, max(1, *(one + other for one, other in zip(unexpected, expected, strict=True))) * 1.05)
        _legend_above(axes, 2)
        return _svg(figure, "analytes")


def draws_by_weekday(
    days: Sequence[str], observed: Sequence[int], expected: Sequence[float | None], spread: Sequence[float]
) -> str:
    """A bar for each day's draws, and a mark for those expected with the range where most days lie."""
    with mpl.rc_context(_STYLE):
        figure, axes = _axes()
        axes.bar(range(len(days)), observed, color=BLUE, width=0.6, label="observed")
        known = [place for place, value in enumerate(expected) if value is not None]
        axes.errorbar(
            known,
            [expected[place] for place in known],
            yerr=[spread[place] for place in known],
            fmt="D",
            color=ORANGE,
            ecolor=ORANGE,
            capsize=4,
            markersize=5,
            label="expected, with its usual range",
        )
        axes.set_xticks(range(len(days)), days)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        _legend_above(axes, 2)
        return _svg(figure, "weekdays")


def detection_curves(windows: Sequence[int], curves: Sequence[tuple[str, Sequence[float]]], title: str) -> str:
    """A line for each schedule: the chance that a use is found, by how many days it shows."""
    colours = (BLUE, ORANGE, "#2f7d4f", "#7b3f9d", "#8a6d00", "#b3261e")
    markers = ("o", "s", "^", "D", "v", "P")
    with mpl.rc_context(_STYLE):
        figure, axes = _axes(height=2.9)
        for number, (name, chances) in enumerate(curves):
            style = {"color": colours[number % len(colours)], "marker": markers[number % len(markers)]}
            axes.plot(windows, chances, label=name, linestyle="-" if number < len(colours) else "--", **style)
        axes.set_ylim(-0.03, 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("days for which a use shows")
        axes.grid(axis="y", color=PALE, linewidth=0.6)
        axes.legend(loc="lower right", ncols=1 if len(curves) < 4 else 2)
        return _svg(figure, re.sub(r"\W+", "-", title.lower()))


def _axes(height: float = _INCHES[1]) -> tuple[Figure, Any]:
    figure = Figure(figsize=(_INCHES[0], height), layout="constrained")
    return figure, figure.add_subplot()


def _legend_above(axes: Any, columns: int) -> None:  # noqa: ANN401  the library's types say no more
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=columns, borderaxespad=0.2)


def _svg(figure: Figure, name: str) -> str:
    """The drawing as SVG, its parts named after it so that several can stand in one page."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata=_NO_METADATA, transparent=True)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
