"""Prints rows as a table, csv or json, and the sentences that several commands print.

What a training database prints says TRAINING.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import TRAINING, Desk, say
from testing_tracker.cli.desk.parameter_types import CaselessChoice
from testing_tracker.cli.desk.shown import behind, print_text
from testing_tracker.rules.exchange.csv_cells import protected, rows_to
from testing_tracker.rules.exchange.visible import escaped_in_json, in_one_line

if TYPE_CHECKING:
    from datetime import date

    from testing_tracker.rules.drawing.no_record import Closed, Compared
    from testing_tracker.rules.watched import Advance, Begin
    from testing_tracker.store.tables import Recommendation
    from testing_tracker.store.work import Work


Row = Mapping[str, object]
_Command = TypeVar("_Command", bound=Callable[..., object])

FORMATS = ("table", "csv", "json")


def format_option(command: _Command) -> _Command:
    """`--format table|csv|json`, for every command that lists or reports."""
    option = click.option(
        "--format", "form", type=CaselessChoice(FORMATS), default="table", show_default=True, help="How to print it."
    )
    return option(command)


def show(text: str) -> None:
    """One line of something that is shown; whatever people have written in it begins no other line."""
    click.echo(in_one_line(text))


def print_rows(desk: Desk, rows: Sequence[Row], columns: Sequence[str], form: str, empty: str) -> None:
    """Print rows with these columns. json has every key of the rows, `empty` is what the table says without rows."""
    if form == "json":
        print_json(desk, rows)
    elif form == "csv":
        print_csv(desk, rows, columns)
    elif not rows:
        say(desk, empty)
    else:
        if desk.training:
            click.echo(TRAINING)
        print_table(rows, columns)


def print_json(desk: Desk, document: object) -> None:
    """One JSON document; dates and instants in ISO 8601."""
    import json

    _mark_training(desk)
    print_text(f"{escaped_in_json(json.dumps(document, default=_plain, indent=2, ensure_ascii=False))}\n")


def print_csv(desk: Desk, rows: Sequence[Row], columns: Sequence[str]) -> None:
    """A header row and a line a row, as spreadsheets read them."""
    import io

    _mark_training(desk)
    text = io.StringIO(newline="")
    writer = rows_to(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_csv_cell(row.get(column)) for column in columns])
    print_text(text.getvalue())


def print_table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    """A table as wide as the terminal; into a file or a pipe, as wide as it needs to be."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        numbers = all(isinstance(row.get(column), int | float | None) for row in rows)
        # Folded rather than cut: a code is who somebody is.
        table.add_column(column.replace("_", " "), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(in_one_line(_cell(row.get(column))) for column in columns))
    print_rich(table)


def print_rich(renderable: object) -> None:
    """Print something of rich's, whose texts are visible already.

    Colour only on a terminal; no line is cut where nobody can widen the window.
    """
    from rich.console import Console

    file = behind(sys.stdout)
    console = Console(file=file, highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(file=file, highlight=False, markup=False, width=max(console.width, 200), no_color=True)
    console.print(renderable)


def _mark_training(desk: Desk) -> None:
    if desk.training:
        click.echo(TRAINING, err=True)


def _csv_cell(value: object) -> object:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else protected(_cell(value))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ";".join(str(part) for part in value)
    return str(_plain(value))


def _plain(value: object) -> object:
    """Dates, instants and the like as text; numbers as they are."""
    isoformat = getattr(value, "isoformat", None)
    if isoformat is None:
        return value
    return isoformat(timespec="seconds") if hasattr(value, "tzinfo") else isoformat()


SECONDS_WITHOUT_PROGRESS = 1.0


@contextmanager
def progress(doing: str, total: int) -> Iterator["Advance"]:
    """What to call with each part of the total that is done."""
    with steps() as begin:
        yield begin(doing, total)


@contextmanager
def steps() -> Iterator["Begin"]:
    """What to call with each step of something that takes long: one bar shows them all, one in another's place."""
    if not _is_watched():
        from testing_tracker.rules.watched import unwatched

        yield unwatched
        return
    with ExitStack() as stack:
        yield _Steps(stack).begin


class _Steps:
    """The steps of something that takes long, on one bar, which is there when a second has gone by."""

    def __init__(self, stack: ExitStack) -> None:
        from time import monotonic

        self._now = monotonic
        self._began = monotonic()
        self._stack = stack
        self._bar: Callable[[str, int, int], None] | None = None

    def begin(self, doing: str, total: int) -> "Advance":
        done = 0

        def advance(part: int) -> None:
            nonlocal done
            done += part
            self._show(doing, done, total)

        return advance

    def _show(self, doing: str, done: int, total: int) -> None:
        if self._bar is None and self._now() - self._began >= SECONDS_WITHOUT_PROGRESS:
            self._bar = self._stack.enter_context(_bar(doing, total))
        if self._bar is not None:
            self._bar(doing, done, total)


@contextmanager
def _bar(doing: str, total: int) -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    from testing_tracker.cli.desk.shown import behind

    with Progress(console=Console(file=behind(sys.stderr)), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda step, done, parts: bar.update(task, description=step, completed=done, total=parts)


def _is_watched() -> bool:
    return sys.stderr.isatty()


def question_with_answers(compared: "Compared") -> str:
    """A question to the facility, with the figures that it rests on and the commands that answer it."""
    from testing_tracker.rules.drawing.no_record import question

    return (
        f"{question(compared)} They are unrecorded, not missed. When you know, {answers_to(compared.closed)} says so; "
        "a result is logged as always."
    )


def answers_to(closed: "Closed") -> str:
    """The commands that answer a question, each by itself."""
    from testing_tracker.rules.drawing.no_record import days_asked

    days = days_asked(closed)
    return f"`testing-tracker missed --all {days}` or `testing-tracker excuse --all {days} --reason TEXT`"


def open_questions(work: "Work", on: "date | None" = None) -> list[str]:
    """The newest question that nobody has answered yet, in words, and how many more there are; or those about a day."""
    found = services.held_days.unanswered(work, on, on)
    said = [question_with_answers(one) for one in found[-1:]]
    if len(found) > 1:
        more = "1 more question of this kind is" if len(found) == 2 else f"{len(found) - 1} more of these questions are"
        said.append(f"{more} open: `testing-tracker status` has them all.")
    return said


def recommendation_line(number: int, participant: str, status: str, reason: str) -> str:
    """A recommendation that an act has raised or changed, in a line of what the act prints."""
    return f"Recommendation {number} for {participant}, {status}: {reason}. A clinician decides."


def changed_line(code: str, changed: "Recommendation | None") -> list[str]:
    """The line about a recommendation that an act has raised or changed, in its transaction; none where it has not."""
    if changed is None:
        return []
    assert changed.id is not None, "it is on record"
    return [recommendation_line(changed.id, code, changed.status, changed.reason)]


def decided_lines(numbers: Iterable[int], ground: str) -> list[str]:
    """The recommendations that were decided on a ground which is another one now, a line each."""
    return [
        f"Recommendation {number} was decided on {ground}. The decision stands until a clinician changes it."
        for number in numbers
    ]


def lost_ground_line(participant: str, lost: str) -> str:
    """Whom a decision has moved that has lost its ground, in a line of what the act prints."""
    return f"{participant} {lost}. A clinician is asked to look: `testing-tracker review list`."
