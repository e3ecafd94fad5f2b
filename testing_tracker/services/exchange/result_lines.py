"""Imports a laboratory's or a clinic's file of results, a line a result.

A reason for refusing a line names its own code and words of this program, never the text of a cell.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.people.codes import label_key
from testing_tracker.rules.testing.amounts import Amount, amounts_by_analyte, read_amount
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.testing.specimens import Measurements, NewSpecimen, parse_measurement
from testing_tracker.rules.words import MEASURED, SPECIMENS, DrawKind, Method, Outcome, Status
from testing_tracker.services.exchange.imports import (
    ImportedRow,
    ImportReport,
    check_analytes,
    imported_rows,
    read_analytes,
    read_code,
    read_day,
    read_word,
)
from testing_tracker.services.exchange.on_record import differences, has_label, one_result, results_of, was_taken_back
from testing_tracker.services.people import lookup
from testing_tracker.services.schedules.versions import test_of
from testing_tracker.services.testing import results
from testing_tracker.services.testing.collections import collected_instant
from testing_tracker.services.testing.draws import OpenDraw, find_draw, find_draw_to_correct
from testing_tracker.services.testing.earlier import is_further
from testing_tracker.services.testing.settling import RaisedRecommendation
from testing_tracker.store.queries import draws_on, id_of
from testing_tracker.store.tables import Draw, Recommendation, Result
from testing_tracker.store.work import Work
from testing_tracker.watching import begun

COLUMNS = ("participant", "due_on", "outcome")
_OF_THE_SPECIMEN = ("specimen", "specimen_id", "collector", "observed", "received_at", *MEASURED)
OPTIONAL = ("analytes", "collected_at", "note", "kind", "method", "lab", "looked_for", "cutoffs", *_OF_THE_SPECIMEN)
_TIME = re.compile(r"[0-9T:.+Z -]{1,40}")


class Which(StrEnum):
    """Which draw a line means, where two fall on one day."""

    SCHEDULED = "scheduled"
    FOR_CAUSE = "for-cause"


class YesNo(StrEnum):
    """Whether a collection was observed."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True)
class _Row:
    """A line that was read: the draw that it is about, and what it says."""

    line: ImportedRow
    draw_id: int
    for_cause: bool
    new: results.NewResult

    @property
    def label(self) -> str | None:
        """The label of its specimen, as labels are compared."""
        said = self.new.specimen
        return label_key(said.label) if said is not None and said.label is not None else None


@dataclass(frozen=True)
class _Whole:
    """All rows of one specimen: its draw, and the one result that they say together."""

    rows: Sequence[_Row]
    found: OpenDraw
    new: results.NewResult


def import_results(work: Work, lines: Iterable[str]) -> ImportReport:
    """Log the results of a file; one of which all is on record, even as corrected since, stays unchanged.

    The rows of one specimen are one result. Each raises its recommendation as if a nurse had logged it. One that
    differs from what is on record is refused with what differs: a correction needs a reason, which `amend` asks for.
    """
    tally = ImportReport()
    raised: dict[int, tuple[str, Recommendation]] = {}
    read = _read_rows(work, lines, tally)
    advance = begun("Logging", len(read))
    for specimens in _by_specimens(read, tally):
        for logged in _take(work, specimens, tally):
            if logged.recommendation is not None:
                raised[id_of(logged.recommendation)] = logged.participant.code, logged.recommendation
            if logged.settled.lost is not None:
                tally.lost_grounds[logged.participant.code] = logged.settled.lost
        advance(sum(map(len, specimens)))
    # As the file's last positive left them.
    tally.recommendations = [RaisedRecommendation.of(*changed) for changed in raised.values()]
    tally.refused.sort(key=lambda refused: refused.number)
    tally.notes.sort()
    return tally


_Key = tuple[str, ...]  # participant, day, method and which of two draws, as their cells say


def _key(line: ImportedRow) -> _Key:
    cells = line.cells
    method = cells.get("method", "").casefold() or str(Method.PRESUMPTIVE)
    return cells["participant"].casefold(), cells["due_on"], method, cells.get("kind", "").casefold()


def _read_rows(work: Work, lines: Iterable[str], tally: ImportReport) -> list[_Row]:
    """The lines that can be read. Where one cannot, the others of its draw and method say only a part of a result, so
    they are refused with it."""
    rows: list[_Row] = []
    unread: dict[_Key, int] = {}
    for line in imported_rows(lines, COLUMNS, OPTIONAL, tally):
        try:
            rows.append(_read_row(work, line))
        except TestingTrackerError as error:
            tally.refuse(line, error)
            unread.setdefault(_key(line), line.number)
    for row in rows:
        if _key(row.line) in unread:
            tally.refuse(
                row.line, f"line {unread[_key(row.line)]}, of the same draw, is refused: mend it, and take both"
            )
    return [row for row in rows if _key(row.line) not in unread]


