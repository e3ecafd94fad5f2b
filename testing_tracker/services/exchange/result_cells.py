"""What the cells of a laboratory's file say of a result and its specimen."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.amounts import Amount, amounts_by_analyte, read_amount
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.testing.specimens import Measurements, NewSpecimen, parse_measurement
from testing_tracker.rules.words import MEASURED, SPECIMENS, Method, Outcome
from testing_tracker.services.exchange.imports import (
    CellCheck,
    check_analytes,
    named,
    parts_of,
    read_analytes,
    read_code,
    read_day,
    read_outcome,
    read_word,
)
from testing_tracker.services.exchange.whose_line import Which, draw_of, find_participant, read_which
from testing_tracker.services.testing import results
from testing_tracker.services.testing.collections import collected_instant
from testing_tracker.store.work import Work

_OF_THE_SPECIMEN = ("specimen", "specimen_id", "collector", "observed", "received_at", *MEASURED)
_SOME_DAY = date(2000, 1, 1)  # one on which no clock was put forward
_TIME = re.compile(r"[0-9T:.+Z -]{1,40}")
Cells = Mapping[str, str]


class YesNo(StrEnum):
    """Whether a collection was observed."""

    YES = "yes"
    NO = "no"


_YES_NO = {"y": YesNo.YES, "n": YesNo.NO, "true": YesNo.YES, "false": YesNo.NO}


def read_result(work: Work, day: date, cells: Cells) -> results.NewResult:
    """The result that a line says, of a draw of a day. Raises TestingTrackerError."""
    outcome, names, amounts, because = _read_test(work, cells)
    method, lab = _read_method(cells), cells.get("lab") or None
    _check_lab(cells)
    return results.NewResult(
        outcome=outcome,
        analytes=names,
        collected_at=_read_time(work, day, "collected_at", cells),
        note=cells.get("note") or because,
        amounts=amounts,
        method=method,
        lab=lab,
        specimen=_read_specimen(work, day, cells),
        looked_for=read_analytes(work.vocabulary, cells.get("looked_for", ""), "looked_for"),
        cutoffs=_read_cutoffs(work.vocabulary, cells.get("cutoffs", "")),
    )


def _read_test(work: Work, cells: Cells) -> tuple[Outcome, tuple[str, ...], dict[str, Amount], str | None]:
    """The outcome, what was found, the amounts of those that have one, and what was said beside the outcome."""
    said = read_outcome(work.vocabulary, cells["outcome"])
    names, amounts = _read_findings(work.vocabulary, cells.get("analytes", ""))
    names = tuple(sorted({*names, *said.analytes}))
    if not amounts:
        check_analytes(said.outcome, names)
    return said.outcome, names, amounts, said.because


def _read_method(cells: Cells) -> Method:
    return read_word("method", cells["method"], list(Method)) if cells.get("method") else Method.PRESUMPTIVE


def _check_lab(cells: Cells) -> None:
    if _read_method(cells) is Method.DEFINITIVE and not cells.get("lab"):
        raise TestingTrackerError("a definitive result needs the laboratory that it comes from, in the column lab")


def _read_findings(
    vocabulary: Vocabulary, cell: str, column: str = "analytes"
) -> tuple[tuple[str, ...], dict[str, Amount]]:
    """The analytes of a cell such as `cocaine=320;thc`, and the amounts of those that have one."""
    amounts = []
    parts = parts_of(vocabulary, cell)
    for part in parts:
        name, equals, amount = part.partition("=")
        if equals:
            try:
                amounts.append((read_analytes(vocabulary, name, column)[0], read_amount(amount)))
            except IndexError:
                raise TestingTrackerError(f"{column} has an amount without a name") from None
            except TestingTrackerError:
                read_analytes(vocabulary, name, column)
                raise TestingTrackerError(f"{column} has an amount that is none; write cocaine=320") from None
    names = named(vocabulary, [part.partition("=")[0] for part in parts], column)
    return names, amounts_by_analyte(amounts)


def _read_cutoffs(vocabulary: Vocabulary, cell: str) -> dict[str, Amount]:
    names, cutoffs = _read_findings(vocabulary, cell, "cutoffs")
    without = next((name for name in names if name not in cutoffs), None)
    if without is not None:
        raise TestingTrackerError(f"cutoffs has {without} without an amount; write {without}=50")
    return cutoffs


def _read_specimen(work: Work, day: date, cells: Cells) -> NewSpecimen | None:
    said = {column: cells[column] for column in _OF_THE_SPECIMEN if cells.get(column)}
    if not said:
        return None
    measured = {column: _read_measurement(column, said[column]) for column in MEASURED if column in said}
    return NewSpecimen(
        kind=_read_kind(cells),
        label=said.get("specimen_id"),
        collector=said.get("collector"),
        observed=_read_observed(cells),
        received_at=_read_time(work, day, "received_at", cells),
        measurements=Measurements(**measured),
    )


def _read_time(work: Work, day: date, column: str, cells: Cells) -> datetime | None:
    cell = cells.get(column, "")
    if not cell:
        return None
    if _TIME.fullmatch(cell) is None:
        raise TestingTrackerError(f"{column} is not a time; write 09:40, or 2026-11-23T09:40")
    what = "time of receipt" if column == "received_at" else "time of collection"
    return collected_instant(work, day, cell, what)


def _check_time(work: Work, column: str, cells: Cells) -> None:
    """Read a time by itself: the day of its draw may be what is wrong."""
    day = _SOME_DAY
    with suppress(TestingTrackerError):
        day = min(read_day("due_on", cells.get("due_on", "")), work.today)
    _read_time(work, day, column, cells)


def _read_kind(cells: Cells) -> str | None:
    kind = cells.get("specimen", "").casefold() or None
    if kind not in (None, *SPECIMENS):
        raise TestingTrackerError(f"specimen is none of {', '.join(SPECIMENS)}")
    return kind


def _read_observed(cells: Cells) -> bool | None:
    if not cells.get("observed"):
        return None
    return read_word("observed", cells["observed"], list(YesNo), _YES_NO) is YesNo.YES


def _read_measurement(column: str, cell: str) -> Decimal:
    try:
        return parse_measurement(column, cell)
    except TestingTrackerError:
        raise TestingTrackerError(f"{column} is not a measurement") from None


def checks(work: Work) -> list[CellCheck]:
    """What each cell of a line has to pass by itself, and then those that belong together."""
    vocabulary = work.vocabulary

    def given(column: str, read: Callable[[str], object]) -> Callable[[Cells], object]:
        return lambda cells: read(cells[column]) if cells.get(column) else None

    def whose(column: str, read: Callable[[str], object]) -> Callable[[Cells], object]:
        """A label alone says it too."""
        return lambda cells: read(cells.get(column, "")) if cells.get(column) or not cells.get("specimen_id") else None

    return [
        CellCheck(("participant",), whose("participant", lambda cell: find_participant(work, read_code(cell)))),
        CellCheck(("due_on",), whose("due_on", lambda cell: read_day("due_on", cell))),
        CellCheck(("kind",), read_which, list(Which)),
        CellCheck(("outcome",), lambda cells: read_outcome(vocabulary, cells["outcome"]), list(Outcome)),
        CellCheck(("analytes",), given("analytes", lambda cell: _read_findings(vocabulary, cell)), vocabulary.names),
        CellCheck(("outcome", "analytes"), lambda cells: _read_test(work, cells)),
        CellCheck(("method",), _read_method, list(Method)),
        CellCheck(("method", "lab"), _check_lab),
        CellCheck(("looked_for",), given("looked_for", lambda cell: read_analytes(vocabulary, cell, "looked_for"))),
        CellCheck(("cutoffs",), given("cutoffs", lambda cell: _read_cutoffs(vocabulary, cell))),
        CellCheck(("specimen",), _read_kind, SPECIMENS),
        CellCheck(("observed",), _read_observed),
        *(CellCheck((name,), given(name, partial(_read_measurement, name))) for name in MEASURED),
        *(CellCheck((name,), partial(_check_time, work, name)) for name in ("collected_at", "received_at")),
        CellCheck(("participant", "due_on", "kind", "specimen_id"), lambda cells: draw_of(work, cells)),
    ]
