"""Keeps what a clinician is shown in line with the draws: the evidence of recommendations, and reviews.

Whatever changes a draw, its status or its result, `follow` looks at what the draw says now and brings the rest in
line. It may be called once too often without harm, so no caller has to know what the draw said before.
"""

import json
from collections.abc import Sequence
from datetime import date
from functools import cache

from sqlalchemy import BindParameter, Select, bindparam, exists, or_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.schedule import Missed
from testing_tracker.rules.words import About, Decision, Outcome, Status
from testing_tracker.services import reviews
from testing_tracker.services.deciding import lost_ground
from testing_tracker.services.lookup import first_day_of_change
from testing_tracker.services.panels import rule_of_draw
from testing_tracker.services.positives import Positives, positives_of
from testing_tracker.services.recommendation_lines import DEFER
from testing_tracker.services.weighing import (
    ADD_EVIDENCE,
    DECIDED,
    RAISE,
    open_recommendation,
    standing_evidence,
    was_decided_on,
    weigh,
    weigh_again,
)
from testing_tracker.store import audit
from testing_tracker.store.queries import id_of, level_on, person_of, records_of
from testing_tracker.store.tables import AuditEntry, Draw, Evidence, Recommendation, Review

_ABSENCES = {Status.MISSED: About.MISSED, Status.REFUSED: About.REFUSED}


def follow(session: Session, acting: Acting, draw: Draw) -> Recommendation | None:
    """Bring evidence and reviews in line with what a draw says now; the recommendation that this changed, if any.

    A positive, or a missed or refused test where the schedule asks for it, raises a recommendation or joins the open
    one; what is neither any more leaves it. Tests that were possibly the same use as this one are looked at again.
    """
    _follow_absence(session, acting, draw)
    lost_ground.bring_in_line(session, acting, draw, is_ground=_grounds_of(session, draw) is not None)
    changed = _follow_evidence(session, acting, draw)
    for other in _possibly_same_use(session, draw.participant_id, but=draw.id):
        changed = _follow_evidence(session, acting, other) or changed
    return changed


def look_again(session: Session, acting: Acting, participant_id: int) -> None:
    """Look again at what a clinician is asked about a participant, after a past record told more of earlier tests."""
    for draw in _possibly_same_use(session, participant_id):
        _follow_evidence(session, acting, draw)
    weigh_again(session, acting, participant_id)


def is_quiet(session: Session, draw: Draw) -> bool:
    """Whether `follow` has nothing to do, as after most negatives.

    The draw is evidence of nothing and asks for no review; and there is nothing that it could change: no open review of
    the participant, no open recommendation, and none that ever rested on the draw.
    """
    if _grounds_of(session, draw) is not None or _reviews_wanted(session, draw):
        return False
    return not session.execute(_is_anything_around(), {"participant": draw.participant_id, "draw": draw.id}).scalar()


@cache  # asked after each result, and takes longer to put together than to run
def _is_anything_around() -> Select[bool]:
    participant: BindParameter[int] = bindparam("participant")
    return sa_select(
        or_(
            exists().where(col(Review.participant_id).in_(records_of(participant)), col(Review.done_at).is_(None)),
            exists().where(
                col(Recommendation.participant_id).in_(records_of(participant)),
                col(Recommendation.status) == Decision.OPEN,
            ),
            exists().where(col(Evidence.draw_id) == bindparam("draw")),
        )
    )


def follow_absence(session: Session, acting: Acting, draw: Draw) -> Recommendation | None:
    """The same after a change of status alone, such as a draw that was missed, or is not any more.

    Evidence that is a positive result is left to whoever takes the result back.
    """
    _follow_absence(session, acting, draw)
    lost_ground.bring_in_line(session, acting, draw, is_ground=_grounds_of(session, draw) is not None)
    if _is_absence(_grounds_of(session, draw)) or _was_absence(session, draw):
        changed = _follow_evidence(session, acting, draw)
        for other in _possibly_same_use(session, draw.participant_id, but=draw.id):
            changed = _follow_evidence(session, acting, other) or changed
        return changed
    return None


def _is_absence(grounds: Outcome | Status | None) -> bool:
    return isinstance(grounds, Status)


def _was_absence(session: Session, draw: Draw) -> bool:
    """Whether the open recommendation rests on the draw as on a missed or refused one."""
    recommendation = open_recommendation(session, draw.participant_id)
    own = _standing_in(session, recommendation, draw)
    return own is not None and own.taken_as != Outcome.POSITIVE


def decided_on(session: Session, draw: Draw) -> list[int]:
    """The recommendations, by number, that a clinician decided on with this draw as evidence."""
    found = session.exec(
        select(Recommendation)
        .join(Evidence, col(Evidence.recommendation_id) == Recommendation.id)
        .where(
            Evidence.draw_id == draw.id, col(Evidence.withdrawn_at).is_(None), col(Recommendation.status).in_(DECIDED)
        )
        .order_by(col(Recommendation.id))
    )
    return [id_of(recommendation) for recommendation in found]


