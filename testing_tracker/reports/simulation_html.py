"""What schedules are worth, side by side, as a web page with their detection curves."""

from collections.abc import Sequence
from dataclasses import dataclass

from testing_tracker.reports.paper import charts
from testing_tracker.reports.paper.pages import page
from testing_tracker.rules.schedules.simulation import Simulation


@dataclass(frozen=True)
class Curves:
    """A chart of the page."""

    title: str
    svg: str


def simulation_html(
    figures: Sequence[tuple[str, Simulation]], lines: Sequence[Sequence[str]], notes: Sequence[str]
) -> str:
    """The page: `lines` are the questions with each schedule's answer, as the table on a terminal has them."""
    names = [name for name, _ in figures]
    return page(
        "simulation.html.j2",
        title=f"Schedules compared: {', '.join(names)}",
        charts=list(_charts(figures)),
        columns=("", *names),
        rows=lines,
        numeric=tuple(range(1, len(names) + 1)),
        notes=notes,
    )


def _charts(figures: Sequence[tuple[str, Simulation]]) -> list[Curves]:
    """The curves over all windows that every schedule has figures for; none for a single window."""
    windows = [found.window_days for found in figures[0][1].detection]
    if len(windows) < 2 or any([one.window_days for one in each.detection] != windows for _, each in figures):
        return []
    return [
        Curves(title, charts.detection_curves(title, windows, [(name, chances(each)) for name, each in figures]))
        for title, chances in _CURVES.items()
    ]


def _on_a_random_day(figures: Simulation) -> list[float]:
    return [found.random_day for found in figures.detection]


def _at_the_best_moment(figures: Simulation) -> list[float]:
    return [found.informed for found in figures.detection]


_CURVES = {"Use found, on a random day": _on_a_random_day, "Use found, at the best moment": _at_the_best_moment}
