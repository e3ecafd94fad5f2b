"""A clinician's walk through what waits, as a conversation: a line in, what to say of it out.

It is always in one of five states: one thing that waits is on the screen and an answer is awaited, or a level of
care, a day, some words for the record, or the yes to what will change. Each takes a line and says which state comes
next. It knows no terminal. Nothing is on record before the yes, and with it all of it is.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from testing_tracker import services
from testing_tracker.cli.decide_screen import screen, what_changed
from testing_tracker.cli.desk.asking import undisturbed
from testing_tracker.cli.desk.desk import TRAINING, Desk
from testing_tracker.cli.desk.exporting import Looking
from testing_tracker.cli.desk.shown import folded, kept
from testing_tracker.cli.help.asked_for import OF_DECIDE
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.deciding.answers import WORDS, Choice, choice_said, day_and_why, level_said
from testing_tracker.rules.deciding.escalation import level_below

if TYPE_CHECKING:
    from testing_tracker.rules.words import Level
    from testing_tracker.services.deciding.one_by_one import Answer, Seen, Waiting

    State: TypeAlias = "_AwaitsAnswer | _AwaitsLevel | _AwaitsDay | _AwaitsWhy | _AwaitsYes"

_DONE = {
    "accept": "accepted",
    "decline": "declined",
    "defer": "put off",
    "reopen": "reopened",
    "done": "reviewed",
    "transfer": "transferred",
}
_ROWS_BESIDE = 7  # of a screen: what was done before, what can be answered, and the question
_INDENT = 2


class Sitting:
    """The walk so far: where it stands among what waited when it began, and what was answered.

    `put` prints a line; `size` says how many columns and lines a screen has. `state` is for the states themselves.
    """

    def __init__(self, desk: Desk, put: Callable[[str], None], size: Callable[[], tuple[int, int]]) -> None:
        self.desk, self.put, self.size = desk, put, size
        with desk.reading() as work:
            self.waiting: Sequence[Waiting] = services.one_by_one.waiting(work)
            self.began_with = services.one_by_one.still_open(work)
        self.closed = not self.waiting
        self.state: State | None = None
        self._at = 0
        self._done: Counter[str] = Counter()
        self._looking = Looking(desk, "decide")

    def begin(self) -> None:
        """Say what waits, and show the first of it."""
        self.tell(f"Waiting: {self.began_with}." + ("" if self.closed else " ? helps, q leaves."))
        if not self.closed:
            self.state = self.show()

    def tell(self, text: str) -> None:
        """Say something in a sentence, folded between words."""
        for line in folded(f"{self.mark}{text}", self.size()[0], _INDENT):
            self.put(line)

    @property
    def mark(self) -> str:
        """What is before the first line of all that is said: that it is for training, and which facility's."""
        return f"{TRAINING} {self.desk.whose}" if self.desk.training else self.desk.whose

    @property
    def question(self) -> str:
        """What is asked now."""
        return f"{self.mark}{self.state.question}: " if self.state is not None else ""

    @property
    def tally(self) -> str:
        """What was done, and how much still waits."""
        done = ", ".join(f"{word} {self._done[what]}" for what, word in _DONE.items() if self._done[what]) or "nothing"
        try:
            with self.desk.reading() as work:
                left = str(services.one_by_one.still_open(work))
        except TestingTrackerError:
            left = "what `testing-tracker recommendation list` and `review list` say"
        return f"Done: {done}. Still open: {left}."

    def take(self, line: str) -> None:
        """Take a line. Raises TestingTrackerError where it is not understood or cannot be; nothing is done then."""
        text = " ".join(line.split())
        if text == "?":
            for told in OF_DECIDE:
                for line in folded(told, self.size()[0], _INDENT):
                    self.put(line)
        elif self.state is not None:
            self.state = self.state.take(self, text)

    def show(self, by: int = 0) -> "State":
        """Show what is next, what is before, or where it stands, as it is on record now."""
        place = self._at + by
        if place < 0:
            raise TestingTrackerError("This is the first one; s skips it.")
        if place >= len(self.waiting):
            self.closed = True
            return self.state or _AwaitsAnswer(self._look())
        self._at = place
        return self.show_anew(self._look())

    def show_anew(self, seen: "Seen") -> "State":
        """Show one thing that waits, and await an answer. That somebody looked at whose it is goes on record first."""
        self._looking.at(seen.waiting.participant)
        columns, rows = self.size()
        with self.desk.reading() as work:
            zone = work.zone
        place = f"{self.mark}{self._at + 1} of {len(self.waiting)}"
        state = _AwaitsAnswer(seen)
        offered = "  ".join(kept(f"{choice} {WORDS[choice]}") for choice in state.choices)
        self.put("")
        for line in screen(seen, place, zone, columns, max(rows - _ROWS_BESIDE, _ROWS_BESIDE)):
            self.put(line)
        for line in folded(offered, columns):
            self.put(line)
        return state

    def _look(self) -> "Seen":
        with self.desk.reading() as work:
            return services.one_by_one.look(work, self.waiting[self._at])

    def said_before(self, seen: "Seen", answer: "Answer") -> "State":
        """Say what an answer will do, and ask; or what has changed, and show it anew."""
        try:
            with self.desk.reading() as work:
                said = services.one_by_one.will(work, seen, answer)
        except services.one_by_one.OnScreenNoMoreError as error:
            return self._changed(seen, error.now)
        except TestingTrackerError:
            self.state = _AwaitsAnswer(seen)
            raise
        self.tell(f"{said}.")
        return _AwaitsYes(seen, answer, said)

    def give(self, seen: "Seen", answer: "Answer", said: str) -> "State":
        """Give an answer: it is on disk when this is told. Then show what is next."""
        try:
            with undisturbed():
                with self.desk.writing() as work:
                    told = services.one_by_one.give(work, seen, answer, said)
                self._done[answer.what] += 1
                for line in told:
                    self.tell(line)
        except services.one_by_one.OnScreenNoMoreError as error:
            return self._changed(seen, error.now)
        return self.show(0 if answer.what == services.one_by_one.What.REOPEN else 1)

    def _changed(self, before: "Seen", now: "Seen") -> "State":
        with self.desk.reading() as work:
            told = what_changed(before, now, work.zone)
        self.tell(f"This has changed since it was shown, so nothing was done. {' '.join(told)}")
        return self.show_anew(now)


