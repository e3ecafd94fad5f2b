"""The weekly report's lines: what became of each participant's draws, and the use pattern up to the week.

One query goes through all draws up to the week's end, a participant at a time, so that a large facility's report
needs no more memory than its lines.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import TypeVar

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from testing_tracker.acting import Acting
from testing_tracker.rules.attendance import NOT_YET_DONE
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.pattern import NOTHING_DUE, outcome_that_counts, week_letter
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.store.queries import in_force_id
from testing_tracker.store.tables import Assignment, Draw, Enrolment, Participant, Placement, Schedule

_History = TypeVar("_History", Assignment, Placement)
_DrawRow = tuple[int, date, str, str | None, bool, bool]
_ROWS_AT_A_TIME = 1000


@dataclass(slots=True)
class Tally:
    """What became of a week's draws. A cancelled draw is no draw.

    `outstanding` ones have nothing recorded and are held against nobody; `unrecorded` are those of them whose day is
    over. A collected specimen without an outcome counts as collected only. `expected` are those of the negative ones
    that found only what is prescribed, `late` those of the collected ones that were given after the window.
    """

    due: int = 0
    collected: int = 0
    missed: int = 0
    refused: int = 0
    excused: int = 0
    outstanding: int = 0
    unrecorded: int = 0
    negative: int = 0
    positive: int = 0
    invalid: int = 0
    expected: int = 0
    late: int = 0

    def add(
        self,
        status: Status,
        outcome: Outcome | None,
        *,
        day_is_over: bool,
        expected: bool = False,
        late: bool = False,
    ) -> None:
        """Count one draw; `outcome` is the one that counts, negative where all that was found is expected."""
        self.due += 1
        self.expected += expected
        self.late += late
        if status in NOT_YET_DONE:
            self.outstanding += 1
            self.unrecorded += status is Status.UNRECORDED or day_is_over
        else:
            setattr(self, status, getattr(self, status) + 1)
        if outcome is not None:
            setattr(self, outcome, getattr(self, outcome) + 1)

    @property
    def decided(self) -> int:
        """The draws that compliance is measured on."""
        return self.due - self.excused - self.outstanding

    @property
    def compliance_rate(self) -> float | None:
        return self.collected / self.decided if self.decided else None

    @property
    def usable(self) -> int:
        """The results that positivity is measured on."""
        return self.positive + self.negative

    @property
    def positivity_rate(self) -> float | None:
        return self.positive / self.usable if self.usable else None


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of several participants' tallies."""
    summed = Tally()
    for tally in tallies:
        for count in Tally.__slots__:
            setattr(summed, count, getattr(summed, count) + getattr(tally, count))
    return summed


@dataclass(slots=True)
class ParticipantWeek:
    """A participant's line. `pattern` has a letter for each week from the latest enrolment's to the report's."""

    participant: str
    level: str
    schedule: str
    pattern: str
    tally: Tally = field(default_factory=Tally)


def participants_in(session: Session, acting: Acting, week: Week) -> list[ParticipantWeek]:
    """The report's lines by participant code."""
    day = min(week.sunday, acting.today)
    people = session.exec(
        select(Participant.id, Participant.code, Placement.level, Schedule.name)
        .select_from(Participant)
        .join(Placement, col(Placement.id) == _in_force_or_first(Placement, day))
        .join(Assignment, col(Assignment.id) == _in_force_or_first(Assignment, day))
        .join(Schedule, col(Schedule.id) == Assignment.schedule_id)
        .where(col(Participant.id).in_(_reported(acting, week)))
        .order_by(col(Participant.code_key))
    )
    lines = {identity: ParticipantWeek(code, level, schedule, "") for identity, code, level, schedule in people}
    since = _weeks_of_enrolment(session, acting, week)
    for identity, line in lines.items():
        line.pattern = NOTHING_DUE * (week - since.get(identity, week) + 1)
    for identity, draws in groupby(_draws(session, acting, week), key=lambda draw: draw[0]):
        _fill_in(lines[identity], draws, week, acting.today)
    return list(lines.values())


def _fill_in(line: ParticipantWeek, draws: Iterable[_DrawRow], week: Week, today: date) -> None:
    """Count a participant's draws of the week, and write the letters of the weeks that had any."""
    letters = list(line.pattern)
    for drawn_in, of_week in groupby(draws, key=lambda draw: draw[1] - timedelta(days=draw[1].weekday())):
        position = len(letters) - 1 - (week.monday - drawn_in).days // 7
        if position < 0:
            continue  # of an earlier enrolment
        tests = [
            (day, Status(status), outcome_that_counts(outcome, expected=expected), expected, late)
            for _, day, status, outcome, expected, late in of_week
        ]
        letters[position] = week_letter((status, outcome) for _, status, outcome, *_ in tests)
        if drawn_in == week.monday:
            for day, status, outcome, expected, late in tests:
                line.tally.add(status, outcome, day_is_over=day < today, expected=expected, late=late)
    line.pattern = "".join(letters)


def _reported(acting: Acting, week: Week) -> SelectOfScalar[int | None]:
    """The participants in the report, by id: enrolled on some day of the week, or with a draw in it."""
    enrolled = select(Enrolment.participant_id).where(
        col(Enrolment.enrolled),
        col(Enrolment.id).in_([in_force_id(Enrolment, Enrolment.participant_id, day) for day in week.days]),
    )
    drawn = select(Draw.participant_id).where(
        Draw.due_on >= week.monday, Draw.due_on <= week.sunday, Draw.status != Status.CANCELLED
    )
    return select(col(Participant.id)).where(
        Participant.facility_id == acting.facility_id,
        or_(col(Participant.id).in_(enrolled), col(Participant.id).in_(drawn)),
    )


def _in_force_or_first(history: type[_History], day: date) -> ColumnElement[int]:
    """The id of the row that applies to each participant on a day; before the enrolment, of the first one."""
    row = aliased(history)
    first = (
        select(row.id)
        .where(row.participant_id == Participant.id)
        .order_by(col(row.from_on), col(row.id))
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(in_force_id(history, Participant.id, day), first)


def _weeks_of_enrolment(session: Session, acting: Acting, week: Week) -> dict[int | None, Week]:
    """The week in which each participant's latest enrolment up to the report's week, the last recorded, began."""
    latest = (
        select(func.max(Enrolment.id))
        .where(
            col(Enrolment.enrolled),
            Enrolment.from_on <= week.sunday,
            col(Enrolment.participant_id).in_(_reported(acting, week)),
        )
        .group_by(col(Enrolment.participant_id))
    )
    rows = session.exec(
        select(col(Enrolment.participant_id), col(Enrolment.from_on)).where(col(Enrolment.id).in_(latest))
    )
    return {identity: Week.of(from_on) for identity, from_on in rows}


def _draws(session: Session, acting: Acting, week: Week) -> Iterable[_DrawRow]:
    """All draws up to the week's end of those in the report: participant, day, status, and what came of it."""
    return session.exec(
        select(  # type: ignore[call-overload]  # the library types selects of up to four columns
            col(Draw.participant_id),
            col(Draw.due_on),
            col(Draw.status),
            col(Draw.outcome),
            col(Draw.expected),
            col(Draw.late),
        )
        .where(
            Draw.due_on <= week.sunday,
            Draw.status != Status.CANCELLED,
            col(Draw.participant_id).in_(_reported(acting, week)),
        )
        .order_by(col(Draw.participant_id), col(Draw.due_on)),
        execution_options={"yield_per": _ROWS_AT_A_TIME},
    )
