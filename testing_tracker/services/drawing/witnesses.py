"""The witness lines of the nights: what of each can be kept outside of the house, and whether it is on record still."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from testing_tracker.rules.drawing.witness import Comparison, LinesOnRecord, Witness, compared, witness_of
from testing_tracker.store import facilities
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Night, NightTakenBack, Pool
from testing_tracker.store.work import Work


def lines(work: Work, first: date = date.min, last: date = date.max, *, after_page: int = 0) -> list[Witness]:
    """The lines of the facility's runs of these days that ended with a later page, oldest first.

    Of runs that kept no list's digest there are none. Those of nights that were taken back are among them: they have
    left the house.
    """
    return _lines(work.session, work.facility_id, first, last, after_page)


def of_run(work: Work, day: date, sealed_page: int | None) -> Witness | None:
    """The line of the run that sealed a page of the ledger; None where there was none."""
    if sealed_page is None:
        return None
    return next(iter(lines(work, day, day, after_page=sealed_page)), None)


def compare(work: Work, kept: Sequence[Witness]) -> Comparison:
    """Lines that somebody kept, compared with what is on record of all facilities that whoever asks may see."""
    session = work.session
    return compared(kept, [_on_record(session, id_of(one)) for one in facilities.every(session)])


def _lines(
    session: Session, facility_id: int, first: date = date.min, last: date = date.max, after_page: int = 0
) -> list[Witness]:
    runs = (
        select(Pool)
        .where(
            Pool.facility_id == facility_id,
            col(Pool.ran),
            col(Pool.list_digest).is_not(None),
            col(Pool.day).between(first, last),
            Pool.last_page_id >= after_page,
        )
        .order_by(col(Pool.id))
    )
    found = []
    for run in session.exec(runs).all():
        page, page_digest = ledger.page_of_run(session, facility_id, run.last_page_id)
        found.append(witness_of(run.day, page, page_digest, str(run.list_digest)))
    return found


def _on_record(session: Session, facility_id: int) -> LinesOnRecord:
    ran = select(col(Night.day)).where(Night.facility_id == facility_id, col(Night.ran))
    taken_back = select(col(NightTakenBack.day)).where(
        NightTakenBack.facility_id == facility_id, col(NightTakenBack.ran)
    )
    days = {*session.exec(ran), *session.exec(taken_back)}
    newest, _ = ledger.last_page(session, facility_id)
    return LinesOnRecord({line.page: line for line in _lines(session, facility_id)}, days, newest)
