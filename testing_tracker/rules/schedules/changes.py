"""What one version of a testing rule says otherwise than another one, in the words of a schedule's file."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, time
from fractions import Fraction

from testing_tracker.rules.calendar import WEEKDAYS
from testing_tracker.rules.schedules.schedule import Bounds, TestingRule

_NOT_SAID = "not said"


def what_changed(before: TestingRule, after: TestingRule) -> list[str]:
    """The file's keys whose values differ, each with what it is and what it was: `draw.per_week 3 (was 2)`."""
    earlier, later = dict(_said(before)), dict(_said(after))
    return [
        f"{key} {later.get(key, _NOT_SAID)} (was {earlier.get(key, _NOT_SAID)})"
        for key in dict.fromkeys((*earlier, *later))
        if earlier.get(key) != later.get(key)
    ]


def _said(rule: TestingRule) -> Iterator[tuple[str, str]]:
    """Each value by its key in the file; what is not said has none."""
    yield "title", rule.title
    for section in ("draw", "closed", "collection", "response"):
        yield from _in_section(section, getattr(rule, section))
    yield "collection.window", f"{rule.collection.opens:%H:%M}-{rule.collection.closes:%H:%M}"


def _in_section(section: str, values: object) -> Iterator[tuple[str, str]]:
    assert is_dataclass(values), "a section of a rule"
    for field in fields(values):
        value = getattr(values, field.name)
        if isinstance(value, Bounds):
            yield from _in_section(section, value)
        elif field.name == "days" and section == "draw":
            yield f"{section}.days", ", ".join(WEEKDAYS[number] for number in value)
        elif not isinstance(value, time) and value not in (None, ()):
            yield f"{section}.{field.name}", _in_words(value)


def _in_words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"({_in_words(part)})" if isinstance(part, tuple) else str(part) for part in value)
    if isinstance(value, Fraction):
        return f"{float(value):g}"
    return value.isoformat() if isinstance(value, date) else str(value)
