"""The log session as a conversation: a line in, what to say of it out.

It knows neither terminals nor pipes. One that `asks` has somebody before it who can answer: it takes abbreviations,
keeps a draw open when a line is not understood, and asks for what is missing. Without anybody it takes whole codes only
and refuses what is not clear; a line that it refuses closes the open draw, so that the next one cannot be taken for it.
"""

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from types import FrameType
from typing import TYPE_CHECKING

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.sentences import lost_ground_line, recommendation_line
from testing_tracker.cli.result import found_in_words, told
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.log_line import (
    Entry,
    Key,
    cleaned,
    is_part_of_a_result,
    key_of,
    read_said,
    split_code,
    split_which,
)
from testing_tracker.rules.words import Outcome, RecommendationStatus, Status

if TYPE_CHECKING:
    from testing_tracker.services.testing.log_session import EntryOnRecord, Opened, RaisedByEntry
    from testing_tracker.store.work import Work

HELP = (
    "A code (its beginning or end is enough), then what its cup says; or both in one line: `A17 n`, `A17 coc opi`.",
    "  n negative    coc opi the analytes found    i WHY invalid    m missed    r refused    s leave this participant",
    "  u take the last line back    q close    ? this help",
    "Two draws on one day: `A17 scheduled n`, `A17 cause coc`. Each line is on record before the next is asked for.",
)
_MOST_CODES_LISTED = 8


