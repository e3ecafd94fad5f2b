"""What rows that may change say since the program last wrote them, so that a change by another hand is seen.

Most tables only grow, and the ledger goes over their rows as they are. Of rows that the program's own acts change, it
keeps on the table `last_written`, which only grows and is in the ledger, what each says after each such act; the newest
counts. Draws that a night made are not among them: they are decided again, and held against the audit table.

Of a name only a digest is kept, made with a salt that stands beside the name: where both are erased one day, nobody can
find the name by trying all there are.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, event, text
from sqlmodel import Session

from testing_tracker.rules.words import DrawKind
from testing_tracker.store.ledger.rows import ROWS_AT_A_TIME, rows_of


@dataclass(frozen=True)
class MayChange:
    """A table whose rows may change: by which columns a row is kept, and which rows are.

    `names` are columns that hold a name, each with that of its salt. `only` is the condition of the rows that are kept,
    and `kind` the same of a draw. New rows of a table that `is_bulky` may be written many at once.
    """

    columns: tuple[str, ...]
    names: tuple[tuple[str, str], ...] = ()
    only: str = ""
    kind: str | None = None
    is_bulky: bool = False


MAY_CHANGE: Mapping[str, MayChange] = {
    "recommendation": MayChange(
        (
            *("facility_id", "participant_id", "from_level", "to_level", "status", "reason", "raised_at"),
            *("decided_at", "decided_by", "decision_reason", "deferred_until", "undone", "accepted_level"),
        )
    ),
    "evidence": MayChange(("facility_id", "recommendation_id", "draw_id", "added_at", "withdrawn_at", "taken_as")),
    "review": MayChange(
        (
            *("facility_id", "participant_id", "draw_id", "about", "detail", "raised_at", "done_at", "done_by"),
            "note",
        )
    ),
    "delivery": MayChange(
        (
            *("facility_id", "week", "day", "channel", "attempts", "next_at", "busy_until", "delivered_at"),
            "error",
        )
    ),
    "facility": MayChange(("name",)),
    "participant": MayChange(
        (), names=(("name", "name_salt"),), only="(name IS NOT NULL OR name_salt IS NOT NULL)", is_bulky=True
    ),
    "renaming": MayChange(
        (), names=(("earlier_name", "earlier_salt"),), only="(earlier_name IS NOT NULL OR earlier_salt IS NOT NULL)"
    ),
    "contact": MayChange(
        ("facility_id", "participant_id", "channel", "consent_on", "recorded_at", "recorded_by"),
        names=(("address", "address_salt"),),
    ),
    # A draw of a past record: what it said when it came, no act says.
    "draw": MayChange(
        (
            *("facility_id", "status", "reason", "because", "outcome", "expected", "unable", "late", "panel"),
            "taken_back_id",
        ),
        only=f"kind = '{DrawKind.IMPORTED}'",
        kind=DrawKind.IMPORTED,
        is_bulky=True,
    ),
}

_SAYS = dict[str, Any]
_ADD = text(
    "INSERT INTO last_written (facility_id, of_table, row_id, says) VALUES (:facility_id, :of_table, :row_id, :says)"
)
_NEWEST = (
    "SELECT row_id, says FROM last_written WHERE id IN (SELECT max(id) FROM last_written "
    "WHERE facility_id = :facility AND of_table = :of_table GROUP BY row_id) ORDER BY row_id"
)
_STANDING = text(f"SELECT row_id FROM ({_NEWEST}) newest WHERE says IS NOT NULL AND row_id IN :ids").bindparams(  # noqa: S608
    bindparam("ids", expanding=True)
)


class ChangedRows:
    """Notices which rows that may change a session adds, changes or removes one by one."""

    def __init__(self, session: Session) -> None:
        self._touched: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        event.listen(session, "after_flush", self._notice)

    def _notice(self, session: Session, _flush: object) -> None:
        for row in (*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))):
            table = str(getattr(type(row), "__tablename__", ""))
            of = MAY_CHANGE.get(table)
            if of is not None and of.kind in (None, getattr(row, "kind", None)):
                self._touched[row.id if table == "facility" else row.facility_id][table].add(row.id)

    def taken(self, facility_id: int) -> Mapping[str, set[int]]:
        """What was noticed of a facility's since it was last asked for: ids by table."""
        return self._touched.pop(facility_id, {})


def write_changed(
    connection: Connection,
    facility_id: int,
    changed: Mapping[str, set[int]],
    after: Mapping[str, int] | None,
    newest: Mapping[str, int],
) -> bool:
    """Keep what a facility's rows say that were changed, and those that were added with ids `after` some up to the
    `newest`; after None is all that there are, as when these tables have just been made. Returns whether any were."""
    said = [rows for table in MAY_CHANGE for rows in _to_keep(connection, facility_id, table, changed, after, newest)]
    return any(said)