def _read_row(work: Work, line: ImportedRow) -> _Row:
    cells = line.cells
    code = read_code(cells["participant"])
    day = read_day("due_on", cells["due_on"])
    new = _read_result(work, day, cells)
    draw = _find_draw(work, code, day, cells.get("kind", "")).draw
    return _Row(line, id_of(draw), draw.kind == DrawKind.FOR_CAUSE, new)


def _by_specimens(rows: Sequence[_Row], tally: ImportReport) -> Iterator[list[list[_Row]]]:
    """The rows of each draw and method, by specimen. A row without a label is of the only one that has one."""
    by_draw: dict[tuple[int, Method], list[_Row]] = {}
    for row in rows:
        by_draw.setdefault((row.draw_id, row.new.method), []).append(row)
    for of_draw in by_draw.values():
        labels = list(dict.fromkeys(row.label for row in of_draw if row.label is not None))
        if len(labels) < 2:
            yield [of_draw]
            continue
        for row in of_draw:
            if row.label is None:
                tally.refuse(row.line, "two specimens of this draw are in the file, and this line does not say which")
        yield [[row for row in of_draw if row.label == label] for label in labels]


def _take(work: Work, specimens: list[list[_Row]], tally: ImportReport) -> Iterator[results.Logged]:
    """Log what is new of a draw's specimens. Of two new ones it is not guessed which is the draw's."""
    new = []
    for rows in specimens:
        try:
            whole = _whole(work, rows)
        except TestingTrackerError as error:
            _refuse(tally, rows, error)
            continue
        if _is_on_record(work, whole):
            tally.unchanged += len(rows)
        else:
            new.append(whole)
    for whole in new:
        if len(new) > 1:
            _refuse(tally, whole.rows, "the file has two specimens of this draw, and a draw has one result")
            continue
        try:
            with work.session.begin_nested():
                logged = _log(work, whole, tally)
        except TestingTrackerError as error:
            _refuse(tally, whole.rows, error)
            continue
        is_new = [row.new not in [other.new for other in whole.rows[:place]] for place, row in enumerate(whole.rows)]
        for one in is_new:
            tally.add(is_new=one)
        tally.notes += [(whole.rows[0].line.number, f"{whole.found.which}: {said}") for said in logged.of_the_cup]
        yield logged


def _refuse(tally: ImportReport, rows: Sequence[_Row], reason: object) -> None:
    for row in rows:
        tally.refuse(row.line, reason)


def _whole(work: Work, rows: Sequence[_Row]) -> _Whole:
    """The rows of one specimen as one result, and its draw as it is now: rows before may have changed it."""
    first = rows[0]
    cells = first.line.cells
    day = read_day("due_on", cells["due_on"])
    found = find_draw_to_correct(work, cells["participant"], day, for_cause=first.for_cause)
    kinds = [row.new.specimen.kind for row in rows if row.new.specimen is not None and row.new.specimen.kind]
    kind = [*kinds, test_of(work, found.draw).specimen][0]
    return _Whole(rows, found, one_result(work.vocabulary, [row.new for row in rows], kind))


def _log(work: Work, whole: _Whole, tally: ImportReport) -> results.Logged:
    """Log a result that is not on record. Raises TestingTrackerError, naming what differs where another one is."""
    found, new = whole.found, whole.new
    standing = next(iter(results_of(work.session, found.draw, new.method)), None)
    if standing is not None and standing.outcome is not None and not _may_follow(work, found, standing, new):
        differing = ", ".join(differences(work, found.draw, standing, new))
        raise TestingTrackerError(
            f"{found.which} already has a result ({standing.outcome}), and the line says otherwise; what differs: "
            f"{differing}. If the line is right, correct it with `testing-tracker amend`."
        )
    came_back = was_taken_back(work, found.draw, new)
    logged = results.log_result(work, found, new)
    if came_back:
        said = f"{found.which}: the same result was taken back before, and is on record again. Look whether it is right"
        tally.notes.append((whole.rows[0].line.number, said))
    return logged


def _may_follow(work: Work, found: OpenDraw, standing: Result, new: results.NewResult) -> bool:
    """Whether a line is about another cup than the one that was to be collected again, or adds to a laboratory's."""
    if found.outcome is None:
        return not has_label(work.session, standing, new)
    return is_further(work, standing, new.method, new.outcome, new.named)


