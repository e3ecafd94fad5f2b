"""Every sentence on a participant's card and on the slip with the PIN, in each language, as data.

The Spanish was written without a qualified translator, and one has to review it before it is used (45 CFR
92.201(c)(3)). A card may be found by anybody, so nothing on it says what checking in is about.
"""

from dataclasses import dataclass
from datetime import date
from enum import unique

from testing_tracker.rules.check_in.in_force import RuleInForce
from testing_tracker.rules.check_in.page_words import InEachLanguage, Language
from testing_tracker.rules.check_in.times_said import day_in_words, the_time


@unique
class OnCard(InEachLanguage):
    """What is read on a card and on its slip."""

    EVERY_DAY = ("Check in every day", "Regístrese todos los días")
    SUNDAYS_TOO = ("Also on Sundays and holidays.", "También los domingos y días festivos.")
    NUMBER = ("Check-in number", "Número de registro")
    HOURS = ("Between {opens} and {closes}{zone}.", "Entre {opens} y {closes}{zone}.")
    BEGINS = ("From {day} on.", "A partir del {day}.")
    WEB = ("On the web:", "En internet:")
    CALL = ("By telephone:", "Por teléfono:")
    BOTH_NEEDED = (
        "You need this number and your PIN. You are told whether to come in that day, and get a receipt: keep it.",
        "Necesita este número y su PIN. Se le dirá si debe venir ese día y recibirá un comprobante: guárdelo.",
    )
    CANNOT = (
        "Cannot check in? Call. It counts as checking in.",
        "¿No puede registrarse? Llame. Cuenta como registro.",
    )
    CANNOT_ASK = (
        "Cannot check in? Tell us at once.",
        "¿No puede registrarse? Avísenos de inmediato.",
    )
    YOUR_PIN = ("Your PIN", "Su PIN")
    LEARN_IT = (
        "Learn it by heart and destroy this slip, or keep it apart from the card. Nobody can look it up: if you forget "
        "it, ask for a new one.",
        "Apréndalo de memoria y destruya este papel, o guárdelo aparte de la tarjeta. Nadie puede consultarlo: si lo "
        "olvida, pida uno nuevo.",
    )


@dataclass(frozen=True)
class Panel:
    """What one side of a card says, in one language; what is not known is empty, and left out."""

    language: Language
    name: str
    title: str
    every_day: str
    number_label: str
    number: str
    hours: str
    begins: str
    web_label: str
    web: str
    phone_label: str
    phone: str
    needed: str
    cannot: str


@dataclass(frozen=True)
class WhereToCheckIn:
    """What a facility's cards say of it: a neutral name, a telephone and a page's address. Empty where not known.

    `languages` are those that the page has; a card is in its own one besides.
    """

    name: str = ""
    phone: str = ""
    address: str = ""
    zones: tuple[tuple[Language, str], ...] = ()
    languages: tuple[Language, ...] = tuple(Language)


def panel(language: Language, number: str, where: WhereToCheckIn, rule: RuleInForce | None, today: date) -> Panel:
    """One side of a card, with a number as it is shown, and the hours of the rule in force today or else the next."""
    web = where.address if rule is None or rule.page else ""
    if web and language is Language.SPANISH and language in where.languages:
        web = f"{web}/es"
    return Panel(
        language=language,
        name=where.name,
        title=OnCard.EVERY_DAY.said(language),
        every_day=OnCard.SUNDAYS_TOO.said(language),
        number_label=OnCard.NUMBER.said(language),
        number=number,
        hours=_hours(language, where, rule),
        begins=_begins(language, rule, today),
        web_label=OnCard.WEB.said(language),
        web=web,
        phone_label=OnCard.CALL.said(language),
        phone=where.phone,
        needed=OnCard.BOTH_NEEDED.said(language),
        cannot=(OnCard.CANNOT if where.phone else OnCard.CANNOT_ASK).said(language),
    )


def _hours(language: Language, where: WhereToCheckIn, rule: RuleInForce | None) -> str:
    if rule is None:
        return ""
    zone = dict(where.zones).get(language, "")
    opens, closes = (the_time(at, language) for at in (rule.opens, rule.closes))
    return OnCard.HOURS.said(language, opens=opens, closes=closes, zone=f", {zone}" if zone else "")


def _begins(language: Language, rule: RuleInForce | None, today: date) -> str:
    if rule is None or rule.from_on <= today:
        return ""
    day = day_in_words(rule.from_on, language)
    return OnCard.BEGINS.said(language, day=day if language is Language.ENGLISH else day[0].lower() + day[1:])
