"""What a test can look for, and the names that people use for it (`analytes.toml`)."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from testing_tracker.errors import TestingTrackerError


@dataclass(frozen=True)
class Window:
    """For how many days after a use a test of a specimen can be positive, and who says so.

    A rough range and never proof. `low_days` is None where the source only says "up to".
    """

    low_days: float | None
    high_days: float
    source: str

    @property
    def whole_days(self) -> tuple[int, ...]:
        """The ends of the range as days on which a test finds the use, the day of the use being the first.

        Rounded down, which is the cautious side, but never below the day itself.
        """
        ends = [days for days in (self.low_days, self.high_days) if days is not None]
        return tuple(dict.fromkeys(max(1, int(days)) for days in ends))


class UnknownAnalyteError(TestingTrackerError):
    """A name that stands for no analyte of the vocabulary."""


def analyte_named(name: str) -> str:
    """The vocabulary's own name for what a person calls `COC`, `thc` or `6-MAM`.

    Raises UnknownAnalyteError, naming close matches or else every name there is.
    """
    found = _by_any_name().get(_bare(name))
    if found is None:
        raise UnknownAnalyteError(f"{name!r} is not an analyte; {_suggestion(name)}")
    return found


@cache
def analyte_names() -> tuple[str, ...]:
    """The vocabulary's own names, in alphabetical order."""
    return tuple(sorted(_vocabulary()))


@cache
def window_of(analyte: str, specimen: str) -> Window | None:
    """The window of detection of an analyte, by the vocabulary's own name, in a specimen; None where none is known."""
    windows: Any = _vocabulary()[analyte].get("window", {})
    entry = windows.get(specimen)
    return Window(entry.get("low_days"), entry["high_days"], entry["source"]) if entry is not None else None


@cache
def _vocabulary() -> dict[str, dict[str, object]]:
    return tomllib.loads(files(__package__).joinpath("analytes.toml").read_text(encoding="utf-8"))


@cache
def _by_any_name() -> dict[str, str]:
    names = {}
    for analyte, entry in _vocabulary().items():
        also = entry["also"]
        assert isinstance(also, list)
        for name in (analyte, *also):
            names[_bare(name)] = analyte
    return names


def _bare(name: str) -> str:
    return re.sub(r"[\s._-]", "", name.casefold())


def _suggestion(name: str) -> str:
    from difflib import get_close_matches

    close = [_by_any_name()[match] for match in get_close_matches(_bare(name), _by_any_name())]
    if close:
        return f"did you mean {' or '.join(dict.fromkeys(close))}?"
    return f"the analytes are {', '.join(analyte_names())}"
