"""Takes a decision on a recommendation back that was a mistake: it is open again, weighed as if never decided.

The decision stays on the audit table, and `recommendation show` has it among the earlier ones. What is past stays as it
was: where the decision moved the participant, the move is taken back from today.
"""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import ParticipantStatus, RecommendationStatus
from testing_tracker.services.deciding import evidence
from testing_tracker.services.deciding.case import move_made, open_recommendation, standing_evidence
from testing_tracker.services.deciding.recommendations import find
from testing_tracker.services.people import participants
from testing_tracker.services.people.lookup import first_day_of_change
from testing_tracker.services.people.moves import LevelMove, check_as_said, move_of
from testing_tracker.store.queries import id_of, in_force, level_on, person_of, standing_on
from testing_tracker.store.tables import Draw, Participant, Placement, Recommendation
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class Reopening:
    """What reopening a recommendation does. `taken_back` is what it was: accepted, declined, or put off until a day.

    `move` is where the participant goes back to; where the decision moved nobody, or somebody has moved the participant
    since, `stays` says so instead. `joins` is another open recommendation, whose tests come to this one; of a record
    that was joined into another, `weighed_with` is that participant, with whose tests these are weighed.
    """

    number: int
    participant: str
    taken_back: str
    move: LevelMove | None = None
    stays: str | None = None
    joins: int | None = None
    weighed_with: str | None = None

    def __str__(self) -> str:
        """All of it in a sentence, as it is said before."""
        told = [f"Recommendation {self.number} for {self.participant}, {self.taken_back}, comes back"]
        if self.weighed_with is not None:
            told = [f"Recommendation {self.number}, {self.taken_back}, comes back among {self.weighed_with}'s"]
        if self.joins is not None:
            told.append(f"recommendation {self.joins}, which is open, goes into it with its tests")
        told += [str(one) for one in (self.move, self.stays) if one is not None]
        return "; ".join(told)


@dataclass(frozen=True)
class ReopenedRecommendation:
    """What reopening did, in sentences for people, and the number of the recommendation that its tests stand in now.

    `status` is that one's: it may have been withdrawn at once.
    """

    told: list[str]
    number: int
    status: RecommendationStatus


def reopening(work: Work, number: int) -> Reopening:
    """What reopening would do, for saying it before it is done. Raises TestingTrackerError where `reopen` does."""
    recommendation, participant = find(work, number)
    _check_reopenable(recommendation)
    if recommendation.status == RecommendationStatus.OPEN:
        return Reopening(number, participant.code, f"put off until {recommendation.deferred_until}")
    decided_at, level = recommendation.decided_at, recommendation.accepted_level
    assert decided_at is not None, "it is decided"
    at = f" at {level}" if level else ""
    on = decided_at.astimezone(work.zone).date()
    person = work.session.get_one(Participant, person_of(work.session, id_of(participant)))
    other = open_recommendation(work.session, id_of(person))
    is_own = person.id == participant.id
    move, stays = _back(work, recommendation, participant) if is_own else (None, _where_it_is(work, person))
    return Reopening(
        number=number,
        participant=participant.code,
        taken_back=f"{recommendation.status}{at} on {on} by {recommendation.decided_by}",
        move=move,
        stays=stays,
        joins=id_of(other) if other is not None and is_own else None,
        weighed_with=None if is_own else person.code,
    )


def _check_reopenable(recommendation: Recommendation) -> None:
    number = recommendation.id
    if recommendation.status == RecommendationStatus.WITHDRAWN:
        raise TestingTrackerError(
            f"Recommendation {number} was withdrawn ({recommendation.decision_reason or 'its ground is gone'}); nobody "
            "decided that, so there is nothing to take back. The tests decide: another ground raises another one."
        )
    if recommendation.status == RecommendationStatus.OPEN and recommendation.deferred_until is None:
        raise TestingTrackerError(f"Recommendation {number} is open already; there is no decision to take back.")


def _where_it_is(work: Work, person: Participant) -> str | None:
    """Where somebody stays whose other record a decision was about; nothing of who takes part no more."""
    identity = id_of(person)
    if standing_on(work.session, identity, work.today) is ParticipantStatus.DISCHARGED:
        return None
    return f"{person.code} stays in {level_on(work.session, identity, first_day_of_change(work, identity))}"


