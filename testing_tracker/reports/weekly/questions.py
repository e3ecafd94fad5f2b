"""What the facility is asked before the report says anything of its participants."""

from sqlmodel import Session

from testing_tracker.acting import Acting
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.drawing.no_record import Compared
from testing_tracker.services.drawing import held_days


def questions_in(session: Session, acting: Acting, week: Week) -> list[Compared]:
    """The days that were held back and lie in the week, of which nobody has said yet what happened."""
    return held_days.unanswered(session, acting, week.monday, week.sunday)
