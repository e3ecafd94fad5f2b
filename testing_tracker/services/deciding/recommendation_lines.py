"""Reads recommendations with all that a clinician has to know of them, many at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from testing_tracker.rules.keeping.acts import CHANGES_WHAT_A_DRAW_SAYS, Act
from testing_tracker.rules.testing.which_draw import is_overdue
from testing_tracker.rules.words import Level, Method, Outcome, RecommendationStatus, Status
from testing_tracker.services.deciding.case import DECIDED
from testing_tracker.services.deciding.positives import GoverningResult, Positives, positives_of, said_by
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import AuditEntry, Confirmation, Draw, Evidence, Joining, Participant, Recommendation
from testing_tracker.store.work import Work


class Certainty(StrEnum):
    """Whether a laboratory has confirmed what the tests that a recommendation rests on found: none, some or all."""

    PRESUMPTIVE = "presumptive"
    PARTLY_CONFIRMED = "partly confirmed"
    CONFIRMED = "confirmed"


@dataclass(frozen=True)
class EvidenceLine:
    """A draw that a recommendation rests on, with what it says now; analytes are those that count.

    `method` is how what it says was had, definitive where a laboratory speaks for all of it, and `presumptive` are the
    analytes that only a cup found. `same_use_as` the days of the positives that this one may be the same
    use as, `awaited_by` the day by which a definitive result is awaited. `expected`: prescriptions explain all of it.
    """

    due_on: date
    outcome: Outcome | None
    analytes: list[str]
    status: Status
    method: Method | None
    expected: bool
    same_use_as: list[date]
    awaited_by: date | None
    is_overdue: bool
    presumptive: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RecommendationLine:
    """A recommendation as a clinician sees it. `reason` says why it was raised; instants are in UTC.

    `age_days` counts from the facility's day on which it was raised; `awaited_by` is the first day by which a
    definitive result is awaited. `decided_level` is the level of care that a clinician accepted, which may be another
    one than was recommended. `changed_since`: what it was decided on says something else now.
    """

    id: int
    participant: str
    from_level: Level
    to_level: Level
    status: RecommendationStatus
    raised_at: datetime
    evidence: list[EvidenceLine]
    reason: str
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None
    kind: str
    age_days: int
    certainty: Certainty | None
    awaited_by: date | None
    is_overdue: bool
    deferred_until: date | None
    decided_level: Level | None
    changed_since: bool


@dataclass(frozen=True)
class _Read:
    """What lines are made of, read for all of them at once."""

    evidence: Mapping[int, Sequence[Draw]]
    said: Mapping[int, GoverningResult]
    positives: Positives
    awaited: Mapping[int, date]
    decisions: Mapping[int, AuditEntry]
    changes: Mapping[int, int]


def read_recommendations(work: Work, which: ColumnElement[bool]) -> list[RecommendationLine]:
    """The facility's recommendations that a condition holds for, newest first."""
    rows = work.session.exec(
        select(Recommendation, Participant.code)
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .where(Participant.facility_id == work.facility_id, which)
        .order_by(col(Recommendation.raised_at).desc(), col(Recommendation.id).desc())
    ).all()
    if not rows:
        return []
    in_evidence = (
        select(Evidence.draw_id).join(Recommendation, col(Recommendation.id) == Evidence.recommendation_id).where(which)
    )
    about = col(Draw.id).in_(in_evidence)
    said = said_by(work.session, about)
    read = _Read(
        evidence=draws_behind(work.session, which),
        said=said,
        positives=positives_of(work, or_(*(col(Draw.participant_id).in_(records) for records in _records_of(which)))),
        awaited=_awaited(work.session, about, said),
        decisions=_decisions(work.session, which),
        changes=_changes(work.session, about),
    )
    return [_line(work, recommendation, code, read) for recommendation, code in rows]


def _records_of(which: ColumnElement[bool]) -> tuple[Any, Any]:
    """The participants of recommendations, and the records that were joined into theirs."""
    own = select(Recommendation.participant_id).where(which)
    return own, select(Joining.participant_id).where(col(Joining.into_id).in_(own))


def draws_behind(session: Session, which: ColumnElement[bool]) -> dict[int, list[Draw]]:
    """The draws that stand behind each; behind a withdrawn one, those that did."""
    rows = session.exec(
        select(Evidence.recommendation_id, Draw)
        .join(Recommendation, col(Recommendation.id) == Evidence.recommendation_id)
        .join(Draw, col(Draw.id) == Evidence.draw_id)
        .where(
            which,
            or_(col(Evidence.withdrawn_at).is_(None), col(Recommendation.status) == RecommendationStatus.WITHDRAWN),
        )
        .order_by(col(Draw.due_on), col(Draw.id))
        .distinct()  # a test may have been taken out and put in again
    )
    evidence: dict[int, list[Draw]] = {}
    for identity, draw in rows:
        evidence.setdefault(identity, []).append(draw)
    return evidence


