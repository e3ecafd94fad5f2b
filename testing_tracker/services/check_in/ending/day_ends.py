"""What becomes of the draws whose participants were to check in, when their day is over.

Nobody is missed who could not be told. Who was told in good time, and who was not expected to check in and did not ask,
is closed as anybody.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.answers import (
    CheckInAttempt,
    CheckInOutcome,
    Standing,
    Stands,
    standing,
)
from testing_tracker.rules.check_in.could_not import days_looked_at, how_they_tried, when_at_fault
from testing_tracker.rules.check_in.counted import CheckInCounts, counted
from testing_tracker.rules.check_in.in_force import NotCheckedIn
from testing_tracker.rules.check_in.told import told_of_since
from testing_tracker.rules.drawing.closing import Because, DaysCheckIn, Untouched, end_by_check_in, end_of_day
from testing_tracker.rules.drawing.no_record import Compared
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Status
from testing_tracker.services.check_in.attempts import attempts_on
from testing_tracker.services.check_in.ending import day_counts
from testing_tracker.services.check_in.ending.decided_late import DecidedLate, decided_late
from testing_tracker.services.check_in.expected import back_on, expected_on
from testing_tracker.services.check_in.outages import is_faulty, spans_on
from testing_tracker.services.check_in.rules_in_force import any_rule, rule_on
from testing_tracker.services.drawing.closed_together import close_together, these
from testing_tracker.services.schedules import versions
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.store.queries import joined_into
from testing_tracker.store.tables import AuditEntry, CheckIn, Draw, TakingBack
from testing_tracker.store.work import Work

LAST_CHECK_IN = "last_check_in"  # in what is on record of nights that were taken back
DID_NOT = Untouched(check_in=Standing.NOT_CHECKED_IN)
"""A draw whose participant did not check in, where that is a missed test."""
NOBODY_COULD = Untouched(check_in=Standing.NOT_CHECKED_IN, days_check_in=DaysCheckIn(is_at_fault=True))
"""A draw whose participant could not be told of it, because nothing was to be told yet."""


@dataclass
class DayEnds:
    """What check-in has made of days that are over.

    `not_checked_in` are the draws, by id, of each day whose participants did neither check in nor try, and which are
    missed for it unless it is the record that is missing. `held` is what is to be asked about check-in itself.
    """

    not_checked_in: dict[date, set[int]] = field(default_factory=dict)
    held: list[Compared] = field(default_factory=list)

    def did_not_check_in(self, draw: Draw) -> bool:
        """Whether a draw is one of those that are missed because its participant did not check in."""
        return draw.id in self.not_checked_in.get(draw.due_on, ())


@dataclass(frozen=True)
class OpenDrawOfDay:
    """What a draw's end depends on, of its row alone: there may be very many."""

    id: int
    participant_id: int
    told_of_since: datetime
    collection_closes: datetime


@dataclass(frozen=True)
class DayOver:
    """A day that is over, who was to check in on it, and what each person tried; `into` are records that were joined.

    `went` is how it went as far as that is known of the day alone, `decided` of whom its runs decided, and when. `back`
    are those who were on leave while the window was open, and are not any more: what became of their draws is asked.
    """

    day: date
    expected: frozenset[int]
    attempts: Mapping[int, Sequence[CheckInAttempt]]
    into: Mapping[int, int]
    went: DaysCheckIn
    decided: DecidedLate | None = None
    back: frozenset[int] = frozenset()

    def is_expected(self, participant_id: int) -> bool:
        return participant_id in self.expected or self.into.get(participant_id) in self.expected

    def is_asked(self, participant_id: int) -> bool:
        """Whether it is asked what became of a participant's draws, also where they did nothing."""
        return self.is_expected(participant_id) or participant_id in self.back

    def of(self, participant_id: int) -> Sequence[CheckInAttempt]:
        return self.attempts.get(self.into.get(participant_id, participant_id), ())

    def stands(self, draw: OpenDrawOfDay) -> Stands:
        """How the participant of a draw stands to it; who was told when it was too late to come, as if they had not."""
        return standing(self.of(draw.participant_id), draw.told_of_since, draw.collection_closes)

    def fault_for(self, draw: OpenDrawOfDay, stands: Stands) -> tuple[datetime, datetime] | None:
        """The span in which the participant of a draw, who was told nothing, could be told nothing, as the only one."""
        was_told = stands.standing in (Standing.TOLD, Standing.TOLD_BEFORE_ORDERED)
        return None if was_told or self.decided is None else self.decided.fault_for(draw.participant_id)

    def ends_by_check_in(self, draw: OpenDrawOfDay) -> bool:
        """Whether a draw ends by its participant's check-ins: of whom they were asked, and of whoever asked unasked,
        with a card of that morning or at the desk, and was told otherwise or nothing."""
        if self.is_asked(draw.participant_id):
            return True
        return self.stands(draw).standing in (Standing.TOLD_BEFORE_ORDERED, Standing.TRIED)


