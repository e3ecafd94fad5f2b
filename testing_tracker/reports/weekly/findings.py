"""What the week's tests found, by analyte, and who the team should talk with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from testing_tracker.reports.weekly.participants import IS_A_DRAW
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.deciding.streaks import absences_in_a_row
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.deciding.positives import GoverningResult, said_by
from testing_tracker.store.queries import governs
from testing_tracker.store.tables import Draw, Participant, Reading, Result
from testing_tracker.store.work import Work

IN_A_ROW = 2
_LOOKED_BACK = timedelta(weeks=12)
_AT_A_TIME = 500


class Why(StrEnum):
    """Why the team should talk with a participant."""

    POSITIVE = "new positive"
    ABSENT = "missed or refused"
    UNEXPECTED_NEGATIVE = "unexpected negative"


@dataclass(frozen=True)
class Talk:
    """Somebody to talk with: why, since which day of the week, and what there was."""

    participant: str
    why: Why
    due_on: date
    detail: str


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
    talk = [
        Talk(codes[said.draw.participant_id], Why.POSITIVE, said.draw.due_on, _unexpected_by_method(said))
        for said in positives.values()
        if not said.draw.expected
    ]
    talk += _absent(work, week)
    talk += _unexpected_negatives(work, week)
    order = list(Why)
    talk.sort(key=lambda one: (one.participant.casefold(), order.index(one.why), one.due_on, one.detail))
    return Findings(_by_analyte(positives.values()), talk)


def _of_the_week(work: Work, week: Week) -> ColumnElement[bool]:
    participants = select(Participant.id).where(Participant.facility_id == work.facility_id)
    return and_(
        IS_A_DRAW, col(Draw.due_on).between(week.monday, week.sunday), col(Draw.participant_id).in_(participants)
    )


def _unexpected_by_method(said: GoverningResult) -> str:
    confirmed = [analyte for analyte in said.unexpected if analyte in said.confirmed]
    parts = {"confirmed": confirmed, "presumptive": said.presumptive}
    return "; ".join(f"{', '.join(analytes)} ({word})" for word, analytes in parts.items() if analytes)


def _by_analyte(tests: Iterable[GoverningResult]) -> list[AnalyteFound]:
    unexpected: dict[str, int] = {}
    confirmed: dict[str, int] = {}
    expected: dict[str, int] = {}
    for said in tests:
        for analyte in said.unexpected:
            unexpected[analyte] = unexpected.get(analyte, 0) + 1
            confirmed[analyte] = confirmed.get(analyte, 0) + (analyte in said.confirmed)
        for analyte in said.expected:
            expected[analyte] = expected.get(analyte, 0) + 1
    names = sorted(unexpected.keys() | expected.keys(), key=lambda name: (-unexpected.get(name, 0), name))
    return [
        AnalyteFound(name, unexpected.get(name, 0), confirmed.get(name, 0), expected.get(name, 0)) for name in names
    ]


def _absent(work: Work, week: Week) -> Iterator[Talk]:
    """Those who missed or refused two draws or more in a row, the last of them in the week, whether they came since."""
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
                col(Draw.due_on).between(week.monday - _LOOKED_BACK, week.sunday),
            )
            .order_by(col(Draw.participant_id), col(Draw.due_on), col(Draw.id))
        )
        for code, rows in groupby(draws, key=lambda row: row[0]):
            for run in absences_in_a_row((due_on, Status(status)) for _, due_on, status in rows):
                if run.count >= IN_A_ROW and run.last >= week.monday:
                    yield Talk(code, Why.ABSENT, run.last, f"{run.count} in a row{', then came' if run.ended else ''}")


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
        yield Talk(code, Why.UNEXPECTED_NEGATIVE, due_on, f"{', '.join(absent.split(';'))} prescribed, not found")


def _codes(session: Session, people: set[int]) -> dict[int, str]:
    numbers = sorted(people)
    found: dict[int, str] = {}
    for start in range(0, len(numbers), _AT_A_TIME):
        page = numbers[start : start + _AT_A_TIME]
        rows = session.exec(select(Participant.id, Participant.code).where(col(Participant.id).in_(page)))
        found |= {number: code for number, code in rows if number is not None}
    return found
