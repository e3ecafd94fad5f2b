"""Checks everything on record, and says all that does not hold.

Three questions: are the records those that the program wrote (the ledger and its seals), did every run draw just those
whom the day's secret draws from the pool of that day, and is what stands (the status of each draw, the decision on each
recommendation and review) what the audit table leads to.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.services.drawing import keys, known_to_key
from testing_tracker.services.drawing.taking_back import taken_back
from testing_tracker.services.keeping.checking.audit_trail import (
    changed_remains,
    misplaced_draws,
    wrong_codes,
    wrong_outcomes,
    wrong_statuses,
)
from testing_tracker.services.keeping.checking.before_passing_on import made_by_others
from testing_tracker.services.keeping.checking.decisions import wrong_decisions, wrong_reviews
from testing_tracker.services.keeping.checking.entries import (
    entries_dated_back,
    entries_of_nobody,
    rows_stamped_otherwise,
    said_to_be_dated_back,
)
from testing_tracker.services.keeping.checking.marks_and_seals import broken_seals, changed_records
from testing_tracker.services.keeping.checking.not_checked_in import wrongly_missed
from testing_tracker.services.keeping.checking.otherwise import rows_not_as_written
from testing_tracker.services.keeping.checking.replay import (
    NOT_AT_HAND,
    Problem,
    Verification,
    Verifying,
    days_among,
    wrong_days,
    wrong_nights,
    wrong_runs,
)
from testing_tracker.services.keeping.checking.stumbling import Found, by_halves, by_itself, readable
from testing_tracker.services.keeping.checking.told import wrongly_told
from testing_tracker.services.keeping.checking.unsaid import writings_without_an_act
from testing_tracker.services.keeping.checking.whose import rows_that_say_another_facility
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.queries import id_of, pool_stands
from testing_tracker.store.tables import Draw, KeyChain, Pool
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class NamedCheck:
    """One of the things that are checked: what it is about, as in "… could not be checked", and what finds all that
    does not hold."""

    about: str
    find: Callable[[Verifying], Iterator[Found]]


def verify(work: Work, key_file: KeyFile) -> Verification:
    """Check everything on record; `problems` come oldest first.

    Works from the key file and, where a key is lost, from the secrets that the nights since then have shown. Each check
    runs by itself: what it cannot read is one of the problems, and the others are run all the same.
    """
    on = Verifying(work, key_file)
    run(on, CHECKS)
    return on.result


def run(on: Verifying, checks: Sequence[NamedCheck]) -> None:
    """Have each check add its problems to what is found, which are sorted, without what two have found."""
    found = set(on.result.problems)
    for check in checks:
        found |= {Problem(*one) for one in by_itself(on.work, check.about, check.find(on))}
    on.result.problems = sorted(found)


def _of_records(find: Callable[[Work], Iterator[Found]]) -> Callable[[Verifying], Iterator[Found]]:
    """A check that needs nothing but the records."""
    return lambda on: find(on.work)


def _of_draws(find: Callable[[Work, Sequence[int]], Iterator[Found]]) -> Callable[[Verifying], Iterator[Found]]:
    """A check of each draw; where it stumbles over one, only that is not checked."""

    def found(on: Verifying) -> Iterator[Found]:
        first, last = on.work.session.exec(select(func.min(Draw.id), func.max(Draw.id))).one()
        if first is not None and last is not None:
            numbers = range(first, last + 1)
            yield from by_halves(on.work, "the draw", lambda some: find(on.work, some), numbers)

    return found


def _nights_taken_back(on: Verifying) -> Iterator[Found]:
    on.result.taken_back.extend(taken_back(on.work))
    yield from ()


def _dated_back_and_said(on: Verifying) -> Iterator[Found]:
    on.result.notes.extend(said_to_be_dated_back(on.work))
    yield from ()


def _chains(on: Verifying) -> Iterator[Found]:
    """The keys that were begun, the seed of each that is there, and the secrets of its days."""
    work = on.work
    rows, unreadable = readable(work, KeyChain, col(KeyChain.facility_id) == work.facility_id, "the key")
    yield from unreadable
    on.result.keys.extend(keys.begun_by(row) for row in rows)
    on.chains.extend(rows)
    for row in rows:
        about = f"the key {str(row.anchor)[:8]} of the days from {row.first_day} on"
        yield from by_itself(work, about, _chain(on, row, about, is_newest=row is rows[-1]), row.first_day)


def _chain(on: Verifying, row: KeyChain, about: str, *, is_newest: bool) -> Iterator[Found]:
    """The secrets of a chain's days: from the key, or from what the nights revealed where that is not there."""
    session, number, chain = on.work.session, id_of(row), keys.values_of(row)
    days = select(col(Pool.day)).where(Pool.key_chain_id == number, col(Pool.ran), pool_stands())
    last = max(days_among(on.work, days), default=None)
    secret = None
    try:
        on.seeds[number] = seed = on.key_file.seed_of(chain)
        secret = None if last is None else (last, chain.secret(seed, last))
    except TestingTrackerError as error:
        if is_newest:
            yield row.first_day, "", f"{about}{NOT_AT_HAND}{str(error).removesuffix('.')}"
        if last is None:
            return
        secret = keys.last_shown(session, row)
        if not is_newest and (secret is None or secret[0] < last):
            on.result.unchecked.append(
                f"The key of {row.first_day} to {last} is lost: the draws of {last} cannot be decided again, those "
                "before it can."
            )
    if secret is not None:
        day, value = secret
        on.secrets.update(((number, earlier), found) for earlier, found in chain.earlier(value, day))


