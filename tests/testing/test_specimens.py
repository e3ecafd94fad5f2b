from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.toml_file import FacilityFile, FacilityFileError
from testing_tracker.rules.testing import specimens
from testing_tracker.rules.testing.analytes import SHIPPED, Vocabulary, problems_of
from testing_tracker.rules.testing.specimens import (
    ORDER,
    Measurements,
    parse_measurement,
    temperature_is_out_of_range,
)
from testing_tracker.rules.words import MEASURED, Validity

FIELDS = ("temperature", "creatinine", "specific_gravity", "ph", "oxidant")


def classify(kind: str, measurements: Measurements, vocabulary: Vocabulary = SHIPPED) -> specimens.Classified:
    return specimens.classify(kind, vocabulary.limits_of(kind), measurements)


def measured(**texts: str) -> Measurements:
    return Measurements(**{name: parse_measurement(name, text) for name, text in texts.items()})


def normal(**texts: str) -> Measurements:
    """A specimen of which everything else is normal."""
    return measured(**{"creatinine": "80", "specific_gravity": "1.0150", "ph": "6.5", "oxidant": "0", **texts})


def test_what_is_measured_has_the_same_names_in_tables_options_and_columns() -> None:
    assert tuple(field.name for field in fields(Measurements)) == MEASURED


def validity(measurements: Measurements, vocabulary: Vocabulary = SHIPPED) -> str:
    return str(classify("urine", measurements, vocabulary).validity)


@pytest.mark.parametrize(
    ("creatinine", "gravity", "called"),
    [
        ("1.9", "1.0010", "substituted"),
        ("1.9", "1.001", "substituted"),
        ("0", "1.0000", "substituted"),
        ("1.9", "1.0011", "invalid"),
        ("1.9", "1.0030", "invalid"),
        ("1.9", "1.0199", "invalid"),
        ("1.9", "1.0200", "substituted"),
        ("1.9999", "1.0010", "substituted"),
        ("2", "1.0010", "invalid"),
        ("2.0", "1.0010", "invalid"),
        ("2", "1.0011", "dilute"),
        ("2.0", "1.0029", "dilute"),
        ("19.9", "1.0011", "dilute"),
        ("19.9", "1.0029", "dilute"),
        ("19.9", "1.0030", "acceptable"),
        ("19.9", "1.0199", "acceptable"),
        ("19.9", "1.0200", "acceptable"),  # HHS does not list it; a facility may call it invalid
        ("19.9", "1.0010", "invalid"),
        ("20", "1.0011", "acceptable"),
        ("20", "1.0010", "invalid"),
        ("20.0", "1.0200", "acceptable"),
    ],
)
def test_creatinine_and_specific_gravity_together(creatinine, gravity, called):
    assert validity(normal(creatinine=creatinine, specific_gravity=gravity)) == called


@pytest.mark.parametrize(
    ("ph", "called"),
    [
        ("2.9", "adulterated"),
        ("3", "invalid"),
        ("3.9", "invalid"),
        ("4.4", "invalid"),
        ("4.49", "invalid"),
        ("4.5", "acceptable"),
        ("8.9", "acceptable"),
        ("8.99", "acceptable"),
        ("9", "invalid"),
        ("9.0", "invalid"),
        ("10.9", "invalid"),
        ("11", "adulterated"),
        ("11.0", "adulterated"),
    ],
)
def test_ph(ph, called):
    assert validity(normal(ph=ph)) == called


@pytest.mark.parametrize(
    ("nitrite", "called"),
    [("199", "acceptable"), ("199.9", "acceptable"), ("200", "invalid"), ("499.9", "invalid"), ("500", "adulterated")],
)
def test_oxidant(nitrite, called):
    assert validity(normal(oxidant=nitrite)) == called


def test_the_worst_that_is_found_is_what_the_specimen_is():
    substituted = {"creatinine": "1", "specific_gravity": "1.0005"}
    assert validity(normal(**substituted, ph="11")) == "adulterated"
    assert validity(normal(**substituted, ph="9.5")) == "substituted"
    assert validity(normal(creatinine="10", specific_gravity="1.0020", oxidant="300")) == "invalid"


