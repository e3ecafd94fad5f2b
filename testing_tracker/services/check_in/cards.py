"""Participants' cards: the number that is theirs, and the PIN, which is shown once and is nowhere afterwards."""

from dataclasses import dataclass, field

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.cards import new_number, new_pin
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.check_in.pin_hash import SALT_BYTES, verifier_of
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.services.people.lookup import find_enrolled
from testing_tracker.store.queries import id_of, newest
from testing_tracker.store.tables import Card
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class IssuedCard:
    """A card that was made now. `pin` is nowhere else, and is not in this one's `repr`."""

    participant: str
    number: str
    pin: str = field(repr=False)
    language: Language
    is_new_number: bool


def card_of(work: Work, participant_id: int) -> Card | None:
    """A participant's card; None where there is none, or it was ended."""
    card = last_card(work, participant_id)
    return card if card is not None and card.verifier is not None else None


def last_card(work: Work, participant_id: int) -> Card | None:
    """The newest word on a participant's card, which may be that it was ended; None where there never was one."""
    return newest(work.session, Card, Card.participant_id == participant_id)


def standing_cards(work: Work) -> dict[int, Card]:
    """The facility's cards that are not ended, by the participant's id."""
    later = aliased(Card)
    is_newest = ~select(later.id).where(later.participant_id == Card.participant_id, col(later.id) > Card.id).exists()
    rows = work.session.exec(
        select(Card).where(Card.facility_id == work.facility_id, col(Card.verifier).is_not(None), is_newest)
    )
    return {card.participant_id: card for card in rows}


def issue(
    work: Work,
    code: str,
    *,
    language: Language | None = None,
    reason: str | None = None,
    new_number: bool = False,
) -> IssuedCard:
    """Give a participant a card with a new PIN, which makes an earlier one worthless.

    The number is the one that they had, if they ever had one and need no other. Raises TestingTrackerError for somebody
    who is not in the programme.
    """
    participant = find_enrolled(work, code)
    identity = id_of(participant)
    before = last_card(work, identity)
    spoken = language or (Language(before.language) if before is not None else Language.ENGLISH)
    is_new_number = before is None or new_number
    number = before.number if before is not None and not new_number else _free_number(work)
    pin, salt = new_pin(chance.below), chance.new_mark(SALT_BYTES)
    verifier = verifier_of(pin, salt).hex()
    card = Card(
        participant_id=identity, number=number, salt=salt.hex(), verifier=verifier, language=spoken, reason=reason
    )
    work.write(card)
    work.on_record(Act.CARD_ISSUE, participant_id=identity, reason=reason, number=number, language=spoken)
    return IssuedCard(participant.code, number, pin, spoken, is_new_number)


def end_card(work: Work, participant_id: int, reason: str) -> Card | None:
    """End a participant's card, whose number stays theirs; returns the card that ended, None where none stood."""
    card = card_of(work, participant_id)
    if card is None:
        return None
    work.write(Card(participant_id=participant_id, number=card.number, language=card.language, reason=reason))
    work.on_record(Act.CARD_END, participant_id=participant_id, reason=reason, number=card.number)
    return card


def _free_number(work: Work) -> str:
    taken = work.session.exec(select(Card.number).where(Card.facility_id == work.facility_id)).all()
    try:
        return new_number(set(taken), chance.below)
    except ValueError as error:
        raise TestingTrackerError("Nearly all check-in numbers are taken; no card was made.") from error
