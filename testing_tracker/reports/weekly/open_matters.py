"""Open matters when a weekly report is printed, and as its edition keeps them: what waits for somebody to act.

That is recommendations with their tests, reviews, definitive results that are overdue, specimens to be collected again,
and reports that were amended after they were delivered. What an edition keeps of a recommendation has less than the
line that a clinician sees (`recommendation_lines`), and stays as it is whatever that line comes to show.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.words import RecommendationStatus, Status
from testing_tracker.services.deciding import reviews
from testing_tracker.services.deciding.recommendation_lines import (
    EvidenceLine,
    RecommendationLine,
    read_recommendations,
)
from testing_tracker.services.deciding.reviews import ReviewLine
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
    """What waited when an edition was first printed, from what it keeps; earlier versions kept less."""
    standing: OpenMatters = _of_type(OpenMatters, json.loads(text))
    return standing


def _of_type(kind: Any, kept: Any) -> Any:  # noqa: ANN401  whatever a field's type may be, and JSON has for it
    """A value of a field's type, from what JSON keeps of it."""
    if kept is None:
        return None
    if hasattr(kind, "__dataclass_fields__"):
        kinds = get_type_hints(kind)
        return kind(**{name: _of_type(kinds[name], value) for name, value in kept.items()})
    if get_origin(kind) is list:
        return [_of_type(get_args(kind)[0], value) for value in kept]
    if get_origin(kind) is UnionType:  # with None
        return _of_type(get_args(kind)[0], kept)
    return kind.fromisoformat(kept) if hasattr(kind, "fromisoformat") else kind(kept)  # a day or an instant


def recommendations_in(work: Work, week: Week) -> list[Recommended]:
    """The recommendations open now, and those raised or decided in the facility's week, oldest first."""
    return [_recommended(line) for line in reversed(read_recommendations(work, _in_report(work, week)))]


def _recommended(line: RecommendationLine) -> Recommended:
    """What an edition keeps of a recommendation, of the fields that a clinician sees."""
    return Recommended(**_fields_of(Recommended, line) | {"evidence": [_evidence(test) for test in line.evidence]})


def _evidence(test: EvidenceLine) -> EvidenceNow:
    return EvidenceNow(**_fields_of(EvidenceNow, test))


def _fields_of(kept: type[Recommended | EvidenceNow], line: RecommendationLine | EvidenceLine) -> dict[str, Any]:
    return {one.name: getattr(line, one.name) for one in fields(kept)}


def _in_report(work: Work, week: Week) -> ColumnElement[bool]:
    begins, ends = _midnight(week.monday, work.zone), _midnight(week.sunday + timedelta(days=1), work.zone)
    return ~col(Recommendation.undone) & or_(
        col(Recommendation.status) == RecommendationStatus.OPEN,
        and_(col(Recommendation.raised_at) >= begins, col(Recommendation.raised_at) < ends),
        and_(col(Recommendation.decided_at) >= begins, col(Recommendation.decided_at) < ends),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
