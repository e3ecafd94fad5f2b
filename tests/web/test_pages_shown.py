"""What a participant sees: the words of each page, all pages of one size, and nothing that a browser would obey."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from html.parser import HTMLParser
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.check_in.answers import Timing
from testing_tracker.rules.check_in.page_words import Language, Sentence
from testing_tracker.web.pages import (
    GUARDING,
    PAGE_BYTES,
    PageKind,
    PageShown,
    filling,
    headers,
    render,
    style,
    to_dial,
)

ZONE = ZoneInfo("America/Los_Angeles")
MOST_OF_A_TEMPLATE = 4_000
EN, ES = Language.ENGLISH, Language.SPANISH
ANSWERED = (PageKind.COME, PageKind.STAY, PageKind.DONE)
WITH_FORM = (PageKind.FORM, PageKind.WRONG, PageKind.DIGIT, PageKind.PIN_DIGITS)


@dataclass(frozen=True)
class HouseOfHope:
    """A facility as its page names it."""

    name: str = "HH"
    phone: str = "555-0100"
    zone_en: str = "Pacific time"
    zone_es: str = "hora del Pacífico"
    training: bool = False
    languages: tuple[Language, ...] = tuple(Language)


def at(hour: int, minute: int = 0, day: int = 16) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def page(kind: PageKind, language: Language = EN, **also) -> PageShown:
    """A page at 5:12 on a Monday on which check-in is from 5 to 10 and specimens are taken from 8 to 5 p.m."""
    shown = PageShown(
        kind, language, at(5, 12), HouseOfHope(), opens_at=at(5), closes_at=at(10), over_at=at(17),
        opens_next=at(5, day=17), come_from=at(8), come_to=at(17),
    )  # fmt: skip
    return replace(shown, **also)


class Read(HTMLParser):
    """A page as somebody reads it: its texts, and its elements in their order."""

    def __init__(self, body: bytes):
        super().__init__()
        self.texts: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(body.decode())
        assert self.open == [], "what is opened is closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def text_of(shown: PageShown) -> str:
    """All that is read on a page, in one line."""
    return " ".join("".join(Read(render(shown)).texts).replace("\u00a0", " ").split())


@pytest.mark.parametrize(
    ("kind", "english", "spanish"),
    [
        (
            PageKind.COME,
            "Yes, please come in today, between 8 a.m. and 5 p.m.",
            "Sí, venga hoy, entre las 8 a. m. y las 5 p. m.",
        ),
        (PageKind.STAY, "No, you do not need to come in today.", "No, hoy no necesita venir."),
        (
            PageKind.DONE,
            "You have been in today. You do not need to come again.",
            "Usted ya vino hoy. No necesita volver.",
        ),
    ],
)
def test_the_answers(kind, english, spanish):
    for language, answer in ((EN, english), (ES, spanish)):
        shown = text_of(page(kind, language, receipt="45865319"))
        assert answer in shown
        assert ".." not in shown
        assert "4586-5319" in shown
    assert "Your receipt: 4586-5319 Monday, November 16, 5:12 a.m. Keep this number, or take a picture of this" in (
        text_of(page(kind, receipt="45865319"))
    )
    assert "Su comprobante: 4586-5319 Lunes 16 de noviembre, 5:12 a. m. Guarde este número o tome una foto" in (
        text_of(page(kind, ES, receipt="45865319"))
    )


def test_without_the_key_there_is_an_answer_and_no_receipt():
    shown = text_of(page(PageKind.STAY))
    assert "No, you do not need to come in today." in shown
    assert "receipt" not in shown


def test_without_hours_of_collection_the_answer_names_none():
    assert "Yes, please come in today. " in text_of(page(PageKind.COME, come_from=None, come_to=None))
    assert "Sí, venga hoy. " in text_of(page(PageKind.COME, ES, come_from=None, come_to=None))


def test_late_again_and_changed_are_said_behind_the_answer():
    late = text_of(page(PageKind.COME, timing=Timing.LATE))
    assert "5 p.m. You checked in late today." in late
    assert "late" not in text_of(page(PageKind.COME, timing=Timing.IN_TIME))
    again = page(PageKind.STAY, same_since=at(5, 10))
    assert "You checked in at 5:10 a.m. This is the same answer." in text_of(again)
    assert "Usted se registró a las 5:10 a. m. La respuesta es la misma." in text_of(replace(again, language=ES))
    changed = page(PageKind.COME, replaces=at(5, 10))
    assert "This answer is new. It replaces the one of 5:10 a.m." in text_of(changed)
    assert "Esta respuesta es nueva. Reemplaza la de las 5:10 a. m." in text_of(replace(changed, language=ES))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (at(4, 59), "Check-in opens at 5 a.m. today. Please come back then."),
        (at(5), "Open today from 5 a.m. to 10 a.m., Pacific time."),
        (at(9, 59), "Open today from 5 a.m. to 10 a.m., Pacific time."),
        (at(10), "Check-in was open until 10 a.m. You can still check in now; it is late."),
        (at(16, 59), "You can still check in now; it is late."),
        (at(17), "Check-in is over for today. It opens again tomorrow at 5 a.m."),
    ],
)
def test_the_form_says_when_check_in_is_open(now, said):
    assert said in text_of(page(PageKind.FORM, now=now))


def test_the_form_says_the_hours_in_spanish_and_without_a_zone():
    assert "Abierto hoy de 5 a. m. a 10 a. m., hora del Pacífico." in text_of(page(PageKind.FORM, ES))
    nameless = HouseOfHope(zone_en="", zone_es="")
    assert "Open today from 5 a.m. to 10 a.m. Check-in number" in text_of(page(PageKind.FORM, place=nameless))
    assert "Open" not in text_of(page(PageKind.FORM, opens_at=None))


def test_before_the_first_day_the_form_says_when_that_is():
    first = page(PageKind.FORM, opens_at=None, opens_next=at(5, day=20))
    for kind in (PageKind.FORM, PageKind.EARLY):
        said = text_of(replace(first, kind=kind))
        assert "Check-in is not open now. It opens at 5 a.m.: Friday, November 20." in said


def test_early_and_over_say_when_it_opens():
    assert "Check-in opens at 5 a.m. today. Please come back then." in text_of(page(PageKind.EARLY, now=at(4)))
    assert "Check-in is not open now." in text_of(page(PageKind.EARLY, opens_at=None, opens_next=None))
    over = page(PageKind.OVER, now=at(18), receipt="45865319")
    assert (
        "Check-in is over for today. That you were here is on record. It opens again tomorrow at 5 a.m. "
        "Your receipt: 4586-5319" in text_of(over)
    )
    assert "again" not in text_of(replace(over, opens_next=None))
    later = replace(over, opens_next=at(5, day=20))
    assert "It opens at 5 a.m.: Friday, November 20." in text_of(later)


def test_no_answer_names_the_telephone_and_whose_fault_it_is():
    unknown = text_of(page(PageKind.UNKNOWN, receipt="45865319"))
    assert (
        "We cannot tell you today's answer here. Please call 555-0100 now. This page is at fault, not you." in unknown
    )
    assert "That you were here is on record. Your receipt: 4586-5319" in unknown


def test_what_could_not_be_written_down_is_not_said_to_be_on_record():
    shown = text_of(page(PageKind.UNKNOWN_UNRECORDED))
    assert "Please call 555-0100 now. This page is at fault, not you." in shown
    assert "on record" not in shown
    assert "constancia" not in text_of(page(PageKind.UNKNOWN_UNRECORDED, ES))


def test_busy_and_blocked_are_one_page():
    """Whoever tries somebody's number does not learn that they were stopped for it."""
    assert render(page(PageKind.BUSY)) == render(page(PageKind.BLOCKED))
    assert "We cannot take this now. Please call 555-0100. It counts as checking in." in text_of(page(PageKind.BUSY))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", PageKind)
