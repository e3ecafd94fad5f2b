"""The board as text: for a terminal as wide as it is, or one fact a line for who hears it read aloud."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from testing_tracker.cli.board.lines import (
    ALARMS,
    BoardRow,
    BoardSection,
    counts_in_words,
    day_title,
    shortened,
)
from testing_tracker.cli.desk.pasting import typed
from testing_tracker.cli.help.page import LONG_NAME, SHORT_NAME
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.rules.reporting.layout import cells, folded

if TYPE_CHECKING:
    from testing_tracker.services.board import Board

Mark = Callable[[str, str], str]  # a text, and what it is: `title`, `alarm`, `command`
TO_DRAW = BoardRow("draw", "", "", "", (("draw",),))
_TOGETHER, _MOST_ALONE = 4, 14  # so many rows that say the same stand together, where a section has more than fit
_LEAST_SAID = 30  # columns for what is said beside a command
_LEAST_BESIDE_A_CODE = 12


def plainly(text: str, what: str) -> str:
    """No mark at all."""
    return text


def board_lines(
    board: "Board", found: Sequence[BoardSection], width: int, mark: Mark = plainly, given: Sequence[str] = ()
) -> Iterator[str]:
    """The board's lines, none wider than `width` but for a code or an option that is; `given` goes with each command.

    Rows that say the same and are many stand together, every code in full.
    """
    yield from _wrapped(f"{day_title(board.day)}: {counts_in_words(board)}.", width, mark, what="title")
    if not board.is_drawn:
        yield from _wrapped("Its draws have not been made yet.", width, mark, what="alarm")
        yield from _typed(TO_DRAW, width, mark, given)
    for section in shortened(found):
        yield ""
        yield mark(section.heading, "title")
        yield from _section(section, width, mark, given)


def _section(section: BoardSection, width: int, mark: Mark, given: Sequence[str]) -> Iterator[str]:
    alone, together = list(section.rows), []
    if len(alone) > _MOST_ALONE or section.name == "came":
        groups = [list(rows) for _, rows in groupby(sorted(alone, key=_alike), key=_alike)]
        together = [rows for rows in groups if len(rows) >= _TOGETHER and rows[0].who]
        held = {row.key for rows in together for row in rows}
        alone = [row for row in alone if row.key not in held]
    yield from _rows(alone, width, mark, given)
    for rows in together:
        yield from _flowing(rows, width, mark, given)


def _alike(row: BoardRow) -> tuple[str, str]:
    return row.when, row.said


def _flowing(rows: Sequence[BoardRow], width: int, mark: Mark, given: Sequence[str]) -> Iterator[str]:
    """Rows that say the same: what they say, the codes, and the command of the first.

    Of a whole earlier day only how many, and the command that has them all: the question about it is on the board too.
    """
    when = f", {rows[0].when}" if rows[0].when else ""
    yield from _wrapped(f"{rows[0].said}{when} ({len(rows)}):", width, mark, 2)
    if rows[0].when and len(rows) > _MOST_ALONE:
        yield from _typed(BoardRow("", "", "", "", (("due", "--on", rows[0].when),)), width, mark, given)
        return
    yield from _wrapped(" ".join(row.who for row in rows), width, mark, 4)
    yield from _typed(rows[0], width, mark, given)


def _rows(rows: Sequence[BoardRow], width: int, mark: Mark, given: Sequence[str]) -> Iterator[str]:
    """Rows in columns where all of them fit beside each other, else each in lines of its own."""
    who = max((len(row.who) for row in rows), default=0)
    when = max((len(row.when) for row in rows), default=0)
    ahead = sum(one + 2 for one in (who, when) if one) + 2
    longest = max((cells(in_one_line(row.said)) for row in rows), default=0)
    program = LONG_NAME
    commands = _widest(rows, given, program)
    if ahead + longest + 2 + commands > width >= ahead + longest + 2 + _widest(rows, given, SHORT_NAME):
        program, commands = SHORT_NAME, _widest(rows, given, SHORT_NAME)
    room = width - ahead - (commands + 2 if commands else 0)
    beside = who > 0 and commands > 0 and room >= min(longest, _LEAST_SAID)
    room = min(room, longest) if beside else width - ahead
    if (
        who
        and not beside
        and room < max(_LEAST_BESIDE_A_CODE, *(len(word) for row in rows for word in row.said.split()))
    ):
        for row in rows:
            yield from _alone(row, width, mark, given)
        return
    for row in rows:
        begin = "  " + "".join(f"{text:<{one}}  " for text, one in ((row.who, who), (row.when, when)) if one)
        for number, part in enumerate(folded(in_one_line(row.said), max(room, _LEAST_BESIDE_A_CODE))):
            text = f"{begin if number == 0 else ' ' * len(begin)}{_marked(part, mark)}"
            if beside and number == 0 and row.commands:
                text += " " * (room - cells(part) + 2) + mark(typed((*given, *row.commands[0]), program), "command")
            yield text.rstrip()
        if not beside:
            yield from _typed(row, width, mark, given)


def _alone(row: BoardRow, width: int, mark: Mark, given: Sequence[str]) -> Iterator[str]:
    """A row whose code leaves no room beside it."""
    yield from _wrapped("  ".join(filter(None, (row.who, row.when))), width, mark, 2)
    yield from _wrapped(row.said, width, mark, 4)
    yield from _typed(row, width, mark, given)


def _widest(rows: Sequence[BoardRow], given: Sequence[str], program: str) -> int:
    return max((len(typed((*given, *one), program)) for row in rows for one in row.commands[:1]), default=0)


def _typed(row: BoardRow, width: int, mark: Mark, given: Sequence[str]) -> Iterator[str]:
    """The commands of a row, by the program's short name where there is no room for the long one.

    What does not even fit then goes on in the next line, as a shell reads it too.
    """
    said = [typed((*given, *one)) for one in row.commands]
    if any(len(one) > width - 4 for one in said):
        said = [typed((*given, *one), SHORT_NAME) for one in row.commands]
    for one in said:
        for part in folded(f"    {one}", width, 2, typed=True):
            start = len(part) - len(part.lstrip(" "))
            yield part[:start] + mark(part[start:], "command")


def _marked(text: str, mark: Mark) -> str:
    for alarm in ALARMS:
        if alarm in text:
            before, _, behind = text.partition(alarm)
            return f"{before}{mark(alarm, 'alarm')}{behind}"
    return text


def _wrapped(text: str, width: int, mark: Mark, start: int = 0, what: str | None = None) -> Iterator[str]:
    lines = folded(" " * start + in_one_line(text), width) if text else []
    yield from (mark(line, what) if what else _marked(line, mark) for line in lines)


def plain_lines(board: "Board", found: Sequence[BoardSection], given: Sequence[str] = ()) -> Iterator[str]:
    """The board with a fact a line, each whole by itself: for a screen reader, or for `grep`."""
    yield f"{day_title(board.day)}: {counts_in_words(board)}."
    if not board.is_drawn:
        yield f"The draws of {board.day} have not been made yet. Type {typed((*given, 'draw'))}"
    for section in found:
        for row in section.rows:
            whose = f"{row.who}, draw of {row.when}" if row.when else row.who
            end = "" if row.said[-1:] in (".", "?") else "."
            said = f"{section.title}: {whose}{': ' if whose else ''}{row.said}{end}"
            next_words = " or ".join(typed((*given, *one)) for one in row.commands)
            yield in_one_line(f"{said} Next: {next_words}" if next_words else said)
