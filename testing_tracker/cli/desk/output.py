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
from testing_tracker.cli.desk.terminal import in_its_lines, is_coloured, print_lines, width_of
from testing_tracker.rules.exchange.csv_cells import protected, rows_to
from testing_tracker.rules.exchange.visible import escaped_in_json, in_one_line
from testing_tracker.rules.reporting.layout import Column, laid_out

if TYPE_CHECKING:
    from datetime import date

    from testing_tracker.rules.drawing.no_record import Closed, Compared
    from testing_tracker.rules.watched import Advance, Begin
    from testing_tracker.store.tables import Recommendation
    from testing_tracker.store.work import Work


Row = Mapping[str, object]
_Command = TypeVar("_Command", bound=Callable[..., object])

FORMATS = ("table", "csv", "json")
_ABOUT = ("participant", "facility")  # what a block begins with, where a row is about one


def format_option(command: _Command) -> _Command:
    """`--format table|csv|json`, for every command that lists or reports."""
    option = click.option(
        "--format",
        "form",
        type=CaselessChoice(FORMATS),
        default="table",
        show_default=True,
        help="As a table for people, or for other programs.",
    )
    return option(command)


def show(text: str, label: int = 0) -> None:
    """One line of something that is shown; whatever people have written in it begins no other line.

    `label` is how many columns there are before what is said, where there is a word for what it is.
    """
    print_lines(in_its_lines(in_one_line(text), label))


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

    mark_training(desk)
    print_text(f"{escaped_in_json(json.dumps(document, default=_plain, indent=2, ensure_ascii=False))}\n")


def print_csv(desk: Desk, rows: Sequence[Row], columns: Sequence[str]) -> None:
    """A header row and a line a row, as spreadsheets read them."""
    import io

    mark_training(desk)
    text = io.StringIO(newline="")
    writer = rows_to(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_csv_cell(row.get(column)) for column in columns])
    print_text(text.getvalue())


def in_parts(rows: Iterable[Row], columns: Sequence[str], form: str) -> Iterator[bytes]:
    """Very many rows as `print_csv` and `print_json` have them, a part after the other."""
    import io
    import json

    text = io.StringIO(newline="")
    writer = rows_to(text)
    between = "[\n"
    if form == "csv":
        writer.writerow(columns)
        yield text.getvalue().encode()
    for row in rows:
        if form == "csv":
            text.seek(0)
            text.truncate()
            writer.writerow([_csv_cell(row.get(column)) for column in columns])
            yield text.getvalue().encode("utf-8", "backslashreplace")
        else:
            one = escaped_in_json(json.dumps(row, default=_plain, ensure_ascii=False))
            yield f"{between}  {one}".encode("utf-8", "backslashreplace")
            between = ",\n"
    if form == "json":
        yield b"[]\n" if between == "[\n" else b"\n]\n"


def print_table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    """A table that fits the terminal, or blocks where it is too narrow; else as wide as it needs to be."""
    width = width_of(sys.stdout)
    between = ";" if width is None else "; "
    named = [
        Column(
            column.replace("_", " "),
            [in_one_line(_cell(row.get(column), between)) for row in rows],
            typed=column == "do",
            right=all(isinstance(row.get(column), int | float | None) for row in rows),
        )
        for column in columns
    ]
    about = next((column for column in _ABOUT if column in columns), columns[0])
    print_columns(named, columns.index(about))


def print_columns(columns: Sequence[Column], key: int = 0) -> None:
    """Columns of visible texts, as a terminal has room for them; a block begins with the `key` column's text."""
    print_lines("\n".join(laid_out(columns, width_of(sys.stdout), key, _rule())))


def _rule() -> str:
    """What the line under a table's head is made of, in what the output can show."""
    try:
        "─".encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return "-"
    return "─"


def mark_training(desk: Desk) -> None:
    """Say beside what another program reads that it comes from a training database."""
    if desk.training:
        click.echo(TRAINING, err=True)


def _csv_cell(value: object) -> object:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else protected(_cell(value))


def _cell(value: object, between: str = ";") -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return between.join(str(part) for part in value)
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

    console = Console(file=behind(sys.stderr), no_color=not is_coloured(sys.stderr))
    with Progress(console=console, transient=True) as bar:
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
    from testing_tracker.rules.drawing.no_record import asked_apart

    found = asked_apart(services.held_days.unanswered(work, on, on))
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
