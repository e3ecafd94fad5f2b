"""A line of the log session that is taken back leaves a draw as it was before, whatever the line recorded."""

import pytest
from conftest import made_once


@made_once
def at_work(clinic):
    """C08 is untouched, A17 tried already, B04 missed and E55 was collected yesterday; C21 is to give a second cup."""
    clinic.add("A17", "B04", "C08", "C21", "D33", "E55")
    clinic("draw")
    clinic("missed", "B04", "--reason", "nobody opened")
    clinic("unable", "A17", "--reason", "after lunch")
    clinic("result", "C21", "invalid", "--note", "leaked", "--specimen-id", "S-210")
    clinic("test", "C21", "--recollect")
    clinic("collected", "D33", "--specimen-id", "S-330")
    clinic("collected", "E55")


def seen(clinic) -> list:
    """What anybody sees of the participants, the clinicians' lists and the cups that are somebody's."""
    codes = ("A17", "B04", "C08", "C21", "D33", "E55")
    reviews = [{**line, "id": None} for line in clinic.json("review", "list")]
    recommendations = [line["reason"] for line in clinic.json("recommendation", "list")]
    kept = [_without_ids(clinic.json("participant", "show", code)) for code in codes]
    return [clinic.json("due"), reviews, recommendations, clinic.json("confirmation", "list"), kept]


def _without_ids(said):
    if isinstance(said, dict):
        left_out = ("id", "recorded_at", "reviews", "recommendations")
        return {key: _without_ids(value) for key, value in said.items() if key not in left_out}
    return [_without_ids(one) for one in said] if isinstance(said, list) else said


LINES = [
    *("C08 n", "C08 coc fen", "C08 coc=320", "C08 i leaked", "C08 m", "C08 r left", "C08 e court date"),
    *("C08 u", "C08 u could not", "C08 c", "C08 c S-104", "C08 #S-104 n", "C08 #S-104 coc", "C08 #S-104 i leaked"),
    *("A17 n", "A17 m", "A17 e court date", "A17 c", "A17 r", "B04 n", "B04 e court date", "B04 u", "B04 c S-104"),
    *("C21 coc", "C21 c", "C21 c S-104", "C21 m", "C21 #S-104 n", "C21 u", "C21 e flood"),
    *("D33 n", "D33 #S-330 n", "D33 #s-330 coc", "E55 #S-550 n", "E55 c S-550", "E55 coc"),
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_taken_back_leaves_all_as_it_was(at_work, line):
    before = seen(at_work)
    said = at_work("log", input=f"{line}\nu\n")
    assert "taken back" in said
    assert seen(at_work) == before
    assert "All holds" in at_work("verify")
    at_work("log", input=f"{line}\n")
    assert "All holds" in at_work("verify")
