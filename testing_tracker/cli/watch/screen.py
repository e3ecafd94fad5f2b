"""The screen of `today --watch`: the board, what was done last, and the keys."""

import signal
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static

from testing_tracker.cli.board.lines import (
    BoardRow,
    BoardSection,
    counts_in_words,
    day_title,
    sections,
    shortened,
)
from testing_tracker.cli.desk.desk import TRAINING
from testing_tracker.cli.desk.idle import IdleClock
from testing_tracker.cli.desk.pasting import typed
from testing_tracker.cli.watch.asking import AskWords, AskYes, ShowLines
from testing_tracker.cli.watch.background import Background
from testing_tracker.cli.watch.ending import EndsInALine, has_terminal, hear_of_signals
from testing_tracker.cli.watch.finding import FoundRow, row_meant, row_of_code
from testing_tracker.cli.watch.keys import ACTS, HELP, SaidOfARow, keys_text, some_words
from testing_tracker.cli.watch.lines import BoardList, Held, arranged, options
from testing_tracker.cli.watch.records import BoardSeen, Done, Records, ReplacedError
from testing_tracker.cli.watch.strokes import ENDS_OF_A_SCAN, SECOND_LINE_END, Strokes
from testing_tracker.cli.watch.style import STYLE
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.rules.testing.log_line import Entry, cleaned

LOOK_EVERY = 1.0  # seconds
_SAY_IT_WAITS = 1.5  # seconds that the database may take before it is said


