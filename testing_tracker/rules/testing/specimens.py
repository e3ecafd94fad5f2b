"""Whether a specimen is what it is meant to be, by what was measured on it and by its label."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.specimen_limits import SpecimenLimits
from testing_tracker.rules.words import MEASURED, Outcome, Validity

# The worst first: the order in which a specimen is checked.
ORDER = (Validity.ADULTERATED, Validity.SUBSTITUTED, Validity.INVALID, Validity.DILUTE)

_SECOND_ALIQUOT = "the laboratory confirms it on a second aliquot before it stands"
_NUMBER = re.compile(r"(\d{1,6}(?:\.\d{1,4})?)\s*([A-Za-zµ°/]*)", re.ASCII)


@dataclass(frozen=True)
class _Written:
    """How a measurement is written; what is not from `least` to `most` is a slip of the hand, and no measurement."""

    units: Sequence[str]
    example: str
    least: Decimal
    most: Decimal


_WRITTEN = {
    "temperature": _Written(("c", "°c", "f", "°f"), "33.5C or 92F", Decimal(0), Decimal(50)),
    "creatinine": _Written(("mg/dl",), "20 or 20mg/dL", Decimal(0), Decimal(1000)),
    "specific_gravity": _Written((), "1.0030", Decimal("0.9"), Decimal("1.2")),
    "ph": _Written((), "6.5", Decimal(0), Decimal(14)),
    "oxidant": _Written(("mcg/ml", "ug/ml"), "200, which is mcg/mL of nitrite", Decimal(0), Decimal(100_000)),
}


@dataclass(frozen=True)
class Measurements:
    """What was measured; None is not measured.

    Temperature in degrees Celsius, creatinine in mg/dL, oxidant as nitrite in mcg/mL. A strip that says no more than
    "oxidant found" is no measurement: what the nurse makes of it is an invalid result with the reason.
    """

    temperature: Decimal | None = None
    creatinine: Decimal | None = None
    specific_gravity: Decimal | None = None
    ph: Decimal | None = None
    oxidant: Decimal | None = None


@dataclass(frozen=True)
class Classified:
    """What a specimen is, the measurements that decided it or are missing, and the edition of the limits."""

    validity: Validity
    because: str | None
    edition: str


@dataclass(frozen=True)
class _Finding:
    validity: Validity
    because: str


def parse_measurement(name: str, text: str) -> Decimal:
    """A measurement as a person writes it, `name` being a field of Measurements; nothing is rounded.

    A temperature is `33.5C` or `92F`, and degrees Celsius without a letter; Fahrenheit comes back as Celsius, to a
    hundredth. Raises TestingTrackerError for what is no such number.
    """
    how, match = _WRITTEN[name], _NUMBER.fullmatch(text.strip())
    if match is None or (match[2] and match[2].casefold() not in how.units):
        raise TestingTrackerError(f"{_called(name)} {text!r} is not understood; write {how.example}.")
    number = Decimal(match[1])
    if match[2].casefold().endswith("f"):
        number = ((number - 32) * 5 / 9).quantize(Decimal("0.01"))
    if not how.least <= number <= how.most:
        raise TestingTrackerError(f"{_called(name)} {text!r} cannot be; write it such as {how.example}.")
    return number


def temperature_is_out_of_range(limits: SpecimenLimits | None, temperature: Decimal | None) -> bool:
    """Whether a specimen was too cold or too warm when it was handed over, which calls for another one, observed.

    False where it was not measured, which says nothing.
    """
    if limits is None or temperature is None:
        return False
    return not limits["temperature_from"] <= temperature <= limits["temperature_to"]


def classify(kind: str, limits: SpecimenLimits | None, measurements: Measurements) -> Classified:
    """What the measurements say of a specimen of this kind, by the limits that hold for it, None where there are none.

    The worst that is certain: a missing value leaves open only what it could still make worse.
    """
    measured = any(getattr(measurements, name) is not None for name in MEASURED)
    if limits is None:
        because = f"there are no limits for {kind}" if measured else None
        return Classified(Validity.NOT_TESTED, because, "none")
    found = [*_of_ph(limits, measurements.ph), *_of_oxidant(limits, measurements.oxidant)]
    found += _of_concentration(limits, measurements.creatinine, measurements.specific_gravity)
    worst = next((validity for validity in ORDER if any(one.validity is validity for one in found)), None)
    said = [one.because for one in found if one.validity is worst]
    if worst is None:
        missing = _missing(limits, measurements)
        worst = Validity.NOT_TESTED if missing or not measured else Validity.ACCEPTABLE
        said = [f"not measured: {', '.join(missing)}"] if missing and measured else []
    if temperature_is_out_of_range(limits, measurements.temperature):
        between = f"{limits['temperature_from']} to {limits['temperature_to']}"
        said.append(f"temperature {measurements.temperature} C is outside {between} C: another one, observed")
    return Classified(worst, "; ".join(said) or None, limits.edition)


def _of_ph(limits: SpecimenLimits, ph: Decimal | None) -> Iterator[_Finding]:
    if ph is None:
        return
    if ph < limits["ph_adulterated_below"]:
        yield _Finding(Validity.ADULTERATED, f"pH {ph} is below {limits['ph_adulterated_below']}; {_SECOND_ALIQUOT}")
    elif ph >= limits["ph_adulterated_from"]:
        yield _Finding(Validity.ADULTERATED, f"pH {ph} is {limits['ph_adulterated_from']} or more; {_SECOND_ALIQUOT}")
    elif ph < limits["ph_invalid_below"]:
        yield _Finding(Validity.INVALID, f"pH {ph} is below {limits['ph_invalid_below']}")
    elif ph >= limits["ph_invalid_from"]:
        yield _Finding(Validity.INVALID, f"pH {ph} is {limits['ph_invalid_from']} or more")


def _of_oxidant(limits: SpecimenLimits, nitrite: Decimal | None) -> Iterator[_Finding]:
    if nitrite is None:
        return
    said = f"nitrite {nitrite} mcg/mL is"
    if nitrite >= limits["oxidant_adulterated_from"]:
        because = f"{said} {limits['oxidant_adulterated_from']} or more; {_SECOND_ALIQUOT}"
        yield _Finding(Validity.ADULTERATED, because)
    elif nitrite >= limits["oxidant_invalid_from"]:
        yield _Finding(Validity.INVALID, f"{said} {limits['oxidant_invalid_from']} or more")


def _of_concentration(
    limits: SpecimenLimits, creatinine: Decimal | None, gravity: Decimal | None
) -> Iterator[_Finding]:
    """What creatinine and specific gravity say together, or one of them alone where that is certain."""
    if creatinine is not None and creatinine < limits["creatinine_substituted_below"]:
        yield _of_no_creatinine(limits, creatinine, gravity)
    elif gravity is None:
        return
    elif gravity <= limits["specific_gravity_invalid_to"]:
        # Without creatinine it is this or worse.
        with_it = f" with creatinine {creatinine} mg/dL" if creatinine is not None else ", creatinine not measured"
        at_most = limits["specific_gravity_invalid_to"]
        yield _Finding(Validity.INVALID, f"specific gravity {gravity} is {at_most} or less{with_it}")
    elif creatinine is None or creatinine >= limits["creatinine_dilute_below"]:
        return
    elif gravity < limits["specific_gravity_dilute_below"]:
        yield _dilute(limits, creatinine, gravity)
    elif gravity >= limits["specific_gravity_substituted_from"] and limits.inconsistent is Validity.INVALID:
        because = f"creatinine {creatinine} mg/dL does not go with specific gravity {gravity}"
        yield _Finding(Validity.INVALID, because)


def _of_no_creatinine(limits: SpecimenLimits, creatinine: Decimal, gravity: Decimal | None) -> _Finding:
    low = f"creatinine {creatinine} mg/dL is below {limits['creatinine_substituted_below']}"
    if gravity is None:
        # With any specific gravity it is substituted or invalid.
        return _Finding(Validity.INVALID, f"{low}, specific gravity not measured")
    at_most, at_least = limits["specific_gravity_substituted_to"], limits["specific_gravity_substituted_from"]
    if at_most < gravity < at_least:
        return _Finding(Validity.INVALID, f"{low}, which does not go with specific gravity {gravity}")
    which = f"{at_most} or less" if gravity <= at_most else f"{at_least} or more"
    return _Finding(Validity.SUBSTITUTED, f"{low} and specific gravity {gravity} is {which}; {_SECOND_ALIQUOT}")


def _dilute(limits: SpecimenLimits, creatinine: Decimal, gravity: Decimal) -> _Finding:
    below = f"creatinine {creatinine} mg/dL is below {limits['creatinine_dilute_below']}"
    said = f"{below} and specific gravity {gravity} is below {limits['specific_gravity_dilute_below']}"
    if creatinine <= limits["creatinine_observed_to"]:
        said += (
            f"; with creatinine up to {limits['creatinine_observed_to']}, a negative one is collected again observed"
        )
    return _Finding(Validity.DILUTE, said)


def _missing(limits: SpecimenLimits, measurements: Measurements) -> list[str]:
    """What has to be measured before a specimen can be called acceptable (49 CFR 40.87)."""
    creatinine = measurements.creatinine
    needed = ["creatinine", "ph", "oxidant"]
    if creatinine is not None and creatinine < limits["creatinine_dilute_below"]:
        needed.insert(1, "specific_gravity")
    return [_called(name) for name in needed if getattr(measurements, name) is None]


def _called(name: str) -> str:
    return "pH" if name == "ph" else name.replace("_", " ")


def calls_for_another(limits: SpecimenLimits | None, temperature: str | None) -> bool:
    """Whether a specimen with this temperature (degrees Celsius, None is not measured) calls for another one."""
    return temperature is not None and temperature_is_out_of_range(limits, Decimal(temperature))


def advice(limits: SpecimenLimits | None, temperature: str | None, outcome: Outcome | None, code: str) -> list[str]:
    """What a nurse is told of a specimen with this temperature and what its test said; nothing of one in range.

    Only a negative is collected again for the same draw, where the second cup's result stands in its place. Beside a
    positive, or a cup whose result is to come, another test is ordered.
    """
    if limits is None or not calls_for_another(limits, temperature):
        return []
    between = f"{limits['temperature_from']} to {limits['temperature_to']} C"
    how = " --recollect" if outcome in (Outcome.NEGATIVE, Outcome.INVALID) else " --reason 'out of range'"
    return [
        f"the specimen was {temperature} C, outside {between}: collect another one now, observed "
        f"(`testing-tracker test {code}{how}`, then --observed); what this one says stays on record"
    ]


@dataclass(frozen=True)
class NewSpecimen:
    """What is said of a specimen. `kind` is the schedule's unless given; instants are in UTC, `received_at` the
    laboratory's or the desk's."""

    kind: str | None = None
    label: str | None = None
    collector: str | None = None
    observed: bool | None = None
    received_at: datetime | None = None
    measurements: Measurements = field(default_factory=Measurements)
