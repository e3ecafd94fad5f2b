"""What a specimen's own state does to the word of its test, and a specimen that is collected again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.testing.specimen_limits import outcome_of
from testing_tracker.rules.testing.specimens import advice, calls_for_another
from testing_tracker.rules.testing.which_draw import says
from testing_tracker.rules.words import Outcome, Status, Validity

URINE = SHIPPED.limits_of("urine")
NEGATIVE, POSITIVE, INVALID = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INVALID
SOUND = [Validity.ACCEPTABLE, Validity.NOT_TESTED]
OFF = [Validity.DILUTE, Validity.SUBSTITUTED, Validity.ADULTERATED, Validity.INVALID]


class TestValidity:
    @pytest.mark.parametrize("validity", SOUND)
    @pytest.mark.parametrize("outcome", Outcome)
    def test_a_specimen_with_nothing_against_it_changes_nothing(self, outcome, validity):
        assert outcome_of(outcome, validity) == (outcome, None)

    @pytest.mark.parametrize("validity", [Validity.DILUTE, Validity.SUBSTITUTED, Validity.ADULTERATED])
    def test_a_dilute_or_tampered_positive_stays_positive(self, validity):
        assert outcome_of(POSITIVE, validity) == (POSITIVE, None)

    @pytest.mark.parametrize("validity", OFF)
    def test_a_negative_on_such_a_specimen_counts_for_nothing_and_it_is_said(self, validity):
        outcome, why = outcome_of(NEGATIVE, validity)
        assert outcome is INVALID
        assert why == f"the specimen is {validity}, so its negative does not count and is recorded as invalid"

    def test_an_invalid_specimen_has_no_positive_either(self):
        assert outcome_of(POSITIVE, Validity.INVALID) == (
            INVALID,
            "the specimen is invalid, so its positive does not count and is recorded as invalid",
        )

    @pytest.mark.parametrize("validity", Validity)
    def test_an_invalid_result_stays_one_without_another_reason(self, validity):
        assert outcome_of(INVALID, validity) == (INVALID, None)

    @given(st.sampled_from(Outcome), st.sampled_from(Validity))
    def test_no_specimen_ever_makes_a_positive_or_a_negative(self, outcome, validity):
        """A specimen can take a test's word away; it never puts one there. Whatever it takes away, it says why."""
        found, why = outcome_of(outcome, validity)
        assert found in (outcome, INVALID)
        assert (why is None) is (found is outcome)


class TestTemperature:
    """32 to 38 degrees Celsius (49 CFR 40.65(b))."""

    @pytest.mark.parametrize(
        ("temperature", "another"),
        [("31.9", True), ("32", False), ("32.0", False), ("35", False), ("38", False), ("38.1", True), ("20", True)],
    )
    def test_outside_the_range_another_one_is_collected(self, temperature, another):
        assert calls_for_another(URINE, temperature) is another

    def test_what_was_not_measured_says_nothing(self):
        assert not calls_for_another(URINE, None)

    def test_other_specimens_have_no_range(self):
        assert not calls_for_another(SHIPPED.limits_of("oral-fluid"), "20")

    @pytest.mark.parametrize("outcome", [NEGATIVE, INVALID])
    def test_a_cold_negative_is_collected_again_for_the_same_draw(self, outcome):
        (said,) = advice(URINE, "30", outcome, "A17")
        assert said.startswith("the specimen was 30 C, outside 32 to 38 C: collect another one now, observed")
        assert "`testing-tracker test A17 --recollect`" in said

    @pytest.mark.parametrize("outcome", [POSITIVE, None])
    def test_beside_a_positive_or_a_result_to_come_another_test_is_ordered(self, outcome):
        (said,) = advice(URINE, "30", outcome, "A17")
        assert "`testing-tracker test A17 --reason 'out of range'`" in said
        assert "--recollect" not in said

    @pytest.mark.parametrize("temperature", ["35", None])
    def test_nobody_is_told_anything_of_one_in_range(self, temperature):
        assert advice(URINE, temperature, NEGATIVE, "A17") == []


class TestASecondSpecimen:
    @pytest.mark.parametrize("outcome", Outcome)
    def test_a_collected_draw_says_what_its_result_says(self, outcome):
        assert says(Status.COLLECTED, None, outcome) is outcome
        assert says(Status.COLLECTED, "a note", outcome) is outcome
        assert says(Status.COLLECTED, Because.NOT_RECOLLECTED, outcome) is outcome

    @pytest.mark.parametrize("status", [status for status in Status if status is not Status.COLLECTED])
    def test_no_other_draw_says_anything(self, status):
        assert says(status, Because.RECOLLECT, INVALID) is None
        assert says(status, None, NEGATIVE) is None

    def test_while_the_second_ones_result_is_to_come_the_first_ones_does_not_count(self):
        assert says(Status.COLLECTED, Because.SECOND_GIVEN, INVALID) is None
        assert says(Status.COLLECTED, Because.SECOND_GIVEN, NEGATIVE) is None

    def test_nothing_is_said_before_a_result(self):
        assert says(Status.COLLECTED, None, None) is None
