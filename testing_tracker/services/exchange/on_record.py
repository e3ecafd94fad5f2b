"""Rows of a laboratory's file that are about one specimen, and whether all that they say is on record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.people.codes import label_key
from testing_tracker.rules.testing.amounts import Amount, judge
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.testing.specimen_limits import outcome_of
from testing_tracker.rules.testing.specimens import Measurements, NewSpecimen
from testing_tracker.rules.words import Method, Outcome, Validity
from testing_tracker.services.schedules import versions
from testing_tracker.services.testing.results import NewResult
from testing_tracker.store.queries import newest_specimen
from testing_tracker.store.tables import Draw, Finding, Result, Specimen
from testing_tracker.store.work import Work


def results_of(session: Session, draw: Draw, method: Method) -> list[Result]:
    """Everything that one method's tests of a draw ever said, the newest first; also what was taken back."""
    query = select(Result).where(Result.draw_id == draw.id, Result.method == method)
    return list(session.exec(query.order_by(col(Result.id).desc())))


def differences(work: Work, draw: Draw, result: Result, new: NewResult) -> list[str]:
    """The columns of a file in which a line differs from a result on record; none where all it says is on record.

    What the line leaves out is not compared. Its analytes are all that was found, so one more on record is a
    difference.
    """
    session = work.session
    specimen = newest_specimen(session, result.specimen_id) if result.specimen_id is not None else None
    is_unusable = _is_made_unusable(result, new, specimen)
    own = _own_findings(session, result)
    outcome = _own_outcome(session, result, own)
    return [
        *(["outcome"] if outcome != new.outcome and not is_unusable else []),
        *(["analytes"] if not _has_analytes(own, new, amounts_only=is_unusable) else []),
        *(["looked_for"] if not set(new.looked_for) <= own.keys() else []),
        *(["cutoffs"] if not all(_has_cutoff(own.get(name), cutoff) for name, cutoff in new.cutoffs.items()) else []),
        *(["collected_at"] if new.collected_at not in (None, result.collected_at) else []),
        *(["note"] if new.note not in (None, result.note) else []),
        *(["lab"] if new.lab not in (None, result.lab) else []),
        *(_of_specimen(work, draw, specimen, new.specimen) if new.specimen is not None else []),
    ]


def _is_made_unusable(result: Result, new: NewResult, specimen: Specimen | None) -> bool:
    """Whether the line's outcome is on record as invalid, because of what it says was measured on the specimen."""
    if new.specimen is None or specimen is None or result.outcome == new.outcome:
        return False
    return outcome_of(new.outcome, Validity(specimen.validity))[0] == result.outcome


def _own_findings(session: Session, result: Result) -> dict[str, Finding]:
    """What a result says itself; a laboratory's further one is kept with all that the one before it said."""
    own = _findings(session, result.id)
    if not _adds(session, result):
        return own
    earlier = _findings(session, result.replaces_id)
    return {name: row for name, row in own.items() if name not in earlier}


def _own_outcome(session: Session, result: Result, own: Mapping[str, Finding]) -> str | None:
    if not own or not _adds(session, result):
        return result.outcome
    return Outcome.POSITIVE if any(row.found for row in own.values()) else Outcome.NEGATIVE


def _adds(session: Session, result: Result) -> bool:
    """Whether a result was logged beside what the same method had said, and is no correction of it."""
    if result.method != Method.DEFINITIVE or result.replaces_id is None or result.reason is not None:
        return False
    return session.get_one(Result, result.replaces_id).outcome is not None


def _findings(session: Session, result_id: int | None) -> dict[str, Finding]:
    return {row.analyte: row for row in session.exec(select(Finding).where(Finding.result_id == result_id))}


def _has_analytes(findings: Mapping[str, Finding], new: NewResult, *, amounts_only: bool) -> bool:
    if not all(_is_measured(findings.get(name), amount) for name, amount in new.amounts.items()):
        return False
    if amounts_only:  # what an unusable specimen was positive for is not on record
        return True
    named = {name for name in new.analytes if name not in new.amounts}
    found = {name for name, row in findings.items() if row.found}
    return named <= found <= {*named, *new.amounts}


