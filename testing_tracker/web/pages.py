"""The pages that a participant sees, as bytes: each of one size, in their language, without scripts.

What is shown is decided before; nothing is looked up here. Whoever looks on from outside learns nothing from a page's
length or its headers.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

from testing_tracker.rules.check_in.answers import Timing
from testing_tracker.rules.check_in.cards import MOST_LOOKED_AT
from testing_tracker.rules.check_in.page_words import Language, Sentence, in_one_sentence
from testing_tracker.rules.check_in.receipts import shown
from testing_tracker.rules.check_in.times_said import day_in_words, the_time, time_in_words
from testing_tracker.rules.exchange.visible import visible

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

    Say = Callable[[Sentence], Markup]

PAGE_BYTES = 4_096

GUARDING = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("Referrer-Policy", "same-origin"),  # with none, a browser of before 2023 says `Origin: null` for our own form
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ("X-Robots-Tag", "noindex"),
)
"""Headers of everything that is served: nothing is loaded from elsewhere, kept, framed, found or passed on."""


class PageKind(StrEnum):
    """What a page says.

    `wrong`: number and PIN do not go together; `digit`: no such number can be; `pin digits`: the PIN has not six.
    `unknown` has no answer, and says that this is on record; `unknown unrecorded` does not promise that. `busy`: too
    much is asked of the page; `blocked`: too much was tried with a number. Both say the same.
    """

    FORM = "form"
    COME = "come"
    STAY = "stay"
    DONE = "done"
    WRONG = "wrong"
    DIGIT = "digit"
    PIN_DIGITS = "pin digits"
    EARLY = "early"
    OVER = "over"
    UNKNOWN = "unknown"
    UNKNOWN_UNRECORDED = "unknown unrecorded"
    BUSY = "busy"
    BLOCKED = "blocked"


_ANSWERS = {PageKind.COME: Sentence.COME, PageKind.STAY: Sentence.STAY, PageKind.DONE: Sentence.DONE}
_PROBLEMS = {PageKind.WRONG: ("number", "pin"), PageKind.DIGIT: ("number",), PageKind.PIN_DIGITS: ("pin",)}
_CALLS = (PageKind.UNKNOWN, PageKind.UNKNOWN_UNRECORDED, PageKind.BUSY, PageKind.BLOCKED)
_TITLES = {
    **dict.fromkeys(_ANSWERS, Sentence.TODAYS_ANSWER),  # a title stands in lists of what was open
    **dict.fromkeys(_PROBLEMS, Sentence.DID_NOT_WORK),
    **dict.fromkeys(_CALLS, Sentence.PLEASE_CALL),
    **dict.fromkeys((PageKind.EARLY, PageKind.OVER), Sentence.CLOSED),
}

# A telephone number as people print it: perhaps a plus, digits in groups, perhaps an extension.
_PHONE = re.compile(r"(\+?)(\(?[0-9][0-9 ()./\u00a0-]*)(?:(?:ext\.?|x|#) ?([0-9]+))?")
_SHORT_PHONE = 12  # characters that stand on one line of the narrowest telephone in the answer's letters


class PlaceNamed(Protocol):
    """What a page says of a facility: its neutral name, its telephone, its zone in words, which may be empty.

    `languages` are those that it is there in.
    """

    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def zone_en(self) -> str: ...
    @property
    def zone_es(self) -> str: ...
    @property
    def training(self) -> bool: ...
    @property
    def languages(self) -> tuple[Language, ...]: ...


@dataclass(frozen=True)
class PageShown:
    """What one page says. All instants are aware, in the facility's zone; None where that is not known.

    `place` is None before anything was ever filled in. `path` is what stands before `/` and `/es` on this page's
    addresses: nothing, or `/hh`. `opens_at`, `closes_at` and `over_at` are the day's; `opens_next` is when it opens
    after this day. `come_from` and `come_to`: when a specimen is taken. `receipt` is eight digits. `same_since` is when
    the same answer was first given today; `replaces` when another one was. `number` is as it was typed.
    """

    kind: PageKind
    language: Language
    now: datetime
    place: PlaceNamed | None
    path: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    over_at: datetime | None = None
    opens_next: datetime | None = None
    timing: Timing | None = None
    come_from: datetime | None = None
    come_to: datetime | None = None
    receipt: str | None = None
    same_since: datetime | None = None
    replaces: datetime | None = None
    number: str = ""


def render(page: PageShown) -> bytes:
    """A page in UTF-8, `PAGE_BYTES` long; where names were too long for that, a whole number of times as long."""
    body = _template("page.html.j2").render(**_shown(page)).encode()
    return body.ljust(-(-len(body) // PAGE_BYTES) * PAGE_BYTES)


def headers(secure: bool) -> list[tuple[str, str]]:
    """The headers of every page, whatever it says; `secure` where it was asked for over https."""
    transport = [("Strict-Transport-Security", "max-age=31536000")] if secure else []
    return [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"), *GUARDING, *transport]


@cache
def style() -> bytes:
    """What is served as `/style.css`, as `text/css; charset=utf-8` with the headers `GUARDING`."""
    return (files("testing_tracker.web") / "templates" / "style.css").read_bytes()


def sentences(page: PageShown) -> tuple[list[Sentence], list[Sentence]]:
    """What a page says: first what matters most, then what else there is to say of it; the form alone says nothing."""
    if page.kind in _ANSWERS:
        answer = _ANSWERS[page.kind]
        return [Sentence.COME_TODAY if answer is Sentence.COME and page.come_from is None else answer], _added(page)
    return {
        PageKind.FORM: ([], []),
        PageKind.EARLY: ([Sentence.EARLY], []) if page.opens_at else ([Sentence.NOT_OPEN], _opens_again(page)),
        PageKind.OVER: ([Sentence.OVER], [Sentence.WAS_HERE, *_opens_again(page)]),
        PageKind.UNKNOWN: ([Sentence.UNKNOWN], [Sentence.AT_FAULT, Sentence.WAS_HERE]),
        PageKind.UNKNOWN_UNRECORDED: ([Sentence.UNKNOWN], [Sentence.AT_FAULT]),
        PageKind.BUSY: ([Sentence.BUSY], []),
        PageKind.BLOCKED: ([Sentence.BUSY], []),
        PageKind.WRONG: ([Sentence.WRONG], []),
        PageKind.DIGIT: ([Sentence.DIGIT], []),
        PageKind.PIN_DIGITS: ([Sentence.PIN_DIGITS], []),
    }[page.kind]


def filling(page: PageShown) -> dict[str, str]:
    """What is filled into the sentences of a page, but the telephone: instants as people say them."""
    language = page.language
    instants = {
        "the_open": page.opens_at,
        "the_close": page.closes_at,
        "the_from": page.come_from,
        "the_to": page.come_to,
        "the_first": page.same_since or page.replaces,
        "the_next": page.opens_next,
    }
    filled = {name: the_time(instant, language) for name, instant in instants.items() if instant is not None}
    for name, instant in (("opens", page.opens_at), ("closes", page.closes_at), ("time", page.now)):
        if instant is not None:
            filled[name] = time_in_words(instant, language)
    filled["day"] = day_in_words(page.now, language)
    if page.opens_next is not None:
        filled["next_day"] = day_in_words(page.opens_next, language)
    zone = "" if page.place is None else page.place.zone_en if language is Language.ENGLISH else page.place.zone_es
    filled["in_zone"] = f", {zone}" if zone else ""
    return filled


def _added(page: PageShown) -> list[Sentence]:
    """What is said behind an answer."""
    late = [Sentence.LATE] if page.timing is Timing.LATE else []
    before = [Sentence.CHANGED] if page.replaces else [Sentence.AGAIN] if page.same_since else []
    return late + before


def _opens_again(page: PageShown) -> list[Sentence]:
    if page.opens_next is None:
        return []
    tomorrow = page.opens_next.date() - page.now.date() == timedelta(days=1)
    return [Sentence.OPENS_TOMORROW if tomorrow else Sentence.OPENS_ON]


def _hours(page: PageShown) -> list[Sentence]:
    """What the form says of today's hours."""
    if page.opens_at is None or page.closes_at is None or page.over_at is None:
        return [Sentence.NOT_OPEN, *_opens_again(page)] if page.opens_next else []
    if page.now < page.opens_at:
        return [Sentence.EARLY]
    if page.now < page.closes_at:
        return [Sentence.OPEN]
    return [Sentence.OPEN_LATE] if page.now < page.over_at else [Sentence.OVER, *_opens_again(page)]


