"""The ledger: shows when a record was changed, added or removed by anything but this program.

Every transaction ends with a page about the rows that it added for its facility to tables that only grow
(`rows`). Each facility has its own chain of pages: a page's digest goes over the page before it, so no earlier
one can be exchanged, and the nightly run seals the newest digest with the key.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, text
from sqlmodel import Session

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.watched import Begin, unwatched
from testing_tracker.store.ledger.last_written import ChangedRows, write_changed
from testing_tracker.store.ledger.rows import COLUMNS, ROWS_AT_A_TIME, SOURCES, Stream, digest_of, rows_after, rows_of

_NEWEST_IDS = text(
    "SELECT " + ", ".join(f"(SELECT coalesce(max(id), 0) FROM {SOURCES.get(table, table)})" for table in COLUMNS)  # noqa: S608
)
_LAST_PAGE = text(
    "SELECT page.id, page.up_to, page.digest, newest.id "
    "FROM (SELECT coalesce(max(id), 0) AS id FROM ledger_page) newest LEFT JOIN ledger_page page "
    "ON page.id = (SELECT max(id) FROM ledger_page WHERE facility_id = :facility_id)"
)
_ADD_PAGE = text(
    "INSERT INTO ledger_page (id, facility_id, up_to, marks, digest) "
    "VALUES (:id, :facility_id, :up_to, :marks, :digest)"
)
_PAGES = text(
    "SELECT id, facility_id, up_to, marks, digest FROM ledger_page WHERE facility_id = :facility AND id > :since "
    "ORDER BY id"
)
_NEWEST_PAGES = text(
    "SELECT id, up_to, length(marks) FROM ledger_page WHERE facility_id = :facility ORDER BY id DESC LIMIT :many"
)
_UP_TO = text("SELECT up_to FROM ledger_page WHERE facility_id = :facility ORDER BY id")
_MARK_BYTES = 8
_NOTHING = sha256(b"").hexdigest()


@dataclass(frozen=True)
class BrokenPage:
    """A page that does not hold: `rows` are those without a mark, by table and id; `missing` rows have only a mark.

    `first_entry` and `last_entry` are the audit entries of the same transaction. A page without number stands for
    rows after the last one.
    """

    page_id: int | None
    rows: tuple[tuple[str, int], ...]
    missing: int
    first_entry: int
    last_entry: int


class Pages:
    """Ends a transaction, or a part of it, with a page of the ledger about its own rows alone.

    Made before the transaction writes, by whoever holds the lock that keeps others from writing for the same facility:
    rows that other facilities add meanwhile have ids among these, and are not looked at.
    """

    def __init__(self, session: Session, *, has_tables: bool = True) -> None:
        """`has_tables` is false where the tables are still to be made or altered: then all that is new is looked at."""
        self._session = session
        self._began_after = _newest_ids(session.connection()) if has_tables else None
        self._changed = ChangedRows(session)
        self._written_up_to: dict[int, dict[str, int]] = {}
        self.last: tuple[int, str] = (0, _NOTHING)  # the number and digest of the last page that was written

    def write(self, facility_id: int, begun: Begin = unwatched) -> None:
        """Write the page of what was added for a facility since its last one; nothing for nothing.

        `begun` is told how many rows that are.
        """
        self._session.flush()
        connection = self._session.connection()
        since = self._written_up_to.get(facility_id) or self._began_after
        newest = _newest_ids(connection)
        earlier = _last_page(connection, facility_id)
        after = since or earlier.up_to
        # Of a schema in which such words were kept already, only what an upgrade changes is kept anew.
        kept_after = after if since or after["last_written"] else None
        if write_changed(connection, facility_id, self._changed.taken(facility_id), kept_after, newest):
            newest = _newest_ids(connection)
        digest = sha256(earlier.digest.encode())
        marks = b"".join(_marks_since(connection, facility_id, after, newest, digest.update, begun))
        if not marks:
            return
        up_to = json.dumps(newest)
        page_id = _next_id(connection, earlier)
        digest.update(_head(page_id, facility_id, up_to))
        page = {"id": page_id, "facility_id": facility_id, "up_to": up_to, "marks": marks, "digest": digest.hexdigest()}
        connection.execute(_ADD_PAGE, page)
        self._written_up_to[facility_id] = newest
        self.last = page_id, digest.hexdigest()


def _marks_since(
    connection: Connection,
    facility_id: int,
    after: Mapping[str, int],
    newest: Mapping[str, int],
    seal: Callable[[bytes], None],
    begun: Begin,
) -> Iterator[bytes]:
    """The marks of a facility's rows since, each of which is sealed."""
    new = {table: newest[table] - after[table] for table in COLUMNS if newest[table] > after[table]}
    advance = begun("Writing the ledger", sum(new.values()))
    for table, many in new.items():
        is_large = many > ROWS_AT_A_TIME
        rows = rows_after(connection, table, facility_id, after[table], streamed=is_large)
        for number, row in enumerate(rows, start=1):
            found = digest_of(row)
            seal(found)
            yield found[:_MARK_BYTES]
            if number % ROWS_AT_A_TIME == 0:
                advance(ROWS_AT_A_TIME)
                many -= ROWS_AT_A_TIME
        advance(many)  # the rest, and what others' are


