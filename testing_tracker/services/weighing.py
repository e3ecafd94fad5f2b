"""Weighs the evidence of an open recommendation: how far up the ladder it points from the participant's level."""

from datetime import date

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.escalation import Positive, explanation, is_more_immersive, level_above, steps_up
from testing_tracker.rules.schedule import ResponseRule
from testing_tracker.rules.words import Decision, Outcome
from testing_tracker.services import schedules
from testing_tracker.services.lookup import first_day_of_change
from testing_tracker.store import audit
from testing_tracker.store.queries import counts, in_force, level_on
from testing_tracker.store.tables import Assignment, Draw, Evidence, Recommendation, Result, ScheduleVersion


def open_recommendation(session: Session, participant_id: int) -> Recommendation | None:
    """The participant's recommendation that nobody has decided on; there is at most one."""
    return session.exec(
        select(Recommendation).where(
            Recommendation.participant_id == participant_id, Recommendation.status == Decision.OPEN
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


def weigh(session: Session, acting: Acting, recommendation: Recommendation) -> None:
    """Work the target out from the level now and all the evidence that stands: the highest that any recommends."""
    identity = recommendation.participant_id
    from_level = level_on(session, identity, first_day_of_change(session, acting, identity))
    draws = [session.get_one(Draw, line.draw_id) for line in standing_evidence(session, recommendation)]
    target = from_level
    for draw in draws:
        positive = Positive(draw.due_on, _response(session, acting, draw))
        earlier = _earlier_positive_days(session, draw)
        reached = level_above(from_level, steps_up(positive, earlier))
        target = reached if is_more_immersive(reached, target) else target
    recommendation.from_level = from_level
    recommendation.to_level = target
    recommendation.reason = explanation(from_level, target, len(draws))
    session.add(recommendation)
    session.flush()


def weigh_again(session: Session, acting: Acting, participant_id: int) -> Recommendation | None:
    """Weigh the open recommendation after something beside its evidence changed; None unless it says otherwise now.

    That is the level of care, or an earlier positive that made one of its own a repeat.
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
        participant_id=participant_id,
        recommendation_id=recommendation.id,
        from_level=recommendation.from_level,
        to_level=recommendation.to_level,
    )
    session.flush()
    return recommendation


def _response(session: Session, acting: Acting, draw: Draw) -> ResponseRule:
    """The response rule of the draw's own schedule version; without one, of the participant's schedule now."""
    if draw.schedule_version_id is not None:
        return schedules.rule_of(session.get_one(ScheduleVersion, draw.schedule_version_id).text).response
    assignment = in_force(session, Assignment, draw.participant_id, date.max)
    assert assignment is not None, "every participant has a schedule"
    _, rule = schedules.rule_on(session, assignment.schedule_id, acting.today)
    return rule.response


def _earlier_positive_days(session: Session, draw: Draw) -> list[date]:
    """The days of the participant's positive tests before this one."""
    return list(
        session.exec(
            select(col(Draw.due_on))
            .join(Result, col(Result.draw_id) == Draw.id)
            .where(
                Draw.participant_id == draw.participant_id,
                Draw.due_on < draw.due_on,
                Result.outcome == Outcome.POSITIVE,
                counts(),
            )
        )
    )
