"""The telephone: a whole call is played, every address that is named is asked for, and nobody else may ask.

The vendor is this test: it presses, follows what it is told to ask for next, and signs each request by itself.
"""

import base64
import hashlib
import hmac
import http.client
import re
import threading
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

import page_house
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_house import COMES, DONE, NOBODYS, PIN, PUBLIC_URL, STAYS, TOKEN, UNKNOWN, WRONG_PIN, at, number_of, place
from werkzeug.test import Client

from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInOutcome
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.web.serving import PageServer, listening_at
from testing_tracker.web.signature import is_signed, signed
from testing_tracker.web.voice import VoiceLine

pytestmark = pytest.mark.sqlite_only(reason="the page knows no database")

CALLER = "+15550123"


@pytest.fixture
def house(tmp_path):
    opened = page_house.opened(tmp_path)
    yield opened
    opened.close()


def independently(token: str, url: str, form: list[tuple[str, str]]) -> str:
    """The vendor's signature, made as their documentation has it, by other means than the program's."""
    text = url
    for name, value in sorted(form):
        text += name + value
    key = token.encode().ljust(64, b"\0")
    inner = hashlib.sha1(bytes(one ^ 0x36 for one in key) + text.encode()).digest()
    return base64.b64encode(hashlib.sha1(bytes(one ^ 0x5C for one in key) + inner).digest()).decode()


def line_of(house) -> VoiceLine:
    """The telephone of a house, the same for all who call."""
    if not hasattr(house, "line"):
        house.line = VoiceLine(house.file, house.visits, house.pulse, house.now)
    return house.line


class Caller:
    """Somebody who calls, and the vendor between."""

    def __init__(self, house, start: str = f"{PUBLIC_URL}/voice", call: str = "CA1", caller: str = CALLER):
        self.client = Client(line_of(house))
        self.fields = {"CallSid": call, "From": caller, "To": "+15550100", "CallStatus": "in-progress"}
        self.urls: list[str] = []
        self.ask(start)

    def ask(self, url: str, **fields: str) -> None:
        assert url.startswith(PUBLIC_URL)
        form = self.fields | fields
        parts = urlsplit(url)
        response = self.client.post(
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            data=form,
            headers={"X-Twilio-Signature": independently(TOKEN, url, list(form.items()))},
        )
        assert response.status_code == 200, url
        assert response.content_type == "text/xml; charset=utf-8"
        self.urls.append(url)
        self.heard = ElementTree.fromstring(response.data)
        assert self.heard.tag == "Response"
        self.bytes = len(response.data)

    def press(self, digits: str) -> None:
        gather = self.heard.find("Gather")
        assert gather.get("method") == "POST"
        assert gather.get("input") == "dtmf"
        assert len(digits) <= int(gather.get("numDigits"))
        self.ask(gather.get("action"), Digits=digits)

    def wait(self) -> None:
        """Press nothing: what stands behind the gathering comes next."""
        redirect = self.heard.find("Redirect")
        assert redirect.get("method") == "POST"
        self.ask(redirect.text)

    @property
    def said(self) -> list[tuple[str, str]]:
        """What is said, in order, with its language."""
        return [(one.get("language"), one.text) for one in self.heard.iter("Say")]

    @property
    def words(self) -> str:
        return " ".join(text for _, text in self.said)

    @property
    def hung_up(self) -> bool:
        """Whether the line closes without waiting for anything."""
        return self.heard.find("Gather") is None and self.heard.find("Hangup") is not None


def checked_in(house, holder: int = COMES, language: str = "1", pin: str = PIN) -> Caller:
    caller = Caller(house)
    for digits in (language, number_of(holder), pin):
        caller.press(digits)
    return caller


def test_a_call_from_beginning_to_end(house):
    caller = Caller(house)
    assert caller.said == [
        ("en-US", "Check-in. For English, press 1."),
        ("es-US", "Para español, oprima el 2."),
    ]
    caller.press("1")
    assert caller.said == [("en-US", "Enter your check-in number, 7 digits.")]
    caller.press(number_of(COMES))
    assert caller.said == [("en-US", "Enter your PIN, 6 digits.")]
    caller.press(PIN)
    answer = "Yes, please come in today, between 8 a.m. and 5 p.m."
    receipt = "Your receipt is 4, 5, 8, 6; 5, 3, 1, 9."
    assert [text for _, text in caller.said] == [
        answer, answer, receipt, receipt, "To hear it again, press 1.", "Goodbye.",
    ]  # fmt: skip
    [visit] = house.visited()
    assert (visit.channel, visit.holder, visit.outcome, visit.receipt) == (
        CheckedInBy.PHONE,
        COMES,
        CheckInOutcome.TOLD,
        "45865319",
    )


