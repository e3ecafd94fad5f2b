"""A line of a past record: what it says of a draw, and the marks in its reason for what the columns have no room for.

The marks stand in front of the reason, one blank between them: `[name]` or `[name "value"]`, the value being JSON.

* `[for-cause "why it was ordered"]`, `[cancelled]`, and `[unrecorded]` for a day that is not over
* `[definitive "North"]`, the laboratory that tells substances apart and whose word the outcome is
* `[collected-at "2026-11-16T17:40:00+00:00"]`
* `[expected "buprenorphine"]`, what prescriptions explain of what was found, and `[absent "…"]`, what is prescribed,
  was looked for and was not found, both as it was read
* `[measured "cocaine=320 ng/mL"]`, of analytes found and of those below their cutoff
* `[earlier "invalid"]`, the result of a specimen that does not count, because a second one is or was to be collected

A reason that would be mistaken for a mark, or that spreadsheets would alter, is written as `[text "…"]`.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import because_in
from testing_tracker.rules.testing.amounts import Amount, read_amount
from testing_tracker.rules.testing.analytes import UnknownAnalyteError, Vocabulary
from testing_tracker.rules.testing.which_draw import says
from testing_tracker.rules.words import Outcome, Status

_JSON = r'"(?:[^"\\]|\\.)*"'
_MARK = re.compile(
    rf"\[(?:(?P<bare>for-cause|cancelled|unrecorded|definitive)"
    rf"|(?P<name>for-cause|definitive|collected-at|expected|absent|measured|earlier) (?P<value>{_JSON}))\](?: |$)"
)
_TEXT = re.compile(rf"\[text ({_JSON})\]")
_NOT_PLAIN = tuple("[=+-@")  # a mark of ours, or what a spreadsheet would take for a formula

Measured = tuple[tuple[str, Amount], ...]


@dataclass(frozen=True)
class Past:
    """What is said of a draw. `due` also stands for a past day of which nothing was recorded.

    `analytes` were found. What has the default is not said: `collected_at` is in UTC; `lab` is a definitive result's,
    empty where it is not known; `earlier` is the outcome of a specimen that does not count.
    """

    status: Status
    outcome: Outcome | None
    analytes: tuple[str, ...]
    reason: str | None
    ordered_for: str | None = None
    lab: str | None = None
    collected_at: datetime | None = None
    expected: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    measured: Measured = ()
    earlier: Outcome | None = None

    def is_said_by(self, other: "Past") -> bool:
        """Whether all that this one says is what the other says too; what it leaves out in its marks is not compared.

        A file that was written before there were these marks says the same as it did.
        """
        return all(
            getattr(self, field.name) == getattr(other, field.name)
            or (field.name in _IN_MARKS and getattr(self, field.name) == field.default)
            for field in fields(self)
        )


_IN_MARKS = ("lab", "collected_at", "expected", "absent", "measured", "earlier")


def write_reason(past: Past, *, for_cause: bool, is_over: bool) -> str:
    """The cell of a reason, with the marks that it needs. `is_over`: the draw's day is."""
    marks = [_mark("for-cause", past.ordered_for)] if for_cause else []
    if past.status is Status.CANCELLED:
        marks.append("[cancelled]")
    if past.status is Status.UNRECORDED and not is_over:
        marks.append("[unrecorded]")
    marks += [_mark(name, value) for name, value in _values(past) if value is not None]
    reason = past.reason
    if reason is not None:
        # A cell is read without its surrounding blanks, and programs disagree about what a lone carriage return is.
        is_plain = reason and reason == reason.strip() and "\r" not in reason and not reason.startswith(_NOT_PLAIN)
        marks.append(reason if is_plain else _mark("text", reason))
    return " ".join(marks)


def _values(past: Past) -> Iterable[tuple[str, str | None]]:
    if past.lab is not None:
        yield "definitive", past.lab
    yield "collected-at", past.collected_at.isoformat() if past.collected_at else None
    yield "expected", ";".join(past.expected) or None
    yield "absent", ";".join(past.absent) or None
    yield "measured", ";".join(f"{analyte}={amount}" for analyte, amount in past.measured) or None
    yield "earlier", past.earlier


def _mark(name: str, value: str | None) -> str:
    return f"[{name}]" if value is None else f"[{name} {json.dumps(value, ensure_ascii=False)}]"


