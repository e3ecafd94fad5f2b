"""Keeps what a clinician is shown in line with the draws: the evidence of recommendations, and reviews.

Whatever changes a draw, its status or its result, `bring_in_line` reads the case, has the rule say what ought to stand,
and puts the difference on record. It may be called once too often without harm, so no caller has to know what the draw
said before.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Integer, Select, bindparam, exists, or_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.rules.deciding import recommending
from testing_tracker.rules.deciding.recommending import Wanted
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Outcome, RecommendationStatus, ReviewReason, TakenAs
from testing_tracker.services.deciding import reviews
from testing_tracker.services.deciding.case import CaseOnRecord, fact_of, read_case, standing_evidence
from testing_tracker.services.deciding.reviews import ReviewStatus
from testing_tracker.store.queries import id_of, records_of
from testing_tracker.store.tables import Draw, Evidence, Recommendation, Result, Review
from testing_tracker.store.work import Work

_BY_ITSELF = (ReviewReason.MISSED, ReviewReason.REFUSED, ReviewReason.UNABLE)


def bring_in_line(work: Work, participant_id: int, changed: Sequence[Draw] = ()) -> Recommendation | None:
    """Bring evidence and reviews in line with the record; the recommendation that this changed, if any.

    `changed` are the participant's draws that say something else now, or whose status is another one. Without any, the
    level of care is, or an earlier test is known that makes one of the evidence a repeat or possibly the same use.
    """
    if all(is_quiet(work, draw) for draw in changed) if changed else not _is_around(work.session, participant_id):
        return None
    on_record = read_case(work, participant_id, changed)
    wanted = recommending.wanted(on_record.case)
    for fact in on_record.case.facts:
        in_order = sorted(_BY_ITSELF, key=lambda about: (fact.draw_id, about) not in wanted.reviews)
        for about in (*in_order, ReviewReason.LOST_GROUND):
            _ask_or_withdraw(work, on_record, wanted, (fact.draw_id, about))
    if on_record.recommendation is not None and not wanted.evidence:
        return _withdraw(work, on_record, on_record.recommendation, wanted)
    return _bring_evidence_in_line(work, on_record, wanted)


def is_quiet(work: Work, draw: Draw) -> bool:
    """Whether a draw changes nothing of what a clinician is asked, as after most negatives.

    It is evidence of nothing and asks for no review; and there is nothing that it could change: no open review of the
    participant, no open recommendation, and none that ever rested on the draw.
    """
    fact = fact_of(work, draw)
    return fact.grounds is None and not fact.reviews and not _is_around(work.session, draw.participant_id, draw)


def _is_around(session: Session, participant_id: int, draw: Draw | None = None) -> bool:
    """Whether anything is open of a participant, or rested on the draw; without one, whether a use was looked at."""
    query = _anything_around(is_of_a_draw=draw is not None)
    return bool(session.execute(query, {"participant": participant_id, "draw": draw and draw.id}).scalar())


@cache  # asked after each result, and takes longer to put together than to run
def _anything_around(*, is_of_a_draw: bool) -> Select[bool]:
    participant: BindParameter[int] = bindparam("participant")
    is_open = col(Review.done_at).is_(None)
    return sa_select(
        or_(
            exists().where(
                col(Review.participant_id).in_(records_of(participant)),
                is_open if is_of_a_draw else is_open | (col(Review.about) == ReviewReason.SAME_USE),
            ),
            exists().where(
                col(Recommendation.participant_id).in_(records_of(participant)),
                col(Recommendation.status) == RecommendationStatus.OPEN,
            ),
            exists().where(col(Evidence.draw_id) == bindparam("draw", type_=Integer)),
        )
    )


def _ask_or_withdraw(work: Work, on_record: CaseOnRecord, wanted: Wanted, which: tuple[int, ReviewReason]) -> None:
    """Ask for a review that is wanted, and withdraw one that is open and is not."""
    (draw_id, about), review = which, on_record.reviews.get(which)
    draw = on_record.draws[draw_id]
    if which not in wanted.reviews:
        if review is not None:
            reviews.withdraw(work, draw, about)
        return
    if about is ReviewReason.LOST_GROUND and review is not None and _was_ground_since(work.session, review):
        reviews.ask_again(work, review)
    reviews.ask(work, draw, about, wanted.reviews[which])


def _was_ground_since(session: Session, review: Review) -> bool:
    """Whether a test was positive again after somebody had looked, so that what they looked at was another loss."""
    if reviews.state_of(review) is not ReviewStatus.DONE:
        return False
    newer = select(Result.id).where(
        Result.draw_id == review.draw_id, Result.outcome == Outcome.POSITIVE, col(Result.recorded_at) > review.done_at
    )
    return session.exec(newer.limit(1)).first() is not None


def _withdraw(work: Work, on_record: CaseOnRecord, recommendation: Recommendation, wanted: Wanted) -> Recommendation:
    """Withdraw the open recommendation; what is left of its evidence is asked about, as it would have been alone."""
    for line in on_record.lines.values():
        line.withdrawn_at = work.now
        work.add(line)
    for fact in on_record.case.facts:
        _ask_or_withdraw(work, on_record, wanted, (fact.draw_id, ReviewReason.SAME_USE))
    recommendation.status = RecommendationStatus.WITHDRAWN
    recommendation.decided_at, recommendation.decided_by = work.now, work.account
    recommendation.decision_reason = wanted.because
    work.write(recommendation)
    gone = [fact.draw_id for fact in on_record.case.facts if fact.stands_as is not None and fact.grounds is None]
    for draw_id in gone:
        _say_taken_out(work, on_record.draws[draw_id], recommendation)
    if not gone:
        _on_record(work, Act.RECOMMENDATION_WITHDRAW, recommendation, {}, reason=wanted.because)
    return recommendation


def hand_over(work: Work, waiting: Recommendation, because: str) -> list[Draw]:
    """Withdraw an open recommendation whose tests are weighed in another one; returns these tests.

    The caller brings them in line.
    """
    lines = standing_evidence(work.session, waiting)
    for line in lines:
        line.withdrawn_at = work.now
        work.add(line)
    waiting.status = RecommendationStatus.WITHDRAWN
    waiting.decided_at, waiting.decided_by, waiting.decision_reason = work.now, work.account, because
    work.add(waiting)
    _on_record(work, Act.RECOMMENDATION_WITHDRAW, waiting, {}, reason=because)
    return [work.session.get_one(Draw, line.draw_id) for line in lines]


def _bring_evidence_in_line(work: Work, on_record: CaseOnRecord, wanted: Wanted) -> Recommendation | None:
    """Take out what is no evidence any more and put in what is, one after the other; the recommendation changed."""
    recommendation, standing, changed = on_record.recommendation, set(on_record.lines), None
    for fact in on_record.case.facts:
        draw = on_record.draws[fact.draw_id]
        _ask_or_withdraw(work, on_record, wanted, (fact.draw_id, ReviewReason.SAME_USE))
        taken_as = wanted.evidence.get(fact.draw_id)
        if taken_as is fact.stands_as:
            continue
        if fact.stands_as is not None:
            on_record.lines[fact.draw_id].withdrawn_at = work.now
            work.add(on_record.lines[fact.draw_id])
            standing.discard(fact.draw_id)
        if taken_as is not None:
            standing.add(fact.draw_id)
            recommendation = _put_in(work, on_record, recommendation, standing, draw, taken_as)
        elif recommendation is not None:
            _weigh(work, on_record, recommendation, standing)
            _say_taken_out(work, draw, recommendation)
        changed = recommendation
    if changed is None and recommendation is not None:
        return _weigh_again(work, on_record, recommendation)
    return changed


def _put_in(
    work: Work,
    on_record: CaseOnRecord,
    recommendation: Recommendation | None,
    standing: Collection[int],
    draw: Draw,
    taken_as: TakenAs,
) -> Recommendation:
    """Raise a recommendation on a draw, or add the draw to the open one; `standing` is the evidence with it."""
    act = Act.RECOMMENDATION_ADD_EVIDENCE
    if recommendation is None:
        act, level = Act.RECOMMENDATION_RAISE, on_record.case.level
        recommendation = Recommendation(
            participant_id=on_record.participant_id,
            from_level=level,
            to_level=level,
            status=RecommendationStatus.OPEN,
            reason="",
            raised_at=work.now,
        )
    put_off_until = recommendation.deferred_until
    _weigh(work, on_record, recommendation, standing)
    number = id_of(recommendation)
    work.add(Evidence(recommendation_id=number, draw_id=id_of(draw), added_at=work.now, taken_as=str(taken_as)))
    more = {} if taken_as is TakenAs.POSITIVE else {"taken_as": str(taken_as)}
    if put_off_until != recommendation.deferred_until:
        more["ends_deferral_until"] = str(put_off_until)
    _on_record(work, act, recommendation, _levels(recommendation) | more, draw)
    return recommendation


def _weigh(work: Work, on_record: CaseOnRecord, recommendation: Recommendation, standing: Collection[int]) -> None:
    """Write what a recommendation says with these draws as its evidence."""
    weighed = recommending.weighed(on_record.case, standing)
    recommendation.from_level, recommendation.to_level = weighed.from_level, weighed.to_level
    recommendation.reason, recommendation.deferred_until = weighed.reason, weighed.deferred_until
    work.add(recommendation)
    work.session.flush()


def _weigh_again(work: Work, on_record: CaseOnRecord, recommendation: Recommendation) -> Recommendation | None:
    """Weigh the same evidence once more; None unless it says otherwise now."""
    before = _levels(recommendation)
    _weigh(work, on_record, recommendation, on_record.lines)
    if before == _levels(recommendation):
        return None
    _on_record(work, Act.RECOMMENDATION_WEIGH_AGAIN, recommendation, _levels(recommendation))
    return recommendation


def _levels(recommendation: Recommendation) -> dict[str, str]:
    return {"from_level": recommendation.from_level, "to_level": recommendation.to_level}


def _say_taken_out(work: Work, draw: Draw, recommendation: Recommendation) -> None:
    said = {"status": recommendation.status, "to_level": recommendation.to_level}
    _on_record(work, Act.RECOMMENDATION_WITHDRAW_EVIDENCE, recommendation, said, draw)


def _on_record(
    work: Work,
    act: Act,
    recommendation: Recommendation,
    said: Mapping[str, Any],
    draw: Draw | None = None,
    reason: str | None = None,
) -> None:
    work.on_record(
        act,
        draw=draw,
        participant_id=recommendation.participant_id,
        recommendation_id=recommendation.id,
        reason=reason,
        **said,
    )
    work.session.flush()
