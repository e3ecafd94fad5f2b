"""The states of a log session in which a draw is open: what may be typed, and which state a line leads to.

What the cup says is awaited, or why it is invalid or the draw excused, or which laboratory said it. A line that is
refused raises TestingTrackerError, and leaves the state that is to go on in the conversation.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Protocol

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.log_line import (
    LABEL_MARK,
    Entry,
    NotUnderstoodError,
    check_laboratory,
    is_laboratory,
    is_part_of_a_result,
    looks_like_a_label,
    read_said,
    split_code,
)
from testing_tracker.rules.words import Outcome, Status

if TYPE_CHECKING:
    from testing_tracker.services.testing.log_lines import EntryOnRecord, Opened
    from testing_tracker.store.work import Work


class LogTalk(Protocol):
    """What the states need of the conversation that they are states of."""

    desk: Desk
    day: date | None
    asks: bool
    closed: bool
    laboratory: str | None
    state: "State"

    def tell(self, line: str, /) -> None: ...

    def record(self, act: "Callable[[Work], EntryOnRecord]", *, first: str | None = None) -> None: ...

    def undo(self) -> None: ...

    def tell_who_is_left(self) -> None: ...

    def goes_on_to(self, text: str, code: str) -> "State | None": ...

    def participant(self, typed: str) -> str | None: ...

    def awaits_code(self) -> "State": ...


class State(Protocol):
    """What a log session awaits. `waits_for` is the code of an open draw; None where a code is awaited."""

    @property
    def waits_for(self) -> str | None: ...

    @property
    def asks_for(self) -> str: ...

    def take(self, talk: LogTalk, text: str) -> "State":
        """The state that a line leads to."""


@dataclass(frozen=True)
class AwaitsResult:
    """A draw is open: what its cup says, its label, or an absence. Another participant's whole code leaves it.

    `label` was scanned for its cup; `by_lab`: a laboratory's result is awaited; `said_day` is the day in full where
    the line said it.
    """

    opened: "Opened"
    label: str | None = None
    by_lab: bool = False
    said_day: str | None = None

    @property
    def waits_for(self) -> str:
        return self.opened.code

    @property
    def asks_for(self) -> str:
        day = f" of {self.said_day}" if self.said_day else ""
        label = f" {LABEL_MARK}{self.label}" if self.label else ""
        what = " lab (n, analytes, i, s)" if self.by_lab else " (n, analytes, i, m, r, e, c, unable, s)"
        return f"{day}{label}{what}"

    def take(self, talk: LogTalk, text: str) -> State:
        code = self.waits_for
        if text.casefold() == "u":
            raise TestingTrackerError(
                f"`u` can be two things here. Type `unable` if {code} tried and could not, or `undo` to leave {code}."
            )
        first, rest = split_code(text)
        if is_laboratory(text):
            if talk.participant(text) is not None:
                raise TestingTrackerError(
                    f"{text} is a participant's code too. For a laboratory's result of {code} type `{code} {text} n` "
                    f"or what it found; if it is {text}'s turn, `s` first."
                )
            return replace(self, by_lab=True)
        if looks_like_a_label(talk.desk.vocabulary, text):
            return self._labelled(talk, text)
        try:
            entry = entry_of(talk, text)
        except TestingTrackerError:
            if first.casefold() == code.casefold():
                return opened_with(talk, self, rest)
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
        return _said(talk, self, entry)

    def _labelled(self, talk: LogTalk, text: str) -> State:
        """The state with the label of the cup in it, unless the word can be anything else."""
        code, label = self.waits_for, text.removeprefix(LABEL_MARK)
        with talk.desk.reading() as work:
            if label == text:
                _check_is_no_code(work, self.opened, label)
            services.log_session.check_label(work, self.opened, label)
        if self.label is not None and self.label != label:
            raise TestingTrackerError(
                f"{code}'s cup was scanned as {self.label}, and this is {label}. `s` leaves {code}, to begin again."
            )
        talk.tell(f"{code}'s cup: {label}.")
        return replace(self, label=label)

    def with_what_was_scanned(self, talk: LogTalk, entry: Entry) -> Entry:
        """What is to be recorded, with the label and the laboratory that were said before it."""
        if self.by_lab and not entry.by_lab:
            if not isinstance(entry.what, Outcome):
                raise TestingTrackerError(f"A laboratory does not say that a draw was {entry.what}. `s` leaves this.")
            entry = replace(entry, by_lab=True)
        entry = replace(entry, lab=talk.laboratory) if entry.by_lab else entry
        if self.label is None or entry.label == self.label:
            return entry
        if entry.label is not None:
            raise TestingTrackerError(f"A cup has one label, and these are two: {self.label} and {entry.label}.")
        if not entry.may_have_label:
            raise TestingTrackerError(
                f"{self.label} was scanned for {self.waits_for}'s cup, and who is {entry.what} gave none. If it is "
                f"{entry.what}, `s` first, and `{self.waits_for} {entry.what}`."
            )
        return replace(entry, label=self.label)


def _check_is_no_code(work: "Work", opened: "Opened", label: str) -> None:
    codes = services.log_session.codes_like(work, label, opened.due_on)
    if codes:
        raise TestingTrackerError(
            f"{label} may be the label of {opened.code}'s cup, or meant for the code {' or '.join(codes)}. Type "
            f"`{LABEL_MARK}{label}` for the label; if it is another participant's turn, `s` first."
        )


@dataclass(frozen=True)
class AwaitsReason:
    """An open draw's cup is invalid, or the draw is not to count: why, in a few words. Another participant's whole code
    alone leaves it."""

    draw: AwaitsResult
    entry: Entry

    @property
    def waits_for(self) -> str:
        return self.draw.waits_for

    @property
    def asks_for(self) -> str:
        return f", why {self.entry.what}"

    def take(self, talk: LogTalk, text: str) -> State:
        if text.casefold() == self.waits_for.casefold() or looks_like_a_label(talk.desk.vocabulary, text):
            raise TestingTrackerError(
                f"Why is {self.waits_for}'s draw {self.entry.what}? A few words, or `s` to leave {self.waits_for}."
            )
        other = talk.goes_on_to(text, self.waits_for) if " " not in text else None
        return other or _said(talk, self.draw, replace(self.entry, because=text))


@dataclass(frozen=True)
class AwaitsLaboratory:
    """A laboratory's result was said, and nobody has said which laboratory."""

    draw: AwaitsResult
    entry: Entry

    @property
    def waits_for(self) -> str:
        return self.draw.waits_for

    @property
    def asks_for(self) -> str:
        return ", which laboratory"

    def take(self, talk: LogTalk, text: str) -> State:
        first, rest = split_code(text)
        other = talk.goes_on_to(text, self.waits_for)
        if other is not None:
            return other
        if first.casefold() == self.waits_for.casefold():
            raise TestingTrackerError(f"Which laboratory says so? Its name, or `s` to leave {self.waits_for}.")
        talk.laboratory = check_laboratory(talk.desk.vocabulary, rest if is_laboratory(first) and rest else text)
        return _said(talk, self.draw, self.entry)


