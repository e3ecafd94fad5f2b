"""The key of an encrypted database's file, and how it is written down."""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.encryption.beginning import BEGINNING_BYTES, MARK

KEY_BYTES = 32
_UP_TO = 10  # from here on a beginning has what the key gives of it


@dataclass(frozen=True)
class EncryptionKey:
    """256 bits from chance; what shows it is asked for by name."""

    secret: bytes = field(repr=False)

    def new_beginning(self) -> bytes:
        """How a new file of this key begins."""
        start = MARK + chance.new_mark(_UP_TO - len(MARK))
        return start + self._given_of(start)

    def fits(self, beginning: bytes) -> bool:
        """Whether a file that begins so was encrypted with this key."""
        return hmac.compare_digest(self._given_of(beginning[:_UP_TO]), beginning[_UP_TO:])

    def _given_of(self, start: bytes) -> bytes:
        said = hmac.new(self.secret, b"testing_tracker " + start, sha256)
        return said.digest()[: BEGINNING_BYTES - _UP_TO]

    def in_writing(self) -> str:
        """The key as a line that can be kept, on paper too."""
        return f"{self.secret.hex()} {_shows_slips(self.secret)}"


def new_key() -> EncryptionKey:
    """A key from chance."""
    return EncryptionKey(chance.new_encryption_key())


def read_key(text: str, where: str) -> EncryptionKey:
    """The key in a text; lines that begin with `#` are for people. Raises TestingTrackerError, which quotes nothing."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        [[written, slips]] = lines
        secret = bytes.fromhex(written)
    except ValueError:
        secret, slips = b"", ""
    if len(secret) != KEY_BYTES:
        raise TestingTrackerError(
            f"{where} holds no encryption key. Bring it back from your copy. Nothing was changed."
        )
    if slips.lower() != _shows_slips(secret):
        raise TestingTrackerError(
            f"The encryption key in {where} is damaged: it is not as it was written. Bring it back from your copy. "
            "Nothing was changed."
        )
    return EncryptionKey(secret)


def _shows_slips(secret: bytes) -> str:
    return sha256(b"testing_tracker slips " + secret).hexdigest()[:8]
