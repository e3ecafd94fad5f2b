"""`/line`: check-in for a telephone exchange of the facility's own, such as Asterisk, on a listener of its own.

Only this machine reaches it. The exchange plays the recordings and reads the digits; here it learns in one word what to
play, and the receipt on a second line.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from testing_tracker.rules.check_in.answers import CheckedInBy
from testing_tracker.web.file import PageFile
from testing_tracker.web.filling import PagePlace
from testing_tracker.web.pages import PageKind
from testing_tracker.web.pulse import Pulse
from testing_tracker.web.visits import AsksPage, Visits, places_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_BYTES = 2_048
_CALL = "call"  # a person: there is no answer here
_WORDS = {
    PageKind.COME: "come",
    PageKind.STAY: "stay",
    PageKind.DONE: "done",
    PageKind.WRONG: "wrong",
    PageKind.DIGIT: "wrong",
    PageKind.PIN_DIGITS: "wrong",
    PageKind.EARLY: "early",
    PageKind.OVER: "over",
}


class ExchangeLine:
    """The application. Fields of the form: `number`, `pin`, and, if the exchange knows it, the `caller`'s number."""

    def __init__(self, file: PageFile, visits: Visits, pulse: Pulse) -> None:
        self._file = file
        self._visits = visits
        self._pulse = pulse

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            response = self._reply(Request(environ))
        except HTTPException as error:  # of the form's reader
            response = _said(_CALL, status=error.code or 400)
        except Exception as error:  # whatever it is, somebody listens and has to be told to call
            self._pulse.count(failed=type(error).__name__)
            response = _said(_CALL)
        return response(environ, start_response)

    def _reply(self, request: Request) -> Response:
        if request.method != "POST":
            return _said(_CALL, status=405)
        if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers:  # a browser on this machine
            return _said(_CALL, status=403)
        if (request.content_length or 0) > MOST_BYTES:
            return _said(_CALL, status=413)
        request.max_content_length = MOST_BYTES
        place = self._place(request.path)
        if place is None:
            return _said(_CALL, status=404)
        form = request.form
        caller = f"telephone {form.get('caller', '')}"
        came = self._visits.check_in(
            AsksPage(place, form.get("number", ""), form.get("pin", ""), caller, channel=CheckedInBy.PHONE)
        )
        self._pulse.count(busy=came.is_full)
        return _said(_WORDS.get(came.kind, _CALL), came.receipt)

    def _place(self, path: str) -> PagePlace | None:
        """Whose line a path is: `/line`, or `/hh/line` where several facilities share the page."""
        with self._file.reading() as database:
            places = places_in(database)
        word, _, last = path.strip("/").rpartition("/")
        if last != "line":
            return None
        found = next((one for one in places if one.path == word), None)
        return places[0] if found is None and not word and len(places) == 1 else found


def _said(word: str, receipt: str | None = None, status: int = 200) -> Response:
    text = f"{word}\n{receipt}\n" if receipt else f"{word}\n"
    return Response(text, status, {"Cache-Control": "no-store"}, content_type="text/plain; charset=utf-8")
