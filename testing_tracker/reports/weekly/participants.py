"""Counts draws by tally and by letter, and reads the weekly report's lines: a participant each, with the use pattern.

The database counts; what comes back is a row a participant, so a year of draws costs no memory and little time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Label, String, Subquery, and_, case, cast, func, or_, true
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.pattern import NOTHING_DUE, letter_of
from testing_tracker.rules.reporting.tally import COUNTS, Tally
from testing_tracker.rules.testing.which_draw import NOT_YET_DONE
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.store.dialects import number_of, week_number
from testing_tracker.store.queries import in_force_id, of_facility
from testing_tracker.store.tables import Assignment, Draw, Enrolment, Participant, Placement, Schedule
from testing_tracker.store.work import Work

IS_A_DRAW = col(Draw.status) != Status.CANCELLED
_POSITIVE = and_(col(Draw.outcome) == Outcome.POSITIVE, ~col(Draw.expected))
_NEGATIVE = or_(col(Draw.outcome) == Outcome.NEGATIVE, and_(col(Draw.outcome) == Outcome.POSITIVE, col(Draw.expected)))
_PROVIDED = col(Draw.status) == Status.COLLECTED
_ABSENT = col(Draw.status).in_((Status.MISSED, Status.REFUSED))

LETTERS = tuple(
    letter_of(positive=bool(facts & 1), negative=bool(facts & 2), provided=bool(facts & 4), absent=bool(facts & 8))
    for facts in range(16)
)


def facts_of_a_week() -> ColumnElement[int]:
    """A week's facts, what its draws had, as a number from 0 to 15 that `LETTERS` has the letter for."""

    def there_was(condition: ColumnElement[bool], worth: int) -> ColumnElement[int]:
        return func.max(case((condition, worth), else_=0))

    return there_was(_POSITIVE, 1) + there_was(_NEGATIVE, 2) + there_was(_PROVIDED, 4) + there_was(_ABSENT, 8)


def tally_columns(today: date) -> list[Label[int]]:
    """A column for each count of a tally, in its order; `today` says which days are over."""
    not_yet = col(Draw.status).in_(NOT_YET_DONE)
    conditions = {
        "collected": _PROVIDED,
        "missed": col(Draw.status) == Status.MISSED,
        "refused": col(Draw.status) == Status.REFUSED,
        "excused": col(Draw.status) == Status.EXCUSED,
        "outstanding": not_yet,
        "unrecorded": and_(not_yet, or_(col(Draw.status) == Status.UNRECORDED, col(Draw.due_on) < today)),
        "negative": _NEGATIVE,
        "positive": _POSITIVE,
        "invalid": col(Draw.outcome) == Outcome.INVALID,
        "expected": col(Draw.expected),
        "late": col(Draw.late),
    }
    columns = {"due": func.count()} | {
        name: func.sum(case((condition, 1), else_=0)) for name, condition in conditions.items()
    }
    return [columns[name].label(name) for name in COUNTS]


def tally_of(counts: tuple[int | None, ...]) -> Tally:
    """The tally of a row of those columns."""
    return Tally(*(count or 0 for count in counts))


_History = TypeVar("_History", Assignment, Placement)
_ROWS_AT_A_TIME = 1000
_KINDS_OF_WEEK = len(LETTERS)


@dataclass(slots=True)
class ParticipantWeek:
    """A participant's line. `pattern` has a letter for each week from the latest enrolment's to the report's."""

    participant: str
    level: str
    schedule: str
    pattern: str
    tally: Tally = field(default_factory=Tally)


def participants_in(work: Work, week: Week, only: int | None = None) -> Iterator[ParticipantWeek]:
    """The report's lines by participant code; or the line of one participant, by id, if there is one."""
    day = min(week.sunday, work.today)
    counted, weeks = _counted(work, week, only), _weeks(work, week, only)
    query = (
        sa_select(
            col(Participant.code),
            col(Placement.level),
            col(Schedule.name),
            _began(week),
            weeks.c.facts,
            *(column for column in counted.c if column.name != "participant_id"),
        )
        .select_from(Participant)
        .join(Placement, col(Placement.id) == _in_force_or_next(Placement, day, week))
        .join(Assignment, col(Assignment.id) == _in_force_or_next(Assignment, day, week))
        .join(Schedule, col(Schedule.id) == Assignment.schedule_id)
        .join(weeks, weeks.c.participant_id == Participant.id, isouter=True)
        .join(counted, counted.c.participant_id == Participant.id, isouter=True)
        .where(col(Participant.id).in_(_reported(work, week)), _is(Participant.id, only))
        .order_by(col(Participant.code_key))
    )
    options = {"yield_per": _ROWS_AT_A_TIME}
    with work.session.connection().execute(query, execution_options=options) as rows:
        for code, level, schedule, began, facts, *counts in rows:
            since = Week.of(began) if began is not None else week
            yield ParticipantWeek(code, level, schedule, _pattern(facts, since, week), tally_of(tuple(counts)))


