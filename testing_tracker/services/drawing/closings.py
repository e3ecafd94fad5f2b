"""Closes the days that are over, and holds back those of which the record seems to be missing.

What nobody touched is missed, unless it is the record that is missing: of those days a person is asked.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.drawing.closing import Because, Untouched, end_of_day
from testing_tracker.rules.drawing.no_record import (
    DAYS_COMPARED_WITH,
    DAYS_TOGETHER,
    Closed,
    Compared,
    Count,
    closed_day,
)
from testing_tracker.rules.schedules.schedule import Missed
from testing_tracker.rules.words import DrawKind, Status
from testing_tracker.services.check_in.ending import day_ends
from testing_tracker.services.drawing.closed_together import Which, close_together, these
from testing_tracker.services.schedules import versions as schedules
from testing_tracker.services.schedules.versions import rule_of_draw
from testing_tracker.services.testing.attendance import close_unable, set_status
from testing_tracker.services.testing.draws import window_closes
from testing_tracker.services.testing.settling import bring_in_line
from testing_tracker.store.queries import closing_stands
from testing_tracker.store.tables import Closing, Draw, Participant
from testing_tracker.store.work import Work

_BY_THE_NIGHT = (Because.CLOSED_OUT, Because.NOT_CHECKED_IN)  # why a night takes an untouched draw for missed


def close_days(work: Work, since: date) -> tuple[int, list[Compared]]:
    """Draws of the days before today that nobody touched become what `end_of_day` says; each is on the audit record.

    Everything older than the last run was closed by that run, so only the days since are looked at. Returns how many
    were missed, and what was held back.
    """
    is_due = (col(Draw.status) == Status.DUE, col(Draw.due_on) >= since, col(Draw.due_on) < work.today)
    is_open = (*is_due, _of_the_facility(work))
    _close_whatever_the_others_did(work, is_open)
    ends = day_ends.end_days(work, since)
    held = [*_hold_back(work, since), *ends.held]
    followed = _close_one_by_one(work, is_open, ends)
    for day, not_checked_in in ends.not_checked_in.items():
        which = (*these(work, not_checked_in, day), col(Draw.status) == Status.DUE)
        followed += close_together(work, which, day_ends.DID_NOT)
    return followed + close_together(work, is_open, Untouched()), held


def _close_whatever_the_others_did(work: Work, is_open: Which) -> None:
    """Close the draws that end by what is known of themselves, not by how many of their day are without a record.

    Of those that schedules made, and of which nothing is known, all of one run were made in time or none.
    """
    made = work.session.exec(
        select(col(Draw.due_on), col(Draw.schedule_version_id), col(Draw.recorded_at))
        .where(*is_open, ~_has_facts_of_its_own())
        .distinct()
    )
    for due_on, version_id, recorded_at in made.all():
        if version_id is not None and _was_too_late(work, due_on, version_id, recorded_at):
            run = (col(Draw.schedule_version_id) == version_id, col(Draw.recorded_at) == recorded_at)
            which = (*is_open, ~_has_facts_of_its_own(), col(Draw.due_on) == due_on, *run)
            close_together(work, which, Untouched(made_too_late=True))
    for draw in work.session.exec(select(Draw).where(*is_open, _has_facts_of_its_own()).order_by(col(Draw.id))).all():
        status, because = end_of_day(_facts_of(work, draw))
        if because is Because.UNABLE:
            close_unable(work, draw)
        elif because is not Because.CLOSED_OUT:
            set_status(work, draw, status, because)
        if because is Because.NOT_RECOLLECTED:
            bring_in_line(work, draw)


def _has_facts_of_its_own() -> ColumnElement[bool]:
    """The condition that a draw may end otherwise than the others that its schedule made with it."""
    return or_(col(Draw.unable), col(Draw.because).is_not(None), col(Draw.schedule_version_id).is_(None))


def _facts_of(work: Work, draw: Draw) -> Untouched:
    return Untouched(
        because=Because(draw.because) if draw.because else None,
        unable=draw.unable,
        made_too_late=draw.recorded_at >= window_closes(work, draw),
    )


def _of_the_facility(work: Work) -> ColumnElement[bool]:
    participants = select(Participant.id).where(Participant.facility_id == work.facility_id)
    return col(Draw.participant_id).in_(participants)


def _hold_back(work: Work, since: date) -> list[Compared]:
    """Keep what each day's draws came to, and make unrecorded what nobody touched on days that jump out."""
    before = _closings(work, since)
    answers = _answers(work, before)
    held = []
    for day, count, people in _counts(work, since):
        for compared in closed_day(day, count, before, answers, people):
            before.append(compared.closed)
            _keep(work, compared)
            if compared.closed.held:
                held.append(compared)
                _hold(work, compared.closed)
    return held


def _closings(work: Work, since: date) -> list[Closed]:
    first = since - timedelta(days=DAYS_COMPARED_WITH + DAYS_TOGETHER)
    rows = work.session.exec(
        select(Closing)
        .where(Closing.facility_id == work.facility_id, Closing.day >= first, closing_stands())
        .order_by(col(Closing.id))
    ).all()
    lately = since - timedelta(days=2 * DAYS_TOGETHER)
    waiting = _unanswered(work, lately) if any(row.held and row.day >= lately for row in rows) else ()

    def closed(row: Closing) -> Closed:
        found = Closed(row.day, row.days, Count(row.draws, row.untouched), row.held)
        return replace(found, answered=row.held and not any(found.first_day <= day <= row.day for day in waiting))

    return [closed(row) for row in rows]


