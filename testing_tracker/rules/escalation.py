"""What a positive test recommends: a step up the ladder of levels of care.

The ladder is outpatient → iop → php → residential. A positive alone decides nothing: it recommends that a clinician
looks at the level of care again (ASAM, Appropriate Use of Drug Testing in Clinical Addiction Medicine, 2017, pp. 7-8).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from testing_tracker.rules.schedule import ResponseRule
from testing_tracker.rules.words import Level

LADDER = tuple(Level)
AT_THE_TOP = "already in the most immersive level: clinical review"
DISCLAIMER = "A recommendation to a clinician, who decides; nothing changes by itself."


@dataclass(frozen=True)
class Positive:
    """A positive test as evidence: its day, and the response rule of the schedule it was drawn under."""

    due_on: date
    response: ResponseRule


def steps_up(positive: Positive, earlier: Iterable[date]) -> int:
    """How many levels up one positive recommends, given the days of the participant's other positive tests.

    Another positive of the same day is no repeat: it is most likely the same use.
    """
    response = positive.response
    if response.repeat_within_days is None or response.repeat_steps is None:
        return response.steps
    is_repeat = any(0 < (positive.due_on - day).days <= response.repeat_within_days for day in earlier)
    return response.repeat_steps if is_repeat else response.steps


def level_above(level: Level, steps: int) -> Level:
    """The level that many steps up, or the most immersive one."""
    return LADDER[min(LADDER.index(level) + steps, len(LADDER) - 1)]


def is_more_immersive(level: Level, than: Level) -> bool:
    """Whether a level stands higher on the ladder than another."""
    return LADDER.index(level) > LADDER.index(than)


def explanation(from_level: Level, to_level: Level, count: int) -> str:
    """Why a recommendation says what it says, in a sentence for the clinician."""
    tests = "1 positive test" if count == 1 else f"{count} positive tests"
    if from_level is LADDER[-1]:
        return f"{tests}; {AT_THE_TOP}"
    if to_level is from_level:
        return f"{tests}; the schedule asks for no step up: clinical review"
    return f"{tests}; review for more immersive care, {from_level} to {to_level}"
