"""Reads a schedule from its TOML file, and says everything that is wrong with one.

A clinical director edits these files by hand, so each problem names the key and what would be right.
"""

import math
import re
from collections.abc import Callable
from datetime import date, time
from fractions import Fraction
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from testing_tracker.rules.calendar import WEEKDAYS, closed_days
from testing_tracker.rules.exchange.toml_file import (
    TomlFile,
    TomlFileError,
    day,
    document_of,
    list_of,
    one_of,
    some_of,
    whole_number,
)
from testing_tracker.rules.schedules.schedule import (
    Bounds,
    ClosedRule,
    CollectionRule,
    DrawRule,
    Missed,
    ResponseRule,
    Shift,
    TestingRule,
)
from testing_tracker.rules.testing.analytes import UnknownAnalyteError, Vocabulary
from testing_tracker.rules.words import SPECIMENS, DrawKind, Level

if TYPE_CHECKING:
    from testing_tracker.rules.schedules.guard_rails import ChanceTable

MOST_STEPS = len(Level) - 1

_SECTIONS = {
    "title": (),
    "draw": ("kind", "per_week", "days", "min_per_week", "max_per_week", "max_gap_days"),
    "closed": ("holidays", "days", "shift"),
    "collection": ("specimen", "panel", "panels", "window"),
    "response": ("steps", "repeat_within_days", "repeat_steps", "missed", "review_after_negative_weeks"),
}
_BOUNDS = {"min_per_week": (0, 7), "max_per_week": (1, 7), "max_gap_days": (1, 366)}  # least and greatest
_MOST_BITS = 61  # of the mean's denominator: the chance on each of seven days has three more, and a proof can say 64
_ANY_YEAR = 2026  # a calendar that the holidays library knows, it knows for every year


class ScheduleFileError(TomlFileError):
    """A schedule file cannot be used; `problems` has a line for each reason."""


@lru_cache(maxsize=256)
def read_stored(vocabulary: Vocabulary, text: str) -> TestingRule:
    """The schedule in a stored version's text, which was checked when it was loaded.

    A panel may name an analyte of the facility's own that is in the vocabulary no more; it keeps its name.
    """
    import tomllib

    reader = _Reader(vocabulary, tomllib.loads(text), is_stored=True)
    schedule = reader.schedule()
    if reader.problems:
        raise ScheduleFileError("stored schedule", reader.problems)
    return schedule


def read_schedule(vocabulary: Vocabulary, text: str, file: str) -> TestingRule:
    """The schedule that a file's text describes; `file` is its name for messages.

    Raises ScheduleFileError with every problem found: an unknown key, a wrong type, an impossible rule.
    """
    reader = _Reader(vocabulary, document_of(text, file, ScheduleFileError))
    schedule = reader.schedule()
    if reader.problems:
        raise ScheduleFileError(file, reader.problems)
    return schedule


def read_with_table(vocabulary: Vocabulary, text: str, file: str) -> "tuple[TestingRule, ChanceTable | None]":
    """The schedule of a file and, where it has guard rails, the chances that keep them; for loading and checking.

    Raises ScheduleFileError also for guard rails that only the computation finds impossible. It takes long enough, and
    loads enough, to have no place in a night.
    """
    schedule = read_schedule(vocabulary, text, file)
    if schedule.draw.bounds is None:
        return schedule, None
    from testing_tracker.rules.schedules.least_predictable import BoundsError, table_of

    try:
        return schedule, table_of(schedule.draw)
    except BoundsError as error:
        raise ScheduleFileError(file, [f"draw.{error.key}: {error}"]) from None


