"""What the facility is asked before the report says anything of its participants."""

from datetime import timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.no_record import DAYS_TOGETHER, Closed, Compared, Count
from testing_tracker.rules.words import Status
from testing_tracker.services.attendance import HELD
from testing_tracker.store.tables import Closing, Draw, Participant
from testing_tracker.store.taken_back import closing_stands


def questions_in(session: Session, acting: Acting, week: Week) -> list[Compared]:
    """The days that were held back and lie in the week, of which nobody has said yet what happened."""
    held = session.exec(
        select(Closing)
        .where(
            Closing.facility_id == acting.facility_id,
            col(Closing.held),
            closing_stands(),
            Closing.day >= week.monday,
            Closing.day < week.sunday + timedelta(days=DAYS_TOGETHER),
        )
        .order_by(col(Closing.day))
    ).all()
    found = []
    for row in held:
        closed = Closed(row.day, row.days, Count(row.draws, row.untouched), held=True)
        if closed.first_day <= week.sunday and _is_unanswered(session, acting, closed):
            found.append(Compared(closed, Count(row.usual_draws, row.usual_untouched)))
    return found


def _is_unanswered(session: Session, acting: Acting, closed: Closed) -> bool:
    query = (
        select(func.count())
        .select_from(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == acting.facility_id,
            col(Draw.due_on).between(closed.first_day, closed.day),
            Draw.status == Status.UNRECORDED,
            Draw.reason == HELD,
        )
    )
    return session.exec(query).one() > 0
