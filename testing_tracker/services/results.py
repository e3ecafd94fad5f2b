"""Logging the result of a draw's specimen, and correcting one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.amounts import Amount, judge
from testing_tracker.rules.attendance import check_change
from testing_tracker.rules.calendar import instant
from testing_tracker.rules.exchange.days import read_day
from testing_tracker.rules.validity import outcome_of
from testing_tracker.rules.words import Method, Outcome, Standing, Status, Validity
from testing_tracker.services import panels, settling
from testing_tracker.services.attendance import set_status
from testing_tracker.services.draws import OpenDraw, window_closes
from testing_tracker.services.settling import Settled
from testing_tracker.store import audit
from testing_tracker.store.queries import findings_of, id_of, standing_on, standing_result
from testing_tracker.store.tables import Draw, Finding, Participant, Recommendation, Result, Specimen

if TYPE_CHECKING:
    from testing_tracker.services.specimens import NewSpecimen


@dataclass(frozen=True)
class NewResult:
    """What is said of a specimen. `collected_at` is in UTC; analytes are the vocabulary's names.

    `amounts` are what was measured of an analyte; it counts as found when it reaches the cutoff. A definitive result
    is a laboratory's that tells substances apart.
    """

    outcome: Outcome
    analytes: Sequence[str] = ()
    collected_at: datetime | None = None
    note: str | None = None
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    method: Method = Method.PRESUMPTIVE
    lab: str | None = None
    specimen: "NewSpecimen | None" = None


@dataclass(frozen=True)
class Logged:
    """What logging did: the draw, its status before, and the recommendation that it raised, changed or withdrew.

    `outcome` is what went on record, which the specimen's validity may have changed, with the analytes found.
    `settled` says how the result reads, and `result_id` which row it is; `decided` are the recommendations that a
    clinician decided on with what was recorded before; `because` is why a draw that was to be due again has another
    status.
    """

    participant: Participant
    draw: Draw
    earlier_status: Status
    outcome: Outcome | None
    analytes: Sequence[str]
    settled: Settled
    result_id: int | None = None
    because: str | None = None
    warnings: Sequence[str] = ()

    @property
    def recommendation(self) -> Recommendation | None:
        return self.settled.recommendation

    @property
    def decided(self) -> Sequence[int]:
        return self.settled.decided


def log_result(session: Session, acting: Acting, found: OpenDraw, new: NewResult) -> Logged:
    """Record the result of a draw; a positive raises its recommendation in the same transaction.

    Also for a draw that was closed out as missed before its result came in, and a laboratory's definitive result beside
    the presumptive one. Raises TestingTrackerError for a second result, and for a result that is not one.
    """
    draw = found.draw
    earlier = Status(draw.status)
    standing = _standing(session, found, new.method)
    outcome = Outcome(standing.outcome) if standing is not None and standing.outcome else None
    is_recollected = outcome is Outcome.INVALID and earlier is Status.DUE
    which = f"{found.which} (definitive)" if new.method is Method.DEFINITIVE else found.which
    check_change(which, earlier, None if is_recollected else outcome, Status.COLLECTED)
    return _record(session, acting, found, new, standing, None)


def amend_result(session: Session, acting: Acting, found: OpenDraw, new: NewResult, reason: str) -> Logged:
    """Correct what is recorded for a draw; the earlier result is kept. Evidence follows the correction.

    Raises TestingTrackerError when nothing was recorded yet, or when it says the same already.
    """
    draw = found.draw
    earlier = Status(draw.status)
    standing = _standing(session, found, new.method)
    has_none = standing is None or standing.outcome is None
    if earlier in (Status.DUE, Status.CANCELLED) or (earlier is Status.COLLECTED and has_none):
        kind = "definitive result" if new.method is Method.DEFINITIVE else "result"
        raise TestingTrackerError(f"{found.which} has no {kind} to correct ({earlier}). Log one with `result`.")
    if _is_same(session, standing, new):
        raise TestingTrackerError(f"{found.which} says {new.outcome} already; there is nothing to correct.")
    return _record(session, acting, found, new, standing, reason)


def _standing(session: Session, found: OpenDraw, method: Method) -> Result | None:
    """The newest word of one method on a draw. Where no result counts, there is none of any method."""
    return standing_result(session, id_of(found.draw), method) if found.result is not None else None


def _record(
    session: Session, acting: Acting, found: OpenDraw, new: NewResult, standing: Result | None, reason: str | None
) -> Logged:
    """Write a result that may be written, and what follows from it."""
    draw = found.draw
    earlier, before = Status(draw.status), draw.outcome
    test = panels.test_of(session, draw)
    kind = new.specimen.kind if new.specimen and new.specimen.kind else test.specimen
    found_in_it = judge(new.outcome, new.analytes, new.amounts, kind, new.method)
    _check_time(acting, draw, new)
    specimen = _add_specimen(session, acting, draw, new, kind)
    outcome, unusable = outcome_of(new.outcome, Validity(specimen.validity) if specimen else Validity.NOT_TESTED)
    analytes = found_in_it.analytes if outcome is Outcome.POSITIVE else ()
    written = _write(session, found, _row(acting, draw, new, standing, outcome, specimen, reason))
    _write_findings(session, written, new, analytes)
    read = settling.read_of(session, draw, written, analytes)
    audit.record(
        session,
        acting,
        "result log" if reason is None else "result amend",
        participant_id=draw.participant_id,
        draw_id=draw.id,
        reason=reason,
        due_on=draw.due_on,
        earlier=before or earlier,
        outcome=outcome,
        analytes=list(analytes),
        method=new.method,
    )
    _set_collected(draw)
    settled = settling.settle_with(session, acting, draw, written, read, is_first=found.result is None)
    return Logged(
        participant=found.participant,
        draw=draw,
        earlier_status=earlier,
        outcome=outcome,
        analytes=analytes,
        settled=settled,
        result_id=written.id,
        warnings=[*found_in_it.warnings, *test.outside(analytes), *([unusable] if unusable else [])],
    )


def _add_specimen(session: Session, acting: Acting, draw: Draw, new: NewResult, kind: str) -> Specimen | None:
    if new.specimen is None:
        return None
    from testing_tracker.services import specimens  # a nurse without measurements need not wait for the limits

    return specimens.add(session, acting, draw, new.specimen, kind, new.collected_at)


def take_back(session: Session, acting: Acting, found: OpenDraw, status: Status, reason: str) -> Logged:
    """Correct a record that should not be there, such as one logged for the wrong participant.

    The draw becomes `missed`, `refused`, `excused` or, where it can still be given, `due` again; the result stays on
    record as taken back. Raises TestingTrackerError when the draw is in that state already.
    """
    draw = found.draw
    earlier = Status(draw.status)
    wanted, because = _due_again(session, acting, found) if status is Status.DUE else (status, None)
    if earlier in (status, wanted, Status.CANCELLED):
        raise TestingTrackerError(f"{found.which} is recorded as {earlier}; there is nothing to correct.")
    for method in Method:
        standing = standing_result(session, id_of(draw), method)
        if standing is not None and standing.outcome is not None:
            _write(session, found, _taken_back(acting, draw, standing, reason))
    followed = set_status(session, acting, draw, wanted, f"{because}; {reason}" if because else reason)
    settled = settling.settle(session, acting, draw)
    settled = replace(settled, recommendation=settled.recommendation or followed)
    return Logged(found.participant, draw, earlier, None, (), settled, because=because)


def _due_again(session: Session, acting: Acting, found: OpenDraw) -> tuple[Status, str | None]:
    """What a draw that is to be due again becomes, and why, if it cannot be given any more."""
    draw = found.draw
    standing = standing_on(session, draw.participant_id, draw.due_on)
    if standing is Standing.DISCHARGED:
        return Status.CANCELLED, f"{found.participant.code} was discharged"
    if standing is Standing.ON_LEAVE:
        return Status.EXCUSED, f"{found.participant.code} is on leave that day"
    if draw.due_on < acting.today:
        return Status.UNRECORDED, "the day is over"
    if acting.now >= window_closes(session, acting, draw):
        return Status.UNRECORDED, "the day's collection window has closed"
    return Status.DUE, None


def collected_instant(acting: Acting, day: date, text: str) -> datetime:
    """The instant of a collection given as `HH:MM` on the draw's day, or as an ISO instant; local where it says none.

    Raises TestingTrackerError for anything else, and for a time that the clock skipped that day.
    """
    try:
        moment = datetime.fromisoformat(text if "-" in text else f"{day}T{text}")
        read_day(moment.date().isoformat())
        if moment.tzinfo is None:
            return instant(moment.date(), moment.time(), acting.zone)
        return moment
    except ValueError as error:
        hint = str(error) if "clock" in str(error) else "write 09:40, or 2026-11-23T09:40"
        raise TestingTrackerError(f"{text!r} is not a time of collection; {hint}.") from None


def _check_time(acting: Acting, draw: Draw, new: NewResult) -> None:
    if new.collected_at is None:
        return
    collected_on = new.collected_at.astimezone(acting.zone).date()
    if collected_on > acting.today:
        raise TestingTrackerError(f"The time of collection is in the future; today is {acting.today}.")
    if collected_on < draw.due_on:
        raise TestingTrackerError(f"The time of collection is before the draw's day, {draw.due_on}.")


def _is_same(session: Session, standing: Result | None, new: NewResult) -> bool:
    if standing is None or standing.outcome != new.outcome or new.amounts or new.specimen:
        return False
    same_time = new.collected_at in (None, standing.collected_at)
    same_note = new.note in (None, standing.note) and new.lab in (None, standing.lab)
    return findings_of(session, standing.id) == sorted(set(new.analytes)) and same_time and same_note


def _row(
    acting: Acting,
    draw: Draw,
    new: NewResult,
    standing: Result | None,
    outcome: Outcome,
    specimen: Specimen | None,
    reason: str | None,
) -> Result:
    """The row to write. What was said of the specimen stays said while the outcome does; another outcome may be
    another specimen's."""
    kept = standing if standing is not None and standing.outcome == outcome else None
    return Result(
        draw_id=id_of(draw),
        outcome=outcome,
        collected_at=new.collected_at or (kept.collected_at if kept else None),
        note=new.note or (kept.note if kept else None),
        replaces_id=standing.id if standing else None,
        reason=reason,
        method=new.method,
        lab=new.lab or (kept.lab if kept else None),
        specimen_id=specimen.id if specimen else (kept.specimen_id if kept else None),
        recorded_at=acting.now,
        recorded_by=acting.account,
    )


