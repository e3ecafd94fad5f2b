import pytest

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.people.codes import check_code, check_schedule_name

WITHIN_BOUNDS = ["A17", "a", "7", "ward-3_b.12", "x" * 32]
OUT_OF_BOUNDS = ["", "x" * 33, "A 17", "Zoë", "A/17", "A17\n", "A17;B2"]


@pytest.mark.parametrize("text", WITHIN_BOUNDS)
def test_letters_digits_and_a_few_signs_make_a_code_or_a_schedules_name(text):
    assert check_code(text) == check_schedule_name(text) == text


@pytest.mark.parametrize("text", OUT_OF_BOUNDS)
def test_anything_else_is_neither_a_code_nor_a_schedules_name(text):
    with pytest.raises(TestingTrackerError, match="1 to 32 letters"):
        check_code(text)
    with pytest.raises(TestingTrackerError, match="Use letters, digits"):
        check_schedule_name(text)


def test_a_refused_code_is_not_repeated_because_it_may_be_a_name():
    with pytest.raises(TestingTrackerError) as refused:
        check_code("Jane Roe")
    assert "Jane" not in str(refused.value)


@pytest.mark.parametrize("code", ["import", "IMPORT"])
def test_import_is_a_command_and_not_a_participant(code):
    with pytest.raises(TestingTrackerError, match="reads a file"):
        check_code(code)
