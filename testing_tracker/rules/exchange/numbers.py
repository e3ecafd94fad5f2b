"""The one door for numbers as people and files write them: none is so large that reading it takes time."""

import re
from fractions import Fraction

_ID = re.compile(r"[0-9]{1,18}")
_CHANCE = re.compile(r"[0-9]{1,400}(?:/[0-9]{1,400}|\.[0-9]{1,400})?")


def is_id(text: str) -> bool:
    """Whether a text can be the number of something on record."""
    return _ID.fullmatch(text) is not None


def read_chance(text: object) -> Fraction:
    """An exact chance, such as `2/7`. Raises ValueError for what is none, and for one beyond 0 and 1."""
    if not isinstance(text, str) or _CHANCE.fullmatch(text) is None:
        raise ValueError("a chance that is none; a chance is a text such as 2/7")
    try:
        chance = Fraction(text)
    except ZeroDivisionError:
        raise ValueError("a chance that is none") from None
    if chance > 1:
        raise ValueError("a chance of more than 1")
    return chance