class _Reader(TomlFile):
    """Takes values out of the document. A bad one becomes a problem and its default takes its place."""

    def __init__(self, vocabulary: Vocabulary, document: dict[str, Any], *, is_stored: bool = False) -> None:
        super().__init__(document)
        self.vocabulary = vocabulary
        self.is_stored = is_stored

    def schedule(self) -> TestingRule:
        self.refuse_unknown(_SECTIONS, f"a schedule has {', '.join(_SECTIONS)}")
        title = self.document.get("title")
        if not isinstance(title, str) or not title.strip():
            self.problems.append('title: must be a line of text, such as title = "Two tests a week"')
        return TestingRule(str(title), self._draw(), self._closed(), self._collection(), self._response())

    def _draw(self) -> DrawRule:
        for key in ("kind", "per_week", "days"):
            if key not in self.section("draw"):
                self.problems.append(f"draw.{key}: missing; every schedule says it under [draw]")
        kind = self.value("draw.kind", DrawKind.FIXED, one_of((DrawKind.FIXED, DrawKind.RANDOM)), '"fixed" or "random"')
        per_week = self.value("draw.per_week", Fraction(0), self._per_week, "a number over 0 and up to 7")
        days: tuple[int, ...] = self.value(
            "draw.days", (), _days, 'a list of different weekdays, such as ["mon", "thu"]'
        )
        if per_week and days and "kind" in self.section("draw") and not self._is_told("draw.kind"):
            self._refuse_impossible_draws(kind, per_week, days)
        return DrawRule(kind, per_week, days, self._bounds(kind, per_week, days))

    def _per_week(self, value: Any) -> Fraction:  # noqa: ANN401
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 7:
            raise ValueError
        per_week = Fraction(str(value))
        if per_week.denominator.bit_length() > _MOST_BITS and not self.is_stored:
            raise ValueError
        return per_week

    def _bounds(self, kind: DrawKind, per_week: Fraction, days: tuple[int, ...]) -> Bounds | None:
        given = [key for key in _BOUNDS if key in self.section("draw")]
        if kind is DrawKind.FIXED and given:
            if "kind" in self.section("draw") and not self._is_told("draw.kind"):
                problem = "guards random draws only; remove the line from a fixed schedule"
                self.problems += [f"draw.{key}: {problem}" for key in given]
            return None
        values: dict[str, int] = {}
        for key in given:
            least, most = _BOUNDS[key]
            read = whole_number(least, most)
            values[key] = self.value(f"draw.{key}", least, read, f"a whole number from {least} to {most}")
        if any(self._is_told(f"draw.{key}") for key in (*given, "per_week", "days")) or not (given and days):
            return None
        bounds = Bounds(**values)
        self.problems += _contradictions(bounds, per_week, days)
        # Where every allowed day is drawn, nothing is left to guard.
        is_idle = bounds.min_per_week == 0 and bounds.max_per_week >= len(days) and bounds.max_gap_days is None
        return None if is_idle or per_week == len(days) else bounds

    def _refuse_impossible_draws(self, kind: DrawKind, per_week: Fraction, days: tuple[int, ...]) -> None:
        count = len(days)
        if kind is DrawKind.FIXED and per_week not in (1, 2, 3):
            self.problems.append("draw.per_week: must be 1, 2 or 3 for a fixed schedule")
        elif kind is DrawKind.FIXED and per_week != count:
            self.problems.append(
                f"draw.days: lists {count} for {per_week} a week; a fixed schedule has as many days as draws"
            )
        elif per_week > count:
            self.problems.append(
                f"draw.per_week: {float(per_week):g} draws a week do not fit on {count} days; "
                f"give at most {count}, or more days"
            )

    def _closed(self) -> ClosedRule:
        read = partial(_holidays, is_stored=self.is_stored)
        holidays = self.value("closed.holidays", None, read, 'a country or part of one, such as "US-CA"')
        days: tuple[date, ...] = self.value("closed.days", (), _closed_days, 'a list of days, such as ["2026-12-24"]')
        shift = self.value("closed.shift", Shift.NEXT, one_of(Shift), '"next", "previous" or "skip"')
        if "shift" in self.section("closed") and self.section("draw").get("kind") == DrawKind.RANDOM:
            self.problems.append("closed.shift: only fixed draws shift; remove the line from a random schedule")
        return ClosedRule(holidays, shift, days)

    def _is_told(self, place: str) -> bool:
        return any(problem.startswith(f"{place}:") for problem in self.problems)

    def _collection(self) -> CollectionRule:
        usual = CollectionRule()
        specimen = self.value(
            "collection.specimen", usual.specimen, one_of(SPECIMENS), f"one of {', '.join(SPECIMENS)}"
        )
        read = partial(_panel, vocabulary=self.vocabulary, is_stored=self.is_stored)
        panel = self.value("collection.panel", usual.panel, read, "a list of analytes")
        wanted = "a list of two or more lists of analytes"
        panels = self.value("collection.panels", usual.panels, partial(_panels, read=read), wanted)
        if panel and panels:
            self.problems.append("collection.panels: stands in place of panel; remove one of the two")
        opens, closes = self.value(
            "collection.window", (usual.opens, usual.closes), _window, 'two times of a day, such as "08:00-17:00"'
        )
        return CollectionRule(specimen, panel, opens, closes, panels)

    def _response(self) -> ResponseRule:
        read = whole_number(0, MOST_STEPS)
        steps = self.value("response.steps", 1, read, f"a whole number from 0 to {MOST_STEPS}")
        days = self.value("response.repeat_within_days", None, whole_number(1), "a whole number of days, 1 or more")
        repeat_steps = self.value("response.repeat_steps", None, read, f"a whole number from 0 to {MOST_STEPS}")
        given = [key for key in ("repeat_within_days", "repeat_steps") if key in self.section("response")]
        if len(given) == 1:
            self.problems.append(
                f"response.{given[0]}: repeat_within_days and repeat_steps come together or not at all"
            )
        if repeat_steps is not None and repeat_steps < steps:
            self.problems.append("response.repeat_steps: must not be fewer than steps")
        missed = self.value("response.missed", Missed.NONE, one_of(Missed), '"none", "review" or "positive"')
        weeks = self.value(
            "response.review_after_negative_weeks", None, whole_number(1), "a whole number of weeks, 1 or more"
        )
        return ResponseRule(steps, days, repeat_steps, missed, weeks)


