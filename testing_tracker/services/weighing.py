"""Weighs the evidence of an open recommendation: how far up the ladder it points from the participant's level."""

from collections import Counter
from collections.abc import Sequence

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.escalation import Grounds, Positive, explanation, is_more_immersive, level_above, steps_up
from testing_tracker.rules.words import Decision, Level, Outcome, Status
from testing_tracker.services.lookup import first_day_of_change
from testing_tracker.services.panels import rule_of_draw
from testing_tracker.services.positives import Positives, positives_of
from testing_tracker.store import audit
from testing_tracker.store.queries import id_of, level_on, records_of
from testing_tracker.store.tables import Draw, Evidence, Recommendation

DECIDED = (Decision.ACCEPTED, Decision.DECLINED)
RAISE, ADD_EVIDENCE = "recommendation raise", "recommendation add evidence"


def open_recommendation(session: Session, participant_id: int) -> Recommendation | None:
    """The participant's recommendation that nobody has decided on; there is at most one."""
    return session.exec(
        select(Recommendation).where(
            col(Recommendation.participant_id).in_(records_of(participant_id)), Recommendation.status == Decision.OPEN
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


def weigh(session: Session, acting: Acting, recommendation: Recommendation, positives: Positives | None = None) -> None:
    """Work the target out from the level now and all the evidence that stands: the highest that any recommends.

    `positives` are the participant's, for a caller that has read them.
    """
    identity = recommendation.participant_id
    from_level = level_on(session, identity, first_day_of_change(session, acting, identity))
    draws = [session.get_one(Draw, line.draw_id) for line in standing_evidence(session, recommendation)]
    if positives is None:
        positives = positives_of(session, col(Draw.participant_id).in_(records_of(identity)))
    target = from_level
    for draw in draws:
        reached = level_above(from_level, _steps(session, draw, draws, positives))
        target = reached if is_more_immersive(reached, target) else target
    recommendation.from_level = from_level
    recommendation.to_level = target
    recommendation.reason = explanation(Level(from_level), target, _grounds(draws, positives))
    session.add(recommendation)
    session.flush()


def _steps(session: Session, draw: Draw, evidence: Sequence[Draw], positives: Positives) -> int:
    """How many levels up one draw of the evidence asks for.

    A positive that may be the same use as one that a clinician knows of, asks for none of its own; beside a past
    record, which raises no recommendation, for no more than a first one does. A missed or refused test is no positive,
    so it is no repeat of one either.
    """
    response = rule_of_draw(session, draw).response
    identity = id_of(draw)
    origins = positives.same_uses.get(identity)
    if origins is not None:
        weighed = {id_of(other) for other in evidence}
        is_known = all(found.draw_id in weighed or was_decided_on(session, found.draw_id) for found in origins)
        return 0 if is_known else response.steps
    if identity not in positives.tests:
        return response.steps
    earlier = [other.due_on for other in positives.in_full(draw.participant_id) if other.due_on < draw.due_on]
    return steps_up(Positive(draw.due_on, response), earlier)


def was_decided_on(session: Session, draw_id: int, taken_as: str = Outcome.POSITIVE) -> bool:
    """Whether a clinician has decided on a recommendation that rests on a draw as that: positive, missed or refused."""
    decided = session.exec(
        select(Evidence.id)
        .join(Recommendation, col(Recommendation.id) == Evidence.recommendation_id)
        .where(
            Evidence.draw_id == draw_id,
            Evidence.taken_as == taken_as,
            col(Evidence.withdrawn_at).is_(None),
            col(Recommendation.status).in_(DECIDED),
        )
        .limit(1)
    ).first()
    return decided is not None


def _grounds(draws: Sequence[Draw], positives: Positives) -> Grounds:
    statuses = Counter(draw.status for draw in draws if id_of(draw) not in positives.tests)
    same_uses = [
        [found.on for found in positives.same_uses[id_of(draw)]] for draw in draws if id_of(draw) in positives.same_uses
    ]
    return Grounds(
        positive=sum(id_of(draw) in positives.tests for draw in draws),
        missed=statuses[Status.MISSED],
        refused=statuses[Status.REFUSED],
        same_uses=same_uses,
    )


def weigh_again(session: Session, acting: Acting, participant_id: int) -> Recommendation | None:
    """Weigh the open recommendation after something beside its evidence changed; None unless it says otherwise now.

    That is the level of care, or an earlier positive that made one of its own a repeat or possibly the same use.
    """
    recommendation = open_recommendation(session, participant_id)
    if recommendation is None:
        return None
    before = (recommendation.from_level, recommendation.to_level)
    weigh(session, acting, recommendation)
    if before == (recommendation.from_level, recommendation.to_level):
        return None
    audit.record(
        session,
        acting,
        "recommendation weigh again",
        participant_id=recommendation.participant_id,
        recommendation_id=recommendation.id,
        from_level=recommendation.from_level,
        to_level=recommendation.to_level,
    )
    session.flush()
    return recommendation
