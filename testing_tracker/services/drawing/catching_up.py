"""Whether a nightly run may go on from where the last one left off, or has to wait for a person's word on the day."""

from datetime import date, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.long_gap import LONGEST_GAP, Gap, gap_between, refusal
from testing_tracker.rules.schedules.days import chance_on
from testing_tracker.rules.words import Kind, Status
from testing_tracker.services.schedules import closed_days, versions
from testing_tracker.store.queries import id_of, in_force_id, version_on
from testing_tracker.store.tables import Assignment, Draw, Enrolment, Facility, Night, Participant

TAKE_BACK = "testing-tracker draw --take-back --reason TEXT"


class NightRefusedError(TestingTrackerError):
    """A night that is not made until a person has looked at the machine's clock. Trying again does not help."""


def check_word(acting: Acting, catch_up_to: date | None) -> None:
    """Raise NightRefusedError where a person says that it is another day than the machine's clock does."""
    if catch_up_to is not None and catch_up_to != acting.today:
        raise NightRefusedError(
            f"--catch-up-to says that today is {catch_up_to}, and by this machine's clock it is {acting.today}. One of "
            "them is wrong: look at a calendar, and at the machine's clock. Nothing was drawn."
        )


def check_not_ahead(acting: Acting, last: date) -> None:
    """Raise NightRefusedError where a later night than today's is on record: the clock is wrong, or was then."""
    if last > acting.today:
        raise NightRefusedError(
            f"Draws were made for {last} already, and today is {acting.today}. Check the machine's clock. If it is "
            f"right now and was wrong then, `{TAKE_BACK}` takes those nights back."
        )


def check_gap(session: Session, acting: Acting, since: date, longest: int, catch_up_to: date | None) -> None:
    """Raise NightRefusedError where more nights are without a run than may be, and nobody has said what day it is.

    Who pretends a day on a training database has said it.
    """
    gap = gap_between(since, acting.today)
    if gap is None or gap.nights <= longest or acting.is_pretended or catch_up_to is not None:
        return
    raise NightRefusedError(refusal(gap, _due(session, acting, since), _fixed(session, acting, gap)))


def gap_that_waits(session: Session, acting: Acting, longest: int = LONGEST_GAP) -> Gap | None:
    """The nights without a run for which the next run waits for a person's word, if it does."""
    gap = gap_between(last_night(session, acting), acting.today)
    return gap if gap is not None and gap.nights > longest and not acting.is_pretended else None


def last_night(session: Session, acting: Acting) -> date:
    """The last night on record, or the day on which the facility opened."""
    newest = session.exec(select(func.max(Night.day)).where(Night.facility_id == acting.facility_id)).one()
    return newest or session.get_one(Facility, acting.facility_id).opened_on


def _due(session: Session, acting: Acting, since: date) -> int:
    query = (
        select(func.count())
        .select_from(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == acting.facility_id,
            Draw.status == Status.DUE,
            Draw.due_on >= since,
            Draw.due_on < acting.today,
        )
    )
    return session.exec(query).one()


def _fixed(session: Session, acting: Acting, gap: Gap) -> int:
    """How many fixed draws the gap would have if everybody stays who is enrolled on its last day. Quick, for years."""
    enrolled = select(Enrolment.participant_id).where(
        col(Enrolment.enrolled), col(Enrolment.id) == in_force_id(Enrolment, Enrolment.participant_id, gap.last)
    )
    query = (
        select(Assignment.schedule_id, func.count())
        .join(Participant, col(Participant.id) == Assignment.participant_id)
        .where(
            Participant.facility_id == acting.facility_id,
            col(Assignment.id) == in_force_id(Assignment, Assignment.participant_id, gap.last),
            col(Assignment.participant_id).in_(enrolled),
        )
        .group_by(col(Assignment.schedule_id))
    )
    tested_by = dict(session.exec(query).all())
    known = closed_days.known_now(session, acting.facility_id)
    found = 0
    for schedule in versions.all_schedules(session, acting):
        participants = tested_by.get(id_of(schedule), 0)
        version = version_on(session, id_of(schedule), gap.last)
        rule = versions.rule_of(version.text)
        if participants and rule.draw.kind is Kind.FIXED:
            days = (gap.first + timedelta(days=n) for n in range(gap.nights))
            drawn = (chance_on(rule, day, known.of(session, version, rule, day)) > 0 for day in days)
            found += participants * sum(drawn)
    return found
