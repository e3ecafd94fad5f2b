"""The log session as a conversation: a line in, what to say of it out.

It is always in one of four states, which say what may be typed: it awaits a code, which of a day's two draws is meant,
what the cup says, or why it is invalid. Each takes a line and says which state comes next.

It knows neither terminals nor pipes. One that `asks` has somebody before it who can answer: it takes abbreviations,
keeps a draw open when a line is not understood, and asks for what is missing. Without anybody it takes whole codes only
and refuses what is not clear; a line that it refuses closes the open draw, so that the next one cannot be taken for it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.output import lost_ground_line, recommendation_line
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
    from testing_tracker.services.testing.log_session import EntryOnRecord, Opened
    from testing_tracker.services.testing.settling import RaisedRecommendation
    from testing_tracker.store.work import Work

    State: TypeAlias = "_AwaitsCode | _AwaitsWhich | _AwaitsResult | _AwaitsReason"

HELP = (
    "A code (its beginning or end is enough), then what its cup says; or both in one line: `A17 n`, `A17 coc opi`.",
    "  n negative    coc opi the analytes found    i WHY invalid    m missed    r refused    s leave this participant",
    "  u take the last line back    q close    ? this help",
    "Two draws on one day: `A17 scheduled n`, `A17 cause coc`. Each line is on record before the next is asked for.",
)


class Conversation:
    """A log session so far: the state that it is in, and the lines that are on record.

    `day` is None for whatever day it is when a code is typed. `left` are those whose line never came, because another
    code was typed. `state` is for the states themselves: a line that is refused may lead to another one all the same.
    """

    def __init__(self, desk: Desk, day: date | None, tell: Callable[[str], None], *, asks: bool) -> None:
        self.desk, self.day, self.tell, self.asks = desk, day, tell, asks
        self.closed = False
        self.left: list[str] = []
        self.state: State = _AwaitsCode()
        self._accepted: list[EntryOnRecord] = []
        self._undone = 0

    @property
    def waits_for(self) -> str | None:
        """The code of the participant whose result is asked for; None where a code is."""
        return self.state.waits_for

    @property
    def question(self) -> str:
        """What is asked now."""
        return f"{self.waits_for or 'code'}{self.state.asks_for}: "

    @property
    def tally(self) -> str:
        """What is on record of this session."""
        counted = Counter(line.recorded for line in self._accepted)
        words = (*Outcome, Status.MISSED, Status.REFUSED)
        changed = [line.raised for line in self._accepted if line.raised]
        raised = {one.number for one in changed if one.status == RecommendationStatus.OPEN}
        return (
            f"Logged {len(self._accepted)}: {', '.join(f'{word} {counted[word]}' for word in words)}. "
            f"Undone: {self._undone}. Recommendations raised or added to: {len(raised)}."
        )

    def awaited(self) -> list[str]:
        """The codes of those whose specimen or result is still to come; none where the records cannot be read."""
        try:
            with self.desk.reading() as work:
                return services.log_session.awaited(work, self.day or work.today)
        except TestingTrackerError:
            return []

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
            self.state = _AwaitsCode()
            missing = f" Nothing was recorded for {waited_for}." if waited_for and not self.left else ""
            raise TestingTrackerError(f"{error}{missing}") from None

    def _next(self, text: str, key: Key | None) -> "State":
        """The state that a line leads to. `u` leaves an open draw as `s` does: its code was the last line."""
        if key is Key.HELP:
            self.tell_all(HELP)
            return self.state
        if key is None or self.waits_for is None:
            return self.state.take(self, text)
        self.tell(f"{self.waits_for} left; nothing was recorded.")
        self.closed = key is Key.QUIT
        return _AwaitsCode()

    def goes_on_to(self, text: str, code: str) -> "State | None":
        """Where a line leads that begins with another participant's whole code: that one is meant, and this is left."""
        first, _ = split_code(text)
        if self.participant(first) in (None, code):
            return None
        self.left.append(code)
        if self.asks:
            self.tell(f"{code} left; nothing was recorded.")
        self.state = _AwaitsCode()
        return self.state.take(self, text)

    def participant(self, typed: str) -> str | None:
        """The code of the participant whose whole code is typed."""
        with self.desk.reading() as work:
            return services.log_session.code_of(work, typed)

    def record(self, act: "Callable[[Work], EntryOnRecord]") -> None:
        """Record a line: it is on disk when this returns, and counted and said."""
        with self.desk.writing() as work:
            accepted = act(work)
            lines = _said_of(accepted)
        self._accepted.append(accepted)
        self.tell_all(lines)

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
        now = f"{undone.status}, because {undone.because}" if undone.because else f"{undone.status} again"
        self.tell(f"{line.opened.which}: {line.recorded} taken back; it is {now}.")
        self.tell_all(_recommended(undone.raised))
        self.tell_all(
            f"Recommendation {number} was decided on what this takes back. The decision stands until a clinician "
            "changes it."
            for number in undone.decided
        )
        if undone.lost is not None:
            self.tell(lost_ground_line(line.opened.code, undone.lost))

    def tell_all(self, lines: Iterable[str]) -> None:
        """Tell several lines."""
        for line in lines:
            self.tell(line)