class Conversation:
    """What was said so far: the draw that is open, and the lines that are on record.

    `day` is None for whatever day it is when a code is typed. `left` are those whose line never came, because another
    code was typed.
    """

    def __init__(self, desk: Desk, day: date | None, tell: Callable[[str], None], *, asks: bool) -> None:
        self.closed = False
        self.left: list[str] = []
        self._desk = desk
        self._day = day
        self._tell = tell
        self._asks = asks
        self._accepted: list[EntryOnRecord] = []
        self._undone = 0
        self._opened: Opened | None = None
        self._choices: Sequence[Opened] = ()
        self._rest = ""
        self._without_reason: Entry | None = None

    @property
    def waits_for(self) -> str | None:
        """The code of the participant whose result is asked for; None where a code is."""
        waiting = self._opened or (self._choices[0] if self._choices else None)
        return waiting.code if waiting else None

    @property
    def question(self) -> str:
        """What is asked now."""
        if self._without_reason:
            return f"{self.waits_for}, why invalid: "
        if self._choices:
            return f"{self.waits_for} (scheduled, cause): "
        return f"{self.waits_for} (n, analytes, i, m, r, s): " if self._opened else "code: "

    @property
    def tally(self) -> str:
        """What is on record of this session."""
        counted = Counter(line.recorded for line in self._accepted)
        words = (*Outcome, Status.MISSED, Status.REFUSED)
        raised = {
            line.raised.number
            for line in self._accepted
            if line.raised and line.raised.status == RecommendationStatus.OPEN
        }
        return (
            f"Logged {len(self._accepted)}: {', '.join(f'{word} {counted[word]}' for word in words)}. "
            f"Undone: {self._undone}. Recommendations raised or added to: {len(raised)}."
        )

    def awaited(self) -> list[str]:
        """The codes of those whose specimen or result is still to come; none where the records cannot be read."""
        try:
            with self._desk.reading() as work:
                return services.log_session.awaited(work, self._day or work.today)
        except TestingTrackerError:
            return []

    def take(self, line: str) -> None:
        """Take a line. Raises TestingTrackerError where it is not understood or cannot be; nothing is recorded then."""
        text = cleaned(line)
        if not text:
            return  # scanners send line ends of their own
        waited_for = self.waits_for
        try:
            if waited_for is None:
                self._take_code(text)
            else:
                self._take_answer(text, waited_for)
        except TestingTrackerError as error:
            if self._asks:
                raise
            self._close_draw()
            missing = f" Nothing was recorded for {waited_for}." if waited_for and not self.left else ""
            raise TestingTrackerError(f"{error}{missing}") from None

    def _take_code(self, text: str) -> None:
        key = key_of(text)
        if key is Key.HELP or (key in (Key.UNDO, Key.QUIT) and self._participant(text) is None):
            self._do(key)
            return
        first, rest = split_code(text)
        for_cause, rest = split_which(rest)
        if self._is_recorded_at_once(first, for_cause, rest):
            return
        with self._desk.reading() as work:
            day = self._day or work.today
            code = self._code_meant(work, first, day)
            draws = services.log_session.draws_meant(work, code, day, for_cause)
        self._open(draws, rest)

    def _is_recorded_at_once(self, code: str, for_cause: bool | None, rest: str) -> bool:
        """Record a line that says all there is to say. What is not clear is left to be taken in steps, which say why.

        That is one transaction instead of two, and most lines from a scanner or a pipe are such.
        """
        try:
            check_code(code)
            said = read_said(rest)
        except TestingTrackerError:
            return False
        if _lacks_reason(said):
            return False
        with _whole():
            try:
                with self._desk.writing() as work:
                    day = self._day or work.today
                    accepted = _at_once(work, code, day, for_cause, said)
                    lines = _said_of(accepted)
            except _InStepsError:
                return False
            self._accept(accepted, lines)
        return True

    def _code_meant(self, work: "Work", typed: str, day: date) -> str:
        """The code that is typed, or the only one that it abbreviates. Raises TestingTrackerError for any other."""
        check_code(typed)
        exact = services.log_session.code_of(work, typed)
        if exact is not None:
            return exact
        codes = services.log_session.codes_for(work, typed, day) if self._asks else []
        if len(codes) > 1:
            more = f" and {len(codes) - _MOST_CODES_LISTED} more" if len(codes) > _MOST_CODES_LISTED else ""
            raise TestingTrackerError(
                f"{typed} can be {', '.join(codes[:_MOST_CODES_LISTED])}{more}. Type more of the code."
            )
        return codes[0] if codes else services.lookup.find_participant(work, typed).code

    def _open(self, draws: "Sequence[Opened]", rest: str) -> None:
        if len(draws) == 1:
            self._begin(draws[0], rest)
            return
        code = draws[0].code
        if not self._asks:
            raise TestingTrackerError(
                f"{code} has two draws on {draws[0].due_on}. Write `{code} scheduled …` or `{code} cause …`."
            )
        self._choices, self._rest = draws, rest
        kinds = {True: "one for cause", False: "a scheduled one"}
        states = " and ".join(f"{kinds[one.for_cause]} ({one.status})" for one in draws)
        self._tell(f"{code} has two draws on {draws[0].due_on}: {states}. Which one?")

    def _begin(self, opened: "Opened", rest: str) -> None:
        """A draw is known: show it, or record what stood behind its code."""
        self._choices, self._rest = (), ""
        self._opened = opened
        if not rest:
            self._tell(_shown(opened))
            return
        try:
            said = read_said(rest)
        except TestingTrackerError:
            if self._asks:
                self._tell(_shown(opened))
            raise
        self._finish(opened, said)

    def _take_answer(self, text: str, code: str) -> None:
        """A line while a draw is open, or one of two is to be chosen."""
        key = key_of(text)
        if key is not None:
            self._do(key)
        elif self._without_reason is not None and self._opened is not None:
            self._take_reason(text, self._opened, self._without_reason)
        elif self._opened is not None:
            self._take_result(text, self._opened)
        else:
            self._take_choice(text, code)

    def _take_choice(self, text: str, code: str) -> None:
        first, rest = split_code(text)
        for_cause, behind = split_which(rest if first.casefold() == code.casefold() else text)
        if for_cause is None:
            if not self._goes_on_to(text, code):
                raise TestingTrackerError(f"Type `scheduled` or `cause`, or `s` to leave {code}.")
            return
        with self._desk.reading() as work:
            day = self._choices[0].due_on
            draws = services.log_session.draws_meant(work, code, day, for_cause)
        self._begin(draws[0], behind or self._rest)

    def _take_reason(self, text: str, opened: "Opened", said: Entry) -> None:
        if text.casefold() == opened.code.casefold():
            raise TestingTrackerError(f"Why is {text}'s cup invalid? A few words, or `s` to leave {opened.code}.")
        if " " not in text and self._goes_on_to(text, opened.code):
            return
        self._finish(opened, Entry(said.what, said.analytes, text))

    def _take_result(self, text: str, opened: "Opened") -> None:
        first, rest = split_code(text)
        try:
            said = read_said(text)
        except TestingTrackerError:
            if first.casefold() == opened.code.casefold():
                self._begin(opened, rest)
            elif is_part_of_a_result(first) or not self._goes_on_to(text, opened.code):
                raise
            return
        whose = self._participant(first)
        if whose is not None:
            meant = f"it was found in {opened.code}'s cup" if said.analytes else f"it is what {opened.code}'s cup says"
            raise TestingTrackerError(
                f"{first} is a participant's code too. If {meant}, type `{opened.code} {text}`; if it is {whose}'s "
                "turn, `s` first."
            )
        self._finish(opened, said)

    def _goes_on_to(self, text: str, code: str) -> bool:
        """Whether a line begins with another participant's whole code. Then that one is meant, and this one is left."""
        first, _ = split_code(text)
        if self._participant(first) in (None, code):
            return False
        self._close_draw()
        self.left.append(code)
        if self._asks:
            self._tell(f"{code} left; nothing was recorded.")
        self._take_code(text)
        return True

    def _participant(self, typed: str) -> str | None:
        with self._desk.reading() as work:
            return services.log_session.code_of(work, typed)

    def _finish(self, opened: "Opened", said: Entry) -> None:
        """Record a line; it is on disk when this returns."""
        if _lacks_reason(said):
            if not self._asks:
                raise TestingTrackerError(f"Say why it is invalid: `{opened.code} i cup leaked`.")
            self._without_reason = said
            return
        with _whole():
            try:
                with self._desk.writing() as work:
                    accepted = services.log_session.record(work, opened, said)
                    lines = _said_of(accepted)
            except TestingTrackerError:
                self._close_if_done(opened)
                raise
            self._accept(accepted, lines)

    def _accept(self, accepted: "EntryOnRecord", lines: Sequence[str]) -> None:
        self._close_draw()
        self._accepted.append(accepted)
        self._tell_all(lines)

    def _close_if_done(self, opened: "Opened") -> None:
        """Leave a draw that nothing can be recorded for any more: somebody else was first."""
        self._without_reason = None
        try:
            with self._desk.reading() as work:
                services.log_session.draws_meant(work, opened.code, opened.due_on, opened.for_cause)
        except TestingTrackerError:
            self._close_draw()

    def _do(self, key: Key) -> None:
        """A key. While a draw is open, `u` leaves it as `s` does: the last thing typed was its code."""
        waited_for = self.waits_for
        if key is Key.HELP:
            self._tell_all(HELP)
            return
        if waited_for is not None:
            self._close_draw()
            self._tell(f"{waited_for} left; nothing was recorded.")
        elif key is Key.UNDO:
            self._undo()
        self.closed = key is Key.QUIT

    def _close_draw(self) -> None:
        self._opened, self._choices, self._rest, self._without_reason = None, (), "", None

    def _undo(self) -> None:
        if not self._accepted:
            raise TestingTrackerError("There is no line to take back.")
        line = self._accepted[-1]
        with _whole():
            try:
                with self._desk.writing() as work:
                    undone = services.log_session.undo(work, line)
            except services.log_session.ChangedSinceError:
                self._accepted.pop()
                raise
            self._accepted.pop()
            self._undone += 1
            now = f"{undone.status}, because {undone.because}" if undone.because else f"{undone.status} again"
            self._tell(f"{line.opened.which}: {line.recorded} taken back; it is {now}.")
            self._tell_all(_recommended(line.opened.code, undone.raised))
            self._tell_all(
                f"Recommendation {number} was decided on what this takes back. The decision stands until a clinician "
                "changes it."
                for number in undone.decided
            )
            if undone.lost is not None:
                self._tell(lost_ground_line(line.opened.code, undone.lost))

    def _tell_all(self, lines: "Iterator[str] | Sequence[str]") -> None:
        for line in lines:
            self._tell(line)