def test_a_call_in_spanish(house):
    caller = Caller(house)
    caller.press("2")
    assert caller.said == [("es-US", "Marque su número de registro, de 7 dígitos.")]
    caller.press(number_of(COMES))
    assert caller.said == [("es-US", "Marque su PIN, de 6 dígitos.")]
    caller.press(PIN)
    answer = "Sí, venga hoy, entre las 8 a. m. y las 5 p. m."
    receipt = "Su comprobante es 4, 5, 8, 6; 5, 3, 1, 9."
    assert [text for _, text in caller.said] == [
        answer, answer, receipt, receipt, "Para oírlo otra vez, oprima el 1.", "Adiós.",
    ]  # fmt: skip
    assert {language for language, _ in caller.said} == {"es-US"}


@pytest.mark.parametrize(
    ("holder", "language", "answer"),
    [
        (STAYS, "1", "No, you do not need to come in today."),
        (STAYS, "2", "No, hoy no necesita venir."),
        (DONE, "1", "You have been in today. You do not need to come again."),
        (DONE, "2", "Usted ya vino hoy. No necesita volver."),
    ],
)
def test_the_other_answers_are_said_twice_too(house, holder, language, answer):
    caller = checked_in(house, holder, language)
    assert [text for _, text in caller.said][:2] == [answer, answer]


def test_no_answer_is_said_to_be_the_lines_fault_with_whom_to_call(house):
    caller = checked_in(house, UNKNOWN)
    assert "We cannot tell you today's answer here. Please call 5, 5, 5; 0, 1, 0, 0 now." in caller.words
    assert "This line is at fault, not you. That you were here is on record." in caller.words
    assert "Your receipt is 3, 0, 1, 2; 7, 7, 4, 3." in caller.words
    assert "page" not in caller.words


def test_early_and_over(house):
    house.moment = at(4, 59)
    caller = checked_in(house)
    assert "Check-in opens at 5 a.m. today. Please come back then." in caller.words
    house.moment = at(17)
    caller = checked_in(house)
    assert "Check-in is over for today. That you were here is on record. It opens again tomorrow at 5 a.m." in re.sub(
        r"(Check-in is over for today. )+", r"\1", caller.words
    )
    assert "Your receipt is 3, 0, 1, 2; 7, 7, 6, 7." in caller.words


def test_late_is_said_to_be_late_and_a_second_call_says_the_same(house):
    assert "late" not in checked_in(house).words
    house.moment = at(5, 30)
    again = checked_in(house)
    assert "You checked in at 5:12 a.m. This is the same answer." in again.words
    house.moment = at(10, 30)
    late = checked_in(house, STAYS)
    assert "You checked in late today." in late.words


def test_it_is_heard_again_without_another_try_and_by_that_call_alone(house):
    caller = checked_in(house)
    first = caller.said
    for _ in range(3):
        caller.press("1")
        assert caller.said == first
    assert len(house.visited()) == 1
    stranger = Caller(house, call="CA2")
    stranger.ask(caller.urls[-1], Digits="1")
    assert [text for _, text in stranger.said] == ["Enter your check-in number, 7 digits."]
    nameless = Caller(house, call="")
    for digits in ("1", number_of(STAYS), PIN):
        nameless.press(digits)
    another = Caller(house, call="")  # they are told apart by nothing
    another.ask(caller.urls[-1], Digits="1")
    assert "Enter your check-in number" in another.words
    house.moment = at(5, 23)
    caller.press("1")
    assert "Enter your check-in number" in caller.words
    caller = checked_in(house)
    caller.press("2")
    assert (caller.words, caller.hung_up) == ("Goodbye.", True)