class DayScreen(EndsInALine):
    """The board that stays."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+c", "leave", show=False, priority=True),
    ]
    CSS = STYLE

    def __init__(
        self, records: Records, first: BoardSeen, given: Sequence[str] = (), idle: IdleClock | None = None
    ) -> None:
        super().__init__(idle or IdleClock(0))
        self.animation_level = "none"
        self.records, self.seen, self._given = records, first, given
        self.background = Background(self._hand_back, self.fail)
        self._recorded = self._undone = 0
        self._just_recorded: tuple[str, ...] = ()
        self._refused: tuple[str, ...] = ()
        self._held: Held | None = None
        self._found: list[BoardSection] = []
        self._troubled, self._is_another = "", False
        self.strokes = Strokes(self.set_timer, self._act_on_keys)
        self._meant: BoardRow | None = None
        self._is_scans_end = False
        self._is_a_line_end_until = 0.0

    @property
    def tally(self) -> str:
        """What is left on the terminal: how many entries, of nobody."""
        taken = f", {self._undone} taken back" if self._undone else ""
        return f"Recorded on this screen: {self._recorded}{taken}."

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="trouble", markup=False)
        yield BoardList(markup=False)
        yield Static(id="said", markup=False)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """Begin to follow, and hear of signals."""
        hear_of_signals(self.end, lambda: self.refresh(layout=True))
        self.show(self.seen)
        self.set_interval(LOOK_EVERY, self.look)

    def on_resize(self, _event: events.Resize) -> None:
        """The lines are as wide as the screen."""
        self.call_after_refresh(self.redraw)

    # What is shown

    def show(self, seen: BoardSeen) -> None:
        """Show a board in place of the one before."""
        self.seen = seen
        self._found = shortened(sections(seen.board, seen.zone))
        self._say_trouble(self._what_is_missing())
        self.redraw()

    def _what_is_missing(self) -> str:
        made = self.seen.board.is_drawn
        return "" if made else f"Today's draws have not been made yet. Type {typed((*self._given, 'draw'))} at a shell."

    def redraw(self) -> None:
        """Draw the board as wide as the screen is now, the cursor on the row that it was on."""
        board = self.seen.board
        ahead = " ".join(filter(None, (TRAINING * self.seen.training, self.seen.whose)))
        title = f"{day_title(board.day)}: {counts_in_words(board)}."
        self.query_one("#title", Static).update(Text(in_one_line(f"{ahead} {title}".strip())))
        self.query_one("#keys", Static).update(keys_text(self.size.width - 2))
        listed = self.query_one(OptionList)
        shown = arranged(board, self._found, self._held)
        scrolled, at = listed.scroll_y, listed.highlighted
        key = self._held.key if self._held else None
        with self.prevent(OptionList.OptionHighlighted):
            listed.set_options(list(options(shown, max(self.size.width - 2, 20), self._given)))
            numbers = {option.id: number for number, option in enumerate(listed.options) if option.id}
            if key not in numbers:
                key = _nearest(list(numbers.items()), at if key else None)
            listed.highlighted = numbers.get(key) if key else None
            listed.scroll_to(y=scrolled, animate=False, immediate=True)
        self._hold(key, shown)

    def _hold(self, key: str | None, shown: list[BoardSection]) -> None:
        if key is None:
            self._held = None
        elif self._held is None or self._held.key != key:
            self._held = next((Held(key, section) for section in shown for row in section.rows if row.key == key), None)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The cursor has moved: what was held in its place goes where it belongs."""
        if event.option_id is None or (self._held is not None and self._held.key == event.option_id):
            return
        shown = arranged(self.seen.board, self._found, self._held)
        moved = shown != self._found
        self._hold(event.option_id, shown)
        if moved:
            self.redraw()

    def say(self, *lines: str, wrong: bool = False) -> None:
        """Say what was done, or what is wrong, below the board."""
        self._just_recorded = self._refused = ()
        text = Text("\n".join(map(in_one_line, lines)), style="bold red" if wrong else "")
        self.query_one("#said", Static).update(text)

    def _say_trouble(self, what: str) -> None:
        if what == self._troubled:
            return
        self._troubled = what
        trouble = self.query_one("#trouble", Static)
        trouble.display = bool(what)
        trouble.update(Text(in_one_line(what)))

    # Following the records

    def look(self) -> None:
        """Once a second: ask whether anything changed, unless what was asked before is not answered yet."""
        if not has_terminal() and not self.is_headless:
            self.end(signal.SIGHUP)
        self.leave_where_nobody_is()
        if self.background.seconds_at_it > _SAY_IT_WAITS:
            self._say_trouble("Waiting for the database: another program is at it. Nothing is lost.")
        if self.background.is_idle:
            self.background.do(self.records.read_if_changed, self._looked)

    def _looked(self, came: BoardSeen | TestingTrackerError | None) -> None:
        if isinstance(came, TestingTrackerError):
            self._trouble(came)
        elif came is not None:
            if not self._is_another:
                self._say_what_changed(came)
            self._is_another = False
            self.show(came)
        else:
            self._say_trouble(self._what_is_missing())

    def _say_what_changed(self, now: BoardSeen) -> None:
        """Say what has become of the line under the cursor, if anything has."""
        row = self.row
        if row is None or row.line is None:
            return
        line = next((one for one in now.board.lines if one.draw_id == row.line.draw_id), None)
        if line is not None and line.state != row.line.state:
            refused = self._refused  # a key that recorded nothing is not to be taken for one that did
            now_says = f"{line.participant}: {line.said} now (was {row.line.said}); somebody else recorded that."
            self.say(*refused, now_says, wrong=bool(refused))

    def _trouble(self, error: TestingTrackerError) -> None:
        if isinstance(error, ReplacedError):
            self._held, self._is_another = None, True
            self.say(str(error), wrong=True)
        else:
            self._say_trouble(str(error))

    # Keys

    @property
    def row(self) -> BoardRow | None:
        """The row under the cursor, as it is shown."""
        option = self.query_one(OptionList).highlighted_option
        shown = arranged(self.seen.board, self._found, self._held)
        rows = {row.key: row for section in shown for row in section.rows}
        return rows.get(option.id) if option is not None and option.id else None

    def on_key(self, event: events.Key) -> None:
        """A key that writes: one alone is a person's, and means the line that is under the cursor now."""
        if len(self.screen_stack) > 1:
            return
        self._is_scans_end = event.key in ENDS_OF_A_SCAN and self.strokes.is_open
        if event.character is None or not event.character.isprintable():
            self.strokes.end(scanned=self._is_scans_end)
            return
        event.stop()
        if not self.strokes.is_open:
            self._meant = self.row
        self.strokes.add(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is looked for."""
        if len(self.screen_stack) == 1:
            self.find(event.text)

    def _act_on_keys(self, keys: str, is_scanned: bool) -> None:
        """Act on the key that was pressed; several at once were scanned, and are looked for."""
        if is_scanned or len(keys) > 1:
            self.find(keys)
        else:
            self.press(keys.casefold(), self._meant)

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Enter: the record; behind a code that was scanned, its end, which may be two characters."""
        if self._is_scans_end or self.strokes.is_open:
            self._is_scans_end = False
            self.strokes.end(scanned=True)
            self._line_ended()
            return
        if monotonic() < self._is_a_line_end_until:
            return
        row = self.row
        if row is not None and row.who:
            self._do(lambda: self.records.record_of(row.who), self._show_lines)
        else:
            self.say("Nobody's record is behind this line.")

    def _show_lines(self, lines: Sequence[str]) -> None:
        self.push_screen(ShowLines(lines), self._find_said)

    def press(self, key: str, row: BoardRow | None) -> None:
        """Do what a key says of a row."""
        if key == "q":
            self.action_leave()
        elif key == "?":
            self._show_lines(HELP)
        elif key == "/":
            self.push_screen(AskWords("Which code, or which cup's label?", some_words), self._find_said)
        elif key == "z":
            self.undo()
        elif key in ACTS:
            self._press_for_a_draw(key, row)
        else:
            self._say_is_no_key(key)

    def _say_is_no_key(self, key: str) -> None:
        """Say so; behind a key that has recorded something it may be a code's, typed by hand."""
        said = f"`{in_one_line(key)}` is no key here; ? shows the keys."
        if self._just_recorded:
            said += " If that was a code: `/` comes before one that is typed, and `z` takes back what was recorded."
        self.say(*self._just_recorded, said, wrong=True)

    def _press_for_a_draw(self, key: str, row: BoardRow | None) -> None:
        if row is None or row.line is None:
            if row is not None and row.commands:
                self.say(
                    f"That line is not a draw. Type {' or '.join(typed((*self._given, *one)) for one in row.commands)}"
                )
            else:
                self.say("There is no draw under the cursor.", wrong=True)
            return
        ACTS[key](self, row)

    def ask(self, row: BoardRow, question: str, read: Callable[[str], SaidOfARow], names: Sequence[str] = ()) -> None:
        """Ask for what is to be recorded of a row's draw, and record it.

        Where analytes are asked for (`names`), what is prescribed is said too.
        """

        def then(answer: SaidOfARow | None) -> None:
            if answer is not None:
                self._line_ended()
                self.record(row, answer.entry, answer.word)

        asked, line = AskWords(question, read, names=names), row.line
        self.push_screen(asked, then)
        if names and line is not None:
            self._do(lambda: self.records.prescribed(line), asked.say_beside)

    def confirm(self, row: BoardRow, question: str, said: Entry) -> None:
        """Ask whether it is so, and record it."""

        def then(yes: bool | None) -> None:
            if yes:
                self.record(row, said)

        self.push_screen(AskYes(question), then)

    # Acts

    def record(self, row: BoardRow, said: Entry, word: str = "") -> None:
        """Record what was said of a row's draw, as it was when the key was pressed."""
        line = row.line
        assert line is not None, "the row is a draw's"
        self._do(lambda: self.records.record(line, said, word), self._recorded_one)

    def _recorded_one(self, done: Done) -> None:
        self._recorded += 1
        self._show_done(done)
        self._just_recorded = done.said

    def undo(self) -> None:
        """Take back the last entry of this screen; one that was changed since is left to `amend`.

        Which one that is shows when what was recorded before it is on record.
        """
        self._do(self.records.undo, self._took_back)

    def _took_back(self, done: Done) -> None:
        self._undone += 1
        self._show_done(done)

    def _show_done(self, done: Done) -> None:
        self.say(*done.said)
        self.show(done.seen)

    def _line_ended(self) -> None:
        """A scanner may send a second line end at once, which is no key of anybody's."""
        self._is_a_line_end_until = monotonic() + SECOND_LINE_END

    def _find_said(self, said: Any) -> None:  # noqa: ANN401  what a question is answered with
        if said is not None:
            self._line_ended()
        if said:
            self.find(said)

    def find(self, typed_or_scanned: str) -> None:
        """Put the cursor on a code's line, or on the one whose cup has a label."""
        text = cleaned(typed_or_scanned)
        found = row_of_code(text, self._found, self.seen.board.day)
        if found is not None:
            self._found_one(found)
        elif text:
            self._do(
                lambda: self.records.meant(text),
                lambda meant: self._found_one(row_meant(text, meant, self._found, self.seen.board.day)),
            )

    def _found_one(self, found: FoundRow) -> None:
        if found.key is not None:
            self._go_to(found.key)
        self.say(found.said, wrong=found.key is None)

    def _go_to(self, key: str) -> None:
        listed = self.query_one(OptionList)
        listed.highlighted = listed.get_option_index(key)

    def _do(self, what: Callable[[], Any], then: Callable[[Any], object]) -> None:
        """Do something at the database, and then something with what came of it; a refusal is said."""

        def answer(came: Any) -> None:  # noqa: ANN401  whatever the act returns
            if isinstance(came, ReplacedError):
                self._trouble(came)
            if isinstance(came, TestingTrackerError):
                self.say(f"Error: {came}", wrong=True)
                self._refused = (f"Error: {came}",)
            else:
                then(came)

        self.background.do(what, answer)

    # The end

    def action_leave(self) -> None:
        """Leave."""
        self.exit()

    def _hand_back(self, answer: Callable[[Any], None], came: Any) -> None:  # noqa: ANN401  whatever an act returns
        self.call_later(answer, came)


def _nearest(numbers: list[tuple[str, int]], at: int | None) -> str | None:
    """The row at a place or behind it, or the last one."""
    if not numbers:
        return None
    return next(
        (key for key, number in numbers if at is not None and number >= at), numbers[0 if at is None else -1][0]
    )
