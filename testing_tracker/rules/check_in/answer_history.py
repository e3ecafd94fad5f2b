"""What a participant was to be told at an instant of the past, from what became of their draws since. Pure.

What is on record of an instant is seldom exact: two acts may have one moment, a clock may have been put back, and a
page says what it was last given. So a question is asked of a span, and has every answer that may have been given in it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise, product
from typing import TypeAlias

from testing_tracker.rules.check_in.answers import DaysAnswer, answer_of
from testing_tracker.rules.words import Status

_EVER, _NEVER = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Turned:
    """A draw's status from an instant (UTC) on; before its first there is no draw."""

    at: datetime
    status: Status


DrawHistory: TypeAlias = Sequence[Turned]
"""All that became of a draw, in the order in which it was recorded."""

_May: TypeAlias = Collection[Status | None]


def answer_at(draws: Iterable[DrawHistory], moment: datetime) -> DaysAnswer:
    """The answer at an instant: what was on record by then counts, in the order of the record."""
    said = [[turned.status for turned in history if turned.at <= moment] for history in draws]
    return answer_of(statuses[-1] for statuses in said if statuses)


def answers_between(draws: Collection[DrawHistory], first: datetime, last: datetime) -> set[DaysAnswer]:
    """Every answer that was right at some instant of a span, both ends included.

    At the instant of a change what was before and what came after are right.
    """
    changes = {turned.at for history in draws for turned in history if first <= turned.at <= last}
    return {
        answer
        for moment in (first, *changes, last)
        for answer in _answers([_statuses_at(history, moment) for history in draws])
    }


def answers_ever(draws: Iterable[DrawHistory]) -> set[DaysAnswer]:
    """Every answer that the draws of a day can ever have led to, whichever of them was there and whatever it was.

    For a day whose night was taken back: it was gone through twice, and what was said the first time was right then.
    """
    return _answers([{None, *(turned.status for turned in history)} for history in draws])


def of_joined(history: DrawHistory, joined_at: datetime) -> DrawHistory:
    """A draw of a record that was joined into another one, as that one's: from the instant of joining on."""
    before = [turned for turned in history if turned.at <= joined_at]
    after = [turned for turned in history if turned.at > joined_at]
    return [*(Turned(joined_at, turned.status) for turned in before[-1:]), *after]


def _statuses_at(history: DrawHistory, moment: datetime) -> _May:
    """What a draw may have been at an instant; None where it was not there."""
    bounds = [_NEVER, *(turned.at for turned in history), _EVER]
    statuses = (None, *(turned.status for turned in history))
    # A clock that was put back makes a later entry the earlier one.
    spans = zip(pairwise(bounds), statuses, strict=True)
    return {status for (one, other), status in spans if min(one, other) <= moment <= max(one, other)}


def _answers(may: Sequence[_May]) -> set[DaysAnswer]:
    return {answer_of(status for status in each if status is not None) for each in product(*may)}