def last_page(session: Session, facility_id: int) -> tuple[int, str]:
    """The facility's newest page's number and digest."""
    page = _last_page(session.connection(), facility_id)
    return page.id, page.digest


def first_page_up_to(session: Session, facility_id: int, table: str) -> int:
    """The newest id of a table when the facility's ledger began: more than 0 where its records are older than that."""
    query = text("SELECT up_to FROM ledger_page WHERE facility_id = :facility_id ORDER BY id LIMIT 1")
    found = session.connection().execute(query, {"facility_id": facility_id}).scalar()
    return _up_to(found)[table] if found else 0


def known_at_page(session: Session, page_id: int) -> dict[str, int]:
    """The newest id of each table when a page was written; 0 where there is no such page."""
    found = session.connection().execute(text("SELECT up_to FROM ledger_page WHERE id = :id"), {"id": page_id}).scalar()
    return _up_to(found) if found else dict.fromkeys(COLUMNS, 0)


def known_after_page(session: Session, facility_id: int, page_id: int) -> dict[str, int] | None:
    """The newest id of each table when the facility's next page after one was written; None where there is none."""
    query = text("SELECT up_to FROM ledger_page WHERE facility_id = :facility_id AND id > :id ORDER BY id LIMIT 1")
    found = session.connection().execute(query, {"facility_id": facility_id, "id": page_id}).scalar()
    return _up_to(found) if found else None


def page_of_run(session: Session, facility_id: int, sealed_page_id: int) -> tuple[int, str]:
    """The number and the digest of the page that a run ended with: the facility's next after the one it sealed.

    Number 0 and the digest of nothing where there is none, which only another hand can have done.
    """
    query = text("SELECT id, digest FROM ledger_page WHERE facility_id = :facility_id AND id > :id ORDER BY id LIMIT 1")
    found = session.connection().execute(query, {"facility_id": facility_id, "id": sealed_page_id}).first()
    return (int(found[0]), str(found[1])) if found else (0, _NOTHING)


def newest_ids_of_pages(session: Session, facility_id: int) -> Iterator[dict[str, int]]:
    """The newest id of each table at the end of each of a facility's pages, oldest first; of the tables that were."""
    for (up_to,) in rows_of(session.connection(), _UP_TO, {"facility": facility_id}, streamed=True):
        yield _read(up_to)


def digest_of_page(session: Session, page_id: int) -> str:
    """The digest that a page has on record; that of nothing where there is none."""
    found = (
        session.connection().execute(text("SELECT digest FROM ledger_page WHERE id = :id"), {"id": page_id}).scalar()
    )
    return str(found) if found else _NOTHING


