"""Rows of a file that are about one specimen, such as one row a drug, made the one result that they are."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.amounts import judge
from testing_tracker.rules.testing.specimen_labels import label_key
from testing_tracker.rules.testing.specimens import Measurements
from testing_tracker.rules.words import Outcome
from testing_tracker.services.testing.results import NewResult
from testing_tracker.services.testing.specimens import NewSpecimen

# What a person reads in the file's header, where that is not the field's name.
COLUMNS = {"amounts": "analytes", "label": "specimen_id", "kind": "specimen"}

_Said = TypeVar("_Said", NewResult, NewSpecimen, Measurements)


def one_result(rows: Sequence[NewResult], kind: str) -> NewResult:
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
            judge(row.outcome, row.analytes, row.amounts, kind, row.method, row.cutoffs)
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
