"""The one door to randomness. What is drawn on a day follows from a seed that was taken here once."""

import secrets

from testing_tracker.rules.drawing.day_secrets import SEED_BYTES


def new_seed() -> bytes:
    """The secret that a facility's draws come from, from the operating system's cryptographic generator."""
    return secrets.token_bytes(SEED_BYTES)


def new_encryption_key() -> bytes:
    """The 256 bits that a database's file is encrypted with."""
    return secrets.token_bytes(32)


def new_page_secret() -> bytes:
    """What the page's file makes hashes of addresses and numbers with, so that nobody else can tell whose they are."""
    return secrets.token_bytes(32)


def new_mark(length: int) -> bytes:
    """So many bytes, which are no secret, that no two files share."""
    return secrets.token_bytes(length)


def salt_of(name: str | None) -> str | None:
    """What a name's digest is made with, another one each time, in hexadecimal; None of no name."""
    return None if name is None else new_mark(16).hex()


def below(limit: int) -> int:
    """A whole number from 0 to below a limit, each as likely: of check-in numbers and PINs."""
    return secrets.randbelow(limit)
