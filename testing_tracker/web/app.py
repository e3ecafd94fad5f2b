"""The page's answers to requests, as a plain WSGI application: what is asked, what is refused, and which page comes.

Nothing is built from the `Host` of a request, nothing redirects, and nothing of a request is logged.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Request

from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.web import guard
from testing_tracker.web.file import PageFile
from testing_tracker.web.filling import PagePlace
from testing_tracker.web.pages import GUARDING, PAGE_BYTES, PageKind, headers, render, style
from testing_tracker.web.pulse import Pulse
from testing_tracker.web.shown import page_at, page_of
from testing_tracker.web.visits import AsksPage, Came, DaysShown, Visits, days_at, places_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_BYTES = 2_048  # of a form of two fields
COOKIE = "__Host-device"  # browsers take one so called from a whole host and over https alone
_COOKIE_SECONDS = 90 * 24 * 60 * 60
_FORM = "application/x-www-form-urlencoded"
_LAST_RESORT = (
    "Please call the telephone number on your card now. / Llame ahora al número de teléfono de su tarjeta.".encode()
)


@dataclass(frozen=True)
class Reply:
    """What is sent back."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = GUARDING


class _Refused(Exception):
    """A request that no browser sends for this page. It gets a status, and no text."""

    def __init__(self, status: int, *extra: tuple[str, str]) -> None:
        super().__init__(status)
        self.reply = Reply(status, headers=(*GUARDING, *extra))


class _NoSuchPageError(_Refused):
    """An address at which nobody's page is. Who comes by a card of before it was another one is told to call."""

    def __init__(self) -> None:
        super().__init__(404)
        self.reply = _last_resort(404)


def _last_resort(status: int) -> Reply:
    """What is said where no page can be shown, in plain words."""
    plain = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), *GUARDING)
    return Reply(status, _LAST_RESORT.ljust(PAGE_BYTES), plain)


