"""Ends an enrolment, also from a day that is over: whoever had left by then has missed no test since."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import or_
from sqlmodel import col

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Ended, Status
from testing_tracker.services.check_in import cards
from testing_tracker.services.check_in.reminding import contacts
from testing_tracker.services.deciding.case import decided_on
from testing_tracker.services.people.lookup import find_participant, was_discharged
from testing_tracker.services.people.participants import write_from
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.store.queries import draws_with, enrolled_on, id_of, in_force
from testing_tracker.store.tables import Draw, Enrolment, Participant, Recommendation
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class Discharged:
    """What a discharge did: from which day, the draws that it cancelled, and those since that stay, being given.

    `changed` are the recommendations that rested on what is cancelled, and `decided` those of them, by number, that a
    clinician had decided on. `ends_card`: they had one to check in with.
    """

    participant: Participant
    from_on: date
    cancelled: Sequence[Draw]
    kept: Sequence[Draw]
    changed: Sequence[Recommendation] = ()
    decided: Sequence[int] = field(default_factory=list)
    ends_card: bool = False


def discharge(work: Work, code: str, reason: str, on: date | None = None) -> Discharged:
    """Discharge a participant from today, or from a day that is over, or call off an enrolment to come.

    Draws from that day on that are still due are cancelled; from a day that is over also those that were missed, and
    those of which nothing is known. A test that was given stays, and so does a refusal: the participant was there.
    With a day, a later discharge moves to it. Raises TestingTrackerError for a day to come, or one
    before the enrolment began.
    """
    participant = find_participant(work, code)
    from_on = work.today if on is None else on
    _check_day(work, participant, from_on, is_said=on is not None)
    end_enrolment(work, participant, from_on, reason)
    said: dict[str, Any] = {"from_on": from_on} if from_on < work.today else {}
    work.on_record(Act.PARTICIPANT_DISCHARGE, participant_id=participant.id, reason=reason, **said)
    contacts.forget_all(work, id_of(participant), f"discharged: {reason}")
    card = cards.end_card(work, id_of(participant), f"discharged: {reason}")
    done = _cancel_draws(work, participant, from_on, f"discharged: {reason}")
    return replace(done, ends_card=card is not None)


def end_enrolment(work: Work, participant: Participant, from_on: date, reason: str, how: Ended | None = None) -> None:
    """Write that a participant is not in the programme from a day on, whatever was on record for later days."""
    write_from(work, Enrolment, id_of(participant), from_on, enrolled=False, reason=reason, ended_as=how)


def _check_day(work: Work, participant: Participant, day: date, *, is_said: bool) -> None:
    latest = in_force(work.session, Enrolment, id_of(participant), date.max)
    assert latest is not None, "every participant was enrolled once"
    if not latest.enrolled and not (is_said and latest.ended_as is None and day < latest.from_on):
        raise TestingTrackerError(was_discharged(work.session, participant))
    if not is_said:
        return
    began = enrolled_on(work.session, id_of(participant))
    if day > work.today:
        raise TestingTrackerError(f"{day} is to come; today is {work.today}. Discharge on the day itself.")
    if day < began:
        raise TestingTrackerError(
            f"{participant.code}'s enrolment began on {began}, after {day}. If it was a mistake, use "
            f"`testing-tracker participant cancel {participant.code}`."
        )


def _cancel_draws(work: Work, participant: Participant, from_on: date, why: str) -> Discharged:
    """Of a discharge from today, only what is still due: whoever missed today's draw was in the programme."""
    since = (Draw.participant_id == participant.id, Draw.due_on >= from_on)
    not_given = col(Draw.status) == Status.DUE
    if from_on < work.today:
        unknown = (col(Draw.status) == Status.UNRECORDED) & ~col(Draw.unable)
        not_given = or_(not_given, col(Draw.status) == Status.MISSED, unknown)
    open_draws = draws_with(work.session, *since, not_given)
    given = or_(col(Draw.status).in_((Status.COLLECTED, Status.REFUSED)), col(Draw.unable))
    kept = draws_with(work.session, *since, given, ~not_given)
    changed: dict[int, Recommendation] = {}
    decided: list[int] = []
    for draw in open_draws:
        decided += decided_on(work.session, draw)
        recommendation = set_status(work, draw, Status.CANCELLED, why)
        if recommendation is not None:
            changed[id_of(recommendation)] = recommendation
    return Discharged(participant, from_on, open_draws, kept, list(changed.values()), sorted(set(decided)))