def end_days(work: Work, since: date) -> DayEnds:
    """Close the draws of the days since, up to yesterday, that are not missed because of check-in.

    What is left to be missed is returned, because the record of the day may be missing. No rule, nothing to do.
    """
    ends = DayEnds()
    if not any_rule(work):
        return ends
    for day in (since + timedelta(days=number) for number in range((work.today - since).days)):
        found = day_over(work, day)
        if found is not None:
            _end_day(work, found, ends)
    return ends


def day_over(work: Work, day: date) -> DayOver | None:
    """What is known of a day's check-in; None where no rule bound on it."""
    rule = rule_on(work, day)
    if rule is None:
        return None
    return DayOver(
        day,
        frozenset(expected_on(work, day)),
        attempts_on(work, day, _before_taking_back(work, day)),
        joined_into(work.session),
        DaysCheckIn(is_at_fault=is_faulty(work, day), not_checked_in=rule.not_checked_in),
        decided_late(work, day, rule.window(day, rule.closes, work.zone)),
        frozenset(back_on(work, day)),
    )


def _before_taking_back(work: Work, day: date) -> list[tuple[int, datetime]]:
    """The last check-in that was known when a night of a day was taken back, and when that was.

    Those up to it were made while a clock was ahead: of a draw that is made when the day comes they have told nothing.
    """
    taken_back = select(TakingBack.id).where(
        TakingBack.facility_id == work.facility_id, TakingBack.first_day <= day, TakingBack.last_day >= day
    )
    if work.session.exec(taken_back.limit(1)).first() is None:
        return []
    entries = work.session.exec(
        select(AuditEntry).where(AuditEntry.facility_id == work.facility_id, AuditEntry.act == Act.NIGHT_TAKE_BACK)
    )
    said = [(json.loads(entry.detail or "{}"), entry.at) for entry in entries]
    return [(detail[LAST_CHECK_IN], at) for detail, at in said if LAST_CHECK_IN in detail]


def _end_day(work: Work, day: DayOver, ends: DayEnds) -> None:
    held = day_counts.keep(work, day.day, counted_on(day))
    is_held = held is not None and held.closed.days == 1
    went = DaysCheckIn(day.went.is_at_fault, is_held, day.went.not_checked_in)
    alike: defaultdict[Standing, set[int]] = defaultdict(set)
    tried: dict[OpenDrawOfDay, Stands] = {}
    for draw in draws_of_check_in(work, day, col(Draw.status) == Status.DUE):
        stands = day.stands(draw)
        fault = None if went.is_at_fault else day.fault_for(draw, stands)
        if fault is not None:
            close_together(work, these(work, {draw.id}, day.day), NOBODY_COULD, when_at_fault([fault], work.zone))
            continue
        if draw.participant_id in day.back and stands.standing is Standing.NOT_CHECKED_IN:
            asks = replace(went, not_checked_in=NotCheckedIn.UNRECORDED)
            close_together(work, these(work, {draw.id}, day.day), replace(DID_NOT, days_check_in=asks))
            continue
        alike[stands.standing].add(draw.id)
        if stands.standing is Standing.TRIED:
            tried[draw] = stands
    for stood in [one for one in alike if end_by_check_in(one, went) is None]:
        del alike[stood]  # they were told, and it ends as all do
    if not went.is_at_fault and tried:
        del alike[Standing.TRIED]
        _end_of_who_tried(work, day, tried, went)
    for stood, draws in sorted(alike.items()):
        untouched = Untouched(check_in=stood, days_check_in=went)
        status, because = end_of_day(untouched)
        if status is Status.MISSED:
            ends.not_checked_in[day.day] = draws
        else:
            more = when_it_was_at_fault(work, day.day) if because is Because.CHECK_IN_AT_FAULT else None
            close_together(work, these(work, draws, day.day), untouched, more)
    if held is not None:
        is_open = _hold_earlier_days(work, held, ends) or (is_held and bool(alike[Standing.NOT_CHECKED_IN]))
        ends.held += [held] if is_open else []