def test_what_the_last_calls_heard_is_kept_and_no_more(house, monkeypatch):
    monkeypatch.setattr("testing_tracker.web.voice._MOST_HEARD", 2)
    calls = [Caller(house, call=f"CA{number}") for number in range(3)]
    for caller in calls:
        for digits in ("1", number_of(STAYS), PIN, "1"):
            caller.press(digits)
    assert ["No, you do not need to come in today." in caller.words for caller in calls] == [True] * 3
    for caller in calls:
        caller.press("1")
    assert ["No, you do not need to come in today." in caller.words for caller in calls] == [False, True, True]


def test_three_wrong_tries_end_with_whom_to_call(house):
    caller = Caller(house)
    caller.press("1")
    for _ in range(2):
        caller.press(number_of(COMES))
        caller.press(WRONG_PIN)
        assert [text for _, text in caller.said] == [
            "That did not work. The check-in number and the PIN do not go together. Look at your card and try again.",
            "Enter your check-in number, 7 digits.",
        ]
    caller.press(number_of(COMES))
    caller.press(WRONG_PIN)
    assert caller.hung_up
    assert caller.words.endswith("Please call 5, 5, 5; 0, 1, 0, 0. It counts as checking in.")
    assert [(one.holder, one.outcome) for one in house.visited()] == [(COMES, CheckInOutcome.WRONG)] * 3


def test_wrong_digits_and_short_pins_count_as_tries_too(house):
    caller = Caller(house)
    caller.press("2")
    caller.press("4820918")
    assert "No funcionó. Un dígito del número de registro no es correcto." in caller.words
    caller.press(number_of(COMES))
    caller.press("55301")
    assert [text for _, text in caller.said] == ["El PIN tiene 6 dígitos.", "Marque su PIN, de 6 dígitos."]
    caller.press(WRONG_PIN)
    assert caller.hung_up
    assert caller.words.endswith("Llame al 5, 5, 5; 0, 1, 0, 0. Cuenta como registro.")
    assert [one.outcome for one in house.visited()] == [CheckInOutcome.WRONG] * 3


def test_a_right_pin_after_wrong_ones_is_answered(house):
    caller = Caller(house)
    caller.press("1")
    for pin in (WRONG_PIN, WRONG_PIN, PIN):
        caller.press(number_of(STAYS))
        caller.press(pin)
    assert "No, you do not need to come in today." in caller.words


def test_a_number_of_nobody_sounds_like_a_wrong_pin(house):
    heard = []
    for number in (NOBODYS, number_of(COMES)):
        caller = Caller(house)
        for digits in ("1", number, WRONG_PIN):
            caller.press(digits)
        heard.append((caller.said, caller.bytes))
    assert heard[0] == heard[1]


def test_every_document_has_one_length(house):
    lengths = {checked_in(house, holder, language).bytes for holder in (COMES, STAYS, DONE) for language in "12"}
    caller = Caller(house)
    assert lengths | {caller.bytes} == {4_096}


def test_who_presses_nothing_is_asked_three_times_and_then_told_whom_to_call(house):
    caller = Caller(house)
    for _ in range(2):
        caller.wait()
        assert "For English, press 1." in caller.words
    assert caller.heard.find("Redirect") is None
    assert caller.words.endswith(
        "Please call 5, 5, 5; 0, 1, 0, 0. It counts as checking in. Llame al 5, 5, 5; 0, 1, 0, 0. Cuenta como registro."
    )
    for steps in (["2"], ["2", number_of(COMES)]):
        caller = Caller(house)
        for digits in steps:
            caller.press(digits)
        asked = caller.said
        caller.wait()
        assert caller.said == asked
        caller.wait()
        assert caller.words.endswith("Llame al 5, 5, 5; 0, 1, 0, 0. Cuenta como registro.")
        assert caller.heard.find("Redirect") is None
    assert house.visited() == []


def test_who_waits_and_then_presses_goes_on(house):
    caller = Caller(house)
    caller.wait()
    caller.press("2")
    caller.wait()
    caller.press(number_of(COMES))
    caller.wait()
    caller.press(PIN)
    assert caller.words.startswith("Sí, venga hoy")


def test_the_pin_stands_in_no_address(house):
    caller = checked_in(house)
    caller.press("1")
    assert not any(PIN in url for url in caller.urls)
    assert any(number_of(COMES) in url for url in caller.urls)
    assert not any(receipt in url for url in caller.urls for receipt in page_house.RECEIPTS.values())
    assert number_of(COMES) not in caller.urls[-1]


