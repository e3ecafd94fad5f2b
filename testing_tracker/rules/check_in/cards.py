"""The number and the PIN on a participant's card, and what somebody typed for them.

The number has seven digits, is not secret, and is given to nobody else as long as the records last. The PIN has six, is
made by the program, never expires and locks nobody out.
"""

import unicodedata
from collections.abc import Callable, Collection
from itertools import pairwise

from testing_tracker.rules.check_in.receipts import check_digit

NUMBER_DIGITS, PIN_DIGITS = 7, 6
MOST_LOOKED_AT = 40  # characters of what was typed
MOST_WRONG = 30  # PINs for a number in a day; with more it is guarded. Chosen here, from no source
_BETWEEN = frozenset(".()\t\u2212")
_BETWEEN_TOO = ("Zs", "Pd", "Cf")  # any blank and dash, and marks that nobody sees, which come along when one is pasted

Below = Callable[[int], int]
"""Chooses a whole number from 0 to below one, each as likely (`chance.below`)."""


def new_number(taken: Collection[str], below: Below) -> str:
    """A number that nobody has, with its check digit: it does not begin with 0, and is not one digit repeated.

    Raises ValueError where nearly all are taken.
    """
    for _ in range(1_000):
        digits = str(10 ** (NUMBER_DIGITS - 2) + below(9 * 10 ** (NUMBER_DIGITS - 2)))
        number = digits + check_digit(digits)
        if number not in taken and len(set(digits)) > 1:
            return number
    raise ValueError("nearly all check-in numbers are taken")


def new_pin(below: Below) -> str:
    """A PIN of six digits; not one digit repeated, and no run such as 123456, which is tried first."""
    while True:
        pin = f"{below(10**PIN_DIGITS):0{PIN_DIGITS}d}"
        steps = {int(after) - int(before) for before, after in pairwise(pin)}
        if steps not in ({0}, {1}, {-1}):
            return pin


def digits_in(text: str) -> str | None:
    """The digits that somebody typed, also full-width and Arabic ones, without blanks, dashes, dots and brackets.

    None where there is anything else in it, or more than anybody types.
    """
    if len(text) > MOST_LOOKED_AT:
        return None
    found = [unicodedata.decimal(sign, None) for sign in text if not _is_between(sign)]
    return None if None in found else "".join(str(digit) for digit in found)


def _is_between(sign: str) -> bool:
    return sign in _BETWEEN or unicodedata.category(sign) in _BETWEEN_TOO


def number_shown(number: str) -> str:
    """A number as it is printed and said: `482-0917`."""
    return f"{number[:3]}-{number[3:]}"


def pin_shown(pin: str) -> str:
    """A PIN as it is printed: `553 018`."""
    return f"{pin[:3]} {pin[3:]}"
