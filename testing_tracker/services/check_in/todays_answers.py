"""What each participant who checks in now is told: computed from the draws whenever it is asked, and kept nowhere."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.answers import DaysAnswer, answer_of
from testing_tracker.rules.schedules.schedule import TestingRule
from testing_tracker.rules.words import Status
from testing_tracker.services.schedules.versions import rule_of_draw, rule_of_version
from testing_tracker.store.queries import draw_stands, in_force_id, joined_into, records_of_all
from testing_tracker.store.tables import Draw, Enrolment, Night, Participant
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class AnswerNow:
    """What to tell somebody; with `COME` between which instants (UTC) the specimen is collected, else None."""

    answer: DaysAnswer
    come_from: datetime | None = None
    come_to: datetime | None = None


def answers_on(work: Work, day: date, participants: Collection[int] | None = None) -> dict[int, AnswerNow]:
    """The answer of everybody who is in the programme on a day, or of some participants by id.

    They are by the record that goes on for a person. Nobody is in it of whom a night has not decided that day yet: not
    anybody before the night has run, nor who was enrolled since. No answer is never "need not come".
    """
    decided_up_to = work.session.exec(
        select(func.max(Night.last_participant_id)).where(
            Night.facility_id == work.facility_id, Night.day == day, col(Night.ran)
        )
    ).one()
    if decided_up_to is None:
        return {}
    whose = select(col(Participant.id)).where(
        Participant.facility_id == work.facility_id,
        col(Participant.id) <= decided_up_to,
        col(Enrolment.id) == in_force_id(Enrolment, Participant.id, day),
        col(Enrolment.participant_id) == Participant.id,
        col(Enrolment.enrolled),
    )
    if participants is not None:
        whose = whose.where(col(Participant.id).in_(participants))
    draws, hours = _draws_on(work, day, participants), _Hours(work, day)
    return {number: _answer(draws.get(number, ()), hours) for number in work.session.exec(whose) if number is not None}


class _DrawNow(NamedTuple):
    """What an answer goes by of a draw."""

    id: int
    participant_id: int
    status: str
    schedule_version_id: int | None


def _draws_on(work: Work, day: date, participants: Collection[int] | None) -> dict[int, list[_DrawNow]]:
    """The draws of a day by the record that goes on for the person."""
    columns = (col(getattr(Draw, name)) for name in _DrawNow._fields)
    asked = sa_select(*columns).where(col(Draw.facility_id) == work.facility_id, col(Draw.due_on) == day, draw_stands())
    if participants is not None:
        asked = asked.where(col(Draw.participant_id).in_(records_of_all(work.session, participants)))
    into = joined_into(work.session)
    found: defaultdict[int, list[_DrawNow]] = defaultdict(list)
    for draw in map(_DrawNow._make, work.session.connection().execute(asked)):
        found[into.get(draw.participant_id, draw.participant_id)].append(draw)
    return found


class _Hours:
    """Between which instants a draw's specimen is collected; by its schedule's version, which many share."""

    def __init__(self, work: Work, day: date) -> None:
        self._work, self._day = work, day
        self._known: dict[int, tuple[datetime, datetime]] = {}

    def of(self, draw: _DrawNow) -> tuple[datetime, datetime]:
        version = draw.schedule_version_id
        if version is None:  # of an earlier version of the program, which did not write it down
            return self._of_rule(rule_of_draw(self._work, self._work.session.get_one(Draw, draw.id)))
        if version not in self._known:
            self._known[version] = self._of_rule(rule_of_version(self._work, version))
        return self._known[version]

    def _of_rule(self, rule: TestingRule) -> tuple[datetime, datetime]:
        opens, closes = rule.collection.opens, rule.collection.closes
        return instant_reached(self._day, opens, self._work.zone), instant_reached(self._day, closes, self._work.zone)


def _answer(draws: Sequence[_DrawNow], hours: _Hours) -> AnswerNow:
    if not draws:
        return _NEED_NOT_COME
    answer = answer_of(Status(draw.status) for draw in draws)
    if answer is not DaysAnswer.COME:
        return AnswerNow(answer)
    asking = [hours.of(draw) for draw in draws if answer_of([Status(draw.status)]) is DaysAnswer.COME]
    opens, closes = [one for one, _ in asking], [one for _, one in asking]
    if max(opens) < min(closes):  # both can be given then
        return AnswerNow(answer, max(opens), min(closes))
    return AnswerNow(answer, min(opens), max(closes))


_NEED_NOT_COME = AnswerNow(DaysAnswer.STAY)
