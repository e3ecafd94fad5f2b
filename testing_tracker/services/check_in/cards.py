"""Participants' cards: the number that is theirs, and the PIN, which is shown once and is nowhere afterwards.

A card is made in three steps, so that nobody waits for the hashing or the printing of many: what is to be made is read,
the PINs are made without a transaction, and all of it goes on record at once if nothing has changed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.cards import new_number, new_pin, number_shown
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.check_in.pin_hash import SALT_BYTES, verifier_of
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Ended
from testing_tracker.services.people.lookup import find_enrolled, find_participant
from testing_tracker.store.queries import id_of, in_force_id, newest
from testing_tracker.store.tables import Card, Enrolment, Participant
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class CardToMake:
    """A card that is to be made for a participant. `last_id` is their newest card by then, None where there is none."""

    participant_id: int
    participant: str
    number: str
    language: Language
    last_id: int | None
    is_new_number: bool


@dataclass(frozen=True)
class MadeCard:
    """A card with its PIN, which stands nowhere else and not in this one's `repr`."""

    card: CardToMake
    pin: str = field(repr=False)
    salt: bytes = field(repr=False)
    verifier: bytes = field(repr=False)


@dataclass(frozen=True)
class CardShown:
    """A participant's card as it stands, or was ended: since when (UTC), by whom, and why if somebody said so."""

    number: str
    language: Language
    ended: bool
    reason: str | None
    recorded_at: datetime
    recorded_by: str


def card_shown(work: Work, participant_id: int) -> CardShown | None:
    """What is shown of a participant's card; None where there never was one."""
    card = last_card(work, participant_id)
    if card is None:
        return None
    is_ended = card.verifier is None
    return CardShown(card.number, Language(card.language), is_ended, card.reason, card.recorded_at, card.recorded_by)


def card_of(work: Work, participant_id: int) -> Card | None:
    """A participant's card; None where there is none, or it was ended."""
    card = last_card(work, participant_id)
    return card if card is not None and card.verifier is not None else None


def last_card(work: Work, participant_id: int) -> Card | None:
    """The newest word on a participant's card, which may be that it was ended; None where there never was one."""
    return newest(work.session, Card, Card.participant_id == participant_id)


def standing_cards(work: Work) -> dict[int, Card]:
    """The facility's cards that are not ended, by the participant's id."""
    rows = work.session.exec(
        select(Card).where(Card.facility_id == work.facility_id, col(Card.verifier).is_not(None), _is_newest())
    )
    return {card.participant_id: card for card in rows}


def _is_newest() -> ColumnElement[bool]:
    later = aliased(Card)
    return ~select(later.id).where(later.participant_id == Card.participant_id, col(later.id) > Card.id).exists()


def to_make(
    work: Work,
    code: str,
    *,
    language: Language | None = None,
    new_number: bool = False,
    anew: bool = False,
) -> CardToMake:
    """What a participant's card is to be: with the number that they have or had, or another one for `new_number`.

    Raises TestingTrackerError for somebody who is not in the programme, who has a card that is not to be replaced
    (`anew`, or by another number), or who has none to replace.
    """
    participant = find_enrolled(work, code)
    identity = id_of(participant)
    before = last_card(work, identity)
    replaces = anew or new_number
    if before is None and replaces:
        raise TestingTrackerError(
            f"{participant.code} has no card yet. `testing-tracker participant card {participant.code}` makes one."
        )
    if before is not None and before.verifier is not None and not replaces:
        raise TestingTrackerError(
            f"{participant.code} has a card, number {number_shown(before.number)}. Its PIN was shown once and is kept "
            f"nowhere; `testing-tracker participant card {participant.code} --new-pin --reason TEXT` makes another one."
        )
    keeps = before is not None and not new_number and _is_theirs(work, before)
    number = before.number if before is not None and keeps else _free_number(_numbers(work))
    spoken = language or (Language(before.language) if before is not None else Language.ENGLISH)
    return CardToMake(identity, participant.code, number, spoken, before.id if before else None, not keeps)


def _is_theirs(work: Work, card: Card) -> bool:
    """Whether the number of a card is the participant's own, and not of an enrolment that was a mistake: the code may
    be somebody else's since."""
    cancelled = select(Enrolment.id).where(
        Enrolment.participant_id == card.participant_id,
        Enrolment.ended_as == Ended.CANCELLED,
        col(Enrolment.recorded_at) >= card.recorded_at,
    )
    return work.session.exec(cancelled.limit(1)).first() is None


def without_card(work: Work, language: Language = Language.ENGLISH) -> list[CardToMake]:
    """The cards to be made for all who are enrolled, or are to be, and have none; by code.

    Whose card was ended by somebody, and not with an enrolment, is left out.
    """
    rows = work.session.connection().execute(
        _enrolled(work, col(Participant.id), col(Participant.code), col(Card.id), col(Card.number), _was_cancelled())
        .add_columns(col(Card.language))
        .outerjoin(Card, (col(Card.participant_id) == Participant.id) & _is_newest())
        .where(or_(col(Card.id).is_(None), col(Card.verifier).is_(None) & _ended_with_enrolment()))
        .order_by(col(Participant.code_key))
    )
    taken = _numbers(work)
    found = []
    for identity, code, last_id, had, is_another_now, spoken in rows:
        number = had if had is not None and not is_another_now else _free_number(taken)
        taken.add(number)
        found.append(CardToMake(identity, code, number, Language(spoken or language), last_id, number != had))
    return found


