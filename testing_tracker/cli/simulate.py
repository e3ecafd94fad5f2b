"""`schedule simulate`: what a testing rule is worth before it is used."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.desk.desk import TRAINING, Desk, pass_desk, say
from testing_tracker.cli.desk.files import output_file, output_options, schedule_text
from testing_tracker.cli.desk.output import FORMATS, print_columns, print_csv, print_json, show
from testing_tracker.cli.desk.parameter_types import ANALYTE, SCHEDULE, CaselessChoice, WholeNumber
from testing_tracker.cli.desk.terminal import width_of
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.reporting.layout import NARROW_GAP, Column

if TYPE_CHECKING:
    from testing_tracker.rules.schedules.guard_rails import ChanceTable
    from testing_tracker.rules.schedules.schedule import TestingRule
    from testing_tracker.rules.schedules.simulation import Simulation
    from testing_tracker.rules.testing.analyte_table import Window
    from testing_tracker.rules.testing.analytes import Vocabulary

LONGEST_WINDOW = 366  # days
_DECIMALS = 10  # of a JSON or csv number; what comes after is rounding
_BAR = 5  # columns; three schedules fit on 80
_QUESTION, _ANSWER = len("use found, at the best moment"), len("100.0 % ") + _BAR  # columns of each


@dataclass(frozen=True)
class _Simulated:
    """A schedule's figures, and the window of the analyte that was asked for."""

    name: str
    schedule: "TestingRule"
    figures: "Simulation"
    window: "Window | None"


@click.command("simulate")
@click.argument("names", metavar="NAME…", nargs=-1, required=True, type=SCHEDULE)
@click.option(
    "--window",
    type=WholeNumber(1, LONGEST_WINDOW),
    metavar="DAYS",
    help="Only this window of detection. Default: 1 to 14 days.",
)
@click.option("--analyte", type=ANALYTE, metavar="NAME", help="Only the windows of this analyte, short and long end.")
@click.option(
    "--format",
    "form",
    type=CaselessChoice([*FORMATS, "html"]),
    default="table",
    show_default=True,
    help="How to print it; html has the detection curves.",
)
@output_options("Write the html to FILE instead.")
@pass_desk
def simulate_schedules(
    desk: Desk,
    names: tuple[str, ...],
    window: int | None,
    analyte: str | None,
    form: str,
    output: Path | None,
    overwrite: bool,
) -> None:
    """What a testing rule is worth: tests a week, uses found, and what a participant can foretell.

    NAME is a loaded schedule or a file that ends in .toml, which need not be loaded; several stand side by side. The
    figures are exact, not sampled, for ordinary weeks: closed days, leave and enrolment in mid-week are left out.
    """
    if window is not None and analyte is not None:
        raise click.UsageError("Give --window or --analyte, not both.")
    if output is not None and form != "html":
        raise click.UsageError("--output goes with --format html.")
    simulated = [_simulated(desk, name, *_rule(desk, name), window, analyte) for name in names]
    if form == "json":
        documents = [_document(one, analyte) for one in simulated]
        print_json(desk, documents if len(documents) > 1 else documents[0])
    elif form == "csv":
        rows = [row for one in simulated for row in _rows(one, analyte)]
        print_csv(desk, rows, list(rows[0]))
    elif form == "html":
        text = _page(simulated, analyte)
        if output is None:
            click.echo(text)
            return
        inputs = [Path(name) for name in names if name.endswith(".toml")]
        with output_file(desk, output, overwrite=overwrite, inputs=inputs) as outgoing:
            outgoing.file.write(text.encode())
        say(desk, f"Wrote the comparison to {output}.")
    else:
        if desk.training:
            click.echo(TRAINING)
        _print_table(simulated, analyte)


