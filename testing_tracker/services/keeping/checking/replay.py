"""Decides every run again from what is stored: did it draw just those whom the day's secret draws from its pool?"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import Select, String, cast, func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.rules.words import DrawKind
from testing_tracker.services.drawing import pools
from testing_tracker.services.drawing.keys import Begun
from testing_tracker.services.drawing.taking_back import NightsTakenBack
from testing_tracker.services.keeping.checking.stumbling import Found, by_itself, readable
from testing_tracker.services.schedules import closed_days
from testing_tracker.services.schedules.closed_days import KnownDays
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.queries import draw_stands, id_of, of_facility, pool_stands
from testing_tracker.store.tables import Draw, KeyChain, Night, Participant, Pool, TakingBack
from testing_tracker.store.work import Work

NOT_AT_HAND = " is not at hand: "
_MADE_BY_SCHEDULES = (DrawKind.FIXED, DrawKind.RANDOM)


@dataclass(frozen=True, order=True)
class Problem:
    """Something that does not hold: the day it is about, the participant's code where it is about one, and what."""

    day: date
    participant: str
    what: str

    def __str__(self) -> str:
        return f"{self.day}{f', {self.participant}' if self.participant else ''}: {self.what}"

    @property
    def lacks_key(self) -> bool:
        """Whether it is only that the key is not at hand, and so says nothing of the records."""
        return NOT_AT_HAND in self.what


@dataclass
class Verification:
    """What was checked. `unchecked` says what could not be, and why; `keys` are all that were begun.

    `taken_back` are the nights that were made while a clock was ahead, and do not count. `notes` name what is to be
    known, and is no failure.
    """

    days: int = 0
    decisions: int = 0
    drawn: int = 0
    problems: list[Problem] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    keys: list[Begun] = field(default_factory=list)
    taken_back: list[NightsTakenBack] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Verifying:
    """What the checks work from. The key of each chain is looked for first, which fills all but the first three.

    `chains` are those that can be read, oldest first; `seeds` are those of the chains whose key is there; `secrets`
    those of the days, by chain: from the key, or from what the nights revealed where it is not there.
    """

    work: Work
    key_file: KeyFile
    result: Verification = field(default_factory=Verification)
    chains: list[KeyChain] = field(default_factory=list)
    seeds: dict[int, bytes] = field(default_factory=dict)
    secrets: dict[tuple[int, date], bytes] = field(default_factory=dict)


def wrong_runs(on: Verifying, since: date = date.min) -> Iterator[Found]:
    """Decide every run again: draws that were not made, that nobody made, or that are not as they were made."""
    work = on.work
    those_since = (col(Pool.facility_id) == work.facility_id) & pool_stands() & (col(Pool.day) >= since)
    standing, unreadable = readable(work, Pool, those_since, "the pool")
    yield from unreadable
    for day, those in groupby(sorted(standing, key=lambda pool: pool.day), key=lambda pool: pool.day):
        yield from by_itself(work, "the draws of the day", _check_day(on, day, list(those)), day)


def _check_day(on: Verifying, day: date, pools_of_day: list[Pool]) -> Iterator[Found]:
    """Decide a day again, and compare it with the draws on record. Each of its pools by itself: what one that cannot be
    decided may have drawn is no stranger."""
    work = on.work
    on.result.days += 1
    there = _draws_of(work, day)
    for pool in pools_of_day:
        leave_out = partial(_members_of, pool, there)
        yield from by_itself(work, "the run", _check_pool(on, pool, there), day, otherwise=leave_out)
    if _was_made_before_keys(work, day, pools_of_day):
        return
    for number in there:
        yield _problem(work.session, day, number, "has a draw on record, and was not drawn")


def _check_pool(on: Verifying, pool: Pool, there: dict[int, "_Recorded"]) -> Iterator[Found]:
    secret = on.secrets.get((pool.key_chain_id, pool.day))
    if pool.ran and secret is None:
        yield from _check_count(on.work.session, pool, there)
    else:
        yield from _check_run_as_known(on.work, pool, secret if pool.ran else None, there, on.result)


def _members_of(pool: Pool, there: dict[int, "_Recorded"]) -> list["_Recorded"]:
    """Take the draws of those whom a pool was for out of those that are there."""
    members = range(pool.first_participant_id, pool.last_participant_id + 1)
    return [there.pop(number) for number in list(there) if number in members]


