"""Gathers what may be stuck of checking in; `rules.keeping.stuck_check_in` says what is."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInOutcome
from testing_tracker.rules.keeping import stuck_check_in as rules
from testing_tracker.rules.keeping.stuck import Patience, Stuck
from testing_tracker.services.check_in.expected import expected_on
from testing_tracker.services.check_in.outages import is_faulty
from testing_tracker.services.check_in.page.filling import has_page
from testing_tracker.services.check_in.page.page_visits import guarded_numbers
from testing_tracker.services.check_in.rules_in_force import any_rule, rule_on
from testing_tracker.store.queries import in_force_id, joined_into
from testing_tracker.store.tables import Card, CheckIn, Enrolment, Participant
from testing_tracker.store.work import Work

_SOON = timedelta(days=7)  # before a rule begins, in which cards are given out


@dataclass(frozen=True)
class PageWatched:
    """What is known here of the page from outside: its address, if it has one, and how the last look at it went."""

    public_url: str | None = None
    not_reached_since: datetime | None = None
    why: str | None = None
    certificate_ends: datetime | None = None


def of_check_in(work: Work, patience: Patience, page: PageWatched | None) -> Iterator[Stuck | None]:
    """What is stuck of checking in, where anybody has to. `page` None: nothing of it is known here."""
    if not any_rule(work):
        return
    if any(rule_on(work, day) is not None for day in (work.today, work.today + _SOON)):
        yield from rules.without_card(_codes(work, _without_card(work)), work.today)
    for code in _codes(work, _silent(work)):
        yield rules.silent(code, work.today - timedelta(days=rules.SILENT_DAYS))
    for code in _codes(work, guarded_numbers(work)):
        yield rules.guarded(code, work.today)
    yield from _clock(work, patience)
    if page is not None and has_page(work):
        yield from _page(work, page)


def _page(work: Work, page: PageWatched) -> Iterator[Stuck | None]:
    if page.public_url is None:
        yield rules.unwatched(work.today)
        return
    if page.not_reached_since is not None:
        yield rules.not_reached(page.not_reached_since.astimezone(work.zone).date(), page.why or "no answer")
    if page.certificate_ends is not None:
        yield rules.certificate(page.certificate_ends, work.now, work.today)


def _codes(work: Work, numbers: Collection[int]) -> list[str]:
    if not numbers:
        return []
    asked = select(Participant.id, Participant.code).where(Participant.facility_id == work.facility_id)
    return sorted(code for number, code in work.session.exec(asked) if number in numbers)


def _without_card(work: Work) -> set[int]:
    newest = in_force_id(Enrolment, Participant.id, work.today)
    enrolled = (
        sa_select(col(Participant.id))
        .join(Enrolment, col(Enrolment.id) == newest)
        .where(col(Participant.facility_id) == work.facility_id, col(Enrolment.enrolled))
    )
    cards = select(Card.participant_id, Card.verifier).where(Card.facility_id == work.facility_id)
    standing: dict[int, bool] = {}
    for number, verifier in work.session.exec(cards.order_by(col(Card.id))):
        standing[number] = verifier is not None
    people = work.session.connection().execute(enrolled).scalars()
    return {number for number in people if number is not None and not standing.get(number)}


def _silent(work: Work) -> set[int]:
    """Who was expected on each of the last days, could check in, and was told nothing; on a day at fault nobody is."""
    days = [work.today - timedelta(days=back) for back in range(1, rules.SILENT_DAYS + 1)]
    if any(rule_on(work, day) is None for day in days):
        return set()
    silent = set.intersection(*(expected_on(work, day) for day in days))
    if not silent or any(is_faulty(work, day) for day in days):
        return set()
    told = select(CheckIn.participant_id).where(
        CheckIn.facility_id == work.facility_id,
        col(CheckIn.day).in_(days),
        CheckIn.outcome == CheckInOutcome.TOLD,
    )
    into = joined_into(work.session)
    return silent - {into.get(number, number) for number in work.session.exec(told)}


def _clock(work: Work, patience: Patience) -> Iterator[Stuck]:
    """Whether the page's clock went back between two visits of the last days: their numbers only grow."""
    asked = select(CheckIn.visit, CheckIn.at).where(
        CheckIn.facility_id == work.facility_id,
        col(CheckIn.visit).is_not(None),
        col(CheckIn.day) >= work.today - timedelta(days=1),
    )
    rows = sorted((str(visit), at) for visit, at in work.session.exec(asked))
    for (mark, before), (next_mark, after) in pairwise(rows):
        is_same_file = mark.partition(":")[0] == next_mark.partition(":")[0]
        if is_same_file and before - after > patience.clock_slack:
            local, later = before.astimezone(work.zone), after.astimezone(work.zone)
            yield rules.page_clock(local, later, later.date())
            return