def _answers(work: Work, before: Sequence[Closed]) -> dict[date, Count]:
    """What became of the draws of the days that were held back, of those days for which somebody has answered."""
    days = {closed.day - timedelta(days=n) for closed in before if closed.held for n in range(closed.days)}
    if not days:
        return {}
    rows = work.session.connection().execute(
        sa_select(
            col(Draw.due_on),
            func.count().filter(col(Draw.status).in_((Status.COLLECTED, Status.MISSED, Status.REFUSED))),
            func.count().filter(col(Draw.status) == Status.MISSED),
        )
        .where(_of_the_facility(work), col(Draw.due_on).in_(days), col(Draw.kind) != DrawKind.IMPORTED)
        .group_by(col(Draw.due_on))
        .having(
            func.count().filter(and_(col(Draw.status) == Status.UNRECORDED, col(Draw.because) == Because.HELD)) == 0
        )
    )
    return {day: Count(draws, missed) for day, draws, missed in rows if draws}


def _unanswered(work: Work, since: date) -> Sequence[date]:
    """The days of which draws were held back and nobody has said yet what became of them."""
    query = select(col(Draw.due_on)).where(
        _of_the_facility(work), Draw.due_on >= since, Draw.status == Status.UNRECORDED, Draw.because == Because.HELD
    )
    return work.session.exec(query.distinct()).all()


def _counts(work: Work, since: date) -> list[tuple[date, Count, int]]:
    """For each day since, the draws that were to be given and those nobody touched, and of how many participants.

    What does not count in the end (excused, cancelled, unrecorded for a reason known by now) was not to be given.
    """
    given_or_not = (Status.DUE, Status.COLLECTED, Status.MISSED, Status.REFUSED)
    rows = work.session.connection().execute(
        sa_select(
            col(Draw.due_on),
            func.count(),
            func.count().filter(col(Draw.status) == Status.DUE),
            func.count(col(Draw.participant_id).distinct()),
        )
        .where(
            col(Draw.due_on) >= since,
            col(Draw.due_on) < work.today,
            col(Draw.status).in_(given_or_not),
            col(Draw.kind) != DrawKind.IMPORTED,
            _of_the_facility(work),
        )
        .group_by(col(Draw.due_on))
        .order_by(col(Draw.due_on))
    )
    return [(day, Count(draws, untouched), people) for day, draws, untouched, people in rows]


def _keep(work: Work, compared: Compared) -> None:
    closed = compared.closed
    work.write(
        Closing(
            facility_id=work.facility_id,
            day=closed.day,
            days=closed.days,
            draws=closed.count.draws,
            untouched=closed.count.untouched,
            usual_draws=compared.usual.draws,
            usual_untouched=compared.usual.untouched,
            held=closed.held,
        )
    )


def _hold(work: Work, closed: Closed) -> None:
    """What nobody touched becomes unrecorded: today's by one statement, the earlier days' that a night has closed as
    missed one by one, because something may have followed from them."""
    today = (_of_the_facility(work), col(Draw.due_on) == closed.day, col(Draw.status) == Status.DUE)
    close_together(work, today, Untouched(day_is_held=True))
    earlier = (
        select(Draw)
        .order_by(col(Draw.id))
        .where(
            _of_the_facility(work),
            or_(
                col(Draw.status) == Status.DUE,
                and_(
                    col(Draw.status) == Status.MISSED,
                    col(Draw.because).in_(_BY_THE_NIGHT),
                ),
            ),
            Draw.due_on >= closed.first_day,
            Draw.due_on < closed.day,
        )
    )
    for draw in work.session.exec(earlier).all():
        set_status(work, draw, *end_of_day(Untouched(day_is_held=True)))


def _close_one_by_one(work: Work, is_open: Which, ends: day_ends.DayEnds) -> int:
    """Close the draws from whose end something follows; returns how many were missed.

    Those are the draws of schedules that ask for a review or a recommendation after a missed test. All others are
    closed by one statement.
    """
    versions = work.session.exec(select(col(Draw.schedule_version_id)).where(*is_open).distinct()).all()
    asking = [
        identity
        for identity in versions
        if identity is not None and schedules.rule_of_version(work, identity).response.missed is not Missed.NONE
    ]
    unplanned = work.session.exec(
        select(Draw).where(*is_open, col(Draw.schedule_version_id).is_(None)).order_by(col(Draw.id))
    ).all()
    missed = [draw for draw in unplanned if rule_of_draw(work, draw).response.missed is not Missed.NONE]
    if asking:
        missed += work.session.exec(
            select(Draw).where(*is_open, col(Draw.schedule_version_id).in_(asking)).order_by(col(Draw.id))
        ).all()
    for draw in missed:
        set_status(work, draw, *end_of_day(day_ends.DID_NOT if ends.did_not_check_in(draw) else Untouched()))
    return len(missed)


def _was_too_late(work: Work, due_on: date, version_id: int, recorded_at: datetime) -> bool:
    rule = schedules.rule_of_version(work, version_id)
    return recorded_at >= instant_reached(due_on, rule.collection.closes, work.zone)