def _follow_absence(session: Session, acting: Acting, draw: Draw) -> None:
    """Ask for the reviews that a missed or refused draw leads to, and withdraw those that it leads to no more."""
    wanted = _reviews_wanted(session, draw)
    for about in wanted:
        reviews.ask(session, acting, draw, about, draw.reason)
    asked = session.exec(select(Review.about).where(Review.draw_id == draw.id, col(Review.done_at).is_(None))).all()
    for about in (*_ABSENCES.values(), About.UNABLE):
        if about in asked and about not in wanted:
            reviews.withdraw(session, acting, draw, about)


def _reviews_wanted(session: Session, draw: Draw) -> set[About]:
    """What a clinician is to look at because of a draw's status."""
    wanted: set[About] = set()
    if draw.status in tuple(_ABSENCES) and rule_of_draw(session, draw).response.missed is Missed.REVIEW:
        wanted.add(_ABSENCES[Status(draw.status)])
    if draw.unable and draw.status == Status.UNRECORDED:
        wanted.add(About.UNABLE)
    return wanted


def _possibly_same_use(session: Session, participant_id: int, but: int | None = None) -> Sequence[Draw]:
    """The participant's other draws about which a clinician is asked whether they show a new use.

    Also those of which one has said so, where what they were the same use as is not what it was then.
    """
    rows = session.exec(
        select(Draw, Review)
        .join(Review, col(Review.draw_id) == Draw.id)
        .where(
            col(Review.participant_id).in_(records_of(participant_id)),
            Review.about == About.SAME_USE,
            or_(col(Review.done_at).is_(None), col(Review.done_by).is_not(None)),
            col(Draw.id).is_distinct_from(but),
        )
        .order_by(col(Draw.due_on), col(Draw.id))
    ).all()
    looked_at = [other for other, review in rows if review.done_at is not None]
    positives = positives_of(session, col(Draw.participant_id).in_(records_of(participant_id))) if looked_at else None
    return [
        other
        for other, review in rows
        if review.done_at is None or (positives and _lost_its_ground(session, positives, other, review))
    ]


def _lost_its_ground(session: Session, positives: Positives, draw: Draw, review: Review) -> bool:
    """Whether a positive that a clinician has looked at as an earlier use goes back to other tests now, or to none."""
    if id_of(draw) not in positives.tests:
        return False
    return not _is_use_decided_on(session, positives, draw) or review.detail != _use_in_words(positives, draw)


def _follow_evidence(session: Session, acting: Acting, draw: Draw) -> Recommendation | None:
    grounds = _grounds_of(session, draw)
    recommendation = open_recommendation(session, draw.participant_id)
    own = _standing_in(session, recommendation, draw)
    if grounds is None:
        reviews.withdraw(session, acting, draw, About.SAME_USE)
        if recommendation is None:
            return None
        return _take_out(session, acting, recommendation, own, draw) if own else _weigh_again(session, acting, draw)
    if own is not None and recommendation is not None:
        if own.taken_as == grounds:
            return _weigh_again(session, acting, draw)
        own.withdrawn_at = acting.now  # a missed draw whose result came in: the same draw, other evidence
        session.add(own)
        session.flush()
    elif was_decided_on(session, id_of(draw), grounds):
        return weigh_again(session, acting, draw.participant_id)
    elif recommendation is None and grounds is Outcome.POSITIVE:
        positives = _positives(session, draw)
        if _is_use_decided_on(session, positives, draw):
            _ask_about_use(session, acting, positives, draw)
            return None
    reviews.withdraw(session, acting, draw, About.SAME_USE)
    return _put_in(session, acting, recommendation, draw, grounds)


def _grounds_of(session: Session, draw: Draw) -> Outcome | Status | None:
    """As what a draw is evidence now: a positive, or missed or refused where the schedule asks for that."""
    if draw.status in tuple(_ABSENCES):
        asks = rule_of_draw(session, draw).response.missed is Missed.POSITIVE
        return Status(draw.status) if asks else None
    is_positive = draw.status == Status.COLLECTED and draw.outcome == Outcome.POSITIVE and not draw.expected
    return Outcome.POSITIVE if is_positive else None


def _positives(session: Session, draw: Draw) -> Positives:
    return positives_of(session, col(Draw.participant_id).in_(records_of(draw.participant_id)))


def _standing_in(session: Session, recommendation: Recommendation | None, draw: Draw) -> Evidence | None:
    if recommendation is None:
        return None
    return next((line for line in standing_evidence(session, recommendation) if line.draw_id == draw.id), None)


def _is_use_decided_on(session: Session, positives: Positives, draw: Draw) -> bool:
    """Whether all that a positive found may be from uses that a clinician has decided on."""
    origins = positives.same_uses.get(id_of(draw))
    return origins is not None and all(was_decided_on(session, found.draw_id) for found in origins)


def _ask_about_use(session: Session, acting: Acting, positives: Positives, draw: Draw) -> None:
    reviews.ask(session, acting, draw, About.SAME_USE, _use_in_words(positives, draw))


def _use_in_words(positives: Positives, draw: Draw) -> str:
    identity = id_of(draw)
    days = " and ".join(str(found.on) for found in positives.same_uses[identity])
    return f"{', '.join(positives.tests[identity].unexpected)}, as on {days}"