def entry_of(talk: LogTalk, text: str) -> Entry:
    """What a line says of a draw, with the session's laboratory. Raises TestingTrackerError for what says nothing."""
    try:
        entry = read_said(talk.desk.vocabulary, text)
    except NotUnderstoodError as error:
        name = " A laboratory's name stands on a line of its own, where a code is awaited: `lab Northside`."
        is_lab = any(map(is_laboratory, text.split()))
        raise NotUnderstoodError(f"{error} `?` shows what can be typed.{name if is_lab else ''}") from None
    if entry.what is Status.COLLECTED and entry.label is not None and LABEL_MARK not in text:
        whose = talk.participant(entry.label)
        if whose is not None:
            raise TestingTrackerError(
                f"{entry.label} is a participant's code, and may be the cup's label. For the label type "
                f"`c {LABEL_MARK}{entry.label}`; if it is {whose}'s turn, that code alone."
            )
    return replace(entry, lab=talk.laboratory) if entry.by_lab else entry


def opened_with(talk: LogTalk, state: AwaitsResult, rest: str) -> State:
    """Show a draw, or record what was typed behind its code."""
    if is_laboratory(rest):
        state, rest = replace(state, by_lab=True), ""
    if not rest:
        talk.tell(_shown(state))
        return state
    try:
        entry = entry_of(talk, rest)
    except TestingTrackerError:
        if talk.asks:
            talk.tell(_shown(state))
            talk.state = state
        raise
    return _said(talk, state, entry)


def _said(talk: LogTalk, state: AwaitsResult, entry: Entry) -> State:
    """Record what was said of a draw, unless it lacks its reason, or the laboratory that says so."""
    opened = state.opened
    entry = state.with_what_was_scanned(talk, entry)
    if entry.lacks_reason:
        if not talk.asks:
            example = "i cup leaked" if entry.what is Outcome.INVALID else "e court date"
            raise TestingTrackerError(f"Say why it is {entry.what}: `{opened.code} {example}`.")
        return AwaitsReason(state, entry)
    if lacks_laboratory(entry):
        if not talk.asks:
            raise TestingTrackerError(
                "Say which laboratory: `lab Northside` on a line before, or `result CODE n --definitive --lab NAME`."
            )
        return AwaitsLaboratory(state, entry)
    try:
        talk.record(lambda work: services.log_session.record(work, opened, entry), first=state.said_day)
    except TestingTrackerError:
        talk.state = state if _is_still_open(talk, opened, by_lab=entry.by_lab) else talk.awaits_code()
        raise
    return talk.awaits_code()


def lacks_laboratory(entry: Entry) -> bool:
    """Whether a laboratory says it, and nobody has said which."""
    return entry.by_lab and entry.lab is None


def _is_still_open(talk: LogTalk, opened: "Opened", *, by_lab: bool) -> bool:
    """Whether anything can be recorded for a draw; if not, somebody else was first."""
    try:
        with talk.desk.reading() as work:
            meant = services.log_session.draws_meant
            return bool(meant(work, opened.code, opened.due_on, opened.for_cause, by_lab=by_lab))
    except TestingTrackerError:
        return False


def _shown(state: AwaitsResult) -> str:
    """What a nurse sees as soon as the code is known."""
    opened = state.opened
    prescribed = f" Prescribed: {', '.join(opened.prescribed)}." if opened.prescribed else " Nothing prescribed."
    day = f" ({state.said_day})" if state.said_day else ""
    kind = "" if opened.for_cause else f"{opened.kind}, "
    return f"{opened.which}{day}: {kind}{opened.status}.{prescribed}"