def _read_result(work: Work, day: date, cells: Mapping[str, str]) -> results.NewResult:
    outcome = read_word("outcome", cells["outcome"], list(Outcome))
    names, amounts = _read_findings(work.vocabulary, cells.get("analytes", ""))
    if not amounts:
        check_analytes(outcome, names)
    method = read_word("method", cells["method"], list(Method)) if cells.get("method") else Method.PRESUMPTIVE
    lab = cells.get("lab") or None
    if method is Method.DEFINITIVE and lab is None:
        raise TestingTrackerError("a definitive result needs the laboratory that it comes from, in the column lab")
    return results.NewResult(
        outcome=outcome,
        analytes=names,
        collected_at=_read_time(work, day, "collected_at", cells),
        note=cells.get("note") or None,
        amounts=amounts,
        method=method,
        lab=lab,
        specimen=_read_specimen(work, day, cells),
        looked_for=read_analytes(work.vocabulary, cells.get("looked_for", ""), "looked_for"),
        cutoffs=_read_cutoffs(work.vocabulary, cells.get("cutoffs", "")),
    )


def _read_findings(
    vocabulary: Vocabulary, cell: str, column: str = "analytes"
) -> tuple[tuple[str, ...], dict[str, Amount]]:
    """The analytes of a cell such as `cocaine=320;thc`, and the amounts of those that have one."""
    amounts = []
    for part in cell.split(";"):
        name, equals, amount = part.partition("=")
        if equals:
            try:
                amounts.append((read_analytes(vocabulary, name, column)[0], read_amount(amount)))
            except IndexError:
                raise TestingTrackerError(f"{column} has an amount without a name") from None
            except TestingTrackerError:
                read_analytes(vocabulary, name, column)
                raise TestingTrackerError(f"{column} has an amount that is none; write cocaine=320") from None
    named = read_analytes(vocabulary, ";".join(part.partition("=")[0] for part in cell.split(";")), column)
    return named, amounts_by_analyte(amounts)


def _read_cutoffs(vocabulary: Vocabulary, cell: str) -> dict[str, Amount]:
    named, cutoffs = _read_findings(vocabulary, cell, "cutoffs")
    without = next((name for name in named if name not in cutoffs), None)
    if without is not None:
        raise TestingTrackerError(f"cutoffs has {without} without an amount; write {without}=50")
    return cutoffs


def _read_specimen(work: Work, day: date, cells: Mapping[str, str]) -> NewSpecimen | None:
    said = {column: cells[column] for column in _OF_THE_SPECIMEN if cells.get(column)}
    if not said:
        return None
    if said.get("specimen", SPECIMENS[0]) not in SPECIMENS:
        raise TestingTrackerError(f"specimen is none of {', '.join(SPECIMENS)}")
    measured = {}
    for column in MEASURED:
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
        received_at=_read_time(work, day, "received_at", cells),
        measurements=Measurements(**measured),
    )


def _find_draw(work: Work, code: str, day: date, kind: str) -> OpenDraw:
    """The draw that a line means. Of two it is not guessed: a file comes again, and then the guess would be another."""
    which = read_word("kind", kind, list(Which)) if kind else None
    participant = lookup.find_participant(work, code)
    if which is None and len(draws_on(work.session, id_of(participant), day)) > 1:
        raise TestingTrackerError(
            f"{participant.code} has two draws on {day}, a scheduled one and one for cause; say which in a column "
            f"kind: {' or '.join(Which)}"
        )
    return find_draw(work, code, day, for_cause=None if which is None else which is Which.FOR_CAUSE)


def _read_time(work: Work, day: date, column: str, cells: Mapping[str, str]) -> datetime | None:
    cell = cells.get(column, "")
    if not cell:
        return None
    if _TIME.fullmatch(cell) is None:
        raise TestingTrackerError(f"{column} is not a time; write 09:40, or 2026-11-23T09:40")
    what = "time of receipt" if column == "received_at" else "time of collection"
    return collected_instant(work, day, cell, what)


def _is_absence(draw: Draw) -> bool:
    """Whether a person, and not the night, has said that no specimen was given."""
    return draw.status == Status.REFUSED or (draw.status == Status.MISSED and draw.because != Because.CLOSED_OUT)


def _is_on_record(work: Work, whole: _Whole) -> bool:
    """Whether a result of the draw says, or said before it was corrected, all that the rows say.

    One that was corrected, also to say that the draw was missed or refused, must not come back with the file that
    brought it. A draw whose result was taken back, and that nobody has said anything else of, has nothing on record.
    """
    ever = results_of(work.session, whole.found.draw, whole.new.method)
    if not ever or (ever[0].outcome is None and not _is_absence(whole.found.draw)):
        return False
    return any(result.outcome and not differences(work, whole.found.draw, result, whole.new) for result in ever)