def _is_measured(row: Finding | None, amount: Amount) -> bool:
    if row is None or row.amount is None or row.unit is None:
        return False
    same_unit = row.unit.casefold() == amount.unit.casefold()
    return Decimal(row.amount) == amount.number and same_unit and (row.comparator or "") == amount.comparator


def _has_cutoff(row: Finding | None, cutoff: Amount) -> bool:
    return row is not None and row.cutoff == str(cutoff)


def _of_specimen(work: Work, draw: Draw, specimen: Specimen | None, said: NewSpecimen) -> Iterator[str]:
    kind = specimen.kind if specimen is not None else versions.test_of(work, draw).specimen
    if said.kind not in (None, kind):
        yield "specimen"
    label = specimen.label if specimen is not None else None
    if said.label is not None and (label is None or label_key(label) != label_key(said.label)):
        yield "specimen_id"
    for name in ("collector", "observed", "received_at"):
        if getattr(said, name) not in (None, getattr(specimen, name, None)):
            yield name
    for name, number in vars(said.measurements).items():
        text = getattr(specimen, name, None)
        if number is not None and (text is None or Decimal(text) != number):
            yield name


def has_label(session: Session, result: Result, new: NewResult) -> bool:
    """Whether a result is of the cup that a line names by its label."""
    if result.specimen_id is None or new.specimen is None or new.specimen.label is None:
        return False
    label = newest_specimen(session, result.specimen_id).label
    return label is not None and label_key(label) == label_key(new.specimen.label)


def was_taken_back(work: Work, draw: Draw, new: NewResult) -> bool:
    """Whether nothing of the line's method counts on a draw, and the same as the line was on record before."""
    rows = results_of(work.session, draw, new.method)
    if not rows or rows[0].outcome is not None:
        return False
    return any(row.outcome and not differences(work, draw, row, new) for row in rows)


# What a person reads in the file's header, where that is not the field's name.
COLUMNS = {"amounts": "analytes", "label": "specimen_id", "kind": "specimen"}

_Said = TypeVar("_Said", NewResult, NewSpecimen, Measurements)


def one_result(vocabulary: Vocabulary, rows: Sequence[NewResult], kind: str) -> NewResult:
    """The result that all rows of a specimen of this kind say together, in whatever order they stand.

    What one row leaves out another may say. Positive if any row is, and negative if all are: a row that says negative
    is about its own drug. Notes stand beside each other. Raises TestingTrackerError where rows contradict each other,
    or where one of them says what cannot be.
    """
    outcomes = {row.outcome for row in rows}
    if Outcome.INVALID in outcomes and len(outcomes) > 1:
        raise TestingTrackerError("the rows of this specimen say invalid and another outcome")
    if len(rows) > 1:
        for row in rows:
            judge(vocabulary, row.outcome, row.analytes, row.amounts, kind, row.method, row.cutoffs)
    notes = sorted({row.note for row in rows if row.note is not None})
    alike = [replace(row, outcome=rows[0].outcome, note=None) for row in rows]
    outcome = Outcome.POSITIVE if Outcome.POSITIVE in outcomes else rows[0].outcome
    return replace(_together(alike), outcome=outcome, note="; ".join(notes) or None)


def _together(rows: Sequence[_Said]) -> _Said:
    """What any of the rows says. Raises TestingTrackerError naming the column in which two of them differ."""
    said = {}
    for field in fields(rows[0]):
        values = [value for row in rows if (value := getattr(row, field.name)) is not None]
        try:
            said[field.name] = _one_of(field.name, values)
        except ValueError:
            column = COLUMNS.get(field.name, field.name)
            raise TestingTrackerError(f"the rows of this specimen differ: {column}") from None
    return replace(rows[0], **said)


def _one_of(name: str, values: Sequence[Any]) -> Any:  # noqa: ANN401
    """One value for all. Raises ValueError where they are not the same."""
    if not values:
        return None
    first = values[0]
    if isinstance(first, NewSpecimen | Measurements):
        return _together(values)
    if isinstance(first, Mapping):
        pairs = {(key, value) for mapping in values for key, value in mapping.items()}
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError(name)
        return dict(sorted(pairs))
    if isinstance(first, tuple):
        return tuple(sorted({part for parts in values for part in parts}))
    if len({label_key(value) if name == "label" else value for value in values}) > 1:
        raise ValueError(name)
    return first
