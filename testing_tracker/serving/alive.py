"""Tells a dead man's switch that a night or a verification is over, and how it ended; never anything about people."""

import http.client
import ssl
from threading import Thread

from testing_tracker.rules.serving.alive import asked_of, parts_of
from testing_tracker.rules.serving.delivery_file import Alive

SECONDS_TO_ANSWER = 10.0  # in all


class NotReachedError(Exception):
    """The switch has not taken what it was told; says why without its address."""


def ping(alive: Alive, status: int, seconds: float = SECONDS_TO_ANSWER) -> None:
    """Tell the switch an exit status; returns when it has answered that it has it. Raises NotReachedError.

    A name that nobody answers for, or a server that answers a byte at a time, is not waited for either.
    """
    ended: list[str | None] = []

    def ask() -> None:
        try:
            ended.append(_why_not_taken(alive, status, seconds))
        except Exception as error:
            ended.append(_why_not_reached(error))

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    why = ended[0] if ended else "it did not answer in time"
    if why is not None:
        raise NotReachedError(why)


def _why_not_taken(alive: Alive, status: int, seconds: float) -> str | None:
    parts = parts_of(alive.url, failed=status != 0)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        try:
            context = ssl.create_default_context(cafile=alive.ca_file)
        except OSError:
            return "the file of alive.ca_file cannot be read, or holds no certificates"
        connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
    try:
        said = f"exit status {status}\n".encode()
        headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "testing-tracker"}
        connection.request("POST", asked_of(parts), body=said, headers=headers)
        answer = connection.getresponse().status
    finally:
        connection.close()
    if 200 <= answer < 300:
        return None
    if 300 <= answer < 400:
        return f"it leads elsewhere ({answer}), where it is not followed; alive.url has to be the address that answers"
    return f"it answered with an error ({answer})"


def _why_not_reached(error: Exception) -> str:
    import socket

    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not one to be trusted here; alive.ca_file names a clinic's own authority"
    if isinstance(error, ssl.SSLError):
        return "no TLS with it"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, socket.gaierror):
        return "its name was not found"
    if isinstance(error, OSError):
        return f"no connection with it ({(error.strerror or type(error).__name__).lower()})"
    return f"it does not speak as expected ({type(error).__name__})"