@dataclass(frozen=True)
class _AwaitsAnswer:
    """One thing that waits is on the screen."""

    seen: "Seen"

    @property
    def choices(self) -> Sequence[Choice]:
        """What can be answered to it."""
        go = (Choice.SKIP, Choice.BACK, Choice.QUIT)
        if self.seen.recommendation is not None:
            open_ones = (Choice.ACCEPT, Choice.OTHER, Choice.DECLINE, Choice.DEFER)
            closed = (Choice.REOPEN,) if self.seen.recommendation.line.status != "withdrawn" else ()
            return (*(open_ones if self.seen.is_open else closed), *go)
        if self.seen.review is not None:
            return (*((Choice.DONE,) if self.seen.is_open else ()), *go)
        return (*((Choice.TRANSFER, Choice.OTHER) if self.seen.is_open else ()), *go)

    @property
    def question(self) -> str:
        return self.seen.waiting.participant

    def take(self, sitting: Sitting, text: str) -> "State":
        if not text:
            return self
        choice, rest = choice_said(text, self.choices)
        match choice:
            case Choice.QUIT:
                sitting.closed = True
                return self
            case Choice.SKIP:
                return sitting.show(1)
            case Choice.BACK:
                return sitting.show(-1)
            case Choice.OTHER:
                return _AwaitsLevel(self.seen).take(sitting, rest) if rest else _AwaitsLevel(self.seen)
            case Choice.DEFER:
                return _AwaitsDay(self.seen).take(sitting, rest) if rest else _AwaitsDay(self.seen)
        return _with_why(sitting, self.seen, _answer(self.seen, choice), rest)


