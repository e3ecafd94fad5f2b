"""The keys of the screen: what each is called, and what it says of the draw under the cursor."""

from collections.abc import Callable, Sequence
from typing import Protocol

from rich.text import Text

from testing_tracker.cli.desk.board_lines import BoardRow
from testing_tracker.cli.watch.records import Records
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.log_line import Entry, Tried, cleaned, read_said
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
    "m r    missed, refused: `y` records it",
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


class ActsOnRows(Protocol):
    """What a key needs of the screen."""

    records: Records

    def record(self, row: BoardRow, said: Entry) -> None: ...

    def ask(self, row: BoardRow, question: str, read: Callable[[str], Entry], names: Sequence[str] = ()) -> None: ...

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


def _because(what: Outcome | Status) -> Callable[[str], Entry]:
    """Reads a reason, which others have to understand later."""

    def read(text: str) -> Entry:
        if not cleaned(text):
            raise TestingTrackerError("Say why in a few words, or Escape leaves it.")
        return Entry(what, because=cleaned(text))

    return read


def _press_negative(screen: ActsOnRows, row: BoardRow) -> None:
    screen.record(row, Entry(Outcome.NEGATIVE))


def _press_positive(screen: ActsOnRows, row: BoardRow) -> None:
    vocabulary = screen.records.vocabulary
    question = f"{row.who}, positive: what was found? Such as coc opi, or coc=320"
    screen.ask(row, question, lambda text: read_said(vocabulary, f"p {cleaned(text)}"), vocabulary.names)


def _press_invalid(screen: ActsOnRows, row: BoardRow) -> None:
    screen.ask(row, f"{row.who}, invalid: why?", _because(Outcome.INVALID))


def _press_excused(screen: ActsOnRows, row: BoardRow) -> None:
    screen.ask(row, f"{row.who}, excused: why does the draw not count?", _because(Status.EXCUSED))


def _press_unable(screen: ActsOnRows, row: BoardRow) -> None:
    screen.record(row, Entry(Tried.UNABLE))


def _press_collected(screen: ActsOnRows, row: BoardRow) -> None:
    question = f"{row.who}, collected: the cup's label? It may be left out"
    screen.ask(row, question, lambda text: Entry(Status.COLLECTED, label=cleaned(text) or None))


def _press_absent(status: Status, what: str) -> Callable[[ActsOnRows, BoardRow], None]:
    def press(screen: ActsOnRows, row: BoardRow) -> None:
        on = f" of {row.when}" if row.when else ""
        question = f"{row.who} {what} the draw{on}. Is that so?"
        screen.confirm(row, question, Entry(status))

    return press


ACTS: dict[str, Callable[[ActsOnRows, BoardRow], None]] = {
    "n": _press_negative,
    "p": _press_positive,
    "i": _press_invalid,
    "m": _press_absent(Status.MISSED, "missed"),
    "r": _press_absent(Status.REFUSED, "refused"),
    "e": _press_excused,
    "u": _press_unable,
    "c": _press_collected,
}
