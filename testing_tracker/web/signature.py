"""Whether a request comes from the telephone vendor who has the token, as Twilio and SignalWire sign what they send.

Read in the vendors' published checks: over the whole address, with its query, and then each field's name and value,
sorted, HMAC-SHA1 in base64; SignalWire also signs the address and the body as it was sent, in hexadecimal.
"""

import base64
import hmac
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

HEADERS = ("X-Twilio-Signature", "X-SignalWire-Signature")
_PORTS = {"https": 443, "http": 80}

Fields = Mapping[str, Sequence[str]]
"""The fields of a form, each with all its values."""


def signed(token: str, url: str, fields: Fields) -> str:
    """The signature of a form that is sent to an address."""
    said = "".join(f"{name}{value}" for name in sorted(fields) for value in sorted(set(fields[name])))
    return base64.b64encode(hmac.digest(token.encode(), f"{url}{said}".encode(), "sha1")).decode()


def signed_as_sent(token: str, url: str, body: bytes) -> str:
    """The signature of a body, as it was sent, to an address."""
    return hmac.digest(token.encode(), url.encode() + body, "sha1").hex()


def is_signed(token: str, url: str, fields: Fields, body: bytes, given: str) -> bool:
    """Whether a signature is the vendor's. Some name the port of an address that has none."""
    if not token:
        return False
    made = [one for each in _as_named(url) for one in (signed(token, each, fields), signed_as_sent(token, each, body))]
    return any(hmac.compare_digest(one.encode(), given.encode()) for one in made)


def _as_named(url: str) -> Iterator[str]:
    yield url
    parts = urlsplit(url)
    if parts.port is None and parts.scheme in _PORTS:
        yield parts._replace(netloc=f"{parts.netloc}:{_PORTS[parts.scheme]}").geturl()
