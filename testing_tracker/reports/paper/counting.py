"""Counts draws within a query: the columns that make a tally, and the facts of a week that make its letter.

The rules themselves are elsewhere (`rules.pattern`, `rules.attendance`); here is only what they are asked with.
"""

from datetime import date

from sqlalchemy import ColumnElement, Label, and_, case, func, or_
from sqlmodel import col

from testing_tracker.rules.reporting.pattern import letter_of
from testing_tracker.rules.reporting.tally import COUNTS, Tally
from testing_tracker.rules.testing.attendance import NOT_YET_DONE
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.store.tables import Draw

IS_A_DRAW = col(Draw.status) != Status.CANCELLED
_POSITIVE = and_(col(Draw.outcome) == Outcome.POSITIVE, ~col(Draw.expected))
_NEGATIVE = or_(col(Draw.outcome) == Outcome.NEGATIVE, and_(col(Draw.outcome) == Outcome.POSITIVE, col(Draw.expected)))
_PROVIDED = col(Draw.status) == Status.COLLECTED
_ABSENT = col(Draw.status).in_((Status.MISSED, Status.REFUSED))

LETTERS = tuple(
    letter_of(positive=bool(facts & 1), negative=bool(facts & 2), provided=bool(facts & 4), absent=bool(facts & 8))
    for facts in range(16)
)


def facts_of_a_week() -> ColumnElement[int]:
    """What there was in a week's draws, as a number from 0 to 15 that `LETTERS` has the letter for."""

    def there_was(condition: ColumnElement[bool], worth: int) -> ColumnElement[int]:
        return func.max(case((condition, worth), else_=0))

    return there_was(_POSITIVE, 1) + there_was(_NEGATIVE, 2) + there_was(_PROVIDED, 4) + there_was(_ABSENT, 8)


def tally_columns(today: date) -> list[Label[int]]:
    """A column for each count of a tally, in its order; `today` says which days are over."""
    not_yet = col(Draw.status).in_(NOT_YET_DONE)
    conditions = {
        "collected": _PROVIDED,
        "missed": col(Draw.status) == Status.MISSED,
        "refused": col(Draw.status) == Status.REFUSED,
        "excused": col(Draw.status) == Status.EXCUSED,
        "outstanding": not_yet,
        "unrecorded": and_(not_yet, or_(col(Draw.status) == Status.UNRECORDED, col(Draw.due_on) < today)),
        "negative": _NEGATIVE,
        "positive": _POSITIVE,
        "invalid": col(Draw.outcome) == Outcome.INVALID,
        "expected": col(Draw.expected),
        "late": col(Draw.late),
    }
    columns = {"due": func.count()} | {
        name: func.sum(case((condition, 1), else_=0)) for name, condition in conditions.items()
    }
    return [columns[name].label(name) for name in COUNTS]


def tally_of(counts: tuple[int | None, ...]) -> Tally:
    """The tally of a row of those columns."""
    return Tally(*(count or 0 for count in counts))
