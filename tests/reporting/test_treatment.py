"""The days of treatment that a report is of: enrolments as they were recorded, and which one a span is about."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.measures import Span, Treatment, days_in, treatments

MONDAY = date(2026, 3, 2)
ENROLLED, DISCHARGED = True, False


def day(number: int) -> date:
    """A day by its number: 1 is Monday 2 March 2026, 8 the Monday after."""
    return MONDAY + timedelta(days=number - 1)


def recorded(*changes: tuple[int, bool]) -> list[tuple[int, int | None]]:
    """The enrolments that these changes leave, by the numbers of their days."""
    found = treatments([(day(number), enrolled) for number, enrolled in changes])
    return [((one.first - MONDAY).days + 1, one.last and (one.last - MONDAY).days + 1) for one in found]


def counted(span: tuple[int | None, int], *of: Treatment, tested: tuple[int, ...] = ()) -> tuple[int, int] | None:
    """The days that count in a span, by their numbers."""
    first, last = span
    whole = Span(first and day(first), day(last))
    found = days_in(whole, of, [day(number) for number in tested])
    return found and ((found[0] - MONDAY).days + 1, (found[1] - MONDAY).days + 1)


def treatment(first: int, last: int | None = None) -> Treatment:
    return Treatment(day(first), last and day(last))


class TestEnrolments:
    def test_who_was_never_enrolled_was_never_in_treatment(self):
        assert recorded() == []

    def test_an_enrolment_goes_on_until_there_is_a_discharge(self):
        assert recorded((3, ENROLLED)) == [(3, None)]

    def test_it_ends_on_the_day_before_the_discharge(self):
        assert recorded((3, ENROLLED), (10, DISCHARGED)) == [(3, 9)]

    def test_after_a_gap_there_are_two_the_later_one_first(self):
        assert recorded((1, ENROLLED), (10, DISCHARGED), (20, ENROLLED)) == [(20, None), (1, 9)]
        changes = (1, ENROLLED), (10, DISCHARGED), (20, ENROLLED), (25, DISCHARGED)
        assert recorded(*changes) == [(20, 24), (1, 9)]

    def test_a_discharge_on_the_very_first_day_leaves_no_day(self):
        assert recorded((3, ENROLLED), (3, DISCHARGED)) == [(3, 2)]

    def test_one_that_was_called_off_before_its_first_day_is_none(self):
        assert recorded((8, ENROLLED), (3, DISCHARGED)) == []

    def test_a_later_one_that_was_called_off_leaves_the_earlier_one_with_its_end(self):
        assert recorded((1, ENROLLED), (5, DISCHARGED), (20, ENROLLED), (12, DISCHARGED)) == [(1, 4)]

    def test_a_discharge_that_turns_out_to_have_been_earlier_moves_the_end(self):
        assert recorded((1, ENROLLED), (10, DISCHARGED), (7, DISCHARGED)) == [(1, 6)]

    def test_a_discharge_that_was_recorded_before_the_readmission_ends_only_what_was_before(self):
        assert recorded((1, ENROLLED), (4, DISCHARGED), (4, ENROLLED)) == [(4, None), (1, 3)]

    @given(st.lists(st.integers(1, 400), min_size=1, max_size=8, unique=True).map(sorted))
    def test_changes_in_the_order_of_their_days_are_all_counted_and_never_overlap(self, numbers):
        changes = [(number, index % 2 == 0) for index, number in enumerate(numbers)]
        found = recorded(*changes)
        assert [first for first, _ in found] == numbers[::2][::-1]
        assert [last for _, last in reversed(found) if last is not None] == [number - 1 for number in numbers[1::2]]
        assert all(earlier[1] < later[0] for later, earlier in pairwise(found))

    @given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=8), st.integers(1, 60))
    def test_on_no_day_from_the_last_discharge_on_is_anybody_in_treatment(self, changes, number):
        """Whatever was on record before: a change overrules it from its own day on."""
        found = recorded(*changes, (number, DISCHARGED))
        assert all(last is not None and last < number for _, last in found)


class TestTheDaysThatCount:
    def test_without_a_first_day_they_begin_on_the_monday_of_the_enrolment(self):
        assert counted((None, 28), treatment(3)) == (1, 28)
        assert counted((None, 28), treatment(8)) == (8, 28)

    def test_with_a_first_day_they_begin_with_it_or_with_that_monday(self):
        assert counted((10, 28), treatment(3)) == (10, 28)
        assert counted((5, 28), treatment(10)) == (8, 28)
        assert counted((9, 28), treatment(10)) == (9, 28)

    def test_they_end_with_the_last_day_of_treatment_or_of_the_span(self):
        assert counted((None, 28), treatment(1, 12)) == (1, 12)
        assert counted((None, 10), treatment(1, 12)) == (1, 10)

    def test_a_test_after_the_discharge_still_belongs_to_it(self):
        assert counted((None, 28), treatment(1, 12), tested=(3, 15)) == (1, 15)

    def test_a_test_before_its_end_changes_nothing(self):
        assert counted((None, 28), treatment(1, 12), tested=(3, 4)) == (1, 12)

    def test_of_two_enrolments_the_latest_with_a_day_in_the_span_counts(self):
        assert counted((None, 40), treatment(29), treatment(1, 12)) == (29, 40)
        assert counted((None, 20), treatment(29), treatment(1, 12)) == (1, 12)

    def test_one_that_ended_on_its_first_day_counts_where_there_is_a_test_from_then_on(self):
        assert counted((None, 40), treatment(29, 28), treatment(1, 12)) == (1, 12)
        assert counted((None, 40), treatment(29, 28), treatment(1, 12), tested=(29,)) == (29, 29)

    @pytest.mark.parametrize("span", [(20, 28), (None, 0)])
    def test_who_has_no_day_and_no_test_in_the_span_is_left_out(self, span):
        assert counted(span, treatment(1, 12)) is None
        assert counted(span) is None

    @given(st.integers(1, 90), st.integers(0, 90), st.none() | st.integers(1, 90), st.integers(1, 90))
    def test_no_day_outside_of_the_span_counts_and_none_before_the_enrolments_week(self, first, length, begins, ends):
        assume(begins is None or begins <= ends)
        found = counted((begins, ends), treatment(first, first + length))
        if found is None:
            assert first > ends or (begins is not None and first + length < begins)
            return
        assert found[0] <= found[1] <= min(ends, first + length)
        assert found[0] >= (begins or 0)
        assert day(found[0]) >= Week.of(day(first)).monday
