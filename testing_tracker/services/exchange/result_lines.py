"""Imports a laboratory's or a clinic's file of results, a line a result."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.exchange.sheet import ImportedRow, Sheet
from testing_tracker.rules.people.codes import label_key
from testing_tracker.rules.words import Method, Status
from testing_tracker.services.exchange.imports import ImportReport, all_faults, imported_rows
from testing_tracker.services.exchange.on_record import differences, has_label, one_result, results_of, was_taken_back
from testing_tracker.services.exchange.result_cells import checks, read_result
from testing_tracker.services.exchange.whose_line import WhichDraw, draw_of
from testing_tracker.services.schedules.versions import test_of
from testing_tracker.services.testing import results
from testing_tracker.services.testing.draws import OpenDraw, find_draw_to_correct
from testing_tracker.services.testing.earlier import is_further
from testing_tracker.services.testing.settling import RaisedRecommendation
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Draw, Recommendation, Result
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class _Row:
    """A line that was read: the draw that it is about, and what it says."""

    line: ImportedRow
    draw: WhichDraw
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


def import_results(work: Work, sheet: Sheet) -> ImportReport:
    """Log the results of a file; one of which all is on record, even as corrected since, stays unchanged.

    The rows of one specimen are one result. Each raises its recommendation as if a nurse had logged it. One that
    differs from what is on record is refused with what differs: a correction needs a reason, which `amend` asks for.
    """
    tally = ImportReport()
    raised: dict[int, tuple[str, Recommendation]] = {}
    read = _read_rows(work, sheet, tally)
    advance = work.begun("Logging", len(read))
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
    return tally


_Key = tuple[str | int, ...]  # what says that two lines are about one draw and method


def _keys(work: Work, line: ImportedRow) -> set[_Key]:
    """All that says which draw and method a line is about, even of one that cannot be read: its cells, and its draw."""
    cells = line.cells
    method = cells.get("method", "").casefold() or str(Method.PRESUMPTIVE)
    keys: set[_Key] = set()
    if cells.get("participant") and cells.get("due_on"):
        keys.add((cells["participant"].casefold(), cells["due_on"], method, cells.get("kind", "").casefold()))
    if cells.get("specimen_id"):
        keys.add((label_key(cells["specimen_id"]), method))
    with suppress(TestingTrackerError):
        keys.add((draw_of(work, cells).draw_id, method))
    return keys


def _read_rows(work: Work, sheet: Sheet, tally: ImportReport) -> list[_Row]:
    """The lines that can be read. Where one cannot, the others of its draw and method say only a part of a result, so
    they are refused with it."""
    rows: list[_Row] = []
    unread: dict[_Key, int] = {}
    for line in imported_rows(work, sheet, tally):
        try:
            which = draw_of(work, line.cells)
            rows.append(_Row(line, which, read_result(work, which.day, line.cells)))
        except TestingTrackerError as error:
            tally.refuse(line, all_faults(line, checks(work), error))
            for key in _keys(work, line):
                unread.setdefault(key, line.number)
    if not unread:
        return rows
    good = []
    for row in rows:
        beside = min((unread[key] for key in _keys(work, row.line) if key in unread), default=None)
        if beside is None:
            good.append(row)
        else:
            tally.refuse(row.line, f"line {beside}, of the same draw, is refused: mend it, and take both")
    return good


def _by_specimens(rows: Sequence[_Row], tally: ImportReport) -> Iterator[list[list[_Row]]]:
    """The rows of each draw and method, by specimen. A row without a label is of the only one that has one."""
    by_draw: dict[tuple[int, Method], list[_Row]] = {}
    for row in rows:
        by_draw.setdefault((row.draw.draw_id, row.new.method), []).append(row)
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
    which = first.draw
    found = find_draw_to_correct(work, which.participant, which.day, for_cause=which.for_cause)
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


def _is_absence(draw: Draw) -> bool:
    """Whether a person, and not the night, has said that no specimen was given."""
    by_the_night = (Because.CLOSED_OUT, Because.NOT_CHECKED_IN)
    return draw.status == Status.REFUSED or (draw.status == Status.MISSED and draw.because not in by_the_night)


def _is_on_record(work: Work, whole: _Whole) -> bool:
    """Whether a result of the draw says, or said before it was corrected, all that the rows say.

    One that was corrected, also to say that the draw was missed or refused, must not come back with the file that
    brought it. A draw whose result was taken back, and that nobody has said anything else of, has nothing on record.
    """
    ever = results_of(work.session, whole.found.draw, whole.new.method)
    if not ever or (ever[0].outcome is None and not _is_absence(whole.found.draw)):
        return False
    return any(result.outcome and not differences(work, whole.found.draw, result, whole.new) for result in ever)
