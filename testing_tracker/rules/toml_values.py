"""Takes values out of a TOML document of sections, and keeps all that is wrong with them, not the first alone."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

_T = TypeVar("_T")


class TomlValues:
    """A document and the problems found in it so far. A bad value becomes a problem and its default takes its place."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.problems: list[str] = []

    def section(self, name: str) -> Mapping[str, Any]:
        """A section's keys; none where it is not there, or is no section."""
        content = self.document.get(name)
        return content if isinstance(content, dict) else {}

    def value(self, place: str, default: _T, read: Callable[[Any], _T], wanted: str) -> _T:
        """The value at `section.key` as `read` makes it; `read` raises ValueError for one that does not fit.

        `wanted` says what would fit.
        """
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
