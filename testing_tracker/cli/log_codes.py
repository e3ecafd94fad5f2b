"""The states of a log session in which no draw is open: a code is awaited, or which of a day's two draws is meant."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Self

from testing_tracker import services
from testing_tracker.cli.log_states import (
    AwaitsResult,
    LogTalk,
    State,
    entry_of,
    lacks_laboratory,
    opened_with,
)
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.log_line import (
    DAY_MARK,
    LABEL_MARK,
    Key,
    check_laboratory,
    is_laboratory,
    key_of,
    split_code,
    split_day,
    split_which,
)

if TYPE_CHECKING:
    from testing_tracker.services.testing.log_lines import EntryOnRecord, Opened
    from testing_tracker.store.work import Work


class AwaitsCode:
    """No draw is open: a code, alone or with what its cup says, a label on record, or a word of the session."""

    waits_for = None
    asks_for = ""

    def take(self, talk: LogTalk, text: str) -> State:
        key = key_of(text)
        if key is not None and talk.participant(text) is None:
            self._about_the_session(talk, key)
            return self
        first, rest = split_code(text)
        if is_laboratory(first) and talk.participant(first) is None:
            _set_laboratory(talk, rest)
            return self
        line = _Line.of(talk, first, rest)
        if line.is_recorded_at_once(talk):
            return self
        with talk.desk.reading() as work:
            state = _labelled(talk, work, line)
            code, draws = line.draws(talk, work) if state is None else ("", [])
        if state is not None:
            return opened_with(talk, state, line.rest)
        if len(draws) == 1:
            return opened_with(talk, AwaitsResult(draws[0], said_day=line.said_day), line.rest)
        day = draws[0].due_on
        if not talk.asks:
            raise TestingTrackerError(f"{code} has two draws on {day}. Write `{code} scheduled …` or `{code} cause …`.")
        kinds = {True: "one for cause", False: "a scheduled one"}
        states = " and ".join(f"{kinds[one.for_cause]} ({one.status})" for one in draws)
        talk.tell(f"{code} has two draws on {day}: {states}. Which one?")
        return AwaitsWhich(code, line)

    @staticmethod
    def _about_the_session(talk: LogTalk, key: Key) -> None:
        if key is Key.SKIP:
            raise TestingTrackerError("No draw is open, so there is nobody to leave. Type or scan a code.")
        if key is Key.UNDO:
            talk.undo()
        elif key is Key.WHO:
            talk.tell_who_is_left()
        talk.closed = key is Key.QUIT


@dataclass(frozen=True)
class _Line:
    """A line where a code is awaited: the code, the day, whether the draw for cause is meant, and what is said of it.

    `day` is None for whatever day it is; `said_day` is the day in full where the line says it.
    """

    code: str
    day: date | None
    said_day: str | None
    for_cause: bool | None
    rest: str

    @classmethod
    def of(cls, talk: LogTalk, first: str, rest: str) -> Self:
        if DAY_MARK not in first:
            return cls(first, talk.day, None, *split_which(rest))
        if first.casefold().endswith(f"{DAY_MARK}last"):
            weekday, rest = split_code(rest)
            first += f" {weekday}"
        with talk.desk.reading() as work:
            code, day = split_day(first, work.today)
        assert day is not None, "it is behind the mark"
        return cls(code, day, _in_full(day), *split_which(rest))

    @property
    def is_of_a_laboratory(self) -> bool:
        return is_laboratory(split_code(self.rest)[0])

    def draws(self, talk: LogTalk, work: "Work") -> "tuple[str, list[Opened]]":
        day = self.day or work.today
        code = services.log_session.code_meant(work, self.code, day, abbreviated=talk.asks)
        return code, self.draws_of(work, code, self.for_cause)

    def draws_of(self, work: "Work", code: str, for_cause: bool | None) -> "list[Opened]":
        day, by_lab = self.day or work.today, self.is_of_a_laboratory
        return services.log_session.draws_meant(work, code, day, for_cause, by_lab=by_lab)

    def is_recorded_at_once(self, talk: LogTalk) -> bool:
        """Record a line that says all there is to say. What is not clear is left to be taken in steps, which say why.

        That is one transaction instead of two, and most lines from a scanner or a pipe are such.
        """

        def act(work: "Work") -> "EntryOnRecord":
            try:
                day = self.day or work.today
                return services.log_session.record_at_once(work, self.code, day, self.for_cause, entry)
            except TestingTrackerError:
                raise _InStepsError from None

        try:
            check_code(self.code)
            entry = entry_of(talk, self.rest)
        except TestingTrackerError:
            return False
        if entry.lacks_reason or lacks_laboratory(entry):
            return False
        try:
            talk.record(act, first=self.said_day)
        except _InStepsError:
            return False
        return True


def _in_full(day: date) -> str:
    from testing_tracker.rules.said import in_full  # most cups are today's

    return in_full(day)


class _InStepsError(Exception):
    """A line that cannot be recorded at once; nothing was."""


def _set_laboratory(talk: LogTalk, name: str) -> None:
    """Say which laboratory the results with `lab` are of from now on, or which one that is."""
    if name:
        code, _ = split_code(name)
        if talk.participant(code) is not None:
            raise TestingTrackerError(f"{code} is a participant's code. For {code}'s result type `{code} lab …`.")
        talk.laboratory = check_laboratory(talk.desk.vocabulary, name)
    if talk.laboratory is None:
        raise TestingTrackerError("Which laboratory? Type its name behind it, such as `lab Northside`.")
    talk.tell(f"Laboratory: {talk.laboratory}. `C08 lab n` and `C08 lab coc=320` log its definitive results.")


def _labelled(talk: LogTalk, work: "Work", line: _Line) -> AwaitsResult | None:
    """The draw of a cup whose label was scanned or typed where a code is awaited; None where no cup has it."""
    label = line.code.removeprefix(LABEL_MARK)
    if not label or line.said_day or services.log_session.code_of(work, line.code) is not None:
        return None
    draws = services.log_session.draws_labelled(work, label, by_lab=line.is_of_a_laboratory)
    if not draws:
        if label != line.code:
            raise TestingTrackerError(f"No cup is on record with the label {label}. Type or scan whose it is first.")
        return None
    (opened,), day = draws, line.day or work.today
    codes = services.log_session.codes_abbreviated(work, label, day) if label == line.code and talk.asks else []
    if codes:
        raise TestingTrackerError(
            f"{label} is the label of {opened.code}'s cup, and can be the code {' or '.join(codes)}. Type the whole "
            f"code, or `{LABEL_MARK}{label}` for the label."
        )
    return AwaitsResult(opened, label=label, said_day=None if opened.due_on == day else _in_full(opened.due_on))


@dataclass(frozen=True)
class AwaitsWhich:
    """A code with two draws on the day. `scheduled` or `cause` opens one, for what was typed with the code."""

    waits_for: str
    line: _Line

    @property
    def asks_for(self) -> str:
        return " (scheduled, cause)"

    def take(self, talk: LogTalk, text: str) -> State:
        first, rest = split_code(text)
        for_cause, behind = split_which(rest if first.casefold() == self.waits_for.casefold() else text)
        if for_cause is None:
            other = talk.goes_on_to(text, self.waits_for)
            if other is None:
                raise TestingTrackerError(f"Type `scheduled` or `cause`, or `s` to leave {self.waits_for}.")
            return other
        with talk.desk.reading() as work:
            draws = self.line.draws_of(work, self.waits_for, for_cause)
        return opened_with(talk, AwaitsResult(draws[0], said_day=self.line.said_day), behind or self.line.rest)