def _shown(page: PageShown) -> dict[str, object]:
    """What the template fills in: the receipt's part and the form's too, shown or not, so that all take as long."""
    values = {**filling(page), "phone": _phone(page)}

    def say(sentence: Sentence) -> "Markup":
        return _filled(sentence.in_language(page.language), values)

    lead, more = sentences(page)
    is_problem = page.kind in _PROBLEMS
    return {
        "language": page.language.value,
        "title": say(_TITLES.get(page.kind, Sentence.CHECK_IN)),
        "name": visible(page.place.name) if page.place else "",
        "training": say(Sentence.TRAINING) if page.place and page.place.training else "",
        "other": _other(page),
        "heading": say(Sentence.CHECK_IN),
        "problem": say(lead[0]) if is_problem else "",
        "said": say(lead[0]) if lead and not is_problem else "",
        "also": [say(sentence) for sentence in more],
        "role": "alert" if page.kind in _CALLS else "status",
        "receipt": _receipt(page, say),
        "has_receipt": bool(page.receipt),
        "form": _form(page, say),
        "has_form": is_problem or page.kind is PageKind.FORM,
        "foot": say(Sentence.FOOT),
    }


def _other(page: PageShown) -> dict[str, str] | None:
    """Where the form is in the other language, and how that calls itself; None where it is there in one alone."""
    other = Language.SPANISH if page.language is Language.ENGLISH else Language.ENGLISH
    if page.place is not None and other not in page.place.languages:
        return None
    name = Sentence.OTHER_LANGUAGE.in_language(page.language)
    return {"language": other.value, "name": name, "path": _address(page.path, other)}