def test_every_page_has_the_telephone_one_heading_and_the_other_language(kind, language):
    shown = page(kind, language)
    read = Read(render(shown))
    assert [attributes["lang"] for attributes in read.all("html")] == [language.value]
    assert len(read.all("h1")) == len(read.all("main")) == len(read.all("title")) == 1
    other, *telephones = read.all("a")
    assert other == (
        {"href": "/es", "lang": "es", "hreflang": "es"}
        if language is EN
        else {"href": "/", "lang": "en", "hreflang": "en"}
    )
    assert {one["href"] for one in telephones} == {"tel:5550100"}
    assert len([one for one in read.all("span") if one["class"] == "whole"]) == len(telephones)
    counts = "It counts as checking in." if language is EN else "Cuenta como registro."
    assert text_of(shown).endswith(counts)


@pytest.mark.parametrize("kind", PageKind)
def test_a_form_is_where_something_can_be_typed_again(kind):
    read = Read(render(page(kind, number="482-0917")))
    assert len(read.all("form")) == (kind in WITH_FORM)
    if kind in WITH_FORM:
        number, pin = read.all("input")
        assert (number["value"], number["autocomplete"], number["inputmode"]) == ("482-0917", "username", "numeric")
        assert "value" not in pin
        assert (pin["type"], pin["autocomplete"], pin["inputmode"]) == ("password", "current-password", "numeric")
        labels = [one["for"] for one in read.all("label")]
        assert labels == [number["id"], pin["id"]] == ["number", "pin"]
        named = {one["id"] for _, one in read.elements if "id" in one}
        for field in (number, pin):
            assert set(field["aria-describedby"].split()) <= named
            assert ("aria-invalid" in field) == ("problem" in field["aria-describedby"])
        assert read.all("form") == [{"method": "post", "action": "/"}]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [(PageKind.WRONG, ["number", "pin"]), (PageKind.DIGIT, ["number"]), (PageKind.PIN_DIGITS, ["pin"])],
)
def test_a_problem_comes_first_and_its_fields_are_marked(kind, fields):
    read = Read(render(page(kind)))
    order = [tag for tag, _ in read.elements]
    [problem] = [one for tag, one in read.elements if one.get("role") == "alert"]
    assert problem["id"] == "problem"
    assert read.elements[order.index("main") + 1] == ("p", problem)
    assert [one["name"] for one in read.all("input") if "aria-invalid" in one] == fields
    assert "<title>That did not work – HH</title>" in render(page(kind)).decode()
    assert "<title>No funcionó – HH</title>" in render(page(kind, ES)).decode()


