"""Decisions that have lost a ground: what was accepted on a test that says something else now.

The decision stands, because only a clinician changes it; and a clinician is asked to look, until somebody has.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.words import About, Decision, Outcome
from testing_tracker.services import reviews
from testing_tracker.services.reviews import State
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Draw, Evidence, Placement, Recommendation, Result, Review


def bring_in_line(session: Session, acting: Acting, draw: Draw, *, is_ground: bool) -> None:
    """Ask for a look at what was accepted on a draw that is no ground any more; withdraw that where it is one again."""
    accepted = [] if is_ground else _accepted_on(session, draw)
    if not accepted:
        reviews.withdraw(session, acting, draw, About.LOST_GROUND)
        return
    review = _review_of(session, draw)
    if review is not None and reviews.state_of(review) is State.DONE and _was_ground_since(session, draw, review):
        reviews.ask_again(session, acting, review)
    reviews.ask(session, acting, draw, About.LOST_GROUND, "; ".join(_moved(session, one) for one in accepted))


def open_for(session: Session, draw: Draw) -> str | None:
    """What a draw's open review of this kind says; None where there is none."""
    review = _review_of(session, draw)
    return review.detail if review is not None and reviews.state_of(review) is State.OPEN else None


def _review_of(session: Session, draw: Draw) -> Review | None:
    return session.exec(select(Review).where(Review.draw_id == draw.id, Review.about == About.LOST_GROUND)).first()


def _accepted_on(session: Session, draw: Draw) -> Sequence[Recommendation]:
    """What was accepted with this draw as evidence that stood then."""
    return session.exec(
        select(Recommendation)
        .join(Evidence, col(Evidence.recommendation_id) == Recommendation.id)
        .where(
            Evidence.draw_id == draw.id,
            col(Evidence.withdrawn_at).is_(None),
            Recommendation.status == Decision.ACCEPTED,
        )
        .order_by(col(Recommendation.id))
    ).all()


def _moved(session: Session, accepted: Recommendation) -> str:
    """Whom the decision moved, as it goes on after the participant's code."""
    number = id_of(accepted)
    placement = session.exec(
        select(Placement).where(Placement.recommendation_id == number).order_by(col(Placement.id))
    ).first()
    if placement is None:
        return f"was not moved by recommendation {number}, which was accepted on this ground"
    levels = f"from {accepted.from_level} to {placement.level}"
    return f"was moved {levels} on this ground (recommendation {number})"


def _was_ground_since(session: Session, draw: Draw, review: Review) -> bool:
    """Whether the test was positive again after somebody had looked, so that what they looked at was another loss."""
    newer = select(Result.id).where(
        Result.draw_id == draw.id, Result.outcome == Outcome.POSITIVE, col(Result.recorded_at) > review.done_at
    )
    return session.exec(newer.limit(1)).first() is not None
