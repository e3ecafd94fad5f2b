"""One thread for all that waits for the database, so that the screen never does."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from time import monotonic
from typing import Any, TypeVar

from testing_tracker.errors import TestingTrackerError

_T = TypeVar("_T")
Answer = Callable[[Any], None]


class Background:
    """Does one thing after the other, and hands back what came of it, or the TestingTrackerError that refused it.

    `hand_back` calls a function with its argument in the screen's own thread. Anything else that goes wrong is handed
    to `fail`.
    """

    def __init__(self, hand_back: Callable[[Answer, Any], None], fail: Answer) -> None:
        self._hand_back, self._fail = hand_back, fail
        self._waiting: SimpleQueue[tuple[Callable[[], Any], Answer] | None] = SimpleQueue()
        self._open = 0
        self._began: float | None = None
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        self._thread.start()

    def do(self, what: Callable[[], _T], answer: Callable[[_T | TestingTrackerError], None]) -> None:
        """Do something soon, and call `answer` with what came of it."""
        self._open += 1
        self._waiting.put((what, answer))

    @property
    def is_idle(self) -> bool:
        """Whether everything that was to be done is done, and answered."""
        return self._open == 0

    @property
    def seconds_at_it(self) -> float:
        """How long the present thing takes by now; 0 while nothing is done."""
        began = self._began
        return 0.0 if began is None else monotonic() - began

    def _run(self) -> None:
        while (task := self._waiting.get()) is not None:
            what, answer = task
            self._began = monotonic()
            try:
                came = what()
            except TestingTrackerError as error:
                came = error
            except BaseException as error:
                came, answer = error, self._fail
            self._began = None
            self._hand_back(self._answered, (answer, came))

    def _answered(self, what: tuple[Answer, Any]) -> None:
        self._open -= 1
        answer, came = what
        answer(came)

    def stop(self, seconds: float = 5.0) -> None:
        """Let what is under way come to its end, for so long; a transaction that is cut off has recorded nothing."""
        self._waiting.put(None)
        self._thread.join(seconds)