class CheckInPage:
    """The application. `beside` are others that answer at a path and below it, such as the telephone's."""

    def __init__(
        self,
        file: PageFile,
        visits: Visits,
        pulse: Pulse,
        now: Callable[[], datetime],
        beside: "Mapping[str, WSGIApplication] | None" = None,
    ) -> None:
        self._file = file
        self._visits = visits
        self._pulse = pulse
        self._now = now
        self._beside = beside or {}
        self._places: list[PagePlace] = []  # as they were read last; for when they cannot be

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        for prefix, other in self._beside.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return other(environ, start_response)
        reply = self._reply(Request(environ))
        start_response(
            f"{reply.status} {_REASONS[reply.status]}", [*reply.headers, ("Content-Length", str(len(reply.body)))]
        )
        return [reply.body]

    def _reply(self, request: Request) -> Reply:
        """What is sent back, whatever happens; and the minute's count of it."""
        try:
            reply, is_busy = self._answer(request)
        except _Refused as refused:
            reply, is_busy = refused.reply, False
        except RequestEntityTooLarge:
            reply, is_busy = Reply(413), False
        except HTTPException:
            reply, is_busy = Reply(400), False
        except Exception as error:  # whatever it is, somebody stands there and has to be told to call
            self._pulse.count(failed=type(error).__name__)
            return self._at_fault(request)
        self._pulse.count(busy=is_busy)
        return reply

    def _answer(self, request: Request) -> tuple[Reply, bool]:
        """The reply, and whether it is that there is no room."""
        path = request.path.rstrip("/") or "/"
        if request.method not in ("GET", "POST") or (path in ("/style.css", "/alive") and request.method != "GET"):
            raise _Refused(405, ("Allow", "GET" if path in ("/style.css", "/alive") else "GET, POST"))
        if path == "/style.css":
            css = (("Content-Type", "text/css; charset=utf-8"), ("Cache-Control", "max-age=3600"), *GUARDING)
            return Reply(200, style(), css), False
        if path == "/alive":
            return self._alive(), False
        self._read_places()
        place, language = self._asked_for(path)
        if request.method == "GET":
            return self._form(request, place, language), False
        _check(request, place)
        number, pin = request.form.get("number", ""), request.form.get("pin", "")
        if place is None:
            return self._page(request, PageKind.UNKNOWN_UNRECORDED, None, language), False
        given = request.cookies.get(COOKIE, "")
        cookie = given if guard.is_cookie(given) else None
        came = self._visits.check_in(AsksPage(place, number, pin, request.remote_addr or "", cookie))
        return self._came(request, came, place, language, cookie, number), came.is_full

    def _alive(self) -> Reply:
        """That the process answers and its file can be read; asked for from outside, each minute."""
        with self._file.reading() as database:
            database.execute("SELECT value FROM about WHERE key = 'file'").fetchone()
        plain = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), *GUARDING)
        return Reply(200, b"alive\n", plain)

    def _read_places(self) -> None:
        with self._file.reading() as database:
            self._places = places_in(database)

    def _asked_for(self, path: str) -> tuple[PagePlace | None, Language]:
        """Whose page a path is, and in which language. A page alone is at `/` too; before any is known, so is none."""
        language = Language.SPANISH if path == "/es" or path.endswith("/es") else Language.ENGLISH
        word = path.removesuffix("/es").strip("/")
        place = next((one for one in self._places if one.path == word), None)
        if place is None and word == "" and len(self._places) == 1:
            place = self._places[0]
        if place is None and (word or self._places):
            raise _NoSuchPageError
        if place is not None and language not in place.languages:
            if path.endswith("/es"):
                raise _NoSuchPageError
            language = place.languages[0]
        return place, language

    def _form(self, request: Request, place: PagePlace | None, language: Language) -> Reply:
        days = None
        if place is not None:
            with self._file.reading() as database:
                days = days_at(database, place, self._now())
        return self._page(request, PageKind.FORM, place, language, days)

    def _came(
        self, request: Request, came: Came, place: PagePlace, language: Language, cookie: str | None, number: str
    ) -> Reply:
        """The page of an attempt. Over https each has a cookie of one length; only a right PIN's lets anybody in."""
        status = 200 if came.kind is not PageKind.BUSY else 503 if came.is_full else 429
        page = page_of(came, language, place, number)
        return Reply(status, render(page), (*headers(request.is_secure), *self._cookie(request, came, cookie)))

    def _cookie(self, request: Request, came: Came, given: str | None) -> list[tuple[str, str]]:
        if not request.is_secure:
            return []
        secret, cookie = self._file.secret, given or guard.cookie_of_nobody()
        if came.holder is not None and not guard.is_own(secret, came.holder, cookie):
            cookie = guard.new_cookie(secret, came.holder)
        about = f"Max-Age={_COOKIE_SECONDS}; Path=/; Secure; HttpOnly; SameSite=Strict"
        return [("Set-Cookie", f"{COOKIE}={cookie}; {about}")]

    def _page(
        self,
        request: Request,
        kind: PageKind,
        place: PagePlace | None,
        language: Language,
        days: DaysShown | None = None,
        status: int = 200,
    ) -> Reply:
        page = page_at(kind, language, self._now(), place, days)
        return Reply(status, render(page), tuple(headers(request.is_secure)))

    def _at_fault(self, request: Request) -> Reply:
        """The page that says to call, and promises nothing of a record; in plain words where even that cannot be."""
        try:
            try:
                place, language = self._asked_for(request.path.rstrip("/") or "/")
            except _Refused:
                place, language = None, Language.ENGLISH
            return self._page(request, PageKind.UNKNOWN_UNRECORDED, place, language, status=500)
        except Exception:
            return _last_resort(500)


def _check(request: Request, place: PagePlace | None) -> None:
    """Refuse a POST that is none of this page's form."""
    if (request.content_length or 0) > MOST_BYTES:
        raise _Refused(413)
    if request.mimetype != _FORM:
        raise _Refused(415)
    if not _is_from_here(request, place):
        raise _Refused(403)
    request.max_content_length = MOST_BYTES


def _is_from_here(request: Request, place: PagePlace | None) -> bool:
    """Whether a form was sent by this page. A browser says so; one that does not is no browser, and rides on nobody."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    here = {request.headers.get("Host", "").casefold()}
    if place is not None and place.public_url:
        here.add(urlsplit(place.public_url).netloc.casefold())
    try:
        return urlsplit(origin).netloc.casefold() in here - {""}
    except ValueError:
        return False


_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
