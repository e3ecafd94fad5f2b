"""The receipt of a check-in: eight digits, to be said aloud, that only who holds the clinic's key can make.

It says who, on which day, was told what, and whether in time. It follows from the seed of the key that the day's draws
come from, so a repeated check-in, or a database that was brought back from a copy, has the same one; and one that is
genuine while no check-in is on record shows that a record is missing. It is not made from the day's secret, which a
proof publishes: whoever has the proof could make one.
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from testing_tracker.rules.check_in.answers import DaysAnswer, Timing

RECEIPT_DIGITS = 8

HERE = "here"
"""What a receipt says of somebody who was here and could not be told."""

# H. M. Damm, Total anti-symmetrische Quasigruppen (2004): finds every wrong digit and every two neighbours swapped.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def check_digit(digits: str) -> str:
    """The digit that goes behind others so that `is_whole` holds."""
    found = 0
    for digit in digits:
        found = _DAMM[found][int(digit)]
    return str(found)


def is_whole(digits: str) -> bool:
    """Whether a text is digits (ASCII) that end with their check digit; no wrong digit and no two neighbours swapped
    leave that so."""
    return digits.isascii() and digits.isdigit() and check_digit(digits) == "0"


def receipt_key(seed: bytes, day: date) -> bytes:
    """What a day's receipts are made with; it tells nothing of the seed, of the day's secret or of another day."""
    return hmac.digest(seed, f"receipts {day}".encode(), "sha256")


@dataclass(frozen=True)
class Says:
    """What a receipt says: an answer, or `HERE`, and whether that was in time."""

    said: str
    timing: Timing


def receipt(key: bytes, participant: int, says: Says) -> str:
    """The eight digits of a participant, by their permanent number, on the day of a key."""
    return _receipts_of(key, participant)[says]


@lru_cache(maxsize=64)  # all that a participant's day can say is asked for together
def _receipts_of(key: bytes, participant: int) -> Mapping[Says, str]:
    """The receipts of a participant's day, no two of which are alike: one would say what nobody was told."""
    made: dict[Says, str] = {}
    for says in everything_said():
        again = 0
        while (digits := _digits(key, participant, says, again)) in made.values():
            again += 1
        made[says] = digits
    return made


def _digits(key: bytes, participant: int, says: Says, again: int) -> str:
    """`again` is there where what came before is another receipt's: in one of 150,000 days of a participant."""
    content = f"{participant}|{says.said}|{says.timing}" + (f"|{again}" if again else "")
    found = hmac.digest(key, content.encode(), "sha256")
    digits = f"{int.from_bytes(found[:8], 'big') % 10 ** (RECEIPT_DIGITS - 1):0{RECEIPT_DIGITS - 1}d}"
    return digits + check_digit(digits)


def everything_said() -> Iterator[Says]:
    """All that a receipt can say."""
    return (Says(said, timing) for said in (*DaysAnswer, HERE) for timing in Timing)


def what_it_says(key: bytes, participant: int, given: str) -> Says | None:
    """What a receipt says of a participant on the day of a key; None where it is not one of theirs of that day."""
    return next((says for says, one in _receipts_of(key, participant).items() if _is_same(one, given)), None)


def _is_same(one: str, given: str) -> bool:
    return hmac.compare_digest(one.encode(), given.encode("utf-8", "surrogatepass"))


def shown(digits: str) -> str:
    """A receipt as it is printed and said: `4586-5319`."""
    return f"{digits[:4]}-{digits[4:]}"
