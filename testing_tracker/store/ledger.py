"""The ledger: shows when a record was changed, added or removed by anything but this program.

Every transaction ends with a page about the rows that it added to tables that only grow. A page's digest goes over the
page before it, so no earlier one can be exchanged, and the nightly run seals the newest digest with the key. What may
change in a row by the program's own acts (a participant's name, a draw's status) is left out here; so are draws that a
run made, because they are decided again when they are checked.
"""

import json
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, text
from sqlmodel import Session

from testing_tracker.errors import TestingTrackerError

# Later columns and tables go to the end, and what an earlier row has in a later column is made empty here: empty cells
# at the end of a row do not count, so its mark stays the same.
_COLUMNS = {
    "facility": "id, timezone, training, opened_on",
    "key_chain": "id, facility_id, anchor, first_day, days, reason, recorded_at, recorded_by",
    "schedule": "id, facility_id, name",
    "schedule_version": "id, schedule_id, version, binds_from, text, recorded_at, recorded_by, chances",
    "participant": "id, facility_id, code, code_key",
    "enrolment": "id, participant_id, from_on, enrolled, reason, recorded_at, recorded_by",
    "placement": "id, participant_id, from_on, level, reason, recommendation_id, recorded_at, recorded_by",
    "assignment": "id, participant_id, from_on, schedule_id, recorded_at, recorded_by",
    "leave": "id, participant_id, from_on, to_on, reason, replaces_id, recorded_at, recorded_by",
    "night": "id, facility_id, day, ran, recorded_at, recorded_by",
    "pool": (
        "id, facility_id, day, ran, key_chain_id, first_participant_id, last_participant_id, last_enrolment_id, "
        "last_assignment_id, last_leave_id, last_version_id, last_draw_id, drawn, revealed, last_page_id, seal, "
        "recorded_at, recorded_by"
    ),
    "draw": "id, participant_id, due_on, kind, schedule_version_id, ordered_for, recorded_at",
    "result": (
        "id, draw_id, outcome, collected_at, note, replaces_id, reason, recorded_at, recorded_by, "
        "nullif(method, 'presumptive'), lab, specimen_id"
    ),
    "finding": "id, result_id, analyte, nullif(found, true), amount, unit",
    "audit_entry": ("id, facility_id, at, account, act, participant_id, draw_id, recommendation_id, reason, detail"),
    "reading": "id, result_id, expected, unexpected, absent, reason, recorded_at, recorded_by",
    "prescription": (
        "id, participant_id, analyte, from_on, to_on, prescriber, reason, replaces_id, recorded_at, recorded_by"
    ),
    "specimen": (
        "id, draw_id, label, kind, collector, observed, collected_at, received_at, temperature, creatinine, "
        "specific_gravity, ph, oxidant, validity, because, edition, replaces_id, recorded_at, recorded_by"
    ),
    "handover": "id, specimen_id, from_whom, to_whom, at, purpose, recorded_at, recorded_by",
    "confirmation": "id, draw_id, lab, due_on, reason, recorded_at, recorded_by",
    "closing": (
        "id, facility_id, day, days, draws, untouched, usual_draws, usual_untouched, held, recorded_at, recorded_by"
    ),
    "report_edition": "id, facility_id, week, digest, totals, standing, last_entry_id, printed_at, printed_by",
    "staff": "id, facility_id, account, role, allowed, recorded_at, recorded_by",
}
_ONLY = {"draw": "kind IN ('for-cause', 'imported')"}
_ADD_PAGE = (
    "INSERT INTO ledger_page (id, facility_id, up_to, marks, digest) "
    "VALUES (:id, :facility_id, :up_to, :marks, :digest)"
)
_MARK_BYTES = 8
_ROWS_AT_A_TIME = 1_000
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


def write_page(session: Session) -> None:
    """End a transaction with the page of what it added; nothing when it added nothing."""
    session.flush()
    connection = session.connection()
    earlier = _last_page(connection)
    newest = _newest_ids(connection)
    if earlier.up_to == newest:
        return
    marks = bytearray()
    digest = sha256(earlier.digest.encode())
    for table in _COLUMNS:
        if newest[table] > earlier.up_to[table]:
            is_large = newest[table] - earlier.up_to[table] > _ROWS_AT_A_TIME
            for row in _rows(connection, _query(table, earlier.up_to[table]), streamed=is_large):
                found = _digest(row)
                marks += found[:_MARK_BYTES]
                digest.update(found)
    facility_id = connection.exec_driver_sql("SELECT min(id) FROM facility").scalar()
    up_to = json.dumps(newest)
    digest.update(_head(earlier.id + 1, facility_id, up_to))
    page = {
        "id": earlier.id + 1,
        "facility_id": facility_id,
        "up_to": up_to,
        "marks": bytes(marks),
        "digest": digest.hexdigest(),
    }
    connection.execute(text(_ADD_PAGE), page)


def last_page(session: Session) -> tuple[int, str]:
    """The newest page's number and digest."""
    page = _last_page(session.connection())
    return page.id, page.digest


def first_page_up_to(session: Session, table: str) -> int:
    """The newest id of a table when the ledger began: 0, or more where the database is older than the ledger."""
    return known_at_page(session, 1)[table]


def known_at_page(session: Session, page_id: int) -> dict[str, int]:
    """The newest id of each table when a page was written; 0 where there is no such page."""
    found = session.connection().execute(text("SELECT up_to FROM ledger_page WHERE id = :id"), {"id": page_id}).scalar()
    return _up_to(found) if found else dict.fromkeys(_COLUMNS, 0)