def _check_run_as_known(
    work: Work, pool: Pool, secret: bytes | None, there: dict[int, "_Recorded"], result: Verification
) -> Sequence[Found]:
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
) -> Iterator[Found]:
    """Decide a run again, and take the draws that it made out of those that are there.

    A run numbers its draws in the order in which it decides, so none can change places with another one. The numbers
    need not follow on one another: other facilities may make draws at the same time.
    """
    session = work.session
    ids = _ids_of(session, pool)
    drawn = 0
    found: list[tuple[int, _Recorded, _Made]] = []
    listing = pools.Listing(session, pool) if pool.list_digest is not None else None
    for group in pools.decided(work, pool, secret, known, listing):
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
        yield pool.day, "", f"the run drew {pool.drawn}, and deciding again draws {drawn}"
    if listing is not None and listing.digest != pool.list_digest:
        yield pool.day, "", "the digest that the run kept of its list is not of those whom it decided on"


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


def _check_count(session: Session, pool: Pool, there: dict[int, "_Recorded"]) -> Iterator[Found]:
    """The pool without the day's secret: only that the run made as many draws, and after those that it knew."""
    found = [draw_id for draw_id, _ in _members_of(pool, there)]
    ids, again = _ids_of(session, pool), _last_draw_taken_back(session, pool)
    if len(found) != pool.drawn or any(draw_id not in ids for draw_id in found if draw_id > again):
        yield pool.day, "", f"the draws on record are not the {pool.drawn} that the run made"


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


def wrong_days(on: Verifying) -> Iterator[Found]:
    """Days whose run is without its pool, and draws of days on which no run is on record."""
    work = on.work
    with_pool = sa_select(col(Pool.day)).where(col(Pool.facility_id) == work.facility_id, pool_stands())
    nights, unreadable = readable(work, Night, col(Night.facility_id) == work.facility_id, "the night")
    yield from unreadable
    full = days_among(work, with_pool.where(col(Pool.first_participant_id) == 1))
    early = {night.day for night in nights if night.day not in full and _kept_no_pools(work.session, night)}
    if early:
        on.result.unchecked.append(
            f"The draws of {min(early)} to {max(early)} were made by a version of the program whose draws could not be "
            "checked."
        )
    have_a_pool = days_among(work, with_pool)
    for night in sorted(nights, key=lambda night: night.day):
        if night.day not in early | have_a_pool:
            yield night.day, "", "there is a run on record without the pool that it decided on"
    strays = sa_select(col(Draw.id)).where(
        of_facility(work.facility_id, Draw.participant_id),
        col(Draw.kind).in_(_MADE_BY_SCHEDULES),
        col(Draw.due_on).not_in(with_pool),
        draw_stands(),
    )
    for number in work.session.connection().execute(strays).scalars().all():
        yield from by_itself(work, f"the draw {number}", _stray(work, number, early))


def days_among(work: Work, query: Select[Any]) -> set[date]:
    """The days of pools, without those that cannot be read: their rows are named already."""
    days = work.session.connection().execute(sa_select(cast(query.subquery().c.day, String)).distinct()).scalars()
    found = set()
    for day in days:
        with suppress(ValueError, TypeError):
            found.add(date.fromisoformat(day))
    return found


def _stray(work: Work, number: int | None, early: set[date]) -> Iterator[Found]:
    draw = work.session.get_one(Draw, number)
    if draw.due_on not in early:
        what = "has a draw on record, and no draws were made on that day"
        yield _problem(work.session, draw.due_on, draw.participant_id, what)


def wrong_nights(work: Work) -> Iterator[Found]:
    """Nights that say to have decided on other participants than their pools."""
    last = (
        select(func.max(Pool.last_participant_id))
        .where(Pool.facility_id == Night.facility_id, Pool.day == Night.day, pool_stands())
        .scalar_subquery()
    )
    query = select(col(Night.day)).where(Night.facility_id == work.facility_id, col(Night.last_participant_id) != last)
    for day in work.session.exec(query.order_by(col(Night.day))):
        yield day, "", "the run on record decided on other participants than its pool"


def _problem(session: Session, day: date, participant_id: int, what: str) -> Found:
    participant = session.get(Participant, participant_id)
    return day, participant.code if participant else f"participant number {participant_id}", what
