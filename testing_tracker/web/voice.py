"""The telephone: what a caller hears and presses, as TwiML for a telephone vendor that asks for each step.

Each request has to be signed by the vendor. Its address has the number that was entered, never the PIN. A caller is
told what the page says, in the same words, by the same rules; their telephone number is where they try from, and is
kept as a hash alone.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from re import sub
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from testing_tracker.rules.check_in.answers import CheckedInBy
from testing_tracker.rules.check_in.cards import NUMBER_DIGITS, PIN_DIGITS, digits_in
from testing_tracker.rules.check_in.page_words import Language, Sentence
from testing_tracker.rules.check_in.receipts import RECEIPT_DIGITS, is_whole
from testing_tracker.web.file import PageFile
from testing_tracker.web.filling import PagePlace
from testing_tracker.web.pages import GUARDING, PAGE_BYTES, PageKind, PageShown, filling, sentences
from testing_tracker.web.pulse import Pulse
from testing_tracker.web.shown import page_at, page_of
from testing_tracker.web.signature import HEADERS, is_signed
from testing_tracker.web.visits import AsksPage, Came, Visits, places_in

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_BYTES = 8_192  # vendors send some thirty fields
MOST_TRIES = 3  # wrong ones, and silences, before a caller hears whom to call
_SECONDS_FOR_LANGUAGE, _SECONDS_FOR_DIGITS = 6, 10
_HEARD_AGAIN_FOR = timedelta(minutes=10)
_MOST_HEARD = 500
_RETRIED = (PageKind.WRONG, PageKind.DIGIT, PageKind.PIN_DIGITS)
_LANGUAGES = {Language.ENGLISH: "en-US", Language.SPANISH: "es-US"}
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """Where a call stands: whom it reached, in which language, with which number, after how many wrong tries."""

    place: PagePlace
    at: datetime
    pressed: str
    caller: str
    id: str
    chosen: Language | None = None
    number: str = ""
    tries: int = 0
    silences: int = 0

    @property
    def language(self) -> Language:
        return self.chosen or Language.ENGLISH

    def address(self, step: str) -> str:
        """Where a vendor asks for a step, with where the call stands."""
        state = {
            "at": self.place.path,
            "l": self.chosen or "",
            "n": self.number,
            "t": self.tries or "",
            "s": self.silences or "",
        }
        query = urlencode({name: str(value) for name, value in state.items() if value})
        return f"{(self.place.public_url or '').rstrip('/')}/voice{step}{f'?{query}' if query else ''}"

    def say(self, sentence: Sentence, page: PageShown | None = None, **also: str) -> str:
        """A sentence as it is spoken."""
        values = filling(page or page_at(PageKind.FORM, self.language, self.at, self.place)) | also
        phone = digits_spoken(self.place.phone) or Sentence.PHONE_ON_CARD.in_language(self.language)
        return sentence.said(self.language, **{**values, "phone": phone}).replace("\u00a0", " ")


def digits_spoken(text: str) -> str:
    """Digits one by one, in the groups in which they are printed: `5, 5, 5; 0, 1, 0, 0`."""
    return "; ".join(", ".join(group) for group in sub(r"[^0-9]+", " ", text).split())


class VoiceLine:
    """The application that answers at `/voice` and below it."""

    def __init__(self, file: PageFile, visits: Visits, pulse: Pulse, now: Callable[[], datetime]) -> None:
        self._file = file
        self._visits = visits
        self._pulse = pulse
        self._now = now
        self._places: list[PagePlace] = []  # as they were read last; for when they cannot be
        self._heard: OrderedDict[str, tuple[datetime, bytes]] = OrderedDict()  # by the call, to be heard again
        self._lock = Lock()
        self._steps = {
            "": self._welcome,
            "/number": self._number,
            "/pin": self._pin,
            "/answer": self._answer,
            "/again": self._again,
        }

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._reply(request)
        except HTTPException as error:  # of the form's reader
            response = Response(status=error.code or 400)
        except Exception as error:  # the file itself cannot be read, so that nobody's signature can be checked
            self._pulse.count(failed=type(error).__name__)
            response = Response(status=503)
        response.headers.extend([*GUARDING, ("Cache-Control", "no-store")])
        return response(environ, start_response)

    def _reply(self, request: Request) -> Response:
        step = self._steps.get(request.path.rstrip("/").removeprefix("/voice"))
        place = self._place(request.args.get("at", ""))
        if step is None or place is None or not place.voice_token or not place.public_url:
            return Response(status=404)
        if request.method != "POST":
            return Response(status=405, headers={"Allow": "POST"})
        if (request.content_length or 0) > MOST_BYTES:
            return Response(status=413)
        if request.mimetype != _FORM:
            return Response(status=415)
        request.max_content_length = MOST_BYTES
        if not _is_the_vendors(request, place):
            return Response(status=403)
        call = self._call(request, place)
        try:
            body = step(call)
            self._pulse.count()
        except Exception as error:  # whatever it is, somebody listens and has to be told to call
            self._pulse.count(failed=type(error).__name__)
            body = _told(call, page_at(PageKind.UNKNOWN_UNRECORDED, call.language, call.at, place))
        return Response(body, content_type="text/xml; charset=utf-8")

    def _place(self, word: str) -> PagePlace | None:
        try:
            with self._file.reading() as database:
                self._places = places_in(database)
        except Exception:
            if not self._places:
                raise
        found = [one for one in self._places if one.path == word]
        return found[0] if found else self._places[0] if len(self._places) == 1 and not word else None

    def _call(self, request: Request, place: PagePlace) -> Call:
        state = request.args
        return Call(
            place=place,
            at=self._now(),
            pressed=request.form.get("Digits", ""),
            caller=request.form.get("From", ""),
            id=request.form.get("CallSid", ""),
            chosen=next((one for one in Language if one == state.get("l")), None),
            number=state.get("n", ""),
            tries=_count(state.get("t", "")),
            silences=_count(state.get("s", "")),
        )

    def _welcome(self, call: Call) -> bytes:
        """In which language they want to go on; heard in each. Where there is one alone, nobody is asked."""
        if len(call.place.languages) == 1:
            return self._number(replace(call, chosen=call.place.languages[0]))
        response, gather = _asking(replace(call, silences=0).address("/number"), 1, _SECONDS_FOR_LANGUAGE)
        for language in call.place.languages:
            _say(gather, language, Sentence.HEAR_WHICH.in_language(language))
        return _or_silent(response, call, "")

    def _number(self, call: Call, *before: str) -> bytes:
        """Which number; after what was wrong with the one before."""
        if call.chosen is None:
            call = replace(call, chosen=Language.SPANISH if call.pressed == "2" else Language.ENGLISH)
        call = replace(call, number="")
        response, gather = _asking(replace(call, silences=0).address("/pin"), NUMBER_DIGITS, _SECONDS_FOR_DIGITS)
        training = [call.say(Sentence.TRAINING)] if call.place.training else []
        for said in (*before, *training, call.say(Sentence.ENTER_NUMBER)):
            _say(gather, call.language, said)
        return _or_silent(response, call, "/number")

    def _pin(self, call: Call) -> bytes:
        """Which PIN, once the number can be one; what cannot is a try, as on the page."""
        number = digits_in(call.pressed or call.number)
        if number is None or len(number) != NUMBER_DIGITS or not is_whole(number):
            return self._came(call, self._check_in(call, call.pressed, ""))
        return self._ask_pin(replace(call, number=number))

    def _ask_pin(self, call: Call, *before: str) -> bytes:
        response, gather = _asking(replace(call, silences=0).address("/answer"), PIN_DIGITS, _SECONDS_FOR_DIGITS)
        for said in (*before, call.say(Sentence.ENTER_PIN)):
            _say(gather, call.language, said)
        return _or_silent(response, call, "/pin")

    def _answer(self, call: Call) -> bytes:
        return self._came(call, self._check_in(call, call.number, call.pressed))

    def _check_in(self, call: Call, number: str, pin: str) -> Came:
        source = f"telephone {call.caller}"
        came = self._visits.check_in(AsksPage(call.place, number, pin, source, channel=CheckedInBy.PHONE))
        if came.is_full:
            self._pulse.count(busy=True)
        return came

    def _came(self, call: Call, came: Came) -> bytes:
        """What became of an attempt: the answer, or another try."""
        page = page_of(came, call.language, call.place)
        if came.kind not in _RETRIED:
            body = _told(call, page)
            self._keep(call, body)
            return body
        call = replace(call, tries=call.tries + 1, silences=0)
        lead, _ = sentences(page)
        wrong = call.say(lead[0], page)
        if call.tries >= MOST_TRIES:
            return _ended(call, wrong, call.say(Sentence.CALL_PEOPLE))
        if came.kind is PageKind.PIN_DIGITS:
            return self._ask_pin(call, wrong)
        return self._number(call, wrong)

    def _keep(self, call: Call, body: bytes) -> None:
        with self._lock:
            self._heard[call.id] = (call.at, body)
            self._heard.move_to_end(call.id)
            while len(self._heard) > _MOST_HEARD:
                self._heard.popitem(last=False)

    def _again(self, call: Call) -> bytes:
        """What this call heard; nothing is looked up, and no other call hears it."""
        if call.pressed != "1":
            return _ended(call, call.say(Sentence.GOODBYE))
        with self._lock:
            at, body = self._heard.get(call.id, (call.at, b""))
        is_heard = bool(body and call.id) and abs(call.at - at) < _HEARD_AGAIN_FOR
        return body if is_heard else self._number(call)


def _is_the_vendors(request: Request, place: PagePlace) -> bool:
    """Whether the vendor signed a request to this address, as the outside sees it."""
    query = request.query_string.decode("ascii", "replace")
    url = f"{(place.public_url or '').rstrip('/')}{request.path}{f'?{query}' if query else ''}"
    body = request.get_data(cache=True, parse_form_data=False)
    fields = request.form.to_dict(flat=False)
    given = [request.headers[name] for name in HEADERS if name in request.headers]
    return any(is_signed(place.voice_token or "", url, fields, body, one) for one in given)


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 1 else 0


def _asking(action: str, digits: int, seconds: int) -> "tuple[Element, Element]":
    """A response that waits for digits, and the place for what is said meanwhile."""
    from xml.etree.ElementTree import Element, SubElement

    response = Element("Response")
    asked = {"input": "dtmf", "numDigits": f"{digits}", "timeout": f"{seconds}", "method": "POST", "action": action}
    return response, SubElement(response, "Gather", asked)


def _say(parent: "Element", language: Language, said: str) -> None:
    from xml.etree.ElementTree import SubElement

    SubElement(parent, "Say", {"language": _LANGUAGES[language]}).text = said


def _or_silent(response: "Element", call: Call, step: str) -> bytes:
    """What happens if nothing is pressed: the step again, and in the end whom to call."""
    from xml.etree.ElementTree import SubElement

    if call.silences + 1 < MOST_TRIES:
        again = replace(call, silences=call.silences + 1).address(step)
        SubElement(response, "Redirect", {"method": "POST"}).text = again
        return _sent(response)
    for language in [call.chosen] if call.chosen else call.place.languages:
        _say(response, language, replace(call, chosen=language).say(Sentence.CALL_PEOPLE))
    SubElement(response, "Hangup")
    return _sent(response)


def _told(call: Call, page: PageShown) -> bytes:
    """What somebody learns, twice, with their receipt; to be heard again as often as they press 1."""
    response, gather = _asking(
        replace(call, number="", tries=0, silences=0).address("/again"), 1, _SECONDS_FOR_LANGUAGE
    )
    lead, more = sentences(page)
    more = [Sentence.LINE_AT_FAULT if one is Sentence.AT_FAULT else one for one in more]
    said = [call.say(one, page) for one in lead] * 2 + [call.say(one, page) for one in more]
    if page.receipt:
        half = RECEIPT_DIGITS // 2
        digits = digits_spoken(f"{page.receipt[:half]} {page.receipt[half:]}")
        said += [call.say(Sentence.RECEIPT_SAID, page, digits=digits)] * 2
    training = [call.say(Sentence.TRAINING)] if call.place.training else []
    for one in (*training, *said, call.say(Sentence.HEAR_AGAIN)):
        _say(gather, call.language, one)
    return _closing(response, call, call.say(Sentence.GOODBYE))


def _ended(call: Call, *said: str) -> bytes:
    """The last that a caller hears."""
    from xml.etree.ElementTree import Element

    return _closing(Element("Response"), call, *said)


def _closing(response: "Element", call: Call, *said: str) -> bytes:
    from xml.etree.ElementTree import SubElement

    for one in said:
        _say(response, call.language, one)
    SubElement(response, "Hangup")
    return _sent(response)


def _sent(response: "Element") -> bytes:
    """The document, each of one length, as the pages are."""
    from xml.etree.ElementTree import tostring

    body: bytes = tostring(response, encoding="utf-8", xml_declaration=True)
    return body.ljust(PAGE_BYTES, b" ")