def _answer(seen: "Seen", choice: Choice) -> "Answer":
    what = services.one_by_one.What
    if choice is Choice.TRANSFER:
        return services.one_by_one.Answer(what.TRANSFER, level=level_below(seen.record.level))
    acts = {Choice.ACCEPT: what.ACCEPT, Choice.DECLINE: what.DECLINE, Choice.REOPEN: what.REOPEN}
    return services.one_by_one.Answer(acts.get(choice, what.DONE))


def _with_why(sitting: Sitting, seen: "Seen", answer: "Answer", why: str) -> "State":
    """Go on with an answer: to the words that it takes, where they are wanted and were not typed, or to the yes."""
    if why or answer.what == services.one_by_one.What.ACCEPT:
        return sitting.said_before(seen, replace(answer, why=why or None))
    return _AwaitsWhy(seen, answer)


@dataclass(frozen=True)
class _AwaitsLevel:
    """Another level of care than the recommended one."""

    question: ClassVar = "which level: outpatient, iop, php, residential; b back"
    seen: "Seen"

    def take(self, sitting: Sitting, text: str) -> "State":
        if text.casefold() in ("b", "back", ""):
            return _AwaitsAnswer(self.seen)
        level, rest = level_said(text)
        return _with_why(sitting, self.seen, self._answer(level), rest)

    def _answer(self, level: "Level") -> "Answer":
        what = services.one_by_one.What
        is_recommended = self.seen.recommendation is not None
        return services.one_by_one.Answer(what.ACCEPT if is_recommended else what.TRANSFER, level=level)


@dataclass(frozen=True)
class _AwaitsDay:
    """The day until which it is put off."""

    question: ClassVar = "until which day, such as 2026-12-01, mon or +7; b back"
    seen: "Seen"

    def take(self, sitting: Sitting, text: str) -> "State":
        if text.casefold() in ("b", "back", ""):
            return _AwaitsAnswer(self.seen)
        with sitting.desk.reading() as work:
            day, rest = day_and_why(text, work.today)
            services.recommendations.check_to_come(work, day)
        answer = services.one_by_one.Answer(services.one_by_one.What.DEFER, until=day)
        return _with_why(sitting, self.seen, answer, rest)


@dataclass(frozen=True)
class _AwaitsWhy:
    """The words that go on record: a reason, or a note where there need be none."""

    seen: "Seen"
    answer: "Answer"

    @property
    def is_note(self) -> bool:
        return self.answer.what == services.one_by_one.What.DONE

    @property
    def question(self) -> str:
        return "a note, or nothing; b back" if self.is_note else "why, in a few words; b back"

    def take(self, sitting: Sitting, text: str) -> "State":
        if text.casefold() in ("b", "back"):
            return _AwaitsAnswer(self.seen)
        if not text and not self.is_note:
            raise TestingTrackerError("It takes a few words that others will understand later; b goes back.")
        return sitting.said_before(self.seen, replace(self.answer, why=text or None))


@dataclass(frozen=True)
class _AwaitsYes:
    """What will change has been said."""

    question: ClassVar = "Right? (y/N)"
    seen: "Seen"
    answer: "Answer"
    said: str

    def take(self, sitting: Sitting, text: str) -> "State":
        if text.casefold() in ("y", "yes"):
            sitting.state = _AwaitsAnswer(self.seen)  # where it cannot be, the question is asked anew
            return sitting.give(self.seen, self.answer, self.said)
        if text.casefold() in ("", "n", "no", "b", "back"):
            sitting.tell("Nothing was done.")
            return _AwaitsAnswer(self.seen)
        raise TestingTrackerError("Type `y` or `n`.")