def _to_keep(
    connection: Connection,
    facility_id: int,
    table: str,
    changed: Mapping[str, set[int]],
    after: Mapping[str, int] | None,
    newest: Mapping[str, int],
) -> Iterator[bool]:
    """Keep what rows of a table say, some at a time; whether there were any."""
    of = MAY_CHANGE[table]
    if after is None:
        yield _write(connection, facility_id, table, _rows(connection, table, "", facility=facility_id))
        return
    if of.is_bulky and newest[table] > after[table]:
        new = _rows(connection, table, "AND id > :after", facility=facility_id, after=after[table])
        yield _write(connection, facility_id, table, new)
    ids = sorted(number for number in changed.get(table, ()) if not of.is_bulky or number <= after[table])
    for start in range(0, len(ids), ROWS_AT_A_TIME):
        some = ids[start : start + ROWS_AT_A_TIME]
        there = dict(_rows(connection, table, "AND id IN :ids", facility=facility_id, ids=some))
        yield _write(connection, facility_id, table, there.items())
        yield _write(connection, facility_id, table, _gone(connection, facility_id, table, set(some) - there.keys()))


def _gone(
    connection: Connection, facility_id: int, table: str, ids: Collection[int]
) -> Iterable[tuple[int, _SAYS | None]]:
    """Which of some rows were kept, and are nothing to keep any more."""
    if not ids:
        return []
    known = {"facility": facility_id, "of_table": table, "ids": sorted(ids)}
    return [(number, None) for number in connection.execute(_STANDING, known).scalars()]


def _write(
    connection: Connection, facility_id: int, table: str, rows: Iterable[tuple[int, Mapping[str, Any] | None]]
) -> bool:
    same = {"facility_id": facility_id, "of_table": table}
    written = [{**same, "row_id": number, "says": None if says is None else _as_text(says)} for number, says in rows]
    if written:
        connection.execute(_ADD, written)
    return bool(written)


@dataclass(frozen=True)
class Otherwise:
    """A row that is not as the program last wrote it: in which `columns` (none where it was added or removed).

    `was` and `now` are what it said then and says; None where there was or is no such row.
    """

    table: str
    id: int
    was: Mapping[str, Any] | None
    now: Mapping[str, Any] | None

    @property
    def columns(self) -> Sequence[str]:
        """What differs, of a row that was and is there."""
        if self.was is None or self.now is None:
            return []
        return sorted(name for name in self.was.keys() | self.now.keys() if self.was.get(name) != self.now.get(name))


def rows_otherwise(
    session: Session, facility_id: int, tables: Iterable[str] = tuple(MAY_CHANGE)
) -> Iterator[Otherwise]:
    """A facility's rows, of some tables, that are not as the program last wrote them."""
    connection = session.connection()
    for table in tables:
        now = _rows(connection, table, "", facility=facility_id, streamed=True)
        known = {"facility": facility_id, "of_table": table}
        newest = (
            (int(number), says_of(says)) for number, says in rows_of(connection, text(_NEWEST), known, streamed=True)
        )
        for number, says, was in _side_by_side(now, newest):
            if says != was:
                yield Otherwise(table, number, was, says)


_Row = tuple[int, Mapping[str, Any] | None]


def _side_by_side(one: Iterator[_Row], other: Iterator[_Row]) -> Iterator[tuple[int, Any, Any]]:
    """Two rows of numbers in their order, as one: what each says of a number, None where it has none."""
    left, right = next(one, None), next(other, None)
    while left is not None or right is not None:
        number = min(row[0] for row in (left, right) if row is not None)
        here = left[1] if left is not None and left[0] == number else None
        there = right[1] if right is not None and right[0] == number else None
        yield number, here, there
        left = next(one, None) if left is not None and left[0] == number else left
        right = next(other, None) if right is not None and right[0] == number else right


def _rows(
    connection: Connection, table: str, which: str, *, facility: int, streamed: bool = False, **more: object
) -> Iterator[tuple[int, _SAYS]]:
    of = MAY_CHANGE[table]
    query = _query(table, which)
    for number, *cells in rows_of(connection, query, {"facility": facility, **more}, streamed=streamed):
        says = {name: cell for name, cell in zip(of.columns, cells, strict=False) if cell is not None}
        salted = cells[len(of.columns) :]
        for (name, _), given, salt in zip(of.names, salted[::2], salted[1::2], strict=True):
            says[name] = digest_of_name(str(given), salt)
        yield int(number), says


@cache
def _query(table: str, which: str) -> TextClause:
    of = MAY_CHANGE[table]
    columns = ", ".join(("id", *of.columns, *(column for pair in of.names for column in pair)))
    whose = "id = :facility" if table == "facility" else "facility_id = :facility"
    only = f"AND {of.only}" if of.only else ""
    query = text(f"SELECT {columns} FROM {table} WHERE {whose} {only} {which} ORDER BY id")  # noqa: S608  our own names
    return query.bindparams(bindparam("ids", expanding=True)) if ":ids" in which else query


def digest_of_name(name: str, salt: str | None) -> str:
    """The digest of a name with its salt, in hexadecimal."""
    return sha256(f"{salt or ''} {name}".encode()).hexdigest()


def _as_text(says: Mapping[str, Any]) -> str:
    return json.dumps(says, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def says_of(says: str | None) -> Mapping[str, Any] | None:
    """What was kept of a row, by column, and None of one that is gone; of a text that is none, what no row says."""
    if says is None:
        return None
    try:
        found = json.loads(says)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"": says}
