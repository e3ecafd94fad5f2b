"""What a PIN is checked against: Argon2id, so that whoever gets at a file has to pay for each guess.

Six digits resist no search whatever the hash; it only makes one dear. They protect one bit of one day.
"""

import hmac

SALT_BYTES, VERIFIER_BYTES = 16, 32

# OWASP, Password Storage Cheat Sheet (read 2026-11): Argon2id with 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1

STAND_IN_SALT = bytes(SALT_BYTES)
"""The salt for numbers of nobody, so that they take as long as any other."""


def verifier_of(pin: str, salt: bytes) -> bytes:
    """What a PIN leaves behind, for one salt; about 30 ms of computing and 19 MiB."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # dear to import, and few commands hash

    hashed = Argon2id(salt=salt, length=VERIFIER_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return hashed.derive(pin.encode())


def fits(pin: str, salt: bytes, verifier: bytes) -> bool:
    """Whether a PIN is the one that a verifier was made of; takes as long for each answer."""
    return hmac.compare_digest(verifier_of(pin, salt), verifier)
