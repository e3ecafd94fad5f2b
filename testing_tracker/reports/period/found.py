"""Reads what the tests of a period found: how long results took, and what laboratories said of what cups had found."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_
from sqlalchemy import select as sa_select
from sqlmodel import col

from testing_tracker.reports.weekly.participants import IS_A_DRAW
from testing_tracker.rules.reporting.confirming import Confirmed, PresumptivePositive, all_that_became
from testing_tracker.rules.reporting.period import Period
from testing_tracker.rules.reporting.waiting import Spread, TimeToResult, spread, time_to_result
from testing_tracker.rules.testing.settling import Statement
from testing_tracker.rules.testing.which_draw import says
from testing_tracker.rules.words import DrawKind, Method, Outcome, Status
from testing_tracker.store.queries import of_facility
from testing_tracker.store.tables import Confirmation, Draw, Finding, Reading, Result, Specimen
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class ResultTimes:
    """How long the results of one method took: in days of all, and in hours of those whose collection has a time."""

    in_days: Spread
    in_hours: Spread


@dataclass(frozen=True)
class WhatWasFound:
    """The times to a result by method, and how many presumptive positives became what.

    `imported` tests came from a past record, which does not say when results came or what was sent; they are in none of
    these.
    """

    times: dict[Method, ResultTimes]
    positives: dict[Confirmed, int]
    imported: int


class _Row(NamedTuple):
    """A result as it was recorded, with its draw."""

    draw_id: int
    due_on: date
    kind: str
    status: str
    because: str | None
    id: int
    method: str
    outcome: str | None
    recorded_at: datetime
    collected_at: datetime | None
    specimen_id: int | None


class _Known(NamedTuple):
    """What is known of results and draws by their ids, read for all at once."""

    found: Mapping[int, Mapping[str, bool]]  # by result: what it says of analytes
    readings: Mapping[int, tuple[str, str]]  # by result: what prescriptions explain, and what they do not
    awaited: Mapping[int, bool]  # by draw: whether the newest confirmation is awaited


def found_in(work: Work, period: Period) -> WhatWasFound:
    """What the tests of a period found, as the records say now."""
    which = draws_of(work, period)
    collected = _collected(work, which)
    times: dict[Method, list[TimeToResult]] = {method: [] for method in Method}
    cups: list[tuple[_Row, _Row | None]] = []
    imported = 0
    for _, of_draw in groupby(_rows(work, which), key=lambda row: row.draw_id):
        rows = list(of_draw)
        if rows[0].kind == DrawKind.IMPORTED:
            imported += 1
            continue
        lines = {method: [row for row in rows if row.method == method] for method in Method}
        for method, line in lines.items():
            if line and (found := _time_of(work, line, rows, collected)) is not None:
                times[method].append(found)
        if (pair := _positive(lines)) is not None:
            cups.append(pair)
    known = _known(work, which)
    return WhatWasFound(
        times={
            method: ResultTimes(
                in_days=spread(one.days for one in of_method),
                in_hours=spread(one.hours for one in of_method if one.hours is not None),
            )
            for method, of_method in times.items()
        },
        positives=all_that_became(work.vocabulary, (_read(known, *pair) for pair in cups)),
        imported=imported,
    )


def draws_of(work: Work, period: Period) -> ColumnElement[bool]:
    """The condition that a draw is the facility's, of the period, and was not cancelled."""
    return (
        of_facility(work.facility_id, Draw.participant_id)
        & col(Draw.due_on).between(period.first, period.last)
        & IS_A_DRAW
    )


def _rows(work: Work, which: ColumnElement[bool]) -> Iterator[_Row]:
    """Every row of results, by draw, oldest first."""
    query = (
        sa_select(
            col(Draw.id),
            col(Draw.due_on),
            col(Draw.kind),
            col(Draw.status),
            col(Draw.because),
            col(Result.id),
            col(Result.method),
            col(Result.outcome),
            col(Result.recorded_at),
            col(Result.collected_at),
            col(Result.specimen_id),
        )
        .join(Result, col(Result.draw_id) == Draw.id)
        .where(which)
        .order_by(col(Draw.id), col(Result.id))
    )
    rows: Iterable[Any] = work.session.connection().execute(query)
    return (_Row(*row) for row in rows)