def written_together(session: Session, facility_id: int, table: str) -> Iterator[tuple[range, range]]:
    """For each page that has new rows of a table, among which ids these are and among which its audit entries."""
    begins, known, before = f'"{table}": ', "", "{}"
    for (up_to,) in rows_of(session.connection(), _UP_TO, {"facility": facility_id}, streamed=True):
        said = up_to.partition(begins)[2].partition(",")[0]
        if said != known:  # few pages have any, and to read each takes its time
            earlier, newest = _read(before), _read(up_to)
            rows = range(earlier.get(table, 0) + 1, newest.get(table, 0) + 1)
            yield rows, range(earlier.get("audit_entry", 0) + 1, newest.get("audit_entry", 0) + 1)
        known, before = said, up_to


def first_broken_page(session: Session, facility_id: int) -> BrokenPage | None:
    """A facility's first page that does not hold, None when all do."""
    with closing(broken_pages(session, facility_id)) as pages:  # type: ignore[type-var]
        return next(pages, None)


def broken_pages(session: Session, facility_id: int, since: int = 0) -> Iterator[BrokenPage]:
    """A facility's pages that do not hold, oldest first; a few rows in memory at a time.

    With `since`, only the pages after one of its own, whose digest is taken as it is on record, and their rows.
    """
    connection = session.connection()
    digest, up_to = digest_of_page(session, since), known_at_page(session, since)
    newest = _newest_ids(connection) if since else dict.fromkeys(COLUMNS, 1)
    with ExitStack() as open_rows:

        def opened(rows: Iterator[Any]) -> Iterator[Any]:
            return open_rows.enter_context(closing(rows))  # type: ignore[type-var]

        streams = {
            table: Stream(opened(rows_after(connection, table, facility_id, after=up_to[table], streamed=not since)))
            for table in COLUMNS
            if newest[table] > up_to[table]
        }
        pages = rows_of(connection, _PAGES, {"facility": facility_id, "since": since}, streamed=not since)
        yield from _compared(streams, opened(pages), digest, up_to)


def newest_of(session: Session, facility_id: int, rows: int, entry: int = 0, *, pages: int = 200) -> int:
    """The page after which are a facility's newest ones, with so many rows and pages at most; 0 for all of them.

    None of them was written before the audit entry with number `entry`.
    """
    since, known = 0, {"facility": facility_id, "many": pages + 1}
    found = session.connection().execute(_NEWEST_PAGES, known).all()
    for number, (page_id, up_to, size) in enumerate(found):
        if since and _up_to(up_to)["audit_entry"] < entry:
            return since
        rows -= size // _MARK_BYTES
        since = int(page_id)
        if rows < 0 or number == pages:
            return since
    return since if entry and found else 0


def _compared(
    streams: dict[str, Stream], pages: Iterator[Any], digest: str, up_to: dict[str, int]
) -> Iterator[BrokenPage]:
    for page_id, facility_id, known, stored_marks, stored in pages:
        since, marks = up_to, bytes(stored_marks) if isinstance(stored_marks, bytes | memoryview) else b""
        comparison = _Comparison(str(digest), marks)
        try:
            up_to = _up_to(known)
            written: Iterator[tuple[str, Any]] = (
                (table, row) for table, stream in streams.items() for row in stream.until(up_to[table])
            )
        except TestingTrackerError:
            up_to = dict(since)
            written = _by_marks(streams, marks, up_to)
        for table, row in written:
            comparison.add(table, row)
        strangers, missing = comparison.differences()
        total = comparison.total(_head(page_id, facility_id, known))
        # The program's pages reach as far as those before them at least; checks go by where a page says that it began.
        is_behind = any(up_to[table] < stream.taken for table, stream in streams.items())
        if total != stored or strangers or missing or is_behind:
            yield BrokenPage(page_id, strangers, missing, since["audit_entry"] + 1, up_to["audit_entry"])
        digest = stored
    left = tuple((table, row[0]) for table, stream in streams.items() for row in stream.until(None))
    if left:
        yield BrokenPage(None, left, 0, up_to["audit_entry"] + 1, up_to["audit_entry"])


