"""Joins two records that turned out to be the same person's: one goes on for both, and nothing of either is lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Ended, ParticipantStatus, Status
from testing_tracker.services.check_in import cards
from testing_tracker.services.check_in.reminding import contacts
from testing_tracker.services.check_in.whether import any_rule
from testing_tracker.services.deciding import evidence
from testing_tracker.services.deciding.case import open_recommendation
from testing_tracker.services.people.cancelling import was_cancelled
from testing_tracker.services.people.discharging import end_enrolment
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.services.testing import prescribing
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.services.testing.prescriptions import standing as prescriptions_of
from testing_tracker.store.queries import draws_with, id_of, records_of, standing_on
from testing_tracker.store.tables import Draw, Joining, Participant, Recommendation, Review
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class Joined:
    """What a join did: which record was joined into which, its draws that are cancelled, and what is open now.

    `ends_card`: the joined record had a card to check in with; `has_card`: so has the one that goes on.
    """

    record: Participant
    into: Participant
    cancelled: Sequence[Draw]
    recommendation: Recommendation | None
    ends_card: bool
    has_card: bool


def join(work: Work, code: str, into_code: str, reason: str) -> Joined:
    """Let the record of `into_code` go on for that of `code`, which ends today and is not drawn any more.

    Both keep what is on record of them. From now on the joined code finds the other record; prescriptions, positives
    and open matters of both are looked at together, and results that read otherwise by that are read again. Raises
    TestingTrackerError where the record that is to go on is not in the programme and the other one is.
    """
    record, into = find_participant(work, code), find_participant(work, into_code)
    _check(work, record, into)
    identity, person = id_of(record), id_of(into)
    apart = {
        number: prescriptions_of(work.session, owner)
        for owner in (identity, person)
        for number in work.session.connection().execute(records_of(owner)).scalars().all()
    }
    waiting = open_recommendation(work.session, identity)
    for number in work.session.connection().execute(records_of(identity)).scalars().all():
        work.write(Joining(participant_id=number, into_id=person, reason=reason))
    if standing_on(work.session, identity, work.today) is not ParticipantStatus.DISCHARGED:
        end_enrolment(work, record, work.today, f"joined into {into.code}: {reason}", Ended.JOINED)
    work.on_record(Act.PARTICIPANT_JOIN, participant_id=identity, reason=reason, into=person)
    work.on_record(Act.PARTICIPANT_JOIN, participant_id=person, reason=reason, joined=identity)
    contacts.forget_all(work, identity, f"joined into {into.code}")
    ends_card = cards.end_card(work, identity, f"joined into {into.code}: {reason}") is not None
    work.session.flush()
    cancelled = _cancel_open_draws(work, record, f"joined into {into.code}: {reason}")
    _hand_over(work, waiting, into, identity)
    prescribing.read_again_together(work, person, apart, f"{record.code} was joined into {into.code}")
    evidence.bring_in_line(work, person)
    _ask_again_of_check_ins(work, person)
    has_card = cards.card_of(work, person) is not None
    return Joined(record, into, cancelled, open_recommendation(work.session, person), ends_card, has_card)


def _ask_again_of_check_ins(work: Work, person: int) -> None:
    """What one record was told, the other one's participant knew: of earlier days it may not have missed after all."""
    if any_rule(work):
        from testing_tracker.services.check_in.ending.later_known import bring_in_line  # few facilities need it
        from testing_tracker.store.tables import CheckIn

        days = select(col(CheckIn.day)).where(col(CheckIn.participant_id).in_(records_of(person))).distinct()
        bring_in_line(work, work.session.exec(days).all())


def _check(work: Work, record: Participant, into: Participant) -> None:
    if record.id == into.id:
        raise TestingTrackerError(f"Both codes are {into.code}'s; there is nothing to join.")
    for one in (record, into):
        if was_cancelled(work.session, id_of(one)):
            raise TestingTrackerError(f"{one.code}'s enrolment was cancelled as a mistake; there is nothing to join.")
    is_here = standing_on(work.session, id_of(record), work.today) is not ParticipantStatus.DISCHARGED
    if is_here and standing_on(work.session, id_of(into), work.today) is ParticipantStatus.DISCHARGED:
        raise TestingTrackerError(
            f"{into.code} was discharged and {record.code} was not, so nobody would be tested. Join the other way "
            f"round (`testing-tracker participant join {into.code} {record.code}`), or readmit {into.code} first."
        )


def _cancel_open_draws(work: Work, record: Participant, why: str) -> Sequence[Draw]:
    still_due = (Draw.participant_id == record.id, Draw.status == Status.DUE, Draw.due_on >= work.today)
    draws = draws_with(work.session, *still_due)
    for draw in draws:
        set_status(work, draw, Status.CANCELLED, why)
    return draws


def _hand_over(work: Work, waiting: Recommendation | None, into: Participant, identity: int) -> None:
    """What is open of the joined record is looked at with the other one from now on."""
    open_reviews = select(Review).where(Review.participant_id == identity, col(Review.done_at).is_(None))
    for review in work.session.exec(open_reviews).all():
        review.participant_id = id_of(into)
        work.add(review)
    if waiting is None:
        work.session.flush()
        return
    draws = evidence.hand_over(work, waiting, f"joined into {into.code}, where its tests are weighed")
    evidence.bring_in_line(work, id_of(into), draws)
