"""Where the cursor goes for what was scanned or typed, and what is said of it. Nothing is guessed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from testing_tracker.cli.board.lines import BoardSection
from testing_tracker.rules.testing.log_line import LABEL_MARK

if TYPE_CHECKING:
    from testing_tracker.services.board_keys import Meant

_MOST_CODES = 8


@dataclass(frozen=True)
class FoundRow:
    """The row that is meant by a word, by its key, and what is said; no key where the cursor stays."""

    key: str | None
    said: str


def row_of_code(text: str, found: Sequence[BoardSection], day: date) -> FoundRow | None:
    """The row of whoever has this whole code; None where nobody on the board has it.

    A draw of the day comes before one that is left over, which is another cup's.
    """
    rows = [row for section in found for row in section.rows if row.who.casefold() == text.casefold()]
    if not text or not rows:
        return None
    row = min(rows, key=lambda row: (row.line is None, row.line is not None and row.line.due_on != day))
    others = sum(one.line is not None for one in rows) - 1
    said = f"{row.who}, the draw of {row.when}" if row.line is not None and row.when else row.who
    if others > 0:
        draws = "1 other draw" if others == 1 else f"{others} other draws"
        said += f"; {draws} of {row.who} on the board too"
    return FoundRow(row.key, said)


def row_meant(text: str, meant: "Meant", found: Sequence[BoardSection], day: date) -> FoundRow:
    """The row of the only one whom a word can mean, who may have no draw, or the row of the cup whose label it is."""
    codes = list(meant.codes)
    is_whole_code = len(codes) == 1 and codes[0].casefold() == text.casefold()
    if len(codes) > 1:
        more = " …" if len(codes) > _MOST_CODES else ""
        return FoundRow(None, f"{text} can be {', '.join(codes[:_MOST_CODES])}{more}. Type more of the code.")
    if codes and meant.draw_id is not None and not is_whole_code:
        return FoundRow(
            None,
            f"{text} is a cup's label, and can be the code {codes[0]}. Type the whole code, or {LABEL_MARK}{text} for "
            "the label.",
        )
    if codes:
        return row_of_code(codes[0], found, day) or FoundRow(None, f"{codes[0]} has no draw on the board.")
    key = f"draw-{meant.draw_id}"
    if meant.draw_id is not None and any(row.key == key for section in found for row in section.rows):
        return FoundRow(key, f"{text} is the label of this line's cup.")
    return FoundRow(None, f"{text} is not on the board; nothing was recorded.")
