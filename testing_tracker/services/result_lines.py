"""Imports a laboratory's or a clinic's file of results, a line a result.

A reason for refusing a line names its own code and words of this program, never the text of a cell.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.amounts import Amount, read_amount
from testing_tracker.rules.schedule_file import SPECIMENS
from testing_tracker.rules.specimens import Measurements, parse_measurement
from testing_tracker.rules.words import Method, Outcome
from testing_tracker.services import lookup, results
from testing_tracker.services.draws import OpenDraw, find_draw
from testing_tracker.services.imports import (
    Raised,
    Tally,
    check_analytes,
    read_analytes,
    read_code,
    read_day,
    read_lines,
    read_word,
)
from testing_tracker.services.specimens import NewSpecimen
from testing_tracker.store.queries import draws_on, findings_of, id_of
from testing_tracker.store.tables import Recommendation, Result

COLUMNS = ("participant", "due_on", "outcome")
_MEASURED = ("temperature", "creatinine", "specific_gravity", "ph", "oxidant")
_OF_THE_SPECIMEN = ("specimen", "specimen_id", "collector", "observed", "received_at", *_MEASURED)
OPTIONAL = ("analytes", "collected_at", "note", "kind", "method", "lab", *_OF_THE_SPECIMEN)
_TIME = re.compile(r"[0-9T:.+Z -]{1,40}")


class Which(StrEnum):
    """Which draw a line means, where two fall on one day."""

    SCHEDULED = "scheduled"
    FOR_CAUSE = "for-cause"


class YesNo(StrEnum):
    """Whether a collection was observed."""

    YES = "yes"
    NO = "no"


def import_results(session: Session, acting: Acting, lines: Iterable[str]) -> Tally:
    """Log the results of a file; one that is on record, even corrected or taken back, stays unchanged.

    Each raises its recommendation as if a nurse had logged it. One that differs from what is on record is refused: a
    correction needs a reason, which `amend` asks for.
    """
    tally = Tally()
    raised: dict[int, str] = {}
    for line in read_lines(lines, COLUMNS, OPTIONAL, tally):
        try:
            with session.begin_nested():
                logged = _log_line(session, acting, line.cells)
        except TestingTrackerError as error:
            tally.refuse(line, error)
            continue
        tally.add(is_new=logged is not None)
        if logged is not None and logged.recommendation is not None:
            raised[id_of(logged.recommendation)] = logged.participant.code
        if logged is not None and logged.settled.lost is not None:
            tally.lost_grounds[logged.participant.code] = logged.settled.lost
    for identity, code in raised.items():
        reason = session.get_one(Recommendation, identity).reason  # as the file's last positive left it
        tally.recommendations.append(Raised(identity, code, reason))
    return tally


def _log_line(session: Session, acting: Acting, cells: Mapping[str, str]) -> results.Logged | None:
    """Log a line's result; None when it is on record."""
    code = read_code(cells["participant"])
    day = read_day("due_on", cells["due_on"])
    new = _read_result(acting, day, cells)
    found = _find_draw(session, acting, code, day, cells.get("kind", ""))
    if _is_on_record(session, found, new):
        return None
    return results.log_result(session, acting, found, new)


def _read_result(acting: Acting, day: date, cells: Mapping[str, str]) -> results.NewResult:
    outcome = read_word("outcome", cells["outcome"], list(Outcome))
    names, amounts = _read_findings(cells.get("analytes", ""))
    if not amounts:
        check_analytes(outcome, names)
    method = read_word("method", cells["method"], list(Method)) if cells.get("method") else Method.PRESUMPTIVE
    lab = cells.get("lab") or None
    if method is Method.DEFINITIVE and lab is None:
        raise TestingTrackerError("a definitive result needs the laboratory that it comes from, in the column lab")
    return results.NewResult(
        outcome=outcome,
        analytes=names,
        collected_at=_read_time(acting, day, "collected_at", cells),
        note=cells.get("note") or None,
        amounts=amounts,
        method=method,
        lab=lab,
        specimen=_read_specimen(acting, day, cells),
    )


def _read_findings(cell: str) -> tuple[tuple[str, ...], dict[str, Amount]]:
    """The analytes of a cell such as `cocaine=320;thc`, and the amounts of those that have one."""
    amounts = {}
    for part in cell.split(";"):
        name, equals, amount = part.partition("=")
        if equals:
            try:
                amounts[read_analytes(name)[0]] = read_amount(amount)
            except IndexError:
                raise TestingTrackerError("analytes has an amount without a name") from None
            except TestingTrackerError:
                read_analytes(name)
                raise TestingTrackerError("analytes has an amount that is none; write cocaine=320") from None
    return read_analytes(";".join(part.partition("=")[0] for part in cell.split(";"))), amounts


def _read_specimen(acting: Acting, day: date, cells: Mapping[str, str]) -> NewSpecimen | None:
    said = {column: cells[column] for column in _OF_THE_SPECIMEN if cells.get(column)}
    if not said:
        return None
    if said.get("specimen", SPECIMENS[0]) not in SPECIMENS:
        raise TestingTrackerError(f"specimen is none of {', '.join(SPECIMENS)}")
    measured = {}
    for column in _MEASURED:
        if column in said:
            try:
                measured[column] = parse_measurement(column, said[column])
            except TestingTrackerError:
                raise TestingTrackerError(f"{column} is not a measurement") from None
    observed = read_word("observed", said["observed"], list(YesNo)) is YesNo.YES if "observed" in said else None
    return NewSpecimen(
        kind=said.get("specimen"),
        label=said.get("specimen_id"),
        collector=said.get("collector"),
        observed=observed,
        received_at=_read_time(acting, day, "received_at", cells),
        measurements=Measurements(**measured),
    )


def _find_draw(session: Session, acting: Acting, code: str, day: date, kind: str) -> OpenDraw:
    """The draw that a line means. Of two it is not guessed: a file comes again, and then the guess would be another."""
    which = read_word("kind", kind, list(Which)) if kind else None
    participant = lookup.find_participant(session, acting, code)
    if which is None and len(draws_on(session, id_of(participant), day)) > 1:
        raise TestingTrackerError(
            f"{participant.code} has two draws on {day}, a scheduled one and one for cause; say which in a column "
            f"kind: {' or '.join(Which)}"
        )
    return find_draw(session, acting, code, day, for_cause=None if which is None else which is Which.FOR_CAUSE)


def _read_time(acting: Acting, day: date, column: str, cells: Mapping[str, str]) -> datetime | None:
    cell = cells.get(column, "")
    if not cell:
        return None
    if _TIME.fullmatch(cell) is None:
        raise TestingTrackerError(f"{column} is not a time; write 09:40, or 2026-11-23T09:40")
    return results.collected_instant(acting, day, cell)


def _is_on_record(session: Session, found: OpenDraw, new: results.NewResult) -> bool:
    """Whether a result of the draw says or once said the same; what the line leaves out is not compared.

    One that was corrected or taken back must not come back with the file that brought it.
    """
    outcomes = [new.outcome, *([Outcome.INVALID] if new.specimen else [])]  # a specimen may make another one of it
    ever = session.exec(
        select(Result).where(
            Result.draw_id == found.draw.id, col(Result.outcome).in_(outcomes), Result.method == new.method
        )
    )
    named = sorted(name for name in new.analytes if name not in new.amounts)
    return any(
        (result.outcome != new.outcome or set(named) <= set(findings_of(session, result.id)))
        and (bool(new.amounts or new.specimen) or findings_of(session, result.id) == named)
        and new.collected_at in (None, result.collected_at)
        and new.note in (None, result.note)
        for result in ever.all()
    )
