"""Reads the histories: which row applies on a day, which result of a draw counts, which night stands."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Integer, Select, SQLColumnExpression, bindparam, case, exists, func, union
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, select

from testing_tracker.rules.words import Ended, Level, Method, Outcome, ParticipantStatus
from testing_tracker.store.tables import (
    Assignment,
    Closing,
    Draw,
    Enrolment,
    Finding,
    Joining,
    Leave,
    Participant,
    Placement,
    Pool,
    Reading,
    Result,
    Schedule,
    ScheduleVersion,
    Specimen,
    TakingBack,
)

_History = TypeVar("_History", Assignment, Enrolment, Placement)
_Row = TypeVar("_Row", bound=SQLModel)


_MIN_RECORDS_OF_TWO = 2  # one alone is looked at together with no other


def person_of(session: Session, participant_id: int) -> int:
    """The record that goes on for a person: another one where this one was joined into it."""
    return session.connection().execute(_person_of(), {"record": participant_id}).scalar_one()


@cache  # asked many times in a command
def _person_of() -> Select[int]:
    return sa_select(person(bindparam("record", type_=Integer)))


def persons_of(session: Session, participant_ids: Collection[int]) -> dict[int, int]:
    """The record that goes on for each of some records that were joined into another one; nothing for the others."""
    if len(participant_ids) < _MIN_RECORDS_OF_TWO:
        return {}
    return {record: person for record, person in joined_into(session).items() if record in participant_ids}


def joined_into(session: Session) -> dict[int, int]:
    """The record that goes on for each record that was ever joined into another one, by id."""
    rows = session.exec(select(Joining.participant_id, Joining.into_id).order_by(col(Joining.id)))  # the newest is last
    return dict(rows.all())


def records_of_all(session: Session, participant_ids: Iterable[int]) -> set[int]:
    """All records of the people whose records these are, as `records_of` has them of one."""
    into = joined_into(session)
    people = {into.get(record, record) for record in participant_ids}
    return people | {record for record, person in into.items() if person in people}


def person(participant_id: Any) -> ColumnElement[int]:  # noqa: ANN401  a number, a parameter or a column
    """The record that goes on for a person, as part of a larger query: another one where it was joined into that."""
    row = aliased(Joining)
    into = (
        sa_select(col(row.into_id))
        .where(col(row.participant_id) == participant_id)
        .order_by(col(row.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(into, participant_id)


def records_of(participant_id: Any) -> Select[int]:  # noqa: ANN401  as above
    """All records of the person whose record this is, for `in_`: the one that goes on, and those joined into it."""
    return _records_of_number(participant_id) if isinstance(participant_id, int) else _records_of(participant_id)


def _records_of(participant_id: Any) -> Select[int]:  # noqa: ANN401  as above
    row, later = aliased(Joining), aliased(Joining)
    joined = sa_select(col(row.participant_id)).where(
        col(row.into_id) == person(participant_id),
        ~exists().where(col(later.participant_id) == row.participant_id, col(later.id) > row.id),
    )
    both = union(sa_select(person(participant_id).label("participant_id")), joined).subquery()
    return sa_select(both.c.participant_id)


_records_of_number = lru_cache(maxsize=64)(_records_of)  # an act asks for one person's again and again


def of_facility(facility_id: int, participant_id: Any) -> ColumnElement[bool]:  # noqa: ANN401  a column
    """The condition that the participant of a row is a facility's.

    Not as a join, so that a file is read in the order of its rows: whatever else comes first reads it at random.
    """
    person = aliased(Participant)
    return exists().where(col(person.id) == participant_id, col(person.facility_id) == facility_id)


def in_force(
    session: Session, history: type[_History], participant_id: int, day: date, known: ColumnElement[bool] | None = None
) -> _History | None:
    """The row of a participant's history that applies on a day: of the latest `from_on`, the last one recorded.

    `known` leaves out what was not on record yet.
    """
    return session.exec(
        select(history)
        .where(history.participant_id == participant_id, history.from_on <= day, *(() if known is None else (known,)))
        .order_by(col(history.from_on).desc(), col(history.id).desc())
        .limit(1)
    ).first()


def in_force_id(
    history: type[_History], participant_id: object, day: date | SQLColumnExpression[date], up_to: int | None = None
) -> ColumnElement[int]:
    """The id of the row that applies to each participant on a day, or on a column's, as part of a larger query.

    `up_to` leaves out the rows with later ids, which were not known yet.
    """
    row = aliased(history)
    known = () if up_to is None else (col(row.id) <= up_to,)
    return (
        select(row.id)
        .where(row.participant_id == participant_id, col(row.from_on) <= day, *known)
        .order_by(col(row.from_on).desc(), col(row.id).desc())
        .limit(1)
        .scalar_subquery()
    )


def newest(session: Session, table: type[_Row], *conditions: ColumnElement[bool] | bool) -> _Row | None:
    """The row that was recorded last of those with these conditions; None where there is none."""
    identity = table.id  # type: ignore[attr-defined]  # every table has one
    return session.exec(select(table).where(*conditions).order_by(col(identity).desc()).limit(1)).first()


def draws_with(session: Session, *conditions: ColumnElement[bool] | bool) -> Sequence[Draw]:
    """The draws with these conditions, by their days."""
    return session.exec(select(Draw).where(*conditions).order_by(col(Draw.due_on), col(Draw.id))).all()


def level_on(session: Session, participant_id: int, day: date) -> Level:
    """The participant's level of care on a day; before the enrolment the one that it begins with."""
    placement = in_force(session, Placement, participant_id, day) or _first(session, Placement, participant_id)
    return Level(placement.level)


