"""Gathers the outcomes report from the database: the use pattern of every participant over a span of days.

It goes through the participants a page at a time, and through each page's draws a participant at a time, so that it
needs no more memory than its lines, whatever the number of draws.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.measures import Span, days_in, treatments
from testing_tracker.rules.reporting.pattern import use_pattern
from testing_tracker.rules.watched import Advance, nobody
from testing_tracker.rules.words import Level, Outcome, Status
from testing_tracker.services.deciding.use_patterns import as_test
from testing_tracker.services.schedules import versions
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Assignment, Draw, Enrolment, Facility, Participant, Placement
from testing_tracker.store.work import Work

_PARTICIPANTS_AT_A_TIME = 1000
_ROWS_AT_A_TIME = 1000

Reading: TypeAlias = Callable[[], AbstractContextManager[Work]]

_Test: TypeAlias = tuple[date, Status, Outcome | None]
_History: TypeAlias = Mapping[int, list[tuple[date, Any]]]  # by participant, what holds from a day on


@dataclass(frozen=True, slots=True)
class ParticipantOutcomes:
    """A participant's line. `pattern` has a letter for each week of treatment that lies in the span."""

    participant: str
    pattern: str


@dataclass(frozen=True)
class OutcomesReport:
    """Every participant's pattern over a span, by code; those of one schedule or level only, where these are given."""

    facility: str
    training: bool
    span: Span
    schedule: str | None
    level: Level | None
    participants: list[ParticipantOutcomes]
    today: date
    printed_at: datetime
    zone: ZoneInfo


def participants_on_record(work: Work) -> int:
    """How many participants a report goes through."""
    facility_id = col(Participant.facility_id)
    return work.session.exec(select(func.count()).where(facility_id == work.facility_id)).one()


def gather(
    reading: Reading,
    span: Span,
    *,
    schedule: str | None = None,
    level: Level | None = None,
    advance: Advance = nobody,
) -> OutcomesReport:
    """The report of a span from what the records say now; `advance` is told how many participants it has gone through.

    Each page is read in a view of its own, because one that lasts keeps everybody from writing: a participant's line
    is of one moment, those of a large facility are not all of the same.

    Raises TestingTrackerError for a span that ends after today, or a schedule that does not exist.
    """
    with reading() as work:
        if span.last > work.today:
            raise TestingTrackerError(f"{span.last} is in the future; give today, {work.today}, or an earlier day.")
        schedule_id = id_of(versions.find_schedule(work, schedule)) if schedule is not None else None
        facility = work.session.get_one(Facility, work.facility_id)
        report = OutcomesReport(
            facility=facility.name,
            training=facility.training,
            span=span,
            schedule=schedule,
            level=level,
            participants=[],
            today=work.today,
            printed_at=work.now,
            zone=work.zone,
        )
    after = 0
    while True:
        with reading() as work:
            page = _page(work, after)
            if not page:
                break
            report.participants.extend(_measures(work.session, page, span, schedule_id, level))
        advance(len(page))
        after = max(page)
    report.participants.sort(key=lambda line: line.participant.casefold())
    return report


def _page(work: Work, after: int) -> dict[int, str]:
    """The codes of the next participants by id, none when there are no more."""
    query = (
        sa_select(col(Participant.id), col(Participant.code))
        .where(col(Participant.facility_id) == work.facility_id, col(Participant.id) > after)
        .order_by(col(Participant.id))
        .limit(_PARTICIPANTS_AT_A_TIME)
    )
    return {identity: code for identity, code in work.session.connection().execute(query) if identity is not None}


def _measures(
    session: Session, page: Mapping[int, str], span: Span, schedule_id: int | None, level: Level | None
) -> Iterator[ParticipantOutcomes]:
    """The lines of a page's participants, in no order that means anything."""
    enrolments = _history(session, page, Enrolment, "enrolled", as_recorded=True)
    wanted: list[tuple[object, _History]] = []
    if schedule_id is not None:
        wanted.append((schedule_id, _history(session, page, Assignment, "schedule_id")))
    if level is not None:
        wanted.append((level, _history(session, page, Placement, "level")))
    for identity, tests in _tests(session, page, span):
        days = days_in(span, treatments(enrolments[identity]), [day for day, *_ in tests])
        if days is None:
            continue
        since, until = days
        if all(_on(history[identity], until) == value for value, history in wanted):
            yield ParticipantOutcomes(page[identity], use_pattern(tests, Week.of(since), Week.of(until)))


def pattern_of(session: Session, participant_id: int, span: Span) -> tuple[str, Week]:
    """One participant's use pattern over the weeks of treatment in a span, and the last of these weeks."""
    page = {participant_id: ""}
    enrolments = _history(session, page, Enrolment, "enrolled", as_recorded=True)
    for identity, tests in _tests(session, page, span):
        days = days_in(span, treatments(enrolments[identity]), [day for day, *_ in tests])
        if days is not None:
            since, until = map(Week.of, days)
            return use_pattern(tests, since, until), until
    return "", Week.of(span.last)


def _history(
    session: Session,
    page: Mapping[int, str],
    history: type[Assignment | Enrolment | Placement],
    value: str,
    *,
    as_recorded: bool = False,
) -> _History:
    """A page's rows of a history, in the order of their days or as they were recorded."""
    query = sa_select(col(history.participant_id), col(history.from_on), getattr(history, value)).where(
        col(history.participant_id).between(min(page), max(page))
    )
    order = [col(history.id)] if as_recorded else [col(history.from_on), col(history.id)]
    found = defaultdict(list)
    for identity, from_on, held in session.connection().execute(query.order_by(col(history.participant_id), *order)):
        found[identity].append((from_on, held))
    return found


def _on(history: list[tuple[date, Any]], day: date) -> object:
    """What holds on a day; before the enrolment, what that begins with."""
    first = history[0][0] if history else day
    known = [held for from_on, held in history if from_on <= max(day, first)]
    return known[-1] if known else None


def _tests(session: Session, page: Mapping[int, str], span: Span) -> Iterator[tuple[int, list[_Test]]]:
    """Each of a page's participants with the draws in the span, by day."""
    query = (
        sa_select(col(Draw.participant_id), col(Draw.due_on), col(Draw.status), col(Draw.outcome), col(Draw.expected))
        .where(
            col(Draw.participant_id).between(min(page), max(page)),
            col(Draw.due_on) <= span.last,
            col(Draw.status) != Status.CANCELLED,
        )
        .order_by(col(Draw.participant_id), col(Draw.due_on))
    )
    if span.first is not None:
        query = query.where(col(Draw.due_on) >= span.first)
    untested = set(page)
    rows = session.connection().execute(query).yield_per(_ROWS_AT_A_TIME)
    for identity, of_person in groupby(rows, key=itemgetter(0)):
        if identity in page:
            untested.remove(identity)
            yield identity, [(day, *as_test(*said)) for _, day, *said in of_person]
    for identity in untested:
        yield identity, []
