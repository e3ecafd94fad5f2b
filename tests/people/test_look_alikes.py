"""Codes that look alike are both taken, with a note that names the other; an exact code always wins."""

import pytest

from testing_tracker.rules.people.codes import look_of

ALIKE = [("0017", "17"), ("A-17", "A17"), ("O10", "010"), ("A_1.7", "a17"), ("l7", "17"), ("I7", "17"), ("A017", "A17")]
APART = [("A17", "A71"), ("17", "170"), ("L7", "17"), ("B8", "88"), ("S5", "55"), ("A1", "A10"), ("0", "")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_looks_alike(one, other):
    assert look_of(one) == look_of(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_does_not(one, other):
    assert look_of(one) != look_of(other)


def test_a_look_alike_is_enrolled_with_a_note(clinic):
    clinic.add("17")
    done = clinic.run("participant", "add", "0017", "--schedule", "fixed-2", "--level", "iop")
    assert done.exit_code == 0
    assert "0017 looks like 17" in done.stderr
    assert "looks like" not in clinic.run("participant", "add", "B4", "--schedule", "fixed-2", "--level", "iop").stderr


def test_an_exact_code_wins(clinic):
    clinic.add("17", "0017", "A17", "A-17")
    clinic("draw")
    clinic("result", "0017", "negative")
    clinic("log", input="A-17 n\n")
    assert [clinic.status(code) for code in ("17", "0017", "A17", "A-17")] == [
        "due",
        "collected negative",
        "due",
        "collected negative",
    ]
    assert "There is no participant 017" in clinic.refused("result", "017", "negative")


def test_an_import_notes_each_line(clinic):
    clinic.add("17")
    lines = "A-17,iop,fixed-2,2026-11-16\n0017,iop,fixed-2,2026-11-16\nA17,iop,fixed-2,2026-11-16\n"
    done = clinic.run("participant", "import", "-", input=f"participant,level,schedule,enrolled_on\n{lines}")
    assert "3 imported" in done.stdout
    noted = [line.split(", ")[0] for line in done.stderr.splitlines() if "looks like" in line]
    assert noted == ["-:3: note: 0017 looks like 17", "-:4: note: A17 looks like A-17"]
    assert (
        "looks like"
        not in clinic.run("participant", "import", "-", input=f"participant,level,schedule,enrolled_on\n{lines}").stderr
    )


def test_a_corrected_code_and_an_earlier_one_count_too(clinic):
    clinic.add("B04", "X1")
    assert "B4 looks like B04" in clinic.run("participant", "rename", "X1", "B4", "--reason", "typed wrong").stderr
    done = clinic.run("participant", "add", "X-1", "--schedule", "fixed-2", "--level", "iop")
    assert "X-1 looks like X1" in done.stderr
    done = clinic.run("participant", "rename", "X-1", "x.1", "--reason", "typed wrong")
    assert "looks like X-1" not in done.stderr, "its own earlier code is nobody else"