def schedule_name_on(session: Session, participant_id: int, day: date) -> str:
    """The name of the schedule that tests a participant on a day; before the enrolment the one that it begins with."""
    assignment = in_force(session, Assignment, participant_id, day) or _first(session, Assignment, participant_id)
    return session.get_one(Schedule, assignment.schedule_id).name


def _first(session: Session, history: type[_History], participant_id: int) -> _History:
    """What applies on the first day of a history: of the rows of that day the last one recorded."""
    return session.exec(
        select(history)
        .where(history.participant_id == participant_id)
        .order_by(col(history.from_on), col(history.id).desc())
        .limit(1)
    ).one()


def how_it_ended(participant_id: object) -> ColumnElement[str]:
    """Why a record is none of a participant's own: the last enrolment was a mistake, or another record goes on for it.

    Empty for all others. As part of a larger query.
    """
    row = aliased(Enrolment)
    latest = (
        select(row.ended_as)
        .where(row.participant_id == participant_id)
        .order_by(col(row.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    return case((person(participant_id) != participant_id, str(Ended.JOINED)), else_=latest)


def on_leave(participant_id: object, day: date, up_to: int | None = None) -> ColumnElement[bool]:
    """The condition that a participant is on leave on a day. A leave that another one replaces does not count.

    `up_to` leaves out the rows with later ids, which were not known yet.
    """
    known = () if up_to is None else (col(Leave.id) <= up_to,)
    return exists().where(
        col(Leave.participant_id) == participant_id,
        col(Leave.from_on) <= day,
        col(Leave.to_on) >= day,
        leave_counts(up_to),
        *known,
    )


def leave_counts(up_to: int | None = None) -> ColumnElement[bool]:
    """The condition that no other leave replaces a leave; `up_to` as in `on_leave`."""
    later = aliased(Leave)
    known = () if up_to is None else (col(later.id) <= up_to,)
    return ~exists().where(col(later.replaces_id) == Leave.id, *known)


def standing_on(session: Session, participant_id: int, day: date) -> ParticipantStatus:
    """Whether the participant takes part on a day. One whose enrolment is still to come counts as active."""
    enrolment = in_force(session, Enrolment, participant_id, day)
    if enrolment is not None and not enrolment.enrolled:
        return ParticipantStatus.DISCHARGED
    away = session.exec(select(Participant.id).where(Participant.id == participant_id, on_leave(participant_id, day)))
    return ParticipantStatus.ACTIVE if away.first() is None else ParticipantStatus.ON_LEAVE


def enrolled_on(session: Session, participant_id: int) -> date:
    """The first day of the participant's latest enrolment, which is the one recorded last."""
    return session.exec(
        select(col(Enrolment.from_on))
        .where(Enrolment.participant_id == participant_id, col(Enrolment.enrolled))
        .order_by(col(Enrolment.id).desc())
        .limit(1)
    ).one()


def version_on(session: Session, schedule_id: int, day: date) -> ScheduleVersion:
    """The version of a schedule that binds on a day; before its first, the first."""
    version = version_known(session, schedule_id, day)
    assert version is not None, "every schedule has a version"
    return version


def version_known(session: Session, schedule_id: int, day: date, up_to: int | None = None) -> ScheduleVersion | None:
    """The version that binds on a day, of those with ids up to `up_to`; None where there was none yet."""
    known = () if up_to is None else (col(ScheduleVersion.id) <= up_to,)
    versions = session.exec(
        select(ScheduleVersion)
        .where(ScheduleVersion.schedule_id == schedule_id, *known)
        .order_by(col(ScheduleVersion.version))
    ).all()
    binding = [version for version in versions if version.binds_from <= day or version.version == 1]
    return binding[-1] if binding else None


@cache  # it is part of most queries, and takes longer to put together than to run
def governs() -> ColumnElement[bool]:
    """The condition that a result is the one that counts for its draw.

    No other row replaces it, and no definitive result governs it. A definitive one that was taken back leaves the word
    to the presumptive one.
    """
    definitive, presumptive = aliased(Result), aliased(Result)
    governing = exists().where(
        col(definitive.draw_id) == Result.draw_id,
        col(definitive.method) == Method.DEFINITIVE,
        col(definitive.outcome).is_not(None),
        is_newest(definitive),
    )
    other = exists().where(col(presumptive.draw_id) == Result.draw_id, col(presumptive.method) == Method.PRESUMPTIVE)
    return is_newest(Result) & case(
        (col(Result.method) == Method.PRESUMPTIVE, ~governing), else_=col(Result.outcome).is_not(None) | ~other
    )


@cache
def may_be_positive() -> ColumnElement[bool]:
    """The condition that a result found something, or that a cup beside it did: see `Reading.outcome`."""
    reading = aliased(Reading)
    together = exists().where(col(reading.result_id) == Result.id, col(reading.outcome) == Outcome.POSITIVE)
    return (col(Result.outcome) == Outcome.POSITIVE) | together


@cache
def is_newest(result: type[Result]) -> ColumnElement[bool]:
    """The condition that no other row replaces a result."""
    later = aliased(Result)
    return ~exists().where(col(later.replaces_id) == result.id)


def result_of(session: Session, draw_id: int) -> Result | None:
    """The result of a draw that counts, None while there is none. It may be one without outcome: taken back."""
    return session.exec(select(Result).where(Result.draw_id == draw_id, governs())).first()


def standing_result(session: Session, draw_id: int, method: Method) -> Result | None:
    """The newest word of one method on a draw, whether it governs or not."""
    return session.exec(
        select(Result).where(Result.draw_id == draw_id, Result.method == method, is_newest(Result))
    ).first()


def findings_of(session: Session, result_id: int | None) -> list[str]:
    """The analytes that a result found, in alphabetical order."""
    return list(
        session.exec(
            select(Finding.analyte).where(Finding.result_id == result_id, col(Finding.found)).order_by(Finding.analyte)
        )
    )


def finding_rows(session: Session, result_id: int | None) -> Sequence[Finding]:
    """All that a result says of analytes, found or not, in the order in which it was written."""
    return session.exec(select(Finding).where(Finding.result_id == result_id).order_by(col(Finding.id))).all()


def reading_of(session: Session, result_id: int | None) -> Reading | None:
    """The newest reading of a result against the prescriptions; None where it was never read."""
    return newest(session, Reading, Reading.result_id == result_id)


def oldest_of_few() -> ColumnElement[int | None]:
    """The order of a participant's few draws, oldest first, for a query that names their day too.

    By the bare id, SQLite would rather read everybody's draws of that day, which an index has in this order, than sort.
    """
    return col(Draw.id) + 0


def draws_on(session: Session, participant_id: int, day: date) -> list[Draw]:
    """A participant's draws of a day, oldest first: at most a scheduled one and one for cause."""
    return list(
        session.exec(
            select(Draw)
            .where(Draw.participant_id == participant_id, Draw.due_on == day, col(Draw.taken_back_id).is_(None))
            .order_by(oldest_of_few())
        )
    )


def id_of(row: SQLModel) -> int:
    """The id of a row that has been written."""
    identity: int | None = getattr(row, "id", None)
    assert identity is not None, "the row has not been written yet"
    return identity


def pool_stands() -> ColumnElement[bool]:
    """The condition that a pool's night was not taken back."""
    return ~exists().where(
        col(TakingBack.facility_id) == Pool.facility_id,
        col(TakingBack.first_day) <= Pool.day,
        col(TakingBack.last_pool_id) >= Pool.id,
    )


def closing_stands() -> ColumnElement[bool]:
    """The condition that the night that closed a day was not taken back."""
    return ~exists().where(
        col(TakingBack.facility_id) == Closing.facility_id,
        col(TakingBack.closed_from) <= Closing.day,
        col(TakingBack.last_closing_id) >= Closing.id,
    )


def draw_stands() -> ColumnElement[bool]:
    """The condition that a draw is not merely the remains of one that a night that was taken back had made."""
    return col(Draw.taken_back_id).is_(None)


def newest_specimen(session: Session, specimen_id: int) -> Specimen:
    """A specimen as it was last corrected."""
    specimen = session.get_one(Specimen, specimen_id)
    while later := session.exec(select(Specimen).where(Specimen.replaces_id == specimen.id)).first():
        specimen = later
    return specimen