class _AwaitsCode:
    """No draw is open: a code, alone or with what its cup says; `u` or `q` where it is nobody's code."""

    waits_for = None
    asks_for = ""

    def take(self, talk: Conversation, text: str) -> "State":
        key = key_of(text)
        if key in (Key.UNDO, Key.QUIT) and talk.participant(text) is None:
            if key is Key.UNDO:
                talk.undo()
            talk.closed = key is Key.QUIT
            return self
        first, rest = split_code(text)
        for_cause, rest = split_which(rest)
        if _is_recorded_at_once(talk, first, for_cause, rest):
            return self
        with talk.desk.reading() as work:
            day = talk.day or work.today
            code = services.log_session.code_meant(work, first, day, abbreviated=talk.asks)
            draws = services.log_session.draws_meant(work, code, day, for_cause)
        if len(draws) == 1:
            return _opened(talk, draws[0], rest)
        if not talk.asks:
            raise TestingTrackerError(f"{code} has two draws on {day}. Write `{code} scheduled …` or `{code} cause …`.")
        kinds = {True: "one for cause", False: "a scheduled one"}
        states = " and ".join(f"{kinds[one.for_cause]} ({one.status})" for one in draws)
        talk.tell(f"{code} has two draws on {day}: {states}. Which one?")
        return _AwaitsWhich(code, day, rest)


@dataclass(frozen=True)
class _AwaitsWhich:
    """A code with two draws on the day. `scheduled` or `cause` opens one, for which `rest` was typed with the code."""

    asks_for: ClassVar = " (scheduled, cause)"
    waits_for: str
    day: date
    rest: str

    def take(self, talk: Conversation, text: str) -> "State":
        first, rest = split_code(text)
        for_cause, behind = split_which(rest if first.casefold() == self.waits_for.casefold() else text)
        if for_cause is None:
            other = talk.goes_on_to(text, self.waits_for)
            if other is None:
                raise TestingTrackerError(f"Type `scheduled` or `cause`, or `s` to leave {self.waits_for}.")
            return other
        with talk.desk.reading() as work:
            draws = services.log_session.draws_meant(work, self.waits_for, self.day, for_cause)
        return _opened(talk, draws[0], behind or self.rest)


@dataclass(frozen=True)
class _AwaitsResult:
    """A draw is open: what its cup says, or an absence. Another participant's whole code leaves it for that one."""

    asks_for: ClassVar = " (n, analytes, i, m, r, s)"
    opened: "Opened"

    @property
    def waits_for(self) -> str:
        return self.opened.code

    def take(self, talk: Conversation, text: str) -> "State":
        code = self.waits_for
        first, rest = split_code(text)
        try:
            entry = read_said(talk.desk.vocabulary, text)
        except TestingTrackerError:
            if first.casefold() == code.casefold():
                return _opened(talk, self.opened, rest)
            other = None if is_part_of_a_result(talk.desk.vocabulary, first) else talk.goes_on_to(text, code)
            if other is None:
                raise
            return other
        whose = talk.participant(first)
        if whose is not None:
            meant = f"it was found in {code}'s cup" if entry.analytes else f"it is what {code}'s cup says"
            raise TestingTrackerError(
                f"{first} is a participant's code too. If {meant}, type `{code} {text}`; if it is {whose}'s "
                "turn, `s` first."
            )
        return _said(talk, self.opened, entry)


