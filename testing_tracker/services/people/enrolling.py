"""Enrols participants: one, or the many of a file, by the same checks and into the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.log_line import check_new_code
from testing_tracker.rules.words import Level
from testing_tracker.services.deciding import evidence
from testing_tracker.services.people.leaves import end_leaves_for_return
from testing_tracker.services.people.lookup import (
    LookAlikes,
    is_cancelled,
    participant_with_code,
    records_with_codes,
)
from testing_tracker.services.people.participants import write_from
from testing_tracker.services.people.renaming import change_name
from testing_tracker.services.schedules import versions
from testing_tracker.store.queries import id_of, in_force
from testing_tracker.store.tables import Assignment, Enrolment, Participant, Placement, Recommendation, Schedule
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class NewParticipant:
    """What enrolling needs to know. `name` is optional and is shown only when it is asked for."""

    code: str
    level: Level
    schedule: str
    enrolled_on: date
    name: str | None = None


@dataclass(frozen=True)
class Enrolled:
    """What enrolling did; the recommendation is an open one that says something else from the new level.

    `look_alikes` are codes that a new one may be taken for.
    """

    participant: Participant
    recommendation: Recommendation | None
    look_alikes: Sequence[str] = ()


@dataclass(frozen=True)
class OneOfMany:
    """What became of one of many: enrolled now (`is_new`), on record with the same details, or refused.

    `look_alikes` are codes that a new one may be taken for.
    """

    is_new: bool = False
    refusal: TestingTrackerError | None = None
    look_alikes: Sequence[str] = ()


def enrol(work: Work, new: NewParticipant, *, readmit: bool = False) -> Enrolled:
    """Enrol a participant, or one who was discharged again with `readmit`, whatever was on record for later days.

    One whose enrolment was cancelled as a mistake is enrolled as if for the first time.

    Raises TestingTrackerError for a code in use, an unknown schedule, or a code that is none.
    """
    check_code(new.code)
    schedule = versions.find_schedule(work, new.schedule)
    participant = participant_with_code(work, new.code)
    if participant is None:
        if readmit:
            raise TestingTrackerError(
                f"There is no participant {new.code} to readmit. Leave --readmit out to enrol one."
            )
        newcomers = Newcomers(work)
        alike = newcomers.admit(new)
        (identity,) = newcomers.write([new])
        # Somebody of whom nothing was on record has no recommendation.
        return Enrolled(work.session.get_one(Participant, identity), None, alike)
    _check_readmission(work, participant, new, readmit=readmit)
    if readmit:
        end_leaves_for_return(work, id_of(participant), new.enrolled_on)
    _write_enrolment(work, id_of(participant), new, id_of(schedule))
    act = Act.PARTICIPANT_READMIT if readmit else Act.PARTICIPANT_ADD
    work.on_record(act, participant_id=participant.id, **_said_of(new))
    work.session.flush()
    return Enrolled(participant, evidence.bring_in_line(work, id_of(participant)))


def _check_readmission(work: Work, participant: Participant, new: NewParticipant, *, readmit: bool) -> None:
    latest = in_force(work.session, Enrolment, id_of(participant), date.max)
    assert latest is not None, "every participant was enrolled once"
    if latest.enrolled:
        raise TestingTrackerError(f"There is a participant {participant.code} already. Codes are given once.")
    if is_cancelled(latest):
        change_name(work, participant, new.name, "enrolled again after the enrolment was cancelled")
        return
    # An enrolment that was called off before its first day has a later row too.
    discharged = in_force(work.session, Enrolment, id_of(participant), work.today) or latest
    if not readmit:
        raise TestingTrackerError(
            f"{participant.code} was discharged on {discharged.from_on}. If this is the same person, add --readmit; "
            "if not, give another code."
        )
    if new.enrolled_on < discharged.from_on:
        raise TestingTrackerError(
            f"{participant.code} was discharged on {discharged.from_on} and cannot be readmitted before that day."
        )
    if new.name is not None:
        change_name(work, participant, new.name, "given with the readmission")


def _write_enrolment(work: Work, participant_id: int, new: NewParticipant, schedule_id: int) -> None:
    write_from(work, Enrolment, participant_id, new.enrolled_on, enrolled=True)
    write_from(work, Placement, participant_id, new.enrolled_on, level=new.level)
    write_from(work, Assignment, participant_id, new.enrolled_on, schedule_id=schedule_id)


def _said_of(new: NewParticipant) -> dict[str, Any]:
    """What the audit table says of an enrolment."""
    return {"level": new.level, "schedule": new.schedule, "enrolled_on": new.enrolled_on}


class Newcomers:
    """Enrols those whose code nobody ever had. What that asks of the record is read once, and then kept up."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._codes = LookAlikes(work)
        self._schedules = {schedule.name: id_of(schedule) for schedule in versions.all_schedules(work)}

    def is_known(self, code: str) -> bool:
        """Whether somebody has this code, or had it, in whatever case it is written."""
        return self._codes.has(code)

    def admit(self, new: NewParticipant) -> Sequence[str]:
        """Give a new code to somebody who is to be written; returns the codes that it may be taken for.

        Raises TestingTrackerError for an unknown schedule, and for a code that is none or that the log session takes
        for a result.
        """
        if new.schedule not in self._schedules:
            versions.find_schedule(self._work, new.schedule)
        check_new_code(self._work.vocabulary, new.code)
        return self._codes.add(new.code)

    def write(self, people: Sequence[NewParticipant]) -> Sequence[int]:
        """Put on record those who were admitted, all at once; returns their ids, in their order."""
        work = self._work
        ids = work.numbers_for(Participant, len(people))
        each = list(zip(ids, people, strict=True))
        work.write_all(
            Participant,
            ("id", "facility_id", "code", "code_key", "name", "name_salt"),
            [
                (identity, work.facility_id, new.code, new.code.casefold(), new.name, chance.salt_of(new.name))
                for identity, new in each
            ],
        )
        since = [(identity, new.enrolled_on) for identity, new in each]
        work.write_all(Enrolment, ("participant_id", "from_on"), since, enrolled=True)
        work.write_all(
            Placement,
            ("participant_id", "from_on", "level"),
            [(*row, str(new.level)) for row, new in zip(since, people, strict=True)],
        )
        work.write_all(
            Assignment,
            ("participant_id", "from_on", "schedule_id"),
            [(*row, self._schedules[new.schedule]) for row, new in zip(since, people, strict=True)],
        )
        work.on_record_of_each(Act.PARTICIPANT_ADD, ((identity, _said_of(new)) for identity, new in each))
        return ids


