"""What each participant who checks in now is told: computed from the draws whenever it is asked, and kept nowhere."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import col, select

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.answers import DaysAnswer, answer_of
from testing_tracker.rules.words import Status
from testing_tracker.services.schedules.versions import rule_of_draw
from testing_tracker.store.queries import draw_stands, in_force_id, joined_into, records_of_all
from testing_tracker.store.tables import Draw, Enrolment, Night, Participant, ScheduleVersion
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
    draws = _draws_on(work, day, participants)
    made_by = {draw.schedule_version_id for several in draws.values() for draw in several}
    asked = select(ScheduleVersion).where(col(ScheduleVersion.id).in_(made_by))
    versions = work.session.exec(asked).all() if made_by else []  # kept meanwhile, or each draw reads its own anew
    answers = {
        number: _answer(work, draws.get(number, ())) for number in work.session.exec(whose) if number is not None
    }
    del versions
    return answers


def _draws_on(work: Work, day: date, participants: Collection[int] | None) -> dict[int, list[Draw]]:
    """The draws of a day by the record that goes on for the person."""
    asked = select(Draw).where(Draw.facility_id == work.facility_id, Draw.due_on == day, draw_stands())
    if participants is not None:
        asked = asked.where(col(Draw.participant_id).in_(records_of_all(work.session, participants)))
    into = joined_into(work.session)
    found: defaultdict[int, list[Draw]] = defaultdict(list)
    for draw in work.session.exec(asked):
        found[into.get(draw.participant_id, draw.participant_id)].append(draw)
    return found


def _answer(work: Work, draws: Sequence[Draw]) -> AnswerNow:
    answer = answer_of(Status(draw.status) for draw in draws)
    if answer is not DaysAnswer.COME:
        return AnswerNow(answer)
    asking = [draw for draw in draws if answer_of([Status(draw.status)]) is DaysAnswer.COME]
    hours = [(draw.due_on, rule_of_draw(work, draw).collection) for draw in asking]
    opens = [instant_reached(day, collection.opens, work.zone) for day, collection in hours]
    closes = [instant_reached(day, collection.closes, work.zone) for day, collection in hours]
    if max(opens) < min(closes):  # both can be given then
        return AnswerNow(answer, max(opens), min(closes))
    return AnswerNow(answer, min(opens), max(closes))
