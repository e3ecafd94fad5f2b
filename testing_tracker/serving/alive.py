"""Tells a dead man's switch that a night or a verification is over, and how it ended; never anything about people."""

import ssl

from testing_tracker.rules.serving.alive import parts_of
from testing_tracker.rules.serving.delivery_file import Alive
from testing_tracker.serving.asking import NotReachedError, UntrustedError, posted

SECONDS_TO_ANSWER = 10.0  # in all


def ping(alive: Alive, status: int, seconds: float = SECONDS_TO_ANSWER) -> None:
    """Tell the switch an exit status; returns when it has answered that it has it. Raises NotReachedError."""

    def trusted() -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=alive.ca_file)
        except OSError:
            raise NotReachedError("the file of alive.ca_file cannot be read, or holds no certificates") from None

    url, said = parts_of(alive.url, failed=status != 0), f"exit status {status}\n".encode()
    try:
        posted(url, said, "text/plain; charset=utf-8", seconds, trusted=trusted)
    except UntrustedError as error:
        raise NotReachedError(f"{error}; alive.ca_file names a clinic's own authority") from None