def test_the_callers_number_is_kept_nowhere(house, tmp_path):
    checked_in(house)
    checked_in(house, pin=WRONG_PIN)
    house.close()
    for file in tmp_path.iterdir():
        assert CALLER.encode() not in file.read_bytes()
        assert b"5550123" not in file.read_bytes()


def test_who_tries_too_often_from_one_telephone_is_told_to_call_and_others_are_not(house):
    for _ in range(30):
        house.visits.check_in(_asked(NOBODYS, WRONG_PIN, CALLER))
    caller = checked_in(house)
    assert "We cannot take this now. Please call 5, 5, 5; 0, 1, 0, 0. It counts as checking in." in caller.words
    other = Caller(house, caller="+15550199")
    for digits in ("1", number_of(COMES), PIN):
        other.press(digits)
    assert other.words.startswith("Yes, please come in today")


def _asked(number, pin, caller):
    from testing_tracker.web.visits import AsksPage

    return AsksPage(place(), number, pin, f"telephone {caller}", channel=CheckedInBy.PHONE)


def test_a_page_that_cannot_write_says_to_call_and_promises_nothing(house, monkeypatch):
    def full(asked):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(house.visits, "check_in", full)
    caller = checked_in(house)
    assert "Please call 5, 5, 5; 0, 1, 0, 0 now." in caller.words
    assert "on record" not in caller.words
    house.pulse.beat()
    [beat] = house.file.beats_between(0, 10**9).values()
    assert beat.failed == 1


def test_a_training_line_says_so(tmp_path):
    house = page_house.opened(tmp_path, place(training=True))
    caller = checked_in(house)
    assert caller.words.startswith("Training: nothing here counts. Yes")
    house.close()


@pytest.mark.parametrize(("language", "asked"), [("en", "Enter your check-in number"), ("es", "Marque su número")])
def test_a_line_in_one_language_asks_for_none(tmp_path, language, asked):
    house = page_house.opened(tmp_path, place(languages=(Language(language),)))
    caller = Caller(house)
    assert caller.words.startswith(asked)
    for digits in (number_of(STAYS), PIN):
        caller.press(digits)
    assert caller.words.startswith("No, ")
    caller = Caller(house)
    caller.wait()
    caller.wait()
    assert ("Please call" in caller.words, "Llame al" in caller.words) == (language == "en", language == "es")
    house.close()


def test_facilities_that_share_a_page_have_a_line_each(tmp_path):
    house = page_house.opened(tmp_path, place(path="hh"), place(facility=2, path="oak", phone="555-0200"))
    caller = Caller(house, f"{PUBLIC_URL}/voice?at=oak")
    for digits in ("1", number_of(COMES), PIN):
        caller.press(digits)
    assert caller.words.startswith("Yes")
    assert all("at=oak" in url for url in caller.urls)
    assert [one.facility for one in house.visited()] == [2]
    refused = post(house, f"{PUBLIC_URL}/voice", {})
    assert refused.status_code == 404  # which of them?
    house.close()


# Nobody but the vendor.


def post(house, url, form, signature="", header="X-Twilio-Signature", **given):
    parts = urlsplit(url)
    client = Client(VoiceLine(house.file, house.visits, house.pulse, house.now))
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return client.post(path, data=form, headers={header: signature} if signature else {}, **given)


FORM = {"CallSid": "CA1", "From": CALLER, "Digits": PIN}
ANSWER = f"{PUBLIC_URL}/voice/answer?l=en&n={number_of(COMES)}"


def test_what_the_vendor_did_not_sign_is_refused_without_a_word(house):
    right = independently(TOKEN, ANSWER, list(FORM.items()))
    assert post(house, ANSWER, FORM, right).status_code == 200
    visited = house.visited()
    for signature, url, form in (
        ("", ANSWER, FORM),
        ("nonsense", ANSWER, FORM),
        ("ñ", ANSWER, FORM),
        (right.lower(), ANSWER, FORM),
        (independently("54321", ANSWER, list(FORM.items())), ANSWER, FORM),
        (independently("", ANSWER, list(FORM.items())), ANSWER, FORM),
        (right, ANSWER, FORM | {"Digits": WRONG_PIN}),
        (right, ANSWER, FORM | {"More": "1"}),
        (right, ANSWER.replace("l=en", "l=es"), FORM),
        (right, ANSWER.replace(number_of(COMES), number_of(STAYS)), FORM),
        (right, ANSWER.replace("/answer", "/again"), FORM),
    ):
        refused = post(house, url, form, signature.encode("utf-8").decode("latin-1"))
        assert (refused.status_code, refused.data) == (403, b""), (signature, url)
    assert house.visited() == visited


