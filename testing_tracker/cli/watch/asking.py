"""What is asked over the board: a few words, a yes, or nothing but a look; Escape leaves each of them."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from testing_tracker.cli.watch.strokes import ENDS_OF_A_SCAN, Strokes
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.visible import in_one_line, visible

_LONGEST_ANSWER = 1000  # characters
_SHORTEST_TO_COMPLETE = 2


class OverTheBoard(ModalScreen[Any]):
    """What stands over the board until it is answered, once: keys may come faster than it goes."""

    _is_answered = False

    def answer(self, answer: object) -> None:
        """Go, and hand the answer on."""
        if not self._is_answered:
            self._is_answered = True
            self.dismiss(answer)


class AskWords(OverTheBoard):
    """A question that is answered in a few words; what `read` refuses is asked for again, with what is wrong."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(
        self, question: str, read: Callable[[str], object], *, names: Sequence[str] = (), begun: str = ""
    ) -> None:
        super().__init__()
        self._question, self._read, self._names, self._begun = question, read, names, begun

    def compose(self) -> ComposeResult:
        with Vertical(id="asked"):
            yield Static(Text(in_one_line(self._question)), markup=False)
            yield Static(id="beside", markup=False)
            yield Input(
                max_length=_LONGEST_ANSWER,
                suggester=LastWord(self._names) if self._names else None,
                select_on_focus=False,
            )
            yield Static(Text("Enter takes it, Escape leaves it."), id="wrong", markup=False)

    def say_beside(self, what: str) -> None:
        """Say what there is to know for the answer, as soon as that is known."""
        if self.is_attached:
            beside = self.query_one("#beside", Static)
            beside.display = True
            beside.update(Text(in_one_line(what)))

    def action_leave(self) -> None:
        """Leave it unanswered."""
        self.answer(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the answer on, or say what is wrong with it."""
        event.stop()
        try:
            answer = self._read(event.value)
        except TestingTrackerError as error:
            self.query_one("#wrong", Static).update(Text(in_one_line(str(error))))
            return
        self.answer(answer)


class LastWord(Suggester):
    """Completes the last word that is typed by the first name that it begins."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        """What was typed with its last word completed; None where nothing begins so."""
        word = value.replace(",", " ").replace(";", " ").split(" ")[-1]
        if len(word) < _SHORTEST_TO_COMPLETE:
            return None
        found = next((name for name in self._names if name.startswith(word.casefold())), None)
        return value[: len(value) - len(word)] + word + found[len(word) :] if found else None


class AskYes(OverTheBoard):
    """A question that `y` alone answers with yes; any other key is no, and so is a code that is scanned."""

    AUTO_FOCUS = ""

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question
        self._strokes = Strokes(self.set_timer, lambda keys, _: self.answer(keys.casefold() == "y"))

    def compose(self) -> ComposeResult:
        with Vertical(id="asked"):
            yield Static(Text(in_one_line(self._question)), markup=False)
            yield Static(Text("y records it, any other key leaves it."), markup=False)

    def on_key(self, event: events.Key) -> None:
        """Wait for a moment whether more comes: one key is a person's."""
        event.stop()
        event.prevent_default()
        self._strokes.add(event.character or "\x1b")


class ShowLines(OverTheBoard):
    """Lines to look at; any key but those that scroll closes them.

    Answered with what was scanned, and with nothing for Enter.
    """

    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = lines
        self._strokes = Strokes(self.set_timer, self._close)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="shown"):
            yield Static(Text(visible("\n".join(map(in_one_line, self._lines)))), markup=False)

    def on_key(self, event: events.Key) -> None:
        """Close, and hand on what was scanned: the next code, and no key's letter that is in it."""
        if event.key in ("up", "down", "pageup", "pagedown", "home", "end"):
            return
        event.stop()
        event.prevent_default()
        if event.key in ENDS_OF_A_SCAN and self._strokes.is_open:
            self._strokes.end(scanned=True)
        elif event.character is not None and event.character.isprintable():
            self._strokes.add(event.character)
        else:
            self.answer("" if event.key == "enter" else None)

    def _close(self, keys: str, is_scanned: bool) -> None:
        self.answer(keys if is_scanned or len(keys) > 1 else None)
