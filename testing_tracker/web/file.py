"""The page's own file: what was filled into it, and who has visited. Both sides of the page open it by `PageFile`.

It is a SQLite file beside the database, `clinic.db.web`. Who has another account for the page gives the two a folder
whose files keep the folder's group (`chmod g+s`): then the group may use the file too; nobody else ever may.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.faulty_minutes import MOST_APART
from testing_tracker.web.filling import PageContents, PageMark
from testing_tracker.web.rows import TABLES, Rows, rows_of

SCHEMA = 1
KEPT = timedelta(days=90)  # visits after they were collected, beats and probes
TRIES_KEPT = timedelta(days=2)
_MINUTES_KEPT = int(KEPT.total_seconds()) // 60
LOCK_SECONDS, SQLITE_SECONDS = 10.0, 3.0  # how long to wait for this process's other threads, and for other processes


@dataclass(frozen=True)
class Visit:
    """Somebody's attempt to check in; `holder` None: with a number of nobody. Its `number` only grows in a file."""

    number: int
    facility: int
    day: date
    at: datetime
    channel: CheckedInBy
    holder: int | None
    outcome: CheckInOutcome
    answer: DaysAnswer | None = None
    timing: Timing | None = None
    receipt: str | None = None


@dataclass(frozen=True)
class Beat:
    """A minute in which the page ran: requests it served, those it had no room for, and those it failed at."""

    served: int = 0
    busy: int = 0
    failed: int = 0


