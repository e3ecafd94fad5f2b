"""A past record, from and to a spreadsheet: imports the draws that were made elsewhere, and exports the facility's.

Exporting and importing lose nothing. What the six columns have no room for stands in front of the reason as marks;
`rules.exchange.past` says which.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Label, ScalarSelect, func, union
from sqlalchemy import select as sa_select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import because_in
from testing_tracker.rules.exchange.columns import HISTORY
from testing_tracker.rules.exchange.past import Past, as_on_record, measured_of, write_reason
from testing_tracker.rules.exchange.sheet import ImportedRow, Sheet
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.interpretation import Interpretation
from testing_tracker.rules.testing.which_draw import says
from testing_tracker.rules.words import DrawKind, Method, Outcome, Status
from testing_tracker.services.deciding import evidence
from testing_tracker.services.exchange.imports import (
    ImportReport,
    all_faults,
    imported_rows,
)
from testing_tracker.services.exchange.past_cells import EnrolledSince, PastKey, checks, read_past_line
from testing_tracker.services.exchange.past_draws import PastDraws, method_of
from testing_tracker.store.dialects import among, free_ids
from testing_tracker.store.queries import draw_stands, governs
from testing_tracker.store.tables import Draw, Enrolment, Finding, Participant, Reading, Renaming, Result
from testing_tracker.store.work import Work

COLUMNS = HISTORY.needed
_IN_A_FILE = {Status.CANCELLED: Status.EXCUSED, Status.UNRECORDED: Status.DUE}

AT_A_TIME = 2_000  # lines, or exported draws, in memory at once


def import_history(work: Work, sheet: Sheet) -> ImportReport:
    """Take a past record. It raises no recommendations: what it tells has been responded to, or not, back then.

    It is read against the prescriptions on record, and an open recommendation is weighed again with what it tells.
    A line that is on record stays unchanged; one that differs from what is on record is refused.
    """
    tally = ImportReport()
    people: dict[str, EnrolledSince] = {}
    draws = PastDraws(work)
    touched: set[int] = set()
    good = imported_rows(work, sheet, tally)
    while chunk := list(islice(good, AT_A_TIME)):
        _learn_people(work, chunk, people)
        draws.learn(person.id for person in people.values())
        touched |= _take(work, chunk, people, draws, tally)
    advance = work.begun("Weighing again", len(touched))
    for participant_id in sorted(touched):
        evidence.bring_in_line(work, participant_id)
        advance(1)
    tally.refused.sort(key=lambda refused: refused.number)
    work.on_record(Act.HISTORY_IMPORT, taken=tally.taken, unchanged=tally.unchanged, refused=len(tally.refused))
    work.session.flush()
    return tally


def _learn_people(work: Work, chunk: Sequence[ImportedRow], people: dict[str, EnrolledSince]) -> None:
    keys = {line.cells["participant"].casefold() for line in chunk} - people.keys()
    having = sa_select(col(Participant.code_key), col(Participant.id)).where(
        col(Participant.facility_id) == work.facility_id, col(Participant.code_key).in_(keys)
    )
    had = (
        sa_select(col(Renaming.earlier_key), col(Renaming.participant_id))
        .join(Participant, col(Participant.id) == Renaming.participant_id)
        .where(col(Participant.facility_id) == work.facility_id, col(Renaming.earlier_key).in_(keys))
    )
    codes = union(having, had).subquery()
    query = (
        sa_select(codes.c.code_key, codes.c.id, func.min(Enrolment.from_on))
        .join(Enrolment, col(Enrolment.participant_id) == codes.c.id)
        .where(col(Enrolment.enrolled))
        .group_by(codes.c.code_key, codes.c.id)
    )
    for code_key, identity, since in work.session.connection().execute(query):
        assert identity is not None, "a primary key"
        people[code_key] = EnrolledSince(identity, since)


def _take(
    work: Work, chunk: Sequence[ImportedRow], people: Mapping[str, EnrolledSince], draws: PastDraws, tally: ImportReport
) -> set[int]:
    """Take the lines that can be taken; returns the participants who have further positive tests by that."""
    readable: list[tuple[ImportedRow, PastKey, Past]] = []
    for line in chunk:
        try:
            readable.append((line, *read_past_line(work, line.cells, people)))
        except TestingTrackerError as error:
            tally.refuse(line, all_faults(line, checks(work, people), error))
    known = _on_record(work.session, {key for _, key, _ in readable})
    new: list[tuple[PastKey, Past]] = []
    for line, key, past in readable:
        there = known.get(key)
        if there is None:
            known[key] = past
            new.append((key, past))
            tally.add(is_new=True)
        elif as_on_record(past).is_said_by(as_on_record(there)):
            tally.add(is_new=False)
        else:
            tally.refuse(line, _differs(line.cells["participant"], key, there))
    _write(work, draws, new)
    return {key[0] for key, past in new if past.outcome is Outcome.POSITIVE}


def _differs(code: str, key: PastKey, there: Past) -> str:
    status = as_on_record(there).status
    said = f"{status}, {there.outcome}" if there.outcome else str(status)
    return (
        f"{code} has another record of {key[1]}{' for cause' if key[2] else ''} ({said}), from before or from an "
        "earlier line; if that one is wrong, correct it with `testing-tracker amend`"
    )


def _on_record(session: Session, keys: set[PastKey]) -> dict[PastKey, Past]:
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
        .join(Result, (col(Result.draw_id) == Draw.id) & governs(), isouter=True)
        .where(col(Draw.id).in_(draw_ids))
    )
    return {
        (row.participant_id, row.due_on, row.kind == DrawKind.FOR_CAUSE): _past_of(row)
        for row in connection.execute(query)
    }


def _analytes_where(
    condition: ColumnElement[bool] | Mapped[bool], said: ColumnElement[str] | Mapped[str], name: str
) -> Label[str]:
    return (
        sa_select(func.aggregate_strings(said, ";"))
        .where(col(Finding.result_id) == Result.id, condition)
        .scalar_subquery()
        .label(name)
    )


# What a laboratory did not look at, the reading of its result has with it: as the cup said it.
_NEWEST = (
    sa_select(col(Reading.id)).where(col(Reading.result_id) == Result.id).order_by(col(Reading.id).desc()).limit(1)
)


def _as_read(column: str) -> ScalarSelect[str]:
    return _NEWEST.with_only_columns(getattr(Reading, column)).scalar_subquery()


_COMPARATOR = func.coalesce(col(Finding.comparator), "")
_AMOUNT = col(Finding.analyte) + "=" + _COMPARATOR + col(Finding.amount) + " " + col(Finding.unit)
_PAST_COLUMNS = (
    col(Draw.kind),
    col(Draw.status),
    col(Draw.reason),
    col(Draw.because),
    col(Draw.ordered_for),
    func.coalesce(_as_read("outcome"), col(Result.outcome)).label("outcome"),
    col(Result.method),
    col(Result.lab),
    col(Result.collected_at),
    _analytes_where(col(Finding.found), col(Finding.analyte), "analytes"),
    _analytes_where(col(Finding.amount).is_not(None), _AMOUNT, "measured"),
    _as_read("expected").label("expected"),
    _as_read("unexpected").label("unexpected"),
    _as_read("absent").label("absent"),
)


def _past_of(row: Any) -> Past:  # noqa: ANN401  a row with these columns
    status = Status(row.status)
    governing = Outcome(row.outcome) if row.outcome else None
    outcome = says(status, row.because, governing)
    if outcome is None:
        return Past(status, None, (), row.reason, row.ordered_for, earlier=governing)
    return Past(
        status=status,
        outcome=outcome,
        analytes=_analytes_of(row),
        reason=row.reason,
        ordered_for=row.ordered_for,
        lab=(row.lab or "") if row.method == Method.DEFINITIVE else None,
        collected_at=row.collected_at,
        expected=_words(row.expected),
        absent=_words(row.absent),
        measured=measured_of(_words(row.measured)),
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(sorted(text.split(";"))) if text else ()


def _analytes_of(row: Any) -> tuple[str, ...]:  # noqa: ANN401  as above
    """What was found: by a laboratory, and by the cup where the laboratory did not look."""
    read = () if row.method == Method.PRESUMPTIVE else (*_words(row.expected), *_words(row.unexpected))
    return tuple(sorted(read or _words(row.analytes)))


def _write(work: Work, go_by: PastDraws, new: Sequence[tuple[PastKey, Past]]) -> None:
    """Write many draws at once, with the results that they have."""
    connection = work.session.connection()
    with_result = [past for _, past in new if past.outcome or past.earlier]
    draw_ids = free_ids(connection, Draw, len(new))
    result_ids = iter(free_ids(connection, Result, len(with_result)))
    rows = _Rows()
    for (key, past), draw_id in zip(new, draw_ids, strict=True):
        version = go_by.version_of(key[0], key[1])
        read = go_by.read(key[0], key[1], past, version)
        says_so = go_by.says(key[1], past, read, version)
        rows.draws.append(_draw(work, draw_id, key, past, (*says_so, version.id)))
        if past.outcome or past.earlier:
            rows.add_result(next(result_ids), draw_id, past, read)
    work.write_all(Draw, _DRAW_COLUMNS, rows.draws)
    work.write_all(Result, _RESULT_COLUMNS, rows.results)
    work.write_all(Finding, ("result_id", "analyte", "found", "amount", "unit", "comparator"), rows.findings)
    work.write_all(Reading, ("result_id", "expected", "unexpected", "absent"), rows.readings)


_DRAW_COLUMNS = (
    "id",
    "participant_id",
    "due_on",
    "kind",
    "status",
    "reason",
    "because",
    "ordered_for",
    "outcome",
    "expected",
    "late",
    "schedule_version_id",
)
_RESULT_COLUMNS = ("id", "draw_id", "outcome", "method", "lab", "collected_at")


def _draw(work: Work, draw_id: int, key: PastKey, past: Past, says_so: tuple[object, ...]) -> tuple[object, ...]:
    """The cells of a draw; `says_so` are the last four."""
    participant_id, day, is_for_cause = key
    is_over = past.status is Status.DUE and day < work.today
    status = str(Status.UNRECORDED if is_over else past.status)
    kind = str(DrawKind.FOR_CAUSE if is_for_cause else DrawKind.IMPORTED)
    outcome, *rest = says_so
    because = because_in(past.reason)
    return (
        *(draw_id, participant_id, day, kind, status, past.reason, str(because) if because else None, past.ordered_for),
        *(str(outcome) if outcome else None, *rest),
    )


@dataclass
class _Rows:
    """The rows of some past draws, by table."""

    draws: list[tuple[object, ...]] = field(default_factory=list)
    results: list[tuple[object, ...]] = field(default_factory=list)
    findings: list[tuple[object, ...]] = field(default_factory=list)
    readings: list[tuple[object, ...]] = field(default_factory=list)

    def add_result(self, result_id: int, draw_id: int, past: Past, read: Interpretation) -> None:
        """A result with what it found or measured, and how it reads."""
        outcome, method = str(past.outcome or past.earlier), str(method_of(past))
        self.results.append((result_id, draw_id, outcome, method, past.lab or None, past.collected_at))
        amounts = dict(past.measured)
        for analyte in sorted({*past.analytes, *amounts}):
            amount = amounts.get(analyte)
            cells = (str(amount.number), amount.unit, amount.comparator or None) if amount else (None, None, None)
            self.findings.append((result_id, analyte, analyte in past.analytes, *cells))
        if read != Interpretation():
            self.readings.append((result_id, *(";".join(names) for names in astuple(read))))


def export_history(work: Work) -> Iterator[tuple[str, ...]]:
    """Every draw of the facility as the cells of a line, by participant and day; a few in memory at a time."""
    query = (
        sa_select(*_PAST_COLUMNS, col(Participant.code), col(Draw.due_on))
        .select_from(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .join(Result, (col(Result.draw_id) == Draw.id) & governs(), isouter=True)
        .where(col(Participant.facility_id) == work.facility_id, draw_stands())
        .order_by(col(Participant.code_key), col(Draw.due_on), col(Draw.id))
    )
    for row in work.session.connection().execute(query, execution_options={"yield_per": AT_A_TIME}):
        past = _past_of(row)
        yield (
            row.code,
            row.due_on.isoformat(),
            str(_IN_A_FILE.get(past.status, past.status)),
            str(past.outcome or ""),
            ";".join(past.analytes),
            write_reason(past, for_cause=row.kind == DrawKind.FOR_CAUSE, is_over=row.due_on < work.today),
        )
