"""Somebody's attempt to check in: put on the disk before anything is said, and the same work whatever the answer is.

For a right PIN and a wrong one, for a number of somebody and of nobody, each statement is the same, and so is the hash;
where there is nobody, it is a stand-in's.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from testing_tracker.rules.check_in.answers import PIN_WAS_RIGHT, CheckedInBy, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.cards import NUMBER_DIGITS, PIN_DIGITS, digits_in
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.check_in.pin_hash import STAND_IN_SALT, VERIFIER_BYTES
from testing_tracker.rules.check_in.receipts import is_whole
from testing_tracker.web import guard
from testing_tracker.web.file import PageFile
from testing_tracker.web.filling import DayOfPage, DaysAnswerOf, HereReceipt, PagePlace
from testing_tracker.web.guard import Trying
from testing_tracker.web.hashing import Hashing, TooMuchAskedError
from testing_tracker.web.pages import PageKind

NOBODY = 0  # the holder of no row
_STAND_IN_VERIFIER = bytes(VERIFIER_BYTES)
_SAME_BLOCKED = timedelta(minutes=1)  # in which one row says that somebody's tries were not looked at


@dataclass(frozen=True)
class AsksPage:
    """What somebody asks with: what they typed, at which facility's page, from where, and their telephone's cookie."""

    place: PagePlace
    number: str
    pin: str
    address: str
    cookie: str | None = None
    channel: CheckedInBy = CheckedInBy.PAGE


@dataclass(frozen=True)
class DaysShown:
    """The day that an instant is in, by the facility's clock, and when the window opens next after that instant.

    `today` is None where the page knows nothing of that day.
    """

    day: date
    today: DayOfPage | None
    opens_next: datetime | None


@dataclass(frozen=True)
class Came:
    """What became of an attempt, all in UTC. `holder` only where number and PIN went together.

    `same_since` and `replaces`: when the same answer, or another one, was given earlier today. `is_full`: there was no
    room, for anybody.
    """

    kind: PageKind
    at: datetime
    days: DaysShown
    holder: int | None = None
    timing: Timing | None = None
    given: DaysAnswerOf | None = None
    receipt: str | None = None
    same_since: datetime | None = None
    replaces: datetime | None = None
    is_full: bool = False


class Visits:
    """Who comes to check in, on the page's file. Raises OSError and sqlite3.Error where nothing can be kept."""

    def __init__(self, file: PageFile, hashing: Hashing, now: Callable[[], datetime]) -> None:
        self._file = file
        self._hashing = hashing
        self._now = now

    def check_in(self, asked: AsksPage) -> Came:
        """An attempt, which is on the disk when this returns."""
        number, pin = digits_in(asked.number), digits_in(asked.pin)
        if number is None or len(number) != NUMBER_DIGITS or not is_whole(number):
            return self._not_looked_up(asked, "", PageKind.DIGIT)
        if pin is None or len(pin) != PIN_DIGITS:
            return self._not_looked_up(asked, number, PageKind.PIN_DIGITS)
        at = self._now()
        with self._file.reading() as database:
            holder, salt, verifier = _holder(database, asked.place, number)
            who = self._trying(asked, number, holder, at)
            stopped = guard.tried(database, who, at).may_not(who)
        if stopped:
            return self._blocked(asked, holder, PageKind.BUSY if stopped == "source" else PageKind.BLOCKED)
        try:
            fits = self._hashing.fits(pin, salt, verifier)
        except TooMuchAskedError:
            return replace(self._blocked(asked, holder, PageKind.BUSY), is_full=True)
        return self._looked_at(asked, who, holder, fits=fits and holder != NOBODY)

    def _trying(self, asked: AsksPage, number: str, holder: int, at: datetime) -> Trying:
        known = guard.number_in(asked.place.facility, number)
        day = at.astimezone(ZoneInfo(asked.place.zone)).date()
        return guard.trying(self._file.secret, day, asked.address, known, holder, asked.cookie)

    def _looked_at(self, asked: AsksPage, who: Trying, holder: int, *, fits: bool) -> Came:
        """An attempt whose PIN was looked at; others may have tried meanwhile, and then it says nothing."""
        at = self._now()
        with self._file.writing() as database:
            stopped = guard.tried(database, who, at).may_not(who)
            days = days_at(database, asked.place, at)
            came = _came(database, days, holder, at)
            if stopped:
                came = Came(PageKind.BUSY if stopped == "source" else PageKind.BLOCKED, at, days)
            elif not fits:
                came = Came(PageKind.WRONG, at, days)
            is_first = _is_first(database, holder, days.day)
            guard.count(database, who, at, wrong=not fits, guess=True, right=fits and is_first and not stopped)
            _keep(database, asked, came, holder)
        return came

    def _not_looked_up(self, asked: AsksPage, number: str, kind: PageKind) -> Came:
        """What cannot be a number, or a PIN: no guess, but a try, and if the number is somebody's, theirs."""
        at = self._now()
        with self._file.writing() as database:
            holder, _, _ = _holder(database, asked.place, number)
            who = self._trying(asked, number, holder, at)
            if guard.tried(database, who, at).may_not(who) == "source":
                kind = PageKind.BUSY
            came = Came(kind, at, days_at(database, asked.place, at))
            if kind is PageKind.BUSY:
                _keep_blocked(database, asked, came, holder)
            else:
                guard.count(database, who, at, wrong=True, guess=False, right=False)
                _keep(database, asked, came, holder)
        return came

    def _blocked(self, asked: AsksPage, holder: int, kind: PageKind) -> Came:
        at = self._now()
        with self._file.writing() as database:
            came = Came(kind, at, days_at(database, asked.place, at))
            _keep_blocked(database, asked, came, holder)
        return came


