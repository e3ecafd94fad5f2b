"""What a test can look for, the names that people use for it, and what is known of it.

The vocabulary is `analytes.toml` with the facility's own file on top. A name that stands in a record stays good when
the facility's file that brought it is gone: nothing is known of it then but its name.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing import facility_file
from testing_tracker.rules.testing.analyte_file import Analyte, Cutoff, Vocabulary, Window, bare, read_vocabulary
from testing_tracker.rules.testing.facility_file import FacilityFile, FacilityFileError, use
from testing_tracker.rules.words import Method

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


__all__ = [
    "Analyte",
    "Cutoff",
    "UnknownAnalyteError",
    "Window",
    "analyte_named",
    "analyte_names",
    "can_be_prescribed",
    "cutoff_of",
    "described",
    "explained_by",
    "explained_in_prescriptions",
    "is_class_test",
    "loinc_of",
    "longest_window_days",
    "may_show_same_use",
    "members_of",
    "outlasts_a_week",
    "shown_by",
    "use",
    "window_of",
]

_WEEK = 7


class UnknownAnalyteError(TestingTrackerError):
    """A name that stands for no analyte of the vocabulary."""


def analyte_named(name: str) -> str:
    """The vocabulary's own name for what a person calls `COC`, `thc` or `6-MAM`, or a report `Opiates Screen, Urine`.

    Raises UnknownAnalyteError, naming close matches or else every name there is; FacilityFileError where the facility's
    file cannot be used, as do all functions here.
    """
    found = _vocabulary().by_any_name.get(bare(name))
    if found is not None:
        return found
    pass  # FOLD  # most names stand in the vocabulary as they are

    meant = sorted(names_meant(name, _vocabulary().by_any_name))
    if len(meant) > 1:
        raise UnknownAnalyteError(f"{name!r} names {' and '.join(meant)}; name the one that was found")
    if not meant:
        raise UnknownAnalyteError(f"{name!r} is not an analyte; {_suggestion(name)}")
    return meant[0]


def analyte_names() -> tuple[str, ...]:
    """The vocabulary's own names, in alphabetical order."""
    return tuple(sorted(_vocabulary().analytes))


def described(analyte: str) -> Analyte:
    """All that is known of an analyte, by the vocabulary's own name."""
    return _vocabulary().analytes.get(analyte) or Analyte(analyte, analyte)


def window_of(analyte: str, specimen: str) -> Window | None:
    """The window of detection of an analyte, by the vocabulary's own name, in a specimen; None where none is known."""
    return described(analyte).windows.get(specimen)


def longest_window_days(analyte: str, specimen: str) -> int | None:
    """For how many whole days a test can still show a use, lasting use included; None where nothing is known.

    Hours round down: 0 days means that the next day's test shows another use.
    """
    window = window_of(analyte, specimen)
    return None if window is None else int(window.high_days)


def outlasts_a_week(analyte: str, specimen: str) -> bool:
    """Whether a test can show a use for longer than a week, so that a further positive need not be a new use."""
    longest = longest_window_days(analyte, specimen)
    return longest is not None and longest > _WEEK


def cutoff_of(analyte: str, specimen: str, method: Method) -> Cutoff | None:
    """From which amount on a test of this kind is positive; None where no source gives one."""
    return described(analyte).cutoffs.get((specimen, method))


def loinc_of(analyte: str, method: Method) -> str | None:
    """The LOINC code of the urine test by this method; None where none is known."""
    code = described(analyte).loinc.get(method)
    return None if code is None else code.code


def can_be_prescribed(analyte: str) -> bool:
    """Whether a prescription can be what explains it: heroin's metabolite never is."""
    return described(analyte).can_be_prescribed


def explained_by(prescribed: Iterable[str]) -> frozenset[str]:
    """Every analyte that a prescription of these can make positive, by the vocabulary's own names.

    Itself, what the body makes of it, and the class tests that react to any of these. Only what is known and sure:
    explaining too much would hide a use, explaining too little would accuse a patient.
    """
    return shown_by(analyte for analyte in prescribed if can_be_prescribed(analyte))


def shown_by(used: Iterable[str]) -> frozenset[str]:
    """Every analyte that a use of these can make positive, prescribed or not; as `explained_by`."""
    taken: set[str] = set()
    class_tests: set[str] = set()
    waiting = list(used)
    while waiting:
        analyte = waiting.pop()
        if analyte not in taken:
            taken.add(analyte)
            class_tests.update(described(analyte).explains.class_tests)
            waiting += described(analyte).explains.metabolites
    return frozenset(taken | class_tests)


def is_class_test(analyte: str) -> bool:
    """Whether an analyte is a class test and no substance, as opiates are; oxycodone is both."""
    return described(analyte).is_class


def members_of(class_test: str) -> frozenset[str]:
    """The analytes to which a class test reacts, by the vocabulary's own names."""
    return frozenset(
        name for name, analyte in _vocabulary().analytes.items() if class_test in analyte.explains.class_tests
    )


def may_show_same_use(analyte: str, earlier: str) -> bool:
    """Whether what a test finds may come of the same use as what an earlier one found.

    It is the same analyte, a metabolite or class test of the earlier one, or a member of the class that it was.
    """
    return analyte in shown_by([earlier]) or earlier in described(analyte).explains.class_tests


def explained_in_prescriptions(analyte: str) -> tuple[str, ...]:
    """The other analytes whose prescription explains this one, in alphabetical order."""
    return tuple(other for other in analyte_names() if other != analyte and analyte in explained_by([other]))


def problems_of(file: FacilityFile) -> list[str]:
    """Everything that is wrong with the analytes of a facility's file, a line each."""
    try:
        return FacilityFileError(file.name, read_vocabulary(file.document, _shipped())[1]).problems
    except FacilityFileError as error:
        return error.problems


def _vocabulary() -> Vocabulary:
    own = facility_file.facility_file()
    return _shipped() if own is None else _with(own)


@lru_cache(maxsize=4)
def _with(own: FacilityFile) -> Vocabulary:
    vocabulary, problems = read_vocabulary(own.document, _shipped())
    if problems:
        raise FacilityFileError(own.name, problems)
    return vocabulary


@cache
def _shipped() -> Vocabulary:
    vocabulary, problems = read_vocabulary(shipped_document("analytes.toml"))
    assert not problems, problems
    return vocabulary


def shipped_document(name: str) -> dict[str, object]:
    """A file of numbers that comes with the program."""
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _suggestion(name: str) -> str:
    from difflib import get_close_matches

    known = _vocabulary().by_any_name
    close = [known[match] for match in get_close_matches(bare(name), known)]
    if close:
        return f"did you mean {' or '.join(dict.fromkeys(close))}?"
    return f"the analytes are {', '.join(analyte_names())}"
