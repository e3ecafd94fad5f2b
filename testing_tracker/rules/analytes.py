"""What a test can look for, and the names that people use for it (`analytes.toml`)."""

import re
import tomllib
from functools import cache
from importlib.resources import files

from testing_tracker.errors import TestingTrackerError


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