def places_in(database: sqlite3.Connection) -> list[PagePlace]:
    """The facilities of the page."""
    columns = [one.name for one in fields(PagePlace)]
    rows = database.execute(f"SELECT {', '.join(columns)} FROM place ORDER BY facility")  # noqa: S608
    return [_place(dict(zip(columns, row, strict=True))) for row in rows]


def _place(row: dict[str, Any]) -> PagePlace:
    languages = tuple(Language(one) for one in row["languages"].split())
    return PagePlace(**{**row, "training": bool(row["training"]), "languages": languages})


def days_at(database: sqlite3.Connection, place: PagePlace, at: datetime) -> DaysShown:
    """The day that an instant is in: one whose window is open, else that of the facility's calendar."""
    local = at.astimezone(ZoneInfo(place.zone)).date()
    rows = database.execute(
        "SELECT day, opens_at, closes_at, over_at, answers_at FROM day WHERE facility = ? AND day >= ? ORDER BY day",
        (place.facility, f"{local - timedelta(days=1)}"),
    )
    days = [
        DayOfPage(date.fromisoformat(day), _at(opens), _at(closes), _at(over), _instant(answers_at))
        for day, opens, closes, over, answers_at in rows
    ]
    today = next((one for one in days if one.opens_at <= at < one.over_at), None)
    today = today or next((one for one in days if one.day == local), None)
    opens_next = next((one.opens_at for one in days if one.opens_at > at), None)
    return DaysShown(today.day if today else local, today, opens_next)


def _holder(database: sqlite3.Connection, place: PagePlace, number: str) -> tuple[int, bytes, bytes]:
    """Whose a number is, and what a PIN is checked against; with one that was somebody's no PIN goes."""
    query = (
        "SELECT id, salt, verifier FROM holder WHERE facility = ?1 AND number = ?2 "
        "UNION ALL SELECT holder, ?3, ?4 FROM former_number WHERE facility = ?1 AND number = ?2"
    )
    given = (place.facility, number, STAND_IN_SALT, _STAND_IN_VERIFIER)
    found = database.execute(query, given).fetchone()
    return found or (NOBODY, STAND_IN_SALT, _STAND_IN_VERIFIER)


def _came(database: sqlite3.Connection, days: DaysShown, holder: int, at: datetime) -> Came:
    """What a holder learns, if it is they who ask. Everything is looked up, whatever is needed of it."""
    given, here = _answer(database, days.day, holder), _here(database, days.day, holder)
    same_since, replaces = _earlier(database, days.day, holder, given.answer if given else None)
    timing = days.today.window.timing(at) if days.today else None
    if timing is None:
        is_early = days.opens_next is not None and (days.today is None or at < days.today.opens_at)
        return Came(PageKind.EARLY if is_early else PageKind.UNKNOWN, at, days, holder)
    if timing is Timing.OVER or given is None:
        kind = PageKind.OVER if timing is Timing.OVER else PageKind.UNKNOWN
        return Came(kind, at, days, holder, timing, receipt=here.receipt(timing) if here else None)
    kind = PageKind(given.answer.value)
    return Came(kind, at, days, holder, timing, given, given.receipt(timing), same_since, replaces)


