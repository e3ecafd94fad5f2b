"""Reads the case of a participant from the record: all that a recommendation and the reviews follow from."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from testing_tracker.rules.deciding.recommending import Case, Fact
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.schedules.schedule import ResponseRule
from testing_tracker.rules.words import Level, Outcome, RecommendationStatus, ReviewReason, Status, TakenAs
from testing_tracker.services.deciding.positives import Positives, positives_of
from testing_tracker.services.people.lookup import first_day_of_change
from testing_tracker.services.schedules.versions import rule_of_draw
from testing_tracker.store.queries import draws_with, id_of, level_on, newest, person_of, records_of
from testing_tracker.store.tables import AuditEntry, Draw, Evidence, Recommendation, Review
from testing_tracker.store.work import Work

DECIDED = (RecommendationStatus.ACCEPTED, RecommendationStatus.DECLINED)
_SAYS_NOTHING = ResponseRule()
_TELL_OF_A_DEFERRAL = (
    Act.RECOMMENDATION_DEFER,
    Act.RECOMMENDATION_RAISE,
    Act.RECOMMENDATION_ADD_EVIDENCE,
    Act.RECOMMENDATION_REOPEN,
)


@dataclass(frozen=True)
class CaseOnRecord:
    """A case with the rows that it was read from, by draw: the evidence that stands, and the reviews of each matter.

    `participant_id` is the record that goes on for the person.
    """

    case: Case
    participant_id: int
    recommendation: Recommendation | None
    lines: Mapping[int, Evidence]
    draws: Mapping[int, Draw]
    reviews: Mapping[tuple[int, ReviewReason], Review]


def open_recommendation(session: Session, participant_id: int) -> Recommendation | None:
    """The participant's recommendation that nobody has decided on; there is at most one."""
    return session.exec(
        select(Recommendation).where(
            col(Recommendation.participant_id).in_(records_of(participant_id)),
            Recommendation.status == RecommendationStatus.OPEN,
        )
    ).first()


def standing_evidence(session: Session, recommendation: Recommendation) -> list[Evidence]:
    """What a recommendation rests on, without what was withdrawn."""
    return list(
        session.exec(
            select(Evidence)
            .where(Evidence.recommendation_id == recommendation.id, col(Evidence.withdrawn_at).is_(None))
            .order_by(col(Evidence.id))
        )
    )


def decided_on(session: Session, draw: Draw) -> list[int]:
    """The recommendations, by number, that a clinician decided on with this draw as evidence."""
    return [id_of(recommendation) for _, recommendation in _decisions(session, col(Evidence.draw_id) == draw.id)]


def fact_of(work: Work, draw: Draw) -> Fact:
    """A draw as it is by itself. Its schedule is read only where it decides."""
    status = Status(draw.status)
    is_positive = draw.outcome == Outcome.POSITIVE and not draw.expected
    asks = is_positive or status in (Status.MISSED, Status.REFUSED)
    return Fact(
        draw_id=id_of(draw),
        on=draw.due_on,
        status=status,
        response=rule_of_draw(work, draw).response if asks else _SAYS_NOTHING,
        reason=draw.reason,
        is_positive=is_positive,
        unable=draw.unable,
    )


def read_case(work: Work, participant_id: int, changed: Sequence[Draw] = ()) -> CaseOnRecord:
    """The case of a participant of whom some draws have changed, from all records of the person.

    Beside these draws, which come first, those may matter that stand in the open recommendation, and those that a
    clinician is or was asked about as possibly the same use.
    """
    person = person_of(work.session, participant_id)
    records = work.session.connection().execute(records_of(person)).scalars().all()
    recommendation = open_recommendation(work.session, person)
    lines = {line.draw_id: line for line in (standing_evidence(work.session, recommendation) if recommendation else ())}
    found = work.session.exec(select(Review).where(col(Review.participant_id).in_(records))).all()
    reviews = {(review.draw_id, ReviewReason(review.about)): review for review in found}
    draws = _draws(
        work.session, changed, {*lines, *(draw_id for draw_id, about in reviews if about is ReviewReason.SAME_USE)}
    )
    decisions = _decisions(work.session, col(Recommendation.participant_id).in_(records))
    facts = {identity: fact_of(work, draw) for identity, draw in draws.items()}
    is_any = any(fact.is_positive for fact in facts.values())
    positives = positives_of(work, col(Draw.participant_id).in_(records)) if is_any else Positives({}, {})
    case = Case(
        level=level_on(work.session, person, first_day_of_change(work, person)),
        facts=[
            _with_what_was_said(work.session, fact, positives, lines.get(identity), reviews, decisions)
            for identity, fact in facts.items()
        ],
        decided={line.draw_id for line, _ in decisions if line.taken_as == TakenAs.POSITIVE},
        uses=[draw.due_on for draw in positives.in_full(person)],
        acts=_acts(work.session, records, recommendation),
    )
    return CaseOnRecord(case, person, recommendation, lines, draws, reviews)


