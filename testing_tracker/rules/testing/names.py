"""Reads an analyte's name as reports and cups print it, with words and numbers around it.

`Phencyclidine (PCP) Screen, Urine` and `AMP500` name what they name without what is around it. Nothing is guessed: each
part of a name has to be known by itself, and all of them have to name the same.
"""

import re
from collections.abc import Mapping

# What says how or in what was tested, and not what was looked for.
_AROUND = re.compile(
    r"\b(?:urine|ur|saliva|oral|fluid|screen(?:ing)?|scrn|test|conf(?:irm(?:ed|ation|atory)?)?|"
    r"qual(?:itative)?|quant(?:itative)?|presumptive|definitive)\b"
)
_BY = re.compile(r"\bby\b.*|\b(?:lc|gc)[\s/-]*ms(?:[\s/-]*ms)?\b")
_UNIT = re.compile(r"(?:(?<=\s)|(?<=[a-z)]))\d+(?:\.\d+)?\s*(?:[nmuµ]|mc|p)?g\s*/\s*[md]l\s*$")
# The cutoff behind the name. Cutoffs are round numbers: the MAM-2201 of a laboratory is no 6-MAM from 2201 ng/mL on.
_CUTOFF = re.compile(r"(?:(?<=[a-z])|(?<=\s))(?:\d{0,3}[05]|\d{1,2}00)\s*$")
_PARTS = re.compile(r"[(),;/\[\]]")


def names_meant(text: str, known: Mapping[str, str]) -> frozenset[str]:
    """The analytes that a text names, by the vocabulary's own names; none where any part of it is not known.

    `known` has the vocabulary's name by every other one, as `bare` makes them.
    """
    from testing_tracker.rules.testing.analyte_file import bare

    whole = known.get(bare(text))
    if whole is not None:
        return frozenset({whole})
    meant = set()
    for part in _PARTS.split(_UNIT.sub("", _BY.sub("", text.casefold()).rstrip())):
        name = _name_in(part, known)
        if name is None:
            return frozenset()
        if name:
            meant.add(name)
    return frozenset(meant)


def _name_in(part: str, known: Mapping[str, str]) -> str | None:
    """The analyte that a part names; empty where it only says how was tested, None where nobody knows it."""
    from testing_tracker.rules.testing.analyte_file import bare

    rest = " ".join(word for word in _without_cutoff(part, known).split() if not _AROUND.fullmatch(word))
    return known.get(bare(rest)) if bare(rest) else ""


def _without_cutoff(part: str, known: Mapping[str, str]) -> str:
    from testing_tracker.rules.testing.analyte_file import bare

    return part if bare(part) in known else _CUTOFF.sub("", _UNIT.sub("", part.rstrip()))
