"""What reminders to check in say: the same to everybody, nothing of a test, and within one text message.

A text keeps to the alphabet of `gsm`, which has neither á, í, ó nor ú; with one of them it would hold 70 characters in
place of 160. The Spanish has to be reviewed by a qualified translator before it is used.
"""

from dataclasses import dataclass
from datetime import time

from testing_tracker.rules.check_in.notices import NoticeKind
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.check_in.times_said import article, on_the_dial

TRAINING = "TRAINING"

SUBJECTS = {
    Language.ENGLISH: "Please check in today",
    Language.SPANISH: "Favor de registrarse hoy",
}
_SENTENCES = {
    (NoticeKind.MORNING, Language.ENGLISH): "{name}: please check in today {span} Questions: {phone}.",
    (NoticeKind.MORNING, Language.SPANISH): "{name}: favor de registrarse hoy {span} Preguntas: {phone}.",
    (NoticeKind.REMINDER, Language.ENGLISH): "{name}: check-in closes today {closes} Questions: {phone}.",
    (NoticeKind.REMINDER, Language.SPANISH): "{name}: el registro de hoy cierra {closes} Preguntas: {phone}.",
}
_REPLY_STOP = {Language.ENGLISH: "Reply STOP to end.", Language.SPANISH: "Responda STOP para terminar."}
_TELL_US = {Language.ENGLISH: "To end these, tell us.", Language.SPANISH: "Para terminar, llame."}
_TELL_US_BY_MAIL = {
    Language.ENGLISH: "To end these messages, tell us.",
    Language.SPANISH: "Para no recibir estos mensajes, avísenos.",
}


@dataclass(frozen=True)
class Reminding:
    """What all reminders of a day say: who they come from, and when its window is, in the facility's local times."""

    name: str
    phone: str
    opens: time
    closes: time
    training: bool = False

    def text(self, kind: NoticeKind, language: Language, *, stops: bool) -> str:
        """A text message. `stops`: the vendor ends them by itself for who answers STOP."""
        sentence = self._sentence(kind, language)
        if self.training:
            return f"{TRAINING} {sentence}"  # with more it might be longer than a text is
        return f"{sentence} {(_REPLY_STOP if stops else _TELL_US)[language]}"

    def mail(self, kind: NoticeKind, language: Language) -> tuple[str, str]:
        """A mail's subject and body."""
        return SUBJECTS[language], f"{self._sentence(kind, language)}\n\n{_TELL_US_BY_MAIL[language]}\n"

    def _sentence(self, kind: NoticeKind, language: Language) -> str:
        spanish = language is Language.SPANISH
        opens, closes = _at(self.opens), _at(self.closes)
        begins = opens.hour if opens.half == closes.half else f"{opens.hour} {opens.half}"
        ends = f"{closes.hour} {closes.half}"
        if spanish:
            span = f"entre {article(self.opens)} {begins} y {article(self.closes)} {ends}"
            until = f"a {article(self.closes)} {ends}"
        else:
            span, until = f"between {begins} and {ends}", f"at {ends}"
        return _SENTENCES[kind, language].format(name=self.name, phone=self.phone, span=span, closes=until)


@dataclass(frozen=True)
class _Said:
    hour: str
    half: str


def _at(at: time) -> _Said:
    """A time as people say it, `5` or `5:30` and `a.m.`; its stop ends a sentence too."""
    return _Said(on_the_dial(at), "a.m." if at.hour < 12 else "p.m.")
