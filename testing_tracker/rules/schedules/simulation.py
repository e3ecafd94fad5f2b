"""What a schedule is worth before it is used: exact figures from the Markov chain of its days, nothing sampled.

Random schedules, with guard rails or without, and fixed ones alike. Holidays, leave and enrolment in the middle of a
week are left out: every week is an ordinary one, and the participant has been there for long. Loaded only when
somebody asks for the figures: it needs numpy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from testing_tracker.rules.schedules.guard_rails import ChanceTable
from testing_tracker.rules.schedules.schedule import TestingRule
from testing_tracker.rules.words import DrawKind

Numbers = NDArray[np.float64]
Marks = NDArray[np.bool_]

DAYS = 7
WINDOWS = tuple(range(1, DAYS * 2 + 1))  # days; longer ones are asked for one by one
MOST_GAPS = 0.95  # the share of gaps between tests that the 95th percentile covers
ROUNDING = 1e-12


@dataclass(frozen=True)
class PerWeek:
    """Tests in an ISO week: their mean, and the chance of each number from 0 to 7."""

    mean: float
    distribution: tuple[float, ...]


@dataclass(frozen=True)
class GapDays:
    """Days from one test to the next: mean, 95th percentile and the most there can be, None without limit."""

    mean: float
    p95: int
    max: int | None


@dataclass(frozen=True)
class Detection:
    """The chance that one use is found which a test shows on the day of the use and the `window_days` - 1 after it.

    `random_day`: the use is on any day, each as likely. `informed`: the participant knows the rule and his own past
    tests, today's too, and picks the best moment that ever comes.
    """

    window_days: int
    random_day: float
    informed: float


@dataclass(frozen=True)
class Tomorrow:
    """The lowest and the highest chance of a test tomorrow that any history of tests can reveal."""

    min: float
    max: float


@dataclass(frozen=True)
class EntropyBits:
    """How unpredictable the days are, in bits a day (Shannon 1948).

    `actual` is the entropy rate of the rule, `best` that of the coin with the same mean on the same weekdays.
    """

    actual: float
    best: float


@dataclass(frozen=True)
class Simulation:
    """The figures of one schedule."""

    per_week: PerWeek
    gap_days: GapDays
    detection: tuple[Detection, ...]
    tomorrow: Tomorrow
    entropy_bits: EntropyBits


def simulate(schedule: TestingRule, table: ChanceTable | None, windows: Iterable[int] = WINDOWS) -> Simulation:
    """The figures of a schedule. `table` holds the chances of one with guard rails, and is None for any other."""
    chain = _chain(schedule, table)
    distribution = chain.per_week()
    mean = float(sum(count * chance for count, chance in enumerate(distribution)))
    return Simulation(
        per_week=PerWeek(mean, tuple(distribution)),
        gap_days=_gap_days(chain, mean),
        detection=tuple(_detection(chain, window) for window in windows),
        tomorrow=Tomorrow(float(chain.chances[chain.reached].min()), float(chain.chances[chain.reached].max())),
        entropy_bits=EntropyBits(
            float((chain.shares * _bits(chain.chances)).sum()) / DAYS,
            _best(mean, len(schedule.draw.days)),
        ),
    )


def _best(mean: float, days: int) -> float:
    return float(_bits(np.array(min(mean / days, 1.0)))) * days / DAYS


def _bits(chances: Numbers) -> Numbers:
    """The entropy of a draw with each chance; 0 where it is certain either way."""
    total = np.zeros_like(chances)
    for chance in (chances, 1 - chances):
        total -= np.where(chance > 0, chance, 1) * np.log2(np.where(chance > 0, chance, 1)) * (chance > 0)
    return total


def _chain(schedule: TestingRule, table: ChanceTable | None) -> "_Chain":
    if table is not None:
        return _Chain(np.array(table.chances))
    draw = schedule.draw
    chances = np.zeros((DAYS, 1, 1))
    chances[list(draw.days)] = 1.0 if draw.kind is DrawKind.FIXED else float(draw.per_week / len(draw.days))
    return _Chain(chances)


class _Chain:
    """The days of one participant: the chance of a draw in every state, and how often a state is met.

    A state is [weekday, draws so far in the week, days since the last draw - 1], at the start of the day; an axis that
    the rule does not look at has length 1.
    """

    def __init__(self, chances: Numbers) -> None:
        self.chances = chances
        _, self.counts, self.gaps = chances.shape
        self._up = np.minimum(np.arange(self.counts) + 1, self.counts - 1)
        self._on = np.minimum(np.arange(self.gaps) + 1, self.gaps - 1)

    def after(self, day: int, drawn: Numbers, undrawn: Numbers) -> Numbers:
        """Where shares of people are the next morning who were drawn on a weekday, and who were not.

        Both are [..., draws so far, days since].
        """
        morning = np.zeros_like(drawn)
        last = self.counts - 1
        if self.counts > 1:
            morning[..., 1:, 0] = drawn[..., :-1, :].sum(axis=-1)
        morning[..., last, 0] += drawn[..., last, :].sum(axis=-1)
        if self.gaps > 1:
            morning[..., 1:] += undrawn[..., :-1]
        morning[..., -1] += undrawn[..., -1]
        if day == DAYS - 1:
            monday = np.zeros_like(morning)
            monday[..., 0, :] = morning.sum(axis=-2)
            return monday
        return morning

    def pass_day(self, day: int, share: Numbers) -> Numbers:
        """Where shares of people are the next morning, drawn or not."""
        return self.after(day, share * self.chances[day], share * (1 - self.chances[day]))

    @cached_property
    def shares(self) -> Numbers:
        """How often a state is met in the long run; each weekday's add up to 1."""
        share = np.zeros((self.gaps, self.counts, self.gaps))
        share[np.arange(self.gaps), 0, np.arange(self.gaps)] = 1
        for day in range(DAYS):
            share = self.pass_day(day, share)
        a_week: Numbers = share[:, 0, :]
        unknown = np.eye(self.gaps) - a_week.T
        unknown = np.vstack([unknown, np.ones(self.gaps)])
        monday = np.linalg.lstsq(unknown, np.append(np.zeros(self.gaps), 1.0))[0]
        shares = np.zeros_like(self.chances)
        shares[0, 0] = np.maximum(monday, 0)
        for day in range(DAYS - 1):
            shares[day + 1] = self.pass_day(day, shares[day])
        return shares

    @cached_property
    def reached(self) -> Marks:
        """The states that come up again and again, however rarely: all that a history can lead to."""
        reached = np.zeros(self.chances.shape, dtype=bool)
        here = np.zeros((self.counts, self.gaps))
        here[0, self.shares[0, 0].argmax()] = 1
        day = 0
        while True:
            new = here.astype(bool) & ~reached[day]
            if day == 0 and not new.any():
                return reached
            reached[day] |= here.astype(bool)
            # Marks, not shares: a chance of 1 in 10^300 is reached too.
            here = self.after(day, here * (self.chances[day] > 0), here * (self.chances[day] < 1))
            here = (here > 0).astype(float)
            day = (day + 1) % DAYS

    def per_week(self) -> list[float]:
        """The chance of each number of draws from Monday to Sunday."""
        share = np.zeros((DAYS + 1, self.counts, self.gaps))
        share[0] = self.shares[0]
        for day in range(DAYS):
            drawn = np.zeros_like(share)
            drawn[1:] = (share * self.chances[day])[:-1]
            share = self.after(day, drawn, share * (1 - self.chances[day]))
        return [float(chance) for chance in share.sum(axis=(1, 2))]

    def undrawn(self, days: int) -> Numbers:
        """The chance in each state that no draw falls on that day and the days after it, so many in all."""
        chance = np.ones_like(self.chances)
        for _ in range(days):
            tomorrow = np.roll(chance, -1, axis=0)
            tomorrow[DAYS - 1] = chance[0, :1]  # on Monday no draws were made in the week
            chance = (1 - self.chances) * tomorrow[:, :, self._on]
        return chance

    def after_draws(self) -> Numbers:
        """The state on the morning after a draw, by how often draws lead there."""
        morning = np.zeros_like(self.chances)
        for day in range(DAYS):
            drawn = self.shares[day] * self.chances[day]
            morning[(day + 1) % DAYS] += self.after(day, drawn, np.zeros_like(drawn))
        total: Numbers = morning / morning.sum()
        return total

    def morning_after_none(self, share: Numbers) -> Numbers:
        """Where shares of people over all states are the next morning if they are not drawn."""
        morning = np.zeros_like(share)
        for day in range(DAYS):
            undrawn = share[day] * (1 - self.chances[day])
            morning[(day + 1) % DAYS] = self.after(day, np.zeros_like(undrawn), undrawn)
        return morning


