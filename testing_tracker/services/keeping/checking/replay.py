"""Decides everything again from what is stored, and says what does not hold.

Three questions: are the records those that the program wrote (the ledger and its seals), did every run draw just those
whom the day's secret draws from the pool of that day, and are the status of each draw and the decision on each
recommendation and review those that the audit table leads to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import DrawKind
from testing_tracker.services.drawing import keys, pools
from testing_tracker.services.drawing.keys import Begun
from testing_tracker.services.drawing.taking_back import NightsTakenBack, taken_back
from testing_tracker.services.keeping.checking.audit_trail import (
    broken_seals,
    changed_records,
    changed_remains,
    misplaced_draws,
    wrong_codes,
    wrong_outcomes,
    wrong_statuses,
)
from testing_tracker.services.keeping.checking.decisions import wrong_decisions, wrong_reviews
from testing_tracker.services.keeping.checking.otherwise import rows_not_as_written
from testing_tracker.services.keeping.checking.unsaid import writings_without_an_act
from testing_tracker.services.keeping.checking.whose import rows_that_say_another_facility
from testing_tracker.services.schedules import closed_days
from testing_tracker.services.schedules.closed_days import KnownDays
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.queries import draw_stands, id_of, pool_stands
from testing_tracker.store.tables import Draw, KeyChain, Night, Participant, Pool, TakingBack
from testing_tracker.store.work import Work

_MADE_BY_SCHEDULES = (DrawKind.FIXED, DrawKind.RANDOM)


@dataclass(frozen=True, order=True)
class Problem:
    """Something that does not hold: the day it is about, the participant's code where it is about one, and what."""

    day: date
    participant: str
    what: str

    def __str__(self) -> str:
        return f"{self.day}{f', {self.participant}' if self.participant else ''}: {self.what}"


@dataclass
class Verification:
    """What was checked. `unchecked` says what could not be, and why; `keys` are all that were begun.

    `taken_back` are the nights that were made while a clock was ahead, and do not count.
    """

    days: int = 0
    decisions: int = 0
    drawn: int = 0
    problems: list[Problem] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    keys: list[Begun] = field(default_factory=list)
    taken_back: list[NightsTakenBack] = field(default_factory=list)


def verify(work: Work, key_file: KeyFile) -> Verification:
    """Check everything on record; `problems` come oldest first.

    Works from the key file and, where an old key is lost, from the secrets that the nights since then have shown.
    Raises TestingTrackerError when the newest key is missing or another one.
    """
    result = Verification()
    result.problems = [Problem(*found) for found in changed_records(work)]
    result.problems += [Problem(*found) for found in rows_that_say_another_facility(work)]
    result.problems += [Problem(*found) for found in rows_not_as_written(work)]
    result.problems += [Problem(*found) for found in writings_without_an_act(work)]
    result.problems += [Problem(*found) for found in wrong_codes(work)]
    result.problems += [Problem(*found) for found in wrong_decisions(work)]
    result.problems += [Problem(*found) for found in wrong_reviews(work)]
    try:
        _decide_again(work, key_file, result)
    except TestingTrackerError:
        if not result.problems:
            raise
    except Exception as error:
        # What was changed may be such that nothing can be decided from it any more; mostly it has been named above.
        if not result.problems:
            raise TestingTrackerError(
                f"Something on record cannot be read ({type(error).__name__}): the database is damaged, or was changed "
                "by hand. Keep a copy of it, and bring back the last good one."
            ) from error
    result.problems.sort()
    return result


