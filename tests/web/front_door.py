"""A check-in page in this process, with people who have cards, and a clock that is set by hand."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from page_house import MONDAY, ZONE, number_of
from werkzeug.test import Client, TestResponse

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.answers import DaysAnswer, Timing
from testing_tracker.rules.check_in.receipts import HERE, Says, receipt, receipt_key
from testing_tracker.web.app import CheckInPage
from testing_tracker.web.file import PageFile, Visit
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
from testing_tracker.web.serving import BehindProxy
from testing_tracker.web.visits import Visits

OPENS, CLOSES, OVER = time(5), time(10), time(17)
COME_FROM, COME_TO = time(8), time(17)
SEED = bytes(range(32))
HOME = "203.0.113.7"
SOURCE = "a clinic's database"


def verifier(pin: str, salt: bytes) -> bytes:
    """What is checked against where no test is about hashing: it costs nothing."""
    return sha256(salt + pin.encode()).digest()


def fits(pin: str, salt: bytes, given: bytes) -> bool:
    return verifier(pin, salt) == given


def pin_of(holder: int) -> str:
    return f"{553_018 + 7 * holder:06d}"


YES, NO, DONE = 1, 2, 3  # who is to come today, who need not, and who has been there
ANSWERS = {YES: DaysAnswer.COME, NO: DaysAnswer.STAY, DONE: DaysAnswer.DONE}
NOBODYS = number_of(900)
assert NOBODYS not in map(number_of, range(1, 800))


def instant(day: date, at: time, zone: ZoneInfo = ZONE) -> datetime:
    return instant_reached(day, at, zone)


def receipt_of(holder: int, said: str, timing: Timing, day: date = MONDAY) -> str:
    return receipt(receipt_key(SEED, day), holder, Says(said, timing))


def day_of(day: date, zone: ZoneInfo = ZONE, *, answers: bool = True) -> DayOfPage:
    return DayOfPage(
        day,
        *(instant(day, at, zone) for at in (OPENS, CLOSES, OVER)),
        instant(day, time(0, 5), zone) if answers else None,
    )


def filling(
    answers: dict[int, DaysAnswer] = ANSWERS,
    *,
    place: PagePlace | None = None,
    day: date = MONDAY,
    with_answers: bool = True,
    make_verifier=verifier,
) -> Filling:
    """What `serve` fills in for a facility whose people have such answers today."""
    zone = ZoneInfo(place.zone) if place else ZONE
    come = {"come_from": instant(day, COME_FROM, zone), "come_to": instant(day, COME_TO, zone)}
    salts = {holder: holder.to_bytes(16, "big") for holder in answers}
    week = [day + timedelta(days=days) for days in range(8)]
    return Filling(
        place or PagePlace(1, "", "HH", "555-0100", ZONE.key, "Pacific time", "hora del Pacífico"),
        tuple(day_of(one, zone, answers=with_answers and one == day) for one in week),
        tuple(Holder(one, number_of(one), salts[one], make_verifier(pin_of(one), salts[one])) for one in answers),
        tuple(
            DaysAnswerOf(
                day,
                holder,
                answer,
                **(come if answer is DaysAnswer.COME else {}),
                in_time=receipt_of(holder, answer, Timing.IN_TIME, day),
                late=receipt_of(holder, answer, Timing.LATE, day),
            )
            for holder, answer in answers.items()
            if with_answers
        ),
        tuple(
            HereReceipt(one, holder, *(receipt_of(holder, HERE, timing, one) for timing in Timing))
            for holder in answers
            for one in week
        ),
    )


@dataclass
class FrontDoor:
    """The page; `now` is its clock, `post` what a browser sends."""

    path: Path
    now: datetime = field(default_factory=lambda: instant(MONDAY, time(5, 12)))
    behind_proxy: bool = False

    def __post_init__(self) -> None:
        self.hashing = Hashing(fits)
        self.minutes = []
        self.open()

    def open(self) -> None:
        self.file = PageFile(self.path)
        self.visits = Visits(self.file, self.hashing, lambda: self.now)
        self.pulse = Pulse(self.file, lambda: self.now, lambda beat, kinds: self.minutes.append((beat, kinds)))
        self.page = CheckInPage(self.file, self.visits, self.pulse, lambda: self.now)
        app = BehindProxy(self.page) if self.behind_proxy else self.page
        self.client = Client(app, use_cookies=False)

    def close(self) -> None:
        self.hashing.close()
        self.file.close()

    def fill(self, *fillings: Filling, kept: tuple[int, ...] = ()) -> None:
        self.file.fill(PageContents(SOURCE, self.now, fillings or (filling(),), kept))

    def at(self, said: str, day: date = MONDAY) -> "FrontDoor":
        self.now = instant(day, time.fromisoformat(said)).astimezone(UTC)
        return self

    def get(self, path: str = "/", **more) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, number: str, pin: str, path: str = "/", *, address: str = HOME, https: bool = False, **more):
        environ = {"REMOTE_ADDR": address, "wsgi.url_scheme": "https" if https else "http"}
        return self.client.post(path, data={"number": number, "pin": pin}, environ_overrides=environ, **more)

    def check_in(self, holder: int, **more) -> TestResponse:
        return self.post(number_of(holder), pin_of(holder), **more)

    def all_visits(self) -> list[Visit]:
        return self.file.visits_after(0, 1_000_000)

    def last(self) -> Visit:
        return self.all_visits()[-1]

    def counted(self) -> dict[str, int]:
        """The rows of every table."""
        with self.file.reading() as database:
            names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


def said(response: TestResponse) -> str:
    """The page as it is read: without its markup, in one line."""
    import re
    from html import unescape

    body = re.search(r"<body>(.*)</body>", response.text, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body[1])).split()) if body else response.text
