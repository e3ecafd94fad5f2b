"""Who and when: audit entries that are dated before the one in front of them, or are of an account that had no role
then, and rows that say another moment or account than the entries of their own transaction.

What versions of the program wrote that did not say so by themselves is left out.
"""

import json
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from testing_tracker.rules.keeping.acts import DATED_BACK_FROM, TAKES_A_PERSON, Act
from testing_tracker.rules.people.permitted import NIGHTS_NEED, StaffRoles, roles_of
from testing_tracker.rules.words import Role
from testing_tracker.services.keeping.checking.stumbling import Found
from testing_tracker.store.ledger.pages import newest_ids_of_pages
from testing_tracker.store.ledger.rows import COLUMNS, rows_of
from testing_tracker.store.work import Work

_FIRST_TABLE = "last_written"  # came with the version since which entries say that they are dated back
_CLOCKS_MAY_DIFFER = timedelta(minutes=1)  # those of two machines, whose acts take turns
_STAMPS = ("recorded_at, recorded_by", "printed_at, printed_by")
_STAMPED = {table: stamp for table, columns in COLUMNS.items() for stamp in _STAMPS if stamp in columns}

_ASKED = ("audit_entry", *_STAMPED)
_EVERYTHING = 2**62  # more than any id


@dataclass
class _Ends:
    """Where the facility's transactions end: the newest ids of each table that is asked about, page by page.

    `began` are the newest ids before the first page that counts; all after them is of this version or a later one.
    """

    up_to: "dict[str, array[int]]" = field(default_factory=dict)
    began: dict[str, int] = field(default_factory=dict)

    def page_of(self, table: str, row: int) -> int:
        """The number of the page that has a row, counted from 0; behind the last one for what is in no page."""
        return bisect_left(self.up_to[table], row)

    def entries_of(self, page: int) -> tuple[int, int]:
        """The ids of the audit entries of a page: those after the first one, up to the second."""
        entries = self.up_to["audit_entry"]
        first = entries[page - 1] if page else self.began["audit_entry"]
        return first, entries[page] if page < len(entries) else first


def _began(work: Work) -> dict[str, int]:
    """The newest ids that versions of the program before this one left, of each table that is asked about.

    What a later page says of that is another hand's, and leaves nothing out.
    """
    query = """
        SELECT up_to FROM ledger_page WHERE facility_id = :facility AND id < coalesce((
            SELECT id FROM ledger_page WHERE facility_id = :facility AND up_to LIKE :known ORDER BY id LIMIT 1
        ), :none) ORDER BY id DESC LIMIT 1
    """
    last = next(_rows(work, query, known=f'%"{_FIRST_TABLE}"%', none=_EVERYTHING), None)
    newest = {} if last is None else json.loads(last[0])
    return {table: int(newest.get(table, 0)) for table in _ASKED}


def _ends(work: Work) -> _Ends:
    found = _Ends({table: array("q") for table in _ASKED}, _began(work))
    for newest in newest_ids_of_pages(work.session, work.facility_id):
        if _FIRST_TABLE in newest:
            for table in _ASKED:
                found.up_to[table].append(newest.get(table, 0))
    return found


def _rows(work: Work, query: str, **parameters: object) -> Iterator[Any]:
    known = {"facility": work.facility_id, **parameters}
    return rows_of(work.session.connection(), text(query), known, streamed=True)


def _moment(kept: str) -> datetime:
    return datetime.fromisoformat(kept).replace(tzinfo=UTC)


def _day(work: Work, kept: str) -> date:
    """The facility's day of a moment on record; today where it cannot be read, which the ledger names."""
    try:
        return _moment(kept).astimezone(work.zone).date()
    except (ValueError, OverflowError):
        return work.today


@dataclass(frozen=True)
class _DatedBack:
    """An entry that is dated before the one in front of it, and whether it says so."""

    at: str
    act: str
    code: str | None
    in_front: str
    detail: str | None

    @property
    def says_so(self) -> bool:
        try:
            said = json.loads(self.detail or "{}").get(DATED_BACK_FROM)
            return said is not None and datetime.fromisoformat(said) >= _moment(self.in_front)
        except (ValueError, TypeError, AttributeError):
            return False

    @property
    def by(self) -> timedelta:
        return _moment(self.in_front) - _moment(self.at)


def _dated_back(work: Work) -> Iterator[_DatedBack]:
    query = """
        SELECT entry.at, entry.act, code, in_front, entry.detail FROM (
            SELECT id, at, lag(at) OVER (ORDER BY id) AS in_front FROM audit_entry
            WHERE facility_id = :facility AND id >= :newest
        ) behind JOIN audit_entry entry ON entry.id = behind.id
        LEFT JOIN participant ON participant.id = entry.participant_id
        WHERE behind.at < in_front AND behind.id > :newest ORDER BY behind.id
    """
    for row in _rows(work, query, newest=_began(work)["audit_entry"]):
        yield _DatedBack(*row)


