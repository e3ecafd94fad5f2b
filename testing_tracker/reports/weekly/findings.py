"""Gathers what the week's tests found, by analyte, and whom the team should talk with."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from testing_tracker.reports.weekly.participants import IS_A_DRAW
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.talk import (
    LOOKED_BACK,
    Talk,
    for_absences,
    for_positive,
    for_unexpected_negative,
    in_order,
)
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.deciding.positives import GoverningResult, said_by
from testing_tracker.store.queries import governs
from testing_tracker.store.tables import Draw, Participant, Reading, Result
from testing_tracker.store.work import Work

_AT_A_TIME = 500


@dataclass(frozen=True)
class AnalyteFound:
    """In how many of the week's tests an analyte was found; a test that found two counts for each.

    `confirmed` are those of the unexpected ones that a definitive result speaks for, `expected` those that a
    prescription explains.
    """

    analyte: str
    unexpected: int
    confirmed: int
    expected: int


@dataclass(frozen=True)
class Findings:
    """What the week's tests found, the most frequent first, and whom to talk with, by code."""

    analytes: list[AnalyteFound]
    talk: list[Talk]


def findings_in(work: Work, week: Week) -> Findings:
    """What the week's governing results say."""
    positives = said_by(work.session, _of_the_week(work, week) & (Draw.outcome == Outcome.POSITIVE))
    codes = _codes(work.session, {said.draw.participant_id for said in positives.values()})
    talk = chain(_positive(positives.values(), codes), _absent(work, week), _unexpected_negatives(work, week))
    return Findings(_by_analyte(positives.values()), in_order(talk))


def _of_the_week(work: Work, week: Week) -> ColumnElement[bool]:
    participants = select(Participant.id).where(Participant.facility_id == work.facility_id)
    return and_(
        IS_A_DRAW, col(Draw.due_on).between(week.monday, week.sunday), col(Draw.participant_id).in_(participants)
    )


def _positive(tests: Iterable[GoverningResult], codes: Mapping[int, str]) -> Iterator[Talk]:
    for said in tests:
        if not said.draw.expected:
            confirmed = [analyte for analyte in said.unexpected if analyte in said.confirmed]
            yield for_positive(codes[said.draw.participant_id], said.draw.due_on, confirmed, said.presumptive)


def _by_analyte(tests: Iterable[GoverningResult]) -> list[AnalyteFound]:
    unexpected, confirmed, expected = Counter[str](), Counter[str](), Counter[str]()
    for said in tests:
        unexpected.update(said.unexpected)
        confirmed.update(said.confirmed.intersection(said.unexpected))
        expected.update(said.expected)
    names = sorted(unexpected.keys() | expected.keys(), key=lambda name: (-unexpected[name], name))
    return [AnalyteFound(name, unexpected[name], confirmed[name], expected[name]) for name in names]


def _absent(work: Work, week: Week) -> Iterator[Talk]:
    """The participants with a draw of the week missed or refused, as far as the rule looks back."""
    not_given = (Status.MISSED, Status.REFUSED)
    people = work.session.exec(
        select(col(Draw.participant_id)).where(_of_the_week(work, week), col(Draw.status).in_(not_given)).distinct()
    ).all()
    for start in range(0, len(people), _AT_A_TIME):
        draws = work.session.connection().execute(
            sa_select(col(Participant.code), col(Draw.due_on), col(Draw.status))
            .join(Participant, col(Participant.id) == Draw.participant_id)
            .where(
                col(Draw.participant_id).in_(people[start : start + _AT_A_TIME]),
                col(Draw.due_on).between(week.monday - LOOKED_BACK, week.sunday),
            )
            .order_by(col(Draw.participant_id), col(Draw.due_on), col(Draw.id))
        )
        for code, rows in groupby(draws, key=lambda row: row[0]):
            yield from for_absences(code, ((due_on, Status(status)) for _, due_on, status in rows), week)


def _unexpected_negatives(work: Work, week: Week) -> Iterator[Talk]:
    """Tests that looked for a prescribed substance and did not find it."""
    other = aliased(Reading)
    newest = select(func.max(other.id)).where(other.result_id == Reading.result_id).scalar_subquery()
    rows = work.session.exec(
        select(Participant.code, col(Draw.due_on), col(Reading.absent))
        .select_from(Reading)
        .join(Result, col(Result.id) == Reading.result_id)
        .join(Draw, col(Draw.id) == Result.draw_id)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Reading.absent != "",
            Reading.id == newest,
            governs(),
            _of_the_week(work, week),
            col(Draw.outcome).is_not(None),
        )
    )
    for code, due_on, absent in rows:
        yield for_unexpected_negative(code, due_on, absent.split(";"))


def _codes(session: Session, people: set[int]) -> dict[int, str]:
    numbers = sorted(people)
    found: dict[int, str] = {}
    for start in range(0, len(numbers), _AT_A_TIME):
        page = numbers[start : start + _AT_A_TIME]
        rows = session.exec(select(Participant.id, Participant.code).where(col(Participant.id).in_(page)))
        found |= {number: code for number, code in rows if number is not None}
    return found
