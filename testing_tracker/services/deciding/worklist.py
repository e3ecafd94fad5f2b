"""The clinician's worklist: recommendations in the order in which to look at them, and who may need less care.

Treatment that works ends in less of it, so a long run of negative weeks asks for a review as a positive does. Nothing
about that is stored: it follows from the tests, and ends with a transfer, a further recommendation, or another result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.deciding.escalation import level_below
from testing_tracker.rules.deciding.streaks import is_ready_for_less, negative_weeks
from testing_tracker.rules.words import Decision, Level
from testing_tracker.services.deciding.recent_record import patterns
from testing_tracker.services.deciding.recommendation_lines import EvidenceLine, RecommendationLine, lines
from testing_tracker.services.schedules import versions
from testing_tracker.store.queries import id_of, in_force_id
from testing_tracker.store.tables import Assignment, Enrolment, Participant, Placement, Recommendation

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
    status: Decision = Decision.OPEN
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
    session: Session, acting: Acting, *, open_only: bool = False, slips_too: bool = False
) -> list[RecommendationLine | StepDownLine]:
    """What waits for a clinician, newest evidence first, then who may need less care, then what was put off.

    Those that were decided on, or withdrawn, follow unless only the open ones are wanted; those that a slip raised and
    that were undone with it, only with `slips_too`.
    """
    everything = col(Recommendation.id).is_not(None) if slips_too else ~col(Recommendation.undone)
    found = lines(session, acting, col(Recommendation.status) == Decision.OPEN if open_only else everything)
    found.sort(key=lambda line: (_newest(line, acting), line.raised_at, line.id), reverse=True)
    waiting = [line for line in found if line.status is Decision.OPEN]
    later = [line for line in waiting if line.deferred_until is not None and line.deferred_until > acting.today]
    later.sort(key=lambda line: line.deferred_until or date.max)
    now = [line for line in waiting if line not in later]
    settled = [line for line in found if line.status is not Decision.OPEN]
    return [*now, *ready_for_less(session, acting), *later, *settled]


def _newest(line: RecommendationLine, acting: Acting) -> date:
    """The day of the newest evidence; of one that was put off, the day on which it came back, if that is later."""
    days = [test.due_on for test in line.evidence]
    if line.deferred_until is not None and line.deferred_until <= acting.today:
        days.append(line.deferred_until)
    return max(days, default=date.min)


def ready_for_less(session: Session, acting: Acting) -> list[StepDownLine]:
    """The participants with the run of negative weeks that their schedule asks for, and nothing open, by code.

    Not those at the lowest level. Only the weeks at the present level count, so that a step down has to prove itself
    before the next one.
    """
    asking = _weeks_asked_for(session, acting)
    if not asking:
        return []
    people = _candidates(session, acting, list(asking))
    present = Week.of(acting.today)
    since = {identity: _first_full_week(began) for identity, _, _, began, _ in people}
    found = patterns(session, {one: week for one, week in since.items() if week <= present}, present)
    ready = []
    for identity, code, level, _, schedule_id in people:
        below, pattern = level_below(Level(level)), found.get(identity, "")
        if below is not None and is_ready_for_less(pattern, asking[schedule_id]):
            reason = f"{negative_weeks(pattern[:-1])} negative weeks in a row: {READY}, {level} to {below}"
            ready.append(StepDownLine(code, Level(level), below, reason))
    return ready


def _weeks_asked_for(session: Session, acting: Acting) -> dict[int, int]:
    """How many negative weeks each schedule asks for, of those that ask for any, in the version that binds today."""
    asking = {}
    for schedule in versions.all_schedules(session, acting):
        _, rule = versions.rule_on(session, id_of(schedule), acting.today)
        if rule.response.review_after_negative_weeks is not None:
            asking[id_of(schedule)] = rule.response.review_after_negative_weeks
    return asking


def _candidates(
    session: Session, acting: Acting, schedule_ids: Sequence[int]
) -> Sequence[tuple[int, str, str, date, int]]:
    """Who is enrolled and tested by one of these schedules, and has nothing open: id, code, level, since, schedule."""
    open_for = select(Recommendation.participant_id).where(Recommendation.status == Decision.OPEN)
    rows = session.exec(
        select(  # type: ignore[call-overload]  # the library types selects of up to four columns
            Participant.id, Participant.code, Placement.level, Placement.from_on, Assignment.schedule_id
        )
        .select_from(Participant)
        .join(Enrolment, col(Enrolment.id) == in_force_id(Enrolment, Participant.id, acting.today))
        .join(Placement, col(Placement.id) == in_force_id(Placement, Participant.id, acting.today))
        .join(Assignment, col(Assignment.id) == in_force_id(Assignment, Participant.id, acting.today))
        .where(
            Participant.facility_id == acting.facility_id,
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
