"""Looks quickly, before a night, a copy or a report passes records on, whether they are as the program wrote them.

Quickly means: the shape of the database, in which a trigger or a view that somebody made would do its work at the next
act, what is put before clinicians, and the newest pages of the ledger, with whatever was added after them. `verify` and
`check` look at everything.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from sqlalchemy import Connection
from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.permitted import DESPITE
from testing_tracker.services.drawing.nights import NightRefusedError
from testing_tracker.services.keeping.checking.stumbling import Found
from testing_tracker.services.people import staff
from testing_tracker.store import integrity
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.ledger.last_written import rows_otherwise
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import AuditEntry
from testing_tracker.store.work import Work

_NEWEST_ROWS = 2_000  # of the ledger; larger pages are `verify`'s
_NOT_OURS = ", and not by the program"
_MOST_KEPT = 20  # of what did not hold, with the act of whoever went on despite it


def check_night(work: Work, despite: str | None = None) -> list[str]:
    """Let a night be made on records that hold, or `despite` what does not; returns that, for whoever is told.

    What a manager has gone on despite once does not keep the next night from being made. Raises NightRefusedError.
    """
    found = look(work)
    new = _not_known(work) if found else []
    if despite is not None:
        record_despite(work, "draw", despite, found)
    elif new:
        raise NightRefusedError(
            f"Nothing was drawn, because {_does_not_hold(new)}. Look at what `testing-tracker check` and "
            "`testing-tracker verify` name; a manager who has looked makes the night all the same by "
            f"`testing-tracker {DESPITE['draw']} TEXT`, which says why."
        )
    return found


def check_report(work: Work, of: object) -> None:
    """Raise TestingTrackerError where a report of something would be made of records that do not hold."""
    new = look(work) and _not_known(work)
    if new:
        raise TestingTrackerError(
            f"The report of {of} is not printed, because {_does_not_hold(new)}. `testing-tracker check` and "
            "`testing-tracker verify` name all that does not."
        )


def check_copy(work: Work, despite: str | None = None) -> list[str]:
    """Let a copy be made of records that hold, or as evidence `despite` what does not; returns that, for the record.

    Raises TestingTrackerError.
    """
    found = look(work)
    if despite is not None:
        staff.admit(work, DESPITE["backup"])
        return found
    new = _not_known(work) if found else []
    if new:
        raise TestingTrackerError(
            f"No copy was made, because {_does_not_hold(new)}: it would take the place of one that is good. "
            "`testing-tracker check` and `testing-tracker verify` name all that does not; a manager has one made as "
            f"evidence by `testing-tracker {DESPITE['backup']} TEXT FILE`."
        )
    return []


def record_despite(work: Work, command: str, reason: str, found: Sequence[str]) -> None:
    """Put on record that somebody who may has gone on though something did not hold; nothing where all does."""
    staff.admit(work, DESPITE[command])
    if found:
        work.on_record(Act.GO_ON_DESPITE, reason=reason, command=command, found=list(found[:_MOST_KEPT]))


def look(work: Work) -> list[str]:
    """What a quick look finds not to hold, in words, without a code or a name."""
    return [*_told_by(other_shape, work), *_told_by(_changed_rows, work), *_told_by(_broken_pages, work)]


def _told_by(look_at: Callable[..., list[str]], *given: object) -> list[str]:
    """What a look tells; one that stumbles over something tells that."""
    try:
        return look_at(*given)
    except TestingTrackerError as error:
        return [str(error).removesuffix(".")]
    except (ValueError, TypeError) as error:
        return [f"something on record cannot be read ({type(error).__name__})"]


def other_shape(work: Work) -> list[str]:
    """In what the database's tables, views, indexes and triggers are not those that the program made."""
    connection = work.session.connection()
    if connection.dialect.name != "sqlite":
        from testing_tracker.store.server import server_integrity

        return server_integrity.differences(connection)
    return integrity.differences_from_head(_in_file(connection))


def _changed_rows(work: Work) -> list[str]:
    """What is put before clinicians, where it is not as the program last wrote it.

    Of names and of past records, which may be very many, `verify` says it.
    """
    found = rows_otherwise(work.session, work.facility_id, _FEW)
    return [f"the {one.table} {one.id} on record is not as the program last wrote it" for one in found]


_FEW = ("recommendation", "evidence", "review")


def made_by_others(work: Work) -> Iterator[Found]:
    """Tables, views, indexes and triggers that the program did not make, or not so; `check` says which are missing."""
    for what in other_shape(work):
        if not what.endswith(" is missing"):
            yield work.today, "", f"{what}{_NOT_OURS}"


def is_about_shape(what: str) -> bool:
    """Whether a problem is one of `made_by_others`, which `check` names in a line of its own."""
    return what.endswith(_NOT_OURS)


def _in_file(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)  # of the library that opens the file


def _broken_pages(work: Work, entry: int = 0) -> list[str]:
    """The newest pages that do not hold; after the one with an audit entry, where its number is given."""
    since = ledger.newest_of(work.session, work.facility_id, _NEWEST_ROWS, entry)
    told = []
    for page in ledger.broken_pages(work.session, work.facility_id, since):
        if page.page_id is None:
            tables = ", ".join(sorted({table.replace("_", " ") for table, _ in page.rows}))
            told.append(f"rows were added behind the program's back ({tables})")
        else:
            told.append(f"page {page.page_id} of the ledger does not hold")
    return told


def _not_known(work: Work) -> list[str]:
    """What no manager has gone on despite yet: of what stands what was not so then, of the ledger what came after."""
    known = _gone_on(work)
    if known is None:
        return look(work)
    said = json.loads(known.detail or "{}").get("found", [])
    as_it_stands = [*_told_by(other_shape, work), *_told_by(_changed_rows, work)]
    return [*(one for one in as_it_stands if one not in said), *_told_by(_broken_pages, work, id_of(known))]


def _gone_on(work: Work) -> AuditEntry | None:
    """The last act of a manager who had a night made despite what did not hold."""
    acts = select(AuditEntry).where(AuditEntry.facility_id == work.facility_id, AuditEntry.act == Act.GO_ON_DESPITE)
    for entry in work.session.exec(acts.order_by(col(AuditEntry.id).desc())):
        if json.loads(entry.detail or "{}").get("command") == "draw":
            return entry
    return None


def _does_not_hold(found: Sequence[str]) -> str:
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    return f"what is on record does not hold: {found[0]}{more}"
