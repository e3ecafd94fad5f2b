"""The board as a list that a cursor goes through: what stays where it was while somebody looks at it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.strip import Strip
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from testing_tracker.cli.board.lines import ALARMS, BoardRow, BoardSection, row_of
from testing_tracker.cli.desk.pasting import typed
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.rules.reporting.layout import folded

if TYPE_CHECKING:
    from testing_tracker.services.board import Board


@dataclass(frozen=True)
class Held:
    """The row under the cursor, and the section that it was in when the cursor came to it."""

    key: str
    section: BoardSection


class BoardList(OptionList):
    """The list with the row under the cursor turned around, which a terminal without colours shows too."""

    def render_line(self, y: int) -> Strip:
        """A line of the list. The library's own styles of an option leave `reverse` out."""
        strip = super().render_line(y)
        style = next((segment.style for segment in strip if segment.style is not None), None)
        is_under_cursor = style is not None and self.highlighted is not None
        if is_under_cursor and style is not None and style.meta.get("option") == self.highlighted:
            return strip.apply_style(Style(reverse=True))
        return strip


def arranged(board: "Board", found: Sequence[BoardSection], held: Held | None) -> list[BoardSection]:
    """The sections, in which the row under the cursor stays in its place though it is done by now.

    It goes where it belongs when the cursor leaves it. So nobody loses the line that they look at, and a key that is
    pressed twice is about the same participant.
    """
    if held is None or any(
        row.key == held.key for section in found if section.name == held.section.name for row in section.rows
    ):
        return list(found)
    row = next((row_of(line, board.day) for line in board.lines if f"draw-{line.draw_id}" == held.key), None)
    if row is None:
        return list(found)
    kept = [replace(one, rows=tuple(each for each in one.rows if each.key != held.key)) for one in found]
    into = next((one for one in kept if one.name == held.section.name), None)
    if into is None:
        order = [one.name for one in found]
        into = replace(held.section, rows=())
        kept.insert(0 if held.section.name == "open" else min(1, len(order)), into)
    put = _put(into.rows, row, [one.key for one in held.section.rows])
    return [replace(one, rows=put) if one is into else one for one in kept if one.rows or one is into]


def _put(rows: Sequence[BoardRow], row: BoardRow, before: Sequence[str]) -> tuple[BoardRow, ...]:
    """The rows with one put in before the first of those that came after it."""
    after = set(before[before.index(row.key) + 1 :]) if row.key in before else set()
    at = next((number for number, one in enumerate(rows) if one.key in after), len(rows))
    return (*rows[:at], row, *rows[at:])


def options(found: Sequence[BoardSection], width: int, given: Sequence[str] = ()) -> Iterator[Option]:
    """An option for each row, no line wider than `width`, and one that the cursor passes by for each title.

    `given` goes with each command that is typed at a shell.
    """
    for number, section in enumerate(found):
        yield Option(Text("\n" * (number > 0) + section.heading, style="bold"), disabled=True)
        who = max(len(row.who) for row in section.rows)
        when = max(len(row.when) for row in section.rows)
        for row in section.rows:
            yield Option(_text(row, who, when, width, given), id=row.key)


def _text(row: BoardRow, who: int, when: int, width: int, given: Sequence[str]) -> Text:
    begin = "  " + "".join(f"{text:<{one}}  " for text, one in ((row.who, who), (row.when, when)) if one)
    room = max(width - len(begin), 12)
    text = Text(no_wrap=True, overflow="fold")
    for number, part in enumerate(folded(in_one_line(row.said), room)):
        text.append(("\n" + " " * len(begin) if number else begin) + part)
    if row.line is None:
        for one in row.commands:
            command = folded(f"    {typed((*given, *one))}", width, 2, typed=True)
            text.append("".join(f"\n{part}" for part in command), style="dim")
    for alarm in ALARMS:
        text.highlight_words([alarm], "bold red")
    return text