def _taken_back(acting: Acting, draw: Draw, standing: Result, reason: str) -> Result:
    return Result(
        draw_id=id_of(draw),
        replaces_id=standing.id,
        reason=reason,
        method=standing.method,
        recorded_at=acting.now,
        recorded_by=acting.account,
    )


def _write(session: Session, found: OpenDraw, result: Result) -> Result:
    """Add the row that counts from now on. The database lets only one first result and one correction of it in."""
    session.add(result)
    try:
        session.flush()
    except IntegrityError:
        raise TestingTrackerError(f"{found.which} was recorded by somebody else just now. Look at it first.") from None
    return result


def _write_findings(session: Session, result: Result, new: NewResult, found: Sequence[str]) -> None:
    """The analytes found, and those that were measured and are below their cutoff."""
    for analyte in sorted({*found, *new.amounts}):
        amount = new.amounts.get(analyte)
        session.add(
            Finding(
                result_id=id_of(result),
                analyte=analyte,
                found=analyte in found,
                amount=str(amount.number) if amount else None,
                unit=amount.unit if amount else None,
            )
        )


def _set_collected(draw: Draw) -> None:
    """The draw was given; the reason of an earlier status does not apply any more. Settling writes it."""
    draw.reason = None
    draw.status = Status.COLLECTED
    draw.unable = False
