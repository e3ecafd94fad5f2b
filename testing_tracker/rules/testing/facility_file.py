"""The facility's own analytes and limits: a file beside the database that adds to what the program ships.

The command line says once where to find it, and it is read when something first asks for it. Pure rules cannot look for
files, and a command that needs no analyte should not wait for one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from testing_tracker.rules.exchange.toml_file import TomlFileError, document_of

SOURCES, LIMITS = "sources", "limits"
RESERVED = (SOURCES, LIMITS)  # tables of the file that are no analytes


class FacilityFileError(TomlFileError):
    """The facility's file cannot be used; `problems` has a line for each reason."""


@dataclass(frozen=True)
class FacilityFile:
    """The file's text, and its name for messages."""

    text: str
    name: str

    @property
    def document(self) -> dict[str, Any]:
        """What the text says. Raises FacilityFileError when it is no TOML."""
        return _parse(self.text, self.name)


class _InUse:
    """The file that counts, or how to find it; found at most once."""

    def __init__(self) -> None:
        self.find: Callable[[], FacilityFile | None] | None = None
        self.found: FacilityFile | None = None


_in_use = _InUse()


def use(text: str | None, file: str = "") -> None:
    """From now on this text counts, or none. What is wrong with it is told when something first asks for it."""
    _in_use.find, _in_use.found = None, None if text is None else FacilityFile(text, file)


def use_from(find: Callable[[], FacilityFile | None]) -> None:
    """From now on this file counts, which is looked for only when something asks for it."""
    _in_use.find, _in_use.found = find, None


def facility_file() -> FacilityFile | None:
    """The facility's file, None where it has none."""
    if _in_use.find is not None:
        # Only a search that came to an end counts: one that was refused is refused again.
        _in_use.found, _in_use.find = _in_use.find(), None
    return _in_use.found


@lru_cache(maxsize=4)
def _parse(text: str, name: str) -> dict[str, Any]:
    return document_of(text, name, FacilityFileError)
