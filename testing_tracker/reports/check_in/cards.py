"""Participants' cards as a pdf: a page each, with the card to cut out and, where there is a new one, the PIN on a slip.

The code stands on a strip for the staff alone, which is cut off; no name stands anywhere.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from testing_tracker.rules.check_in.card_words import OnCard, WhereToCheckIn, panel
from testing_tracker.rules.check_in.cards import number_shown, pin_shown
from testing_tracker.rules.check_in.in_force import RuleInForce
from testing_tracker.rules.check_in.page_words import Language

TITLE = "Check-in cards"
_STRIP = "For the staff: this is {code}'s, and nobody else's. Cut this strip off before you give it away."


@dataclass(frozen=True)
class CardToPrint:
    """A card as it is to be on paper. Without a `pin` there is no slip."""

    participant: str
    number: str
    language: Language
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OnAllCards:
    """What all cards of a facility say, and how they are printed. `rule` is the one in force, or else the next."""

    where: WhereToCheckIn
    rule: RuleInForce | None
    today: date
    timezone: str
    printed_at: datetime
    training: bool


def cards_pdf(cards: Sequence[CardToPrint], on_all: OnAllCards) -> bytes:
    """A page for each card, in the participant's own language first and then in the other one."""
    from testing_tracker.reports.paper.pdf import paper_of, pdf

    data: dict[str, object] = {
        "title": TITLE,
        "paper": paper_of(on_all.timezone),
        "training": on_all.training,
        "foot_lines": [],
        "cards": [_page(card, on_all) for card in cards],
    }
    return pdf("card.typ", data, on_all.printed_at, {})


def _page(card: CardToPrint, on_all: OnAllCards) -> dict[str, object]:
    languages = [card.language, *(one for one in on_all.where.languages if one is not card.language)]
    number = number_shown(card.number)
    return {
        "strip": _STRIP.format(code=card.participant),
        "panels": [asdict(panel(one, number, on_all.where, on_all.rule, on_all.today)) for one in languages],
        "pin": pin_shown(card.pin) if card.pin is not None else "",
        "slip": [
            {"language": one, "label": OnCard.YOUR_PIN.said(one), "what": OnCard.LEARN_IT.said(one)}
            for one in languages
        ]
        if card.pin is not None
        else [],
    }
