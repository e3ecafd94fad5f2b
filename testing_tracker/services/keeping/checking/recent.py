"""Checks what is new since yesterday, in seconds: for every day, where `verify` of everything is for every week.

New is what came after the page of the ledger that the night before last sealed, whose seal is checked with the key.
What is small whatever the years is checked whole.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.words import RecommendationStatus
from testing_tracker.services.keeping.checking import checks
from testing_tracker.services.keeping.checking.audit_trail import misplaced_draws, wrong_outcomes, wrong_statuses
from testing_tracker.services.keeping.checking.before_printing import doubtful
from testing_tracker.services.keeping.checking.checks import NamedCheck
from testing_tracker.services.keeping.checking.marks_and_seals import changed_records
from testing_tracker.services.keeping.checking.replay import Verification, Verifying, wrong_runs
from testing_tracker.services.keeping.checking.stumbling import Found, by_halves
from testing_tracker.services.keeping.checking.told import wrongly_told
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.queries import of_facility, pool_stands
from testing_tracker.store.tables import AuditEntry, Draw, Pool, Recommendation, Result, Review
from testing_tracker.store.work import Work

_AT_A_TIME = 500
_DAYS_TO_LOOK_BACK = 30  # for a night whose key is at hand
# Those of `verify` that take longer the more years there are; here they are done of what is new.
_LONG = (
    *("the ledger", "the runs", "whose the draws are", "what became of the draws", "what the draws say"),
    "what participants were told",
)


@dataclass
class RecentVerification(Verification):
    """What was checked of what is new. `since` is the day whose night sealed the `first_page` before it.

    Without such a night everything was checked, and it is None. `recommendations` and `reviews` are those open.
    """

    since: date | None = None
    first_page: int = 0
    last_page: int = 0
    draws: int = 0
    recommendations: int = 0
    reviews: int = 0


def verify_recent(work: Work, key_file: KeyFile) -> RecentVerification:
    """Check what is new since the night before last, as `verify` does; `problems` come oldest first."""
    result = RecentVerification()
    on = Verifying(work, key_file, result)
    checks.run(on, [check for check in checks.CHECKS if check.about not in _LONG])
    base = _night_before_last(on)
    result.last_page, _ = ledger.last_page(work.session, work.facility_id)
    result.recommendations, result.reviews = _open(work, Recommendation), _open(work, Review)
    if base is None:
        checks.run(on, [check for check in checks.CHECKS if check.about in _LONG])
        return result
    result.since, result.first_page = base.day, base.last_page_id
    checks.run(
        on,
        [
            NamedCheck("the ledger", lambda on: changed_records(on.work, base.last_page_id)),
            NamedCheck("the runs", lambda on: wrong_runs(on, base.day)),
            NamedCheck("the draws", partial(_wrong_draws, base=base)),
            NamedCheck("what participants were told", lambda on: wrongly_told(on, _check_ins_by(work, base))),
        ],
    )
    return result


def _night_before_last(on: Verifying) -> Pool | None:
    """The first run of the newest day but one that has one and whose key is at hand."""
    work = on.work
    those = (Pool.facility_id == work.facility_id, col(Pool.ran), pool_stands())
    days = work.session.exec(
        select(col(Pool.day)).where(*those).distinct().order_by(col(Pool.day).desc()).limit(_DAYS_TO_LOOK_BACK)
    ).all()
    for day in days[1:]:
        first = work.session.exec(select(Pool).where(*those, Pool.day == day).order_by(col(Pool.id)).limit(1)).one()
        if first.key_chain_id in on.seeds:
            return first
    return None


def _wrong_draws(on: Verifying, base: Pool) -> Iterator[Found]:
    """What is wrong with the draws since that night, those that something was recorded on since, and those of whatever
    day that do not at once agree with the last act about them."""
    work, result = on.work, on.result
    touched = sorted(_touched(work, base) | set(doubtful(work, work.today)))
    if isinstance(result, RecentVerification):
        result.draws = len(touched)
    for start in range(0, len(touched), _AT_A_TIME):
        some = touched[start : start + _AT_A_TIME]
        for find in _OF_DRAWS:
            yield from by_halves(work, "the draw", partial(find, work), some)


_OF_DRAWS: tuple[Callable[[Work, Sequence[int]], Iterator[Found]], ...] = (
    misplaced_draws,
    wrong_statuses,
    wrong_outcomes,
)


def _touched(work: Work, base: Pool) -> set[int]:
    known = ledger.known_at_page(work.session, base.last_page_id)
    whose = of_facility(work.facility_id, Draw.participant_id)
    queries = (
        sa_select(col(Draw.id)).where(whose, col(Draw.due_on) >= base.day),
        sa_select(col(AuditEntry.draw_id)).where(
            col(AuditEntry.facility_id) == work.facility_id,
            col(AuditEntry.id) > known["audit_entry"],
            col(AuditEntry.draw_id).is_not(None),
        ),
        sa_select(col(Result.draw_id)).where(
            col(Result.facility_id) == work.facility_id, col(Result.id) > known["result"]
        ),
    )
    execute = work.session.connection().execute
    return {int(number) for query in queries for number in execute(query).scalars() if number is not None}


def _check_ins_by(work: Work, base: Pool) -> int:
    """The newest check-in that was on record when that night sealed its page."""
    return ledger.known_at_page(work.session, base.last_page_id).get("check_in", 0)


def _open(work: Work, table: type[Recommendation] | type[Review]) -> int:
    """How many wait for somebody."""
    is_open = (
        col(Recommendation.status) == RecommendationStatus.OPEN
        if table is Recommendation
        else col(Review.done_at).is_(None)
    )
    query = sa_select(func.count()).select_from(table)
    those = query.where(of_facility(work.facility_id, table.participant_id), is_open)
    return int(work.session.connection().execute(those).scalar_one())