def _detection(chain: _Chain, window: int) -> Detection:
    undrawn = chain.undrawn(window)
    found_on_a_random_day = 1 - float((chain.shares * undrawn).sum()) / DAYS
    found_at_the_best_moment = 1 - float(undrawn[chain.reached].max())
    return Detection(window, found_on_a_random_day, found_at_the_best_moment)


def _gap_days(chain: _Chain, mean: float) -> GapDays:
    """The days from one draw to the next, over all draws. Their mean is 7 days ÷ draws a week (Kac 1947)."""
    left = chain.after_draws()
    p95 = None
    days = 0
    # Who is undrawn for so long has either run out of gap, or goes on as every week before without limit.
    settled = chain.gaps + 2 * DAYS
    while left.any() and days < settled:
        left = chain.morning_after_none(left)
        days += 1
        if p95 is None and left.sum() <= 1 - MOST_GAPS + ROUNDING:
            p95 = days
    longest = days if not left.any() else None
    return GapDays(DAYS / mean, p95 if p95 is not None else _later(chain, left, days), longest)


def _later(chain: _Chain, left: Numbers, days: int) -> int:
    """The day by which 95 % are drawn again, where every further week leaves the same part of the rest undrawn."""
    a_week_on = left
    for _ in range(DAYS):
        a_week_on = chain.morning_after_none(a_week_on)
    kept = float(a_week_on.sum() / left.sum())
    weeks = max(0, ceil(log((1 - MOST_GAPS) / float(left.sum())) / log(kept)) - 1)
    left = left * kept**weeks
    days += weeks * DAYS
    while left.sum() > 1 - MOST_GAPS + ROUNDING:
        left = chain.morning_after_none(left)
        days += 1
    return days
