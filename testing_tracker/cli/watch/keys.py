"""The keys of the screen: what each is called, and what it says of the draw under the cursor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.text import Text

from testing_tracker.cli.board.lines import BoardRow
from testing_tracker.cli.watch.records import Records
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.log_line import LABEL_MARK, Entry, Tried, cleaned, looks_like_a_label, read_said
from testing_tracker.rules.words import Outcome, Status

KEYS = (
    ("n", "negative"),
    ("p", "positive"),
    ("i", "invalid"),
    ("m", "missed"),
    ("r", "refused"),
    ("e", "excused"),
    ("u", "unable"),
    ("c", "collected"),
    ("Enter", "record"),
    ("/", "find"),
    ("z", "undo"),
    ("?", "help"),
    ("q", "quit"),
)
_WIDE_ENOUGH = 60  # columns
HELP = (
    "A key is about the line under the cursor, which the arrows move.",
    "",
    "n      negative",
    "p      positive: asks what was found, such as coc opi or coc=320",
    "i      invalid: asks why",
    "m r    missed, refused: `y` records it, as it does n and u of an earlier day",
    "e      excused: asks why",
    "u      came and could not give a specimen",
    "c      collected, the result to come: asks the label, which may be left out",
    "z      takes back what was recorded last on this screen",
    "Enter  the participant's recent record",
    "/      finds a code or a cup's label; what is scanned needs no key",
    "q      quits",
    "",
    "An entry is on record at once, and a line that was changed since you saw it is refused. A line that is done goes "
    "where it belongs when the cursor leaves it. Nothing stays on the terminal afterwards.",
)


@dataclass(frozen=True)
class SaidOfARow:
    """What is to be recorded, and the `word` typed or scanned for it that may not be a participant's code."""

    entry: Entry
    word: str = ""


class ActsOnRows(Protocol):
    """What a key needs of the screen."""

    records: Records

    def record(self, row: BoardRow, said: Entry) -> None: ...

    def ask(
        self, row: BoardRow, question: str, read: Callable[[str], SaidOfARow], names: Sequence[str] = ()
    ) -> None: ...

    def confirm(self, row: BoardRow, question: str, said: Entry) -> None: ...


def keys_text(width: int) -> Text:
    """The keys and what each does, a key never apart from that; where there is no room only what helps to find out."""
    is_wide = width >= _WIDE_ENOUGH
    text, column = Text(), 0
    for key, what in KEYS:
        said = f" {what}" if is_wide or key in "?q" else ""
        between = "" if not column else "  " if is_wide else " "
        if column + len(between + key + said) > width:
            between, column = "\n", 0
        column += len((between + key + said).lstrip("\n"))
        text.append(between)
        text.append(key, style="bold")
        text.append(said)
    return text


def some_words(text: str) -> str:
    """What is looked for. Raises TestingTrackerError for nothing."""
    said = cleaned(text)
    if not said:
        raise TestingTrackerError("Type or scan a code, or Escape leaves it.")
    return said


def _whose(row: BoardRow) -> str:
    """Whose draw it is, with its day where that is another one, and what kind where it is no schedule's."""
    cause = ", for cause" if row.line is not None and row.line.for_cause else ""
    return f"{row.who}, the draw of {row.when}{cause}" if row.when else f"{row.who}{cause}"


def _at_once(entry: Entry) -> Callable[[ActsOnRows, BoardRow], None]:
    """Records it; first asked is what may have been meant for another draw, or for a laboratory's word."""

    def press(screen: ActsOnRows, row: BoardRow) -> None:
        is_laboratorys = row.line is not None and row.line.at_laboratory and entry.what is Outcome.NEGATIVE
        if is_laboratorys:
            asked = "the cup, before the laboratory's word (which `result --definitive` logs)"
            screen.confirm(row, f"{_whose(row)}: {entry.what} said by {asked}. Is that so?", entry)
        elif row.when:
            screen.confirm(row, f"{_whose(row)}: {entry.what}. Is that so?", entry)
        else:
            screen.record(row, entry)

    return press


def _because(screen: ActsOnRows, what: Outcome | Status) -> Callable[[str], SaidOfARow]:
    """Reads a reason, which others have to understand later. What is scanned is none."""

    def read(text: str) -> SaidOfARow:
        said = cleaned(text)
        if not said or looks_like_a_label(screen.records.vocabulary, said):
            raise TestingTrackerError("Say why in a few words, or Escape leaves it.")
        return SaidOfARow(Entry(what, because=said), said)

    return read


def _press_positive(screen: ActsOnRows, row: BoardRow) -> None:
    vocabulary = screen.records.vocabulary
    cup = " by the cup" if row.line is not None and row.line.at_laboratory else ""
    question = f"{_whose(row)}, positive: what was found{cup}? Such as coc opi, or coc=320"
    screen.ask(row, question, lambda text: SaidOfARow(read_said(vocabulary, f"p {cleaned(text)}")), vocabulary.names)


def _press_invalid(screen: ActsOnRows, row: BoardRow) -> None:
    screen.ask(row, f"{_whose(row)}, invalid: why?", _because(screen, Outcome.INVALID))


def _press_excused(screen: ActsOnRows, row: BoardRow) -> None:
    screen.ask(row, f"{_whose(row)}, excused: why does the draw not count?", _because(screen, Status.EXCUSED))


def _press_collected(screen: ActsOnRows, row: BoardRow) -> None:
    def read(text: str) -> SaidOfARow:
        said = cleaned(text)
        entry = read_said(screen.records.vocabulary, f"c {said}")
        return SaidOfARow(entry, "" if said.startswith(LABEL_MARK) else said)

    screen.ask(row, f"{_whose(row)}, collected: the cup's label? It may be left out", read)


def _press_absent(status: Status) -> Callable[[ActsOnRows, BoardRow], None]:
    def press(screen: ActsOnRows, row: BoardRow) -> None:
        screen.confirm(row, f"{_whose(row)}: {status}. Is that so?", Entry(status))

    return press


ACTS: dict[str, Callable[[ActsOnRows, BoardRow], None]] = {
    "n": _at_once(Entry(Outcome.NEGATIVE)),
    "p": _press_positive,
    "i": _press_invalid,
    "m": _press_absent(Status.MISSED),
    "r": _press_absent(Status.REFUSED),
    "e": _press_excused,
    "u": _at_once(Entry(Tried.UNABLE)),
    "c": _press_collected,
}
