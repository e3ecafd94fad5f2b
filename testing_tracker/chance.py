"""The one door to randomness: whether a participant is drawn on a day."""

import secrets
from fractions import Fraction


def is_drawn(chance: Fraction) -> bool:
    """True with exactly the given chance, from the operating system's cryptographic generator."""
    return secrets.randbelow(chance.denominator) < chance.numerator
