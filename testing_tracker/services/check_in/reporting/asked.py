"""Reads for many days at once who was asked to check in on each, by a few statements however many people there are.

It says of each day what `expected_on` says of one.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, true
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.services.check_in.rules_in_force import as_rule, window_on
from testing_tracker.store.queries import of_facility
from testing_tracker.store.tables import Card, CheckInRule, Enrolment, Leave
from testing_tracker.store.work import Work


class AskedDay(NamedTuple):
    """A day with a rule in force: when its window opened and closed (UTC), and whether there was a page."""

    day: date
    opens: datetime
    closes: datetime
    page: bool


def days_asked(work: Work, days: Sequence[date]) -> list[AskedDay]:
    """The days of some on which people were asked to check in; a single cheap statement where there is no rule."""
    rules = work.session.exec(
        select(CheckInRule)
        .where(CheckInRule.facility_id == work.facility_id, CheckInRule.from_on <= days[-1])
        .order_by(col(CheckInRule.id).desc())
    ).all()
    found = []
    for day in days if rules else ():
        rule = as_rule(next((one for one in rules if one.from_on <= day), None))
        if rule is not None:
            window = rule.window(day, rule.closes, work.zone)
            found.append(AskedDay(day, window.opens, window.closes, rule.page))
    return found


@dataclass
class _Person:
    """What says whether a record was asked, each oldest first: since when enrolled or not, cards, leaves."""

    enrolled: list[tuple[date, bool]] = field(default_factory=list)
    cards: list[tuple[datetime, bool]] = field(default_factory=list)
    leaves: list["_OnLeave"] = field(default_factory=list)

    def is_asked(self, on: AskedDay, over: Callable[[date], datetime]) -> bool:
        """Whether they were asked on a day; `over` says when its last collection ended, where that matters."""
        place = bisect_left(self.cards, on.opens, key=_when)
        if not place or not self.cards[place - 1][1]:
            return False
        if any(not has_pin and at < over(on.day) for at, has_pin in self.cards[place:]):
            return False
        held = bisect_right(self.enrolled, on.day, key=_day_of)
        if not held or not self.enrolled[held - 1][1]:
            return False
        return not any(leave.is_away(on) for leave in self.leaves)


class _OnLeave(NamedTuple):
    """A leave, and when it was replaced by what it is now, or taken back; None while it counts."""

    from_on: date
    to_on: date
    recorded_at: datetime
    replaced_at: datetime | None

    def is_away(self, on: AskedDay) -> bool:
        """Whether it keeps somebody from being asked on a day, as `is_away` has it."""
        if not self.from_on <= on.day <= self.to_on:
            return False
        return self.replaced_at is None or (self.recorded_at < on.closes and self.replaced_at > on.opens)


def _when(card: tuple[datetime, bool]) -> datetime:
    return card[0]


def _day_of(change: tuple[date, bool]) -> date:
    return change[0]


def asked_days(work: Work, days: Sequence[AskedDay], only: Iterable[int] = ()) -> dict[int, list[AskedDay]]:
    """The days on which each record was asked, of those that were on any; of `only` some records where they are given.

    By cards, enrolments and leaves as they are on record now. A record that was joined into another one was asked until
    then.
    """

    @cache  # few cards are ended, and on few days
    def over(day: date) -> datetime:
        window = window_on(work, day)
        assert window is not None, "a rule is in force on a day that asks"
        return window.over

    return {
        number: asked
        for number, person in _people(work, tuple(only)).items()
        if (asked := [day for day in days if person.is_asked(day, over)])
    }


def _people(work: Work, only: tuple[int, ...]) -> Mapping[int, _Person]:
    """Everybody who ever had a card, with what says when they were asked."""
    execute = work.session.connection().execute

    def ours(participant_id: Any) -> ColumnElement[bool]:  # noqa: ANN401  a column, as the library types it
        few = col(participant_id).in_(only) if only else true()
        return of_facility(work.facility_id, participant_id) & few

    people: dict[int, _Person] = defaultdict(_Person)
    cards = sa_select(col(Card.participant_id), col(Card.recorded_at), col(Card.verifier).is_not(None))
    for number, at, has_pin in execute(cards.where(ours(Card.participant_id)).order_by(col(Card.id))):
        people[number].cards.append((at, bool(has_pin)))
    if not people:
        return people
    changes = sa_select(col(Enrolment.participant_id), col(Enrolment.from_on), col(Enrolment.enrolled))
    in_order = (col(Enrolment.from_on), col(Enrolment.id))
    for number, from_on, enrolled in execute(changes.where(ours(Enrolment.participant_id)).order_by(*in_order)):
        if number in people:
            people[number].enrolled.append((from_on, enrolled))
    later = aliased(Leave)
    said = (Leave.from_on, Leave.to_on, Leave.recorded_at, later.recorded_at)
    leaves = sa_select(col(Leave.participant_id), *map(col, said))
    for number, *leave in execute(
        leaves.outerjoin(later, col(later.replaces_id) == Leave.id).where(ours(Leave.participant_id))
    ):
        if number in people:
            people[number].leaves.append(_OnLeave(*leave))
    return people
