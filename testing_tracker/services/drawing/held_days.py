"""The days that a night has held back, of which nobody has said yet what happened: the record, or check-in, failed."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import col, select

from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.drawing.no_record import (
    DAYS_TOGETHER,
    Closed,
    Compared,
    Count,
    asked_together,
)
from testing_tracker.rules.words import Status
from testing_tracker.services.check_in.whether import any_rule
from testing_tracker.store.queries import closing_stands
from testing_tracker.store.tables import Closing, Draw, Participant
from testing_tracker.store.work import Work


def unanswered(work: Work, since: date | None = None, until: date | None = None) -> list[Compared]:
    """The questions that are open, oldest first: all there are, or those about days from `since` to `until`.

    What is asked about the same days is one question, because the same commands answer it.
    """
    asked = _about_the_record(work, since, until)
    if any_rule(work):
        from testing_tracker.services.check_in.ending import open_questions  # no other command needs it at its start

        asked += open_questions.about_check_in(work, since, until)
    return asked_together(sorted(asked, key=lambda one: (one.closed.day, one.closed.days)))


def _about_the_record(work: Work, since: date | None, until: date | None) -> list[Compared]:
    query = select(Closing).where(Closing.facility_id == work.facility_id, col(Closing.held), closing_stands())
    if since is not None:
        query = query.where(Closing.day >= since)
    if until is not None:
        query = query.where(Closing.day < until + timedelta(days=DAYS_TOGETHER))
    rows = work.session.exec(query.order_by(col(Closing.day), col(Closing.days))).all()
    if not rows:
        return []
    waiting = _days_waiting(work, min(_closed(row).first_day for row in rows), max(row.day for row in rows))
    found = [Compared(_closed(row), Count(row.usual_draws, row.usual_untouched)) for row in rows]
    return [
        one
        for one in found
        if (until is None or one.closed.first_day <= until)
        and any(one.closed.first_day <= day <= one.closed.day for day in waiting)
    ]


def _closed(row: Closing) -> Closed:
    return Closed(row.day, row.days, Count(row.draws, row.untouched), held=True)


def _days_waiting(work: Work, first: date, last: date) -> Sequence[date]:
    """The days that have draws of which nobody has said yet what became of them."""
    query = (
        select(col(Draw.due_on))
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            col(Draw.due_on).between(first, last),
            Draw.status == Status.UNRECORDED,
            Draw.because == Because.HELD,
        )
        .distinct()
    )
    return work.session.exec(query).all()
