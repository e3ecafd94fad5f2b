"""Who looked at whose record, and when: on record before anything is shown.

45 CFR 164.312(b) asks for audit controls: mechanisms that record activity in systems with health information. A look is
reading one participant's record, names beside codes, or an export of many records. The call list, totals and a code
that is typed to log a result are none: they are how the day goes, and would bury what somebody is asked about later.
"""

from collections.abc import Collection

from sqlmodel import col, func, select

from testing_tracker.store.queries import person_of
from testing_tracker.store.tables import Look, Participant
from testing_tracker.store.work import Work


def looked(work: Work, command: str, participants: Collection[int] = (), detail: str | None = None) -> None:
    """Put a look on record: a row for each of these participants, by id, or one for a list of many where none is given.

    Whose record was joined into another one is that person. `detail` says what was shown, and never a name.
    """
    people = dict.fromkeys(person_of(work.session, one) for one in participants)
    about: list[int | None] = [*people] if participants else [None]
    for participant_id in about:
        work.write(Look(facility_id=work.facility_id, participant_id=participant_id, command=command, detail=detail))


def how_many(work: Work) -> int:
    """How many participants the facility has records of."""
    query = select(func.count(col(Participant.id))).where(Participant.facility_id == work.facility_id)
    return work.session.exec(query).one()
