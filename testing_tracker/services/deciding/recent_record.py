"""A participant's recent record, for a clinician who is about to decide: what fits on one screen."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.deciding.streaks import negative_streaks
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Kind, Level, Method, Outcome, Standing, Status
from testing_tracker.services.deciding import reviews
from testing_tracker.services.deciding.reviews import ReviewLine
from testing_tracker.services.deciding.use_patterns import patterns, test_of
from testing_tracker.services.testing import prescriptions
from testing_tracker.services.testing.positives import said_by
from testing_tracker.store.queries import enrolled_on, id_of, level_on, records_of, schedule_name_on, standing_on
from testing_tracker.store.tables import AuditEntry, Draw, Participant, Recommendation

LAST_DRAWS = 8
_DECISIONS: dict[str, str] = {
    Act.RECOMMENDATION_ACCEPT: "accepted",
    Act.RECOMMENDATION_DECLINE: "declined",
    Act.RECOMMENDATION_DEFER: "deferred",
}


@dataclass(frozen=True)
class Prescribed:
    """What is prescribed today; no last day is until further notice."""

    analyte: str
    from_on: date
    to_on: date | None
    prescriber: str | None


@dataclass(frozen=True)
class LastDraw:
    """A draw with what its governing result says; `analytes` are those that count, `expected` those prescribed."""

    due_on: date
    kind: Kind
    status: Status
    outcome: Outcome | None
    analytes: list[str]
    expected: list[str]
    method: Method | None


@dataclass(frozen=True)
class EarlierDecision:
    """What a clinician decided on a recommendation, when (UTC), and why; `level` is the level accepted."""

    recommendation: int
    decision: str
    at: datetime
    by: str
    reason: str | None
    level: Level | None


@dataclass(frozen=True)
class RecentRecord:
    """`pattern` has a letter a week from the latest enrolment to this week; the runs are of tests, all of them."""

    level: Level
    schedule: str
    standing: Standing
    pattern: str
    negatives_in_a_row: int
    most_negatives_in_a_row: int
    prescriptions: list[Prescribed]
    last_draws: list[LastDraw]
    decisions: list[EarlierDecision]
    reviews: list[ReviewLine]


def recent_record(session: Session, acting: Acting, participant: Participant) -> RecentRecord:
    """A participant's level, use pattern, runs of negatives, prescriptions, last draws, earlier decisions, reviews."""
    identity = id_of(participant)
    present = Week.of(acting.today)
    began = min(Week.of(enrolled_on(session, identity)), present)
    streaks = negative_streaks(test_of(draw) for draw in _draws(session, acting, identity))
    return RecentRecord(
        level=level_on(session, identity, date.max),
        schedule=schedule_name_on(session, identity, date.max),
        standing=standing_on(session, identity, acting.today),
        pattern=patterns(session, {identity: began}, present)[identity],
        negatives_in_a_row=streaks.now,
        most_negatives_in_a_row=streaks.longest,
        prescriptions=[
            Prescribed(row.analyte, row.from_on, row.to_on, row.prescriber)
            for row in prescriptions.prescribed_on(session, identity, acting.today)
        ],
        last_draws=_last_draws(session, acting, identity),
        decisions=_decisions(session, identity),
        reviews=reviews.listed(session, acting, participant_id=identity),
    )


def _draws(session: Session, acting: Acting, participant_id: int) -> list[Draw]:
    """The participant's draws up to today that were not cancelled, oldest first."""
    return list(
        session.exec(
            select(Draw)
            .where(
                col(Draw.participant_id).in_(records_of(participant_id)),
                Draw.due_on <= acting.today,
                Draw.status != Status.CANCELLED,
            )
            .order_by(col(Draw.due_on), col(Draw.id))
        )
    )


def _last_draws(session: Session, acting: Acting, participant_id: int) -> list[LastDraw]:
    """Newest first."""
    draws = _draws(session, acting, participant_id)[: -LAST_DRAWS - 1 : -1]
    said = said_by(session, col(Draw.id).in_([draw.id for draw in draws]))
    found = []
    for draw in draws:
        one = said.get(id_of(draw))
        found.append(
            LastDraw(
                due_on=draw.due_on,
                kind=Kind(draw.kind),
                status=Status(draw.status),
                outcome=one.outcome if one else None,
                analytes=list(one.unexpected) if one else [],
                expected=list(one.expected) if one else [],
                method=one.method if one else None,
            )
        )
    return found


def _decisions(session: Session, participant_id: int) -> list[EarlierDecision]:
    """Every decision ever made on the participant's recommendations, newest first."""
    entries = session.exec(
        select(AuditEntry, Recommendation.accepted_level)
        .join(Recommendation, col(Recommendation.id) == AuditEntry.recommendation_id)
        .where(
            col(AuditEntry.participant_id).in_(records_of(participant_id)),
            col(AuditEntry.act).in_(tuple(_DECISIONS)),
        )
        .order_by(col(AuditEntry.id).desc())
    )
    return [
        EarlierDecision(
            recommendation=entry.recommendation_id or 0,
            decision=_DECISIONS[entry.act],
            at=entry.at,
            by=entry.account,
            reason=entry.reason,
            level=Level(level) if level and entry.act == Act.RECOMMENDATION_ACCEPT else None,
        )
        for entry, level in entries
    ]
