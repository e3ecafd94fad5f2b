"""Charts of the reports as SVG: the same bytes on every machine, no scripts, nothing from outside.

Each stands beside a table with the same figures, for those who do not see it. A drawing is `WIDE` units wide and its
letters are `LETTER` high, so that they can be read in a third of a printed page and on a phone. Series differ in their
marks, dashes and hatching too, for those who print without colours.
"""

import re
from collections.abc import Callable, Sequence
from itertools import count
from math import ceil

from testing_tracker.reports.paper.pages import page
from testing_tracker.rules.exchange.visible import in_one_line

WIDE, LETTER = 330, 10
MOST_TICKS = 7
BLUE, ORANGE, GREY, PALE, SKY = "#1f5f99", "#b8500b", "#6b7280", "#d6dbe1", "#b5cfe8"
_COLOURS = (BLUE, ORANGE, "#2f7d4f", "#7b3f9d", "#8a6d00", "#b3261e")
_DASHES = ("", "5 3", "2 2", "8 3 2 3")
_MARKS = (  # around the point, 3 units to each side
    "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
    "m-2.7 -2.7h5.4v5.4h-5.4z",
    "m0 -3.5l3.4 6h-6.8z",
    "m0 -3.8l3.8 3.8l-3.8 3.8l-3.8 -3.8z",
    "m0 3.5l3.4 -6h-6.8z",
    "m-1.2 -3.4h2.4v2.2h2.2v2.4h-2.2v2.2h-2.4v-2.2h-2.2v-2.4h2.2z",
)
_ROW = 15  # units from line to line
_SWATCH = 20
_EDGE = 8  # units that stay free at the right


_Point = tuple[float, float]
_Swatch = Callable[["_Drawing", float, float], None]