def _by_marks(streams: dict[str, Stream], marks: bytes, up_to: dict[str, int]) -> Iterator[tuple[str, Any]]:
    """The rows of a page that does not say any more how far it reached: those that have its marks, in their order.

    How far that is goes into `up_to`.
    """
    expected = deque(marks[start : start + _MARK_BYTES] for start in range(0, len(marks), _MARK_BYTES))
    for table, stream in streams.items():
        while expected and stream.next is not None and digest_of(stream.next)[:_MARK_BYTES] == expected[0]:
            up_to[table] = stream.next[0]
            for row in stream.until(up_to[table]):
                expected.popleft()
                yield table, row


class _Comparison:
    """Compares a page's rows with its marks; what differs is kept, not what agrees."""

    def __init__(self, digest_before: str, marks: bytes) -> None:
        self.digest = sha256(digest_before.encode())
        self.marks = marks
        self.count = 0
        self.strange: list[tuple[str, int, bytes]] = []
        self.unmatched: Counter[bytes] = Counter()

    def add(self, table: str, row: Any) -> None:  # noqa: ANN401
        found = digest_of(row)
        self.digest.update(found)
        expected = self._mark(self.count)
        self.count += 1
        if found[:_MARK_BYTES] != expected:
            self.strange.append((table, row[0], found[:_MARK_BYTES]))
            if expected:
                self.unmatched[expected] += 1

    def total(self, head: bytes) -> str:
        digest = self.digest.copy()
        digest.update(head)
        return digest.hexdigest()

    def differences(self) -> tuple[tuple[tuple[str, int], ...], int]:
        """The rows that no mark is for, and how many marks are left without a row beyond those."""
        unmatched = self.unmatched.copy()
        while expected := self._mark(self.count):
            unmatched[expected] += 1
            self.count += 1
        strangers = []
        for table, identity, mark in self.strange:
            if unmatched[mark]:
                unmatched[mark] -= 1  # it only moved up, because another one is missing
            else:
                strangers.append((table, identity))
        return tuple(strangers), max(0, unmatched.total() - len(strangers))

    def _mark(self, number: int) -> bytes:
        return self.marks[number * _MARK_BYTES : (number + 1) * _MARK_BYTES]


@dataclass(frozen=True)
class _Page:
    """A facility's newest page; number 0 where it has none. `newest_id` is the newest page of any facility."""

    id: int
    up_to: dict[str, int]
    digest: str
    newest_id: int


def _last_page(connection: Connection, facility_id: int) -> _Page:
    page_id, up_to, digest, newest_id = connection.execute(_LAST_PAGE, {"facility_id": facility_id}).one()
    if page_id is None:
        return _Page(0, dict.fromkeys(COLUMNS, 0), _NOTHING, newest_id)
    return _Page(page_id, _up_to(up_to), digest, newest_id)


def _next_id(connection: Connection, last: _Page) -> int:
    """A page's number. On a server pages of several facilities may be written at once, in a file never."""
    if connection.dialect.name == "sqlite":
        return last.newest_id + 1
    return int(connection.exec_driver_sql("SELECT nextval('ledger_page_id_seq')").scalar_one())


def _head(page_id: int, facility_id: object, up_to: str) -> bytes:
    return f"{page_id} {facility_id} {up_to}".encode()


def _up_to(text: str) -> dict[str, int]:
    """The newest ids of a page; a table that came later had none."""
    found = _read(text)
    return {table: found.get(table, 0) for table in COLUMNS}


def _read(text: str) -> dict[str, int]:
    try:
        found = json.loads(text)
        if set(map(type, found.values())) <= {int}:
            return dict(found)
    except (ValueError, TypeError, AttributeError):
        pass
    raise TestingTrackerError(
        "A page of the ledger cannot be read: the database is damaged, or was changed by hand. Keep a copy of it, "
        "and bring back the last good one."
    )


def _newest_ids(connection: Connection) -> dict[str, int]:
    return dict(zip(COLUMNS, connection.execute(_NEWEST_IDS).one(), strict=True))