def _decide_again(work: Work, key_file: KeyFile, result: Verification) -> None:
    result.keys = keys.begun(work.session, work.facility_id)
    result.taken_back = taken_back(work)
    secrets = _secrets(work, key_file, result)
    result.problems += [Problem(*found) for found in broken_seals(work, key_file)]
    for day, pools_of_day in _pools_by_day(work):
        result.problems += _check_day(work, day, pools_of_day, secrets, result)
    result.problems += _check_other_days(work, result)
    result.problems += [Problem(*found) for found in changed_remains(work)]
    result.problems += [Problem(*found) for found in misplaced_draws(work)]
    result.problems += [Problem(*found) for found in wrong_statuses(work)]
    result.problems += [Problem(*found) for found in wrong_outcomes(work)]


def _secrets(work: Work, key_file: KeyFile, result: Verification) -> dict[tuple[int, date], bytes]:
    """The secrets of the days, by chain: from the key, or from what the nights revealed where the key is lost."""
    secrets: dict[tuple[int, date], bytes] = {}
    chains = keys.chains(work.session, work.facility_id)
    for row in chains:
        assert row.id is not None
        chain = keys.values_of(row)
        days = select(func.max(Pool.day)).where(Pool.key_chain_id == row.id, col(Pool.ran), pool_stands())
        last = work.session.exec(days).one()
        if row is not chains[-1] and (last is None or not key_file.holds(chain)):
            secrets |= {(row.id, day): secret for day, secret in _revealed(work.session, row, last, result)}
            continue
        seed = key_file.seed_of(chain)
        if last is not None:
            secrets |= {(row.id, day): secret for day, secret in chain.earlier(chain.secret(seed, last), last)}
    return secrets


def _revealed(session: Session, row: KeyChain, last: date | None, result: Verification) -> Iterator[tuple[date, bytes]]:
    """What the last run by a lost key showed of the days before it, if it leads to the anchor."""
    if last is None:
        return
    shown = keys.last_shown(session, row)
    if shown is None or shown[0] < last:
        result.unchecked.append(
            f"The key of {row.first_day} to {last} is lost: the draws of {last} cannot be decided again, those before "
            "it can."
        )
    if shown is not None:
        day, secret = shown
        yield from keys.values_of(row).earlier(secret, day)


def _pools_by_day(work: Work) -> Iterator[tuple[date, list[Pool]]]:
    days = work.session.exec(
        select(col(Pool.day))
        .where(Pool.facility_id == work.facility_id, pool_stands())
        .distinct()
        .order_by(col(Pool.day))
    ).all()
    for day in days:
        query = select(Pool).where(Pool.facility_id == work.facility_id, Pool.day == day, pool_stands())
        yield day, list(work.session.exec(query.order_by(col(Pool.id))))


def _check_day(
    work: Work, day: date, pools_of_day: list[Pool], secrets: dict[tuple[int, date], bytes], result: Verification
) -> Iterator[Problem]:
    """Decide a day again, and compare it with the draws on record."""
    result.days += 1
    there = _draws_of(work, day)
    for pool in pools_of_day:
        secret = secrets.get((pool.key_chain_id, day))
        if pool.ran and secret is None:
            yield from _check_count(work.session, pool, there)
        else:
            yield from _check_run_as_known(work, pool, secret if pool.ran else None, there, result)
    if _was_made_before_keys(work, day, pools_of_day):
        return
    for number in there:
        yield _problem(work.session, day, number, "has a draw on record, and was not drawn")


def _check_run_as_known(
    work: Work, pool: Pool, secret: bytes | None, there: dict[int, "_Recorded"], result: Verification
) -> Sequence[Problem]:
    """The pool decided again by the closed days that its run knew, or may have known where it kept no record of that.

    What holds only then could not be checked, and says so. It has to hold in all, the number of draws included.
    """
    known = closed_days.known_to(work.session, pool)
    before = dict(there)
    problems = list(_check_run(work, pool, secret, there, result, known))
    if not problems or known.kept:
        return problems
    rules = [rule.rule for rule in pools.rules_of(work, pool, known).values()]
    for supposed in closed_days.suppositions(known, rules, pool.day):
        left = dict(before)
        if not list(_check_run(work, pool, secret, left, Verification(), supposed)):
            there.clear()
            there.update(left)
            result.drawn += pool.drawn
            result.unchecked.append(closed_days.supposed_in_words(supposed, pool.day))
            return []
    return problems


