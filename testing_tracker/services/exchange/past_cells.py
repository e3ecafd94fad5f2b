"""What the cells of a past record say of a draw."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.cell_faults import may_be_quoted
from testing_tracker.rules.exchange.past import Past, read_reason
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.exchange.imports import (
    CellCheck,
    SaidOutcome,
    check_analytes,
    read_analytes,
    read_code,
    read_day,
    read_outcome,
    read_word,
)
from testing_tracker.store.work import Work

STATUSES = (Status.DUE, Status.COLLECTED, Status.MISSED, Status.REFUSED, Status.EXCUSED)
_LETTERS = {str(status)[0]: status for status in STATUSES if status is not Status.DUE}

PastKey = tuple[int, date, bool]  # participant, day, whether for cause: there is at most one draw of each


@dataclass(frozen=True)
class EnrolledSince:
    """A participant and the first day of all enrolments."""

    id: int
    since: date


def read_past_line(work: Work, cells: Mapping[str, str], people: Mapping[str, EnrolledSince]) -> tuple[PastKey, Past]:
    """Which draw a line is about, and what it says of it. Raises TestingTrackerError."""
    day = _read_past_day(work, cells)
    is_for_cause, past = _read_past(work, cells)
    person = _read_person(cells, people)
    _check_enrolled(cells, person, day)
    return (person.id, day, is_for_cause), past


def _read_past_day(work: Work, cells: Mapping[str, str]) -> date:
    day = read_day("due_on", cells["due_on"])
    if day > work.today:
        raise TestingTrackerError(f"{day} is in the future; today is {work.today}")
    return day


def _read_past(work: Work, cells: Mapping[str, str]) -> tuple[bool, Past]:
    """Whether a line is about a test for cause, and what it says."""
    status = _read_status(cells)
    outcome, analytes = _read_test(work, cells)
    if outcome is not None and status is not Status.COLLECTED:
        raise TestingTrackerError(f"only a collected test has an outcome, and the status is {status}")
    return read_reason(work.vocabulary, cells["reason"], status, outcome, analytes)


def _read_status(cells: Mapping[str, str]) -> Status:
    return read_word("status", cells["status"], STATUSES, _LETTERS)


def _read_test(work: Work, cells: Mapping[str, str]) -> tuple[Outcome | None, tuple[str, ...]]:
    """The outcome, if there is one, and the analytes that were found."""
    analytes = read_analytes(work.vocabulary, cells["analytes"])
    said = _read_outcome(work, cells)
    if said is None:
        check_analytes(None, analytes)
        return None, analytes
    if said.analytes:
        analytes = tuple(sorted({*analytes, *said.analytes}))
    check_analytes(said.outcome, analytes)
    return said.outcome, analytes


def _read_outcome(work: Work, cells: Mapping[str, str]) -> SaidOutcome | None:
    if not cells["outcome"]:
        return None
    said = read_outcome(work.vocabulary, cells["outcome"])
    if said.because is not None:
        raise TestingTrackerError("outcome has more than its word; what is said beside it belongs into reason")
    return said


def _read_person(cells: Mapping[str, str], people: Mapping[str, EnrolledSince]) -> EnrolledSince:
    code = read_code(cells["participant"])
    person = people.get(code.casefold())
    if person is None:
        which = f"participant {code}" if may_be_quoted(code) else "such participant"
        raise TestingTrackerError(f"there is no {which}; import participants first")
    return person


def _check_enrolled(cells: Mapping[str, str], person: EnrolledSince, day: date) -> None:
    if day < person.since:
        raise TestingTrackerError(f"{day} is before {cells['participant']} was enrolled, on {person.since}")


def checks(work: Work, people: Mapping[str, EnrolledSince]) -> list[CellCheck]:
    """What each cell of a line has to pass by itself, and then those that belong together."""

    def since(cells: Mapping[str, str]) -> None:
        _check_enrolled(cells, _read_person(cells, people), _read_past_day(work, cells))

    return [
        CellCheck(("participant",), lambda cells: _read_person(cells, people)),
        CellCheck(("due_on",), lambda cells: _read_past_day(work, cells)),
        CellCheck(("participant", "due_on"), since),
        CellCheck(("status",), _read_status, STATUSES),
        CellCheck(("outcome",), lambda cells: _read_outcome(work, cells), list(Outcome)),
        CellCheck(("analytes",), lambda cells: read_analytes(work.vocabulary, cells["analytes"])),
        CellCheck(("outcome", "analytes"), lambda cells: _read_test(work, cells)),
        CellCheck(("status", "outcome", "analytes", "reason"), lambda cells: _read_past(work, cells)),
    ]