def _back(work: Work, recommendation: Recommendation, participant: Participant) -> tuple[LevelMove | None, str | None]:
    """The move that takes the decision's move back; or why the level of care stays as it is."""
    identity, code = id_of(participant), participant.code
    made = move_made(work.session, id_of(recommendation))
    level = level_on(work.session, identity, first_day_of_change(work, identity))
    if made is None:
        return None, f"{code} stays in {level}"
    if standing_on(work.session, identity, work.today) is ParticipantStatus.DISCHARGED:
        return None, f"{code} was discharged since, so no level of care changes"
    placement = in_force(work.session, Placement, identity, first_day_of_change(work, identity))
    if placement is None or placement.recommendation_id != recommendation.id:
        return None, f"{code} stays in {level}, because somebody has placed {code} anew since"
    return move_of(work, participant, made[0]), None


def reopen(work: Work, number: int, reason: str, as_said: Reopening | None = None) -> ReopenedRecommendation:
    """A clinician takes a decision back, and says why: the recommendation is open again, or back from being put off.

    It is weighed like any open one, with all that has come to be known since, and is withdrawn at once where nothing of
    its ground is left. A participant has one open at most: another one goes into it. Where it moved the participant,
    and nobody has moved the participant since, that is taken back from today.

    Raises TestingTrackerError for one that is open and not put off, and for one that was withdrawn, and where it would
    do something else than was said before, if anything was.
    """
    done = reopening(work, number)
    check_as_said(done, as_said, done)
    recommendation, participant = find(work, number)
    person = person_of(work.session, id_of(participant))
    draws = _draws_behind(work.session, recommendation)
    if done.joins is not None:
        other = work.session.get_one(Recommendation, done.joins)
        because = f"recommendation {number} was reopened, where its tests are weighed"
        draws += evidence.hand_over(work, other, because)
    _open(work, recommendation, reason)
    if done.weighed_with is not None:
        evidence.hand_over(work, recommendation, f"joined into {done.weighed_with}, where its tests are weighed")
    if done.move is not None:
        participants.transfer(work, participant, done.move.level, f"recommendation {number} reopened: {reason}")
    evidence.bring_in_line(work, person, draws)
    work.session.flush()
    return _reopened(work, done, recommendation, person)


def _reopened(work: Work, done: Reopening, recommendation: Recommendation, person: int) -> ReopenedRecommendation:
    """What reopening has come to, as the recommendation stands after it was weighed."""
    in_its_place = open_recommendation(work.session, person) if done.weighed_with is not None else None
    now = in_its_place or recommendation
    code = done.weighed_with or done.participant
    told = [f"Recommendation {done.number} for {done.participant} is reopened; it was {done.taken_back}."]
    if done.move is not None:
        told.append(f"{done.move.done}.")
    if done.stays is not None:
        told.append(f"{done.stays}.")
    if done.joins is not None:
        told.append(f"Recommendation {done.joins} went into it with its tests.")
    if now.status == RecommendationStatus.OPEN:
        told.append(f"Recommendation {id_of(now)} for {code}, open: {now.reason}. A clinician decides.")
    else:
        told.append(f"Recommendation {id_of(now)} is withdrawn at once: {now.decision_reason}.")
    return ReopenedRecommendation(told, id_of(now), RecommendationStatus(now.status))


def _draws_behind(session: Session, recommendation: Recommendation) -> list[Draw]:
    lines = standing_evidence(session, recommendation)
    return [session.get_one(Draw, line.draw_id) for line in lines]


def _open(work: Work, recommendation: Recommendation, reason: str) -> None:
    """Open it again. What was decided, by whom, when and why goes with the act; columns keep what stands now."""
    was: dict[str, Any] = {
        "status": recommendation.status,
        "decided_at": recommendation.decided_at,
        "decided_by": recommendation.decided_by,
        "decision_reason": recommendation.decision_reason,
        "accepted_level": recommendation.accepted_level,
        "deferred_until": recommendation.deferred_until,
    }
    recommendation.status = str(RecommendationStatus.OPEN)
    recommendation.decided_at = recommendation.decided_by = recommendation.decision_reason = None
    recommendation.accepted_level = recommendation.deferred_until = None
    work.add(recommendation)
    work.on_record(
        Act.RECOMMENDATION_REOPEN,
        participant_id=recommendation.participant_id,
        recommendation_id=recommendation.id,
        reason=reason,
        was={name: str(said) for name, said in was.items() if said is not None},
    )
    work.session.flush()
