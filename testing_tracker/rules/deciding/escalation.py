"""What a positive test recommends, a step up the ladder of levels of care, and from which runs one may need less.

The ladder is outpatient → iop → php → residential. A positive alone decides nothing: it recommends that a clinician
looks at the level of care again (ASAM, Appropriate Use of Drug Testing in Clinical Addiction Medicine, 2017, pp. 7-8).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from testing_tracker.rules.reporting.pattern import NEGATIVE, NOT_PROVIDED, NOTHING_DUE, week_letter
from testing_tracker.rules.schedules.schedule import ResponseRule
from testing_tracker.rules.words import Level, Outcome, ReviewReason, Status

LADDER = tuple(Level)
SAME_USE = str(ReviewReason.SAME_USE)
AT_THE_TOP = "already in the most immersive level: clinical review"
DISCLAIMER = "A recommendation to a clinician, who decides; nothing changes by itself."


@dataclass(frozen=True)
class Positive:
    """A positive test as evidence: its day, and the response rule of the schedule it was drawn under."""

    due_on: date
    response: ResponseRule


def steps_up(positive: Positive, earlier: Iterable[date]) -> int:
    """How many levels up one positive recommends, given the days of the participant's other positive tests.

    Another positive of the same day is no repeat: it is most likely the same use. So is one that may be a use known
    before (`carry_over`), which belongs in neither place here.
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


@dataclass(frozen=True)
class Grounds:
    """What a recommendation rests on: how many tests were positive, missed and refused.

    `same_uses` are the positives that are possibly the same use as earlier ones, by the days of those.
    """

    positive: int = 0
    missed: int = 0
    refused: int = 0
    same_uses: Sequence[Sequence[date]] = ()

    def __str__(self) -> str:
        """`2 positive tests (1 of them possibly the same use as 2026-11-16), 1 missed test`."""
        said = [_tests(self.positive, "positive") + self._same_use()] if self.positive else []
        said += [_tests(self.missed, "missed")] if self.missed else []
        said += [_tests(self.refused, "refused")] if self.refused else []
        return ", ".join(said)

    @property
    def is_all_same_use(self) -> bool:
        """Whether all of it is possibly a use that was known before."""
        return len(self.same_uses) == self.positive and not (self.missed or self.refused)

    def _same_use(self) -> str:
        if not self.same_uses:
            return ""
        days = sorted({day for uses in self.same_uses for day in uses})
        how_many = "" if self.positive == 1 else f"{len(self.same_uses)} of them "
        return f" ({how_many}{SAME_USE} as {' and '.join(str(day) for day in days)})"


def _tests(count: int, what: str) -> str:
    return f"1 {what} test" if count == 1 else f"{count} {what} tests"


def explanation(from_level: Level, to_level: Level, grounds: Grounds) -> str:
    """Why a recommendation says what it says, in a sentence for the clinician."""
    if from_level is LADDER[-1]:
        return f"{grounds}; {AT_THE_TOP}"
    if to_level is from_level:
        asks = "no new use is certain" if grounds.is_all_same_use else "the schedule asks for no step up"
        return f"{grounds}; {asks}: clinical review"
    return f"{grounds}; review for more immersive care, {from_level} to {to_level}"


def level_below(level: Level) -> Level | None:
    """The next level down the ladder; None for the lowest."""
    place = LADDER.index(level)
    return LADDER[place - 1] if place else None


@dataclass(frozen=True)
class Streaks:
    """How many negative tests in a row a participant has now, and had at most."""

    now: int
    longest: int


def negative_streaks(tests: Iterable[tuple[Status, Outcome | None]]) -> Streaks:
    """The runs of negative tests among tests in order, each a status and the outcome of its specimen, if any."""
    now = longest = 0
    for status, outcome in tests:
        if outcome is Outcome.NEGATIVE:
            now += 1
        elif outcome is Outcome.POSITIVE or status in (Status.MISSED, Status.REFUSED):
            now = 0
        longest = max(now, longest)
    return Streaks(now, longest)


def letter_for_less(tests: Iterable[tuple[Status, Outcome | None]]) -> str:
    """The letter of one week's draws as it counts where less care is thought of.

    It is the use pattern's, but for a week in which a test was missed or refused: that is none with negative tests
    only, whatever else came. The test that was not given may have been the one that would have said more.
    """
    of_week = list(tests)
    was_absent = any(status in (Status.MISSED, Status.REFUSED) for status, _ in of_week)
    letter = week_letter(of_week)
    return NOT_PROVIDED if was_absent and letter in (NEGATIVE, NOTHING_DUE) else letter


def negative_weeks(pattern: str) -> int:
    """How many weeks with negative tests only a pattern ends with, leaving out weeks that say nothing."""
    told = pattern.replace(NOTHING_DUE, "")
    return len(told) - len(told.rstrip(NEGATIVE))


def is_ready_for_less(pattern: str, weeks: int) -> bool:
    """Whether weeks up to the present one ask for thinking of a lower level of care, by `letter_for_less` each.

    That takes `weeks` negative weeks that are over. The present week, which may still bring another result, is not
    counted, but has to be free of anything else.
    """
    over, present = pattern[:-1], pattern[-1:]
    return present in ("", NEGATIVE, NOTHING_DUE) and negative_weeks(over) >= weeks
