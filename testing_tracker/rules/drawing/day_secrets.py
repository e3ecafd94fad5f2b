"""The arithmetic of draws that nobody can predict and anybody can check.

A chain's seed is hashed over and over with SHA-256. The last value is the **anchor**, which everybody may know from
the start; the values before it are the secrets of the days, in reverse, so each day's secret is what hashes to the
secret of the day before, and the first day's hashes to the anchor. From a day's secret all earlier ones follow and
nothing about later ones. On a day a participant's **ticket** is HMAC-SHA256(the day's secret, the participant's id),
read as a fraction of 2^256; the participant is drawn when it is below the day's chance. Nobody else's draw, no order
and no second attempt enters into it.
"""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256

SEED_BYTES = 32
DAYS_IN_A_CHAIN = 18_263  # 50 years of 365.2425 days, rounded up
_WHOLE = 1 << 256


@dataclass(frozen=True)
class Chain:
    """The days that one seed is for: `days` of them from `first_day` on, checked against `anchor`."""

    anchor: bytes
    first_day: date
    days: int = DAYS_IN_A_CHAIN

    def hashes(self, day: date) -> int:
        """How many times the secret of a day is to be hashed until it is the anchor.

        Raises ValueError for a day that the chain is not for.
        """
        number = (day - self.first_day).days + 1
        if not 1 <= number <= self.days:
            raise ValueError(f"{day} is not one of the {self.days} days from {self.first_day} on")
        return number

    def secret(self, seed: bytes, day: date) -> bytes:
        """The secret of a day. The last day's is one hash away from the seed, which itself is never shown."""
        return hashed(seed, self.days + 1 - self.hashes(day))

    def holds(self, secret: bytes, day: date) -> bool:
        """Whether this is the secret of that day."""
        return hashed(secret, self.hashes(day)) == self.anchor

    def day_of(self, secret: bytes) -> date | None:
        """The day that a value is the secret of; None where it is none of the chain's."""
        for number in range(self.days):
            secret = sha256(secret).digest()
            if secret == self.anchor:
                return self.first_day + timedelta(days=number)
        return None

    def earlier(self, secret: bytes, day: date) -> Iterator[tuple[date, bytes]]:
        """From a day's secret: that day and all days before it, newest first, each with its secret."""
        for _ in range(self.hashes(day)):
            yield day, secret
            day -= timedelta(days=1)
            secret = sha256(secret).digest()


def chain_of(seed: bytes, first_day: date, days: int = DAYS_IN_A_CHAIN) -> Chain:
    """The chain that a seed makes."""
    return Chain(hashed(seed, days + 1), first_day, days)


@lru_cache(maxsize=64)  # fifty years of hashing take some ten milliseconds
def hashed(value: bytes, times: int) -> bytes:
    """SHA-256 applied so many times."""
    for _ in range(times):
        value = sha256(value).digest()
    return value


def ticket(secret: bytes, participant_id: int) -> bytes:
    """What decides on a participant on the day of that secret: 32 bytes, as good as evenly distributed."""
    return hmac.digest(secret, b"%d" % participant_id, "sha256")


def panel_drawn(secret: bytes, participant_id: int, panels: int) -> int:
    """Which of so many panels, counted from 0, a participant's test of the day looks for; each as likely as another."""
    found = hmac.digest(secret, b"%d panel" % participant_id, "sha256")
    return int.from_bytes(found) * panels // _WHOLE


def is_below(found: bytes, chance: Fraction) -> bool:
    """Whether a ticket, read as a fraction of 2^256, is below a chance."""
    return int.from_bytes(found) * chance.denominator < chance.numerator * _WHOLE


def drawn_among(secret: bytes, participant_ids: Iterable[int], chance: Fraction) -> list[int]:
    """The participants who are drawn of these, all having the same chance on the day of that secret."""
    if chance <= 0:
        return []
    if chance >= 1:
        return list(participant_ids)
    digest = hmac.digest
    # A ticket is below the chance when it is below the smallest 256-bit number that is not.
    limit = (-(-chance.numerator * _WHOLE // chance.denominator)).to_bytes(33)[1:]
    if not any(limit):  # a chance so near to 1 that every ticket is below it
        return list(participant_ids)
    return [number for number in participant_ids if digest(secret, b"%d" % number, "sha256") < limit]


def seal(seed: bytes, content: bytes) -> bytes:
    """A mark that only the holder of the seed can make, for what the records said at a moment."""
    return hmac.digest(hmac.digest(seed, b"seal", "sha256"), content, "sha256")


def mark_of_line(seed: bytes, content: bytes) -> bytes:
    """A mark that only the holder of the seed can make, for a line of the key file; never one of a seal's."""
    return hmac.digest(hmac.digest(seed, b"line of the key file", "sha256"), content, "sha256")
