"""Every sentence that a participant reads on the check-in page or hears on the telephone, in each language, as data.

The Spanish was written without a qualified translator, and one has to review it before it is used (45 CFR
92.201(c)(3)). None of the sentences says what the day is about: whoever reads over somebody's shoulder learns nothing
of a treatment.
"""

from enum import Enum, StrEnum, unique


class Language(StrEnum):
    """What a participant is spoken to in."""

    ENGLISH = "en"
    SPANISH = "es"


class InEachLanguage(Enum):
    """A sentence in English and in Spanish; what stands in braces is filled in."""

    def in_language(self, language: Language) -> str:
        """The sentence in a language, its braces unfilled."""
        english, spanish = self.value
        return str(english if language is Language.ENGLISH else spanish)

    def said(self, language: Language, **values: str) -> str:
        """The sentence in a language, filled in."""
        return in_one_sentence(self.in_language(language).format(**values))


@unique
class Sentence(InEachLanguage):
    """What is read on the page and heard on the telephone.

    The answers begin with different words, because "come in today" and "need not come in today" are one misread apart.
    """

    CHECK_IN = ("Check in", "Registrarse")
    OTHER_LANGUAGE = ("Español", "English")
    TRAINING = ("Training: nothing here counts.", "Práctica: nada de esto cuenta.")
    OPEN = ("Open today from {opens} to {closes}{in_zone}.", "Abierto hoy de {opens} a {closes}{in_zone}.")
    OPEN_LATE = (
        "Check-in was open until {the_close}. You can still check in now; it is late.",
        "El registro estuvo abierto hasta {the_close}. Todavía puede registrarse ahora; será tarde.",
    )
    NOT_OPEN = ("Check-in is not open now.", "El registro no está abierto ahora.")
    NUMBER = ("Check-in number", "Número de registro")
    NUMBER_HINT = ("7 digits, on your card", "7 dígitos, en su tarjeta")
    PIN = ("PIN", "PIN")
    PIN_HINT = ("6 digits", "6 dígitos")
    FOOT = (
        "Cannot check in? Call {phone}. It counts as checking in.",
        "¿No puede registrarse? Llame al {phone}. Cuenta como registro.",
    )
    PHONE_ON_CARD = ("the telephone number on your card", "número de teléfono de su tarjeta")

    TODAYS_ANSWER = ("Today's answer", "La respuesta de hoy")
    COME = (
        "Yes, please come in today, between {the_from} and {the_to}.",
        "Sí, venga hoy, entre {the_from} y {the_to}.",
    )
    COME_TODAY = ("Yes, please come in today.", "Sí, venga hoy.")
    STAY = ("No, you do not need to come in today.", "No, hoy no necesita venir.")
    DONE = (
        "You have been in today. You do not need to come again.",
        "Usted ya vino hoy. No necesita volver.",
    )
    LATE = ("You checked in late today.", "Hoy se registró tarde.")
    AGAIN = (
        "You checked in at {the_first}. This is the same answer.",
        "Usted se registró a {the_first}. La respuesta es la misma.",
    )
    CHANGED = (
        "This answer is new. It replaces the one of {the_first}.",
        "Esta respuesta es nueva. Reemplaza la de {the_first}.",
    )
    RECEIPT = ("Your receipt:", "Su comprobante:")
    RECEIPT_OF = ("{day}, {time}.", "{day}, {time}.")
    KEEP = (
        "Keep this number, or take a picture of this page.",
        "Guarde este número o tome una foto de esta página.",
    )

    DID_NOT_WORK = ("That did not work", "No funcionó")
    WRONG = (
        "That did not work. The check-in number and the PIN do not go together. Look at your card and try again.",
        "No funcionó. El número de registro y el PIN no coinciden. Mire su tarjeta e inténtelo de nuevo.",
    )
    DIGIT = (
        "That did not work. One digit of the check-in number is not right. Look at your card and try again.",
        "No funcionó. Un dígito del número de registro no es correcto. Mire su tarjeta e inténtelo de nuevo.",
    )
    PIN_DIGITS = ("The PIN has 6 digits.", "El PIN tiene 6 dígitos.")

    CLOSED = ("Not open now", "Cerrado ahora")
    EARLY = (
        "Check-in opens at {the_open} today. Please come back then.",
        "El registro abre hoy a {the_open}. Vuelva a esa hora, por favor.",
    )
    OVER = ("Check-in is over for today.", "El registro de hoy ha terminado.")
    WAS_HERE = ("That you were here is on record.", "Queda constancia de que usted estuvo aquí.")
    OPENS_TOMORROW = ("It opens again tomorrow at {the_next}.", "Abre de nuevo mañana a {the_next}.")
    OPENS_ON = ("It opens at {the_next}: {next_day}.", "Abre a {the_next}: {next_day}.")

    PLEASE_CALL = ("Please call", "Llame por teléfono")
    UNKNOWN = (
        "We cannot tell you today's answer here. Please call {phone} now.",
        "No podemos darle aquí la respuesta de hoy. Llame ahora al {phone}.",
    )
    AT_FAULT = ("This page is at fault, not you.", "La falla es de esta página, no suya.")
    BUSY = (
        "We cannot take this now. Please call {phone}. It counts as checking in.",
        "No podemos atenderle ahora. Llame al {phone}. Cuenta como registro.",
    )

    HEAR_WHICH = ("Check-in. For English, press 1.", "Para español, oprima el 2.")
    ENTER_NUMBER = ("Enter your check-in number, 7 digits.", "Marque su número de registro, de 7 dígitos.")
    ENTER_PIN = ("Enter your PIN, 6 digits.", "Marque su PIN, de 6 dígitos.")
    RECEIPT_SAID = ("Your receipt is {digits}.", "Su comprobante es {digits}.")
    HEAR_AGAIN = ("To hear it again, press 1.", "Para oírlo otra vez, oprima el 1.")
    LINE_AT_FAULT = ("This line is at fault, not you.", "La falla es de esta línea, no suya.")
    CALL_PEOPLE = ("Please call {phone}. It counts as checking in.", "Llame al {phone}. Cuenta como registro.")
    GOODBYE = ("Goodbye.", "Adiós.")


def in_one_sentence(filled: str) -> str:
    """A filled sentence without a second full stop where a time such as `10 a.m.` ends it."""
    return filled.replace("m..", "m.")
