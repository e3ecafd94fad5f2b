"""Recommendations as clinicians decide on them: the worklist; accept, also at another level, decline, put off.

How they are raised and withdrawn is in `evidence`, how they are read in `recommendation_lines`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.deciding.escalation import is_more_immersive, is_ready_for_less, level_below, negative_weeks
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Level, ParticipantStatus, RecommendationStatus
from testing_tracker.services.deciding.recent_record import RecentRecord, patterns, recent_record
from testing_tracker.services.deciding.recommendation_lines import (
    EvidenceLine,
    RecommendationLine,
    draws_behind,
    read_recommendations,
)
from testing_tracker.services.people import participants
from testing_tracker.services.people.lookup import first_day_of_change, readmitted_from
from testing_tracker.services.schedules import versions
from testing_tracker.services.testing.collections import NOTHING_SAID, Collection, collections_of
from testing_tracker.store.queries import id_of, in_force_id, level_on, standing_on
from testing_tracker.store.tables import Assignment, Draw, Enrolment, Participant, Placement, Recommendation
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
            f"There is no recommendation {number}. `testing-tracker recommendation list` shows them all."
        )
    return found


@dataclass(frozen=True)
class Accepted:
    """What accepting did: the level of care that the participant is in now, and whether that is new.

    `recommended` is the level that was recommended.
    """

    participant: str
    level_now: Level
    transferred: bool
    recommended: Level


def accept(work: Work, number: int, note: str | None, to_level: Level | None = None) -> Accepted:
    """A clinician follows the recommendation: the participant is transferred to its level from today.

    One that asks for no step up, or whose level the participant has reached meanwhile, transfers nobody. With
    `to_level` it is answered by another level, which may be the present one or a lower one. Raises
    TestingTrackerError for a participant who was discharged.
    """
    recommendation, participant = _find_open(work, number)
    _check_enrolled(work, number, participant)
    recommended = Level(recommendation.to_level)
    level = level_on(work.session, id_of(participant), first_day_of_change(work, id_of(participant)))
    target = to_level or (recommended if is_more_immersive(recommended, level) else level)
    recommendation.accepted_level = str(target)
    _decide(work, recommendation, RecommendationStatus.ACCEPTED, note)
    if target is not level:
        other = f" at {target} instead of {recommended}" if target is not recommended else ""
        reason = f"recommendation {number} accepted{other}" + (f": {note}" if note else "")
        participants.transfer(work, participant, target, reason, recommendation.id)
    return Accepted(participant.code, target, target is not level, recommended)


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
    if until <= work.today:
        raise TestingTrackerError(f"{until} is not to come; today is {work.today}. Say a later day.")
    recommendation.deferred_until = until
    work.session.add(recommendation)
    work.on_record(
        Act.RECOMMENDATION_DEFER,
        participant_id=recommendation.participant_id,
        recommendation_id=recommendation.id,
        reason=reason,
        until=until,
    )
    work.session.flush()
    return participant.code


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
    work.session.add(recommendation)
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


READY = "ready for review of a lower level"


@dataclass(frozen=True)
class StepDownLine:
    """A participant whose run of negative weeks asks for thinking of a lower level, with the keys of a recommendation.

    It has no number, because there is nothing stored to decide on: a clinician transfers the participant, or does not.
    """

    participant: str
    from_level: Level
    to_level: Level
    reason: str
    id: None = None
    status: RecommendationStatus = RecommendationStatus.OPEN
    raised_at: datetime | None = None
    evidence: list[EvidenceLine] = field(default_factory=list)
    decided_at: datetime | None = None
    decided_by: str | None = None
    decision_reason: str | None = None
    kind: str = "step-down"
    age_days: int | None = None
    certainty: str | None = None
    awaited_by: date | None = None
    is_overdue: bool = False
    deferred_until: date | None = None
    decided_level: Level | None = None
    changed_since: bool = False


def worklist(
    work: Work, *, open_only: bool = False, slips_too: bool = False
) -> list[RecommendationLine | StepDownLine]:
    """What waits for a clinician, newest evidence first, then who may need less care, then what was put off.

    Those that were decided on, or withdrawn, follow unless only the open ones are wanted; those that a slip raised and
    that were undone with it, only with `slips_too`.
    """
    everything = col(Recommendation.id).is_not(None) if slips_too else ~col(Recommendation.undone)
    found = read_recommendations(
        work, col(Recommendation.status) == RecommendationStatus.OPEN if open_only else everything
    )
    found.sort(key=lambda line: (_newest(line, work), line.raised_at, line.id), reverse=True)
    waiting = [line for line in found if line.status is RecommendationStatus.OPEN]
    later = [line for line in waiting if line.deferred_until is not None and line.deferred_until > work.today]
    later.sort(key=lambda line: line.deferred_until or date.max)
    now = [line for line in waiting if line not in later]
    settled = [line for line in found if line.status is not RecommendationStatus.OPEN]
    return [*now, *ready_for_less(work), *later, *settled]


def _newest(line: RecommendationLine, work: Work) -> date:
    """The day of the newest evidence; of one that was put off, the day on which it came back, if that is later."""
    days = [test.due_on for test in line.evidence]
    if line.deferred_until is not None and line.deferred_until <= work.today:
        days.append(line.deferred_until)
    return max(days, default=date.min)


def ready_for_less(work: Work) -> list[StepDownLine]:
    """The participants with the run of negative weeks that their schedule asks for, and nothing open, by code.

    Not those at the lowest level. Only the weeks at the present level count, so that a step down has to prove itself
    before the next one.
    """
    asking = _weeks_asked_for(work)
    if not asking:
        return []
    people = _candidates(work, list(asking))
    present = Week.of(work.today)
    since = {identity: _first_full_week(began) for identity, _, _, began, _ in people}
    found = patterns(work.session, {one: week for one, week in since.items() if week <= present}, present)
    ready = []
    for identity, code, level, _, schedule_id in people:
        below, pattern = level_below(Level(level)), found.get(identity, "")
        if below is not None and is_ready_for_less(pattern, asking[schedule_id]):
            reason = f"{negative_weeks(pattern[:-1])} negative weeks in a row: {READY}, {level} to {below}"
            ready.append(StepDownLine(code, Level(level), below, reason))
    return ready


def _weeks_asked_for(work: Work) -> dict[int, int]:
    """How many negative weeks each schedule asks for, of those that ask for any, in the version that binds today."""
    asking = {}
    for schedule in versions.all_schedules(work):
        _, rule = versions.rule_on(work, id_of(schedule), work.today)
        if rule.response.review_after_negative_weeks is not None:
            asking[id_of(schedule)] = rule.response.review_after_negative_weeks
    return asking


def _candidates(work: Work, schedule_ids: Sequence[int]) -> Sequence[tuple[int, str, str, date, int]]:
    """Who is enrolled and tested by one of these schedules, and has nothing open: id, code, level, since, schedule."""
    open_for = select(Recommendation.participant_id).where(Recommendation.status == RecommendationStatus.OPEN)
    rows = work.session.exec(
        select(  # type: ignore[call-overload]  # the library types selects of up to four columns
            Participant.id, Participant.code, Placement.level, Placement.from_on, Assignment.schedule_id
        )
        .select_from(Participant)
        .join(Enrolment, col(Enrolment.id) == in_force_id(Enrolment, Participant.id, work.today))
        .join(Placement, col(Placement.id) == in_force_id(Placement, Participant.id, work.today))
        .join(Assignment, col(Assignment.id) == in_force_id(Assignment, Participant.id, work.today))
        .where(
            Participant.facility_id == work.facility_id,
            col(Enrolment.enrolled),
            col(Assignment.schedule_id).in_(schedule_ids),
            col(Placement.level) != Level.OUTPATIENT,
            col(Participant.id).not_in(open_for),
        )
        .order_by(col(Participant.code_key))
    ).all()
    return [tuple(row) for row in rows]


def _first_full_week(day: date) -> Week:
    return Week.of(day + timedelta(days=(7 - day.weekday()) % 7))
