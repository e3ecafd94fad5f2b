"""Whether the runs' seals hold: a run knew the records that its seal is over, and no others."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.drawing.day_secrets import seal
from testing_tracker.services.drawing import keys
from testing_tracker.services.keeping.checking.audit_trail import Found
from testing_tracker.store import ledger
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.tables import Pool

_KNOWN = {
    "last_participant_id": "participant",
    "last_enrolment_id": "enrolment",
    "last_assignment_id": "assignment",
    "last_leave_id": "leave",
    "last_version_id": "schedule_version",
    "last_holiday_year_id": "holiday_year",
    "last_closure_id": "closure",
}


def broken_seals(session: Session, acting: Acting, key_file: KeyFile) -> Iterator[Found]:
    """The runs whose seal is not over what the ledger says now, or that say to have known something else."""
    seeds: dict[int, bytes] = {}
    for row in keys.chains(session, acting.facility_id):
        if row.id is not None and key_file.holds(keys.values_of(row)):
            seeds[row.id] = key_file.seed_of(keys.values_of(row))
    before: Pool | None = None
    for pool in session.exec(select(Pool).where(Pool.facility_id == acting.facility_id).order_by(col(Pool.id))):
        seed = seeds.get(pool.key_chain_id)
        digest = ledger.digest_of_page(session, pool.last_page_id)
        if seed is not None and seal(seed, digest.encode()).hex() != pool.seal:
            yield pool.day, "", "the records before this day's run are not the ones that it sealed"
        elif not _is_over_what_it_knew(session, pool) or (before is not None and not _is_later(pool, before)):
            yield pool.day, "", "the run on record knew other records than the ones that it sealed"
        before = pool


def _is_over_what_it_knew(session: Session, pool: Pool) -> bool:
    """Whether the pool ends where its page does. Draws are left out: a gap's are made after the page.

    A run of an earlier version kept no id of tables that came later, and nothing was in them.
    """
    sealed = ledger.known_at_page(session, pool.last_page_id)
    return all((getattr(pool, field) or 0) == sealed[table] for field, table in _KNOWN.items())


def _is_later(pool: Pool, before: Pool) -> bool:
    """Whether the seal is its own run's, not an earlier one's put there again. A run shares it with its gaps."""
    return pool.last_page_id > before.last_page_id or (pool.last_page_id == before.last_page_id and not before.ran)
