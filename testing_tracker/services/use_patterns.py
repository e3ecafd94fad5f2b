"""Use patterns of some participants, by the same letters as the weekly report's."""

from collections.abc import Mapping
from itertools import groupby

from sqlmodel import Session, col, select

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.pattern import NOTHING_DUE, outcome_that_counts, week_letter
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.store.tables import Draw

_AT_A_TIME = 1_000

Test = tuple[Status, Outcome | None]


def patterns(session: Session, since: Mapping[int, Week], until: Week) -> dict[int, str]:
    """A letter a week for each participant by id, from the week that `since` says up to `until`; a few in memory."""
    found = dict.fromkeys(since, "")
    identities = list(since)
    for start in range(0, len(identities), _AT_A_TIME):
        chunk = identities[start : start + _AT_A_TIME]
        earliest = min(since[identity] for identity in chunk)
        draws = session.exec(
            select(Draw)
            .where(
                col(Draw.participant_id).in_(chunk),
                Draw.due_on >= earliest.monday,
                Draw.due_on <= until.sunday,
                Draw.status != Status.CANCELLED,
            )
            .order_by(col(Draw.participant_id), col(Draw.due_on), col(Draw.id))
        )
        tests = {
            identity: {
                week: [test_of(draw) for draw in of_week]
                for week, of_week in groupby(of_person, key=lambda draw: Week.of(draw.due_on))
            }
            for identity, of_person in groupby(draws, key=lambda draw: draw.participant_id)
        }
        for identity in chunk:
            found[identity] = _letters(tests.get(identity, {}), since[identity], until)
    return found


def _letters(tests: Mapping[Week, list[Test]], since: Week, until: Week) -> str:
    weeks = (since + number for number in range(until - since + 1))
    return "".join(week_letter(tests[week]) if week in tests else NOTHING_DUE for week in weeks)


def test_of(draw: Draw) -> Test:
    """A draw as the rules for patterns and streaks take it: what prescriptions explain counts as negative."""
    return Status(draw.status), outcome_that_counts(draw.outcome, expected=draw.expected)
