"""Tells what a person types from what a scanner types: its characters come at once, and a line end or a tab behind."""

from collections.abc import Callable

from textual.timer import Timer

ONE_KEY = 0.15  # seconds in which nothing more comes after a key that a person pressed; a scanner types faster
SECOND_LINE_END = 0.25  # seconds in which an Enter behind an Enter is a scanner's
ENDS_OF_A_SCAN = ("enter", "tab")


class Strokes:
    """Characters that come at once, until none comes any more. One alone is a person's key.

    `over` is called with them then, and with whether a scanner's end stood behind them. `timer` calls a function after
    so many seconds.
    """

    def __init__(self, timer: Callable[[float, Callable[[], None]], Timer], over: Callable[[str, bool], None]) -> None:
        self._timer, self._over = timer, over
        self._characters = ""
        self._waits: Timer | None = None

    @property
    def is_open(self) -> bool:
        """Whether there are characters behind which more may come."""
        return bool(self._characters)

    def add(self, character: str) -> None:
        """Take a character, and wait whether another one comes."""
        self._characters += character
        if self._waits is not None:
            self._waits.stop()
        self._waits = self._timer(ONE_KEY, self.end)

    def end(self, *, scanned: bool = False) -> None:
        """Nothing more comes."""
        characters, self._characters = self._characters, ""
        if self._waits is not None:
            self._waits.stop()
            self._waits = None
        if characters:
            self._over(characters, scanned)