def test_the_title_of_an_answer_does_not_tell_it():
    """It stands in the list of what was open, for whoever has the telephone next."""
    titles = {re.search("<title>(.*)</title>", render(page(kind)).decode())[1] for kind in ANSWERED}
    assert titles == {"Today&#39;s answer – HH"}


@pytest.mark.parametrize("kind", PageKind)
def test_what_is_said_is_said_to_a_screen_reader(kind):
    roles = [one["role"] for _, one in Read(render(page(kind))).elements if "role" in one]
    quiet = (*ANSWERED, PageKind.EARLY, PageKind.OVER)
    assert roles == ([] if kind is PageKind.FORM else ["status"] if kind in quiet else ["alert"])


def test_before_anything_was_filled_in_the_page_knows_where_the_telephone_stands():
    bare = PageShown(PageKind.UNKNOWN, EN, at(5), None)
    assert "Please call the telephone number on your card now." in text_of(bare)
    assert "Llame ahora al número de teléfono de su tarjeta." in text_of(replace(bare, language=ES))
    assert "<title>Please call</title>" in render(bare).decode()


def test_several_facilities_have_addresses_of_their_own():
    read = Read(render(page(PageKind.FORM, path="/hh")))
    assert (read.all("a")[0]["href"], read.all("form")[0]["action"]) == ("/hh/es", "/hh")
    read = Read(render(page(PageKind.FORM, ES, path="/hh")))
    assert (read.all("a")[0]["href"], read.all("form")[0]["action"]) == ("/hh", "/hh/es")


def test_a_page_in_one_language_names_no_other():
    """The Spanish is to be reviewed before it is used: until then a facility leaves it out."""
    english = HouseOfHope(languages=(EN,))
    assert "Español" not in text_of(page(PageKind.FORM, place=english))
    assert "Español" in text_of(page(PageKind.FORM))
    spanish = HouseOfHope(languages=(ES,))
    assert "English" not in text_of(page(PageKind.FORM, ES, place=spanish))


def test_a_training_page_says_so():
    training = HouseOfHope(training=True)
    assert "Training: nothing here counts." in text_of(page(PageKind.COME, place=training))
    assert "Training" not in text_of(page(PageKind.COME))