def minute_of(at: datetime) -> int:
    """A minute's number: those since 1970."""
    return int(at.timestamp() // 60)


class PageFile:
    """The file, open for any thread of this process; of two processes SQLite has one wait for the other.

    A file that is not there is made. Raises TestingTrackerError where it is none of ours, where others may open it, and
    where a newer version has made it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._thing = self._journal = (0, 0)
        _make(path)
        _refuse_if_open_to_others(path)
        try:
            with self.writing() as database:
                _build(database)
        except sqlite3.DatabaseError as error:
            self.close()
            said = "is no file of the check-in page" if "not a database" in str(error) else f"cannot be used: {error}"
            raise TestingTrackerError(f"{path} {said}. Nothing was changed.") from None
        except BaseException:
            self.close()
            raise
        self.identity = self.about("file") or ""
        self.secret = bytes.fromhex(self.about("secret") or "")

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone. Raises OSError and sqlite3.Error where the file cannot be read."""
        if not self._lock.acquire(timeout=LOCK_SECONDS):
            raise TimeoutError("the page's file has been waited for too long")
        try:
            yield self._connected()
        finally:
            self._lock.release()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: on the disk when the block ends, or gone. Raises OSError and sqlite3.Error."""
        with self.reading() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
                if self._journal == (0, 0):
                    self._journal = _thing_at(self._beside("-wal"))
            except BaseException:
                with suppress(sqlite3.Error):
                    database.execute("ROLLBACK")
                raise

    def about(self, key: str) -> str | None:
        with self.reading() as database:
            found = database.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    @property
    def filled_at(self) -> datetime | None:
        """When what is in the file was read from the clinic's records; None where nothing ever was."""
        said = self.about("filled_at")
        return None if said is None else datetime.fromisoformat(said)

    def fill(self, contents: PageContents, now: datetime | None = None) -> bool:
        """Have the file say what the contents say, and nothing else; True if anything but the time is new.

        `now` is given where they may have come late or out of their order. Raises TestingTrackerError for such that are
        older than what the file says, and where it was filled from another database.
        """
        with self.writing() as database:
            self._refuse_older(contents, now)
            source = database.execute("SELECT value FROM about WHERE key = 'source'").fetchone()
            if source is not None and source[0] != contents.source:
                raise TestingTrackerError(
                    f"{self.path} is the page of another database. Name another file. Nothing was changed."
                )
            changes = [False]
            if contents.fillings or not _facilities(database) <= set(contents.kept):
                since = {(number, f"{day}"): at for (number, day), at in self.answers_known_since().items()}
                every = rows_of(contents, since)
                changes = [_bring_in_line(database, table, rows, contents) for table, rows in every]
            told = [("source", contents.source), ("filled_at", contents.at.astimezone(UTC).isoformat())]
            told += [(f"{_MARK}{one.facility}", f"{one.made_from}\n{one.here_from}") for one in contents.marks]
            known = (one for one in contents.collected if one.file == self.identity)
            told += [(f"{_COLLECTED}{one.facility}", f"{one.number}") for one in known]
            database.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", told)
            for facility in set(_marks(database)) - _facilities(database):
                database.execute("DELETE FROM about WHERE key = ?", (f"{_MARK}{facility}",))
        return any(changes)

    def _refuse_older(self, contents: PageContents, now: datetime | None) -> None:
        filled = self.filled_at
        # What says that it is of a time to come was filled by a clock that was wrong, and is no younger than anything.
        if now is not None and filled is not None and contents.at + MOST_APART < filled <= now + MOST_APART:
            raise TestingTrackerError(
                f"The page knows what was so at {filled:%Y-%m-%d %H:%M:%S} UTC, and this was so at "
                f"{contents.at:%Y-%m-%d %H:%M:%S}: answers and PINs may be others since. Have `web print` print it "
                "again. Nothing was changed."
            )

    def marks(self) -> dict[int, PageMark]:
        """What each facility's part was made from, as far as that was said."""
        with self.reading() as database:
            return _marks(database)

    def note(self, key: str, value: str | None) -> None:
        """Keep something about the file; None forgets it."""
        with self.writing() as database:
            if value is None:
                database.execute("DELETE FROM about WHERE key = ?", (key,))
            else:
                database.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (key, value))

    def answers_known_since(self) -> dict[tuple[int, date], datetime]:
        """Since when the file has had the answers, by facility and day; not those of days without."""
        with self.reading() as database:
            query = "SELECT facility, day, answers_at FROM day WHERE answers_at IS NOT NULL"
            return {
                (facility, date.fromisoformat(day)): datetime.fromtimestamp(at, UTC)
                for facility, day, at in database.execute(query)
            }

    @property
    def last_visit(self) -> int:
        """The number of the last visit that there ever was in the file; 0 for none."""
        with self.reading() as database:
            found = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'visit'").fetchone()
        return int(found[0]) if found else 0

    def visits_after(self, number: int, limit: int) -> list[Visit]:
        """The visits after one, from the earliest on, at most so many."""
        with self.reading() as database:
            rows = database.execute(f"{_VISITS} WHERE id > ? ORDER BY id LIMIT ?", (number, limit)).fetchall()
        return [visit_of(row) for row in rows]

    def beats_between(self, first: int, last: int) -> dict[int, Beat]:
        """The beats of the minutes from one to another, both included."""
        with self.reading() as database:
            query = "SELECT minute, served, busy, failed FROM beat WHERE minute BETWEEN ? AND ?"
            return {row[0]: Beat(*row[1:]) for row in database.execute(query, (first, last))}

    @property
    def ran_last(self) -> int | None:
        """The last minute in which a page's process had this file, of those that are kept; None for none."""
        with self.reading() as database:
            found = database.execute("SELECT max(minute) FROM beat").fetchone()[0]
        return None if found is None else int(found)

    def beat(self, minute: int, since: Beat) -> None:
        """Say that the page runs in a minute, and what it has done in it since that was said last."""
        with self.writing() as database:
            database.execute(
                "INSERT INTO beat VALUES (?, ?, ?, ?) ON CONFLICT (minute) DO UPDATE SET "
                "served = served + excluded.served, busy = busy + excluded.busy, failed = failed + excluded.failed",
                (minute, since.served, since.busy, since.failed),
            )

    def probes_between(self, first: int, last: int) -> dict[int, bool]:
        """Whether the page was reached from outside, in the minutes from one to another in which that was tried."""
        with self.reading() as database:
            query = "SELECT minute, reached FROM probe WHERE minute BETWEEN ? AND ?"
            return {minute: bool(reached) for minute, reached in database.execute(query, (first, last))}

    def note_probe(self, minute: int, *, reached: bool) -> None:
        """Keep whether the page was reached from outside; of several tries in a minute one that reached it counts."""
        with self.writing() as database:
            query = "INSERT INTO probe VALUES (?, ?) ON CONFLICT (minute) DO UPDATE SET reached = max(reached, ?)"
            database.execute(query, (minute, reached, reached))
            database.execute("DELETE FROM probe WHERE minute < ?", (minute - _MINUTES_KEPT,))

    def minutes_with_visits(self, first: int, last: int) -> set[int]:
        """The minutes from one to another in which anybody visited."""
        with self.reading() as database:
            query = "SELECT DISTINCT CAST(at / 60 AS INTEGER) FROM visit WHERE at >= ? AND at < ?"
            return {row[0] for row in database.execute(query, (first * 60, (last + 1) * 60))}

    def tidy(self, now: datetime) -> None:
        """Forget old visits that their facility has collected, whoever else has; old beats and tries.

        The page does it by itself, for whoever fills it may be away, or have given it up.
        """
        visits, minutes = (now - KEPT).timestamp(), minute_of(now - KEPT)
        with self.writing() as database:
            collected = "SELECT CAST(value AS INTEGER) FROM about WHERE key = ? || visit.facility"
            database.execute(f"DELETE FROM visit WHERE at < ? AND id <= ({collected})", (visits, _COLLECTED))  # noqa: S608
            database.execute("DELETE FROM beat WHERE minute < ?", (minutes,))
            database.execute("DELETE FROM tries WHERE hour < ?", (hour_of(now - TRIES_KEPT),))

    def _connected(self) -> sqlite3.Connection:
        """The connection to the file that is there now, which may have been replaced. A lost one is not made anew."""
        thing = _thing_at(self.path)
        if thing == (0, 0):
            raise FileNotFoundError(f"{self.path} is gone")
        if self._connection is not None and self._thing != thing:
            self.close()
            self._drop_journal()
        if self._connection is None:
            self._connection = _connect(self.path)
            self._thing, self._journal = thing, (0, 0)
        return self._connection

    def _drop_journal(self) -> None:
        """Remove the journal of the file that was there before: SQLite leaves it, and reads it into the new one."""
        if self._journal != (0, 0) and _thing_at(self._beside("-wal")) == self._journal:
            for ending in ("-wal", "-shm"):
                self._beside(ending).unlink(missing_ok=True)

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.name}{ending}")