def _answer(database: sqlite3.Connection, day: date, holder: int) -> DaysAnswerOf | None:
    query = "SELECT answer, come_from, come_to, in_time, late FROM answer WHERE holder = ? AND day = ?"
    found = database.execute(query, (holder, f"{day}")).fetchone()
    if found is None:
        return None
    return DaysAnswerOf(day, holder, DaysAnswer(found[0]), _instant(found[1]), _instant(found[2]), *found[3:])


def _here(database: sqlite3.Connection, day: date, holder: int) -> HereReceipt | None:
    query = "SELECT in_time, late, over FROM here WHERE holder = ? AND day = ?"
    found = database.execute(query, (holder, f"{day}")).fetchone()
    return None if found is None else HereReceipt(day, holder, *found)


def _earlier(
    database: sqlite3.Connection, day: date, holder: int, answer: DaysAnswer | None
) -> tuple[datetime | None, datetime | None]:
    """When the answer was first given today, if it was the last one given; else when the last other one was."""
    query = (
        "SELECT answer, min(at), max(at), max(id) AS last FROM visit WHERE holder = ? AND day = ? AND outcome = ? "
        "GROUP BY answer ORDER BY last DESC"
    )
    last = database.execute(query, (holder, f"{day}", CheckInOutcome.TOLD)).fetchone()
    if last is None:
        return None, None
    return (_instant(last[1]), None) if last[0] == answer else (None, _instant(last[2]))


def _is_first(database: sqlite3.Connection, holder: int, day: date) -> bool:
    """Whether a holder has not come today; who comes often is no more right than who comes once."""
    outcomes = ", ".join("?" * len(PIN_WAS_RIGHT))
    query = f"SELECT 1 FROM visit WHERE holder = ? AND day = ? AND outcome IN ({outcomes}) LIMIT 1"  # noqa: S608
    return database.execute(query, (holder, f"{day}", *PIN_WAS_RIGHT)).fetchone() is None


_OUTCOMES = {
    PageKind.COME: CheckInOutcome.TOLD,
    PageKind.STAY: CheckInOutcome.TOLD,
    PageKind.DONE: CheckInOutcome.TOLD,
    PageKind.EARLY: CheckInOutcome.EARLY,
    PageKind.OVER: CheckInOutcome.OVER,
    PageKind.UNKNOWN: CheckInOutcome.UNKNOWN,
    PageKind.BUSY: CheckInOutcome.BLOCKED,
    PageKind.BLOCKED: CheckInOutcome.BLOCKED,
}


def _keep(database: sqlite3.Connection, asked: AsksPage, came: Came, holder: int) -> None:
    """The row of an attempt; nobody's where there is no such number."""
    outcome = _OUTCOMES.get(came.kind, CheckInOutcome.WRONG)
    row = (
        *(asked.place.facility, f"{came.days.day}", came.at.timestamp(), asked.channel, holder or None, outcome),
        *(came.given.answer if came.given else None, came.timing, came.receipt),
    )
    columns = "facility, day, at, channel, holder, outcome, answer, timing, receipt"
    database.execute(f"INSERT INTO visit ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608


def _keep_blocked(database: sqlite3.Connection, asked: AsksPage, came: Came, holder: int) -> None:
    """The row of an attempt that was not looked at, one a minute of each holder: a flood is not to fill the disk."""
    query = (
        "SELECT 1 FROM visit WHERE holder IS ? AND day = ? AND facility = ? AND outcome = ? AND at BETWEEN ? AND ? "
        "LIMIT 1"
    )
    since = ((came.at - _SAME_BLOCKED).timestamp(), came.at.timestamp())
    row = (holder or None, f"{came.days.day}", asked.place.facility, CheckInOutcome.BLOCKED, *since)
    if database.execute(query, row).fetchone() is None:
        _keep(database, asked, came, holder)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else _at(seconds)