def test_the_host_that_a_request_names_is_not_believed(house):
    """Else whoever has a signature for their own address could use it here."""
    elsewhere = ANSWER.replace("checkin.example.org", "evil.example")
    signature = independently(TOKEN, elsewhere, list(FORM.items()))
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}):
        client = Client(VoiceLine(house.file, house.visits, house.pulse, house.now))
        parts = urlsplit(elsewhere)
        refused = client.post(
            f"{parts.path}?{parts.query}", data=FORM, headers={**headers, "X-Twilio-Signature": signature}
        )
        assert refused.status_code == 403


def test_what_no_vendor_sends_is_refused(house, tmp_path):
    signature = independently(TOKEN, ANSWER, list(FORM.items()))
    client = Client(VoiceLine(house.file, house.visits, house.pulse, house.now))
    assert client.get("/voice").status_code == 405
    assert client.put("/voice").status_code == 405
    assert post(house, f"{PUBLIC_URL}/voice/elsewhere", FORM, signature).status_code == 404
    assert post(house, f"{PUBLIC_URL}/voice?at=elsewhere", FORM, signature).status_code == 404
    assert client.post("/voice", json={"Digits": "1"}).status_code == 415
    assert client.post("/voice", data={"file": (__file__, "x")}).status_code in (413, 415)
    assert post(house, ANSWER, FORM | {"More": "x" * 9_000}, signature).status_code == 413
    assert house.visited() == []


def test_without_a_token_or_an_address_there_is_no_line(tmp_path):
    for number, without in enumerate(({"voice_token": None}, {"public_url": None})):
        folder = tmp_path / str(number)
        folder.mkdir()
        house = page_house.opened(folder, place(**without))
        assert post(house, ANSWER, FORM, independently(TOKEN, ANSWER, list(FORM.items()))).status_code == 404
        house.close()


def test_it_has_the_headers_of_every_page(house):
    answer = post(house, ANSWER, FORM, independently(TOKEN, ANSWER, list(FORM.items())))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "Server" not in answer.headers


def test_the_pages_own_server_answers_the_telephone(house):
    listening = listening_at("127.0.0.1", 0)
    server = PageServer(house.file, house.now, listening, hashing=house.hashing)
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    here = http.client.HTTPConnection(*listening.getsockname(), timeout=10)
    try:
        body = urlencode(FORM)
        signature = independently(TOKEN, ANSWER, list(FORM.items()))
        for given, status in ((signature, 200), ("", 403)):
            parts = urlsplit(ANSWER)
            headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": given}
            here.request("POST", f"{parts.path}?{parts.query}", body, headers)
            answer = here.getresponse()
            heard = answer.read()
            assert answer.status == status
            assert (b"Yes, please come in today" in heard) == (status == 200)
    finally:
        here.close()
        server.stop()
        running.join(10)


# Examples that the vendors publish with their own checks of signatures (read 2026-11); their token is 12345.
THEIRS = "https://mycompany.com/myapp.php?foo=1&bar=2"
THEIR_FORM = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675309"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
}