def _awaited(session: Session, about: ColumnElement[bool], said: Mapping[int, GoverningResult]) -> dict[int, date]:
    """By when a definitive result of each draw is awaited. The newest confirmation of a draw counts."""
    rows = session.exec(
        select(Confirmation)
        .join(Draw, col(Draw.id) == Confirmation.draw_id)
        .where(about)
        .order_by(col(Confirmation.id))
    )
    newest = {row.draw_id: row.due_on for row in rows}
    answered = {identity for identity, one in said.items() if one.is_answered}
    return {identity: day for identity, day in newest.items() if day is not None and identity not in answered}


def _decisions(session: Session, which: ColumnElement[bool]) -> dict[int, AuditEntry]:
    """The audit entry of each decision that stands, whose number is its place among other acts."""
    entries = session.exec(
        select(AuditEntry)
        .join(
            Recommendation,
            (col(Recommendation.id) == AuditEntry.recommendation_id)
            & (col(Recommendation.participant_id) == AuditEntry.participant_id),
        )
        .where(
            which,
            col(Recommendation.status).in_(DECIDED),
            col(AuditEntry.act).in_((Act.RECOMMENDATION_ACCEPT, Act.RECOMMENDATION_DECLINE)),
        )
        .order_by(col(AuditEntry.id))  # of one that was reopened and decided on again, the newest
    )
    return {entry.recommendation_id: entry for entry in entries if entry.recommendation_id is not None}


def _changes(session: Session, about: ColumnElement[bool]) -> dict[int, int]:
    """The number of the last audit entry that changed what each draw says."""
    rows = session.exec(
        select(AuditEntry.draw_id, func.max(AuditEntry.id))
        .join(Draw, col(Draw.id) == AuditEntry.draw_id)
        .where(about, col(AuditEntry.act).in_(CHANGES_WHAT_A_DRAW_SAYS))
        .group_by(col(AuditEntry.draw_id))
    )
    return {draw_id: entry_id for draw_id, entry_id in rows if draw_id is not None and entry_id is not None}


def _line(work: Work, recommendation: Recommendation, code: str, read: _Read) -> RecommendationLine:
    identity = id_of(recommendation)
    draws = read.evidence.get(identity, [])
    evidence = [_evidence_line(work, draw, read) for draw in draws]
    decision = read.decisions.get(identity)
    awaited = min((line.awaited_by for line in evidence if line.awaited_by is not None), default=None)
    return RecommendationLine(
        id=identity,
        participant=code,
        from_level=Level(recommendation.from_level),
        to_level=Level(recommendation.to_level),
        status=RecommendationStatus(recommendation.status),
        raised_at=recommendation.raised_at,
        evidence=evidence,
        reason=recommendation.reason,
        decided_at=recommendation.decided_at,
        decided_by=recommendation.decided_by,
        decision_reason=recommendation.decision_reason,
        kind="escalation",
        age_days=(work.today - recommendation.raised_at.astimezone(work.zone).date()).days,
        certainty=_certainty([read.said[id_of(draw)] for draw in draws if id_of(draw) in read.said]),
        awaited_by=awaited,
        is_overdue=is_overdue(awaited, work.today),
        deferred_until=recommendation.deferred_until if recommendation.status == RecommendationStatus.OPEN else None,
        decided_level=Level(recommendation.accepted_level) if recommendation.accepted_level else None,
        changed_since=decision is not None
        and any(read.changes.get(id_of(draw), 0) > id_of(decision) for draw in draws),
    )


def _certainty(tests: Sequence[GoverningResult]) -> Certainty | None:
    positive = [said for said in tests if said.is_positive]
    if not positive:
        return None
    if not any(said.presumptive for said in positive):
        return Certainty.CONFIRMED
    is_any = any(said.confirmed.intersection(said.unexpected) for said in positive)
    return Certainty.PARTLY_CONFIRMED if is_any else Certainty.PRESUMPTIVE


def _evidence_line(work: Work, draw: Draw, read: _Read) -> EvidenceLine:
    identity = id_of(draw)
    said = read.said.get(identity)
    awaited_by = read.awaited.get(identity)
    return EvidenceLine(
        due_on=draw.due_on,
        outcome=said.outcome if said else None,
        analytes=list(said.unexpected or said.expected) if said else [],
        status=Status(draw.status),
        method=said.method if said else None,
        expected=said is not None and said.outcome is Outcome.POSITIVE and not said.is_positive,
        same_use_as=[found.on for found in read.positives.same_uses.get(identity, ())],
        awaited_by=awaited_by,
        is_overdue=is_overdue(awaited_by, work.today),
        presumptive=list(said.presumptive) if said else [],
    )
