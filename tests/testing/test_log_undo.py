"""A line of the log session that is taken back leaves a draw as it was before, whatever the line recorded."""

import re
from random import Random

import pytest
from conftest import is_thorough, made_once

CODES = ("A17", "B04", "C08", "C21", "D33", "E55", "F66", "G77", "H88")


@made_once
def at_work(clinic):
    """C08 is untouched, A17 tried, B04 missed, D33 and E55 gave a cup, and C21 is to give a second one.

    A laboratory's word is awaited for F66; it has spoken of G77, who is prescribed what it found, and could not of H88.
    """
    clinic.add(*CODES)
    clinic("draw")
    clinic("missed", "B04", "--reason", "nobody opened")
    clinic("unable", "A17", "--reason", "after lunch")
    clinic("result", "C21", "invalid", "--note", "leaked", "--specimen-id", "S-210")
    clinic("test", "C21", "--recollect")
    clinic("collected", "D33", "--specimen-id", "S-330")
    clinic("collected", "E55")
    clinic("result", "F66", "positive", "--analyte", "coc", "--analyte", "opi", "--specimen-id", "S-660")
    clinic("confirmation", "send", "F66", "--lab", "Northside")
    clinic("prescription", "add", "G77", "coc")
    clinic("result", "G77", "positive", "--analyte", "opiates")
    north = ("--definitive", "--lab", "Northside")
    clinic("result", "G77", "positive", "--analyte", "coc=320", "--looked-for", "thc", *north)
    clinic("result", "H88", "positive", "--analyte", "coc")
    clinic("result", "H88", "invalid", *north)


def seen(clinic) -> list:
    """What anybody sees of the participants, the clinicians' lists and the cups that are somebody's."""
    reviews = [{**line, "id": None} for line in clinic.json("review", "list")]
    listed = clinic.json("recommendation", "list")
    recommendations = sorted((line["participant"], line["reason"]) for line in listed if line["status"] == "open")
    if withdrawn := [line["id"] for line in listed if line["status"] == "withdrawn"]:
        assert max(withdrawn) <= 3, "a recommendation that a slip raised is in sight"
    kept = [_without_ids(clinic.json("participant", "show", code)) for code in CODES]
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
    *("C08 lab n", "C08 lab coc=320", "F66 lab n", "F66 lab coc=320", "F66 lab #S-660 coc=320 opi", "F66 lab i leaked"),
    *("F66 lab #S-660 n", "B04 lab coc", "C21 lab coc", "C21 lab #S-104 n", "D33 lab n", "D33 lab #S-330 thc"),
    *("G77 lab fentanyl", "G77 lab fentanyl=3", "H88 lab n", "H88 lab coc", "E55 lab i contaminated"),
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_taken_back_leaves_all_as_it_was(at_work, line):
    before = seen(at_work)
    said = at_work("log", input=f"lab Southside\n{line}\nu\n")
    assert "taken back" in said
    assert seen(at_work) == before
    assert "All holds" in at_work("verify")
    at_work("log", input=f"lab Southside\n{line}\n")
    assert "All holds" in at_work("verify")


SAID = [line.partition(" ")[2] for line in LINES]


@pytest.mark.parametrize("seed", range(12 if is_thorough() else 3))
def test_a_whole_session_taken_back_leaves_all_as_it_was(at_work, seed):
    chance = Random(seed)
    lines = ["lab Southside"]
    for number in range(25):
        said = chance.choice(SAID).replace("S-104", f"S-10{number}")
        lines.append(f"{chance.choice(CODES)} {said}")
    before = seen(at_work)
    done = at_work.run("log", input="\n".join([*lines, *["u"] * 25]) + "\n")
    assert "Logged 0" in done.stdout
    undone = int(re.search(r"Undone: (\d+)", done.stdout)[1])
    assert undone >= 5
    assert seen(at_work) == before
    assert "All holds" in at_work("verify")
