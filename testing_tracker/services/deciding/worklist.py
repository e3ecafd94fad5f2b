"""The clinician's worklist: recommendations in the order in which to look at them, and who may need less care."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.deciding.escalation import (
    is_ready_for_less,
    letter_for_less,
    level_below,
    negative_weeks,
)
from testing_tracker.rules.words import Level, RecommendationStatus
from testing_tracker.services.deciding.recommendation_lines import (
    EvidenceLine,
    RecommendationLine,
    read_recommendations,
)
from testing_tracker.services.deciding.use_patterns import patterns
from testing_tracker.services.schedules import versions
from testing_tracker.store.queries import id_of, in_force_id
from testing_tracker.store.tables import Assignment, Enrolment, Participant, Placement, Recommendation
from testing_tracker.store.work import Work

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


def worklist(work: Work, *, everything: bool = False) -> list[RecommendationLine | StepDownLine]:
    """What waits for a clinician, newest evidence first, then who may need less care, then what was put off.

    With `everything` also those that were decided on or withdrawn, and those that a slip raised and that were undone
    with it.
    """
    is_open = col(Recommendation.status) == RecommendationStatus.OPEN
    found = read_recommendations(work, col(Recommendation.id).is_not(None) if everything else is_open)
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
    full = {one: week for one, week in since.items() if week <= present}
    found = patterns(work.session, full, present, letter_for_less)
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