def _put_in(
    session: Session, acting: Acting, recommendation: Recommendation | None, draw: Draw, grounds: Outcome | Status
) -> Recommendation:
    """Raise a recommendation on a draw, or add the draw to the open one.

    What may show a use of its own ends a deferral: the clinician put the recommendation off without knowing of it.
    """
    identity = person_of(session, draw.participant_id)
    is_new = recommendation is None
    if recommendation is None:
        level = level_on(session, identity, first_day_of_change(session, acting, identity))
        recommendation = Recommendation(
            participant_id=identity,
            from_level=level,
            to_level=level,
            status=Decision.OPEN,
            reason="",
            raised_at=acting.now,
        )
    positives = _positives(session, draw)
    put_off_until = recommendation.deferred_until
    if id_of(draw) not in positives.same_uses:
        recommendation.deferred_until = None
    session.add(recommendation)
    session.flush()
    session.add(
        Evidence(
            recommendation_id=id_of(recommendation), draw_id=id_of(draw), added_at=acting.now, taken_as=str(grounds)
        )
    )
    session.flush()
    weigh(session, acting, recommendation, positives)
    more = {} if grounds is Outcome.POSITIVE else {"taken_as": str(grounds)}
    if put_off_until != recommendation.deferred_until:
        more["ends_deferral_until"] = str(put_off_until)
    audit.record(
        session,
        acting,
        RAISE if is_new else ADD_EVIDENCE,
        participant_id=draw.participant_id,
        draw_id=draw.id,
        recommendation_id=recommendation.id,
        from_level=recommendation.from_level,
        to_level=recommendation.to_level,
        **more,
    )
    session.flush()
    return recommendation


def _put_off_until(session: Session, recommendation: Recommendation, positives: Positives) -> date | None:
    """Until when a recommendation is put off, as its evidence stands.

    What may show a use of its own and came later ends a deferral; one that is taken back has not ended it.
    """
    acts = session.exec(
        select(AuditEntry)
        .where(AuditEntry.recommendation_id == recommendation.id, col(AuditEntry.act).in_((DEFER, RAISE, ADD_EVIDENCE)))
        .order_by(col(AuditEntry.id))
    )
    standing = {line.draw_id for line in standing_evidence(session, recommendation)}
    until: date | None = None
    for entry in acts:
        if entry.act == DEFER:
            until = date.fromisoformat(json.loads(entry.detail or "{}")["until"])
        elif entry.draw_id in standing and entry.draw_id not in positives.same_uses:
            until = None
    return until


def _take_out(
    session: Session, acting: Acting, recommendation: Recommendation, own: Evidence, draw: Draw
) -> Recommendation:
    """Take a draw out of the evidence; the recommendation is withdrawn when that leaves nothing to decide on."""
    own.withdrawn_at = acting.now
    session.add(own)
    session.flush()
    if not _withdraw_if_nothing_is_left(session, acting, recommendation):
        recommendation.deferred_until = _put_off_until(session, recommendation, _positives(session, draw))
        weigh(session, acting, recommendation)
    audit.record(
        session,
        acting,
        "recommendation withdraw evidence",
        participant_id=draw.participant_id,
        draw_id=draw.id,
        recommendation_id=recommendation.id,
        status=recommendation.status,
        to_level=recommendation.to_level,
    )
    session.flush()
    return recommendation


def _weigh_again(session: Session, acting: Acting, draw: Draw) -> Recommendation | None:
    """The same for a recommendation whose evidence stands, but may say something else now."""
    recommendation = open_recommendation(session, draw.participant_id)
    assert recommendation is not None, "the caller has found it"
    if _withdraw_if_nothing_is_left(session, acting, recommendation):
        audit.record(
            session,
            acting,
            "recommendation withdraw",
            participant_id=draw.participant_id,
            recommendation_id=recommendation.id,
            reason=recommendation.decision_reason,
        )
        session.flush()
        return recommendation
    return weigh_again(session, acting, draw.participant_id)


def _withdraw_if_nothing_is_left(session: Session, acting: Acting, recommendation: Recommendation) -> bool:
    """Withdraw a recommendation without evidence, or with uses only that a clinician has decided on before.

    Those become reviews, as they would have been without the evidence that is gone.
    """
    evidence = standing_evidence(session, recommendation)
    draws = [session.get_one(Draw, line.draw_id) for line in evidence]
    positives = positives_of(session, col(Draw.participant_id).in_(records_of(recommendation.participant_id)))
    if not all(_is_use_decided_on(session, positives, draw) for draw in draws):
        return False
    for line, draw in zip(evidence, draws, strict=True):
        line.withdrawn_at = acting.now
        session.add(line)
        _ask_about_use(session, acting, positives, draw)
    recommendation.status = Decision.WITHDRAWN
    recommendation.decided_at = acting.now
    recommendation.decided_by = acting.account
    left = "only uses that were decided on before are left" if draws else "no positive test is left"
    recommendation.decision_reason = left
    session.add(recommendation)
    session.flush()
    return True