# What a name of 30 characters may need most bytes for, on a page: each of these is five or more.
LONGEST = ("&" * 30, '"' * 30, "\N{SLIGHTLY SMILING FACE}" * 30, "W" * 30)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", PageKind)
@pytest.mark.parametrize("signs", LONGEST)
def test_every_page_has_one_size_with_room_to_spare(kind, language, signs):
    place = HouseOfHope(signs, "+1 (555) 555-0100 ext. 12345", signs * 2, signs * 2, training=True)
    longest = page(
        kind, language, place=place, path="/" + "w" * 30, timing=Timing.LATE, receipt="45865319",
        same_since=at(5, 10), replaces=at(5, 10), number=(signs * 2)[:40], now=at(12),
        opens_next=at(12, day=25), come_from=at(12), come_to=at(12),
    )  # fmt: skip
    body = render(longest)
    assert len(body) == PAGE_BYTES
    assert len(body.rstrip(b" ")) <= MOST_OF_A_TEMPLATE
    assert body.rstrip(b" ").endswith(b"</html>")


def test_a_page_that_is_too_long_is_shown_all_the_same():
    shown = page(PageKind.FORM, place=HouseOfHope(name="W" * 5_000))
    assert len(render(shown)) % PAGE_BYTES == 0


HOSTILE = st.text(max_size=40) | st.sampled_from(
    ['"><script>alert(1)</script>', "{{ 7 * 7 }}", "{phone}", "%s", "</title><h1>", "' onfocus=x '", "\u202e0917", "\0"]
)


@given(HOSTILE, HOSTILE, st.sampled_from(WITH_FORM), st.sampled_from(Language))
def test_what_was_typed_is_shown_and_never_obeyed(number, name, kind, language):
    body = render(page(kind, language, number=number, place=HouseOfHope(name=name)))
    assert len(body) == PAGE_BYTES
    read = Read(body)
    assert len(read.all("h1")) == len(read.all("form")) == len(read.all("title")) == 1
    assert read.all("script") == []
    assert not any(attribute.startswith("on") for _, attributes in read.elements for attribute in attributes)
    assert "\u202e" not in body.decode()
    if "{{ 7 * 7 }}" in (number, name):
        assert "49" not in body.decode()


@pytest.mark.parametrize("kind", PageKind)
def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(kind):
    body = render(page(kind)).decode()
    assert not re.search(r"<script|<style|style=|<img|<iframe|src=|https?:|//", body)
    assert re.findall(r'<link rel="(\w+)" href="([^"]+)"', body) == [("stylesheet", "/style.css")]
    assert not re.search(r"url\(|@import|https?:", style().decode())


def test_the_headers_are_the_same_for_all_and_transport_is_pinned_only_where_it_is_secure():
    plain, secure = dict(headers(secure=False)), dict(headers(secure=True))
    assert secure == plain | {"Strict-Transport-Security": "max-age=31536000"}
    assert plain == {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "X-Robots-Tag": "noindex",
    }
    assert {name for name, _ in GUARDING} < plain.keys()


@pytest.mark.parametrize(
    ("printed", "dialled"),
    [
        ("555-0100", "5550100"),
        ("(555) 555-0100", "5555550100"),
        ("+1 555.555.0100", "+15555550100"),
        ("555-0100 ext. 3", "5550100;ext=3"),
        ("555-0100 x12", "5550100;ext=12"),
        ("1-800-FLOWERS", None),  # a telephone would dial 1800
        ("ask at the desk", None),
        ("", None),
    ],
)
def test_what_a_telephone_dials(printed, dialled):
    assert to_dial(printed) == dialled


def test_a_telephone_in_letters_is_said_and_not_linked():
    shown = page(PageKind.BUSY, place=HouseOfHope(phone="1-800-FLOWERS"))
    assert "Please call 1-800-FLOWERS." in text_of(shown)
    assert "tel:" not in render(shown).decode()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("sentence", Sentence)
def test_every_sentence_is_whole_once_filled(sentence, language):
    """Each is filled by what a page knows: nothing stays in braces."""
    values = filling(page(PageKind.COME, language, same_since=at(5, 10))) | {"phone": "555-0100", "digits": "4, 5"}
    assert "{" not in sentence.in_language(language).format(**values)


def test_the_template_says_nothing_by_itself():
    """Every word comes from the sentences, which are tested in both languages."""
    text = (files("testing_tracker.web") / "templates" / "page.html.j2").read_text(encoding="utf-8")
    said = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", "", re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text))
    assert set(said) <= set(" \n–")
