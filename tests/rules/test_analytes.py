import tomllib
from importlib.resources import files

import pytest

from testing_tracker.rules.analytes import UnknownAnalyteError, Window, analyte_named, analyte_names, window_of

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


@pytest.mark.parametrize("analyte", VOCABULARY)
def test_a_window_of_detection_is_a_range_with_a_source(analyte):
    for specimen in VOCABULARY[analyte].get("window", {}):
        window = window_of(analyte, specimen)
        assert 0 < (window.low_days or window.high_days) <= window.high_days
        assert window.source.endswith("(read second-hand)")
        assert list(window.whole_days) == sorted(set(window.whole_days))


def test_windows_are_known_for_urine_and_not_made_up_for_others():
    assert (window_of("opiates", "urine").low_days, window_of("opiates", "urine").high_days) == (2, 5)
    assert window_of("opiates", "hair") is None
    assert window_of("tricyclics", "urine") is None


def test_a_window_of_hours_counts_as_the_day_of_the_use():
    assert Window(0.25, 0.5, "somebody").whole_days == (1,)
    assert Window(None, 4, "somebody").whole_days == (4,)
    assert Window(1.5, 3, "somebody").whole_days == (1, 3)
