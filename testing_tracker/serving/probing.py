"""Looks at the check-in page as a participant's telephone does: by its address, with its certificate verified."""

import http.client
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import SplitResult, urlsplit

from testing_tracker.rules.serving.alive import asked_of
from testing_tracker.serving.asking import NotReachedError, in_time

SECONDS_TO_ANSWER = 5.0  # in all
ALIVE = "/alive"


def look_at(
    public_url: str,
    seconds: float = SECONDS_TO_ANSWER,
    *,
    trusted: Callable[[], ssl.SSLContext] = ssl.create_default_context,
) -> datetime | None:
    """Ask the page whether it is there; returns when its certificate ends, None where that is not said.

    Raises NotReachedError, which says why; that is the page not reached.
    """
    return in_time(partial(_looked_at, urlsplit(f"{public_url.rstrip('/')}{ALIVE}"), seconds, trusted), seconds)


def _looked_at(url: SplitResult, seconds: float, trusted: Callable[[], ssl.SSLContext]) -> datetime | None:
    connection = http.client.HTTPSConnection(url.hostname or "", url.port, timeout=seconds, context=trusted())
    try:
        connection.connect()
        ends = _end_of(connection)
        connection.request("GET", asked_of(url), headers={"User-Agent": "testing-tracker"})
        with connection.getresponse() as answer:
            status = answer.status
    finally:
        connection.close()
    if status != http.client.OK:
        raise NotReachedError(f"it answered with {status}")
    return ends


def _end_of(connection: http.client.HTTPSConnection) -> datetime | None:
    assert isinstance(connection.sock, ssl.SSLSocket), "it speaks TLS"
    ends = (connection.sock.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None
