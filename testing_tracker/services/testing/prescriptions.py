"""Reads the prescriptions on record: what counts on a day, how a result reads against it, and the list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache

from sqlalchemy import Select, bindparam
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from testing_tracker.rules.testing.interpretation import Interpretation, interpret
from testing_tracker.rules.words import Method
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.services.schedules.versions import test_of
from testing_tracker.store.queries import finding_rows, person, records_of
from testing_tracker.store.tables import Draw, Participant, Prescription, Result
from testing_tracker.store.work import Work


class PrescriptionStatus(StrEnum):
    """Where a prescription stands on a day. `replaced`: a later row has other days for it."""

    ACTIVE = "active"
    TO_COME = "to come"
    ENDED = "ended"
    CALLED_OFF = "called off"
    REPLACED = "replaced"


@dataclass(frozen=True)
class PrescriptionLine:
    """A prescription in the list. `explains` are the other analytes that it can make positive.

    `reason` says why it ended or was called off; `recorded_at` is in UTC.
    """

    participant: str
    analyte: str
    explains: list[str]
    from_on: date
    to_on: date | None
    status: PrescriptionStatus
    prescriber: str | None
    reason: str | None
    recorded_at: datetime
    recorded_by: str


def standing(session: Session, participant_id: int) -> list[Prescription]:
    """A participant's prescriptions that count, past ones and those to come too, oldest first."""
    rows = _recorded(session, participant_id)
    replaced = {row.replaces_id for row in rows}
    return [row for row in rows if row.id not in replaced and not is_called_off(row)]


def prescribed_on(session: Session, participant_id: int, day: date) -> list[Prescription]:
    """What is prescribed to a participant on a day."""
    return active_on(standing(session, participant_id), day)


def active_on(prescriptions: Iterable[Prescription], day: date) -> list[Prescription]:
    """The prescriptions whose days, first and last included, take a day in."""
    return [row for row in prescriptions if row.from_on <= day and (row.to_on is None or day <= row.to_on)]


def is_called_off(prescription: Prescription) -> bool:
    """Whether it ends before it begins, which is how one that never applied is kept on record."""
    return prescription.to_on is not None and prescription.to_on < prescription.from_on


def read_for(work: Work, draw: Draw, found: Sequence[str], looked_for: Sequence[str]) -> Interpretation:
    """Read what the test of a draw found, and what it looked for, against the prescriptions of the draw's day."""
    active = prescribed_on(work.session, draw.participant_id, draw.due_on)
    return interpret(work.vocabulary, found, looked_for, [row.analyte for row in active])


def looked_for_in(work: Work, draw: Draw, result: Result) -> tuple[str, ...]:
    """What a result's test is known to have looked for: what it says itself, or else the draw's panel.

    A laboratory may have been asked about one analyte alone, so its silence about the others says nothing.
    """
    rows = finding_rows(work.session, result.id)
    said_so = any(not row.found and row.amount is None for row in rows)
    if result.method == Method.PRESUMPTIVE and not said_so:
        return test_of(work, draw).panel
    return tuple(row.analyte for row in rows)


def listed(work: Work, code: str | None, day: date, *, everything: bool = False) -> list[PrescriptionLine]:
    """What is prescribed on a day to a participant, or to anyone, by code.

    `everything` adds what has ended, is to come, was called off or replaced. Raises TestingTrackerError for a code that
    nobody has.
    """
    only = find_participant(work, code).id if code is not None else None
    query = select(Participant).where(
        Participant.facility_id == work.facility_id,
        Participant.id == only if only is not None else col(Participant.id).in_(_persons_with_a_prescription()),
    )
    lines = []
    for participant in work.session.exec(query.order_by(Participant.code_key)):
        assert participant.id is not None, "it is on record"
        lines += lines_of(work, participant.code, participant.id, day)
    return [line for line in lines if everything or line.status is PrescriptionStatus.ACTIVE]


def _persons_with_a_prescription() -> Select[int]:
    return sa_select(person(Prescription.participant_id))


def lines_of(work: Work, code: str, participant_id: int, day: date) -> list[PrescriptionLine]:
    """All that was ever recorded of a participant's prescriptions, oldest first, as it stands on a day."""
    rows = _recorded(work.session, participant_id)
    replaced = {row.replaces_id for row in rows}
    return [
        PrescriptionLine(
            participant=code,
            analyte=row.analyte,
            explains=work.vocabulary.also_explained_by(row.analyte),
            from_on=row.from_on,
            to_on=row.to_on,
            status=PrescriptionStatus.REPLACED if row.id in replaced else _course(row, day),
            prescriber=row.prescriber,
            reason=row.reason,
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
        )
        for row in rows
    ]


def _recorded(session: Session, participant_id: int) -> Sequence[Prescription]:
    return session.exec(_recorded_of_a_participant(), params={"participant": participant_id}).all()


@cache  # asked for with each result, and takes longer to put together than to run
def _recorded_of_a_participant() -> SelectOfScalar[Prescription]:
    return (
        select(Prescription)
        .where(col(Prescription.participant_id).in_(records_of(bindparam("participant"))))
        .order_by(col(Prescription.from_on), col(Prescription.id))
    )


def _course(prescription: Prescription, day: date) -> PrescriptionStatus:
    if is_called_off(prescription):
        return PrescriptionStatus.CALLED_OFF
    if prescription.from_on > day:
        return PrescriptionStatus.TO_COME
    return PrescriptionStatus.ACTIVE if active_on([prescription], day) else PrescriptionStatus.ENDED