def _pattern(facts: str | None, since: Week, week: Week) -> str:
    """The letters of the weeks from one to another, from the weeks that had draws and what there was in each."""
    first = number_of(since)
    letters = [NOTHING_DUE] * (number_of(week) - first + 1)
    for part in facts.split(",") if facts else ():
        number, there_was = divmod(int(part), _KINDS_OF_WEEK)
        if number >= first:  # else of an earlier enrolment
            letters[number - first] = LETTERS[there_was]
    return "".join(letters)


def _weeks(work: Work, week: Week, only: int | None) -> Subquery:
    """For each participant every week that had draws, up to the report's, with what there was in it, as text."""
    number = week_number(col(Draw.due_on))
    of_week = (
        sa_select(col(Draw.participant_id), (number * _KINDS_OF_WEEK + facts_of_a_week()).label("facts"))
        .where(IS_A_DRAW, col(Draw.due_on) <= week.sunday, _is_reported(work, Draw.participant_id, only))
        .group_by(col(Draw.participant_id), number)
        .subquery("of_week")
    )
    together = func.aggregate_strings(cast(of_week.c.facts, String), ",").label("facts")
    return sa_select(of_week.c.participant_id, together).group_by(of_week.c.participant_id).subquery("weeks")


def _counted(work: Work, week: Week, only: int | None) -> Subquery:
    """The tallies of the report's week, by participant."""
    return (
        sa_select(col(Draw.participant_id), *tally_columns(work.today))
        .where(
            IS_A_DRAW,
            col(Draw.due_on).between(week.monday, week.sunday),
            _is_reported(work, Draw.participant_id, only),
        )
        .group_by(col(Draw.participant_id))
        .subquery("counted")
    )


def _is(participant_id: Any, only: int | None) -> ColumnElement[bool]:  # noqa: ANN401  a column, as the library types it
    return true() if only is None else col(participant_id) == only


def _is_reported(work: Work, participant_id: Any, only: int | None) -> ColumnElement[bool]:  # noqa: ANN401  as above
    """The condition that a row is about the facility's participants, or about one of them."""
    return of_facility(work.facility_id, participant_id) if only is None else col(participant_id) == only


def _began(week: Week) -> ColumnElement[date]:
    """The first day of each participant's latest enrolment up to the report's week, the last recorded."""
    return (
        sa_select(col(Enrolment.from_on))
        .where(
            col(Enrolment.participant_id) == Participant.id,
            col(Enrolment.enrolled),
            col(Enrolment.from_on) <= week.sunday,
        )
        .order_by(col(Enrolment.id).desc())
        .limit(1)
        .correlate(Participant)
        .scalar_subquery()
    )


def _reported(work: Work, week: Week) -> SelectOfScalar[int | None]:
    """The participants in the report, by id: enrolled on some day of the week, or with a draw in it."""
    enrolled = select(Enrolment.participant_id).where(
        of_facility(work.facility_id, Enrolment.participant_id),
        col(Enrolment.enrolled),
        col(Enrolment.id).in_([in_force_id(Enrolment, Enrolment.participant_id, day) for day in week.days]),
    )
    drawn = select(Draw.participant_id).where(
        of_facility(work.facility_id, Draw.participant_id),
        Draw.due_on >= week.monday,
        Draw.due_on <= week.sunday,
        Draw.status != Status.CANCELLED,
    )
    return select(col(Participant.id)).where(
        Participant.facility_id == work.facility_id,
        or_(col(Participant.id).in_(enrolled), col(Participant.id).in_(drawn)),
    )


def _in_force_or_next(history: type[_History], day: date, week: Week) -> ColumnElement[int]:
    """The id of the row that applies to each participant on a day.

    Before the enrolment it is the row that it begins with: in the week itself, or else ever.
    """
    row = aliased(history)
    first = (
        select(row.id)
        .where(row.participant_id == Participant.id)
        .order_by(col(row.from_on), col(row.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    known = [in_force_id(history, Participant.id, day)]
    if day < week.sunday:
        known.append(in_force_id(history, Participant.id, week.sunday))
    return func.coalesce(*known, first)