def _ended_with_enrolment() -> ColumnElement[bool]:
    """The condition that a card was ended by the very act that ended an enrolment."""
    ended = aliased(Enrolment)
    return exists().where(
        col(ended.participant_id) == Card.participant_id,
        ~col(ended.enrolled),
        col(ended.recorded_at) == Card.recorded_at,
    )


def _was_cancelled() -> ColumnElement[bool]:
    """Whether a card is of an enrolment that was a mistake, as `_is_theirs` has it."""
    ended = aliased(Enrolment)
    return exists().where(
        col(ended.participant_id) == Card.participant_id,
        col(ended.ended_as) == Ended.CANCELLED,
        col(ended.recorded_at) >= Card.recorded_at,
    )


def _enrolled(work: Work, *columns: Any) -> Select[Any]:  # noqa: ANN401  columns of any type
    """Columns of the facility's participants who are in the programme, or will be; `Enrolment` is what says so."""
    now = aliased(Enrolment)
    return (
        sa_select(*columns)
        .select_from(Participant)
        .join(Enrolment, col(Enrolment.id) == in_force_id(Enrolment, Participant.id, date.max))
        .join(now, col(now.id) == in_force_id(Enrolment, Participant.id, work.today), isouter=True)
        .where(
            col(Participant.facility_id) == work.facility_id,
            col(Enrolment.enrolled),
            or_(col(now.id).is_(None), col(now.enrolled)),
        )
    )


def made(card: CardToMake) -> MadeCard:
    """A card with a new PIN; nothing of it is on record yet."""
    pin, salt = new_pin(chance.below), chance.new_mark(SALT_BYTES)
    return MadeCard(card, pin, salt, verifier_of(pin, salt))


def put_on_record(work: Work, cards: Sequence[MadeCard], reason: str | None = None) -> None:
    """Have cards count from now on; the PINs that they replace are worthless.

    Raises TestingTrackerError, and puts none on record, where what they were made by has changed meanwhile.
    """
    last = func.max(col(Card.id))
    query = sa_select(col(Card.participant_id), last).where(col(Card.facility_id) == work.facility_id)
    newest_ids = {row[0]: row[1] for row in work.session.connection().execute(query.group_by(col(Card.participant_id)))}
    here = set(work.session.connection().execute(_enrolled(work, col(Participant.id))).scalars())
    taken = _numbers(work)
    for one in cards:
        card = one.card
        changed = newest_ids.get(card.participant_id) != card.last_id or card.participant_id not in here
        if changed or (card.is_new_number and card.number in taken):
            raise TestingTrackerError(
                f"Something was recorded of {card.participant}'s card or enrolment meanwhile. Nothing was done; give "
                "the command again."
            )
    columns = ("participant_id", "number", "salt", "verifier", "language")
    rows = [
        (one.card.participant_id, one.card.number, one.salt.hex(), one.verifier.hex(), str(one.card.language))
        for one in cards
    ]
    work.write_all(Card, columns, rows, reason=reason)
    for one in cards:
        said: dict[str, Any] = {
            "number": one.card.number,
            "language": one.card.language,
            "new_number": one.card.is_new_number,
        }
        work.on_record(Act.CARD_ISSUE, participant_id=one.card.participant_id, reason=reason, **said)
    work.session.flush()


def issue(work: Work, code: str, *, language: Language | None = None, reason: str | None = None) -> MadeCard:
    """Give one participant a card, or another PIN, in one transaction."""
    had = card_of(work, id_of(find_enrolled(work, code)))
    card = made(to_make(work, code, language=language, anew=had is not None))
    put_on_record(work, [card], reason)
    return card


def speak(work: Work, code: str, language: Language) -> Card:
    """Have a participant be spoken to in another language; number and PIN stay. Returns their card.

    Raises TestingTrackerError for somebody without a card, or who is spoken to so already.
    """
    participant = find_enrolled(work, code)
    card = standing_card(work, participant)
    if card.language == language:
        raise TestingTrackerError(f"{participant.code}'s card is in that language already; there is nothing to do.")
    said = Card(
        participant_id=card.participant_id,
        number=card.number,
        salt=card.salt,
        verifier=card.verifier,
        language=language,
    )
    work.write(said)
    work.on_record(Act.CARD_ISSUE, participant_id=card.participant_id, number=card.number, language=language)
    return said


def standing_card(work: Work, participant: Participant) -> Card:
    """A participant's card. Raises TestingTrackerError where there is none."""
    card = card_of(work, id_of(participant))
    if card is None:
        raise TestingTrackerError(
            f"{participant.code} has no card. `testing-tracker participant card {participant.code}` makes one."
        )
    return card


def end(work: Work, code: str, reason: str) -> Card:
    """End the card of a participant, who is not expected to check in any more. Returns the card that was ended."""
    participant = find_participant(work, code)
    card = standing_card(work, participant)
    end_card(work, id_of(participant), reason)
    return card


def end_card(work: Work, participant_id: int, reason: str) -> Card | None:
    """End a participant's card, whose number stays theirs; returns the card that was ended, None where none stood."""
    card = card_of(work, participant_id)
    if card is None:
        return None
    work.write(Card(participant_id=participant_id, number=card.number, language=card.language, reason=reason))
    work.on_record(Act.CARD_END, participant_id=participant_id, reason=reason, number=card.number)
    return card


def _numbers(work: Work) -> set[str]:
    """Every number that was ever given at the facility."""
    return set(work.session.exec(select(Card.number).where(Card.facility_id == work.facility_id)))


def _free_number(taken: set[str]) -> str:
    try:
        return new_number(taken, chance.below)
    except ValueError as error:
        raise TestingTrackerError(f"No card was made: {error}.") from error