_NEW, _UNCHANGED = OneOfMany(is_new=True), OneOfMany()
_Details = tuple[date, str, str]  # an enrolment's first day, level and schedule


def _details(new: NewParticipant) -> _Details:
    return new.enrolled_on, str(new.level), new.schedule


def enrol_those_new(work: Work, people: Sequence[NewParticipant], newcomers: Newcomers) -> list[OneOfMany]:
    """For imports: enrol each whose code is new, and say of each what became of it.

    One who is on record with the same details stays unchanged, whatever has changed since; one with other details is
    refused. An enrolment that was cancelled as a mistake does not come back with the file that brought it.
    """
    there = _on_record(work, [new.code for new in people if newcomers.is_known(new.code)])
    became, enrolled = [], []
    for new in people:
        code, known = there.get(new.code.casefold(), (new.code, None))
        if known is None:
            try:
                alike = newcomers.admit(new)
            except TestingTrackerError as error:
                became.append(OneOfMany(refusal=error))
                continue
            became.append(OneOfMany(is_new=True, look_alikes=alike) if alike else _NEW)
            there[new.code.casefold()] = new.code, {_details(new)}
            enrolled.append(new)
        elif _details(new) in known:
            became.append(_UNCHANGED)
        else:
            said = f"{code} is on record already, with other details; nothing was changed"
            became.append(OneOfMany(refusal=TestingTrackerError(said)))
    newcomers.write(enrolled)
    return became


def _on_record(work: Work, codes: Sequence[str]) -> dict[str, tuple[str, set[_Details]]]:
    """By each code without regard to case: the code of the very record that has it or had it, and with which details
    its enrolments began."""
    records = records_with_codes(work, codes)
    begun = _begun(work.session, {id_of(record) for record in records.values()})
    return {key: (record.code, begun.get(id_of(record), set())) for key, record in records.items()}


def _begun(session: Session, ids: set[int]) -> dict[int, set[_Details]]:
    """The details that each participant's enrolments began with, whatever has changed since."""
    found: dict[int, set[_Details]] = {}
    if not ids:
        return found
    query = (
        sa_select(col(Enrolment.participant_id), col(Enrolment.from_on), col(Placement.level), col(Schedule.name))
        .join(
            Placement,
            (col(Placement.participant_id) == Enrolment.participant_id) & (col(Placement.from_on) == Enrolment.from_on),
        )
        .join(
            Assignment,
            (col(Assignment.participant_id) == Enrolment.participant_id)
            & (col(Assignment.from_on) == Enrolment.from_on),
        )
        .join(Schedule, col(Schedule.id) == Assignment.schedule_id)
        .where(col(Enrolment.participant_id).in_(ids), col(Enrolment.enrolled))
    )
    for identity, from_on, level, schedule in session.connection().execute(query):
        found.setdefault(identity, set()).add((from_on, level, schedule))
    return found
