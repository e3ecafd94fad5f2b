"""A look at the page from outside: by its address, with its certificate verified, and not for long."""

import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from testing_tracker.serving.asking import NotReachedError
from testing_tracker.serving.probing import look_at


class Page(BaseHTTPRequestHandler):
    """Answers as the page does, or as it should not."""

    status = 200

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def page(certificates, status: int = 200):
    """A page that speaks TLS, by its address."""
    server = HTTPServer(("127.0.0.1", 0), type("Answers", (Page,), {"status": status}))
    server.asked = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server, f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def trusted(certificates):
    return partial(ssl.create_default_context, cafile=str(certificates / "ca.pem"))


def test_a_page_that_is_there_tells_when_its_certificate_ends(certificates, trusted):
    with page(certificates) as (server, url):
        ends = look_at(url, trusted=trusted)
    assert server.asked == ["/alive"]
    assert ends is not None
    assert ends > datetime.now(UTC)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_certificate_that_is_not_to_be_trusted_is_a_page_not_reached(certificates):
    with page(certificates) as (server, url), pytest.raises(NotReachedError, match="certificate"):
        look_at(url)
    assert server.asked == []


@pytest.mark.parametrize("status", [302, 404, 500, 503])
def test_another_answer_is_a_page_not_reached(certificates, trusted, status):
    with page(certificates, status) as (_, url), pytest.raises(NotReachedError, match=str(status)):
        look_at(url, trusted=trusted)


def test_nobody_there(trusted):
    with pytest.raises(NotReachedError):
        look_at("https://localhost:1", trusted=trusted)
