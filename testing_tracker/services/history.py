"""A past record, from and to a spreadsheet: imports the draws that were made elsewhere, and exports the facility's.

Exporting and importing lose nothing. The six columns have no room for two things that a draw may be, so the reason
carries them in front: `[for-cause "why it was ordered"]` and `[cancelled]`. A reason that would be mistaken for such a
mark, or that spreadsheets would alter, is written as `[text "…"]`; the texts in quotation marks are JSON.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice

from sqlalchemy import Row, func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.csv_cells import is_formula
from testing_tracker.rules.words import Kind, Method, Outcome, Status
from testing_tracker.services.imports import (
    Line,
    Tally,
    check_analytes,
    read_analytes,
    read_code,
    read_day,
    read_lines,
    read_word,
)
from testing_tracker.store import audit
from testing_tracker.store.bulk import add_rows
from testing_tracker.store.dialects import among, free_ids
from testing_tracker.store.queries import counts
from testing_tracker.store.tables import (
    Draw,
    Enrolment,
    Finding,
    Participant,
    Result,
)

COLUMNS = ("participant", "due_on", "status", "outcome", "analytes", "reason")
STATUSES = (Status.DUE, Status.COLLECTED, Status.MISSED, Status.REFUSED, Status.EXCUSED)

AT_A_TIME = 2_000  # lines, or exported draws, in memory at once

_FOR_CAUSE = re.compile(r'\[for-cause(?: ("(?:[^"\\]|\\.)*"))?\](?: |$)')
_CANCELLED = re.compile(r"\[cancelled\](?: |$)")
_TEXT = re.compile(r'\[text ("(?:[^"\\]|\\.)*")\]')
_NOT_PLAIN = tuple("[=+-@")

_Key = tuple[int, date, bool]  # participant, day, whether for cause: there is at most one draw of each


@dataclass(frozen=True)
class _Past:
    """What a line says of a draw. `due` also stands for a past day of which nothing was recorded."""

    status: Status
    outcome: Outcome | None
    analytes: tuple[str, ...]
    reason: str | None
    ordered_for: str | None


@dataclass(frozen=True)
class _Person:
    """A participant and the first day of all enrolments."""

    id: int
    since: date


def import_history(session: Session, acting: Acting, lines: Iterable[str]) -> Tally:
    """Take a past record. It raises no recommendations: what it tells has been responded to, or not, back then.

    A line that is on record stays unchanged; one that differs from what is on record is refused.
    """
    tally = Tally()
    people: dict[str, _Person] = {}
    good = read_lines(lines, COLUMNS, (), tally)
    while chunk := list(islice(good, AT_A_TIME)):
        _learn_people(session, acting, chunk, people)
        _take(session, acting, chunk, people, tally)
    tally.refused.sort(key=lambda refused: refused.number)
    audit.record(
        session,
        acting,
        "history import",
        taken=tally.taken,
        unchanged=tally.unchanged,
        refused=len(tally.refused),
    )
    session.flush()
    return tally


def _learn_people(session: Session, acting: Acting, chunk: Sequence[Line], people: dict[str, _Person]) -> None:
    keys = {line.cells["participant"].casefold() for line in chunk} - people.keys()
    query = (
        sa_select(col(Participant.code_key), col(Participant.id), func.min(Enrolment.from_on))
        .join(Enrolment, col(Enrolment.participant_id) == Participant.id)
        .where(
            col(Participant.facility_id) == acting.facility_id,
            col(Participant.code_key).in_(keys),
            col(Enrolment.enrolled),
        )
        .group_by(col(Participant.id))
    )
    for code_key, identity, since in session.connection().execute(query):
        assert identity is not None, "a primary key"
        people[code_key] = _Person(identity, since)


def _take(session: Session, acting: Acting, chunk: Sequence[Line], people: Mapping[str, _Person], tally: Tally) -> None:
    readable: list[tuple[Line, _Key, _Past]] = []
    for line in chunk:
        try:
            readable.append((line, *_read(acting, line.cells, people)))
        except TestingTrackerError as error:
            tally.refuse(line, error)
    known = _on_record(session, {key for _, key, _ in readable})
    new: list[tuple[_Key, _Past]] = []
    for line, key, past in readable:
        there = known.get(key)
        if there is None:
            known[key] = past
            new.append((key, past))
            tally.add(is_new=True)
        elif there == past:
            tally.add(is_new=False)
        else:
            tally.refuse(line, _differs(line.cells["participant"], key, there))
    _write(session, acting, new)


def _read(acting: Acting, cells: Mapping[str, str], people: Mapping[str, _Person]) -> tuple[_Key, _Past]:
    code = read_code(cells["participant"])
    day = read_day("due_on", cells["due_on"])
    status = read_word("status", cells["status"], STATUSES)
    outcome = read_word("outcome", cells["outcome"], list(Outcome)) if cells["outcome"] else None
    if outcome is not None and status is not Status.COLLECTED:
        raise TestingTrackerError(f"only a collected test has an outcome, and the status is {status}")
    analytes = read_analytes(cells["analytes"])
    check_analytes(outcome, analytes)
    is_for_cause, past = _read_reason(cells["reason"], status, outcome, analytes)
    if day > acting.today:
        raise TestingTrackerError(f"{day} is in the future; today is {acting.today}")
    person = people.get(code.casefold())
    if person is None:
        raise TestingTrackerError(f"there is no participant {code}; import participants first")
    if day < person.since:
        raise TestingTrackerError(f"{day} is before {code} was enrolled, on {person.since}")
    return (person.id, day, is_for_cause), past


def _differs(code: str, key: _Key, there: _Past) -> str:
    said = f"{there.status}, {there.outcome}" if there.outcome else str(there.status)
    return (
        f"{code} has another record of {key[1]}{' for cause' if key[2] else ''} ({said}), from before or from an "
        "earlier line; if that one is wrong, correct it with `testing-tracker amend`"
    )


def _on_record(session: Session, keys: set[_Key]) -> dict[_Key, _Past]:
    """What is on record for these participants and days."""
    if not keys:
        return {}
    connection = session.connection()
    days = among(connection, (col(Draw.participant_id), col(Draw.due_on)), {key[:2] for key in keys})
    # Mostly there are none, and a server that has not counted the new rows yet would read all results to find that out.
    draw_ids = connection.execute(sa_select(col(Draw.id)).where(days)).scalars().all()
    if not draw_ids:
        return {}
    query = (
        sa_select(*_PAST_COLUMNS, col(Draw.participant_id), col(Draw.due_on))
        .join(Result, (col(Result.draw_id) == Draw.id) & counts(), isouter=True)
        .where(col(Draw.id).in_(draw_ids))
    )
    return {
        (row.participant_id, row.due_on, row.kind == Kind.FOR_CAUSE): _past_of(row) for row in connection.execute(query)
    }


_ANALYTES = (
    sa_select(func.aggregate_strings(col(Finding.analyte), ";"))
    .where(col(Finding.result_id) == Result.id)
    .scalar_subquery()
    .label("analytes")
)
_PAST_COLUMNS = (
    col(Draw.kind),
    col(Draw.status),
    col(Draw.reason),
    col(Draw.ordered_for),
    col(Result.outcome),
    _ANALYTES,
)


def _past_of(row: Row[tuple[object, ...]]) -> _Past:
    status = Status(row.status)
    return _Past(
        status=Status.DUE if status is Status.UNRECORDED else status,
        outcome=Outcome(row.outcome) if row.outcome else None,
        analytes=tuple(sorted(row.analytes.split(";"))) if row.analytes else (),
        reason=row.reason,
        ordered_for=row.ordered_for,
    )


def _write(session: Session, acting: Acting, new: Sequence[tuple[_Key, _Past]]) -> None:
    """Write many draws at once, with the results that they have."""
    connection = session.connection()
    with_result = sum(past.outcome is not None for _, past in new)
    draw_ids = free_ids(connection, Draw, len(new))
    result_ids = iter(free_ids(connection, Result, with_result))
    draws: list[tuple[object, ...]] = []
    results: list[tuple[object, ...]] = []
    findings: list[tuple[object, ...]] = []
    for ((participant_id, day, is_for_cause), past), draw_id in zip(new, draw_ids, strict=True):
        is_over = past.status is Status.DUE and day < acting.today
        status = str(Status.UNRECORDED if is_over else past.status)
        kind = str(Kind.FOR_CAUSE if is_for_cause else Kind.IMPORTED)
        outcome = str(past.outcome) if past.outcome else None
        draws.append((draw_id, participant_id, day, kind, status, past.reason, past.ordered_for, outcome))
        if outcome is not None:
            result_id = next(result_ids)
            results.append((result_id, draw_id, outcome))
            findings.extend((result_id, analyte) for analyte in past.analytes)
    add_rows(connection, Draw, _DRAW_COLUMNS, draws, recorded_at=acting.now)
    recorded = {"recorded_at": acting.now, "recorded_by": acting.account}
    add_rows(connection, Result, ("id", "draw_id", "outcome"), results, method=str(Method.PRESUMPTIVE), **recorded)
    add_rows(connection, Finding, ("result_id", "analyte"), findings)


_DRAW_COLUMNS = ("id", "participant_id", "due_on", "kind", "status", "reason", "ordered_for", "outcome")


def export_history(session: Session, acting: Acting) -> Iterator[tuple[str, ...]]:
    """Every draw of the facility as the cells of a line, by participant and day; a few in memory at a time."""
    query = (
        sa_select(*_PAST_COLUMNS, col(Participant.code), col(Draw.due_on))
        .select_from(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .join(Result, (col(Result.draw_id) == Draw.id) & counts(), isouter=True)
        .where(col(Participant.facility_id) == acting.facility_id)
        .order_by(col(Participant.code_key), col(Draw.due_on), col(Draw.id))
    )
    for row in session.connection().execute(query, execution_options={"yield_per": AT_A_TIME}):
        past = _past_of(row)
        yield (
            row.code,
            row.due_on.isoformat(),
            str(Status.EXCUSED if past.status is Status.CANCELLED else past.status),
            str(past.outcome or ""),
            ";".join(past.analytes),
            _write_reason(past, is_for_cause=row.kind == Kind.FOR_CAUSE),
        )


def _is_marked(reason: str) -> bool:
    """Whether a reason would be taken for a mark of ours, or by a spreadsheet for a formula."""
    return reason.startswith(_NOT_PLAIN) or is_formula(reason)


def _write_reason(past: _Past, *, is_for_cause: bool) -> str:
    parts = []
    if is_for_cause:
        parts.append("[for-cause]" if past.ordered_for is None else f"[for-cause {_quoted(past.ordered_for)}]")
    if past.status is Status.CANCELLED:
        parts.append("[cancelled]")
    reason = past.reason
    if reason is not None:
        # A cell is read without its surrounding blanks, and programs disagree about what a lone carriage return is.
        is_plain = reason and reason == reason.strip() and "\r" not in reason and not _is_marked(reason)
        parts.append(reason if is_plain else f"[text {_quoted(reason)}]")
    return " ".join(parts)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@lru_cache(maxsize=10_000)  # a record repeats few reasons many times
def _read_reason(cell: str, status: Status, outcome: Outcome | None, analytes: tuple[str, ...]) -> tuple[bool, _Past]:
    ordered_for = None
    for_cause = _FOR_CAUSE.match(cell)
    if for_cause is not None:
        ordered_for = _unquoted(for_cause[1]) if for_cause[1] else None
        cell = cell[for_cause.end() :]
    cancelled = _CANCELLED.match(cell)
    if cancelled is not None:
        if status is not Status.EXCUSED:
            raise TestingTrackerError(f"a [cancelled] draw has the status excused, and the status is {status}")
        status = Status.CANCELLED
        cell = cell[cancelled.end() :]
    text = _TEXT.fullmatch(cell)
    reason = _unquoted(text[1]) if text is not None else cell.strip() or None
    return for_cause is not None, _Past(status, outcome, analytes, reason, ordered_for)


def _unquoted(text: str) -> str:
    try:
        found = json.loads(text)
        assert isinstance(found, str), "the pattern lets strings only through"
        found.encode()
    except ValueError:
        raise TestingTrackerError('the text in a [mark "…"] of the reason is not a JSON string') from None
    return found
