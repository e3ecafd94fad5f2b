"""Gathers the report of a period from the database: census, tests by level and schedule, and how long people waited.

Every statement is about all of the facility at once; none is asked again for each participant or day. What tests found
is read in `found`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.reports.period.found import WhatWasFound, draws_of, found_in
from testing_tracker.reports.weekly.gather import days_without_night
from testing_tracker.reports.weekly.participants import tally_columns, tally_of
from testing_tracker.rules.drawing.no_record import Compared
from testing_tracker.rules.reporting.census import Census, Movements, RecordDays, census
from testing_tracker.rules.reporting.period import Period
from testing_tracker.rules.reporting.tally import Tally
from testing_tracker.rules.reporting.waiting import Decisions, RaisedAndDecided, decisions
from testing_tracker.rules.words import DrawKind, Level
from testing_tracker.services.check_in.reporting.reported import CheckInReported, reported
from testing_tracker.services.drawing import held_days
from testing_tracker.services.keeping.checking import before_printing
from testing_tracker.services.reporting.editions import Imprint
from testing_tracker.store.queries import (
    draw_stands,
    in_force_id,
    leave_counts,
    of_facility,
    persons_of,
    pool_stands,
)
from testing_tracker.store.tables import (
    Assignment,
    Draw,
    Enrolment,
    Facility,
    Leave,
    Participant,
    Placement,
    Pool,
    Recommendation,
    Schedule,
)
from testing_tracker.store.work import Work

_Place = TypeVar("_Place", Assignment, Placement)


@dataclass
class Part:
    """A facility's period, or that of a level of care or a schedule: who moved, and what became of the tests there.

    `participants` are those who were in the programme there on a day of the period, or had a test there.
    """

    movements: Movements = field(default_factory=Movements)
    tally: Tally = field(default_factory=Tally)
    participants: int = 0


@dataclass(frozen=True)
class PeriodReport:
    """A facility's period, in counts only.

    `period` are the days that were asked for and `counted` those of them that are not to come. `levels` has every level
    of care, from the least immersive, and `schedules` those that anybody was on. `gaps` are the days whose nightly run
    did not happen, `questions` the days of which nobody has said yet what happened. `check_in` is None where nobody was
    asked to check in on any day.
    """

    facility: str
    training: bool
    zone: ZoneInfo
    period: Period
    counted: Period
    opened_on: date
    whole: Part
    levels: dict[str, Part]
    schedules: dict[str, Part]
    transfers: dict[tuple[str, str], int]
    found: WhatWasFound
    decisions: Decisions
    gaps: list[date]
    questions: list[Compared]
    imprint: Imprint
    check_in: CheckInReported | None

    @property
    def is_over(self) -> bool:
        """Whether the last day was over when it was gathered."""
        return self.period.last < self.imprint.printed_at.astimezone(self.zone).date()


def gather(work: Work, period: Period) -> PeriodReport:
    """The report of a period, from what the records say now.

    Raises TestingTrackerError for one that begins after today, and where a draw does not agree with the audit table,
    or the draws of a day with the run that made them.
    """
    if period.first > work.today:
        raise TestingTrackerError(f"{period} is to come; today is {work.today}.")
    facility = work.session.get_one(Facility, work.facility_id)
    counted = period.until(work.today)
    before_printing.check_draws_until(work, counted.last, counted)
    before_printing.check_runs(counted, _runs(work, counted))
    moved, records = _census(work, counted)
    whole, levels, schedules = _parts(work, counted, moved, records)
    before_printing.check_sums(counted, agree=whole.tally == _tally(work, counted))
    check_in = reported(work, counted.days)
    if check_in is not None:
        before_printing.check_sums(counted, agree=sum(check_in.missed.values()) == whole.tally.missed)
    return PeriodReport(
        facility=facility.name,
        training=facility.training,
        zone=work.zone,
        period=period,
        counted=counted,
        opened_on=facility.opened_on,
        whole=whole,
        levels=levels,
        schedules=schedules,
        transfers=moved.transfers,
        found=found_in(work, counted),
        decisions=_decisions(work, counted),
        gaps=days_without_night(work, counted.days, facility.opened_on),
        questions=held_days.unanswered(work, counted.first, counted.last),
        imprint=Imprint(work.now, work.account),
        check_in=check_in,
    )


def _census(work: Work, period: Period) -> tuple[Census, Mapping[int, int]]:
    """The census, and for each record that was joined into another one the record that goes on."""
    enrolled = _history(work, Enrolment, "enrolled")
    levels = _history(work, Placement, "level")
    schedules = _history(work, Assignment, "schedule_id")
    names = _schedule_names(work)
    leaves = _leaves(work)
    goes_on = persons_of(work.session, enrolled.keys())
    people: dict[int, list[RecordDays]] = defaultdict(list)
    for number in sorted(enrolled, key=lambda number: (number in goes_on, -number)):
        named = [(day, names[schedule]) for day, schedule in schedules[number]]
        record = RecordDays(enrolled[number], levels[number], named, leaves.get(number, ()))
        people[goes_on.get(number, number)].append(record)
    return census(people, period), goes_on


def _history(
    work: Work, history: type[Enrolment | Placement | Assignment], value: str
) -> dict[int, list[tuple[date, Any]]]:
    """What a history says from which days on, by record; of one day the last row counts."""
    query = (
        sa_select(col(history.participant_id), col(history.from_on), getattr(history, value))
        .where(of_facility(work.facility_id, history.participant_id))
        .order_by(col(history.participant_id), col(history.from_on), col(history.id))
    )
    found: dict[int, list[tuple[date, Any]]] = defaultdict(list)
    for number, from_on, held in work.session.connection().execute(query):
        found[number].append((from_on, held))
    return found


def _schedule_names(work: Work) -> dict[int | None, str]:
    query = select(Schedule.id, Schedule.name).where(Schedule.facility_id == work.facility_id)
    return dict(work.session.exec(query).all())


def _leaves(work: Work) -> dict[int, list[tuple[date, date]]]:
    query = sa_select(col(Leave.participant_id), col(Leave.from_on), col(Leave.to_on)).where(
        of_facility(work.facility_id, Leave.participant_id), leave_counts()
    )
    found: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for number, from_on, to_on in work.session.connection().execute(query):
        found[number].append((from_on, to_on))
    return found


def _parts(
    work: Work, period: Period, moved: Census, goes_on: Mapping[int, int]
) -> tuple[Part, dict[str, Part], dict[str, Part]]:
    """The whole, each level and each schedule, with the tests that were due while the participant was there."""
    whole = Part(moved.whole)
    levels = {str(level): Part(moved.levels.get(level, Movements())) for level in Level}
    schedules = {name: Part(movements) for name, movements in moved.schedules.items()}
    for record, level, schedule, *counts in work.session.connection().execute(_by_record(work, period)):
        tally = tally_of(tuple(counts))
        for part in (whole, levels[level], schedules.setdefault(schedule, Part())):
            part.tally.add(tally)
            part.movements.present.add(goes_on.get(record, record))
    for part in (whole, *levels.values(), *schedules.values()):
        part.participants = len(part.movements.present)
    return whole, levels, dict(sorted(schedules.items()))


def _by_record(work: Work, period: Period) -> Any:  # noqa: ANN401  a statement of as many columns as a tally has
    """The tallies of a period by record, level and schedule, each as it was on the day of the draw."""
    return (
        sa_select(col(Draw.participant_id), col(Placement.level), col(Schedule.name), *tally_columns(work.today))
        .select_from(Draw)
        .join(Placement, col(Placement.id) == _in_force_or_first(Placement))
        .join(Assignment, col(Assignment.id) == _in_force_or_first(Assignment))
        .join(Schedule, col(Schedule.id) == Assignment.schedule_id)
        .where(draws_of(work, period))
        .group_by(col(Draw.participant_id), col(Placement.level), col(Schedule.name))
    )


def _in_force_or_first(history: type[_Place]) -> ColumnElement[int]:
    """The id of the row that applies on a draw's day; before the enrolment the one that it begins with."""
    row = aliased(history)
    first = (
        select(row.id)
        .where(row.participant_id == Draw.participant_id)
        .order_by(col(row.from_on), col(row.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(in_force_id(history, Draw.participant_id, col(Draw.due_on)), first)


def _tally(work: Work, period: Period) -> Tally:
    """What became of all the draws of a period, asked for without regard to whose they are."""
    query = sa_select(*tally_columns(work.today)).where(draws_of(work, period))
    return tally_of(tuple(work.session.connection().execute(query).one()))


def _runs(work: Work, period: Period) -> list[tuple[date, int, int | None]]:
    """Each day with how many draws that schedules made are on record, and how many its runs say to have made.

    None for a day of before draws could be checked.
    """
    on_record = dict(
        work.session.exec(
            select(col(Draw.due_on), func.count())
            .where(
                of_facility(work.facility_id, Draw.participant_id),
                col(Draw.due_on).between(period.first, period.last),
                col(Draw.kind).in_((DrawKind.FIXED, DrawKind.RANDOM)),
                draw_stands(),
            )
            .group_by(col(Draw.due_on))
        ).all()
    )
    made = work.session.exec(
        select(col(Pool.day), func.sum(Pool.drawn), func.min(Pool.first_participant_id))
        .where(Pool.facility_id == work.facility_id, col(Pool.day).between(period.first, period.last), pool_stands())
        .group_by(col(Pool.day))
    ).all()
    of_day = {day: int(drawn) for day, drawn, first in made if first == 1}
    return [(day, on_record.get(day, 0), of_day.get(day)) for day in period.days]


def _decisions(work: Work, period: Period) -> Decisions:
    query = (
        sa_select(col(Recommendation.status), col(Recommendation.raised_at), col(Recommendation.decided_at))
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .where(col(Participant.facility_id) == work.facility_id, ~col(Recommendation.undone))
    )
    rows = (RaisedAndDecided(*row) for row in work.session.connection().execute(query))
    return decisions(rows, period.first, period.last, work.now, work.zone)
