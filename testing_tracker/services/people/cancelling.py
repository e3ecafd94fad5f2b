"""Takes back an enrolment that was a mistake, as long as nothing was recorded of that person."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckInOutcome
from testing_tracker.rules.drawing.closing import Because, every_sentence
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import DrawKind, Ended, Status
from testing_tracker.services.check_in import cards
from testing_tracker.services.check_in.reminding import contacts
from testing_tracker.services.people.discharging import end_enrolment
from testing_tracker.services.people.lookup import find_participant, is_cancelled
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.store.queries import draws_with, id_of, newest
from testing_tracker.store.tables import AuditEntry, CheckIn, Draw, Enrolment, Participant
from testing_tracker.store.work import Work

OPEN = (Status.DUE, Status.MISSED, Status.UNRECORDED)

# What is said of the enrolment itself, or follows by itself from a night: nobody has recorded anything of a person.
_SAYS_NOTHING = (
    Act.PARTICIPANT_ADD,
    Act.PARTICIPANT_READMIT,
    Act.PARTICIPANT_SET_SCHEDULE,
    Act.PARTICIPANT_TRANSFER,
    Act.PARTICIPANT_RENAME,
    Act.PARTICIPANT_DISCHARGE,
    Act.PARTICIPANT_CANCEL,
    Act.NAMES_SHOW,
    Act.REPORT_EXPORT,
    Act.RECOMMENDATION_RAISE,
    Act.RECOMMENDATION_ADD_EVIDENCE,
    Act.RECOMMENDATION_WEIGH_AGAIN,
    Act.RECOMMENDATION_WITHDRAW_EVIDENCE,
    Act.RECOMMENDATION_WITHDRAW,
    Act.REVIEW_ASK,
    Act.REVIEW_WITHDRAW,
    Act.DRAW_CANCELLED,
    Act.CONTACT_SET,
    Act.CONTACT_STOP,
    Act.CONTACT_FORGET,
    Act.CARD_ISSUE,
    Act.CARD_END,
)
_OF_A_NIGHT = (
    Because.CLOSED_OUT,
    Because.HELD,
    Because.MADE_TOO_LATE,
    Because.ORDERED_AFTER_CHECK_IN,
    Because.CHECK_IN_AT_FAULT,
    Because.CHECK_INS_HELD,
    Because.NOT_CHECKED_IN,
)


@dataclass(frozen=True)
class Cancelled:
    """Whose enrolment was cancelled, the draws that are cancelled with it, and whether a card to check in ends too."""

    participant: Participant
    draws: Sequence[Draw]
    ends_card: bool


def cancel(work: Work, code: str, reason: str) -> Cancelled:
    """Take an enrolment back that was a mistake: it never was, on no day, and its draws do not count.

    What the nights decided stays on record, so every proof holds. Raises TestingTrackerError where anything was
    recorded of the person, because then somebody was here.
    """
    participant = find_participant(work, code)
    identity = id_of(participant)
    rows = work.session.exec(
        select(Enrolment).where(Enrolment.participant_id == identity).order_by(col(Enrolment.id))
    ).all()
    if is_cancelled(rows[-1]):
        raise TestingTrackerError(f"{participant.code}'s enrolment was cancelled already; there is nothing to do.")
    _check_nothing_was_recorded(work.session, participant)
    first = min(row.from_on for row in rows)
    end_enrolment(work, participant, first, reason, Ended.CANCELLED)
    work.on_record(Act.PARTICIPANT_CANCEL, participant_id=identity, reason=reason, enrolled_on=first)
    contacts.forget_all(work, identity, f"enrolled by mistake: {reason}")
    card = cards.end_card(work, identity, f"enrolled by mistake: {reason}")
    draws = draws_with(work.session, Draw.participant_id == identity, col(Draw.status).in_(OPEN))
    for draw in draws:
        set_status(work, draw, Status.CANCELLED, f"enrolled by mistake: {reason}")
    return Cancelled(participant, draws, card is not None)


def was_cancelled(session: Session, participant_id: int) -> bool:
    """Whether a participant's enrolment was cancelled as a mistake, and there is no other."""
    latest = newest(session, Enrolment, Enrolment.participant_id == participant_id)
    return latest is not None and is_cancelled(latest)


def _check_nothing_was_recorded(session: Session, participant: Participant) -> None:
    by_somebody = ~and_(
        or_(col(AuditEntry.act) == Act.DRAW_MISSED, col(AuditEntry.act) == Act.DRAW_UNRECORDED),
        or_(*(col(AuditEntry.reason).startswith(said) for because in _OF_A_NIGHT for said in every_sentence(because))),
        col(AuditEntry.reason).is_not(None),
    )
    entry = session.exec(
        select(AuditEntry)
        .where(
            AuditEntry.participant_id == participant.id,
            col(AuditEntry.act).not_in(_SAYS_NOTHING),
            or_(col(AuditEntry.reason).is_(None), by_somebody),
        )
        .order_by(col(AuditEntry.id))
        .limit(1)
    ).first()
    what = f"`{entry.act}` on {entry.at.date()}" if entry is not None else None
    if what is None and _has_past_record(session, id_of(participant)):
        what = "a past record was imported"
    if what is None and _has_checked_in(session, id_of(participant)):
        what = "somebody checked in"
    if what is not None:
        raise TestingTrackerError(
            f"Something is on record of {participant.code} ({what}), so the enrolment cannot be cancelled. "
            f"End it with `testing-tracker participant discharge {participant.code} --on DATE --reason …`; if another "
            f"record is the same person's, use `testing-tracker participant join {participant.code} CODE`."
        )


def _has_checked_in(session: Session, participant_id: int) -> bool:
    """Whether somebody had this card and PIN: wrong ones may be anybody's."""
    told = select(CheckIn.id).where(CheckIn.participant_id == participant_id, CheckIn.outcome == CheckInOutcome.TOLD)
    return session.exec(told.limit(1)).first() is not None


def _has_past_record(session: Session, participant_id: int) -> bool:
    query = select(Draw.id).where(
        Draw.participant_id == participant_id,
        or_(
            col(Draw.kind).in_((DrawKind.IMPORTED, DrawKind.FOR_CAUSE)),
            col(Draw.status).in_((Status.COLLECTED, Status.REFUSED, Status.EXCUSED)),
            col(Draw.unable),
        ),
    )
    return session.exec(query.limit(1)).first() is not None
