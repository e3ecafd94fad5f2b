"""What is known of analytes, and the names that reports and cups print for them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from testing_tracker.rules.testing.sources import HowVerified
from testing_tracker.rules.words import Method

EITHER = "either"  # the LOINC code of a test that does not say its method
_MOST_CLOSE = 12  # names; an analyte has several

# What says how or in what was tested, and not what was looked for.
_AROUND = re.compile(
    r"\b(?:urine|ur|saliva|oral|fluid|screen(?:ing)?|scrn|test|conf(?:irm(?:ed|ation|atory)?)?|"
    r"qual(?:itative)?|quant(?:itative)?|presumptive|definitive)\b"
)
_BY = re.compile(r"\bby\b.*|\b(?:lc|gc)[\s/-]*ms(?:[\s/-]*ms)?\b")
_AMOUNT_WITH_UNIT = re.compile(r"(?:(?<=\s)|(?<=[a-z)]))\d+(?:\.\d+)?\s*(?:[nmuµ]|mc|p)?g\s*/\s*[md]l\s*$")
# The cutoff behind the name. Cutoffs are round numbers: the MAM-2201 of a laboratory is no 6-MAM from 2201 ng/mL on.
_CUTOFF = re.compile(r"(?:(?<=[a-z])|(?<=\s))(?:\d{0,3}[05]|\d{1,2}00)\s*$")
_PARTS = re.compile(r"[(),;/\[\]]")
_NO_DIFFERENCE = re.compile(r"[\s._-]")


@dataclass(frozen=True)
class Window:
    """For how many days after a use a test of a specimen can be positive, and who says so.

    A rough range and never proof. `low_days` is None where the source only says "up to".
    """

    low_days: float | None
    high_days: float
    source: str
    edition: str | None = None
    verified: HowVerified = HowVerified.UNVERIFIED

    @property
    def whole_days(self) -> tuple[int, ...]:
        """The ends of the range as days on which a test finds the use, the day of the use being the first.

        Rounded down, which is the cautious side, but never below the day itself.
        """
        ends = [days for days in (self.low_days, self.high_days) if days is not None]
        return tuple(dict.fromkeys(max(1, int(days)) for days in ends))


@dataclass(frozen=True)
class Cutoff:
    """From which amount on a test counts as positive, and who says so."""

    amount: Decimal
    unit: str
    source: str
    edition: str | None = None
    verified: HowVerified = HowVerified.UNVERIFIED


@dataclass(frozen=True)
class Code:
    """The LOINC code of a test, and where it was seen."""

    code: str
    source: str
    edition: str | None = None
    verified: HowVerified = HowVerified.UNVERIFIED


@dataclass(frozen=True)
class Explains:
    """What a prescription makes positive besides itself, and who says so."""

    metabolites: tuple[str, ...] = ()
    class_tests: tuple[str, ...] = ()
    source: str | None = None
    edition: str | None = None
    verified: HowVerified = HowVerified.UNVERIFIED


@dataclass(frozen=True)
class Analyte:
    """An analyte as the files describe it. `loinc` is by method or EITHER, of urine tests.

    `is_class`: it is the name of a class test and of no substance.
    """

    name: str
    title: str
    also: tuple[str, ...] = ()
    is_own: bool = False
    can_be_prescribed: bool = True
    is_class: bool = False
    loinc: Mapping[str, Code] = field(default_factory=dict)
    cutoffs: Mapping[tuple[str, Method], Cutoff] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    explains: Explains = Explains()


@dataclass(frozen=True)
class AnalyteTable:
    """Every analyte by its name, and the name by everything that people call it (as `bare` makes it)."""

    analytes: Mapping[str, Analyte]
    by_any_name: Mapping[str, str]

    def described(self, name: str) -> Analyte:
        """All that is known of an analyte; of one that nobody knows any more its name."""
        return self.analytes.get(name) or Analyte(name, name)

    def meant_by(self, text: str) -> list[str]:
        """The analytes that a text names, in alphabetical order; none where any part of it is not known."""
        return sorted(names_meant(text, self.by_any_name))

    def is_called(self, text: str) -> bool:
        """Whether an analyte has this very name."""
        return bare(text) in self.by_any_name

    def close_to(self, text: str) -> list[str]:
        """The analytes that a text that names none may have meant, the closest first."""
        from testing_tracker.rules.near_words import nearest  # most names are known

        return list(dict.fromkeys(self.by_any_name[key] for key in nearest(bare(text), self.by_any_name, _MOST_CLOSE)))


def bare(name: str) -> str:
    """A name without what makes no difference: case, blanks, dots, hyphens, underscores."""
    return _NO_DIFFERENCE.sub("", name.casefold())


def names_meant(text: str, known: Mapping[str, str]) -> frozenset[str]:
    """The analytes that a text names, by the vocabulary's own names; none where any part of it is not known.

    `known` has the vocabulary's name by every other one, as `bare` makes them.
    """
    whole = known.get(bare(text))
    if whole is not None:
        return frozenset({whole})
    meant = set()
    for part in _PARTS.split(_without_amount(_BY.sub("", text.casefold()).rstrip())):
        name = _name_in(part, known)
        if name is None:
            return frozenset()
        if name:
            meant.add(name)
    return frozenset(meant)


def _name_in(part: str, known: Mapping[str, str]) -> str | None:
    """The analyte that a part names; empty where it only says how was tested, None where nobody knows it."""
    rest = " ".join(word for word in _without_cutoff(part, known).split() if not _AROUND.fullmatch(word))
    key = bare(rest)
    return known.get(key) if key else ""


def _without_cutoff(part: str, known: Mapping[str, str]) -> str:
    return part if bare(part) in known else _CUTOFF.sub("", _without_amount(part.rstrip()))


def _without_amount(text: str) -> str:
    return _AMOUNT_WITH_UNIT.sub("", text) if "/" in text else text  # few have one, and many codes are asked about