def digest_of_page(session: Session, page_id: int) -> str:
    """The digest that a page has on record; that of nothing where there is none."""
    found = (
        session.connection().execute(text("SELECT digest FROM ledger_page WHERE id = :id"), {"id": page_id}).scalar()
    )
    return str(found) if found else _NOTHING


def broken_pages(session: Session) -> Iterator[BrokenPage]:
    """The pages that do not hold, oldest first; a few rows in memory at a time."""
    connection = session.connection()
    with ExitStack() as open_rows:

        def rows_of(query: str) -> Iterator[Any]:
            return open_rows.enter_context(closing(_rows(connection, query, streamed=True)))

        streams = {table: _Stream(rows_of(_query(table, after=0))) for table in _COLUMNS}
        yield from _compared(
            streams, rows_of("SELECT id, facility_id, up_to, marks, digest FROM ledger_page ORDER BY id")
        )


def _compared(streams: dict[str, "_Stream"], pages: Iterator[Any]) -> Iterator[BrokenPage]:
    digest, up_to = _NOTHING, dict.fromkeys(_COLUMNS, 0)
    expected_id = 1
    for page_id, facility_id, known, marks, stored in pages:
        since, up_to = up_to, _up_to(known)
        comparison = _Comparison(digest, marks)
        for table, stream in streams.items():
            for row in stream.until(up_to[table]):
                comparison.add(table, row)
        strangers, missing = comparison.differences()
        total = comparison.total(_head(page_id, facility_id, known))
        if total != stored or page_id != expected_id or strangers or missing:
            yield BrokenPage(page_id, strangers, missing, since["audit_entry"] + 1, up_to["audit_entry"])
        digest, expected_id = stored, page_id + 1
    left = tuple((table, row[0]) for table, stream in streams.items() for row in stream.until(None))
    if left:
        yield BrokenPage(None, left, 0, up_to["audit_entry"] + 1, up_to["audit_entry"])


class _Comparison:
    """Compares a page's rows with its marks; what differs is kept, not what agrees."""

    def __init__(self, digest_before: str, marks: bytes) -> None:
        self.digest = sha256(digest_before.encode())
        self.marks = marks
        self.count = 0
        self.strange: list[tuple[str, int, bytes]] = []
        self.unmatched: Counter[bytes] = Counter()

    def add(self, table: str, row: Any) -> None:  # noqa: ANN401
        found = _digest(row)
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
    id: int
    up_to: dict[str, int]
    digest: str


def _last_page(connection: Connection) -> _Page:
    found = connection.exec_driver_sql("SELECT id, up_to, digest FROM ledger_page ORDER BY id DESC LIMIT 1").first()
    if found is None:
        return _Page(0, dict.fromkeys(_COLUMNS, 0), _NOTHING)
    return _Page(found[0], _up_to(found[1]), found[2])


def _head(page_id: int, facility_id: object, up_to: str) -> bytes:
    return f"{page_id} {facility_id} {up_to}".encode()


def _up_to(text: str) -> dict[str, int]:
    """The newest ids of a page; a table that came later had none."""
    try:
        found = json.loads(text)
        return {table: int(found.get(table, 0)) for table in _COLUMNS}
    except (ValueError, TypeError, AttributeError):
        raise TestingTrackerError(
            "A page of the ledger cannot be read: the database is damaged, or was changed by hand. Keep a copy of it, "
            "and bring back the last good one."
        ) from None


def _newest_ids(connection: Connection) -> dict[str, int]:
    columns = ", ".join(f"(SELECT coalesce(max(id), 0) FROM {table})" for table in _COLUMNS)  # noqa: S608
    return dict(zip(_COLUMNS, connection.exec_driver_sql(f"SELECT {columns}").one(), strict=True))


def _query(table: str, after: int) -> str:
    only = f" AND {_ONLY[table]}" if table in _ONLY else ""
    return f"SELECT {_COLUMNS[table]} FROM {table} WHERE id > {int(after)}{only} ORDER BY id"  # noqa: S608


def _rows(connection: Connection, query: str, *, streamed: bool) -> Generator[Any]:
    """The rows of a query; a few in memory at a time where they are streamed."""
    options = {"yield_per": _ROWS_AT_A_TIME} if streamed else {}
    with connection.exec_driver_sql(query, execution_options=options) as rows:
        yield from rows if connection.dialect.name == "sqlite" else map(_as_sqlite_keeps_it, rows)


def _as_sqlite_keeps_it(row: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """A row whose cells other databases keep as what they mean, so that a row has the same mark on every one."""
    return tuple(_cell(value) for value in row)


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else value


def _digest(row: Any) -> bytes:  # noqa: ANN401
    """Of the cells as the database keeps them, without the empty ones at the end."""
    cells = tuple(row)
    while cells[-1] is None:
        cells = cells[:-1]
    return sha256(repr(cells).encode()).digest()


class _Stream:
    """Rows in the order of ids, taken up to an id at a time."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self.rows = rows
        self.next = next(rows, None)

    def until(self, last: int | None) -> Iterator[Any]:
        """The next rows with ids up to `last`; all that are left for None."""
        while self.next is not None and (last is None or self.next[0] <= last):
            row, self.next = self.next, next(self.rows, None)
            yield row
