"""The address of a dead man's switch: what it may be, and how it is told by it that something failed.

The convention is that of healthchecks (https://healthchecks.io/docs/http_api/): a request to the address says that all
went well, one to the address with `/fail` at the end of its path that it did not, and none in time that the machine is
down.
"""

from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

WANTED_URL = (
    'an https address in quotes, such as "https://hc-ping.com/your-uuid-here"; http only to this machine itself'
)
_MOST_CHARACTERS = 1_000
_ITSELF = ("localhost", "127.0.0.1", "::1")


def read_url(value: Any) -> str:  # noqa: ANN401
    """The address as it was given. Raises ValueError for another than https, but for http to this machine."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError
    parts = urlsplit(value)
    is_plain_here = parts.scheme == "http" and parts.hostname in _ITSELF
    if not (parts.scheme == "https" or is_plain_here) or not parts.hostname or len(value) > _MOST_CHARACTERS:
        raise ValueError
    if parts.username is not None or parts.fragment or parts.port == 0:
        raise ValueError
    return value


def parts_of(url: str, *, failed: bool) -> SplitResult:
    """The parts of the address to ask; where something failed, with `/fail` after its path and before its question."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/fail") if failed else parts


def asked_of(parts: SplitResult) -> str:
    """What is asked of the host: path and question."""
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))