def entries_dated_back(work: Work) -> Iterator[Found]:
    """Entries that are dated before the one in front of them and do not say so: the program's own do."""
    for one in _dated_back(work):
        if not one.says_so:
            what = f"the act `{one.act}` is on record as of {_said(work, one.at)}, behind one of "
            yield _day(work, one.at), one.code or "", f"{what}{_said(work, one.in_front)}"


def _said(work: Work, kept: str) -> str:
    """A moment by the facility's clock."""
    try:
        return _moment(kept).astimezone(work.zone).isoformat(" ", "seconds")
    except (ValueError, OverflowError):
        return kept


def said_to_be_dated_back(work: Work) -> list[str]:
    """What there is to know of acts that say that they are dated back, in a line a day; nothing of a training database,
    where any day may be pretended. Those whose machines' clocks differed a little are in one line."""
    if work.facility.training:
        return []
    by_day: dict[date, list[timedelta]] = {}
    little: list[timedelta] = []
    for one in _dated_back(work):
        if one.says_so:
            among = little if one.by <= _CLOCKS_MAY_DIFFER else by_day.setdefault(_day(work, one.at), [])
            among.append(one.by)
    lines = [f"{day}: {_how_many(by)}: a clock was put back then, or had been ahead." for day, by in by_day.items()]
    if little:
        lines.append(f"{_how_many(little)}: clocks of several machines differ, or one is set by the network's.")
    return sorted(lines)


def _how_many(by: Sequence[timedelta]) -> str:
    acts = "1 act is" if len(by) == 1 else f"{len(by)} acts are"
    most = timedelta(seconds=max(1, round(max(by).total_seconds())))
    return f"{acts} dated before the one in front of {'it' if len(by) == 1 else 'them'}, by up to {most}"


@dataclass(frozen=True)
class _Standing:
    """What the list of the staff said of the entries after one, up to another; `ever` had a role by then."""

    after: int
    up_to: int
    roles: StaffRoles
    ever: frozenset[str]

    @property
    def binds(self) -> bool:
        """Whether it bound anybody."""
        return bool(self.roles.having(Role.MANAGER))

    @property
    def frees_nights(self) -> bool:
        """Whether whoever reached the database could run the nights."""
        return not (self.binds and self.roles.having(Role.NIGHTS))

    def is_strange(self, account: str, act: str, at_it: Collection[str]) -> bool:
        """Whether nobody can have done an act as that account, by what the program lets them.

        `at_it` did something while it was free to; what `serve` has begun goes on for a little.
        """
        if not self.binds or act in _WHOEVER_OWNS_THE_FILE or account in self.roles.by_account:
            return False
        return act in TAKES_A_PERSON or not (self.frees_nights or account in self.ever or account in at_it)


_WHOEVER_OWNS_THE_FILE = (Act.ACCESS_DENIED, Act.FACILITY_CREATE, Act.BACKUP_RESTORE, Act.SCHEMA_UPGRADE)


def _standing(work: Work) -> Iterator[_Standing]:
    """What the list said, from one of its changes on record to the next: an entry's own change counts behind it."""
    began = _began(work)
    query = "SELECT account, role, allowed FROM staff WHERE facility_id = :facility AND id <= :newest ORDER BY id"
    lines = [(row[0], row[1], bool(row[2])) for row in _rows(work, query, newest=began["staff"])]
    changes = (
        "SELECT id, act, detail FROM audit_entry WHERE facility_id = :facility AND id > :newest "  # noqa: S608
        f"AND act IN ('{Act.STAFF_ADD}', '{Act.STAFF_REMOVE}') ORDER BY id"
    )
    after = began["audit_entry"]
    ever = frozenset(account for account, _, _ in lines)
    ends = [*_rows(work, changes, newest=after), (_EVERYTHING, "", None)]
    for number, act, detail in ends:
        roles = roles_of(lines)
        ever |= roles.by_account.keys()
        yield _Standing(after, number, roles, ever)
        lines += _change(act, detail)
        after = number


def _change(act: str, detail: str | None) -> list[tuple[str, str, bool]]:
    """A change of the list, as its entry says it; nothing of one that cannot be read, which the ledger names."""
    try:
        said = json.loads(detail or "")
        return [(said["account"], said["role"], act == Act.STAFF_ADD)]
    except (ValueError, TypeError, KeyError):
        return []


def entries_of_nobody(work: Work) -> Iterator[Found]:
    """Entries and looks of accounts that had no role then, by the list of the staff as it stood.

    Where the list bound nobody, whoever reached the database could do everything; where nobody had the nights, whoever
    did could run them. Who brings a database up to date need not be on it, nor who brings a copy back.
    """
    of_acts = (
        "SELECT account, act FROM audit_entry WHERE facility_id = :facility "
        "AND id > :after AND id <= :newest GROUP BY account, act ORDER BY min(id)"
    )
    at_it: set[str] = set()
    looks: list[tuple[_Standing, frozenset[str]]] = []
    for standing in _standing(work):
        ends = {"after": standing.after, "newest": standing.up_to}
        acts = [(account, act) for account, act in _rows(work, of_acts, **ends)]
        for account, act in acts:
            if standing.is_strange(account, act, at_it):
                yield from _strange(work, account, act, **ends)
        if standing.binds:
            looks.append((standing, frozenset(at_it)))
        if standing.frees_nights:
            at_it |= {account for account, _ in acts}
    yield from _looks_of_nobody(work, looks)


