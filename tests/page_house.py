"""A check-in page with people who hold cards, on a Monday, without a database: its file, who may visit, and a clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from testing_tracker.rules.check_in.answers import DaysAnswer
from testing_tracker.rules.check_in.receipts import check_digit
from testing_tracker.web.file import PageFile
from testing_tracker.web.filling import (
    DayOfPage,
    DaysAnswerOf,
    Filling,
    HereReceipt,
    Holder,
    PageContents,
    PagePlace,
)
from testing_tracker.web.hashing import Hashing
from testing_tracker.web.pulse import Pulse
from testing_tracker.web.visits import Visits

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = date(2026, 11, 16)
TOKEN = "12345"
PIN, WRONG_PIN = "553018", "553019"
PUBLIC_URL = "https://checkin.example.org"


def number_of(holder: int) -> str:
    """A holder's number, with its check digit."""
    digits = f"{482_000 + holder:06d}"
    return digits + check_digit(digits)


COMES, STAYS, DONE, UNKNOWN = range(1, 5)
"""Holders: who is to come, who need not, who has been here, and whose answer the page does not know."""
NOBODYS = number_of(99)
RECEIPTS = {COMES: "45865319", STAYS: "11223340", DONE: "90127748", UNKNOWN: "30127743"}


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def place(**also) -> PagePlace:
    known = {"facility": 1, "path": "", "name": "HH", "phone": "555-0100", "zone": ZONE.key, "public_url": PUBLIC_URL}
    said = {"zone_en": "Pacific time", "zone_es": "hora del Pacífico", "voice_token": TOKEN}
    return PagePlace(**(known | said | also))


def filling(of: PagePlace) -> Filling:
    """What a page is told of a facility that is open from 5 to 10 and takes specimens from 8 to 5 p.m."""
    days = [MONDAY, MONDAY + timedelta(days=1)]
    answers = [(COMES, DaysAnswer.COME), (STAYS, DaysAnswer.STAY), (DONE, DaysAnswer.DONE)]
    first = 100 * (of.facility - 1)
    return Filling(
        of,
        tuple(DayOfPage(day, at(5, day=day), at(10, day=day), at(17, day=day), at(0, 5, day)) for day in days),
        tuple(Holder(first + one, number_of(one), bytes(16), PIN.encode().ljust(32)) for one in RECEIPTS),
        tuple(
            DaysAnswerOf(MONDAY, first + holder, answer, at(8), at(17), RECEIPTS[holder], RECEIPTS[holder][::-1])
            for holder, answer in answers
        ),
        tuple(HereReceipt(MONDAY, first + one, "30127743", "30127750", "30127767") for one in RECEIPTS),
    )


def fits(pin: str, salt: bytes, verifier: bytes) -> bool:
    """Stands in for the hash, which is dear."""
    return verifier == pin.encode().ljust(32)


@dataclass
class PageHouse:
    """The page's parts, at a time that a test sets."""

    file: PageFile
    moment: datetime
    now: Callable[[], datetime] = field(init=False)
    visits: Visits = field(init=False)
    pulse: Pulse = field(init=False)

    def __post_init__(self):
        self.now = lambda: self.moment
        self.hashing = Hashing(fits)
        self.visits = Visits(self.file, self.hashing, self.now)
        self.pulse = Pulse(self.file, self.now)

    def close(self):
        self.hashing.close()
        self.file.close()

    def visited(self):
        return self.file.visits_after(0, 1_000)


def opened(folder: Path, *places: PagePlace, moment: datetime | None = None) -> PageHouse:
    """A house whose page was filled; at 5:12 unless another time is said."""
    file = PageFile(folder / "clinic.db.web")
    file.fill(PageContents("clinic", at(0, 5), tuple(filling(one) for one in places or (place(),))))
    return PageHouse(file, moment or at(5, 12))
