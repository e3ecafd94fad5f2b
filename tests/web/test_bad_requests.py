"""Whatever is sent to the check-in page is taken as it was meant or refused, and what counts is counted."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from web.front_door import NOBODYS, YES, FrontDoor, filling, number_of, pin_of, said
from werkzeug.test import EnvironBuilder, run_wsgi_app

from testing_tracker.rules.check_in.answers import CheckInOutcome
from testing_tracker.web.filling import PagePlace
from testing_tracker.web.pages import PAGE_BYTES

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FORM = "application/x-www-form-urlencoded"
ANSWER = "Yes, please come in today"


class TestWhatIsTyped:
    @pytest.mark.parametrize(
        "typed",
        [
            lambda digits: f" {digits[:3]}-{digits[3:]} ",
            lambda digits: " ".join(digits),
            lambda digits: f"({digits[:3]}).{digits[3:]}",
            lambda digits: f"{digits[:3]}\u00a0{digits[3:]}",
            lambda digits: digits.translate(FULL_WIDTH),
            lambda digits: digits.translate(ARABIC),
        ],
    )
    def test_digits_are_taken_however_they_are_written(self, door, typed):
        assert ANSWER in said(door.post(typed(number_of(YES)), typed(pin_of(YES))))

    @pytest.mark.parametrize(
        "number", ["", "A17", "😀", "48\x0020917", "4820918", "482091", "48209170", "x" * 500, "²²²²²²²", "-", "1e6"]
    )
    def test_what_can_be_no_number_is_said_and_is_nobodys_try(self, door, number):
        page = door.post(number, pin_of(YES))
        assert page.status_code == 200
        assert "One digit of the check-in number is not right." in said(page)
        assert (door.last().holder, door.last().outcome) == (None, CheckInOutcome.WRONG)

    @pytest.mark.parametrize("pin", ["", "55301", "5530189", "abcdef", "١٢٣٤٥", "\x00" * 6])
    def test_a_pin_that_has_not_six_digits_is_a_try_of_the_person_and_no_guess(self, door, pin):
        page = door.post(number_of(YES), pin)
        assert "The PIN has 6 digits." in said(page)
        assert (door.last().holder, door.last().outcome) == (YES, CheckInOutcome.WRONG)
        other = door.post(NOBODYS, pin)
        assert other.text.replace(NOBODYS, "") == page.text.replace(number_of(YES), "")

    def test_of_two_numbers_the_first_counts(self, door):
        data = f"number={number_of(YES)}&number={NOBODYS}&pin={pin_of(YES)}&pin=000000"
        assert ANSWER in said(door.client.post("/", data=data, content_type=FORM))

    def test_what_stands_in_the_address_is_not_looked_at(self, door):
        query = f"number={number_of(YES)}&pin={pin_of(YES)}"
        page = door.get("/", query_string=query)
        assert page.data == door.get("/").data
        assert number_of(YES) not in page.text
        refused = door.client.post("/", query_string=query, data="", content_type=FORM)
        assert "One digit of the check-in number is not right." in said(refused)

    def test_markup_is_not_obeyed(self, door):
        page = door.post('"><script>alert(1)</script>', "1")
        assert "<script" not in page.text

    def test_of_a_long_one_the_beginning_is_shown_on_a_page_as_long_as_any(self, door):
        page = door.post("4" * 1_900, "1")
        assert len(page.data) == PAGE_BYTES
        assert ("4" * 40 in page.text, "4" * 41 in page.text) == (True, False)


class TestWhatNoBrowserSends:
    @pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "X" * 50])
    @pytest.mark.parametrize("path", ["/", "/es", "/style.css", "/alive"])
    def test_another_method(self, door, method, path):
        refused = door.client.open(path, method=method)
        assert refused.status_code in ((405, 200) if method == "get" else (405,))
        assert refused.data == b"" or method == "get"

    @pytest.mark.parametrize("path", ["/x", "/es/es", "//es/x", "/.git/config", "/../etc/passwd", "/%00", "/alive/x"])
    def test_another_path_names_the_telephone_for_who_comes_by_an_old_card(self, door, path):
        refused = door.get(path)
        assert refused.status_code == 404
        assert refused.text.startswith("Please call the telephone number on your card now. / Llame ahora")
        assert refused.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
    def test_another_kind_of_content(self, door, kind):
        refused = door.client.post("/", data=b"number=4820917&pin=553018", content_type=kind)
        assert (refused.status_code, refused.data) == (415, b"")
        assert door.all_visits() == []

    def test_more_than_2_kilobytes(self, door):
        refused = door.client.post("/", data="number=" + "1" * 2_048, content_type=FORM)
        assert (refused.status_code, refused.data) == (413, b"")
        refused = door.client.post("/", data="number=" + "1" * 1_000_000, content_type=FORM)
        assert refused.status_code == 413
        assert door.all_visits() == []

    def test_a_length_that_is_none(self, door):
        for length in ("-1", "x", "1" * 400, ""):
            builder = EnvironBuilder(method="POST", path="/", data="number=1", content_type=FORM)
            environ = builder.get_environ() | {"CONTENT_LENGTH": length}
            _, status, _ = run_wsgi_app(door.page, environ)
            assert status.startswith(("200", "413"))


class TestAnotherSite:
    """CSRF: nobody's browser checks in for them because they look at another page."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "CROSS"},
            {"Sec-Fetch-Site": ""},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
            {"Origin": "https://evil.example"},
            {"Origin": "http://localhost.evil.example"},
            {"Origin": "http://localhost@evil.example"},
            {"Origin": "null"},
            {"Origin": ""},
            {"Origin": "http://["},
            {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"},
        ],
    )
    def test_is_refused_without_a_word(self, door, headers):
        refused = door.check_in(YES, headers=headers)
        assert (refused.status_code, refused.data) == (403, b"")
        assert door.all_visits() == []

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "http://localhost"},
            {"Origin": "HTTP://LOCALHOST"},
            {"Origin": "https://checkin.example.org"},  # as the page is seen from outside
        ],
    )
    def test_the_pages_own_form_is_taken(self, door, headers):
        public = "https://checkin.example.org"
        door.fill(filling(place=PagePlace(1, "", "HH", "555-0100", "America/Los_Angeles", public_url=public)))
        assert ANSWER in said(door.check_in(YES, headers=headers))

    def test_a_browser_says_where_the_form_is_even_if_it_is_an_old_one(self, door):
        """With `no-referrer` it would send `Origin: null` for the page's own form, and be refused."""
        assert door.get().headers["Referrer-Policy"] == "same-origin"