def test_what_was_not_measured_is_never_normal():
    assert classify("urine", Measurements()).validity is Validity.NOT_TESTED
    assert classify("urine", Measurements()).because is None
    only = classify("urine", measured(creatinine="80"))
    assert (only.validity, only.because) == (Validity.NOT_TESTED, "not measured: pH, oxidant")
    low = classify("urine", measured(creatinine="15", ph="6", oxidant="0"))
    assert (low.validity, low.because) == (Validity.NOT_TESTED, "not measured: specific gravity")
    assert validity(measured(creatinine="20", ph="6", oxidant="0")) == "acceptable"  # no specific gravity is needed
    assert validity(measured(temperature="34C")) == "not tested"


def test_a_value_that_is_abnormal_by_itself_needs_no_other():
    assert validity(measured(ph="11.5")) == "adulterated"
    assert validity(measured(creatinine="1")) == "invalid"  # substituted or invalid, whatever the specific gravity
    assert validity(measured(specific_gravity="1.0005")) == "invalid"


def test_it_says_what_decided_and_what_a_laboratory_has_to_confirm():
    substituted = classify("urine", normal(creatinine="1.9", specific_gravity="1.0010"))
    assert substituted.because == (
        "creatinine 1.9 mg/dL is below 2 and specific gravity 1.0010 is 1.0010 or less; "
        "the laboratory confirms it on a second aliquot before it stands"
    )
    assert "second aliquot" in classify("urine", normal(ph="2")).because
    assert "second aliquot" in classify("urine", normal(oxidant="600")).because
    assert "second aliquot" not in classify("urine", normal(ph="9")).because


def test_a_very_dilute_negative_is_to_be_collected_again_observed():
    dilute = {"specific_gravity": "1.0020"}
    assert classify("urine", normal(creatinine="5", **dilute)).because.endswith(
        "a negative one is collected again observed"
    )
    assert "observed" not in classify("urine", normal(creatinine="5.1", **dilute)).because


def test_the_edition_of_the_limits_comes_with_it():
    assert classify("urine", normal()).edition == SHIPPED.limits_of("urine").edition == "urine 1"


def test_a_specimen_without_limits_is_not_judged():
    said = classify("oral-fluid", measured(ph="2"))
    assert (said.validity, said.because) == (Validity.NOT_TESTED, "there are no limits for oral-fluid")
    assert not temperature_is_out_of_range(SHIPPED.limits_of("oral-fluid"), Decimal(20))


# --- Temperature


@pytest.mark.parametrize(
    ("text", "is_out"),
    [
        ("31.9C", True),
        ("32C", False),
        ("32", False),
        ("38 °C", False),
        ("38.1C", True),
        ("89F", True),
        ("90F", False),
        ("100f", False),
        ("101F", True),
        ("33.5C", False),
    ],
)
def test_temperature_in_either_unit(text, is_out):
    measurements = normal(temperature=text)
    assert temperature_is_out_of_range(SHIPPED.limits_of("urine"), measurements.temperature) is is_out
    said = classify("urine", measurements)
    assert said.validity is Validity.ACCEPTABLE
    assert ("another one, observed" in (said.because or "")) is is_out


def test_a_temperature_that_was_not_measured_says_nothing():
    assert not temperature_is_out_of_range(SHIPPED.limits_of("urine"), None)


def test_fahrenheit_becomes_celsius():
    assert parse_measurement("temperature", "90F") == Decimal("32.22")
    assert parse_measurement("temperature", "98.6F") == Decimal("37.00")


# --- What a person writes


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("creatinine", "20", "20"),
        ("creatinine", " 19.9 mg/dL ", "19.9"),
        ("specific_gravity", "1.0010", "1.0010"),
        ("ph", "6.5", "6.5"),
        ("oxidant", "200mcg/mL", "200"),
        ("temperature", "33.5C", "33.5"),
    ],
)
def test_a_number_is_kept_as_it_was_written(name, text, number):
    assert str(parse_measurement(name, text)) == number


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("temperature", "94"),  # Fahrenheit without saying so
        ("temperature", "warm"),
        ("temperature", "33,5C"),
        ("temperature", "-3C"),
        ("creatinine", "2 mmol/L"),
        ("creatinine", "1e1"),
        ("creatinine", "NaN"),
        ("creatinine", "Infinity"),
        ("creatinine", "٣"),
        ("creatinine", ""),
        ("specific_gravity", "1003"),
        ("specific_gravity", "1.00100001"),
        ("ph", "65"),
        ("ph", "6.5C"),
        ("oxidant", "found"),
    ],
)
def test_what_is_no_such_number_is_refused_with_an_example(name, text):
    with pytest.raises(TestingTrackerError, match=r"; write .*\d"):
        parse_measurement(name, text)


