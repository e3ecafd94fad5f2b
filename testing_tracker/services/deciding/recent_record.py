"""A participant's recent record, for a clinician who is about to decide: what fits on one screen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.deciding.escalation import negative_streaks
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import DrawKind, Level, Method, Outcome, ParticipantStatus, Status
from testing_tracker.services.deciding import reviews
from testing_tracker.services.deciding.positives import said_by
from testing_tracker.services.deciding.reviews import ReviewLine
from testing_tracker.services.deciding.use_patterns import patterns, test_of
from testing_tracker.services.testing import prescriptions
from testing_tracker.store.queries import (
    draws_with,
    enrolled_on,
    id_of,
    level_on,
    records_of,
    schedule_name_on,
    standing_on,
)
from testing_tracker.store.tables import AuditEntry, Draw, Participant
from testing_tracker.store.work import Work

LAST_DRAWS = 8
_DECISIONS: dict[str, str] = {
    Act.RECOMMENDATION_ACCEPT: "accepted",
    Act.RECOMMENDATION_DECLINE: "declined",
    Act.RECOMMENDATION_DEFER: "deferred",
    Act.RECOMMENDATION_REOPEN: "reopened",
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
    kind: DrawKind
    status: Status
    outcome: Outcome | None
    analytes: list[str]
    expected: list[str]
    method: Method | None


@dataclass(frozen=True)
class EarlierDecision:
    """What a clinician decided on a recommendation, when (UTC), and why; `level` is the level accepted.

    One that is `reopened` came back: the decision before it counts no more.
    """

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
    standing: ParticipantStatus
    pattern: str
    negatives_in_a_row: int
    most_negatives_in_a_row: int
    prescriptions: list[Prescribed]
    last_draws: list[LastDraw]
    decisions: list[EarlierDecision]
    reviews: list[ReviewLine]


def recent_record(work: Work, participant: Participant) -> RecentRecord:
    """A participant's level, use pattern, runs of negatives, prescriptions, last draws, earlier decisions, reviews."""
    identity = id_of(participant)
    present = Week.of(work.today)
    began = min(Week.of(enrolled_on(work.session, identity)), present)
    streaks = negative_streaks(test_of(draw) for draw in _draws(work, identity))
    return RecentRecord(
        level=level_on(work.session, identity, date.max),
        schedule=schedule_name_on(work.session, identity, date.max),
        standing=standing_on(work.session, identity, work.today),
        pattern=patterns(work.session, {identity: began}, present)[identity],
        negatives_in_a_row=streaks.now,
        most_negatives_in_a_row=streaks.longest,
        prescriptions=[
            Prescribed(row.analyte, row.from_on, row.to_on, row.prescriber)
            for row in prescriptions.prescribed_on(work.session, identity, work.today)
        ],
        last_draws=_last_draws(work, identity),
        decisions=_decisions(work.session, identity),
        reviews=reviews.listed(work, participant_id=identity),
    )


def _draws(work: Work, participant_id: int) -> Sequence[Draw]:
    """The participant's draws up to today that were not cancelled, oldest first."""
    of_person = col(Draw.participant_id).in_(records_of(participant_id))
    return draws_with(work.session, of_person, Draw.due_on <= work.today, Draw.status != Status.CANCELLED)


def _last_draws(work: Work, participant_id: int) -> list[LastDraw]:
    """The participant's last draws, newest first."""
    draws = _draws(work, participant_id)[: -LAST_DRAWS - 1 : -1]
    said = said_by(work.session, col(Draw.id).in_([draw.id for draw in draws]))
    found = []
    for draw in draws:
        one = said.get(id_of(draw))
        found.append(
            LastDraw(
                due_on=draw.due_on,
                kind=DrawKind(draw.kind),
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
        select(AuditEntry)
        .where(
            col(AuditEntry.participant_id).in_(records_of(participant_id)), col(AuditEntry.act).in_(tuple(_DECISIONS))
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
            level=_level_accepted(entry),
        )
        for entry in entries
    ]


def _level_accepted(entry: AuditEntry) -> Level | None:
    """The level that an acceptance was for; None for other acts, and for those from before it was recorded."""
    level = json.loads(entry.detail or "{}").get("accepted_level")
    return Level(level) if level and entry.act == Act.RECOMMENDATION_ACCEPT else None
