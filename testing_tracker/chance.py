"""The one door to randomness. What is drawn on a day follows from a seed that was taken here once."""

import secrets

from testing_tracker.rules.drawing.day_secrets import SEED_BYTES


def new_seed() -> bytes:
    """The secret that a facility's draws come from, from the operating system's cryptographic generator."""
    return secrets.token_bytes(SEED_BYTES)
