"""The rows that the ledger is over: which columns of which tables, whose facility's they are, and their digests.

What may change in a row by the program's own acts (a participant's name, a recommendation's status) is left out here:
`last_written` keeps that. So are draws that a run made, because they are decided again when they are checked.
"""

from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, TextClause, text

_FIRST = "(SELECT r.{} FROM renaming r WHERE r.participant_id = participant.id ORDER BY r.id LIMIT 1)"
# Later columns and tables go to the end, and what an earlier row has in a later column is made empty here: empty cells
# at the end of a row do not count, so its mark stays the same.
COLUMNS = {
    "facility": "id, timezone, training, opened_on",
    "key_chain": "id, facility_id, anchor, first_day, days, reason, recorded_at, recorded_by",
    "schedule": "id, facility_id, name",
    "schedule_version": "id, schedule_id, version, binds_from, text, recorded_at, recorded_by, chances",
    # By the code that a participant was enrolled with; the later ones have rows of their own.
    "participant": (
        f"id, facility_id, coalesce({_FIRST.format('earlier_code')}, code), "
        f"coalesce({_FIRST.format('earlier_key')}, code_key)"
    ),
    "enrolment": "id, participant_id, from_on, enrolled, reason, recorded_at, recorded_by, ended_as",
    "placement": "id, participant_id, from_on, level, reason, recommendation_id, recorded_at, recorded_by",
    "assignment": "id, participant_id, from_on, schedule_id, recorded_at, recorded_by",
    "leave": "id, participant_id, from_on, to_on, reason, replaces_id, recorded_at, recorded_by",
    "night": "id, facility_id, day, ran, recorded_at, recorded_by",
    "pool": (
        "id, facility_id, day, ran, key_chain_id, first_participant_id, last_participant_id, last_enrolment_id, "
        "last_assignment_id, last_leave_id, last_version_id, last_draw_id, drawn, revealed, last_page_id, seal, "
        "recorded_at, recorded_by, last_holiday_year_id, last_closure_id, list_digest"
    ),
    "draw": "id, participant_id, due_on, kind, schedule_version_id, ordered_for, recorded_at, panel",
    "result": (
        "id, draw_id, outcome, collected_at, note, replaces_id, reason, recorded_at, recorded_by, "
        "nullif(method, 'presumptive'), lab, specimen_id, nullif(undone, false)"
    ),
    "finding": "id, result_id, analyte, nullif(found, true), amount, unit, comparator, cutoff",
    "audit_entry": ("id, facility_id, at, account, act, participant_id, draw_id, recommendation_id, reason, detail"),
    "reading": "id, result_id, expected, unexpected, absent, reason, recorded_at, recorded_by, outcome",
    "prescription": (
        "id, participant_id, analyte, from_on, to_on, prescriber, reason, replaces_id, recorded_at, recorded_by"
    ),
    "specimen": (
        "id, draw_id, label, kind, collector, observed, collected_at, received_at, temperature, creatinine, "
        "specific_gravity, ph, oxidant, validity, because, edition, replaces_id, recorded_at, recorded_by, label_key, "
        "nullif(withdrawn, false)"
    ),
    "handover": "id, specimen_id, from_whom, to_whom, at, purpose, recorded_at, recorded_by",
    "confirmation": "id, draw_id, lab, due_on, reason, recorded_at, recorded_by, sent_on, specimen_id",
    "closing": (
        "id, facility_id, day, days, draws, untouched, usual_draws, usual_untouched, held, recorded_at, recorded_by"
    ),
    "report_edition": "id, facility_id, week, digest, totals, standing, last_entry_id, printed_at, printed_by",
    "staff": "id, facility_id, account, role, allowed, recorded_at, recorded_by",
    "holiday_year": "id, facility_id, calendar, year, days, library, recorded_at, recorded_by",
    "closure": "id, facility_id, from_on, to_on, closed, reason, decided_to, recorded_at, recorded_by",
    "facility_name": "id, facility_id, name, earlier, reason, recorded_at, recorded_by",
    "facility_zone": "id, facility_id, from_on, timezone, reason, recorded_at, recorded_by",
    "taking_back": (
        "id, facility_id, first_day, last_day, closed_from, last_pool_id, last_closing_id, last_draw_id, key_chain_id, "
        "reason, recorded_at, recorded_by"
    ),
    "night_taken_back": ("id, taking_back_id, night_id, facility_id, day, ran, last_participant_id, made_at, made_by"),
    # Without the name: what a person is called may have to be erased one day.
    "renaming": (
        "id, participant_id, earlier_code, earlier_key, code, code_key, name_changed, reason, recorded_at, recorded_by"
    ),
    "joining": "id, participant_id, into_id, reason, recorded_at, recorded_by",
    "look": "id, facility_id, participant_id, command, detail, recorded_at, recorded_by",
    "last_written": "id, facility_id, of_table, row_id, says",
    "check_in_rule": "id, facility_id, from_on, opens, closes, page, not_checked_in, recorded_at, recorded_by",
    "card": "id, participant_id, number, salt, verifier, language, reason, recorded_at, recorded_by",
    "check_in": (
        "id, participant_id, day, at, channel, outcome, answer, timing, receipt, visit, note, recorded_at, recorded_by"
    ),
    "check_in_day": (
        "id, facility_id, day, days, expected, in_time, late, tried, not_checked_in, usual_expected, "
        "usual_not_checked_in, held, faulty_minutes, strangers, recorded_at, recorded_by"
    ),
    "outage": "id, facility_id, from_at, to_at, found_by, reason, replaces_id, recorded_at, recorded_by",
    "strangers_seen": "id, facility_id, day, tries, up_to, recorded_at, recorded_by",
}
# A night that is taken back moves to another table, and stays the same row of the ledger.
SOURCES = {
    "night": (
        "(SELECT id, facility_id, day, ran, recorded_at, recorded_by FROM night UNION ALL "
        "SELECT night_id, facility_id, day, ran, made_at, made_by FROM night_taken_back) AS night"
    ),
}
_ONLY = {"draw": "kind IN ('for-cause', 'imported')"}
ROWS_AT_A_TIME = 1_000


