"""Says which recommendations and reviews do not stand as the acts on the audit table left them.

Somebody who knows how the program keeps what a row says can keep it by hand, beside any act that is about the same
participant. This asks for the very act: who decided it or did it, when, and why.
"""

from collections.abc import Iterator

from sqlalchemy import case, func, or_
from sqlmodel import col, select

from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import RecommendationStatus
from testing_tracker.services.keeping.checking.stumbling import Found
from testing_tracker.store.tables import AuditEntry, Participant, Recommendation, Review
from testing_tracker.store.work import Work

_DECISIONS = {
    Act.RECOMMENDATION_ACCEPT: RecommendationStatus.ACCEPTED,
    Act.RECOMMENDATION_DECLINE: RecommendationStatus.DECLINED,
}


def wrong_decisions(work: Work) -> Iterator[Found]:
    """Recommendations that are decided otherwise than the last act on them says, or not any more, or by nobody."""
    last = (
        select(func.max(AuditEntry.id))
        .where(
            AuditEntry.facility_id == work.facility_id,
            col(AuditEntry.act).in_((*_DECISIONS, Act.RECOMMENDATION_REOPEN)),
        )
        .group_by(col(AuditEntry.recommendation_id))
    )
    rows = work.session.exec(
        select(Recommendation, Participant.code, AuditEntry)
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .join(
            AuditEntry,
            (col(AuditEntry.recommendation_id) == Recommendation.id) & col(AuditEntry.id).in_(last),
            isouter=True,
        )
        .where(Participant.facility_id == work.facility_id)
        .order_by(col(Recommendation.id))
    )
    for recommendation, code, entry in rows:
        if not _agree(recommendation, entry):
            day = (recommendation.raised_at if entry is None else entry.at).astimezone(work.zone).date()
            what = f"recommendation {recommendation.id} is not decided on as the audit table says"
            yield day, code, what


def _agree(recommendation: Recommendation, last: AuditEntry | None) -> bool:
    """Whether a recommendation stands as its last decision left it; one that is reopened may have been withdrawn."""
    decision = _DECISIONS.get(Act(last.act)) if last is not None else None
    if last is None or decision is None:
        by_nobody = recommendation.decided_at is None and recommendation.decided_by is None
        is_open = recommendation.status == RecommendationStatus.OPEN
        return by_nobody if is_open else recommendation.status == RecommendationStatus.WITHDRAWN
    said = recommendation.status, recommendation.decided_at, recommendation.decided_by, recommendation.decision_reason
    return said == (decision, last.at, last.account, last.reason)


def wrong_reviews(work: Work) -> Iterator[Found]:
    """Reviews that are done or withdrawn without an act on the audit table that says so."""
    act = case((col(Review.done_by).is_(None), Act.REVIEW_WITHDRAW.value), else_=Act.REVIEW_DONE.value)
    said = (
        select(AuditEntry.id)
        .where(
            AuditEntry.draw_id == Review.draw_id,
            AuditEntry.act == act,
            AuditEntry.at == Review.done_at,
            or_(col(Review.done_by).is_(None), col(AuditEntry.account) == Review.done_by),
            col(AuditEntry.reason).is_not_distinct_from(col(Review.note)),
        )
        .exists()
    )
    rows = work.session.exec(
        select(Review.id, Review.raised_at, Participant.code)
        .join(Participant, col(Participant.id) == Review.participant_id)
        .where(Participant.facility_id == work.facility_id, col(Review.done_at).is_not(None), ~said)
        .order_by(col(Review.id))
    )
    for number, raised_at, code in rows:
        day = raised_at.astimezone(work.zone).date()
        yield day, code, f"review {number} is closed, and the audit table does not say so"