def _draws(session: Session, changed: Sequence[Draw], others: Collection[int]) -> dict[int, Draw]:
    """The draws that changed, in their order, and the others by their days."""
    draws = {id_of(draw): draw for draw in changed}
    missing = [identity for identity in others if identity not in draws]
    if missing:
        rows = draws_with(session, col(Draw.id).in_(missing))
        draws |= {id_of(draw): draw for draw in rows}
    return draws


def _decisions(session: Session, which: ColumnElement[bool]) -> Sequence[tuple[Evidence, Recommendation]]:
    """The evidence that clinicians have decided on, with the recommendation that it stood in."""
    return session.exec(
        select(Evidence, Recommendation)
        .join(Recommendation, col(Recommendation.id) == Evidence.recommendation_id)
        .where(which, col(Evidence.withdrawn_at).is_(None), col(Recommendation.status).in_(DECIDED))
        .order_by(col(Recommendation.id))
    ).all()


def _with_what_was_said(
    session: Session,
    fact: Fact,
    positives: Positives,
    line: Evidence | None,
    reviews: Mapping[tuple[int, ReviewReason], Review],
    decisions: Sequence[tuple[Evidence, Recommendation]],
) -> Fact:
    """A fact with what its results and clinicians have said; what a result that is being taken back says is nothing."""
    said = positives.tests.get(fact.draw_id) if fact.is_positive else None
    looked_at = reviews.get((fact.draw_id, ReviewReason.SAME_USE))
    own = [(decided, one) for decided, one in decisions if decided.draw_id == fact.draw_id]
    accepted = [one for _, one in own if one.status == RecommendationStatus.ACCEPTED]
    known = replace(
        fact,
        is_positive=said is not None,
        found=said.unexpected if said is not None else (),
        same_use=positives.same_uses.get(fact.draw_id, ()) if said is not None else (),
        looked_at=looked_at.detail if looked_at is not None and looked_at.done_by is not None else None,
        stands_as=TakenAs(line.taken_as) if line is not None else None,
        decided_as=frozenset(TakenAs(decided.taken_as) for decided, _ in own),
    )
    is_lost = bool(accepted) and known.grounds is None
    return replace(known, moved=tuple(_moved(session, one) for one in accepted)) if is_lost else known


def _moved(session: Session, accepted: Recommendation) -> str:
    """Whom the decision moved, as it goes on after the participant's code."""
    number = id_of(accepted)
    made = move_made(session, number)
    if made is None:
        return f"was not moved by recommendation {number}, which was accepted on this ground"
    return f"was moved from {made[0]} to {made[1]} on this ground (recommendation {number})"


def move_made(session: Session, number: int) -> tuple[Level, Level] | None:
    """From which level of care to which a recommendation's acceptance moved the participant, if to another one.

    Of several acceptances the last one counts, and one that was taken back has moved nobody.
    """
    acts = (Act.RECOMMENDATION_ACCEPT, Act.PARTICIPANT_TRANSFER, Act.RECOMMENDATION_REOPEN)
    last = newest(session, AuditEntry, col(AuditEntry.recommendation_id) == number, col(AuditEntry.act).in_(acts))
    if last is None or last.act != Act.PARTICIPANT_TRANSFER:
        return None
    said = json.loads(last.detail or "{}")
    return Level(said["from_level"]), Level(said["to_level"])


def _acts(
    session: Session, records: Sequence[int], recommendation: Recommendation | None
) -> Sequence[date | int | None]:
    """In their order: until when the open recommendation was put off, which draws came to it, and its reopenings."""
    if recommendation is None:
        return ()
    entries = session.exec(
        select(AuditEntry.draw_id, AuditEntry.detail)
        .where(
            col(AuditEntry.participant_id).in_(records),
            AuditEntry.recommendation_id == recommendation.id,
            col(AuditEntry.act).in_(_TELL_OF_A_DEFERRAL),
        )
        .order_by(col(AuditEntry.id))
    )
    return [draw_id if draw_id is not None else _put_off_until(detail) for draw_id, detail in entries]


def _put_off_until(detail: str | None) -> date | None:
    until = json.loads(detail or "{}").get("until")
    return date.fromisoformat(until) if until is not None else None
