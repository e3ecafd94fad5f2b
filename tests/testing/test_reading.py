"""A result read against prescriptions: nothing found is lost, and a doubt is never an absence."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.testing import interpretation
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.testing.interpretation import Interpretation

interpret = partial(interpretation.interpret, SHIPPED)
ANALYTES = st.frozensets(st.sampled_from(SHIPPED.names), max_size=5)
PANEL = ("amphetamine", "benzodiazepine", "buprenorphine", "cocaine", "methadone", "opiates")


def test_a_prescribed_analyte_that_is_found_is_expected():
    read = interpret(["buprenorphine"], PANEL, ["buprenorphine"])
    assert read == Interpretation(expected=("buprenorphine",))
    assert read.is_explained


def test_one_other_analyte_stays_unexpected():
    read = interpret(["cocaine", "buprenorphine"], PANEL, ["buprenorphine"])
    assert read == Interpretation(expected=("buprenorphine",), unexpected=("cocaine",))
    assert not read.is_explained


def test_without_prescriptions_all_that_is_found_is_unexpected():
    assert interpret(["opiates", "cocaine"], PANEL, []) == Interpretation(unexpected=("cocaine", "opiates"))


def test_a_prescribed_analyte_that_the_test_looked_for_and_did_not_find_is_absent():
    assert interpret(["cocaine"], PANEL, ["methadone"]) == Interpretation(
        unexpected=("cocaine",), absent=("methadone",)
    )
    assert interpret([], PANEL, ["methadone"]) == Interpretation(absent=("methadone",))


@pytest.mark.parametrize("panel", [(), ("cocaine",), ("opiates",), ("opioids",)])
def test_methadone_is_not_absent_from_a_test_that_did_not_look_for_it(panel):
    assert interpret([], panel, ["methadone"]) == Interpretation()


@pytest.mark.parametrize(
    ("prescribed", "panel"),
    [
        ("fentanyl", "opiates"),
        ("buprenorphine", "opiates"),
        ("oxycodone", "opiates"),
        ("hydrocodone", "opiates"),
        ("clonazepam", "benzodiazepine"),
        ("lorazepam", "benzodiazepine"),
        ("benzodiazepine", "benzodiazepine"),
        ("opioids", "opioids"),
        ("sedatives", "sedatives"),
    ],
)
def test_a_test_that_may_miss_a_medicine_does_not_say_that_it_is_absent(prescribed, panel):
    assert interpret([], [panel], [prescribed]).absent == ()


@pytest.mark.parametrize(("prescribed", "panel"), [("codeine", "opiates"), ("oxymorphone", "oxycodone")])
def test_a_class_test_made_for_a_medicine_says_that_it_is_absent(prescribed, panel):
    assert interpret([], [panel], [prescribed]).absent == (prescribed,)
    assert interpret([panel], [panel], [prescribed]) == Interpretation(expected=(panel,))


def test_a_metabolite_that_is_found_explains_itself_and_the_medicine_is_there():
    assert interpret(["oxymorphone"], ["oxycodone", "oxymorphone"], ["oxycodone"]) == Interpretation(
        expected=("oxymorphone",)
    )


@given(ANALYTES, ANALYTES, ANALYTES)
def test_all_that_was_found_is_either_expected_or_unexpected(found, looked_for, prescribed):
    read = interpret(found, looked_for, prescribed)
    assert {*read.expected, *read.unexpected} == found
    assert not {*read.expected} & {*read.unexpected}
    assert {*read.expected} <= SHIPPED.explained_by(prescribed)


@given(ANALYTES, ANALYTES, ANALYTES)
def test_only_what_is_prescribed_and_nothing_that_was_found_is_absent(found, looked_for, prescribed):
    absent = set(interpret(found, looked_for, prescribed).absent)
    assert absent <= prescribed - found
    assert not absent or looked_for


@given(ANALYTES, ANALYTES, ANALYTES, ANALYTES)
def test_a_further_prescription_never_makes_a_finding_unexpected(found, looked_for, prescribed, further):
    less, more = (interpret(found, looked_for, these) for these in (prescribed, prescribed | further))
    assert {*more.unexpected} <= {*less.unexpected}
    assert {*less.absent} <= {*more.absent}


@given(ANALYTES, ANALYTES, ANALYTES)
def test_a_reading_comes_back_from_the_record_as_it_was(found, looked_for, prescribed):
    read = interpret(found, looked_for, prescribed)
    assert Interpretation.from_text(*(";".join(part) for part in (read.expected, read.unexpected, read.absent))) == read
