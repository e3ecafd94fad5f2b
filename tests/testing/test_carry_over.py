"""A further positive inside the window of detection need not be a new use."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.testing.carry_over import Found, same_uses

MARCH_1 = date(2026, 3, 1)
WINDOWS = {"alcohol": 0, "cocaine": 4, "cannabinoids": 30, "kratom": None}


def found(day: int, *analytes: str) -> Found:
    """A positive so many days after the first of March; its number is the day's."""
    return Found(day, MARCH_1 + timedelta(days=day), {analyte: WINDOWS[analyte] for analyte in analytes})


def same_use_days(*tests: Found) -> dict[int, list[int]]:
    return {identity: [one.draw_id for one in origins] for identity, origins in same_uses(SHIPPED, tests).items()}


def test_a_first_positive_counts():
    assert same_use_days(found(0, "cannabinoids")) == {}


@pytest.mark.parametrize(
    ("analyte", "days", "is_same"),
    [
        pytest.param("cannabinoids", 7, True, id="a week later, still in the window"),
        pytest.param("cannabinoids", 30, True, id="on the last day of the window"),
        pytest.param("cannabinoids", 31, False, id="the day after the window"),
        pytest.param("cocaine", 4, True, id="a short window, inside"),
        pytest.param("cocaine", 5, False, id="a short window, outside"),
        pytest.param("alcohol", 1, False, id="gone within the day"),
        pytest.param("kratom", 1, False, id="no window known"),
    ],
)
def test_a_further_positive_for_the_same_analyte_counts_only_outside_its_window(analyte, days, is_same):
    assert same_use_days(found(0, analyte), found(days, analyte)) == ({days: [0]} if is_same else {})


def test_one_that_names_another_analyte_too_counts_in_full():
    assert same_use_days(found(0, "cannabinoids"), found(2, "cannabinoids", "cocaine")) == {}


def test_one_that_names_fewer_may_be_the_same_use():
    assert same_use_days(found(0, "cannabinoids", "cocaine"), found(2, "cannabinoids")) == {2: [0]}


def test_several_analytes_may_go_back_to_several_uses():
    tests = [found(0, "cannabinoids"), found(1, "cocaine"), found(3, "cannabinoids", "cocaine")]
    assert same_use_days(*tests) == {3: [0, 1]}


def test_the_window_runs_from_the_positive_that_counted_and_not_from_one_carried_over():
    monthly = [found(day, "cannabinoids") for day in (0, 20, 40, 60)]
    assert same_use_days(*monthly) == {20: [0], 60: [40]}, "day 40 is too late for the use shown on day 0"


def test_two_positives_of_a_day_are_possibly_one_use():
    scheduled, for_cause = Found(1, MARCH_1, {"alcohol": 0}), Found(2, MARCH_1, {"alcohol": 0})
    assert [*same_uses(SHIPPED, [for_cause, scheduled])] == [2]


def test_the_order_in_which_results_came_in_does_not_matter():
    tests = [found(day, "cannabinoids") for day in (40, 0, 60, 20)]
    assert same_use_days(*tests) == same_use_days(*sorted(tests, key=lambda test: test.on))


some_tests = st.lists(
    st.builds(
        lambda day, analytes: found(day, *analytes),
        st.integers(0, 200),
        st.sets(st.sampled_from(sorted(WINDOWS)), min_size=1),
    ),
    unique_by=lambda test: test.draw_id,
)


@given(some_tests)
def test_what_is_carried_over_was_found_before_within_its_window_by_tests_that_counted(tests):
    carried_over = same_uses(SHIPPED, tests)
    by_id = {test.draw_id: test for test in tests}
    for identity, origins in carried_over.items():
        test = by_id[identity]
        assert origins
        assert not {one.draw_id for one in origins} & carried_over.keys()
        for analyte, window in test.windows.items():
            assert window is not None
            assert any(analyte in one.windows and 0 <= (test.on - one.on).days <= window for one in origins)


@given(some_tests)
def test_no_use_is_lost_every_analyte_that_was_found_counted_once(tests):
    carried_over = same_uses(SHIPPED, tests)
    counted = {analyte for test in tests if test.draw_id not in carried_over for analyte in test.windows}
    assert counted == {analyte for test in tests for analyte in test.windows}


def of(day: int, **windows: int | None) -> Found:
    return Found(day, MARCH_1 + timedelta(days=day), windows)


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        pytest.param({"diazepam": 30}, {"benzodiazepine": 30}, True, id="a member, then its class"),
        pytest.param({"benzodiazepine": 30}, {"diazepam": 30}, True, id="a class, then its member"),
        pytest.param({"benzodiazepine": 30}, {"lorazepam": None}, False, id="a member that has no window"),
        pytest.param({"diazepam": 30}, {"oxazepam": 30}, True, id="what the body makes of it"),
        pytest.param({"oxazepam": 30}, {"diazepam": 30}, False, id="what it is made of is another substance"),
        pytest.param({"fentanyl": 28}, {"norfentanyl": 28}, True, id="a medicine, then its metabolite"),
        pytest.param({"norfentanyl": 28}, {"fentanyl": 28}, True, id="a metabolite of one medicine only, then that"),
        pytest.param({"morphine": 5}, {"codeine": 5}, False, id="two members of a class"),
        pytest.param({"amphetamine": 5}, {"methamphetamine": 5}, False, id="another substance that makes this one"),
        pytest.param({"methamphetamine": 5}, {"amphetamine": 5}, True, id="the class test of what was confirmed"),
        pytest.param({"diazepam": 30}, {"benzodiazepine": 30, "cocaine": 4}, False, id="and one more"),
    ],
)
def test_a_class_and_its_members_are_one_use(first, second, is_same):
    assert same_use_days(of(0, **first), of(3, **second)) == ({3: [0]} if is_same else {})


def test_the_window_of_a_class_runs_from_the_member_that_counted():
    tests = [of(0, diazepam=30), of(20, benzodiazepine=30), of(40, benzodiazepine=30)]
    assert same_use_days(*tests) == {20: [0]}
