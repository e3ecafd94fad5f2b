"""Asks a web server something, within a time: the one door by which the program opens such a connection."""

import http.client
import ssl
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import TypeVar
from urllib.parse import SplitResult

from testing_tracker.rules.serving.alive import asked_of

_Answer = TypeVar("_Answer")


class NotReachedError(Exception):
    """The server has not taken what it was sent; says why without its address, and in no words of its own."""


class UntrustedError(NotReachedError):
    """The server's certificate is not one to be trusted here."""


def posted(
    url: SplitResult,
    content: bytes,
    kind: str,
    seconds: float,
    *,
    trusted: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    most: int = 0,
) -> bytes:
    """What a server answers to a POST of a `kind` of content, `most` bytes and one of it. Raises NotReachedError.

    A name that nobody answers for, or a server that answers a byte at a time, is not waited for either. `trusted`
    says whose certificates are, and is asked within that time too. Nothing is followed to where it leads.
    """
    return in_time(partial(_posted, url, content, kind, seconds, trusted, most), seconds)


def in_time(ask: Callable[[], _Answer], seconds: float) -> _Answer:
    """What is answered, if it is in time. Raises NotReachedError for whatever goes wrong."""
    answered: list[_Answer] = []
    failed: list[NotReachedError] = []

    def asked() -> None:
        try:
            answered.append(ask())
        except NotReachedError as error:
            failed.append(error)
        except Exception as error:
            failed.append(_why_not_reached(error))

    asking = Thread(target=asked, daemon=True)
    asking.start()
    asking.join(seconds)
    if answered:
        return answered[0]
    raise failed[0] if failed else NotReachedError("it did not answer in time")


def _posted(
    url: SplitResult, content: bytes, kind: str, seconds: float, trusted: Callable[[], ssl.SSLContext], most: int
) -> bytes:
    host, port = url.hostname or "", url.port
    connection = (
        http.client.HTTPSConnection(host, port, timeout=seconds, context=trusted())
        if url.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=seconds)
    )
    try:
        connection.request("POST", asked_of(url), content, {"Content-Type": kind, "User-Agent": "testing-tracker"})
        with connection.getresponse() as answer:
            status, answered = answer.status, answer.read(most + 1) if most else b""
    finally:
        connection.close()
    if 200 <= status < 300:
        return answered
    if 300 <= status < 400:
        raise NotReachedError(f"it leads elsewhere ({status}), where it is not followed; give the address that answers")
    raise NotReachedError(f"it answered with an error ({status})")


def _why_not_reached(error: Exception) -> NotReachedError:
    import socket

    if isinstance(error, ssl.SSLCertVerificationError):
        return UntrustedError("its certificate is not one to be trusted here")
    if isinstance(error, ssl.SSLError):
        return NotReachedError("no TLS with it")
    if isinstance(error, TimeoutError):
        return NotReachedError("it did not answer in time")
    if isinstance(error, socket.gaierror):
        return NotReachedError("its name was not found")
    if isinstance(error, OSError):
        return NotReachedError(f"no connection with it ({(error.strerror or type(error).__name__).lower()})")
    return NotReachedError(f"it does not speak as expected ({type(error).__name__})")