def known_to_run(work: Work, pool: Pool, secret: bytes) -> KnownDays:
    """What a run knew of closed days; where it kept no record, what it has to have known for its draws to hold."""
    known = closed_days.known_to(work.session, pool)
    if known.kept:
        return known
    there = _draws_of(work, pool.day)
    rules = [rule.rule for rule in pools.rules_of(work, pool, known).values()]
    for supposed in (known, *closed_days.suppositions(known, rules, pool.day)):
        if not list(_check_run(work, pool, secret, dict(there), Verification(), supposed)):
            return supposed
    return known


def _check_run(
    work: Work,
    pool: Pool,
    secret: bytes | None,
    there: dict[int, "_Recorded"],
    result: Verification,
    known: KnownDays,
) -> Iterator[Problem]:
    """Decide a run again, and take the draws that it made out of those that are there.

    A run numbers its draws in the order in which it decides, so none can change places with another one. The numbers
    need not follow on one another: other facilities may make draws at the same time.
    """
    session = work.session
    ids = _ids_of(session, pool)
    drawn = 0
    found: list[tuple[int, _Recorded, _Made]] = []
    for group in pools.decided(work, pool, secret, known):
        result.decisions += len(group.participant_ids)
        drawn += len(group.drawn)
        for number in group.drawn:
            draw = there.pop(number, None)
            if draw is None:
                yield _problem(session, pool.day, number, "was drawn, and there is no draw on record")
            else:
                found.append((number, draw, _made(group, number, pool)))
    again = _last_draw_taken_back(session, pool)  # the numbers up to this one are of draws that are made again
    in_order = iter(sorted(draw_id for _, (draw_id, _), _ in found if draw_id > again))
    for number, (draw_id, recorded), made in found:
        is_in_place = draw_id <= again or (draw_id == next(in_order) and draw_id in ids)
        if not is_in_place or recorded != made:
            yield _problem(session, pool.day, number, "the draw on record is not the one that the run made")
    result.drawn += drawn
    if drawn != pool.drawn:
        yield Problem(pool.day, "", f"the run drew {pool.drawn}, and deciding again draws {drawn}")


def _last_draw_taken_back(session: Session, pool: Pool) -> int:
    """The newest draw of the nights of a pool's day that were taken back before it ran; 0 for none."""
    query = select(func.max(TakingBack.last_draw_id)).where(
        TakingBack.facility_id == pool.facility_id,
        TakingBack.first_day <= pool.day,
        TakingBack.last_day >= pool.day,
        TakingBack.last_pool_id < id_of(pool),
    )
    return session.exec(query).one() or 0


def _ids_of(session: Session, pool: Pool) -> range:
    """Among which ids a run's draws are: after those that it knew, and up to the page of the ledger that it wrote."""
    written = ledger.known_after_page(session, pool.facility_id, pool.last_page_id)
    return range(pool.last_draw_id + 1, (written["draw"] if written else pool.last_draw_id + pool.drawn) + 1)


def _made(group: pools.Group, participant_id: int, pool: Pool) -> "_Made":
    """A draw as its run made it."""
    rule = group.rule
    return (str(rule.kind), rule.version_id, None, group.panels.get(participant_id), pool.recorded_at)


def _check_count(session: Session, pool: Pool, there: dict[int, "_Recorded"]) -> Iterator[Problem]:
    """The pool without the day's secret: only that the run made as many draws, and after those that it knew."""
    members = range(pool.first_participant_id, pool.last_participant_id + 1)
    found = [there.pop(number)[0] for number in list(there) if number in members]
    ids, again = _ids_of(session, pool), _last_draw_taken_back(session, pool)
    if len(found) != pool.drawn or any(draw_id not in ids for draw_id in found if draw_id > again):
        yield Problem(pool.day, "", f"the draws on record are not the {pool.drawn} that the run made")