@lru_cache(maxsize=10_000)  # a record repeats few reasons many times
def read_reason(
    vocabulary: Vocabulary, cell: str, status: Status, outcome: Outcome | None, analytes: tuple[str, ...]
) -> tuple[bool, Past]:
    """Whether a line is about a test for cause, and what it says with the marks in the cell of its reason.

    Raises TestingTrackerError for marks that do not fit what the line says. It never has the cell's text in it.
    """
    marks: dict[str, str | None] = {}
    while (mark := _MARK.match(cell)) is not None:
        name = mark["bare"] or mark["name"]
        if name in marks:
            raise TestingTrackerError(f"the reason has the mark {name} twice")
        marks[name] = None if mark["value"] is None else _unquoted(mark["value"])
        cell = cell[mark.end() :]
    text = _TEXT.fullmatch(cell)
    past = Past(
        status=_status(status, marks),
        outcome=outcome,
        analytes=analytes,
        reason=_unquoted(text[1]) if text is not None else cell.strip() or None,
        ordered_for=marks.get("for-cause"),
        lab=(marks["definitive"] or "") if "definitive" in marks else None,
        collected_at=_instant(marks["collected-at"]) if "collected-at" in marks else None,
        expected=_names(vocabulary, "expected", marks),
        absent=_names(vocabulary, "absent", marks),
        measured=_measured(vocabulary, marks),
        earlier=_outcome(marks["earlier"]) if "earlier" in marks else None,
    )
    _check(past)
    return "for-cause" in marks, past


def _status(status: Status, marks: dict[str, str | None]) -> Status:
    if "cancelled" in marks:
        if status is not Status.EXCUSED:
            raise TestingTrackerError(f"a [cancelled] draw has the status excused, and the status is {status}")
        return Status.CANCELLED
    if "unrecorded" in marks:
        if status is not Status.DUE:
            raise TestingTrackerError(f"an [unrecorded] draw has the status due, and the status is {status}")
        return Status.UNRECORDED
    return status


def _check(past: Past) -> None:
    """Raise TestingTrackerError where the marks are not of what the columns say."""
    of_a_result = [name for name in ("lab", "collected_at", "expected", "absent", "measured") if _is_said(past, name)]
    if of_a_result and past.outcome is None:
        raise TestingTrackerError("a mark in the reason is about a result, and the outcome is empty")
    if not set(past.expected) <= set(past.analytes):
        raise TestingTrackerError("the [expected] ones in the reason are not among the analytes")
    if past.earlier is not None and says(past.status, because_in(past.reason), past.earlier) is not None:
        raise TestingTrackerError("an [earlier] specimen in the reason does not count, and the line says that it does")
    if past.outcome is not None and says(past.status, because_in(past.reason), past.outcome) is None:
        raise TestingTrackerError(
            "the result of a second specimen is to come, as the reason says, and the line has one"
        )


def _is_said(past: Past, name: str) -> bool:
    return getattr(past, name) not in (None, ())


def _names(vocabulary: Vocabulary, mark: str, marks: dict[str, str | None]) -> tuple[str, ...]:
    try:
        return tuple(sorted({vocabulary.named(name) for name in (marks.get(mark) or "").split(";") if name}))
    except UnknownAnalyteError:
        raise TestingTrackerError(f"the mark [{mark}] in the reason names an analyte that is not known") from None


def _measured(vocabulary: Vocabulary, marks: dict[str, str | None]) -> Measured:
    measured = {}
    try:
        for part in filter(None, (marks.get("measured") or "").split(";")):
            name, _, amount = part.partition("=")
            measured[vocabulary.named(name)] = read_amount(amount)
    except TestingTrackerError:
        raise TestingTrackerError("the mark [measured] in the reason is none; write cocaine=320 ng/mL") from None
    return tuple(sorted(measured.items()))


def _instant(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise TestingTrackerError("the mark [collected-at] in the reason is no instant with its offset from UTC")
    return moment


def _outcome(text: str | None) -> Outcome:
    try:
        return Outcome(text or "")
    except ValueError:
        raise TestingTrackerError("the mark [earlier] in the reason is none of " + ", ".join(Outcome)) from None


def _unquoted(text: str) -> str:
    try:
        found = json.loads(text)
        assert isinstance(found, str), "the pattern lets strings only through"
        found.encode()
    except ValueError:
        raise TestingTrackerError('the text in a [mark "…"] of the reason is not a JSON string') from None
    return found


def as_on_record(past: Past) -> Past:
    """What a line is compared with: a day of which nothing was recorded is due in a file."""
    return replace(past, status=Status.DUE) if past.status is Status.UNRECORDED else past


def measured_of(cells: Sequence[str]) -> Measured:
    """Amounts as they are read from `cocaine=320 ng/mL` on record."""
    parts = (cell.partition("=") for cell in cells)
    return tuple(sorted((name, read_amount(amount)) for name, _, amount in parts))
