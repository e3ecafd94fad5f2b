"""The weekly report's recommendations, with the tests that each rests on."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.words import Decision
from testing_tracker.store.queries import counts, id_of
from testing_tracker.store.tables import Draw, Evidence, Finding, Participant, Recommendation, Result


@dataclass(frozen=True)
class Proof:
    """A test that a recommendation rests on, with what its result says now."""

    due_on: date
    outcome: str | None
    analytes: list[str]


@dataclass(frozen=True)
class Recommended:
    """A recommendation that is open, or was raised or decided in the week."""

    id: int
    participant: str
    from_level: str
    to_level: str
    status: str
    raised_at: datetime
    evidence: list[Proof]
    reason: str

    @property
    def is_open(self) -> bool:
        return self.status == Decision.OPEN


def recommendations_in(session: Session, acting: Acting, week: Week) -> list[Recommended]:
    """Those open now and those raised or decided in the facility's week, oldest first."""
    found = session.exec(
        select(Recommendation, Participant.code)
        .select_from(Recommendation)
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .where(Participant.facility_id == acting.facility_id, _in_report(acting, week))
        .order_by(col(Recommendation.raised_at), col(Recommendation.id))
    ).all()
    evidence = _evidence(session, acting, week)
    return [
        Recommended(
            id=id_of(row),
            participant=code,
            from_level=row.from_level,
            to_level=row.to_level,
            status=row.status,
            raised_at=row.raised_at,
            evidence=evidence.get(id_of(row), []),
            reason=row.reason,
        )
        for row, code in found
    ]


def _in_report(acting: Acting, week: Week) -> ColumnElement[bool]:
    begins, ends = _midnight(week.monday, acting.zone), _midnight(week.sunday + timedelta(days=1), acting.zone)
    return or_(
        col(Recommendation.status) == Decision.OPEN,
        and_(col(Recommendation.raised_at) >= begins, col(Recommendation.raised_at) < ends),
        and_(col(Recommendation.decided_at) >= begins, col(Recommendation.decided_at) < ends),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _evidence(session: Session, acting: Acting, week: Week) -> dict[int, list[Proof]]:
    """What each recommendation rests on, by its id; for a withdrawn one, what it rested on."""
    tests = session.exec(
        select(col(Evidence.recommendation_id), Draw, col(Result.outcome), col(Finding.analyte))
        .select_from(Evidence)
        .join(Recommendation, col(Recommendation.id) == Evidence.recommendation_id)
        .join(Draw, col(Draw.id) == Evidence.draw_id)
        .join(Result, and_(col(Result.draw_id) == Draw.id, counts()), isouter=True)
        .join(Finding, col(Finding.result_id) == Result.id, isouter=True)
        .where(
            or_(col(Evidence.withdrawn_at).is_(None), col(Recommendation.status) == Decision.WITHDRAWN),
            _in_report(acting, week),
        )
        .order_by(col(Evidence.recommendation_id), col(Draw.due_on), col(Draw.id), col(Finding.analyte))
        .distinct()  # a test may have been taken out of the evidence and put in again
    )
    evidence: dict[int, list[Proof]] = {}
    for (identity, draw, outcome), rows in groupby(tests, key=lambda row: row[:3]):
        analytes = [analyte for *_, analyte in rows if analyte is not None]
        evidence.setdefault(identity, []).append(Proof(draw.due_on, outcome, analytes))
    return evidence
