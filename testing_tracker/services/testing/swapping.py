"""Exchanging two cups that were logged for each other's participants, as one act."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.interpretation import Interpretation
from testing_tracker.rules.words import Method, Outcome, Status
from testing_tracker.services.testing import cups, results, settling
from testing_tracker.services.testing.attendance import set_collected
from testing_tracker.services.testing.draws import OpenDraw
from testing_tracker.services.testing.results import Logged
from testing_tracker.services.testing.settling import Settled
from testing_tracker.store.queries import finding_rows, findings_of, id_of, newest_specimen, standing_result
from testing_tracker.store.tables import Confirmation, Finding, Result, Specimen
from testing_tracker.store.work import Work

# Of a draw in one of these states a person has said that no cup was given, or why none is wanted.
_NO_CUP_WANTED = (Status.REFUSED, Status.EXCUSED)
# What a result's row has of its own draw, and its own time; all else goes with the cup.
_OF_THE_ROW = ("id", "draw_id", "replaces_id", "reason", "specimen_id", "undone", "recorded_at", "recorded_by")


@dataclass(frozen=True)
class _Held:
    """What a draw has of a cup: its results by method, its specimens, and what was sent to a laboratory."""

    found: OpenDraw
    is_collected: bool
    results: Mapping[Method, Result]
    specimens: list[Specimen]
    sent: Confirmation | None


def swap(work: Work, one: OpenDraw, other: OpenDraw, reason: str) -> tuple[Logged, Logged]:
    """Each draw has the other one's cup now: results of both methods, specimen, hands, and what is awaited of it.

    A draw whose cup was logged for the other, and that has none itself, leaves the other one without: it is due again,
    or what the day leaves of that. The earlier entries are kept. Raises TestingTrackerError where there is no cup, and
    for a draw that was refused or excused, or whose specimen is to be collected again.
    """
    if one.draw.id == other.draw.id:
        raise TestingTrackerError(f"{one.which} cannot be swapped with itself. Give two participants' codes.")
    held, others = _held(work.session, one), _held(work.session, other)
    if not held.is_collected and not others.is_collected:
        raise TestingTrackerError(
            f"Neither {one.which} ({one.draw.status}) nor {other.which} ({other.draw.status}) has a cup to swap."
        )
    moved = {
        id_of(specimen): id_of(cups.moved(work, specimen, to.draw, reason))
        for these, to in ((held.specimens, other), (others.specimens, one))
        for specimen in these
    }
    for sent, own, to in ((others.sent, held.sent, one), (held.sent, others.sent, other)):
        if sent is not None:
            cups.expect(work, to.draw, sent, reason)
        elif own is not None:
            cups.call_off(work, to.draw, own, reason)
    return (_give(work, one, others, moved, reason), _give(work, other, held, moved, reason))


def _held(session: Session, found: OpenDraw) -> _Held:
    draw = found.draw
    status = Status(draw.status)
    has_earlier = found.outcome is None and found.result is not None and found.result.outcome is not None
    if has_earlier:
        raise TestingTrackerError(
            f"{found.which} has a specimen that does not count, and another one that is to come. Log that first."
        )
    if status in _NO_CUP_WANTED:
        raise TestingTrackerError(
            f"{found.which} is recorded as {status}, so it has no cup to swap. If that is wrong, correct it first with "
            "`testing-tracker amend`."
        )
    is_collected = status is Status.COLLECTED
    standing = {method: standing_result(session, id_of(draw), method) for method in Method}
    return _Held(
        found=found,
        is_collected=is_collected,
        results={method: row for method, row in standing.items() if row is not None and row.outcome is not None},
        specimens=cups.cups_of(session, draw) if is_collected else [],
        sent=cups.newest_confirmation(session, draw) if is_collected else None,
    )


def _give(work: Work, to: OpenDraw, held: _Held, moved: Mapping[int, int], reason: str) -> Logged:
    """Put on record for a draw what was on record of another one's cup."""
    draw = to.draw
    earlier, before = Status(draw.status), draw.outcome
    if not held.is_collected:
        return results.take_back(work, to, Status.DUE, reason)
    if not held.results:
        if earlier is Status.COLLECTED and to.outcome is None:
            return Logged(to.participant, draw, earlier, None, (), Settled(Interpretation(), None))
        return results.take_back(work, to, Status.COLLECTED, reason)
    set_collected(draw)
    written = [_write(work, to, method, held.results.get(method), moved, reason) for method in Method]
    rows = [row for row in written if row is not None]
    found = {id_of(row): findings_of(work.session, row.id) for row in rows}
    for row in rows:
        whose, analytes = held.found.participant.code, found[id_of(row)]
        results.put_on_record(work, Act.RESULT_AMEND, draw, row, before or earlier, analytes, swapped_with=whose)
    governing = rows[-1]  # a definitive result comes last, and is settled first: what it says is what the draw says
    settled = None
    for row in reversed(rows):
        read = settling.interpretation_of(work, draw, row, found[id_of(row)])
        now = settling.bring_in_line_with(work, draw, row, read, is_first=False)
        settled = settled or now
    assert settled is not None, "there is a row"
    outcome = Outcome(draw.outcome) if draw.outcome else None
    analytes = found[id_of(governing)] if outcome is Outcome.POSITIVE else []
    return Logged(to.participant, draw, earlier, outcome, analytes, settled, result_id=governing.id)


def _write(
    work: Work, to: OpenDraw, method: Method, theirs: Result | None, moved: Mapping[int, int], reason: str
) -> Result | None:
    """The row of one method that counts for a draw from now on: the other one's, or that there is none any more."""
    own = standing_result(work.session, id_of(to.draw), method)
    if theirs is None and (own is None or own.outcome is None):
        return None
    said: dict[str, Any] = {"method": method, "reason": reason}
    if theirs is not None:
        said |= {name: getattr(theirs, name) for name in _columns(Result, _OF_THE_ROW)}
    if theirs is not None and theirs.specimen_id is not None:
        specimen = newest_specimen(work.session, theirs.specimen_id)
        said["specimen_id"] = moved.get(id_of(specimen), specimen.id)
    row = Result(**said, draw_id=id_of(to.draw), replaces_id=own.id if own is not None else None)
    results.put(work, to, row)
    if theirs is None:
        return None
    for finding in finding_rows(work.session, theirs.id):
        copied = {name: getattr(finding, name) for name in _columns(Finding, ("id", "result_id"))}
        work.add(Finding(result_id=id_of(row), **copied))
    work.session.flush()
    return row


def _columns(table: type[Result] | type[Finding], without: tuple[str, ...]) -> list[str]:
    return [name for name in table.model_fields if name not in without]
