"""Finds the participant whom a person means by a code, the records joined into it, and from when on a change binds."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.near_words import in_words, nearest
from testing_tracker.rules.people.codes import look_of
from testing_tracker.rules.words import Ended, ParticipantStatus
from testing_tracker.store.queries import enrolled_on, id_of, in_force, person_of, records_of, standing_on
from testing_tracker.store.tables import Enrolment, Joining, Participant, Renaming
from testing_tracker.store.work import Work


def near_codes(work: Work, code: str) -> list[str]:
    """The codes that one which nobody has may have been meant for, the nearest first."""
    ours = Participant.facility_id == work.facility_id
    return nearest(code, work.session.exec(select(Participant.code).where(ours).order_by(Participant.code_key)))


def find_participant(work: Work, code: str) -> Participant:
    """The participant with a code. Raises TestingTrackerError naming near ones: it takes none of them by itself."""
    participant = participant_with_code(work, code)
    if participant is not None:
        return participant
    near = near_codes(work, code)
    hint = f"Did you mean {in_words(near)}?" if near else "`testing-tracker participant list` shows them all."
    raise TestingTrackerError(f"There is no participant {code}. {hint}")


def records_of_person(session: Session, participant: Participant) -> list[Participant]:
    """The records of a person: the participant's, which goes on, and then those that were joined into it."""
    found = session.exec(
        select(Participant).where(col(Participant.id).in_(records_of(participant.id))).order_by(col(Participant.id))
    ).all()
    return sorted(found, key=lambda record: record.id != participant.id)


def find_enrolled(work: Work, code: str) -> Participant:
    """The participant with a code, who is in the programme. Raises TestingTrackerError for a discharged one too."""
    participant = find_participant(work, code)
    if standing_on(work.session, id_of(participant), work.today) is not ParticipantStatus.DISCHARGED:
        return participant
    back_on = readmitted_from(work, id_of(participant))
    if back_on is not None:
        raise TestingTrackerError(f"{participant.code} is discharged until {back_on}, when the next enrolment begins.")
    raise TestingTrackerError(was_discharged(work.session, participant))


def is_cancelled(enrolment: Enrolment) -> bool:
    """Whether a row ends an enrolment that was a mistake, so that there never was any."""
    return enrolment.ended_as == Ended.CANCELLED


def was_discharged(session: Session, participant: Participant) -> str:
    """The refusal of an act that needs somebody in the programme, with its remedy."""
    latest = in_force(session, Enrolment, id_of(participant), date.max)
    if latest is not None and is_cancelled(latest):
        return (
            f"{participant.code}'s enrolment was cancelled as a mistake. Enrol somebody under that code with "
            f"`testing-tracker participant add {participant.code} …`."
        )
    return (
        f"{participant.code} was discharged. Enrol the participant again with "
        f"`testing-tracker participant add {participant.code} --readmit …`."
    )


def readmitted_from(work: Work, participant_id: int) -> date | None:
    """The first day of an enrolment that is on record and still to come."""
    latest = in_force(work.session, Enrolment, participant_id, date.max)
    begins = enrolled_on(work.session, participant_id)
    return begins if latest is not None and latest.enrolled and begins > work.today else None


def first_day_of_change(work: Work, participant_id: int) -> date:
    """The day from which a change made now binds: today, or the first day of an enrolment that is still to come."""
    return max(work.today, enrolled_on(work.session, participant_id))


def codes_ever(work: Work) -> list[str]:
    """The codes of a facility, and then those that were corrected since; the oldest first."""
    ours = Participant.facility_id == work.facility_id
    codes = work.session.exec(select(Participant.code).where(ours).order_by(col(Participant.id))).all()
    earlier = select(Renaming.earlier_code).join(Participant, col(Participant.id) == Renaming.participant_id)
    return [*codes, *work.session.exec(earlier.where(ours).order_by(col(Renaming.id)))]


class LookAlikes:
    """The codes of a facility by their look, those that were corrected since among them.

    Read once and then kept up, so that an import of many need not read all codes for each.
    """

    def __init__(self, work: Work) -> None:
        self._by_look: dict[str, list[str]] = defaultdict(list)
        self._keys: set[str] = set()
        for code in codes_ever(work):
            self.add(code)

    def add(self, code: str) -> list[str]:
        """A code is in use from now on; returns the other codes that look like it."""
        alike, key = self._by_look[look_of(code)], code.casefold()
        others = [other for other in alike if other.casefold() != key] if alike else []
        if len(others) == len(alike):
            alike.append(code)
        self._keys.add(key)
        return others

    def has(self, code: str) -> bool:
        """Whether this very code is in use, in whatever case it is written."""
        return code.casefold() in self._keys

    def of(self, code: str) -> list[str]:
        """The other codes that look like this one."""
        return [other for other in self._by_look.get(look_of(code), ()) if other.casefold() != code.casefold()]


def looks_like(code: str, other: str) -> str:
    """The note about two codes that look alike, in words."""
    return f"{code} looks like {other}, which is on record too; take care that nobody's cup is logged for the other"


@dataclass(frozen=True)
class JoinedRecord:
    """A record that was joined into another one: its code and number, and who said so, when (UTC) and why."""

    participant: str
    number: int
    joined_at: datetime
    reason: str
    recorded_by: str


def joined_records(session: Session, participant_id: int) -> list[JoinedRecord]:
    """The records that were joined into a participant's, oldest first."""
    others = session.connection().execute(records_of(participant_id)).scalars().all()
    rows = session.exec(
        select(Joining, Participant.code)
        .join(Participant, col(Participant.id) == Joining.participant_id)
        .where(col(Joining.participant_id).in_(others), Joining.into_id == participant_id)
        .order_by(col(Joining.id))
    )
    return [
        JoinedRecord(code, joining.participant_id, joining.recorded_at, joining.reason, joining.recorded_by)
        for joining, code in rows
    ]


def record_with_code(work: "Work", code: str) -> Participant | None:
    """The very record that has a code or had it, whether or not it was joined into another one since."""
    return records_with_codes(work, [code]).get(code.casefold())


def records_with_codes(work: "Work", codes: Sequence[str]) -> dict[str, Participant]:
    """The very records that have these codes or had them, by the code without regard to case.

    `Work.meant` tells of those that had one.
    """
    keys = {code.casefold() for code in codes}
    having = select(Participant).where(Participant.facility_id == work.facility_id, col(Participant.code_key).in_(keys))
    found = {record.code_key: record for record in work.session.exec(having)} if keys else {}
    missing = keys - found.keys()
    if missing:
        had = (
            select(Renaming.earlier_key, Participant)
            .join(Participant, col(Participant.id) == Renaming.participant_id)
            .where(Participant.facility_id == work.facility_id, col(Renaming.earlier_key).in_(missing))
        )
        found |= dict(work.session.exec(had).all())
    for code in codes:
        record = found.get(code.casefold())
        if record is not None and code.casefold() in missing:
            work.meant[code] = f"{code} is {record.code} now"
    return found


def participant_with_code(work: "Work", code: str) -> Participant | None:
    """The participant whom a code means, in whatever case it is written.

    That is whoever has it; or had it, before it was corrected; of a record that was joined into another one, the
    participant whose that is. `Work.meant` tells of those that are not the code's own.
    """
    record = record_with_code(work, code)
    if record is None:
        return None
    person = work.session.get_one(Participant, person_of(work.session, id_of(record)))
    if person is not record:
        work.meant[code] = f"{code} was joined into {person.code}"
    return person
