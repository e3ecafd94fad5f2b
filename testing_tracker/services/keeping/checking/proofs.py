"""Gathers what an outsider needs to check a finished day's draws."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.proof import Proof, ProvedDecision, ProvedRun
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import DrawKind
from testing_tracker.services.drawing import keys, pools
from testing_tracker.services.keeping.checking.replay import known_to_run
from testing_tracker.services.testing.draws import last_run_before
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.queries import draw_stands, pool_stands
from testing_tracker.store.tables import Draw, KeyChain, Pool
from testing_tracker.store.work import Work


def prove(work: Work, key_file: KeyFile, day: date) -> Proof:
    """The proof of a day that is over: everybody in its pool, with chance, and whether a draw is on record.

    Raises TestingTrackerError for today and later, whose secret must stay one, for the last day that was drawn, because
    only a later run shows that the clock has not merely jumped over its end, and for a day without draws. Showing a
    proof goes on the audit record, by `record_written`.
    """
    if day >= work.today:
        raise TestingTrackerError(
            f"{day} is not over, so its secret cannot be shown yet. A proof is made for days before {work.today}."
        )
    pools_of_day = work.session.exec(
        select(Pool)
        .where(Pool.facility_id == work.facility_id, Pool.day == day, col(Pool.ran), pool_stands())
        .order_by(col(Pool.id))
    ).all()
    if not pools_of_day:
        raise TestingTrackerError(f"No draws were made on {day} that could be proved.")
    row = work.session.get_one(KeyChain, pools_of_day[0].key_chain_id)
    chain = keys.values_of(row)
    secret = keys.secret_of(work.session, row, key_file, day)
    if last_run_before(work, work.today + timedelta(days=1)) == day:
        raise TestingTrackerError(
            f"{day} counts as over when a later night has run, and none has. Run `testing-tracker draw` first."
        )
    there = _drawn_on(work.session, day)
    decisions = [
        _decision(group, number, there)
        for pool in pools_of_day
        for group in pools.decided(work, pool, secret, known_to_run(work, pool, secret))
        for number in group.participant_ids
    ]
    decisions.sort(key=lambda decision: decision.participant)
    runs = tuple(_run(work.session, pool) for pool in pools_of_day) if _keep_lists(pools_of_day) else ()
    called = pools.called_at(work.session, pools_of_day[0])
    return Proof(called, day, chain.first_day, chain.anchor, chain.hashes(day), secret, tuple(decisions), runs)


def record_written(work: Work, day: date) -> None:
    """Put on a facility's record that the proof of a day was shown."""
    work.on_record(Act.PROOF_WRITE, day=day)


def _keep_lists(pools_of_day: Sequence[Pool]) -> bool:
    """Whether any run of a day kept the digest of its list; those of earlier versions did not."""
    return any(pool.list_digest is not None for pool in pools_of_day)


def _run(session: Session, pool: Pool) -> ProvedRun:
    page, page_digest = ledger.page_of_run(session, pool.facility_id, pool.last_page_id)
    return ProvedRun(
        pools.called_at(session, pool),
        pool.first_participant_id,
        pool.last_participant_id,
        pool.list_digest,
        page,
        page_digest,
    )


def _decision(group: pools.Group, number: int, there: dict[int, int | None]) -> ProvedDecision:
    panels = len(group.rule.rule.collection.panels)
    return ProvedDecision(number, group.chance, number in there, there.get(number), panels or None)


def _drawn_on(session: Session, day: date) -> dict[int, int | None]:
    """Who has a draw on record that a schedule made, with the number of its panel."""
    query = sa_select(col(Draw.participant_id), col(Draw.panel)).where(
        col(Draw.due_on) == day, col(Draw.kind).in_((DrawKind.FIXED, DrawKind.RANDOM)), draw_stands()
    )
    return {row[0]: row[1] for row in session.connection().execute(query)}