def _thing_at(path: Path) -> tuple[int, int]:
    """Which file is at a path; zeros where there is none."""
    try:
        about = os.stat(path)
    except FileNotFoundError:
        return 0, 0
    return about.st_dev, about.st_ino


def hour_of(at: datetime) -> int:
    """An hour's number: those since 1970."""
    return int(at.timestamp() // 3600)


_VISITS = "SELECT id, facility, day, at, channel, holder, outcome, answer, timing, receipt FROM visit"


def visit_of(row: tuple[Any, ...]) -> Visit:
    """A visit from its columns."""
    number, facility, day, at, channel, holder, outcome, answer, timing, receipt = row
    return Visit(
        number=number,
        facility=facility,
        day=date.fromisoformat(day),
        at=datetime.fromtimestamp(at, UTC),
        channel=CheckedInBy(channel),
        holder=holder,
        outcome=CheckInOutcome(outcome),
        answer=None if answer is None else DaysAnswer(answer),
        timing=None if timing is None else Timing(timing),
        receipt=receipt,
    )


def _make(path: Path) -> None:
    """An empty file for its owner alone, or for the group that the folder gives its files; not where there is one."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise TestingTrackerError(
            f"{path} cannot be made: {error.strerror}. Make the folder, for this account to write in, or name another "
            "file."
        ) from None
    with os.fdopen(descriptor):
        if os.stat(path.parent).st_mode & stat.S_ISGID and hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o660)


def _refuse_if_open_to_others(path: Path) -> None:
    about = os.stat(path)
    if not stat.S_ISREG(about.st_mode):
        raise TestingTrackerError(f"{path} is no file.")
    if os.name == "posix" and about.st_mode & 0o007:
        raise TestingTrackerError(
            f"{path} can be opened by every account of this machine, and today's answers are in it. "
            f"Close it: chmod o= {path}"
        )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=SQLITE_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not tables >= {"about", "visit", "holder"}:  # before anything is changed about it
            raise TestingTrackerError(f"{path} is no file of the check-in page. Name another one. Nothing was changed.")
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -256"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _build(database: sqlite3.Connection) -> None:
    """The tables, where they are not there yet. Raises TestingTrackerError for those of a newer version."""
    for statement in TABLES:
        database.execute(statement)
    new = (("schema", str(SCHEMA)), ("file", chance.new_mark(8).hex()), ("secret", chance.new_page_secret().hex()))
    database.executemany("INSERT OR IGNORE INTO about VALUES (?, ?)", new)
    schema = database.execute("SELECT value FROM about WHERE key = 'schema'").fetchone()[0]
    if schema != str(SCHEMA):
        raise TestingTrackerError(
            "The page's file was made by a newer version of testing_tracker. Bring this one up to date."
        )


_MARK = "made from "  # how the key of a facility's mark begins
_COLLECTED = "collected to "  # and that of the last visit that it has on record


def _facilities(database: sqlite3.Connection) -> set[int]:
    return {row[0] for row in database.execute("SELECT facility FROM place")}


def _marks(database: sqlite3.Connection) -> dict[int, PageMark]:
    found = {}
    for key, value in database.execute("SELECT key, value FROM about WHERE key LIKE ?", (f"{_MARK}%",)):
        facility, (made_from, _, here_from) = int(key.removeprefix(_MARK)), value.partition("\n")
        found[facility] = PageMark(facility, made_from, here_from)
    return found


def _bring_in_line(database: sqlite3.Connection, table: str, rows: Rows, contents: PageContents) -> bool:
    """Have a table hold such rows and no others, but those of facilities that are kept; True if it did not.

    The facility is each table's first column.
    """
    staying = set(contents.kept)
    if table == "here":
        staying |= {one.place.facility for one in contents.fillings if one.here is None}
    there = {row for row in database.execute(f"SELECT * FROM {table}") if row[0] not in staying}  # noqa: S608
    gone, new = there - rows, rows - there
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    where, places = " AND ".join(f"{one} IS ?" for one in columns), ", ".join("?" * len(columns))
    database.executemany(f"DELETE FROM {table} WHERE {where}", gone)  # noqa: S608
    database.executemany(f"INSERT INTO {table} VALUES ({places})", new)  # noqa: S608
    return bool(gone or new)
