"""Escalation recommendations: raised by positives, withdrawn with their evidence, decided by clinicians."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.escalation import is_more_immersive
from testing_tracker.rules.words import Decision, Level, Outcome, Standing
from testing_tracker.services import participants
from testing_tracker.services.lookup import first_day_of_change, readmitted_from
from testing_tracker.services.weighing import open_recommendation, standing_evidence, weigh, weigh_again
from testing_tracker.store import audit
from testing_tracker.store.queries import counts, findings_of, id_of, level_on, standing_on
from testing_tracker.store.tables import Draw, Evidence, Participant, Recommendation, Result


@dataclass(frozen=True)
class EvidenceLine:
    """A test that a recommendation rests on, with what its result says now."""

    due_on: date
    outcome: Outcome | None
    analytes: list[str]


@dataclass(frozen=True)
class RecommendationLine:
    """A recommendation as a clinician sees it. `reason` says why it was raised; instants are in UTC."""

    id: int
    participant: str
    from_level: Level
    to_level: Level
    status: Decision
    raised_at: datetime
    evidence: list[EvidenceLine]
    reason: str
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None


def add_evidence(session: Session, acting: Acting, draw: Draw) -> Recommendation | None:
    """A draw's test is positive: raise a recommendation, or add to the open one, whose target may rise.

    A test that a clinician decided on raises nothing again when a correction of it is corrected; then, what the open
    recommendation says may change, which is returned only if it does.
    """
    identity = draw.participant_id
    if decided_on(session, draw):
        return weigh_again(session, acting, identity)
    recommendation = open_recommendation(session, identity)
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
    session.add(recommendation)
    session.flush()
    session.add(Evidence(recommendation_id=id_of(recommendation), draw_id=id_of(draw), added_at=acting.now))
    session.flush()
    weigh(session, acting, recommendation)
    audit.record(
        session,
        acting,
        "recommendation raise" if is_new else "recommendation add evidence",
        participant_id=identity,
        draw_id=draw.id,
        recommendation_id=recommendation.id,
        from_level=recommendation.from_level,
        to_level=recommendation.to_level,
    )
    return recommendation


def withdraw_evidence(session: Session, acting: Acting, draw: Draw) -> Recommendation | None:
    """A draw's test is not positive after all: its open recommendation loses it, and is withdrawn with its last.

    A recommendation that was decided stays as it was decided; its evidence shows what the test says now. The open one
    is weighed again also where the test was none of its evidence: it may have made another one a repeat.
    """
    recommendation = open_recommendation(session, draw.participant_id)
    if recommendation is None:
        return None
    standing = standing_evidence(session, recommendation)
    own = [evidence for evidence in standing if evidence.draw_id == draw.id]
    if not own:
        return weigh_again(session, acting, draw.participant_id)
    own[0].withdrawn_at = acting.now
    session.add(own[0])
    session.flush()
    if len(standing) == 1:
        recommendation.status = Decision.WITHDRAWN
        recommendation.decided_at = acting.now
        recommendation.decided_by = acting.account
        recommendation.decision_reason = "no positive test is left"
        session.add(recommendation)
    else:
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


def decided_on(session: Session, draw: Draw) -> list[int]:
    """The recommendations, by number, that a clinician decided on with this draw as evidence."""
    found = session.exec(
        select(Recommendation)
        .join(Evidence, col(Evidence.recommendation_id) == Recommendation.id)
        .where(
            Evidence.draw_id == draw.id,
            col(Evidence.withdrawn_at).is_(None),
            col(Recommendation.status).in_((Decision.ACCEPTED, Decision.DECLINED)),
        )
        .order_by(col(Recommendation.id))
    )
    return [id_of(recommendation) for recommendation in found]


def find(session: Session, acting: Acting, number: int) -> tuple[Recommendation, Participant]:
    """The recommendation with a number. Raises TestingTrackerError when there is none."""
    found = session.exec(
        select(Recommendation, Participant)
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .where(Recommendation.id == number, Participant.facility_id == acting.facility_id)
    ).first()
    if found is None:
        raise TestingTrackerError(
            f"There is no recommendation {number}. `testing-tracker recommendation list` shows them all."
        )
    return found


@dataclass(frozen=True)
class Accepted:
    """What accepting did: the level of care that the participant is in now, and whether that is new."""

    participant: str
    level_now: Level
    transferred: bool


def accept(session: Session, acting: Acting, number: int, note: str | None) -> Accepted:
    """A clinician follows the recommendation: the participant is transferred to its level from today.

    One that asks for no step up, or whose level the participant has reached meanwhile, transfers nobody. Raises
    TestingTrackerError for a participant who was discharged.
    """
    recommendation, participant = _find_open(session, acting, number)
    _check_enrolled(session, acting, number, participant)
    _decide(session, acting, recommendation, Decision.ACCEPTED, note)
    target = Level(recommendation.to_level)
    level = level_on(session, id_of(participant), first_day_of_change(session, acting, id_of(participant)))
    if is_more_immersive(target, level):
        reason = f"recommendation {number} accepted" + (f": {note}" if note else "")
        participants.transfer(session, acting, participant, target, reason, recommendation.id)
        return Accepted(participant.code, target, transferred=True)
    return Accepted(participant.code, level, transferred=False)


def _check_enrolled(session: Session, acting: Acting, number: int, participant: Participant) -> None:
    if standing_on(session, id_of(participant), acting.today) is not Standing.DISCHARGED:
        return
    remedy = f"decline it with `testing-tracker recommendation decline {number} --reason …`"
    back_on = readmitted_from(session, acting, id_of(participant))
    if back_on is not None:
        raise TestingTrackerError(
            f"{participant.code} is discharged until {back_on}. Accept recommendation {number} from that day on, "
            f"or {remedy}."
        )
    raise TestingTrackerError(
        f"{participant.code} was discharged, so there is no level of care to change. If recommendation {number} is "
        f"settled by that, {remedy}."
    )


def decline(session: Session, acting: Acting, number: int, reason: str) -> str:
    """A clinician does not follow the recommendation, and says why. Returns the participant's code."""
    recommendation, participant = _find_open(session, acting, number)
    _decide(session, acting, recommendation, Decision.DECLINED, reason)
    return participant.code


