"""Prints the board of `today`: for people at a terminal or in a pipe, or as a document or rows for other programs."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.board.lines import (
    BoardSection,
    counts_in_words,
    day_title,
    sections,
)
from testing_tracker.cli.board.text import Mark, board_lines, plain_lines, plainly
from testing_tracker.cli.checkin_words import said_for_programs
from testing_tracker.cli.desk.desk import TRAINING, AtFacility, Desk, say
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import Row, print_csv, print_json, show
from testing_tracker.cli.desk.pasting import given_before, typed
from testing_tracker.cli.desk.shown import behind
from testing_tracker.cli.desk.terminal import is_coloured, width_of
from testing_tracker.rules.drawing.no_record import question

if TYPE_CHECKING:
    from testing_tracker.services.board import Board, BoardLine

_NARROWEST, _WIDEST, _NOBODY_LOOKS = 40, 200, 120
_COLUMNS = ["section", "participant", "due_on", "kind", "status", "outcome", "analytes", "said", "next"]
_STYLES = {"title": {"bold": True}, "alarm": {"fg": "red", "bold": True}, "command": {"fg": "cyan"}}


def show_board(desk: Desk, on: str | None = None, form: str = "table", *, plain: bool = False) -> None:
    """Print the board, or the counts of each facility where there are several and none is named."""
    from testing_tracker.store.facilities import WhichFacilityError

    try:
        with desk.reading() as work:
            board = services.board.read_board(work, day_given(on, work.today))
            found = sections(board, work.zone)
    except WhichFacilityError:
        _show_each(desk.each_facility(), desk, on, form, plain=plain)
        return
    if form == "table":
        _print(desk, board, found, plain=plain)
        return
    from testing_tracker.cli.desk.exporting import Export, exported  # only for files; a look need not wait for it

    with exported(desk, Export("today", form, board.day)):
        if form == "json":
            print_json(desk, _document(board, desk.whose))
        else:
            print_csv(desk, list(_rows(board, found)), _COLUMNS)


def _show_each(each: list[AtFacility], desk: Desk, on: str | None, form: str, *, plain: bool) -> None:
    """Each facility's counts; the whole of each as json and csv."""
    boards = []
    for at in each:
        with at.desk.reading() as work:
            board = services.board.read_board(work, day_given(on, work.today))
            boards.append((at, board, sections(board, work.zone)))
    if form == "table":
        for at, board, _ in boards:
            waiting = "" if board.is_drawn else " Its draws have not been made yet."
            say(desk, f"{at.mark}{day_title(board.day)}: {counts_in_words(board)}.{waiting}")
            show(f"{'' if plain else '  '}{typed((*given_before(desk, at.name), 'today'))}")
        return
    from testing_tracker.cli.desk.exporting import Export, exported

    others = [at.desk for at in each[1:]]
    with exported(each[0].desk, Export("today", form, boards[0][1].day), *others):
        if form == "json":
            print_json(desk, [_document(board, at.name) for at, board, _ in boards])
        else:
            rows = [{"facility": at.name, **row} for at, board, found in boards for row in _rows(board, found)]
            print_csv(desk, rows, ["facility", *_COLUMNS])


def _print(desk: Desk, board: "Board", found: list[BoardSection], *, plain: bool) -> None:
    """Print for people. Colour and the terminal's width only at a terminal."""
    out, given = behind(sys.stdout), given_before(desk)
    whose = f"{TRAINING} " * desk.training + desk.whose.removesuffix(": ")
    if whose:
        show(whose.strip())
    if plain:
        for line in plain_lines(board, found, given):
            show(line)
        return
    width = min(max(width_of(sys.stdout) or _NOBODY_LOOKS, _NARROWEST), _WIDEST)
    coloured = is_coloured(sys.stdout)
    for line in board_lines(board, found, width, _style() if coloured else plainly, given):
        click.echo(line, file=out, color=coloured)  # its texts are visible already, and the colours are ours


def _style() -> Mark:
    return lambda text, what: click.style(text, **_STYLES[what])  # type: ignore[arg-type]


def _rows(board: "Board", found: list[BoardSection]) -> Iterator[Row]:
    for section in found:
        for row in section.rows:
            line = row.line
            yield {
                "section": section.name,
                "participant": row.who,
                "due_on": line.due_on if line else row.when or None,
                "kind": line.kind if line else None,
                "status": line.status if line else None,
                "outcome": line.outcome if line else None,
                "analytes": line.analytes if line else None,
                "said": row.said,
                "next": " or ".join(typed(one) for one in row.commands),
            }


def _document(board: "Board", facility: str) -> dict[str, object]:
    return {
        **({"facility": facility.removesuffix(": ")} if facility else {}),
        "day": board.day,
        "draws_made": board.is_drawn,
        "counts": vars(board.counts),
        "draws": [
            {
                "participant": line.participant,
                "due_on": line.due_on,
                "kind": line.kind,
                "status": line.status,
                "outcome": line.outcome,
                "analytes": line.analytes,
                "place": line.place,
                "said": line.said,
                "next": typed(line.next) if line.next else None,
                **({} if board.check_ins is None else _told(line)),
            }
            for line in board.lines
        ],
        "questions": [
            {"question": question(one), "from": one.closed.first_day, "to": one.closed.day} for one in board.questions
        ],
        "recommendations": [vars(one) for one in board.recommendations],
        "reviews": [asdict(one) for one in board.reviews],
        "overdue_confirmations": [vars(one) for one in board.overdue],
        "ran_by_itself": vars(board.by_itself) if board.by_itself else None,
        **({} if board.check_ins is None else {"check_ins": asdict(board.check_ins)}),
    }


def _told(line: "BoardLine") -> dict[str, object]:
    """Whether the participant knows of a draw, on a day on which somebody is to check in."""
    told = line.told
    if told is None:
        return {"told": None, "told_at": None}
    return {"told": said_for_programs(told.word), "told_at": told.at}
