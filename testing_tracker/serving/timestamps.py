"""Time stamps of witness lines (RFC 3161): somebody outside signs that a line was there at a moment.

They need the extra `testing-tracker[timestamps]`. What is sent is the digest of a line, which says nothing of anybody.
"""

from base64 import b64encode
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.witness import Stamp, Witness
from testing_tracker.store.given_files import MOST_OF_A_KEY, content_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate

SECONDS_TO_ANSWER = 30
EXTRA = "pip install 'testing-tracker[timestamps]'"
_QUERY = "application/timestamp-query"
_MOST = 100_000  # bytes of an answer, with its certificates


class NotStampedError(TestingTrackerError):
    """Says why there is no time stamp, or why it does not hold."""


def stamp(line: Witness, url: str, authorities: Path, seconds: float = SECONDS_TO_ANSWER) -> Stamp:
    """A time stamp of a line, which holds by the certificates in a file. Raises NotStampedError."""
    from urllib.parse import urlsplit

    from testing_tracker.serving.asking import NotReachedError, posted

    library = _library()
    asked = library.TimestampRequestBuilder(str(line).encode(), library.HashAlgorithm.SHA256).build()
    try:
        content = posted(urlsplit(url), asked.as_bytes(), _QUERY, seconds, most=_MOST)
    except NotReachedError as error:
        raise NotStampedError(f"the time stamp authority gave no answer: {error}") from None
    if len(content) > _MOST:
        raise NotStampedError("the time stamp authority's answer is too long")
    found = Stamp(line.page, b64encode(content).decode())
    _check(line, found, _certificates(authorities), asked)
    return found


def stamped_at(line: Witness, found: Stamp, authorities: Path) -> datetime:
    """When a line was there (UTC), by a time stamp of it. Raises NotStampedError where that does not hold."""
    return _check(line, found, _certificates(authorities))


def _check(line: Witness, found: Stamp, authorities: "Sequence[Certificate]", asked: Any = None) -> datetime:  # noqa: ANN401
    library = _library()
    builder = library.VerifierBuilder.from_request(asked) if asked is not None else library.VerifierBuilder()
    try:
        for one in authorities:
            builder = builder.add_root_certificate(one)
        answer = library.decode_timestamp_response(found.content)
        builder.build().verify_message(answer, str(line).encode())
        moment = answer.tst_info.gen_time
    except Exception as error:  # the library's own, and those of cryptography
        raise NotStampedError(f"the time stamp of page {line.page} does not hold ({_in_short(error)})") from None
    assert isinstance(moment, datetime)
    return moment


def _certificates(file: Path) -> "list[Certificate]":
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return list(dict.fromkeys(load_pem_x509_certificates(content_of(file, MOST_OF_A_KEY))))
    except OSError as error:
        raise NotStampedError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise NotStampedError(f"{file} has no certificates (PEM)") from None


def _library() -> Any:  # noqa: ANN401  it may be missing
    try:
        import rfc3161_client
    except ImportError:
        raise NotStampedError(f"time stamps need the extra: {EXTRA}") from None
    return rfc3161_client


def _in_short(error: Exception) -> str:
    """What a library says, in a line of a message."""
    return " ".join(str(error).split())[:120] or type(error).__name__
