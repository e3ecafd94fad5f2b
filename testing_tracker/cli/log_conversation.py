"""The log session as a conversation: a line in, what to say of it out.

It is always in one of the states of `log_codes` and `log_states`, which say what may be typed. Each takes a line and
says which state comes next.

It knows neither terminals nor pipes. One that `asks` has somebody before it who can answer: it takes abbreviations,
keeps a draw open when a line is not understood, and asks for what is missing. Without anybody it takes whole codes only
and refuses what is not clear; a line that it refuses closes the open draw, so that the next one cannot be taken for it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.recorded import said_of_entry, said_of_undone
from testing_tracker.cli.help.asked_for import OF_LOG
from testing_tracker.cli.log_codes import AwaitsCode
from testing_tracker.cli.log_states import AwaitsResult, State
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.log_line import DAY_MARK, Key, Tried, cleaned, key_of, split_code
from testing_tracker.rules.words import Outcome, RecommendationStatus, Status

if TYPE_CHECKING:
    from testing_tracker.services.testing.log_lines import EntryOnRecord
    from testing_tracker.store.work import Work

_TALLIED = (*Outcome, Status.MISSED, Status.REFUSED)
_TALLIED_SINCE = (Status.EXCUSED, Tried.UNABLE, Status.COLLECTED)
_MOST_LEFT_NAMED = 20


class Conversation:
    """A log session so far: the state that it is in, and the lines that are on record.

    `day` is None for whatever day it is when a code is typed. `left` are those whose line never came, because another
    code was typed. `laboratory` is whose the results with `lab` are. `state` is for the states themselves: a line that
    is refused may lead to another one all the same.
    """

    def __init__(self, desk: Desk, day: date | None, tell: Callable[[str], None], *, asks: bool) -> None:
        self.desk, self.day, self._tell, self.asks = desk, day, tell, asks
        self.closed = False
        self.left: list[str] = []
        self.laboratory: str | None = None
        self.state: State = AwaitsCode()
        self._accepted: list[EntryOnRecord] = []
        self._undone = 0

    @property
    def waits_for(self) -> str | None:
        """The code of the participant whose result is asked for; None where a code is."""
        return self.state.waits_for

    @property
    def question(self) -> str:
        """What is asked now."""
        if self.waits_for is None and self.laboratory is not None:
            return f"code (lab {self.laboratory}): "
        return f"{self.waits_for or 'code'}{self.state.asks_for}: "

    @property
    def tally(self) -> str:
        """What is on record of this session."""
        counted = Counter(line.recorded for line in self._accepted)
        changed = [line.raised for line in self._accepted if line.raised]
        raised = {one.number for one in changed if one.status == RecommendationStatus.OPEN}
        since = [(str(word), counted[word]) for word in _TALLIED_SINCE]
        since.append(("a laboratory's", sum(line.said.by_lab for line in self._accepted)))
        more = ", ".join(f"{word} {count}" for word, count in since if count)
        return (
            f"Logged {len(self._accepted)}: {', '.join(f'{word} {counted[word]}' for word in _TALLIED)}. "
            f"Undone: {self._undone}. Recommendations raised or added to: {len(raised)}."
            + (f" Among those logged: {more}." if more else "")
        )

    def awaited(self) -> list[str]:
        """The codes of those whose specimen or result is still to come; none where the records cannot be read."""
        try:
            with self.desk.reading() as work:
                return services.log_session.awaited(work, self.day or work.today)
        except TestingTrackerError:
            return []

    def who_is_left(self, most: int | None = None) -> str:
        """Who is still awaited, `most` of them by their codes; nothing where the records cannot be read."""
        try:
            with self.desk.reading() as work:
                left = services.log_session.left(work, self.day or work.today)
        except TestingTrackerError:
            return ""
        said = [
            f"{what}: {_listed(codes, most)}."
            for what, codes in (("Still awaited", left.to_come), ("Collected, result to come", left.result_to_come))
            if codes
        ]
        return " ".join(said) or "Nobody is awaited any more."

    @property
    def farewell(self) -> str:
        """Who is still awaited, said when the session ends."""
        return self.who_is_left(_MOST_LEFT_NAMED)

    def tell(self, line: str, /) -> None:
        """Say a line."""
        self._tell(line)

    def tell_who_is_left(self) -> None:
        """Say who is still awaited."""
        self.tell_all(filter(None, [self.who_is_left()]))

    def take(self, line: str) -> None:
        """Take a line. Raises TestingTrackerError where it is not understood or cannot be; nothing is recorded then."""
        text = cleaned(line)
        if not text:
            return  # scanners send line ends of their own
        waited_for = self.waits_for
        try:
            self.state = self._next(text, key_of(text))
        except TestingTrackerError as error:
            if self.asks:
                raise
            self.state = AwaitsCode()
            missing = f" Nothing was recorded for {waited_for}." if waited_for and not self.left else ""
            raise TestingTrackerError(f"{error}{missing}") from None

    def _next(self, text: str, key: Key | None) -> State:
        """The state that a line leads to. `undo` leaves an open draw as `s` does: its code was the last line."""
        if key is None or (key is not Key.HELP and self.waits_for is None):
            return self.state.take(self, text)
        whose = self.participant(text) if len(text) > 1 else None
        if whose is not None and self.waits_for is None:
            return self.state.take(self, text)
        if whose is not None:
            raise TestingTrackerError(
                f"{text} is a participant's code too. If it is {whose}'s turn, `s` first; `?` shows the keys."
            )
        if key is Key.HELP:
            self.tell_all(OF_LOG)
            return self.state
        if key is Key.WHO:
            self.tell_who_is_left()
            return self.state
        if text.casefold() == Key.UNDO and isinstance(self.state, AwaitsResult):
            return self.state.take(self, text)
        self.tell(f"{self.waits_for} left; nothing was recorded.")
        self.closed = key is Key.QUIT
        return AwaitsCode()

    def goes_on_to(self, text: str, code: str) -> State | None:
        """Where a line leads that begins with another participant's whole code: that one is meant, and this is left."""
        first, _ = split_code(text)
        whose = self.participant(first.partition(DAY_MARK)[0])
        if whose is None or (whose == code and DAY_MARK not in first):
            return None
        self.left.append(code)
        if self.asks:
            self.tell(f"{code} left; nothing was recorded.")
        self.state = AwaitsCode()
        return self.state.take(self, text)

    def awaits_code(self) -> State:
        """The state in which no draw is open."""
        return AwaitsCode()

    def participant(self, typed: str) -> str | None:
        """The code of the participant whose whole code is typed."""
        with self.desk.reading() as work:
            return services.log_session.code_of(work, typed)

    def record(self, act: "Callable[[Work], EntryOnRecord]", *, first: str | None = None) -> None:
        """Record a line: it is on disk when this returns, and counted and said, after what is to be said `first`."""
        with self.desk.writing() as work:
            accepted = act(work)
            lines = said_of_entry(accepted)
        self._accepted.append(accepted)
        self.tell_all([*([f"{first}:"] if first else []), *lines])

    def undo(self) -> None:
        """Take the last line back. Raises TestingTrackerError where there is none, or the draw was changed since."""
        if not self._accepted:
            raise TestingTrackerError("There is no line to take back.")
        line = self._accepted[-1]
        try:
            with self.desk.writing() as work:
                undone = services.log_session.undo(work, line)
        except services.log_session.ChangedSinceError:
            self._accepted.pop()
            raise
        self._accepted.pop()
        self._undone += 1
        self.tell_all(said_of_undone(line, undone))

    def tell_all(self, lines: Iterable[str]) -> None:
        """Tell several lines."""
        for line in lines:
            self.tell(line)


def _listed(codes: Sequence[str], most: int | None) -> str:
    """The codes, and how many more there are."""
    more = f" and {len(codes) - most} more" if most is not None and len(codes) > most else ""
    return f"{', '.join(codes[:most])}{more}"