def test_twilios_own_examples():
    assert signed("12345", THEIRS, THEIR_FORM) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    repeated = {"Sid": ["CA123"], "SidAccount": ["AC123"], "Digits": ["5678", "1234", "1234"]}
    assert signed("12345", THEIRS, repeated) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="
    assert is_signed("12345", THEIRS, THEIR_FORM, b"", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert not is_signed("12345", THEIRS + "&baz=3", THEIR_FORM, b"", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


def test_signalwires_own_example_over_the_body_as_it_was_sent():
    body = b'{"event":"call.state","params":{"call_id":"abc-123","state":"answered"}}'
    given = "c3c08c1fefaf9ee198a100d5906765a6f394bf0f"
    assert is_signed("PSKtest1234567890abcdef", "https://example.ngrok.io/webhook", {}, body, given)
    assert not is_signed("PSKtest1234567890abcdef", "https://example.ngrok.io/webhook", {}, body + b" ", given)


def test_signalwires_header_is_read_too(house):
    signature = independently(TOKEN, ANSWER, list(FORM.items()))
    assert post(house, ANSWER, FORM, signature, header="X-SignalWire-Signature").status_code == 200


def test_an_address_with_its_port_is_the_same_address():
    with_port = "https://mycompany.com:443/myapp.php?foo=1&bar=2"
    assert is_signed("12345", THEIRS, THEIR_FORM, b"", signed("12345", with_port, THEIR_FORM))
    other = with_port.replace("443", "8443")
    assert not is_signed("12345", THEIRS, THEIR_FORM, b"", signed("12345", other, THEIR_FORM))


def test_nothing_is_signed_without_a_token():
    assert not is_signed("", THEIRS, THEIR_FORM, b"", signed("", THEIRS, THEIR_FORM))


@given(
    st.text(min_size=1, max_size=40),
    st.dictionaries(st.text(min_size=1, max_size=10), st.text(max_size=20), max_size=8),
)
def test_any_form_is_signed_as_an_independent_hand_signs_it(token, form):
    key = token.encode(errors="replace").decode()[:15]  # of at most 64 bytes, so that the hand needs no longer way
    fields = {
        name.encode(errors="replace").decode(): value.encode(errors="replace").decode() for name, value in form.items()
    }
    hand = independently(key, THEIRS, list(fields.items()))
    assert signed(key, THEIRS, {name: [value] for name, value in fields.items()}) == hand
    assert hmac.compare_digest(hand, signed(key, THEIRS, {name: [value, value] for name, value in fields.items()}))


def test_the_state_of_a_call_that_makes_no_sense_is_read_as_none(house):
    for query in ("l=fr&n=..&t=99&s=-1", "l=&n=&t=x", "t=%00&n=%F0%9F%98%80"):
        url = f"{PUBLIC_URL}/voice/answer?{query}"
        answer = post(house, url, FORM, independently(TOKEN, url, list(FORM.items())))
        assert answer.status_code == 200
        assert ElementTree.fromstring(answer.data).find("Gather") is not None
    assert all(dict(parse_qsl(urlsplit(url).query)) for url in (ANSWER,))


ANYTHING = st.text(max_size=30) | st.sampled_from(
    ["1", "2", PIN, number_of(COMES), NOBODYS, "#", "٤٨٢", "\0", "\ud800", "]]>"]
)


@settings(max_examples=150)
@given(
    st.sampled_from(["", "/number", "/pin", "/answer", "/again", "/", "/voice", "/elsewhere"]),
    st.dictionaries(st.sampled_from(["l", "n", "t", "s", "at", "x"]), ANYTHING, max_size=4),
    st.dictionaries(st.sampled_from(["Digits", "From", "CallSid", "x"]), ANYTHING, max_size=4),
    st.booleans(),
)
def test_whatever_is_asked_is_a_document_for_the_vendor_and_nothing_for_others(
    house_of_many, step, state, form, by_vendor
):
    house = house_of_many
    before = len(house.visited())
    query = urlencode(state, errors="replace")
    url = f"{PUBLIC_URL}/voice{step}{f'?{query}' if query else ''}"
    fields = {"CallStatus": "ringing"} | {name: value.encode(errors="replace").decode() for name, value in form.items()}
    answer = post(house, url, fields, independently(TOKEN, url, list(fields.items())) if by_vendor else "nonsense")
    known = step.rstrip("/") in ("", "/number", "/pin", "/answer", "/again") and not state.get("at", "")
    assert answer.status_code == (404 if not known else 200 if by_vendor else 403)
    if answer.status_code == 200:
        assert ElementTree.fromstring(answer.data).tag == "Response"
        assert len(answer.data) == 4_096
        assert len(house.visited()) - before <= 1
    else:
        assert answer.data == b""
        assert len(house.visited()) == before


@pytest.fixture(scope="module")
def house_of_many(tmp_path_factory):
    opened = page_house.opened(tmp_path_factory.mktemp("many"))
    yield opened
    opened.close()