class _InStepsError(Exception):
    """A line that cannot be recorded at once; nothing was."""


def _at_once(work: "Work", code: str, day: date, for_cause: bool | None, said: Entry) -> "EntryOnRecord":
    try:
        return services.log_session.record_at_once(work, code, day, for_cause, said)
    except TestingTrackerError:
        raise _InStepsError from None


def _lacks_reason(said: Entry) -> bool:
    return said.what is Outcome.INVALID and said.because is None


def _shown(opened: "Opened") -> str:
    """What a nurse sees as soon as the code is known."""
    prescribed = f" Prescribed: {', '.join(opened.prescribed)}." if opened.prescribed else " Nothing prescribed."
    kind = "" if opened.for_cause else f"{opened.kind}, "
    return f"{opened.which}: {kind}{opened.status}.{prescribed}"


def _said_of(accepted: "EntryOnRecord") -> list[str]:
    """What was done and what follows, in the words of the single commands."""
    opened, logged = accepted.opened, accepted.logged
    if logged is None:
        done = f"{opened.which}: {accepted.recorded} (was {accepted.before})."
        return [done, *_recommended(opened.code, accepted.raised)]
    return [
        *told(opened.which, f"{found_in_words(logged)} logged", logged),
        *(f"Note: {one}." for one in logged.warnings),
    ]


def _recommended(code: str, raised: "RaisedByEntry | None") -> list[str]:
    return [recommendation_line(raised.number, code, raised.status, raised.reason)] if raised else []


@contextmanager
def _whole() -> Iterator[None]:
    """Let Ctrl-C wait until a line is on record, counted and said, so that the tally is never one short."""
    came = False

    def remember(_signal: int, _frame: FrameType | None) -> None:
        nonlocal came
        came = True

    try:
        before = signal.signal(signal.SIGINT, remember)
    except ValueError:  # only the main thread hears of signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
        if came:
            raise KeyboardInterrupt