_Made = tuple[object, ...]  # kind, version, what for, panel, and when
_Recorded = tuple[int, _Made]  # the draw's id before these


def _draws_of(work: Work, day: date) -> dict[int, _Recorded]:
    """The draws that schedules made for a day, by participant."""
    query = (
        sa_select(
            col(Draw.participant_id),
            col(Draw.id),
            col(Draw.kind),
            col(Draw.schedule_version_id),
            col(Draw.ordered_for),
            col(Draw.panel),
            col(Draw.recorded_at),
        )
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            col(Draw.due_on) == day,
            col(Draw.kind).in_(_MADE_BY_SCHEDULES),
            col(Participant.facility_id) == work.facility_id,
            draw_stands(),
        )
    )
    rows = work.session.connection().execute(query).all()
    return {int(participant_id): (int(draw_id or 0), tuple(made)) for participant_id, draw_id, *made in rows}


def _was_made_before_keys(work: Work, day: date, pools_of_day: list[Pool]) -> bool:
    """Whether a version of the program that kept no pools made this day's draws, and only newcomers have one."""
    if any(pool.first_participant_id == 1 for pool in pools_of_day):
        return False
    night = work.session.exec(select(Night).where(Night.facility_id == work.facility_id, Night.day == day)).first()
    return night is not None and _kept_no_pools(work.session, night)


def _kept_no_pools(session: Session, night: Night) -> bool:
    return id_of(night) <= ledger.first_page_up_to(session, night.facility_id, "night")


def _check_other_days(work: Work, result: Verification) -> Iterator[Problem]:
    """Draws of days on which no run is on record, and days whose run is without its pool."""
    with_pool = sa_select(col(Pool.day)).where(col(Pool.facility_id) == work.facility_id, pool_stands())
    nights = work.session.exec(
        select(Night).where(Night.facility_id == work.facility_id).order_by(col(Night.day))
    ).all()
    full = set(work.session.connection().execute(with_pool.where(col(Pool.first_participant_id) == 1)).scalars())
    early = {night.day for night in nights if night.day not in full and _kept_no_pools(work.session, night)}
    if early:
        result.unchecked.append(
            f"The draws of {min(early)} to {max(early)} were made by a version of the program whose draws could not be "
            "checked."
        )
    yield from _wrong_nights(work)
    have_a_pool = set(work.session.connection().execute(with_pool).scalars())
    for night in nights:
        if night.day not in early | have_a_pool:
            yield Problem(night.day, "", "there is a run on record without the pool that it decided on")
    strays = work.session.connection().execute(
        sa_select(col(Draw.due_on), col(Participant.code))
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            col(Participant.facility_id) == work.facility_id,
            col(Draw.kind).in_(_MADE_BY_SCHEDULES),
            col(Draw.due_on).not_in(with_pool),
            draw_stands(),
        )
    )
    for due_on, code in strays:
        if due_on not in early:
            yield Problem(due_on, code, "has a draw on record, and no draws were made on that day")


def _wrong_nights(work: Work) -> Iterator[Problem]:
    """Nights that say to have decided on other participants than their pools."""
    last = (
        select(func.max(Pool.last_participant_id))
        .where(Pool.facility_id == Night.facility_id, Pool.day == Night.day, pool_stands())
        .scalar_subquery()
    )
    query = select(col(Night.day)).where(Night.facility_id == work.facility_id, col(Night.last_participant_id) != last)
    for day in work.session.exec(query.order_by(col(Night.day))):
        yield Problem(day, "", "the run on record decided on other participants than its pool")


def _problem(session: Session, day: date, participant_id: int, what: str) -> Problem:
    participant = session.get(Participant, participant_id)
    return Problem(day, participant.code if participant else f"participant number {participant_id}", what)
