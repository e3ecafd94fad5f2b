"""`history`: a past record from or to a spreadsheet."""

import io
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfileobj

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.exporting import Export, exported, put_on_record
from testing_tracker.cli.desk.files import output_file, output_options, spooled
from testing_tracker.cli.desk.importing import Given, columns_in_words, import_arguments, run_import
from testing_tracker.cli.desk.output import mark_training
from testing_tracker.cli.desk.shown import binary_output
from testing_tracker.rules.exchange.columns import HISTORY
from testing_tracker.rules.exchange.csv_cells import protected, rows_to

LINES_AT_A_TIME = 1_000


@click.group("history", cls=CommandGroup)
def history_command() -> None:
    """A past record, from or to a spreadsheet."""


@history_command.command("import", epilog=columns_in_words(HISTORY))
@import_arguments(HISTORY)
@pass_desk
def import_(desk: Desk, given: Given) -> None:
    """Import a past record from a spreadsheet (csv, .xlsx, .ods); `-` reads standard input.

    Every good line is taken, every bad one is named with all that is wrong with it; a line imported twice changes
    nothing. A past record raises no recommendations. The columns may stand in any order.
    """
    note = "A past record raises no recommendations."
    run_import(desk, given, "History", services.history.import_history, note)


@history_command.command("export")
@output_options()
@pass_desk
def export(desk: Desk, output: Path | None, overwrite: bool) -> None:
    """Every draw and what has become of it, as `history import` reads it."""
    with desk.reading() as work:
        export = Export("history", "csv", work.today, many=services.looks.how_many(work))
    if output is None:
        # Bytes, so that the same file comes out on every system and in every locale. All of them first, because a
        # reader that takes its time would keep everybody from writing to the database.
        with exported(desk, export), spooled(part for _, part in _parts(desk)) as file:
            copyfileobj(file, binary_output())
            binary_output().flush()
        mark_training(desk)
        return
    count = 0
    with output_file(desk, output, overwrite=overwrite) as outgoing:
        for lines, part in _parts(desk):
            count += lines
            outgoing.file.write(part)
        put_on_record(desk, export, outgoing)
    say(desk, f"Wrote {count} lines to {output}.")


def _parts(desk: Desk) -> Iterator[tuple[int, bytes]]:
    """The file in parts, each with the number of records in it."""
    from itertools import islice

    with desk.reading() as work:
        yield 0, _as_csv([services.history.COLUMNS])
        rows = services.history.export_history(work)
        while part := list(islice(rows, LINES_AT_A_TIME)):
            yield len(part), _as_csv(part)


def _as_csv(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    rows_to(text).writerows([protected(cell) for cell in row] for row in rows)
    return text.getvalue().encode()
