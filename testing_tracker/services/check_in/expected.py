"""Who is expected to check in on a day."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.services.check_in.cards import last_card
from testing_tracker.services.check_in.rules_in_force import any_rule, rule_on, window_on
from testing_tracker.store.dialects import one_of
from testing_tracker.store.queries import id_of, in_force_id, on_leave
from testing_tracker.store.tables import Card, Enrolment, Joining, Leave, Participant
from testing_tracker.store.work import Work


def expected_on(work: Work, day: date, among: Collection[int] | None = None) -> set[int]:
    """The participants, by id, who have to check in on a day, `among` some or all; nobody where no rule binds.

    Expected is who had a card before the window opened, and has it all day, is in the programme and not on leave, nor
    was while the window was open.
    """
    window = window_on(work, day)
    return set() if window is None else expected_in(work, day, window, among)


def expected_in(work: Work, day: date, window: CheckInWindow, among: Collection[int] | None = None) -> set[int]:
    """The participants of `expected_on`, where the day's window is known."""
    return _asked(work, day, window, is_away(Participant.id, day, window), among)


def back_on(work: Work, day: date) -> set[int]:
    """The participants, by id, who would have to check in on a day, and were on leave while the window was open: since
    then they are back, and nobody had asked them."""
    window = window_on(work, day)
    if window is None:
        return set()
    return _asked(work, day, window, on_leave(Participant.id, day)) - expected_in(work, day, window)


def _asked(
    work: Work, day: date, window: CheckInWindow, away: ColumnElement[bool], among: Collection[int] | None = None
) -> set[int]:
    query = (
        sa_select(col(Participant.id))
        .join(Card, col(Card.id) == _newest_card_before(window.opens))
        .join(Enrolment, col(Enrolment.id) == in_force_id(Enrolment, Participant.id, day))
        .where(
            col(Participant.facility_id) == work.facility_id,
            col(Card.verifier).is_not(None),
            ~_ended_between(window.opens, window.over),
            col(Enrolment.enrolled),
            ~away,
            ~exists().where(
                col(Joining.participant_id) == col(Participant.id), col(Joining.recorded_at) < window.opens
            ),
        )
    )
    if among is not None:
        query = query.where(one_of(work.session.connection(), col(Participant.id), among))
    return {identity for identity in work.session.connection().execute(query).scalars() if identity is not None}


def is_away(participant_id: object, day: date, window: CheckInWindow) -> ColumnElement[bool]:
    """The condition that a participant is on leave on a day, or was by what was on record while its window was open.

    Nobody had asked them to check in then, also where the leave was ended or taken back later on that day.
    """
    later = aliased(Leave)
    was_away = exists().where(
        col(Leave.participant_id) == participant_id,
        col(Leave.from_on) <= day,
        col(Leave.to_on) >= day,
        col(Leave.recorded_at) < window.closes,
        exists().where(col(later.replaces_id) == Leave.id, col(later.recorded_at) > window.opens),
    )
    return or_(on_leave(participant_id, day), was_away)


def lacks_card(work: Work, participant: Participant, day: date) -> bool:
    """Whether somebody who is enrolled from a day on needs a card: where a rule binds by then, or who had one."""
    last = last_card(work, id_of(participant))
    if last is not None:
        return last.verifier is None
    return any_rule(work) and rule_on(work, max(day, work.today)) is not None


def _newest_card_before(moment: datetime) -> ColumnElement[int]:
    row = aliased(Card)
    return (
        select(row.id)
        .where(row.participant_id == Participant.id, row.recorded_at < moment)
        .order_by(col(row.id).desc())
        .limit(1)
        .scalar_subquery()
    )


def _ended_between(first: datetime, last: datetime) -> ColumnElement[bool]:
    row = aliased(Card)
    return exists().where(
        col(row.participant_id) == Participant.id,
        col(row.verifier).is_(None),
        col(row.recorded_at) >= first,
        col(row.recorded_at) < last,
    )
