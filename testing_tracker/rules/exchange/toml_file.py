"""Takes values out of a TOML file that a person edits, and keeps all that is wrong with them, not the first alone.

A reader is a function of what the file holds. It raises ValueError for what does not fit, in words if it has better
ones than what was wanted.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NoReturn, TypeVar

from testing_tracker.errors import TestingTrackerError

_T = TypeVar("_T")


class TomlFileError(TestingTrackerError):
    """A file that cannot be used; `problems` has a line for each reason."""

    def __init__(self, file: str, problems: Sequence[str]) -> None:
        self.problems = [f"{file}: {problem}" for problem in problems]
        super().__init__("; ".join(self.problems))


def document_of(text: str, file: str, refused: type[TomlFileError], *, quoted: bool = True) -> dict[str, Any]:
    """What a file's text says; `file` is its name for messages. Raises `refused` when it is no TOML.

    Without `quoted` only the place is told, for a file whose text nobody should read in a message.
    """
    from testing_tracker.rules.exchange.toml_text import TomlError, read_toml

    try:
        return read_toml(text)
    except TomlError as error:
        why = f": {error}" if quoted else f" {error.place}".rstrip()
        raise refused(file, [f"not a TOML file{why}"]) from None


class FacilityFileError(TomlFileError):
    """The facility's file cannot be used; `problems` has a line for each reason."""


@dataclass(frozen=True)
class FacilityFile:
    """The text of the facility's own analytes and limits, and the file's name for messages."""

    text: str
    name: str

    @cached_property
    def document(self) -> dict[str, Any]:
        """What the text says. Raises FacilityFileError when it is no TOML."""
        return document_of(self.text, self.name, FacilityFileError)


class TomlFile:
    """A file's document, and the problems found in it so far. A bad value becomes one; its default takes its place."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.problems: list[str] = []

    def section(self, name: str) -> Mapping[str, Any]:
        """A section's keys; none where it is not there, or is no section."""
        content = self.document.get(name)
        return content if isinstance(content, dict) else {}

    def value(self, place: str, default: _T, read: Callable[[Any], _T], wanted: str) -> _T:
        """The value at `section.key` as `read` makes it; `wanted` says what would fit."""
        section, key = place.split(".")
        content = self.section(section)
        if key not in content:
            return default
        try:
            return read(content[key])
        except ValueError as error:
            self.problems.append(f"{place}: {self.in_words(error, wanted)}")
            return default

    def in_words(self, error: ValueError, wanted: str) -> str:
        """What is wrong with a value: the error's own words, if it has any."""
        return str(error) or f"must be {wanted}"

    def refuse_unknown(
        self, sections: Mapping[str, Sequence[str]], known: str, needed: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Keep as problems the sections and keys that the file cannot have, and those needed that are not there.

        `known` says which sections there are. What has no keys stands by itself, before all sections.
        """
        for section, content in self.document.items():
            keys = sections.get(section)
            if keys is None:
                self.problems.append(f"{section}: unknown; {known}")
            elif keys and not isinstance(content, dict):
                self.problems.append(f"{section}: must be a table that begins with [{section}]")
            elif keys:
                has = f"[{section}] has {', '.join(keys)}"
                missing = [key for key in (needed or {}).get(section, ()) if key not in content]
                self.problems += [f"{section}.{key}: unknown; {has}" for key in content if key not in keys]
                self.problems += [f"{section}.{key}: missing; [{section}] needs it" for key in missing]


def flag(value: Any) -> bool:  # noqa: ANN401  what a file holds may be anything, here and below
    """True or false."""
    return value if isinstance(value, bool) else _unfit()


def day(value: Any) -> date:  # noqa: ANN401
    """A day as a text or as TOML's own date; a day of every year is not one, because holidays move."""
    if type(value) is date:
        return value
    try:
        if isinstance(value, str) and len(value) == len("2026-12-24"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f'{value!r} is not a day; write each as "2026-12-24", with its year')


def whole_number(least: int, most: float = float("inf")) -> Callable[[Any], int]:
    """A reader of whole numbers from the least to the most."""

    def read(value: Any) -> int:  # noqa: ANN401
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        _unfit()

    return read


def matching(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    """A reader of texts that are as a whole what the pattern says."""
    return lambda value: value if isinstance(value, str) and pattern.fullmatch(value) else _unfit()


def one_of(choices: Iterable[_T]) -> Callable[[Any], _T]:
    """A reader of one of these texts; of an enumeration, its members."""
    return lambda value: next((one for one in choices if isinstance(value, str) and one == value), None) or _unfit()


def some_of(choices: Iterable[str]) -> Callable[[Any], tuple[str, ...]]:
    """A reader of lists of different ones of these texts, at least one."""

    def read(value: Any) -> tuple[str, ...]:  # noqa: ANN401
        found = tuple(map(one_of(choices), list_of(value)))
        return found if found and len(set(found)) == len(found) else _unfit()

    return read


def list_of(value: Any, wanted: type = object) -> list[Any]:  # noqa: ANN401
    """A list, of values of a type."""
    if isinstance(value, list) and all(isinstance(one, wanted) for one in value):
        return value
    _unfit()


def _unfit() -> NoReturn:
    raise ValueError
