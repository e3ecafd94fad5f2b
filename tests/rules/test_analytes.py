import tomllib
from importlib.resources import files

import pytest

from testing_tracker.rules.analytes import UnknownAnalyteError, analyte_named, analyte_names

VOCABULARY = tomllib.loads(files("testing_tracker.rules").joinpath("analytes.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("analyte", VOCABULARY)
def test_every_name_of_the_vocabulary_stands_for_its_own_analyte_and_no_other(analyte):
    assert {analyte_named(name) for name in [analyte, *VOCABULARY[analyte]["also"]]} == {analyte}


def test_the_analytes_are_listed_in_alphabetical_order():
    assert list(analyte_names()) == sorted(VOCABULARY)


@pytest.mark.parametrize(
    ("called", "analyte"),
    [
        ("COC", "cocaine"),
        ("Thc", "cannabinoids"),
        ("6-MAM", "6-mam"),
        ("6mam", "6-mam"),
        ("heroin", "6-mam"),
        ("THC_COOH", "cannabinoids"),
        ("t.h.c.", "cannabinoids"),
        (" ethyl  Glucuronide ", "etg"),
        ("EtOH", "alcohol"),
        ("MET", "methamphetamine"),
        ("mtd", "methadone"),
    ],
)
def test_a_name_is_known_in_any_case_with_any_hyphens_blanks_and_dots(called, analyte):
    assert analyte_named(called) == analyte


def test_a_misspelt_analyte_is_refused_with_what_was_probably_meant():
    with pytest.raises(UnknownAnalyteError, match=r"^'fentanil' is not an analyte; did you mean fentanyl\b.*\?$"):
        analyte_named("fentanil")


@pytest.mark.parametrize("name", ["sugar", "", "-"])
def test_a_name_like_no_other_is_refused_with_every_analyte_there_is(name):
    with pytest.raises(UnknownAnalyteError) as refused:
        analyte_named(name)
    assert str(refused.value) == f"{name!r} is not an analyte; the analytes are {', '.join(sorted(VOCABULARY))}"