def _collected(work: Work, which: ColumnElement[bool]) -> dict[int, datetime | None]:
    """When each specimen was collected, as it was last corrected, by the id of each of its rows."""
    query = (
        sa_select(col(Specimen.id), col(Specimen.replaces_id), col(Specimen.collected_at))
        .join(Draw, col(Draw.id) == Specimen.draw_id)
        .where(which)
        .order_by(col(Specimen.id).desc())
    )
    found: dict[int, datetime | None] = {}
    rows: Iterable[Any] = work.session.connection().execute(query)
    for identity, replaces_id, collected_at in rows:
        said = found.setdefault(identity, collected_at)
        if replaces_id is not None:
            found[replaces_id] = said
    return found


def _time_of(
    work: Work, line: list[_Row], rows: list[_Row], collected: Mapping[int, datetime | None]
) -> TimeToResult | None:
    """How long a line of results took; of a laboratory's, whose collection nobody timed, the cup's time is taken."""
    if line[-1].status != Status.COLLECTED:
        return None
    own = next((row.specimen_id for row in reversed(line) if row.specimen_id is not None), None)
    said = collected.get(own) if own is not None else None
    if said is None:
        said = next((row.collected_at for row in reversed(rows) if row.outcome and row.collected_at), None)
    return time_to_result(line[0].due_on, line, work.zone, said)


def _positive(lines: Mapping[Method, list[_Row]]) -> tuple[_Row, _Row | None] | None:
    """A cup's positive that counts, with the laboratory's result beside it; None where there is no such cup."""
    cup, laboratory = (
        lines[method][-1] if lines[method] else None for method in (Method.PRESUMPTIVE, Method.DEFINITIVE)
    )
    if cup is None or says(Status(cup.status), cup.because, _outcome(cup)) is not Outcome.POSITIVE:
        return None
    return cup, laboratory if laboratory is not None and laboratory.outcome is not None else None


def _outcome(row: _Row) -> Outcome | None:
    return Outcome(row.outcome) if row.outcome else None


def _known(work: Work, which: ColumnElement[bool]) -> _Known:
    matter = or_(col(Result.outcome) == Outcome.POSITIVE, col(Result.method) == Method.DEFINITIVE)
    of_results = sa_select(col(Result.id)).join(Draw, col(Draw.id) == Result.draw_id).where(which, matter)
    execute = work.session.connection().execute
    found: dict[int, dict[str, bool]] = defaultdict(dict)
    for result_id, analyte, is_there in execute(
        sa_select(col(Finding.result_id), col(Finding.analyte), col(Finding.found)).where(
            col(Finding.result_id).in_(of_results)
        )
    ):
        found[result_id][analyte] = is_there
    readings = {
        result_id: (expected, unexpected)
        for result_id, expected, unexpected in execute(
            sa_select(col(Reading.result_id), col(Reading.expected), col(Reading.unexpected))
            .where(col(Reading.result_id).in_(of_results))
            .order_by(col(Reading.id))  # the newest is last
        )
    }
    awaited = {
        draw_id: by is not None
        for draw_id, by in execute(
            sa_select(col(Confirmation.draw_id), col(Confirmation.due_on))
            .join(Draw, col(Draw.id) == Confirmation.draw_id)
            .where(which)
            .order_by(col(Confirmation.id))  # the newest is last
        )
    }
    return _Known(found, readings, awaited)


def _read(known: _Known, cup: _Row, laboratory: _Row | None) -> PresumptivePositive:
    expected, unexpected = known.readings.get(cup.id, ("", ""))
    return PresumptivePositive(
        found=frozenset(analyte for analyte, is_there in known.found.get(cup.id, {}).items() if is_there),
        is_explained=bool(expected) and not unexpected,
        definitive=_statement(known, laboratory) if laboratory is not None else None,
        is_awaited=known.awaited.get(cup.draw_id, False),
    )


def _statement(known: _Known, laboratory: _Row) -> Statement:
    """What a laboratory's result says; what it looked for is all that it names."""
    said = known.found.get(laboratory.id, {})
    return Statement(
        outcome=Outcome(laboratory.outcome or ""),
        found=frozenset(analyte for analyte, is_there in said.items() if is_there),
        looked_for=frozenset(said),
    )