def _known_to_key(on: Verifying) -> Iterator[Found]:
    """What the key file knows of chains and pages, and the records say otherwise."""
    try:
        known = on.key_file.known()
    except TestingTrackerError:
        return  # nothing is known without it, and that it is not at hand is said
    held = {row.anchor for row in on.chains if row.id in on.seeds}
    found = known_to_key.compared(on.work, known, on.chains, held)
    on.result.notes.extend(known_to_key.notes(on.work, found))
    for day, said in known_to_key.problems(on.work, found):
        yield day, "", said


CHECKS = (
    NamedCheck("the ledger", _of_records(changed_records)),
    NamedCheck("whose the records are", _of_records(rows_that_say_another_facility)),
    NamedCheck("what others made in the database", _of_records(made_by_others)),
    NamedCheck("the rows that may change", _of_records(rows_not_as_written)),
    NamedCheck("the acts beside rows that changed", _of_records(writings_without_an_act)),
    NamedCheck("the participants' codes", _of_records(wrong_codes)),
    NamedCheck("the order of the acts", _of_records(entries_dated_back)),
    NamedCheck("who acted", _of_records(entries_of_nobody)),
    NamedCheck("who recorded what, and when", _of_records(rows_stamped_otherwise)),
    NamedCheck("acts that say that they are dated back", _dated_back_and_said),
    NamedCheck("the decisions on recommendations", _of_records(wrong_decisions)),
    NamedCheck("the reviews that are done", _of_records(wrong_reviews)),
    NamedCheck("the nights that were taken back", _nights_taken_back),
    NamedCheck("the keys", _chains),
    NamedCheck("what the key file knows", _known_to_key),
    NamedCheck("the seals of the runs", lambda on: broken_seals(on.work, on.seeds)),
    NamedCheck("the runs", wrong_runs),
    NamedCheck("the days of the draws", wrong_days),
    NamedCheck("the nights", _of_records(wrong_nights)),
    NamedCheck("what is left of the nights that were taken back", _of_records(changed_remains)),
    NamedCheck("whose the draws are", _of_draws(misplaced_draws)),
    NamedCheck("what became of the draws", _of_draws(wrong_statuses)),
    NamedCheck("what the draws say", _of_draws(wrong_outcomes)),
    NamedCheck("what participants were told", wrongly_told),
    NamedCheck("who is missed for not checking in", _of_records(wrongly_missed)),
)