def rows_after(connection: Connection, table: str, facility_id: int, after: int, *, streamed: bool) -> Generator[Any]:
    """A facility's rows of a table with ids after one, in their order; a few in memory at a time where streamed.

    Whose a row is need not be among its cells: one that says another facility is missing in its own ledger, and strange
    in the other's.
    """
    yield from rows_of(connection, _rows_after(table), {"facility": facility_id, "after": after}, streamed=streamed)


@cache
def _rows_after(table: str) -> TextClause:
    only = f" AND {_ONLY[table]}" if table in _ONLY else ""
    whose = "id = :facility" if table == "facility" else "facility_id = :facility"
    source = SOURCES.get(table, table)
    return text(f"SELECT {COLUMNS[table]} FROM {source} WHERE id > :after AND {whose}{only} ORDER BY id")  # noqa: S608


def rows_of(
    connection: Connection, query: TextClause, parameters: Mapping[str, object], *, streamed: bool
) -> Generator[Any]:
    """The rows of a query, with their cells as SQLite keeps them."""
    options = {"yield_per": ROWS_AT_A_TIME} if streamed else {}
    with connection.execute(query, parameters, execution_options=options) as rows:
        for some in rows.partitions(ROWS_AT_A_TIME):
            yield from some if connection.dialect.name == "sqlite" else map(_as_sqlite_keeps_it, some)


def _as_sqlite_keeps_it(row: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """A row whose cells other databases keep as what they mean, so that a row has the same mark on every one."""
    return tuple(_cell(value) for value in row)


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    if isinstance(value, time):
        return value.isoformat("microseconds")
    return value.isoformat() if isinstance(value, date) else value


def digest_of(row: Any) -> bytes:  # noqa: ANN401
    """The digest of cells as the database keeps them, without the empty ones at the end."""
    cells = tuple(row)
    while cells[-1] is None:
        cells = cells[:-1]
    return sha256(repr(cells).encode()).digest()


class Stream:
    """Rows in the order of ids, taken up to an id at a time; `taken` is the last one's."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self.rows = rows
        self.next = next(rows, None)
        self.taken = 0

    def until(self, last: int | None) -> Iterator[Any]:
        """The next rows with ids up to `last`; all that are left for None."""
        while self.next is not None and (last is None or self.next[0] <= last):
            row, self.next = self.next, next(self.rows, None)
            self.taken = row[0]
            yield row