def _find_open(session: Session, acting: Acting, number: int) -> tuple[Recommendation, Participant]:
    recommendation, participant = find(session, acting, number)
    if recommendation.status != Decision.OPEN:
        raise TestingTrackerError(f"Recommendation {number} is {recommendation.status} already; nothing was changed.")
    return recommendation, participant


def _decide(
    session: Session, acting: Acting, recommendation: Recommendation, decision: Decision, reason: str | None
) -> None:
    recommendation.status = decision
    recommendation.decided_at = acting.now
    recommendation.decided_by = acting.account
    recommendation.decision_reason = reason
    session.add(recommendation)
    audit.record(
        session,
        acting,
        f"recommendation {'accept' if decision is Decision.ACCEPTED else 'decline'}",
        participant_id=recommendation.participant_id,
        recommendation_id=recommendation.id,
        reason=reason,
        to_level=recommendation.to_level,
    )
    session.flush()


def shown(session: Session, acting: Acting, number: int) -> RecommendationLine:
    """One recommendation with its evidence."""
    return _line(session, *find(session, acting, number))


def listed(session: Session, acting: Acting, *, open_only: bool) -> list[RecommendationLine]:
    """The facility's recommendations, newest first."""
    query = (
        select(Recommendation, Participant)
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .where(Participant.facility_id == acting.facility_id)
        .order_by(col(Recommendation.raised_at).desc(), col(Recommendation.id).desc())
    )
    if open_only:
        query = query.where(Recommendation.status == Decision.OPEN)
    return [_line(session, recommendation, participant) for recommendation, participant in session.exec(query)]


def _line(session: Session, recommendation: Recommendation, participant: Participant) -> RecommendationLine:
    # A withdrawn one shows what it rested on; any other only what still stands.
    evidence_query = select(Evidence.draw_id).where(Evidence.recommendation_id == recommendation.id)
    if recommendation.status != Decision.WITHDRAWN:
        evidence_query = evidence_query.where(col(Evidence.withdrawn_at).is_(None))
    rows = session.exec(
        select(col(Draw.due_on), col(Result.outcome), col(Result.id))
        .select_from(Draw)
        .join(Result, (col(Result.draw_id) == Draw.id) & counts(), isouter=True)
        .where(col(Draw.id).in_(evidence_query))
        .order_by(col(Draw.due_on), col(Draw.id))
    ).all()
    evidence = [
        EvidenceLine(due_on, Outcome(outcome) if outcome else None, findings_of(session, result_id))
        for due_on, outcome, result_id in rows
    ]
    return RecommendationLine(
        id=id_of(recommendation),
        participant=participant.code,
        from_level=Level(recommendation.from_level),
        to_level=Level(recommendation.to_level),
        status=Decision(recommendation.status),
        raised_at=recommendation.raised_at,
        evidence=evidence,
        reason=recommendation.reason,
        decided_at=recommendation.decided_at,
        decided_by=recommendation.decided_by,
        decision_reason=recommendation.decision_reason,
    )
