"""Who may go on trying: from one place, with one number. It locks nobody's own telephone out, and nobody for good.

Places and numbers are known here by hashes that only the page's file can make, and for two days. A number of nobody is
guarded as any other, so the guard tells nothing of who there is.
"""

import hmac
import sqlite3
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from re import compile as pattern

from testing_tracker import chance
from testing_tracker.rules.check_in.cards import MOST_WRONG
from testing_tracker.web.file import hour_of

_DAY_HOURS = 24
_COOKIE = pattern(r"([0-9a-f]{16})\.([0-9a-f]{32})")


@dataclass(frozen=True)
class Trying:
    """Who tries, by hashes: from where, with which number, and with which telephone that the number's holder owns."""

    source: bytes
    number: bytes
    device: bytes

    @property
    def every(self) -> tuple[bytes, bytes, bytes]:
        return self.source, self.number, self.device


def trying(secret: bytes, day: date, address: str, number: str, holder: int | None, cookie: str | None) -> Trying:
    """Who tries. `address` is the network address as text, or whatever else tells where somebody tries from."""
    own = cookie if holder is not None and cookie is not None and is_own(secret, holder, cookie) else ""
    return Trying(
        _hash(secret, f"source|{day}|{_neighbourhood(address)}"),
        _hash(secret, f"number|{number}"),
        _hash(secret, f"telephone|{own}") if own else NO_DEVICE,
    )


NO_DEVICE = bytes(16)


@dataclass(frozen=True)
class TriedSoFar:
    """What was tried by somebody: wrongly from the place in this hour, and rightly; wrongly in this day.

    As many wrong ones as make a number guarded in a day are too many for a place in an hour, and a telephone in a day.
    """

    source_wrong: int
    source_right: int
    number_wrong: int
    device_wrong: int

    def may_not(self, who: Trying) -> str | None:
        """Why nothing more is looked at: too much from that place, or with that number; None where it may be.

        Many people may share a place, such as a mobile carrier's: there the right ones are more than the wrong ones.
        """
        if self.source_wrong >= MOST_WRONG and self.source_wrong > self.source_right:
            return "source"
        is_own = who.device != NO_DEVICE
        return "number" if (self.device_wrong if is_own else self.number_wrong) >= MOST_WRONG else None


def tried(database: sqlite3.Connection, who: Trying, now: datetime) -> TriedSoFar:
    """What has been tried so far."""
    hour = hour_of(now)
    found = database.execute(
        "SELECT who, sum(CASE WHEN hour = ?1 THEN wrong ELSE 0 END), sum(CASE WHEN hour = ?1 THEN told ELSE 0 END), "
        "sum(wrong) FROM tries WHERE who IN (?2, ?3, ?4) AND hour > ?5 GROUP BY who",
        (hour, *who.every, hour - _DAY_HOURS),
    )
    by = {row[0]: row[1:] for row in found}
    (wrong, right, _), number, device = (by.get(one, (0, 0, 0)) for one in who.every)
    return TriedSoFar(wrong, right, number[2], device[2])


def count(database: sqlite3.Connection, who: Trying, now: datetime, *, wrong: bool, guess: bool, right: bool) -> None:
    """Count a try: for its place, and where it was a whole guess of a PIN, for number and telephone."""
    hour = hour_of(now)
    rows = [(who.source, hour, wrong, right), *((one, hour, wrong and guess, 0) for one in (who.number, who.device))]
    database.executemany(
        "INSERT INTO tries VALUES (?, ?, ?, ?) ON CONFLICT (who, hour) "
        "DO UPDATE SET wrong = wrong + excluded.wrong, told = told + excluded.told",
        rows,
    )


def new_cookie(secret: bytes, holder: int) -> str:
    """What a holder's own telephone is known by from now on."""
    mark = chance.new_mark(8).hex()
    return f"{mark}.{_sign(secret, holder, mark)}"


def cookie_of_nobody() -> str:
    """A cookie as long as any, which lets nobody in; a page with one looks from outside like any other."""
    return f"{chance.new_mark(8).hex()}.{chance.new_mark(16).hex()}"


def is_cookie(given: str) -> bool:
    """Whether it has the form of one."""
    return _COOKIE.fullmatch(given) is not None


def is_own(secret: bytes, holder: int, given: str) -> bool:
    """Whether a cookie says that this is a holder's own telephone."""
    found = _COOKIE.fullmatch(given)
    return found is not None and hmac.compare_digest(found[2], _sign(secret, holder, found[1]))


def number_in(facility: int, number: str) -> str:
    """A number as it is told from another facility's."""
    return f"{facility}|{number}"


def _sign(secret: bytes, holder: int, mark: str) -> str:
    return _hash(secret, f"own|{holder}|{mark}").hex()


def _hash(secret: bytes, text: str) -> bytes:
    return hmac.digest(secret, text.encode(errors="replace"), "sha256")[:16]


def _neighbourhood(address: str) -> str:
    """The network that an address is in: a household or a street, not a machine."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network((found, 24 if found.version == 4 else 64), strict=False))