def _strange(work: Work, account: str, act: str, **ends: int) -> Iterator[Found]:
    """What an account did without a role, but for what belongs to an upgrade of its own, by day."""
    query = """
        SELECT at FROM audit_entry entry
        WHERE facility_id = :facility AND account = :account AND act = :act AND id > :after AND id <= :newest
        AND NOT EXISTS (
            SELECT 1 FROM audit_entry other WHERE other.facility_id = :facility AND other.act = :upgrade
            AND other.at = entry.at AND other.account = entry.account
        ) ORDER BY id
    """
    asked = {"account": account, "act": act, "upgrade": str(Act.SCHEMA_UPGRADE), **ends}
    days = Counter(_day(work, at) for (at,) in _rows(work, query, **asked))
    for day, many in days.items():
        times = f" {many} times" if many > 1 else ""
        yield day, "", f"{account} is on record with the act `{act}`{times}, and had no role then"


def _looks_of_nobody(work: Work, standings: Sequence[tuple[_Standing, frozenset[str]]]) -> Iterator[Found]:
    """Looks of accounts that had no role then; where they stand among the acts say the pages of both."""
    always = frozenset.intersection(*(frozenset(one.roles.by_account) for one, _ in standings)) if standings else None
    query = "SELECT DISTINCT recorded_by FROM look WHERE facility_id = :facility AND id > :newest"
    if always is None or always.issuperset(row[0] for row in _rows(work, query, newest=_began(work)["look"])):
        return
    ends = _ends(work)
    for standing, at_it in standings:
        yield from _looks_among(work, ends, standing, at_it)


def _looks_among(work: Work, ends: _Ends, standing: _Standing, at_it: Collection[str]) -> Iterator[Found]:
    entries, looks = ends.up_to["audit_entry"], ends.up_to["look"]
    if not looks:
        return
    first, last = bisect_left(entries, standing.after), bisect_left(entries, standing.up_to)
    after = looks[first] if first < len(looks) else looks[-1]
    newest = _EVERYTHING if last >= len(looks) else looks[last]
    query = (
        "SELECT recorded_by, command, min(recorded_at), count(*) FROM look WHERE facility_id = :facility "
        "AND id > :after AND id <= :newest GROUP BY recorded_by, command ORDER BY min(id)"
    )
    for account, command, at, many in _rows(work, query, after=after, newest=newest):
        may_run_nights = standing.frees_nights or account in standing.ever or account in at_it
        if account not in standing.roles.by_account and not (command in NIGHTS_NEED and may_run_nights):
            times = f" {many} times" if many > 1 else ""
            yield _day(work, at), "", f"{account} is on record as having looked by `{command}`{times} without a role"


def rows_stamped_otherwise(work: Work) -> Iterator[Found]:
    """Rows that say to be recorded at another moment, or by another account, than each entry of their transaction.

    One without any entry says no more of it, and an upgrade writes what was recorded before.
    """
    pages = _ends(work)
    query = "SELECT at, account, min(id), max(id) FROM audit_entry WHERE facility_id = :facility AND id > :newest "
    grouped = _rows(work, f"{query} GROUP BY at, account", newest=pages.began["audit_entry"])
    stamps = {(at, account): (first, last) for at, account, first, last in grouped}
    upgrades = "SELECT id FROM audit_entry WHERE facility_id = :facility AND id > :newest AND act = :upgrade"
    asked = {"newest": pages.began["audit_entry"], "upgrade": str(Act.SCHEMA_UPGRADE)}
    upgraded = {pages.page_of("audit_entry", row[0]) for row in _rows(work, upgrades, **asked)}
    for table, stamp in _STAMPED.items():
        rows = (
            f"SELECT {stamp}, min(id), max(id) FROM {table} WHERE facility_id = :facility "  # noqa: S608  our own names
            f"AND id > :newest GROUP BY {stamp} ORDER BY min(id)"
        )
        for at, by, *ends in _rows(work, rows, newest=pages.began[table]):
            if any(_is_otherwise(pages, table, row, stamps.get((at, by)), upgraded) for row in ends):
                what = f"the {table.replace('_', ' ')} on record says that {by} recorded it at {_said(work, at)}"
                yield _day(work, at), "", f"{what}, and no act of its transaction says so"


def _is_otherwise(pages: _Ends, table: str, row: int, stamp: tuple[int, int] | None, upgraded: set[int]) -> bool:
    page = pages.page_of(table, row)
    first, last = pages.entries_of(page)
    if first >= last or page in upgraded:
        return False
    return stamp is None or stamp[1] <= first or stamp[0] > last
