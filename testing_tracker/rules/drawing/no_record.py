"""No false no-shows: when so many draws are without any record that it is more likely the record that is missing.

In 2015 a vendor's reports told courts in Michigan that nearly a third of some 600 people had missed their tests; they
had come. So a share of draws without a record that jumps out of its usual range is a question to the facility, not an
answer about the participants.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from math import comb, exp, lgamma, log, log1p

from testing_tracker.rules.calendar import day_in_words
from testing_tracker.rules.check_in.could_not import DAYS_LOOKED_AT, nth

# Chosen here, from no source: a question too many costs a minute, a false no-show may cost a job or a child.
RARER_THAN = Fraction(1, 100)
TIMES_THE_USUAL = 2
DAYS_COMPARED_WITH = 84
DAYS_TOGETHER = 7
FEW = 20  # draws to compare with; of fewer, nobody can tell what is usual
_ASSUMED_DRAWS, _ASSUMED_UNTOUCHED = 10, 1  # what a facility without a record of its own begins with
_FLOATS_ARE_RIGHT_TO, _EXACT_UP_TO = 1e-6, 5_000  # of the chance; and draws whose chance is worked out exactly


class Asks(StrEnum):
    """What a question is about: whether there is a record, whether check-in worked, who did not check in, who tried."""

    RECORD = "record"
    CHECK_INS = "check-ins"
    NOT_CHECKED_IN = "not checked in"
    TRIED = "tried to check in"


@dataclass(frozen=True)
class Count:
    """Draws that were to be given, and those of them of which nothing was recorded when their day was closed; or
    participants who were to check in, and those of them who neither did nor tried."""

    draws: int = 0
    untouched: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.draws + other.draws, self.untouched + other.untouched)


@dataclass(frozen=True)
class Closed:
    """What was counted over the `days` that end with `day`; `held` if it was far more than usual.

    `answered`: somebody has said since what became of these draws.
    """

    day: date
    days: int
    count: Count
    held: bool = False
    answered: bool = False

    @property
    def first_day(self) -> date:
        return self.day - timedelta(days=self.days - 1)


@dataclass(frozen=True)
class Compared:
    """A count beside the usual one that it was compared with, and what it counts.

    `also` are the other questions about the same days, which the same commands answer. `most_often` is how many times
    in four weeks one of those tried who tried and could not, where that is asked about.
    """

    closed: Closed
    usual: Count
    about: Asks = Asks.RECORD
    also: tuple["Compared", ...] = ()
    most_often: int = 1

    @property
    def figures(self) -> dict[str, int]:
        """The counts by what they are of, for a line of events."""
        of, without = ("expected", "not_checked_in") if self.about is Asks.CHECK_INS else ("draws", "untouched")
        return {of: self.closed.count.draws, without: self.closed.count.untouched}


def question(compared: Compared) -> str:
    """What the facility is asked, with the counts that the question rests on; all that is asked of the same days."""
    return " ".join(_QUESTIONS[one.about](one) for one in (compared, *compared.also))


def _about_the_record(compared: Compared) -> str:
    closed, usual = compared.closed, compared.usual
    if closed.days == 1:
        asked, whose = f"Was anything collected on {day_in_words(closed.day)}?", "that day's"
    else:
        asked = f"Is everything recorded of {day_in_words(closed.first_day)} to {day_in_words(closed.day)}?"
        whose = "these days'"
    found = f"Nothing was on record for {closed.count.untouched} of {whose} {closed.count.draws} draws"
    if not usual.draws:
        return f"{asked} {found}, and there is no record yet of how many are usual."
    return f"{asked} {found}; in the twelve weeks before it was {usual.untouched} of {usual.draws}."


def _about_check_ins(compared: Compared) -> str:
    closed, usual = compared.closed, compared.usual
    if closed.days == 1:
        asked = f"Did check-in work on {day_in_words(closed.day)}?"
    else:
        asked = f"Did check-in work from {day_in_words(closed.first_day)} to {day_in_words(closed.day)}?"
    found = f"{closed.count.untouched} of {closed.count.draws:,} did not check in"
    if not usual.draws:
        return f"{asked} {found}, and there is no record yet of how many are usual."
    return f"{asked} {found}; in the twelve weeks before it was {usual.untouched:,} of {usual.draws:,}."


def _about_who_did_not(compared: Compared) -> str:
    closed = compared.closed
    return (
        f"Has a test been missed on {day_in_words(closed.day)}? Nothing was on record for {closed.count.untouched} of "
        f"that day's {closed.count.draws} draws, whose participants did not check in."
    )


def _about_who_tried(compared: Compared) -> str:
    closed, often = compared.closed, compared.most_often
    again = f", one of them the {nth(often)} time in {DAYS_LOOKED_AT} days" if often > 1 else ""
    return (
        f"Why could participants not check in who tried on {day_in_words(closed.day)}? Nothing was on record for "
        f"{closed.count.untouched} of that day's {closed.count.draws} draws, whose participants tried and could "
        f"not{again}."
    )


_QUESTIONS = {
    Asks.RECORD: _about_the_record,
    Asks.CHECK_INS: _about_check_ins,
    Asks.NOT_CHECKED_IN: _about_who_did_not,
    Asks.TRIED: _about_who_tried,
}


def asked_together(questions: Iterable[Compared]) -> list[Compared]:
    """One question for all that is asked of the same days, in the order of their first ones."""
    by_days: dict[tuple[date, date], list[Compared]] = {}
    for one in questions:
        by_days.setdefault((one.closed.first_day, one.closed.day), []).append(one)
    return [replace(first, also=tuple(others)) for first, *others in by_days.values()]


def days_asked(closed: Closed) -> str:
    """The days of a question as the options of the commands that answer it."""
    return f"--on {closed.day}" if closed.days == 1 else f"--from {closed.first_day} --to {closed.day}"


def asked_apart(questions: Sequence[Compared]) -> list[Compared]:
    """Open questions that have no day in common, in their order: those about a day alone before those about several.

    An answer to one is then none to another. The others wait until these are answered.
    """
    taken: set[date] = set()
    kept = []
    for one in sorted(questions, key=lambda one: (one.closed.days, one.closed.day)):
        days = {one.closed.day - timedelta(days=number) for number in range(one.closed.days)}
        if not days & taken:
            taken |= days
            kept.append(one)
    return [one for one in questions if one in kept]


def usual_share(usual: Count) -> Fraction:
    """The share of draws that usually stay without a record; one of ten more is assumed, until enough is known."""
    return Fraction(usual.untouched + _ASSUMED_UNTOUCHED, usual.draws + _ASSUMED_DRAWS)


def chance_of_as_many(count: Count, share: float) -> float:
    """The chance that of so many draws so many or more stay without a record, each by itself with this share.

    The upper tail of the binomial distribution, exact up to rounding.
    """
    draws, untouched = count.draws, count.untouched
    if untouched <= 0:
        return 1.0
    if share >= 1:
        return 1.0
    term = exp(
        lgamma(draws + 1)
        - lgamma(untouched + 1)
        - lgamma(draws - untouched + 1)
        + untouched * log(share)
        + (draws - untouched) * log1p(-share)
    )
    total = 0.0
    for number in range(untouched, draws + 1):
        total += term
        term *= (draws - number) / (number + 1) * share / (1 - share)
        if number > draws * share and term < total * 1e-12:
            break
    return min(total, 1.0)


def jumps_out(count: Count, usual: Count) -> bool:
    """Whether a count is out of its usual range: so many by chance in fewer than one case of a hundred, and twice the
    usual share or more.

    The second keeps a large facility, where every difference is beyond chance, from being asked every day.
    """
    share = usual_share(usual)
    if count.untouched < TIMES_THE_USUAL * share * count.draws:
        return False
    return _is_rare(count, share)


def is_nothing_known(count: Count, people: int, usual: Count) -> bool:
    """Whether there is no record at all of a day of several people, and too little to compare it with.

    In a clinic of two, two untouched draws are never so rare that `jumps_out` could tell a missing record from two
    people who did not come. Where more than half is known to stay without a record, it is nothing new.
    """
    is_few = usual.draws < FEW and TIMES_THE_USUAL * usual_share(usual) <= 1
    return people > 1 and count.untouched == count.draws and is_few


def _is_rare(count: Count, share: Fraction) -> bool:
    """Whether the chance of as many is below one in a hundred; worked out in whole numbers where it is close."""
    chance = chance_of_as_many(count, float(share))
    if abs(chance - RARER_THAN) > _FLOATS_ARE_RIGHT_TO or count.draws > _EXACT_UP_TO:
        return chance < RARER_THAN
    without, all_of = share.numerator, share.denominator
    ways: int = sum(
        comb(count.draws, number) * without**number * (all_of - without) ** (count.draws - number)
        for number in range(count.untouched, count.draws + 1)
    )
    return bool(ways < RARER_THAN * all_of**count.draws)


def closed_day(
    day: date, count: Count, before: Iterable[Closed], answers: Mapping[date, Count] | None = None, people: int = 1
) -> list[Compared]:
    """What is to be kept of a day that is being closed, given the closings `before` it.

    The day by itself is compared with the twelve weeks before it; then, where it does not jump out, the seven days that
    end with it, with the twelve weeks before those. Days that were held are no example of what is usual; but as long as
    nobody has answered for them they are among the seven, so that a record that is missing does not turn into no-shows
    on the day after. With an answer they are an example: `answers` are the draws of such days, and those of them that
    were missed after all. `people` are the participants whose draws are counted.
    """
    earlier = [closed for closed in before if closed.day < day]
    held = {closed.day - timedelta(days=number) for closed in earlier if closed.held for number in range(closed.days)}
    single = {closed.day: closed for closed in earlier if closed.days == 1}
    counts = {closed.day: closed.count for closed in single.values() if closed.day not in held} | dict(answers or {})
    usual = _sum(counts, day)
    alone = Compared(
        Closed(day, 1, count, held=jumps_out(count, usual) or is_nothing_known(count, people, usual)), usual
    )
    if alone.closed.held:
        return [alone]
    first = max(day - timedelta(days=DAYS_TOGETHER - 1), min(single, default=day))
    answered = {closed.day - timedelta(days=n) for closed in earlier if closed.answered for n in range(closed.days)}
    lately = [closed.count for closed in single.values() if closed.day >= first and closed.day not in answered]
    together = sum(lately, count)
    usual_before = _sum(counts, first)
    if lately and jumps_out(together, usual_before):
        return [alone, Compared(Closed(day, (day - first).days + 1, together, held=True), usual_before)]
    return [alone]


def _sum(counts: dict[date, Count], before: date) -> Count:
    since = before - timedelta(days=DAYS_COMPARED_WITH)
    return sum((found for day, found in counts.items() if since <= day < before), Count())
