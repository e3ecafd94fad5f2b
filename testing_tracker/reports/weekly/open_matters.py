"""What is open when the weekly report is printed: recommendations with their tests, reviews, overdue confirmations."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.words import Channel, Outcome, RecommendationStatus, ReviewReason, Status
from testing_tracker.services.deciding import reviews
from testing_tracker.services.deciding.recommendation_lines import (
    EvidenceLine,
    RecommendationLine,
    read_recommendations,
)
from testing_tracker.services.deciding.reviews import ReviewLine, ReviewStatus
from testing_tracker.services.reporting.amended import AmendedReport, amended
from testing_tracker.services.testing import confirmations
from testing_tracker.services.testing.confirmations import Awaited
from testing_tracker.services.testing.recollections import ToRecollect, to_recollect
from testing_tracker.store.tables import Recommendation
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class EvidenceNow:
    """A test that a recommendation rests on, with what its result says now; `analytes` are those that count.

    `method` is how that result was had, `same_use_as` the days of the positives that it may be the same use as.
    """

    due_on: date
    outcome: str | None
    analytes: list[str]
    status: str
    method: str | None
    same_use_as: list[date]

    @property
    def said(self) -> str:
        """What the test says, in a word for people."""
        if self.outcome is not None:
            return self.outcome
        return self.status if self.status in (Status.MISSED, Status.REFUSED) else "result taken back"


@dataclass(frozen=True)
class Recommended:
    """A recommendation that is open, or was raised or decided in the week.

    `age_days` counts from the facility's day on which it was raised. `certainty` is presumptive, partly confirmed or
    confirmed; None without a positive test.
    """

    id: int
    participant: str
    from_level: str
    to_level: str
    status: str
    raised_at: datetime
    age_days: int
    evidence: list[EvidenceNow]
    reason: str
    certainty: str | None

    @property
    def is_open(self) -> bool:
        return self.status == RecommendationStatus.OPEN


@dataclass(frozen=True)
class OpenMatters:
    """What waited for somebody at the moment `as_of` (UTC), and reports that were amended after their delivery."""

    as_of: datetime
    recommendations: list[Recommended]
    reviews: list[ReviewLine]
    overdue: list[Awaited]
    recollections: list[ToRecollect] = field(default_factory=list)
    amended: list[AmendedReport] = field(default_factory=list)


def standing_in(work: Work, week: Week) -> OpenMatters:
    """What waits now, and the recommendations that the week raised or decided."""
    return OpenMatters(
        as_of=work.now,
        recommendations=recommendations_in(work, week),
        reviews=reviews.listed(work),
        overdue=confirmations.awaited(work, overdue_only=True),
        recollections=to_recollect(work),
        amended=[one for one in amended(work) if one.week < str(week)],
    )


def as_json(standing: OpenMatters) -> str:
    """What waited, as an edition keeps it."""
    return json.dumps(asdict(standing), default=lambda value: value.isoformat())


def from_json(text: str) -> OpenMatters:
    """What waited when an edition was first printed, from what it keeps."""
    kept = json.loads(text)
    return OpenMatters(
        as_of=datetime.fromisoformat(kept["as_of"]),
        recommendations=[_recommended_from(found) for found in kept["recommendations"]],
        reviews=[_review_from(found) for found in kept["reviews"]],
        overdue=[_awaited_from(found) for found in kept["overdue"]],
        recollections=[  # earlier versions of the program did not keep them
            ToRecollect(**{**found, "due_on": date.fromisoformat(found["due_on"])})
            for found in kept.get("recollections", [])
        ],
        amended=[_amended_from(found) for found in kept.get("amended", [])],
    )


def _recommended_from(kept: dict[str, Any]) -> Recommended:
    tests = [
        EvidenceNow(
            **{
                **test,
                "due_on": date.fromisoformat(test["due_on"]),
                "same_use_as": [date.fromisoformat(day) for day in test["same_use_as"]],
            }
        )
        for test in kept["evidence"]
    ]
    return Recommended(**{**kept, "raised_at": datetime.fromisoformat(kept["raised_at"]), "evidence": tests})


def _review_from(kept: dict[str, Any]) -> ReviewLine:
    done_at = datetime.fromisoformat(kept["done_at"]) if kept["done_at"] else None
    return ReviewLine(
        **{
            **kept,
            "about": ReviewReason(kept["about"]),
            "due_on": date.fromisoformat(kept["due_on"]),
            "status": ReviewStatus(kept["status"]),
            "raised_at": datetime.fromisoformat(kept["raised_at"]),
            "done_at": done_at,
        }
    )


def _awaited_from(kept: dict[str, Any]) -> Awaited:
    days = {name: date.fromisoformat(kept[name]) for name in ("due_on", "sent_on", "expected_by")}
    return Awaited(**{**kept, **days, "outcome": Outcome(kept["outcome"]) if kept["outcome"] else None})


def _amended_from(kept: dict[str, Any]) -> AmendedReport:
    return AmendedReport(kept["week"], Channel(kept["channel"]), datetime.fromisoformat(kept["delivered_at"]))


def recommendations_in(work: Work, week: Week) -> list[Recommended]:
    """Those open now and those raised or decided in the facility's week, oldest first."""
    return [_recommended(line) for line in reversed(read_recommendations(work, _in_report(work, week)))]


def _recommended(line: RecommendationLine) -> Recommended:
    return Recommended(
        id=line.id,
        participant=line.participant,
        from_level=line.from_level,
        to_level=line.to_level,
        status=line.status,
        raised_at=line.raised_at,
        age_days=line.age_days,
        evidence=[_proof(test) for test in line.evidence],
        reason=line.reason,
        certainty=line.certainty,
    )


def _proof(test: EvidenceLine) -> EvidenceNow:
    return EvidenceNow(test.due_on, test.outcome, test.analytes, test.status, test.method, test.same_use_as)


def _in_report(work: Work, week: Week) -> ColumnElement[bool]:
    begins, ends = _midnight(week.monday, work.zone), _midnight(week.sunday + timedelta(days=1), work.zone)
    return ~col(Recommendation.undone) & or_(
        col(Recommendation.status) == RecommendationStatus.OPEN,
        and_(col(Recommendation.raised_at) >= begins, col(Recommendation.raised_at) < ends),
        and_(col(Recommendation.decided_at) >= begins, col(Recommendation.decided_at) < ends),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