def _rule(desk: Desk, name: str) -> "tuple[TestingRule, ChanceTable | None]":
    from testing_tracker.rules.schedules.guard_rails import ChanceTable
    from testing_tracker.rules.schedules.schedule_file import read_with_table

    if name.endswith(".toml"):
        return read_with_table(desk.vocabulary, schedule_text(Path(name)), name)
    from testing_tracker import services

    with desk.reading() as work:
        version = services.versions.find_version(work, name, None)
        schedule = services.versions.rule_of(work, version.text)
        return schedule, ChanceTable.from_json(version.chances) if version.chances else None


def _simulated(
    desk: Desk, name: str, schedule: "TestingRule", table: "ChanceTable | None", window: int | None, analyte: str | None
) -> _Simulated:
    from testing_tracker.rules.schedules.simulation import WINDOWS, simulate

    windows: Iterable[int] = WINDOWS if window is None else (window,)
    known = None
    if analyte is not None:
        known = _known_window(desk.vocabulary, analyte, schedule.collection.specimen, name)
        windows = known.whole_days
    return _Simulated(Path(name).name.removesuffix(".toml"), schedule, simulate(schedule, table, windows), known)


def _known_window(vocabulary: "Vocabulary", analyte: str, specimen: str, name: str) -> "Window":
    window = vocabulary.window_of(analyte, specimen)
    if window is None:
        raise TestingTrackerError(
            f"No window of detection is known for {analyte} in {specimen}, which {name} collects. Give --window DAYS."
        )
    return window


def _document(one: _Simulated, analyte: str | None) -> dict[str, object]:
    """The figures as JSON, under the keys that scripts rely on."""
    figures = one.figures
    document: dict[str, object] = {"schedule": one.name, "title": one.schedule.title}
    if one.window is not None:
        specimen = one.schedule.collection.specimen
        document["analyte"] = {"name": analyte, "specimen": specimen, **vars(one.window)}
    gaps = figures.gap_days
    return document | {
        "per_week": {
            "mean": _round(figures.per_week.mean),
            "distribution": {str(n): _round(chance) for n, chance in enumerate(figures.per_week.distribution)},
        },
        "gap_days": {"mean": _round(gaps.mean), "p95": gaps.p95, "max": gaps.max},
        "detection": [
            {
                "window_days": found.window_days,
                "random_day": _round(found.random_day),
                "informed": _round(found.informed),
            }
            for found in figures.detection
        ],
        "tomorrow": {"min": _round(figures.tomorrow.min), "max": _round(figures.tomorrow.max)},
        "entropy_bits": {
            "actual": _round(figures.entropy_bits.actual),
            "best": _round(figures.entropy_bits.best),
        },
    }


def _round(number: float) -> float:
    return round(number, _DECIMALS) + 0.0  # no minus before a zero


def _rows(one: _Simulated, analyte: str | None) -> Iterator[dict[str, object]]:
    """The figures for a spreadsheet: a row for each window of detection."""
    figures = one.figures
    for found in figures.detection:
        yield {
            "schedule": one.name,
            "title": one.schedule.title,
            "analyte": analyte,
            "window_days": found.window_days,
            "random_day": _round(found.random_day),
            "informed": _round(found.informed),
            "window_source": one.window.source if one.window is not None else None,
            "per_week_mean": _round(figures.per_week.mean),
            **{f"per_week_{n}": _round(chance) for n, chance in enumerate(figures.per_week.distribution)},
            "gap_days_mean": _round(figures.gap_days.mean),
            "gap_days_p95": figures.gap_days.p95,
            "gap_days_max": figures.gap_days.max,
            "tomorrow_min": _round(figures.tomorrow.min),
            "tomorrow_max": _round(figures.tomorrow.max),
            "entropy_bits_actual": _round(figures.entropy_bits.actual),
            "entropy_bits_best": _round(figures.entropy_bits.best),
        }


