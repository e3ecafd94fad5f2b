"""Says which draws cannot be missed because their participants did not check in: they tried, or nobody could.

Who was told is another question: a nurse who records yesterday's call changes no draw by that.
"""

from collections.abc import Iterator

from sqlalchemy import exists
from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInOutcome
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.words import Status
from testing_tracker.services.check_in.outages import is_faulty
from testing_tracker.services.check_in.rules_in_force import any_rule
from testing_tracker.services.keeping.checking.stumbling import Found
from testing_tracker.store.tables import CheckIn, Draw, Participant
from testing_tracker.store.work import Work

_TRIED = "the draw is missed because the participant did not check in, and they tried to"
_AT_FAULT = "the draw is missed because the participant did not check in, and check-in was not to be reached"


def wrongly_missed(work: Work) -> Iterator[Found]:
    """Draws that are missed because of check-in, although the participant tried or check-in was at fault."""
    if not any_rule(work):
        return
    tried = exists().where(
        col(CheckIn.participant_id) == Draw.participant_id,
        col(CheckIn.day) == Draw.due_on,
        col(CheckIn.outcome) != CheckInOutcome.TOLD,
    )
    missed = work.session.exec(
        select(col(Draw.due_on), Participant.code, tried)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Draw.facility_id == work.facility_id,
            Draw.status == Status.MISSED,
            Draw.because == Because.NOT_CHECKED_IN,
        )
        .order_by(col(Draw.due_on), col(Draw.id))
    ).all()
    at_fault = {day for day in {day for day, _, _ in missed} if is_faulty(work, day)}
    for day, code, has_tried in missed:
        if has_tried:
            yield day, code, _TRIED
        elif day in at_fault:
            yield day, code, _AT_FAULT