# --- Rules that hold for all measurements

RANK = {validity: rank for rank, validity in enumerate((Validity.NOT_TESTED, Validity.ACCEPTABLE, *reversed(ORDER)))}


def decimals(least: str, most: str, places: int):
    return st.decimals(Decimal(least), Decimal(most), places=places)


some_measurements = st.builds(
    Measurements,
    temperature=st.none() | decimals("25", "45", 1),
    creatinine=st.none() | decimals("0", "25", 1) | st.just(Decimal(80)),
    specific_gravity=st.none() | decimals("1.0000", "1.0040", 4) | decimals("1.0180", "1.0220", 4),
    ph=st.none() | decimals("2", "12", 1),
    oxidant=st.none() | decimals("0", "600", 0),
)


@given(some_measurements, st.sampled_from(FIELDS))
def test_measuring_more_never_makes_a_specimen_better(measurements, forgotten):
    less = replace(measurements, **{forgotten: None})
    assert RANK[classify("urine", less).validity] <= RANK[classify("urine", measurements).validity]


@given(some_measurements)
def test_acceptable_takes_every_measurement_that_the_rule_asks_for(measurements):
    if classify("urine", measurements).validity is Validity.ACCEPTABLE:
        assert None not in (measurements.creatinine, measurements.ph, measurements.oxidant)
        assert measurements.creatinine >= 20 or measurements.specific_gravity is not None


@given(some_measurements)
def test_only_what_is_acceptable_or_wholly_unmeasured_needs_no_reason(measurements):
    said = classify("urine", measurements)
    if said.because is None:
        assert said.validity is Validity.ACCEPTABLE or measurements == Measurements()


@given(some_measurements, st.sampled_from(FIELDS))
def test_trailing_noughts_change_nothing(measurements, name):
    value = getattr(measurements, name)
    if value is not None:
        longer = replace(measurements, **{name: value.quantize(Decimal("0.000001"))})
        assert classify("urine", longer).validity is classify("urine", measurements).validity


@given(some_measurements)
def test_temperature_decides_nothing_by_itself(measurements):
    without = classify("urine", replace(measurements, temperature=None))
    assert classify("urine", measurements).validity is without.validity


# --- The facility's own limits

OWN = '[limits.urine]\nsource = "our laboratory"\n'


def test_a_facility_sets_the_limits_that_texts_differ_on():
    own = FacilityFile(OWN + 'ph_adulterated_below = "4"\ninconsistent = "invalid"\n', "own.toml")
    with_it = Vocabulary(lambda: own)
    assert validity(normal(ph="3.9"), with_it) == "adulterated"
    assert validity(normal(ph="4"), with_it) == "invalid"
    said = classify("urine", normal(creatinine="19.9", specific_gravity="1.0200"), with_it)
    assert said.validity is Validity.INVALID
    assert said.edition == "urine 1 with ph_adulterated_below 4, inconsistent invalid (our laboratory (unverified))"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (OWN + 'ph_low = "4"', "limits.urine.ph_low: unknown; the limits are temperature_from"),
        (
            OWN + "ph_adulterated_below = 4.0",
            'limits.urine.ph_adulterated_below: must be a number in quotes, such as "3"',
        ),
        (
            OWN + 'ph_adulterated_below = "5"',
            "ph_adulterated_below: 5 is more than ph_invalid_below 4.5; write at most",
        ),
        (OWN + 'inconsistent = "dilute"', 'limits.urine.inconsistent: must be "acceptable" or "invalid"'),
        ('[limits.urine]\nph_adulterated_below = "4"', "limits.urine.source: missing; say where it comes from"),
        ('[limits.hair]\nsource = "x"', "limits.hair: unknown; there are limits of urine"),
        ("limits = 5", "limits: must be a table such as [limits.urine]"),
        ("[limits]\nurine = 5", "limits.urine: must be a table such as [limits.urine]"),
    ],
)
def test_a_problem_with_them_names_the_file_the_key_and_the_remedy(text, problem):
    own = FacilityFile(text, "own.toml")
    with pytest.raises(FacilityFileError) as refused:
        classify("urine", normal(), Vocabulary(lambda: own))
    assert f"own.toml: {problem}" in str(refused.value) or problem in str(refused.value)
    assert problems_of(own) == refused.value.problems


@pytest.mark.parametrize("name", sorted(SHIPPED.limits_of("urine").sources))
def test_every_limit_has_a_source(name):
    assert SHIPPED.limits_of("urine").sources[name].title