def _print_table(simulated: Sequence[_Simulated], analyte: str | None) -> None:
    width = width_of(sys.stdout)
    has_room = width is None or width >= _QUESTION + len(simulated) * (_ANSWER + NARROW_GAP)
    cells = zip(*_printed([one.figures for one in simulated], bars=has_room), strict=True)
    titles = ["", *(one.name for one in simulated)]
    print_columns([Column(title, texts, whole=bool(title)) for title, texts in zip(titles, cells, strict=True)])
    click.echo()
    show("Best moment: the participant knows the rule and his own past tests, and chooses when to use.")
    for note in dict.fromkeys(_window_note(one, analyte) for one in simulated if one.window is not None):
        show(note)


def _page(simulated: Sequence[_Simulated], analyte: str | None) -> str:
    from testing_tracker.reports.simulation_html import simulation_html

    lines = _printed([one.figures for one in simulated], bars=False)
    notes = dict.fromkeys(_window_note(one, analyte) for one in simulated if one.window is not None)
    return simulation_html([(one.name, one.figures) for one in simulated], list(lines), list(notes))


def _window_note(one: _Simulated, analyte: str | None) -> str:
    assert one.window is not None
    low, high = one.window.low_days, one.window.high_days
    days = f"{low:g} to {high:g}" if low is not None else f"up to {high:g}"
    counted = ", counted as 1" if high < 1 else ""
    return f"{analyte} in {one.schedule.collection.specimen}: shows for {days} days{counted}. {one.window.source}"


def _printed(all_figures: "Sequence[Simulation]", *, bars: bool = True) -> Iterator[list[str]]:
    """The table's lines: a question and each schedule's answer, chances with small bars or without."""

    def share(chance: float) -> str:
        return _share(chance, bars=bars)

    yield ["tests a week, average", *(f"{figures.per_week.mean:5.2f}" for figures in all_figures)]
    for count in range(8):
        yield [f"  chance of {count}", *(share(figures.per_week.distribution[count]) for figures in all_figures)]
    yield ["days between tests, average", *(f"{figures.gap_days.mean:5.2f}" for figures in all_figures)]
    yield ["  95 % are at most", *(f"{figures.gap_days.p95:2}" for figures in all_figures)]
    yield ["  longest possible", *(f"{figures.gap_days.max or 'no limit':>2}" for figures in all_figures)]
    yield from _detection_lines("use found, on a random day", all_figures, "random_day", share)
    yield from _detection_lines("use found, at the best moment", all_figures, "informed", share)
    yield ["chance of a test tomorrow", *("" for _ in all_figures)]
    yield ["  lowest that can be known", *(share(figures.tomorrow.min) for figures in all_figures)]
    yield ["  highest that can be known", *(share(figures.tomorrow.max) for figures in all_figures)]
    yield ["unpredictability, bits a day", *(f"{figures.entropy_bits.actual:6.3f}" for figures in all_figures)]
    yield ["  at best, with this average", *(f"{figures.entropy_bits.best:6.3f}" for figures in all_figures)]


def _detection_lines(
    question: str, all_figures: "Sequence[Simulation]", which: str, share: Callable[[float], str]
) -> Iterator[list[str]]:
    yield [question, *("" for _ in all_figures)]
    found = [{one.window_days: getattr(one, which) for one in figures.detection} for figures in all_figures]
    for window in sorted(set().union(*found)):
        shares = (share(chances[window]) if window in chances else "" for chances in found)
        yield [f"  shows for {window} day{'s' if window > 1 else ''}", *shares]


def _share(chance: float, *, bars: bool) -> str:
    """A chance in percent, with a small bar if wanted; 0 and 100 only where it is certain."""
    percent = f"{100 * chance:.1f}"
    if percent in ("0.0", "100.0") and _round(chance) not in (0, 1):
        percent = "<0.1" if chance < 0.5 else ">99.9"
    return f"{percent:>5} % {_bar(chance) if bars else ''}".rstrip()


def _bar(chance: float) -> str:
    """A bar in eighths of a column, or of number signs where the output knows no blocks."""
    blocks = " ▏▎▍▌▋▊▉█"
    try:
        blocks.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return "#" * round(chance * _BAR)
    full, eighths = divmod(round(chance * _BAR * 8), 8)
    return blocks[-1] * full + blocks[eighths].strip()
