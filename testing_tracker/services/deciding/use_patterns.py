"""Use patterns of some participants, by the same letters as the weekly report's unless another is asked for."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from sqlmodel import Session, col

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.pattern import WeekLetter, outcome_that_counts, use_pattern, week_letter
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.store.queries import draws_with, joined_into
from testing_tracker.store.tables import Draw

_AT_A_TIME = 1_000

Test = tuple[Status, Outcome | None]


def patterns(
    session: Session, since: Mapping[int, Week], until: Week, letter: WeekLetter = week_letter
) -> dict[int, str]:
    """A letter a week for each participant by id, from the week that `since` says up to `until`; a few in memory.

    `letter` says which one a week has: the use pattern's, unless something else is asked.
    """
    found = {identity: use_pattern((), week, until) for identity, week in since.items()}
    identities = list(since)
    for start in range(0, len(identities), _AT_A_TIME):
        chunk = identities[start : start + _AT_A_TIME]
        person_of = _records_of(session, chunk)
        earliest = min(since[identity] for identity in chunk)
        draws = draws_with(
            session,
            col(Draw.participant_id).in_(list(person_of)),
            Draw.due_on >= earliest.monday,
            Draw.due_on <= until.sunday,
            Draw.status != Status.CANCELLED,
        )
        in_groups = sorted(draws, key=lambda draw: person_of[draw.participant_id])  # each stays in the order of days
        for identity, of_person in groupby(in_groups, key=lambda draw: person_of[draw.participant_id]):
            tests = ((draw.due_on, *test_of(draw)) for draw in of_person)
            found[identity] = use_pattern(tests, since[identity], until, letter)
    return found


def _records_of(session: Session, participant_ids: Sequence[int]) -> dict[int, int]:
    """The records of these participants, those that were joined into theirs too: whose record goes on for each."""
    wanted = set(participant_ids)
    joined = {record: person for record, person in joined_into(session).items() if person in wanted}
    return {**dict(zip(participant_ids, participant_ids, strict=True)), **joined}


def test_of(draw: Draw) -> Test:
    """A draw as the rules for patterns and streaks take it: what prescriptions explain counts as negative."""
    return as_test(draw.status, draw.outcome, draw.expected)


@lru_cache  # of few different ones, for millions of draws
def as_test(status: str, outcome: str | None, expected: bool) -> Test:
    """A draw's columns as the rules for patterns and streaks take them."""
    return Status(status), outcome_that_counts(outcome, expected=expected)