class TestHost:
    @pytest.mark.parametrize("host", ["evil.example", "evil.example:99", "[::1]", "", "a b", "x" * 300, "é.example"])
    def test_nothing_is_built_from_it(self, door, host):
        page = door.client.get("/", headers={"Host": host})
        assert page.data == door.get("/").data
        assert "evil" not in str(page.headers)


class TestTheSameManyTimes:
    def test_50_at_once_are_50_visits_and_one_receipt(self, door):
        with ThreadPoolExecutor(50) as pool:
            pages = list(pool.map(lambda _: door.check_in(YES), range(50)))
        assert {page.status_code for page in pages} == {200}
        visits = door.all_visits()
        assert len(visits) == 50
        assert len({one.receipt for one in visits}) == 1
        assert ANSWER in said(door.check_in(YES))  # right ones are never too many

    def test_a_request_that_is_sent_again_leaves_the_same_receipt(self, door):
        """Replay: whoever has seen a request knows number and PIN, and learns by it what they can ask for anyhow."""
        first, second = door.check_in(YES), door.at("06:00").check_in(YES)
        assert door.all_visits()[0].receipt == door.all_visits()[1].receipt
        assert first.headers.get("Set-Cookie") is None
        assert len(second.data) == len(first.data)


BITS = ("number", "pin", "=", "&", "%", "%00", "%ff", "\0", "é", "😀", number_of(YES), pin_of(YES), "1" * 300, "+", ";")
PATHS = ("/", "/es", "/style.css", "/alive", "/hh", "/%00", "/é", "//", "/es/", "/../", "*", "")
METHODS = ("GET", "POST", "POST", "POST", "HEAD", "PUT", "TRACE", "POST ", "\0")
KINDS = (FORM, FORM, FORM, f"{FORM}; charset=utf-7", "multipart/form-data; boundary=a", "text/\0", "application/json")
HEADERS = {
    "HTTP_HOST": ("localhost", "", "\0", "evil.example", "[", "a:b:c"),
    "HTTP_ORIGIN": ("http://localhost", "null", "http://[", "\0", "é"),
    "HTTP_SEC_FETCH_SITE": ("same-origin", "none", "cross-site", "\0"),
    "HTTP_COOKIE": ("__Host-device=a.b", "__Host-device=" + "f" * 16 + "." + "0" * 32, "=;=", "\0" * 40, "é=é"),
    "HTTP_X_FORWARDED_FOR": ("1.2.3.4", "::1, x", "é", ",,,", "1" * 500, "\0"),
    "HTTP_X_FORWARDED_PROTO": ("https", "http", "\0", "https,http"),
    "HTTP_TRANSFER_ENCODING": ("chunked", "gzip"),
    "CONTENT_LENGTH": ("0", "-1", "9" * 30, "x", "12", ""),
    "REMOTE_ADDR": ("203.0.113.9", "::1", "2001:db8::1", "", "é", "fe80::1%eth0", "::ffff:1.2.3.4"),
    "wsgi.url_scheme": ("http", "https", "\0"),
    "QUERY_STRING": ("number=1", "%", "\0", "a" * 2_000),
}


