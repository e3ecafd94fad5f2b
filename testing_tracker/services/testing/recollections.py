"""Which specimens another one is to be collected for, and why: invalid ones, and those too cold or too warm."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from testing_tracker.rules.testing.which_draw import collecting_again
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.testing import cups
from testing_tracker.store.queries import id_of, in_force_id, result_of
from testing_tracker.store.tables import Draw, Enrolment, Participant, Specimen
from testing_tracker.store.work import Work

INVALID = "an invalid specimen was not collected again"


@dataclass(frozen=True)
class ToRecollect:
    """A draw that another specimen is to be collected for, and why; `same_draw`: `test --recollect` does it that day.

    The specimen of a positive, or of one whose result is to come, keeps its draw: the other one is a test for cause.
    """

    participant: str
    due_on: date
    why: str
    same_draw: bool


def is_out_of_range(work: Work, draw: Draw) -> bool:
    """Whether the specimen that a draw's result rests on, or the one whose result is to come, was too cold or warm."""
    specimen = _specimen_of(work.session, draw)
    return specimen is not None and _calls_for_another(work, specimen)


def _calls_for_another(work: Work, specimen: Specimen) -> bool:
    if specimen.temperature is None:
        return False
    from testing_tracker.rules.testing.specimens import calls_for_another  # the call list need not wait for the limits

    return calls_for_another(work.vocabulary.limits_of(specimen.kind), specimen.temperature)


def _specimen_of(session: Session, draw: Draw) -> Specimen | None:
    result = result_of(session, id_of(draw))
    if result is None or result.outcome is None:
        return cups.awaiting(session, draw)
    for specimen in reversed(cups.cups_of(session, draw)):
        if cups.is_of(session, specimen, result):
            return specimen
    return None


def can_be_recollected(work: Work, draw: Draw) -> bool:
    """Whether another specimen may take the place of the draw's: an invalid one's, or a negative's out of range.

    A positive is not replaced by what somebody gives afterwards.
    """
    if draw.status != Status.COLLECTED:
        return False
    return draw.outcome == Outcome.INVALID or (draw.outcome == Outcome.NEGATIVE and is_out_of_range(work, draw))


def collect_again(work: Work, draw: Draw, code: str) -> str | None:
    """The command that asks for another specimen in place of an invalid one; None where the draw's is not invalid.

    Nor of one out of the range of temperatures: what is said of that names the command by itself.
    """
    if draw.status != Status.COLLECTED or draw.outcome != Outcome.INVALID or is_out_of_range(work, draw):
        return None
    return collecting_again(code, draw.due_on, same_draw=draw.due_on == work.today)


def to_recollect(work: Work, on: date | None = None) -> list[ToRecollect]:
    """The specimens, of a day or of all, that call for another one where nothing was asked of the participant since."""
    return list(_to_recollect(work, on))


def _to_recollect(work: Work, on: date | None) -> Iterator[ToRecollect]:
    measured = select(Specimen.draw_id).where(col(Specimen.temperature).is_not(None))
    query = (
        select(Draw, Participant.code)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            Draw.status == Status.COLLECTED,
            true() if on is None else Draw.due_on == on,
            or_(col(Draw.outcome) == Outcome.INVALID, col(Draw.id).in_(measured)),
            *_nothing_asked_since(work),
        )
        .order_by(col(Draw.id))
    )
    for draw, code in work.session.exec(query):
        if draw.outcome == Outcome.INVALID:
            yield ToRecollect(code, draw.due_on, INVALID, same_draw=draw.due_on == work.today)
            continue
        specimen = _specimen_of(work.session, draw)
        if specimen is not None and _calls_for_another(work, specimen):
            why = f"a specimen of {specimen.temperature} C, out of range, was not collected again, observed"
            is_today = draw.due_on == work.today and draw.outcome == Outcome.NEGATIVE
            yield ToRecollect(code, draw.due_on, why, same_draw=is_today)


def _nothing_asked_since(work: Work) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions that a draw's participant is in the programme, and had no other draw after it."""
    later = aliased(Draw)
    after = (col(later.due_on) > Draw.due_on) | (col(later.id) > Draw.id)
    enrolled = select(Enrolment.enrolled).where(Enrolment.id == in_force_id(Enrolment, col(Participant.id), work.today))
    asked_again = select(later.id).where(later.participant_id == Draw.participant_id, after)
    return ~asked_again.exists(), enrolled.scalar_subquery().is_(True)
