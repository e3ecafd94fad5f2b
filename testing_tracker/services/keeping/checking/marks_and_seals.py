"""Says which records are not those that the ledger has marks of, and which nights sealed another ledger than this."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise

from sqlalchemy import text
from sqlmodel import Session, col, select

from testing_tracker.rules.drawing.day_secrets import seal
from testing_tracker.services.keeping.checking.stumbling import Found, by_itself, readable
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.tables import AuditEntry, Participant, Pool
from testing_tracker.store.work import Work


def changed_records(work: Work, since: int = 0) -> Iterator[Found]:
    """Rows that are not as they were written, by day, participant's code, and what is wrong; after a page, if given."""
    for page in ledger.broken_pages(work.session, work.facility_id, since):
        day, code = _act(work, page)
        for table, identity in page.rows:
            said = "was added" if page.page_id is None else "was changed or added"
            whose = _code_of(work.session, table, identity) or code
            yield day, whose, f"the {table.replace('_', ' ')} on record {said} behind the program's back"
        if page.missing or not page.rows:
            lost = f"{page.missing} of the records" if page.missing else "a page of the ledger"
            yield day, code, f"{lost} written then was removed or changed behind the program's back"


def _act(work: Work, page: ledger.BrokenPage) -> tuple[date, str]:
    """The day of a page's act, and the participant it was about if it was about one.

    The day is today's where the audit entries that would say it are themselves gone or garbled.
    """
    entries = (col(AuditEntry.facility_id) == work.facility_id) & col(AuditEntry.id).between(
        page.first_entry, page.last_entry
    )
    about = work.session.exec(select(AuditEntry.participant_id).where(entries).distinct().limit(3)).all()
    people = [number for number in about if number is not None]
    try:
        moment = work.session.exec(select(AuditEntry.at).where(entries).order_by(col(AuditEntry.id)).limit(1)).first()
    except (ValueError, TypeError):
        moment = None
    day = moment.astimezone(work.zone).date() if moment else work.today
    return day, _code(work.session, people[0]) if len(people) == 1 else ""


_PARTICIPANT_OF = {
    "participant": "SELECT id FROM participant WHERE id = :id",
    "result": "SELECT participant_id FROM draw JOIN result ON draw.id = draw_id WHERE result.id = :id",
    "finding": (
        "SELECT participant_id FROM draw JOIN result ON draw.id = draw_id JOIN finding ON result.id = result_id "
        "WHERE finding.id = :id"
    ),
}
_HAVE_A_PARTICIPANT = (
    *("prescription", "enrolment", "placement", "assignment", "leave", "draw", "audit_entry", "renaming", "joining"),
    "look",
)


def _code_of(session: Session, table: str, identity: int) -> str:
    """The code of the participant that a row is about; nothing for one that is about none."""
    query = _PARTICIPANT_OF.get(table)
    if table in _HAVE_A_PARTICIPANT:
        query = f"SELECT participant_id FROM {table} WHERE id = :id"  # noqa: S608  one of the names above
    number = session.connection().execute(text(query), {"id": identity}).scalar() if query else None
    return _code(session, number) if number else ""


def _code(session: Session, participant_id: int) -> str:
    return session.exec(select(Participant.code).where(Participant.id == participant_id)).first() or ""


_KNOWN = {
    "last_participant_id": "participant",
    "last_enrolment_id": "enrolment",
    "last_assignment_id": "assignment",
    "last_leave_id": "leave",
    "last_version_id": "schedule_version",
    "last_holiday_year_id": "holiday_year",
    "last_closure_id": "closure",
}


def broken_seals(work: Work, seeds: Mapping[int, bytes]) -> Iterator[Found]:
    """The runs whose seal is not over what the ledger says now, or that say to have known something else.

    `seeds` are those of the chains whose key is there, by the chain's number.
    """
    pools, unreadable = readable(work, Pool, col(Pool.facility_id) == work.facility_id, "the pool")
    yield from unreadable
    for before, pool in pairwise((None, *pools)):
        assert pool is not None
        yield from by_itself(work, "the seal of the run", _broken_seal(work.session, pool, before, seeds), pool.day)


def _broken_seal(session: Session, pool: Pool, before: Pool | None, seeds: Mapping[int, bytes]) -> Iterator[Found]:
    seed = seeds.get(pool.key_chain_id)
    digest = ledger.digest_of_page(session, pool.last_page_id)
    if seed is not None and seal(seed, digest.encode()).hex() != pool.seal:
        yield pool.day, "", "the records before this day's run are not the ones that it sealed"
    elif not _is_over_what_it_knew(session, pool) or (before is not None and not _is_later(pool, before)):
        yield pool.day, "", "the run on record knew other records than the ones that it sealed"


def _is_over_what_it_knew(session: Session, pool: Pool) -> bool:
    """Whether the pool ends where its page does. Draws are left out: a gap's are made after the page.

    A run of an earlier version kept no id of tables that came later, and nothing was in them.
    """
    sealed = ledger.known_at_page(session, pool.last_page_id)
    return all((getattr(pool, field) or 0) == sealed[table] for field, table in _KNOWN.items())


def _is_later(pool: Pool, before: Pool) -> bool:
    """Whether the seal is its own run's, not an earlier one's put there again. A run shares it with its gaps."""
    return pool.last_page_id > before.last_page_id or (pool.last_page_id == before.last_page_id and not before.ran)