def counted_on(day: DayOver) -> CheckInCounts:
    return counted(day.of(participant) for participant in day.expected)


def draws_of_check_in(work: Work, day: DayOver, *which: ColumnElement[bool]) -> list[OpenDrawOfDay]:
    """The draws of a day with these conditions that end by their participants' check-ins."""
    columns = (Draw.id, Draw.participant_id, Draw.kind, Draw.recorded_at, Draw.schedule_version_id)
    of_the_day = (col(Draw.facility_id) == work.facility_id, col(Draw.due_on) == day.day)
    asked = sa_select(*map(col, columns)).where(*of_the_day, *which).order_by(col(Draw.id))
    rows: Iterable[Any] = work.session.connection().execute(asked)
    closes: dict[int, datetime] = {}
    found = []
    for number, participant_id, kind, recorded_at, version_id in rows:
        if number is None or not (day.is_asked(participant_id) or day.of(participant_id)):
            continue
        by = version_id if version_id is not None else -number  # each of those goes by a rule of its own
        if by not in closes:
            closes[by] = _collection_closes(work, number, version_id)
        since = told_of_since(kind, day.day, recorded_at, work.zone)
        found.append(OpenDrawOfDay(number, participant_id, since, closes[by]))
    return [draw for draw in found if day.ends_by_check_in(draw)]


def _collection_closes(work: Work, draw_id: int, version_id: int | None) -> datetime:
    draw = work.session.get_one(Draw, draw_id)
    rule = versions.rule_of_draw(work, draw) if version_id is None else versions.rule_of_version(work, version_id)
    return instant_reached(draw.due_on, rule.collection.closes, work.zone)


def _end_of_who_tried(work: Work, day: DayOver, tried: Mapping[OpenDrawOfDay, Stands], went: DaysCheckIn) -> None:
    times = times_tried(work, day.day, {draw.participant_id for draw in tried}, day.into)
    alike: defaultdict[str, set[int]] = defaultdict(set)
    for draw, stands in tried.items():
        alike[how_they_tried(stands, times[draw.participant_id], work.zone)].add(draw.id)
    for how, draws in sorted(alike.items()):
        close_together(work, these(work, draws, day.day), Untouched(check_in=Standing.TRIED, days_check_in=went), how)


def times_tried(work: Work, day: date, participants: Iterable[int], into: Mapping[int, int]) -> dict[int, int]:
    """On how many of the 28 days that end with a day each of some participants tried, and was told nothing."""
    first, last = days_looked_at(day)
    of_whom = {participant: into.get(participant, participant) for participant in participants}
    rows = work.session.connection().execute(
        sa_select(col(CheckIn.participant_id), col(CheckIn.day), col(CheckIn.outcome))
        .where(col(CheckIn.facility_id) == work.facility_id, col(CheckIn.day).between(first, last))
        .distinct()
    )
    became: defaultdict[tuple[int, date], set[str]] = defaultdict(set)
    persons = set(of_whom.values())
    for participant_id, on, outcome in rows:
        person = into.get(participant_id, participant_id)
        if person in persons:
            became[person, on].add(outcome)
    times: defaultdict[int, int] = defaultdict(int)
    for (person, _), outcomes in became.items():
        times[person] += CheckInOutcome.TOLD not in outcomes
    return {participant: max(times[person], 1) for participant, person in of_whom.items()}


def when_it_was_at_fault(work: Work, day: date) -> str:
    return when_at_fault([(span.from_at, span.to_at) for span in spans_on(work, day)], work.zone)


def _hold_earlier_days(work: Work, held: Compared, ends: DayEnds) -> bool:
    """Hold back what nights have made of who did not check in on the days before; returns whether there was any."""
    closed = held.closed
    if closed.days == 1:
        return False
    hold = Untouched(check_in=Standing.NOT_CHECKED_IN, days_check_in=DaysCheckIn(is_held=True))
    found = False
    for day in [day for day in ends.not_checked_in if closed.first_day <= day <= closed.day]:
        close_together(work, these(work, ends.not_checked_in.pop(day), day), hold)
        found = True
    earlier = select(Draw).where(
        Draw.facility_id == work.facility_id,
        col(Draw.due_on).between(closed.first_day, closed.day),
        col(Draw.status).in_((Status.MISSED, Status.UNRECORDED)),
        Draw.because == Because.NOT_CHECKED_IN,
    )
    for draw in work.session.exec(earlier.order_by(col(Draw.id))).all():
        set_status(work, draw, *end_of_day(hold))
        found = True
    return found
