"""A clinic of forty whose participants check in, lived through by the hour, with a book beside it.

The book knows the house's rules in its own words and none of the program's functions: who was told what and when, who
gave a specimen, who was away. What the program says afterwards is held against it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from conftest import Clinic
from freezegun import freeze_time
from pypdf import PdfReader
from web.front_door import FrontDoor, said

from testing_tracker.web.file import minute_of

ZONE = ZoneInfo("America/Los_Angeles")
FIRST, DAYS = date(2026, 11, 16), 14
SCHEDULES = {"fixed-3": 9, "fixed-2": 6, "fixed-1": 4, "random-3": 10, "random-2": 7, "random-1": 4}
CODES = [f"{'ABCDEFGH'[number % 8]}{number:02}" for number in range(1, 41)]
LAST = CODES[-1]  # who has no card before Wednesday
SETTINGS = """
[page]
name = "HH"
phone = "555-0100"
zone = { en = "Pacific time", es = "hora del Pacífico" }
"""
OPENS, CLOSES, LAST_TO_COME, OVER = "05:00", "10:00", "15:00", "17:00"
RULE_SAYS = ("--not-checked-in", "missed", "--from", str(FIRST))
SENTENCES = {
    "come": "Yes, please come in today, between 8 a.m. and 5 p.m.",
    "stay": "No, you do not need to come in today.",
    "done": "You have been in today. You do not need to come again.",
    "unknown": "We cannot tell you today's answer here. Please call 555-0100 now.",
    "wrong": "The check-in number and the PIN do not go together.",
    "blocked": "We cannot take this now.",
    "early": "Check-in opens at 5 a.m. today.",
    "over": "Check-in is over for today.",
}


def day_of(number: int) -> date:
    """A day of November."""
    return date(2026, 11, number)


def local(day: date, at: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=ZONE)


@dataclass(frozen=True)
class Asked:
    """Somebody asked at a time of day, and this came of it."""

    at: str
    how: str
    became: str
    receipt: str | None = None

    @property
    def is_told(self) -> bool:
        return self.became in ("come", "stay", "done")

    @property
    def timing(self) -> str:
        return "in time" if self.at < CLOSES else "late" if self.at < OVER else "after collection had ended"


@dataclass
class Test:
    """A test that is on record since a time of its day; when its specimen was given, or why it is no more asked for."""

    __test__ = False
    since: str
    given: str | None = None
    gone: str | None = None


@dataclass
class Book:
    """What happened. Days are dates, times `HH:MM`; tests by participant and day, those for cause apart."""

    card_from: dict[str, date] = field(default_factory=dict)
    away: set[tuple[str, date]] = field(default_factory=set)
    left: dict[str, date] = field(default_factory=dict)
    tests: dict[tuple[str, date], Test] = field(default_factory=dict)
    for_cause: dict[tuple[str, date], Test] = field(default_factory=dict)
    asked: dict[tuple[str, date], list[Asked]] = field(default_factory=dict)
    at_fault: dict[date, str] = field(default_factory=dict)

    def is_expected(self, code: str, day: date) -> bool:
        """Who has a card when the window opens, is in the programme and not on leave."""
        left = self.left.get(code, date.max)
        return self.card_from[code] <= day < left and (code, day) not in self.away

    def expected(self, day: date) -> list[str]:
        return [code for code in CODES if self.is_expected(code, day)]

    def of(self, code: str, day: date) -> list[Test]:
        return [of[code, day] for of in (self.tests, self.for_cause) if (code, day) in of]

    def answer(self, code: str, day: date) -> str:
        """What the participant has to be told now."""
        tests = [one for one in self.of(code, day) if one.gone is None]
        if any(one.given is None for one in tests):
            return "come"
        return "done" if tests else "stay"

    def how_it_went(self, code: str, day: date) -> str:
        asked = self.asked.get((code, day), [])
        told = [one for one in asked if one.is_told]
        if told:
            return "in_time" if any(one.at < CLOSES for one in told) else "late"
        return "tried" if asked else "not_checked_in"

    def counts(self, days: Iterable[date], codes: Iterable[str] = CODES) -> dict[str, int]:
        names = ("expected", "in_time", "late", "tried", "not_checked_in")
        found = dict.fromkeys(names, 0)
        codes = list(codes)
        for day in days:
            for code in codes:
                if self.is_expected(code, day):
                    found["expected"] += 1
                    found[self.how_it_went(code, day)] += 1
        return found

    def end(self, code: str, day: date, test: Test) -> tuple[str, str | None]:
        """What a test is when its day is over, and why in a word."""
        if test.given is not None:
            return "collected", None
        if test.gone is not None:
            return test.gone, None
        if not self.is_expected(code, day):
            return "missed", "closed out"
        asked = self.asked.get((code, day), [])
        told = [one for one in asked if one.is_told]
        if any(one.became == "come" and test.since <= one.at <= LAST_TO_COME for one in told):
            return "missed", "closed out"
        if any(one.became == "stay" or one.at < test.since for one in told):
            return "unrecorded", "ordered after check-in"
        if day in self.at_fault:
            return "unrecorded", "check-in at fault"
        has_tried = any(not one.is_told for one in asked)  # told too late to come counts as nothing
        return ("unrecorded", "tried to check in") if has_tried else ("missed", "not checked in")

    def told(self, code: str, day: date, test: Test, now: str) -> str:
        """What the call list has to say at a time of the day of whether somebody knows of a test."""
        asked = self.asked.get((code, day), [])
        knew = [one for one in asked if one.became == "come" and one.at >= test.since]
        if knew or any(one.became == "done" for one in asked):
            return "late" if knew and knew[0].at >= CLOSES else "yes"
        if any(one.is_told for one in asked):
            return "before the test was ordered"
        if asked:
            return "tried"
        return "-" if not self.is_expected(code, day) else "no" if now >= OVER else "not yet"

    def ends(self) -> dict[tuple[str, date, bool], tuple[str, str | None]]:
        each = ((self.tests, False), (self.for_cause, True))
        return {(code, day, cause): self.end(code, day, test) for of, cause in each for (code, day), test in of.items()}


class Forty:
    """The clinic and its page, by one clock; whatever happens goes into the book too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clinic = Clinic(folder / "clinic.db", None)
        self.book = Book()
        self.pins: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.clock = freeze_time(local(day_of(14), "12:00"), real_asyncio=True)
        self.frozen = self.clock.start()
        self.day, self.time = day_of(14), "12:00"
        self.events: list[str] = []
        self.page_away: dict[date, tuple[str, str]] = {}
        self.door: FrontDoor | None = None

    def close(self) -> None:
        if self.door is not None:
            self.door.close()
        self.clock.stop()

    def at(self, day: date, time: str) -> "Forty":
        """It is then, by every clock."""
        self.day, self.time = day, time
        self.frozen.move_to(local(day, time))
        if self.door is not None:
            self.door.at(time, day)
        return self

    # Staff and `serve`

    def type(self, *words: str, input: str | None = None) -> str:
        done = self.clinic.run(*words, input=input)
        assert done.exit_code == 0, (self.day, self.time, words, done.output)
        return done.stdout

    def turn(self) -> str:
        """What `serve` does each minute, once; the page's process has said until then when it ran."""
        if self.door is not None:
            self._page_ran()
        done = self.clinic.run("serve", "--once", "--reports", str(self.folder / "reports"))
        self.events += [f"{self.day} {self.time} {line}" for line in done.output.splitlines()]
        return done.output

    def begin(self) -> None:
        """Forty are enrolled on Saturday; all but one have a card, and check in from Monday on."""
        (self.folder / "reports").mkdir()
        self.type("init", "--facility", "Harbor House", "--timezone", ZONE.key)
        file = self.clinic.location.check_in_of(1)
        file.touch(0o600)
        file.write_text(SETTINGS)
        whose = [name for name, many in SCHEDULES.items() for _ in range(many)]
        lines = [f"{code},iop,{name},2026-11-14" for code, name in zip(CODES, whose, strict=True)]
        people = self.folder / "people.csv"
        for part, until in ((lines[:-1], "cards.pdf"), (lines[-1:], None)):
            people.write_text("\n".join(["participant,level,schedule,enrolled_on", *part]))
            self.type("participant", "import", str(people))
            if until:
                self.print_cards("--all")
        self.type(*("checkin", "rule", "--opens", OPENS, "--closes", CLOSES, "--page"), *RULE_SAYS)
        self.book.card_from |= {**dict.fromkeys(CODES, FIRST), LAST: date.max}

    def print_cards(self, *words: str) -> None:
        """Print cards and hand them out. Whose each is stands on the strip for the staff."""
        paper = self.folder / "cards.pdf"
        self.type("participant", "card", *words, "--print", str(paper), "--overwrite")
        for page in PdfReader(BytesIO(paper.read_bytes())).pages:
            code, number, pin = _on_card(page.extract_text())
            self.numbers[code], self.pins[code] = number, pin

    def night(self, day: date) -> None:
        """After the night: who is to give a specimen is in the list, by which the book goes on."""
        for line in self.clinic.json("due", "--on", str(day)):
            if line["status"] != "excused":
                self.book.tests.setdefault((line["participant"], day), Test(self.time))

    # Participants

    def _page_ran(self) -> None:
        """The page's process has said so in each minute of today's window, but while it was away."""
        now, opens, closes = (minute_of(local(self.day, one)) for one in (self.time, OPENS, CLOSES))
        away = range(*(minute_of(local(self.day, one)) for one in self.page_away.get(self.day, (OPENS, OPENS))))
        with self.door.file.writing() as database:
            database.executemany(
                "INSERT OR IGNORE INTO beat VALUES (?, 1, 0, 0)",
                [(minute,) for minute in range(opens, min(now, closes)) if minute not in away],
            )

    def visits(self, code: str, *, pin: str | None = None, expects: str | None = None) -> None:
        """Somebody types number and PIN into the page, and reads what it says."""
        home = f"198.51.{int(code[1:])}.7"
        page = self.door.post(self.numbers[code], pin or self.pins[code], address=home)
        became = expects or self.book.answer(code, self.day)
        read = said(page)
        assert SENTENCES[became] in read, (code, self.day, self.time, became, read)
        self._keep(code, "page", became, read)

    def telephones(self, code: str, *, at: str | None = None) -> str:
        """Somebody calls the clinic, and is told what `checkin record` says."""
        words = ("--at", at, "--note", "was told by hand") if at else ()
        read = self.type("checkin", "record", code, "--by", "phone", *words)
        became = self.book.answer(code, self.day)
        assert SENTENCES[became] in read, (code, self.day, became, read)
        self._keep(code, "phone", became, read, at)
        return read

    def _keep(self, code: str, how: str, became: str, read: str, at: str | None = None) -> None:
        found = re.search(r"\b\d{4}-\d{4}\b", read.replace(_shown(self.numbers.get(code, "")), ""))
        assert bool(found) is (became in ("come", "stay", "done", "unknown", "over")), read
        one = Asked(at or self.time, how, became, found[0] if found else None)
        of_day = self.book.asked.setdefault((code, self.day), [])
        of_day.append(one)
        of_day.sort(key=lambda asked: asked.at)

    def come_in(self, codes: Iterable[str]) -> None:
        """Some give a specimen, and the nurse logs their cups in a row."""
        codes = sorted(codes)
        if codes:
            self.type("log", input="".join(f"{code} n\n" for code in codes) + "q\n")
        for code in codes:
            self._given(code)

    def comes_in(self, code: str) -> None:
        """One gives a specimen, and the time is written down."""
        self.type("result", code, "negative", "--collected-at", self.time)
        self._given(code)

    def _given(self, code: str) -> None:
        for test in self.book.of(code, self.day):
            test.given = test.given or self.time

    def is_tested_for_cause(self, code: str) -> None:
        self.type("test", code, "--reason", "seemed intoxicated in group")
        self.book.for_cause[code, self.day] = Test(self.time)


def _shown(number: str) -> str:
    return f"{number[:3]}-{number[3:]}"


def _on_card(page: str) -> tuple[str, str, str]:
    """Code, number and PIN as they stand on a card, its strip and its slip."""
    page = page.replace("\u00a0", " ")
    found = [re.search(one, page) for one in (r"this is (\w+)'s", r"\b(\d{3}-\d{4})\b", r"\b(\d{3} \d{3})\b")]
    assert all(found), page
    code, number, pin = (one[1] for one in found if one)
    return code, number.replace("-", ""), pin.replace(" ", "")


def days_of_week(monday: date) -> list[date]:
    return [monday + timedelta(days=number) for number in range(7)]