def fuzzed(chance: random.Random) -> dict[str, object]:
    """A request of parts that browsers, and those who are none, send."""
    from io import BytesIO

    body = "".join(chance.choices(BITS, k=chance.randrange(12))).encode()
    if chance.random() < 0.5:
        body = f"number={number_of(chance.randrange(1, 400))}&pin={pin_of(chance.randrange(1, 5))}".encode()
    if chance.random() < 0.05:
        body = chance.randbytes(chance.randrange(3_000))
    environ = EnvironBuilder(path="/").get_environ()
    environ |= {
        "REQUEST_METHOD": chance.choice(METHODS),
        "PATH_INFO": chance.choice(PATHS).encode().decode("latin-1"),
        "CONTENT_TYPE": chance.choice(KINDS),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        "REMOTE_ADDR": chance.choice((f"203.0.{chance.randrange(256)}.1", "127.0.0.1")),
        "HTTP_X_FORWARDED_FOR": f"198.51.{chance.randrange(256)}.1",
    }
    for name, values in HEADERS.items():
        if chance.random() < 0.15:
            environ[name] = chance.choice(values).encode().decode("latin-1")
    return environ


@pytest.mark.parametrize("behind_proxy", [False, True])
def test_10_000_requests_of_any_kind_break_nothing_and_nothing_is_uncounted(tmp_path, behind_proxy):
    """No status of an error of ours, no traceback, and for each request one count; each visit's row is a POST's."""
    door = FrontDoor(tmp_path / "clinic.db.web", behind_proxy=behind_proxy)
    door.fill()
    chance = random.Random(16 + behind_proxy)
    app = door.client.application
    before, statuses, looked_at, sent = door.counted(), set(), 0, 5_000
    for _ in range(sent):
        environ = fuzzed(chance)
        chunks, status, headers = run_wsgi_app(app, environ)
        body = b"".join(chunks)
        number = int(status.split()[0])
        statuses.add(number)
        assert number < 500
        assert b"Traceback" not in body
        assert headers["Content-Length"] == str(len(body))
        assert number in (200, 404, 429) or not body
        is_page = environ["REQUEST_METHOD"] == "POST" and number == 200 and body.startswith(b"<!doctype")
        looked_at += is_page and b"We cannot take this now." not in body and b"No podemos atenderle" not in body
    assert statuses >= {200, 403, 404, 405, 413, 415}
    door.pulse.beat()
    after = door.counted()
    assert sum(one.outcome is not CheckInOutcome.BLOCKED for one in door.all_visits()) == looked_at > 150
    assert sum(beat.served for beat in door.file.beats_between(0, 1 << 40).values()) == sent
    for table in ("place", "day", "holder", "answer", "here", "about"):
        assert after[table] == before[table]
    door.close()
