"""The limits that classify a specimen, and what its validity does to a test's outcome.

The limits are those of `specimens.toml`, with the facility's own under `[limits.KIND]` of its file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from testing_tracker.rules.exchange.toml_file import FacilityFile, FacilityFileError
from testing_tracker.rules.testing.analyte_file import LIMITS, shipped_document
from testing_tracker.rules.testing.sources import Source, read_source, read_sources
from testing_tracker.rules.words import SPECIMENS, Outcome, Validity

INCONSISTENT = "inconsistent"
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
_ORDER = (  # each line from the smallest to the greatest; equal ones are meant to be possible
    ("temperature_from", "temperature_to"),
    ("creatinine_substituted_below", "creatinine_observed_to", "creatinine_dilute_below"),
    ("specific_gravity_substituted_to", "specific_gravity_dilute_below", "specific_gravity_substituted_from"),
    ("specific_gravity_invalid_to", "specific_gravity_dilute_below"),
    ("ph_adulterated_below", "ph_invalid_below", "ph_invalid_from", "ph_adulterated_from"),
    ("oxidant_invalid_from", "oxidant_adulterated_from"),
)


@dataclass(frozen=True)
class SpecimenLimits:
    """The limits of a kind of specimen by their names in the file, where each comes from, and of which edition."""

    edition: str
    numbers: Mapping[str, Decimal]
    sources: Mapping[str, Source]
    inconsistent: Validity

    def __getitem__(self, name: str) -> Decimal:
        return self.numbers[name]


def all_limits(own: FacilityFile | None) -> Mapping[str, SpecimenLimits]:
    """The limits by kind of specimen, a facility's own in their place. Raises FacilityFileError."""
    return _shipped() if own is None else _with(own)


@cache
def _shipped() -> Mapping[str, SpecimenLimits]:
    document = shipped_document("specimens.toml")
    sources = read_sources(document)
    limits = {}
    for kind, table in document.items():
        if kind in SPECIMENS:
            assert isinstance(table, dict)
            entries = {name: entry for name, entry in table.items() if name != "edition"}
            limits[kind] = SpecimenLimits(
                table["edition"],
                {name: Decimal(entry["value"]) for name, entry in entries.items() if name != INCONSISTENT},
                {name: read_source(entry, sources) for name, entry in entries.items()},
                Validity(entries[INCONSISTENT]["value"]),
            )
    return limits


@lru_cache(maxsize=4)
def _with(own: FacilityFile) -> Mapping[str, SpecimenLimits]:
    limits, problems = read_limits(own.document)
    if problems:
        raise FacilityFileError(own.name, problems)
    return limits


def read_limits(document: Mapping[str, Any]) -> tuple[Mapping[str, SpecimenLimits], list[str]]:
    """The shipped limits with those of a facility's file in their place, and every problem."""
    limits = dict(_shipped())
    problems: list[str] = []
    tables = document.get(LIMITS, {})
    if not isinstance(tables, dict):
        return limits, [f"{LIMITS}: must be a table such as [{LIMITS}.urine]"]
    for kind, table in tables.items():
        if kind not in limits:
            problems.append(f"{LIMITS}.{kind}: unknown; there are limits of {', '.join(limits)}")
        elif not isinstance(table, dict):
            problems.append(f"{LIMITS}.{kind}: must be a table such as [{LIMITS}.{kind}]")
        else:
            limits[kind], wrong = _of_kind(limits[kind], table)
            problems += [f"{LIMITS}.{kind}.{problem}" for problem in wrong]
    return limits, problems


def _of_kind(shipped: SpecimenLimits, table: Mapping[str, Any]) -> tuple[SpecimenLimits, list[str]]:
    problems: list[str] = []
    said = {key: value for key, value in table.items() if key not in ("source", "edition", "verified")}
    source = Source("")
    try:
        source = read_source(table, {})
    except ValueError as error:
        problems.append(f"source: {error}")
    numbers = dict(shipped.numbers)
    inconsistent = shipped.inconsistent
    for key, value in said.items():
        if key == INCONSISTENT and value in (Validity.ACCEPTABLE, Validity.INVALID):
            inconsistent = Validity(value)
        elif key == INCONSISTENT:
            problems.append(f'{key}: must be "{Validity.ACCEPTABLE}" or "{Validity.INVALID}"')
        elif key not in numbers:
            problems.append(f"{key}: unknown; the limits are {', '.join((*numbers, INCONSISTENT))}")
        elif not isinstance(value, str) or _NUMBER.fullmatch(value) is None:
            problems.append(f'{key}: must be a number in quotes, such as "{numbers[key]}"')
        else:
            numbers[key] = Decimal(value)
    problems += _disorder(numbers)
    changes = ", ".join(f"{key} {value}" for key, value in said.items())
    edition = f"{shipped.edition} with {changes} ({source.words})" if said else shipped.edition
    sources = {**shipped.sources, **dict.fromkeys(said, source)}
    return replace(shipped, edition=edition, numbers=numbers, sources=sources, inconsistent=inconsistent), problems


def _disorder(numbers: Mapping[str, Decimal]) -> list[str]:
    return [
        f"{lower}: {numbers[lower]} is more than {upper} {numbers[upper]}; write at most that"
        for line in _ORDER
        for lower, upper in pairwise(line)
        if numbers[lower] > numbers[upper]
    ]


_COUNTS = (Validity.ACCEPTABLE, Validity.NOT_TESTED)


def outcome_of(outcome: Outcome, validity: Validity) -> tuple[Outcome, str | None]:
    """The outcome that goes on record, and why where it is not the one that the test said."""
    if validity in _COUNTS or outcome is Outcome.INVALID:
        return outcome, None
    if outcome is Outcome.POSITIVE and validity is not Validity.INVALID:
        return outcome, None
    return Outcome.INVALID, f"the specimen is {validity}, so its {outcome} does not count and is recorded as invalid"