def _contradictions(bounds: Bounds, per_week: Fraction, days: tuple[int, ...]) -> list[str]:
    """What contradicts what at sight. The rest takes the computation of the chances, which `read_with_table` does."""
    fewest, most, mean = bounds.min_per_week, bounds.max_per_week, f"{float(per_week):g}"
    if fewest > len(days):
        return [f"draw.min_per_week: {fewest} do not fit on {len(days)} days; write at most {len(days)}, or more days"]
    if fewest > most:
        return [f"draw.min_per_week: {fewest} is more than max_per_week {most}; write at most {most}"]
    problems = []
    if per_week < fewest:
        remedy = f"write at least {fewest}, or min_per_week at most {math.floor(per_week)}"
        problems.append(f"draw.per_week: an average of {mean} is below min_per_week {fewest}; {remedy}")
    if per_week > most:
        remedy = f"write at most {most}, or max_per_week at least {math.ceil(per_week)}"
        problems.append(f"draw.per_week: an average of {mean} is above max_per_week {most}; {remedy}")
    following = (*days[1:], days[0] + 7)
    apart, first, second = max((after - day, day, after) for day, after in zip(days, following, strict=True))
    if bounds.max_gap_days is not None and bounds.max_gap_days < apart:
        between = f"from {WEEKDAYS[first]} to the next {WEEKDAYS[second % 7]} it is {apart} days"
        problems.append(f"draw.max_gap_days: {between}; write at least {apart}, or more days")
    return problems


def _days(value: Any) -> tuple[int, ...]:  # noqa: ANN401
    return tuple(sorted(map(WEEKDAYS.index, some_of(WEEKDAYS)(value))))


def _holidays(value: Any, *, is_stored: bool) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise ValueError
    if not is_stored:  # what was loaded stays readable, whatever the library knows by now
        closed_days(value, _ANY_YEAR)
    return value


def _closed_days(value: Any) -> tuple[date, ...]:  # noqa: ANN401
    days: list[date] = []
    for one in map(day, list_of(value)):
        if one in days:
            raise ValueError(f"{one} is there twice; leave one of the two out")
        days.append(one)
    return tuple(sorted(days))


def _panel(value: Any, *, vocabulary: Vocabulary, is_stored: bool) -> tuple[str, ...]:  # noqa: ANN401
    known: list[str] = []
    problems = []
    for name in list_of(value, str):
        try:
            known.append(vocabulary.named(name))
        except UnknownAnalyteError as error:
            if is_stored:
                known.append(name)
            else:
                problems.append(str(error))
    if problems:
        raise ValueError("; ".join(problems))
    return tuple(dict.fromkeys(known))


def _panels(value: Any, *, read: Callable[[Any], tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:  # noqa: ANN401
    if len(list_of(value)) < 2 or not all(value):
        raise ValueError
    return tuple(read(one) for one in value)


def _window(value: Any) -> tuple[time, time]:  # noqa: ANN401
    match = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError
    try:
        opens, closes = time.fromisoformat(match[1]), time.fromisoformat(match[2])
    except ValueError:
        raise ValueError from None
    if opens >= closes:
        raise ValueError("must open before it closes, on one day")
    return opens, closes