def rates_by_week(title: str, weeks: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> str:
    """Lines of rates from 0 to 1; a line breaks at a week without a rate."""
    return _lines(title, range(len(weeks)), weeks, series)


def detection_curves(title: str, windows: Sequence[int], curves: Sequence[tuple[str, Sequence[float]]]) -> str:
    """A line for each schedule: the chance that a use is found, by how many days it shows."""
    return _lines(title, windows, [str(days) for days in windows], curves, "days for which a use shows")


def found_by_analyte(title: str, names: Sequence[str], unexpected: Sequence[int], expected: Sequence[int]) -> str:
    """A bar for each analyte: the tests it was found in, and those where a prescription explains it."""
    drawing = _Drawing(
        title, f"A bar for each of {', '.join(names)}: found, and of that prescribed.", hatch="prescribed"
    )
    hatched = "url(#prescribed)"
    top = drawing.legend([("found", _box(ORANGE, ORANGE)), ("prescribed", _box(hatched, GREY))])
    shown = [fitting(name, 0.45 * WIDE) for name in names]
    left = 6 + max(map(text_width, shown), default=0)
    bottom = top + 18 * max(len(names), 1)
    numbers = ticks(max((one + other for one, other in zip(unexpected, expected, strict=True)), default=0))
    unit = (WIDE - left - 2 * _EDGE) / numbers[-1]
    places = [left + number * unit for number in numbers]
    for place in places[1:]:
        drawing.line(place, top, place, bottom, PALE, 0.6)
    for row, (name, found, explained) in enumerate(zip(shown, unexpected, expected, strict=True)):
        y = top + 18 * row + 3
        drawing.label(left - 5, y + 9.5, name, "end")
        drawing.box(left, y, found * unit, 12, ORANGE, ORANGE)
        drawing.box(left + found * unit, y, explained * unit, 12, hatched, GREY)
    drawing.line(left, top, left, bottom, GREY, 1)
    drawing.along(bottom, places, [f"{number:,}" for number in numbers])
    return drawing.svg(bottom + _ROW + 4)


def draws_by_weekday(
    title: str, days: Sequence[str], observed: Sequence[int], expected: Sequence[float | None], spread: Sequence[float]
) -> str:
    """A bar for each day's draws, and a mark for those expected with the range where most days lie."""
    drawing = _Drawing(title, f"A bar for each day from {' to '.join(_ends(days))}, and a mark for what was expected.")
    top = drawing.legend([("observed", _box(SKY, BLUE)), ("expected, with its usual range", _ranged)]) + 5
    bottom = top + 130
    highest = [value + around for value, around in zip(expected, spread, strict=True) if value is not None]
    numbers = ticks(max([*observed, *highest], default=0))
    unit = (bottom - top) / numbers[-1]
    left = drawing.up([(bottom - number * unit, f"{number:,}") for number in numbers])
    band = (WIDE - left - _EDGE) / max(len(days), 1)
    places = [left + (place + 0.5) * band for place in range(len(days))]
    for x, seen, value, around in zip(places, observed, expected, spread, strict=True):
        drawing.box(x - 0.3 * band, bottom - seen * unit, 0.6 * band, seen * unit, SKY, BLUE)
        if value is not None:
            lowest = max(value - around, 0)
            drawing.ranged(x, bottom - value * unit, bottom - (value + around) * unit, bottom - lowest * unit)
    drawing.line(left, bottom, WIDE - _EDGE, bottom, GREY, 1)
    drawing.along(bottom, places, days)
    return drawing.svg(bottom + _ROW + 4)


def ticks(greatest: float) -> list[int]:
    """Round whole numbers from 0 up to the first that is not below the greatest; two at least, MOST_TICKS at most."""
    round_ones = (factor * 10**power for power in count() for factor in (1, 2, 5))
    step = next(one for one in round_ones if one * (MOST_TICKS - 1) >= greatest)
    return [step * number for number in range(max(ceil(greatest / step), 1) + 1)]


def text_width(text: str) -> float:
    """Units that a text takes at most, in the widest of the fonts that it may be shown in."""
    return LETTER * sum(map(_width, text))


def _width(letter: str) -> float:
    """In heights of a letter, by what those of ASCII take in DejaVu Sans."""
    if letter in "ijlI.,:;'|!()[] -/frt":
        return 0.42
    if letter in "mwMW%@" or not letter.isascii():
        return 1.0
    return 0.84 if "A" <= letter <= "Z" or letter in "#&+<=>^~" else 0.64


def fitting(text: str, room: float) -> str:
    """The text, without letters from its middle if it does not fit into so many units."""
    text = shown = _as_shown(text)
    kept = len(text)
    while text_width(shown) > room and kept:
        kept -= 1
        shown = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return shown


def not_overlapping(places: Sequence[float], labels: Sequence[str]) -> list[int]:
    """Which of the labels can stand side by side under their places, the last one first."""
    shown: list[int] = []
    free_to = float("inf")
    for number in range(len(places) - 1, -1, -1):
        half = text_width(labels[number]) / 2
        if places[number] + half <= free_to:
            shown.append(number)
            free_to = places[number] - half - 4
    return shown


def _lines(
    title: str,
    scale: Sequence[float],
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    below: str = "",
) -> str:
    """Lines of shares from 0 to 1 over a scale whose places have names."""
    drawing = _Drawing(title, f"Lines for {', '.join(name for name, _ in series)}, from {' to '.join(_ends(names))}.")
    top = drawing.legend([(name, _sample(number)) for number, (name, _) in enumerate(series)]) + 5
    bottom = top + 130
    left = drawing.up([(bottom - 1.3 * percent, f"{percent} %") for percent in range(0, 101, 20)])
    first, last = min(scale, default=0), max(scale, default=0)
    inner = WIDE - left - 2 * _EDGE - 8
    places = [left + 8 + inner * ((one - first) / (last - first) if last > first else 0.5) for one in scale]
    for number, (_, shares) in enumerate(series):
        points = [None if share is None else (x, bottom - 130 * share) for x, share in zip(places, shares, strict=True)]
        drawing.curve(number, points)
    if not any(share is not None for _, shares in series for share in shares):
        drawing.label((left + WIDE) / 2, bottom - 61, "no figures yet", "middle")
    drawing.line(left, bottom, WIDE - _EDGE, bottom, GREY, 1)
    drawing.along(bottom, places, names)
    if below:
        drawing.label((left + WIDE) / 2, bottom + 2 * _ROW, below, "middle")
    return drawing.svg(bottom + (2 if below else 1) * _ROW + 4)


class _Drawing:
    """A drawing as it comes to be: shapes, and texts above them."""

    def __init__(self, title: str, described: str, hatch: str = "") -> None:
        self.title, self.described, self.hatch = title, described, hatch
        self.shapes: list[tuple[str, ...]] = []  # path, fill, stroke, thickness, dashes
        self.labels: list[tuple[str, ...]] = []  # x, y, anchor, text

    def svg(self, high: float) -> str:
        return page(
            "chart.svg.j2",
            wide=WIDE,
            high=_in_digits(high),
            letter=LETTER,
            title=_as_shown(self.title),
            described=_as_shown(self.described),
            hatch=self.hatch,
            shapes=self.shapes,
            labels=self.labels,
        )

    def shape(self, path: str, fill: str, stroke: str, thick: float, dashes: str = "") -> None:
        self.shapes.append((path, fill, stroke, _in_digits(thick), dashes))

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str, thick: float) -> None:
        self.shape(f"M{_at(x, y)}L{_at(to_x, to_y)}", "none", colour, thick)

    def box(self, x: float, y: float, wide: float, high: float, fill: str, stroke: str) -> None:
        """A box; none of nothing, which would look like a little."""
        if wide > 0 and high > 0:
            self.shape(f"M{_at(x, y)}h{_in_digits(wide)}v{_in_digits(high)}h{_in_digits(-wide)}z", fill, stroke, 0.8)

    def ranged(self, x: float, y: float, highest: float, lowest: float) -> None:
        """A mark with the range around it."""
        ends = "".join(f"M{_at(x - 4, end)}h8" for end in (highest, lowest))
        self.shape(f"M{_at(x, highest)}L{_at(x, lowest)}{ends}", "none", ORANGE, 1.6)
        self.shape(f"M{_at(x, y)}{_MARKS[3]}", ORANGE, "#ffffff", 0.8)

    def curve(self, number: int, points: Sequence[_Point | None], marked: Sequence[_Point | None] = ()) -> None:
        """The line of a series, broken where a point is not known, with the marks of its number at every point."""
        colour = _COLOURS[number % len(_COLOURS)]
        steps = zip([None, *points], points, strict=False)
        line = "".join(f"{'M' if before is None else 'L'}{_at(*point)}" for before, point in steps if point is not None)
        mark = _MARKS[number % len(_MARKS)]
        marks = "".join(f"M{_at(*point)}{mark}" for point in marked or points if point is not None)
        if marks:
            self.shape(line, "none", colour, 1.8, _DASHES[number // len(_COLOURS) % len(_DASHES)])
            self.shape(marks, colour, "#ffffff", 0.6)

    def label(self, x: float, y: float, text: str, anchor: str) -> None:
        self.labels.append((_in_digits(x), _in_digits(y), anchor, _as_shown(text)))

    def along(self, bottom: float, places: Sequence[float], names: Sequence[str]) -> None:
        """The names of the places along the foot, as many as can be read, none beyond the edge."""
        for number in not_overlapping(places, names):
            half = text_width(names[number]) / 2
            self.line(places[number], bottom, places[number], bottom + 3, GREY, 0.8)
            self.label(min(max(places[number], half), WIDE - half), bottom + _ROW - 1, names[number], "middle")

    def up(self, rows: Sequence[tuple[float, str]]) -> float:
        """The scale at the left side with its lines across, as heights and names; returns where the plot begins."""
        left = max(text_width(name) for _, name in rows) + 6
        for y, name in rows:
            self.line(left, y, WIDE - _EDGE, y, PALE, 0.6)
            self.label(left - 5, y + 3.5, name, "end")
        return left

    def legend(self, entries: Sequence[tuple[str, _Swatch]]) -> float:
        """The names of the series with a sample each, in as many rows as they need; returns where they end."""
        x, y = 2.0, 12.0
        for name, swatch in entries:
            shown = fitting(name, WIDE - _SWATCH - 8)
            wide = _SWATCH + 4 + text_width(shown)
            if x > 2 and x + wide > WIDE - 2:
                x, y = 2.0, y + _ROW
            swatch(self, x, y - 3.5)
            self.label(x + _SWATCH + 4, y, shown, "start")
            x += wide + 10
        return y + 8


def _box(fill: str, stroke: str) -> _Swatch:
    return lambda drawing, x, y: drawing.box(x + 2, y - 4, _SWATCH - 4, 8, fill, stroke)


def _sample(number: int) -> _Swatch:
    middle = _SWATCH / 2
    return lambda drawing, x, y: drawing.curve(number, [(x, y), (x + _SWATCH, y)], [(x + middle, y)])


def _ranged(drawing: _Drawing, x: float, y: float) -> None:
    drawing.ranged(x + _SWATCH / 2, y, y - 5.5, y + 5.5)


def _ends(names: Sequence[str]) -> Sequence[str]:
    return [names[0], names[-1]] if names else ["none"]


def _as_shown(text: str) -> str:
    """A text with marks for what would be obeyed and not seen, and without the two characters that XML cannot say."""
    return re.sub("[\ufffe\uffff]", "\ufffd", in_one_line(text))


def _at(x: float, y: float) -> str:
    return f"{_in_digits(x)} {_in_digits(y)}"


def _in_digits(number: float) -> str:
    """A number to a tenth, which is the same text everywhere; never minus zero."""
    return f"{round(number * 10) / 10 + 0.0:.1f}"
