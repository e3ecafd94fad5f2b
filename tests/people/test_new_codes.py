"""A code that the log session takes for a result is given to nobody; who has one already keeps it."""

import pytest

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.testing.log_line import check_new_code

WORDS = ["n", "P", "i", "m", "r", "s", "e", "u", "c", "q", "neg", "Missed", "coc", "THC", "bup", "cause", "scheduled"]
WORDS += ["who", "lab", "laboratory", "quit", "undo", "skip", "help", "excuse", "unable", "collected"]


@pytest.mark.parametrize("code", WORDS)
def test_a_word_of_the_log_is_no_code(code):
    with pytest.raises(TestingTrackerError, match="cannot be a new participant's code"):
        check_new_code(SHIPPED, code)


@pytest.mark.parametrize("code", ["A", "A17", "n1", "coc-7", "17"])
def test_another_code_is_one(code):
    assert check_new_code(SHIPPED, code) == code


def test_neither_one_by_one_nor_in_a_file(clinic):
    said = clinic.refused("participant", "add", "n", "--schedule", "fixed-2", "--level", "iop")
    assert said.startswith("n cannot be a new participant's code")
    lines = "participant,level,schedule,enrolled_on\nA17,iop,fixed-2,2026-11-16\nthc,iop,fixed-2,2026-11-16\n"
    done = clinic.run("participant", "import", "-", input=lines)
    assert "-:3: thc cannot be a new participant's code" in done.stderr
    assert clinic.rows("SELECT code FROM participant") == [("A17",)]


@pytest.fixture
def with_n(clinic):
    """Participants n and coc, enrolled by an earlier version of the program, are due beside A17."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("testing_tracker.services.people.enrolling.check_new_code", lambda _vocabulary, code: code)
        clinic.add("A17", "n", "coc")
    clinic("draw")
    return clinic


def test_who_has_such_a_code_is_found_by_it(with_n):
    assert "n's draw of 2026-11-16: positive for cocaine logged" in with_n("log", input="n coc\ncoc n\n")
    assert [with_n.status(code) for code in ("n", "coc")] == ["collected positive", "collected negative"]
    with_n("participant", "discharge", "n", "--reason", "moved")
    with_n("participant", "add", "n", "--readmit", "--schedule", "fixed-2", "--level", "iop")


@pytest.mark.parametrize("line", ["n", "coc"])
def test_in_a_pipe_such_a_code_after_another_one_is_taken_for_neither(with_n, line):
    done = with_n.run("log", input=f"A17\n{line}\n")
    assert done.exit_code == 1
    assert f"{line} is a participant's code too" in done.stderr
    assert with_n.rows("SELECT count(*) FROM result") == [(0,)]


@pytest.mark.parametrize("code", ["who", "lab", "quit", "help", "undo", "c", "e"])
def test_an_older_code_that_is_a_word_of_the_session_is_a_code_where_one_is_awaited(clinic, code):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("testing_tracker.services.people.enrolling.check_new_code", lambda _vocabulary, code: code)
        clinic.add("A17", code)
    clinic("draw")
    assert f"{code}'s draw of 2026-11-16: negative logged" in clinic("log", input=f"{code}\nn\n")
    done = clinic.run("log", input=f"A17\n{code}\n")
    assert f"{code} is a participant's code too" in done.stderr or f"For {code}'s" in done.stderr
    assert clinic.status("A17") == "due"
