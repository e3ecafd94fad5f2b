"""Escalation recommendations as clinicians decide on them: accept, also at another level, decline, or put off.

How they are raised and withdrawn is in `evidence`, how they are read in `recommendation_lines`, how a decision is taken
back in `reopening`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.deciding.escalation import is_more_immersive
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Level, ParticipantStatus, RecommendationStatus
from testing_tracker.services.deciding.recent_record import RecentRecord, recent_record
from testing_tracker.services.deciding.recommendation_lines import (
    RecommendationLine,
    draws_behind,
    read_recommendations,
)
from testing_tracker.services.people import participants
from testing_tracker.services.people.lookup import readmitted_from
from testing_tracker.services.people.moves import LevelMove, check_as_said, level_of_change, move_of
from testing_tracker.services.testing.collections import NOTHING_SAID, Collection, collections_of
from testing_tracker.store.queries import id_of, standing_on
from testing_tracker.store.tables import Draw, Participant, Recommendation
from testing_tracker.store.work import Work


def find(work: Work, number: int) -> tuple[Recommendation, Participant]:
    """The recommendation with a number. Raises TestingTrackerError when there is none."""
    found = work.session.exec(
        select(Recommendation, Participant)
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .where(Recommendation.id == number, Participant.facility_id == work.facility_id)
    ).first()
    if found is None:
        raise TestingTrackerError(
            f"There is no recommendation {number}. `testing-tracker recommendation list --all` shows them all."
        )
    return found


@dataclass(frozen=True)
class Acceptance:
    """What accepting a recommendation does: the level of care that was recommended, and the move that it comes to."""

    number: int
    recommended: Level
    move: LevelMove

    @property
    def is_other(self) -> bool:
        """Whether it is answered by another level than the recommended one."""
        return self.move.level is not self.recommended

    @property
    def done(self) -> str:
        """What was done, in a sentence."""
        other = f" at {self.move.level} instead of {self.recommended}" if self.is_other else ""
        return f"Recommendation {self.number} accepted{other}; {self.move.done}."


def acceptance(work: Work, number: int, to_level: Level | None = None) -> Acceptance:
    """What accepting would do, for saying it before it is done. Raises TestingTrackerError where `accept` does."""
    recommendation, participant = _find_open(work, number)
    _check_enrolled(work, number, participant)
    recommended, level = Level(recommendation.to_level), level_of_change(work, participant)
    target = to_level or (recommended if is_more_immersive(recommended, level) else level)
    return Acceptance(number, recommended if to_level else target, move_of(work, participant, target))


def accept(
    work: Work, number: int, note: str | None, to_level: Level | None = None, as_said: Acceptance | None = None
) -> Acceptance:
    """A clinician follows the recommendation: the participant is transferred to its level from today.

    One that asks for no step up, or whose level the participant has reached meanwhile, transfers nobody. With
    `to_level` it is answered by another level, which may be the present one or a lower one. Raises
    TestingTrackerError for a participant who was discharged, and where it would do something else than was said
    before, if anything was.
    """
    done = acceptance(work, number, to_level)
    check_as_said(done, as_said, done.move)
    recommendation, participant = find(work, number)
    recommendation.accepted_level = str(done.move.level)
    _decide(work, recommendation, RecommendationStatus.ACCEPTED, note)
    if done.move.is_any:
        other = f" at {done.move.level} instead of {done.recommended}" if done.is_other else ""
        reason = f"recommendation {number} accepted{other}" + (f": {note}" if note else "")
        participants.transfer(work, participant, done.move.level, reason, recommendation.id)
    return done


def _check_enrolled(work: Work, number: int, participant: Participant) -> None:
    if standing_on(work.session, id_of(participant), work.today) is not ParticipantStatus.DISCHARGED:
        return
    remedy = f"decline it with `testing-tracker recommendation decline {number} --reason …`"
    back_on = readmitted_from(work, id_of(participant))
    if back_on is not None:
        raise TestingTrackerError(
            f"{participant.code} is discharged until {back_on}. Accept recommendation {number} from that day on, "
            f"or {remedy}."
        )
    raise TestingTrackerError(
        f"{participant.code} was discharged, so there is no level of care to change. If recommendation {number} is "
        f"settled by that, {remedy}."
    )


def decline(work: Work, number: int, reason: str) -> str:
    """A clinician does not follow the recommendation, and says why. Returns the participant's code."""
    recommendation, participant = _find_open(work, number)
    _decide(work, recommendation, RecommendationStatus.DECLINED, reason)
    return participant.code


def defer(work: Work, number: int, until: date, reason: str) -> str:
    """A clinician puts the recommendation off until a later day, and says why. Returns the participant's code.

    It stays open, and comes back to the top of the worklist on that day, or with the next test that may show another
    use. Raises TestingTrackerError for a day that is not to come.
    """
    recommendation, participant = _find_open(work, number)
    check_to_come(work, until)
    recommendation.deferred_until = until
    work.add(recommendation)
    work.on_record(
        Act.RECOMMENDATION_DEFER,
        participant_id=recommendation.participant_id,
        recommendation_id=recommendation.id,
        reason=reason,
        until=until,
    )
    work.session.flush()
    return participant.code


def check_to_come(work: Work, until: date) -> None:
    """Raise TestingTrackerError for a day until which nothing can be put off."""
    if until <= work.today:
        raise TestingTrackerError(f"{until} is not to come; today is {work.today}. Say a later day.")


def _find_open(work: Work, number: int) -> tuple[Recommendation, Participant]:
    recommendation, participant = find(work, number)
    if recommendation.status != RecommendationStatus.OPEN:
        raise TestingTrackerError(f"Recommendation {number} is {recommendation.status} already; nothing was changed.")
    return recommendation, participant


def _decide(work: Work, recommendation: Recommendation, decision: RecommendationStatus, reason: str | None) -> None:
    recommendation.status = decision
    recommendation.decided_at = work.now
    recommendation.decided_by = work.account
    recommendation.decision_reason = reason
    work.add(recommendation)
    is_accepted = decision is RecommendationStatus.ACCEPTED
    more: dict[str, Any] = {"accepted_level": recommendation.accepted_level} if is_accepted else {}
    work.on_record(
        Act.RECOMMENDATION_ACCEPT if is_accepted else Act.RECOMMENDATION_DECLINE,
        participant_id=recommendation.participant_id,
        recommendation_id=recommendation.id,
        reason=reason,
        to_level=recommendation.to_level,
        **more,
    )
    work.session.flush()


@dataclass(frozen=True)
class ShownRecommendation:
    """One recommendation, what was said of the collection of each test of its evidence, and the recent record."""

    line: RecommendationLine
    collections: list[Collection]
    record: RecentRecord


def shown(work: Work, number: int) -> ShownRecommendation:
    """One recommendation with its evidence, and the participant's recent record."""
    _, participant = find(work, number)
    which = col(Recommendation.id) == number
    (line,) = read_recommendations(work, which)
    draws = [id_of(draw) for draw in draws_behind(work.session, which).get(number, ())]
    said = collections_of(work.session, col(Draw.id).in_(draws))
    return ShownRecommendation(line, [said.get(draw, NOTHING_SAID) for draw in draws], recent_record(work, participant))


def listed(work: Work) -> list[RecommendationLine]:
    """The facility's open recommendations, newest first."""
    return read_recommendations(work, col(Recommendation.status) == RecommendationStatus.OPEN)
