"""Specimens sent to a laboratory for a definitive test, and which of them are overdue."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.which_draw import expected_by, is_overdue
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.deciding.positives import GoverningResult, said_by
from testing_tracker.services.testing import cups
from testing_tracker.services.testing.draws import OpenDraw
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Confirmation, Draw, Participant
from testing_tracker.store.work import Work

_AT_A_TIME = 500


@dataclass(frozen=True)
class Awaited:
    """A definitive result that is awaited, with the analytes that it is awaited of."""

    participant: str
    due_on: date
    outcome: Outcome | None
    lab: str | None
    sent_on: date
    expected_by: date
    is_overdue: bool
    analytes: list[str] = field(default_factory=list)


def send(work: Work, found: OpenDraw, lab: str | None, by: date | None) -> Confirmation:
    """The specimen of a draw goes to a laboratory; its result is awaited by a day, a week from now unless it is said.

    Raises TestingTrackerError where no specimen was collected, where one is on its way already, or where the
    definitive result is on record.
    """
    if found.draw.status != Status.COLLECTED:
        raise TestingTrackerError(f"{found.which} is {found.draw.status}; there is no specimen to send.")
    by = expected_by(work.today, by)
    if _is_answered(work.session, found.draw):
        raise TestingTrackerError(f"{found.which} has a definitive result already.")
    awaited = cups.newest_confirmation(work.session, found.draw)
    if awaited is not None:
        raise TestingTrackerError(
            f"{found.which} was sent already; its result is awaited by {awaited.due_on}. To send it elsewhere, call "
            "that off first with `testing-tracker confirmation cancel`."
        )
    return cups.confirm(work, found.draw, Act.CONFIRMATION_SEND, lab=lab, by=by, reason=None)


def cancel(work: Work, found: OpenDraw, reason: str) -> Confirmation:
    """Cancel a confirmation: no definitive result is awaited any more. Raises TestingTrackerError where none is."""
    awaited = cups.newest_confirmation(work.session, found.draw)
    if awaited is None or _is_answered(work.session, found.draw):
        raise TestingTrackerError(f"{found.which}: no definitive result is awaited; there is nothing to call off.")
    return cups.confirm(work, found.draw, Act.CONFIRMATION_CANCEL, lab=awaited.lab, reason=reason)


def _is_answered(session: Session, draw: Draw) -> bool:
    """Whether a definitive result speaks for all that was found."""
    said = said_by(session, col(Draw.id) == draw.id).get(id_of(draw))
    return said is not None and said.is_answered


def end_for_invalid(work: Work, draw: Draw) -> None:
    """A laboratory's result is invalid: it is not awaited any more, and what the cup found may be sent again."""
    awaited = cups.newest_confirmation(work.session, draw)
    if awaited is not None:
        cups.call_off(work, draw, awaited, "the definitive result is invalid")


def awaited(work: Work, *, overdue_only: bool = False) -> list[Awaited]:
    """The definitive results that are awaited, the longest awaited first."""
    later = aliased(Confirmation)
    query = (
        select(Confirmation, Draw, Participant.code)
        .join(Draw, col(Draw.id) == Confirmation.draw_id)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            col(Confirmation.due_on).is_not(None),
            ~select(later.id).where(later.draw_id == Confirmation.draw_id, col(later.id) > Confirmation.id).exists(),
        )
        .order_by(col(Confirmation.due_on), col(Confirmation.id))
    )
    rows = work.session.exec(query).all()
    said = _said(work.session, [draw for _, draw, _ in rows])
    lines = []
    for row, draw, code in rows:
        assert row.due_on is not None
        one = said.get(id_of(draw))
        if one is not None and one.is_answered:
            continue
        lines.append(
            Awaited(
                participant=code,
                due_on=draw.due_on,
                outcome=Outcome(draw.outcome) if draw.outcome else None,
                lab=row.lab,
                sent_on=row.sent_on or row.recorded_at.astimezone(work.zone).date(),
                expected_by=row.due_on,
                is_overdue=is_overdue(row.due_on, work.today),
                analytes=list(one.presumptive or one.expected) if one is not None else [],
            )
        )
    return [line for line in lines if line.is_overdue or not overdue_only]


def _said(session: Session, draws: Sequence[Draw]) -> dict[int, GoverningResult]:
    said: dict[int, GoverningResult] = {}
    for start in range(0, len(draws), _AT_A_TIME):
        page = [draw.id for draw in draws[start : start + _AT_A_TIME]]
        said |= said_by(session, col(Draw.id).in_(page))
    return said