@dataclass(frozen=True)
class _AwaitsReason:
    """An open draw's cup is invalid: why, in a few words. Another participant's whole code alone leaves it."""

    asks_for: ClassVar = ", why invalid"
    opened: "Opened"
    entry: Entry

    @property
    def waits_for(self) -> str:
        return self.opened.code

    def take(self, talk: Conversation, text: str) -> "State":
        if text.casefold() == self.waits_for.casefold():
            raise TestingTrackerError(f"Why is {text}'s cup invalid? A few words, or `s` to leave {self.waits_for}.")
        other = talk.goes_on_to(text, self.waits_for) if " " not in text else None
        return other or _said(talk, self.opened, Entry(self.entry.what, self.entry.analytes, text))


def _opened(talk: Conversation, opened: "Opened", rest: str) -> "State":
    """Show a draw, or record what was typed behind its code."""
    if not rest:
        talk.tell(_shown(opened))
        return _AwaitsResult(opened)
    try:
        entry = read_said(talk.desk.vocabulary, rest)
    except TestingTrackerError:
        if talk.asks:
            talk.tell(_shown(opened))
            talk.state = _AwaitsResult(opened)
        raise
    return _said(talk, opened, entry)


def _said(talk: Conversation, opened: "Opened", entry: Entry) -> "State":
    """Record what was said of a draw, unless it is an invalid cup without a reason."""
    if _lacks_reason(entry):
        if not talk.asks:
            raise TestingTrackerError(f"Say why it is invalid: `{opened.code} i cup leaked`.")
        return _AwaitsReason(opened, entry)
    try:
        talk.record(lambda work: services.log_session.record(work, opened, entry))
    except TestingTrackerError:
        talk.state = _AwaitsResult(opened) if _is_still_open(talk, opened) else _AwaitsCode()
        raise
    return _AwaitsCode()


def _is_still_open(talk: Conversation, opened: "Opened") -> bool:
    """Whether anything can be recorded for a draw; if not, somebody else was first."""
    try:
        with talk.desk.reading() as work:
            return bool(services.log_session.draws_meant(work, opened.code, opened.due_on, opened.for_cause))
    except TestingTrackerError:
        return False


class _InStepsError(Exception):
    """A line that cannot be recorded at once; nothing was."""


def _is_recorded_at_once(talk: Conversation, code: str, for_cause: bool | None, rest: str) -> bool:
    """Record a line that says all there is to say. What is not clear is left to be taken in steps, which say why.

    That is one transaction instead of two, and most lines from a scanner or a pipe are such.
    """

    def act(work: "Work") -> "EntryOnRecord":
        try:
            return services.log_session.record_at_once(work, code, talk.day or work.today, for_cause, entry)
        except TestingTrackerError:
            raise _InStepsError from None

    try:
        check_code(code)
        entry = read_said(talk.desk.vocabulary, rest)
    except TestingTrackerError:
        return False
    if _lacks_reason(entry):
        return False
    try:
        talk.record(act)
    except _InStepsError:
        return False
    return True


def _lacks_reason(entry: Entry) -> bool:
    return entry.lacks_reason


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
        return [done, *_recommended(accepted.raised)]
    return [
        *told(opened.which, f"{found_in_words(logged)} logged", logged),
        *(f"Note: {one}." for one in logged.warnings),
    ]


def _recommended(raised: "RaisedRecommendation | None") -> list[str]:
    return [recommendation_line(raised.number, raised.participant, raised.status, raised.reason)] if raised else []
