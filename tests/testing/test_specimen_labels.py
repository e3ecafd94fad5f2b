"""A label is the same label however a scanner, a spreadsheet or a hand wrote it."""

import pytest

from testing_tracker.rules.people.codes import label_key


@pytest.mark.parametrize(
    "written",
    [
        "s-1", "S-1", " S - 1 ", "S\u20111", "S\u20101", "S\u20131", "S\u20141", "S\u22121", "S\ufe631", "S\uff0d1",
        "S\u00a0-\u20091", "\uff33-1", "S\u00ad-1", "\u200bS-1\ufeff", "S-1\t",
    ],
)  # fmt: skip
def test_the_same_label(written):
    assert label_key(written) == label_key("S-1")


@pytest.mark.parametrize(
    ("one", "other"), [("1-23", "12-3"), ("S-1", "S1"), ("S-1", "S-01"), ("O1", "01"), ("a_1", "a-1")]
)
def test_other_labels(one, other):
    assert label_key(one) != label_key(other)
