"""Numbers that are on no card any more, and whose they were.

Whoever has been given another number, or whose card was ended or was a joined record's, may have the earlier card in
hand alone. What they type then is told to nobody, and is their attempt all the same: else they would have done nothing.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import PIN_WAS_RIGHT
from testing_tracker.rules.words import Ended
from testing_tracker.store.dialects import one_of
from testing_tracker.store.queries import in_force_id, joined_into, records_of_all
from testing_tracker.store.tables import Card, CheckIn, Enrolment
from testing_tracker.store.work import Work
from testing_tracker.web.filling import FormerNumber


class _CardThen(NamedTuple):
    participant_id: int
    number: str
    has_pin: bool
    recorded_at: datetime


def former_numbers(work: Work) -> tuple[FormerNumber, ...]:
    """The numbers that were a person's who is in the programme, and has not shown yet that they have a newer card.

    They show it at the page, with the number that stands. A number of an enrolment that was a mistake was nobody's.
    """
    given_up = _given_up(work)
    if not given_up:
        return ()
    into = joined_into(work.session)
    people = {into.get(card.participant_id, card.participant_id) for card in given_up}
    here = _enrolled(work, people)
    used = _last_used(work, here, into)
    found = []
    for card in given_up:
        person = into.get(card.participant_id, card.participant_id)
        if person in here and not (person in used and used[person] >= card.recorded_at):
            found.append(FormerNumber(card.number, person))
    return tuple(sorted(found, key=lambda one: one.number))


def _given_up(work: Work) -> list[_CardThen]:
    """For each number that is on no card any more the row by which it went: one with another number, or without PIN."""
    changed = (
        sa_select(col(Card.participant_id))
        .where(col(Card.facility_id) == work.facility_id)
        .group_by(col(Card.participant_id))
        .having(or_(func.count(col(Card.number).distinct()) > 1, func.count(col(Card.verifier)) < func.count()))
    )
    rows = work.session.connection().execute(
        sa_select(col(Card.participant_id), col(Card.number), col(Card.verifier).is_not(None), col(Card.recorded_at))
        .where(col(Card.participant_id).in_(changed))
        .order_by(col(Card.id))
    )
    cards: defaultdict[int, list[_CardThen]] = defaultdict(list)
    for row in rows:
        cards[row[0]].append(_CardThen(*row))
    mistaken = _mistaken_until(work, cards)
    found: dict[str, _CardThen] = {}
    for number, of_one in cards.items():
        standing: str | None = None
        for card in of_one:
            if number in mistaken and card.recorded_at <= mistaken[number]:
                continue
            if standing is not None and (card.number != standing or not card.has_pin):
                found[standing] = card._replace(number=standing)
            standing = card.number if card.has_pin else None
            if standing is not None:
                found.pop(standing, None)
    return list(found.values())


def _mistaken_until(work: Work, participants: Collection[int]) -> dict[int, datetime]:
    """Until when each record was of an enrolment that was cancelled as a mistake: the code may be another's since."""
    asked = (
        select(Enrolment.participant_id, func.max(Enrolment.recorded_at))
        .where(Enrolment.facility_id == work.facility_id, Enrolment.ended_as == Ended.CANCELLED)
        .group_by(col(Enrolment.participant_id))
    )
    return {number: at for number, at in work.session.exec(asked) if number in participants}


def _enrolled(work: Work, people: Collection[int]) -> set[int]:
    asked = select(Enrolment.participant_id).where(
        one_of(work.session.connection(), col(Enrolment.participant_id), people),
        col(Enrolment.id) == in_force_id(Enrolment, Enrolment.participant_id, work.today),
        col(Enrolment.enrolled),
    )
    return set(work.session.exec(asked))


def _last_used(work: Work, people: Collection[int], into: dict[int, int]) -> dict[int, datetime]:
    """When each of some people last came to the page with a number and its PIN, by the record that goes on."""
    asked = (
        select(CheckIn.participant_id, func.max(CheckIn.at))
        .where(
            one_of(work.session.connection(), col(CheckIn.participant_id), records_of_all(work.session, people)),
            col(CheckIn.visit).is_not(None),
            col(CheckIn.outcome).in_(PIN_WAS_RIGHT),
        )
        .group_by(col(CheckIn.participant_id))
    )
    found: dict[int, datetime] = {}
    for number, at in work.session.exec(asked):
        person = into.get(number, number)
        found[person] = max(at, found.get(person, at))
    return found
