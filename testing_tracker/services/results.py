"""Logging the result of a draw's specimen, and correcting one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.attendance import check_change
from testing_tracker.rules.calendar import instant
from testing_tracker.rules.words import Outcome, Standing, Status
from testing_tracker.services import recommendations
from testing_tracker.services.attendance import set_status
from testing_tracker.services.draws import OpenDraw, window_closes
from testing_tracker.store import audit
from testing_tracker.store.queries import findings_of, id_of, standing_on
from testing_tracker.store.tables import Draw, Finding, Participant, Recommendation, Result


@dataclass(frozen=True)
class NewResult:
    """What a nurse says of a specimen. `collected_at` is in UTC; analytes are the vocabulary's names."""

    outcome: Outcome
    analytes: Sequence[str] = ()
    collected_at: datetime | None = None
    note: str | None = None


@dataclass(frozen=True)
class Logged:
    """What logging did: the draw, its status before, and the recommendation that it raised, changed or withdrew.

    `decided` are the recommendations that a clinician decided on with what was recorded before; `because` is why a
    draw that was to be due again has another status.
    """

    participant: Participant
    draw: Draw
    earlier_status: Status
    recommendation: Recommendation | None
    decided: Sequence[int] = ()
    because: str | None = None


def log_result(session: Session, acting: Acting, found: OpenDraw, new: NewResult) -> Logged:
    """Record the result of a draw; a positive raises its recommendation in the same transaction.

    Also for a draw that was closed out as missed before its result came in. Raises TestingTrackerError for a second
    result, and for a result that is not one.
    """
    earlier = Status(found.draw.status)
    check_change(found.which, earlier, found.outcome, Status.COLLECTED)
    _check(acting, found.draw, new)
    _write(session, acting, found, new, reason=None)
    audit.record(
        session,
        acting,
        "result log",
        participant_id=found.draw.participant_id,
        draw_id=found.draw.id,
        due_on=found.draw.due_on,
        earlier=earlier,
        outcome=new.outcome,
        analytes=list(new.analytes),
    )
    set_collected(session, found.draw)
    recommendation = _respond(session, acting, found.draw, None, new.outcome)
    decided = recommendations.decided_on(session, found.draw)
    return Logged(found.participant, found.draw, earlier, recommendation, decided)


def amend_result(session: Session, acting: Acting, found: OpenDraw, new: NewResult, reason: str) -> Logged:
    """Correct what is recorded for a draw; the earlier result is kept. Evidence follows the correction.

    Raises TestingTrackerError when nothing was recorded yet, or when it says the same already.
    """
    draw = found.draw
    earlier = Status(draw.status)
    if earlier in (Status.DUE, Status.CANCELLED) or (earlier is Status.COLLECTED and found.outcome is None):
        raise TestingTrackerError(f"{found.which} has no result to correct ({earlier}). Log one with `result`.")
    _check(acting, draw, new)
    if _is_same(session, found, new):
        raise TestingTrackerError(f"{found.which} says {new.outcome} already; there is nothing to correct.")
    _write(session, acting, found, new, reason)
    audit.record(
        session,
        acting,
        "result amend",
        participant_id=draw.participant_id,
        draw_id=draw.id,
        reason=reason,
        due_on=draw.due_on,
        earlier=found.outcome or earlier,
        outcome=new.outcome,
        analytes=list(new.analytes),
    )
    set_collected(session, draw)
    recommendation = _respond(session, acting, draw, found.outcome, new.outcome)
    return Logged(found.participant, draw, earlier, recommendation, recommendations.decided_on(session, draw))


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
    if found.outcome is not None:
        _write(session, acting, found, None, reason)
    set_status(session, acting, draw, wanted, f"{because}; {reason}" if because else reason)
    recommendation = _respond(session, acting, draw, found.outcome, None)
    decided = recommendations.decided_on(session, draw)
    return Logged(found.participant, draw, earlier, recommendation, decided, because)


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
        if moment.tzinfo is None:
            return instant(moment.date(), moment.time(), acting.zone)
        return moment
    except ValueError as error:
        hint = str(error) if "clock" in str(error) else "write 09:40, or 2026-11-23T09:40"
        raise TestingTrackerError(f"{text!r} is not a time of collection; {hint}.") from None


def _check(acting: Acting, draw: Draw, new: NewResult) -> None:
    if new.outcome is Outcome.POSITIVE and not new.analytes:
        raise TestingTrackerError("A positive needs at least one analyte; add --analyte NAME.")
    if new.outcome is not Outcome.POSITIVE and new.analytes:
        raise TestingTrackerError(f"A {new.outcome} result has no analytes; leave them out, or log a positive.")
    if new.collected_at is None:
        return
    collected_on = new.collected_at.astimezone(acting.zone).date()
    if collected_on > acting.today:
        raise TestingTrackerError(f"The time of collection is in the future; today is {acting.today}.")
    if collected_on < draw.due_on:
        raise TestingTrackerError(f"The time of collection is before the draw's day, {draw.due_on}.")


def _is_same(session: Session, found: OpenDraw, new: NewResult) -> bool:
    if found.result is None or found.outcome is not new.outcome:
        return False
    same_time = new.collected_at in (None, found.result.collected_at)
    same_note = new.note in (None, found.result.note)
    return findings_of(session, found.result.id) == sorted(set(new.analytes)) and same_time and same_note


def _write(session: Session, acting: Acting, found: OpenDraw, new: NewResult | None, reason: str | None) -> None:
    """Add the row that counts from now on. The database lets only one first result and one correction of it in.

    What was said of the specimen stays said while the outcome does; another outcome may be another specimen's.
    """
    earlier = found.result
    kept = earlier if new and found.outcome is new.outcome else None
    result = Result(
        draw_id=id_of(found.draw),
        outcome=new.outcome if new else None,
        collected_at=(new.collected_at if new else None) or (kept.collected_at if kept else None),
        note=(new.note if new else None) or (kept.note if kept else None),
        replaces_id=earlier.id if earlier else None,
        reason=reason,
        recorded_at=acting.now,
        recorded_by=acting.account,
    )
    session.add(result)
    try:
        session.flush()
    except IntegrityError:
        raise TestingTrackerError(f"{found.which} was recorded by somebody else just now. Look at it first.") from None
    for analyte in sorted(set(new.analytes)) if new else ():
        session.add(Finding(result_id=id_of(result), analyte=analyte))
    session.flush()


def set_collected(session: Session, draw: Draw) -> None:
    """The draw was given; the reason of an earlier status does not apply any more."""
    draw.reason = None
    draw.status = Status.COLLECTED
    session.add(draw)
    session.flush()


def _respond(
    session: Session, acting: Acting, draw: Draw, before: Outcome | None, after: Outcome | None
) -> Recommendation | None:
    if after is Outcome.POSITIVE and before is not Outcome.POSITIVE:
        return recommendations.add_evidence(session, acting, draw)
    if before is Outcome.POSITIVE and after is not Outcome.POSITIVE:
        return recommendations.withdraw_evidence(session, acting, draw)
    return None