def _address(path: str, language: Language) -> str:
    return f"{path}/es" if language is Language.SPANISH else path or "/"


def _receipt(page: PageShown, say: "Say") -> dict[str, object]:
    return {
        "label": say(Sentence.RECEIPT),
        "digits": shown(page.receipt or ""),
        "at": say(Sentence.RECEIPT_OF),
        "keep": say(Sentence.KEEP),
    }


def _form(page: PageShown, say: "Say") -> dict[str, object]:
    wrong = _PROBLEMS.get(page.kind, ())
    number = {
        "label": say(Sentence.NUMBER),
        "hint": say(Sentence.NUMBER_HINT),
        "type": "text",
        "autocomplete": "username",
        "value": visible(page.number[:MOST_LOOKED_AT]),
    }
    pin = {
        "label": say(Sentence.PIN),
        "hint": say(Sentence.PIN_HINT),
        "type": "password",
        "autocomplete": "current-password",
        "value": "",
    }
    fields = [{"name": name, "wrong": name in wrong, **field} for name, field in (("number", number), ("pin", pin))]
    return {
        "hours": [say(sentence) for sentence in _hours(page)],
        "path": _address(page.path, page.language),
        "fields": fields,
        "button": say(Sentence.CHECK_IN),
    }


def _filled(sentence: str, values: Mapping[str, str]) -> "Markup":
    """A sentence for a page; what is filled in is escaped, but for markup of this module's own."""
    from markupsafe import Markup, escape

    return Markup(in_one_sentence(escape(sentence).format(**values)))


def _phone(page: PageShown) -> "Markup":
    """The facility's telephone, to be touched, and never broken over lines; if it is not known, where it stands."""
    from markupsafe import Markup

    if page.place is None or not page.place.phone:
        return Markup.escape(Sentence.PHONE_ON_CARD.in_language(page.language))
    phone = visible(page.place.phone)
    dialled, found = to_dial(phone), _PHONE.fullmatch(phone.strip())
    if found is None:
        return Markup("<b>{}</b>").format(phone)
    parts = (phone.strip()[: found.end(2)].rstrip(), phone.strip()[found.end(2) :])
    shown_parts = Markup(" ").join(Markup('<span class="whole">{}</span>').format(part) for part in parts if part)
    size = Markup(' class="long"') if len(parts[0]) > _SHORT_PHONE else ""
    return Markup('<a{} href="tel:{}">{}</a>').format(size, dialled, shown_parts)


def to_dial(phone: str) -> str | None:
    """What a telephone dials for a number as it is printed (RFC 3966); None where letters stand for digits."""
    found = _PHONE.fullmatch(phone.strip())
    if found is None:
        return None
    return found[1] + re.sub(r"[^0-9]", "", found[2]) + (f";ext={found[3]}" if found[3] else "")


@cache
def _template(name: str) -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("testing_tracker.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
