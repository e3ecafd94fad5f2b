"""Automatic logoff: what waits at a terminal closes by itself where nobody has touched it for a while."""

import ast
import os
import re
import signal
import time
from pathlib import Path

import pytest
from conftest import made_once
from terminals import Terminal, hurried, started

import testing_tracker
from testing_tracker.cli.desk import idle
from testing_tracker.cli.desk.idle import IDLE_VARIABLE, IdleClock, ends_when_idle, idle_minutes
from testing_tracker.errors import TestingTrackerError

CODES_OR_RESULTS = re.compile(r"(?:code|result)[^\n]*:$")


@made_once
def staffed(clinic):
    """Two participants are due on Monday."""
    clinic.add("A17", "B04")
    clinic("draw")


@pytest.fixture
def passes(monkeypatch):
    """Lets seconds pass."""
    now = [1000.0]
    monkeypatch.setattr(idle, "_now", lambda: now[0])

    def let_pass(seconds: float) -> None:
        now[0] += seconds

    return let_pass


class TestTheClock:
    def test_it_is_over_after_so_many_minutes(self, passes):
        clock = IdleClock(15)
        passes(15 * 60 - 1)
        assert (clock.is_over, clock.left) == (False, 1)
        passes(1)
        assert clock.is_over

    def test_a_touch_begins_anew(self, passes):
        clock = IdleClock(15)
        passes(14 * 60)
        clock.touch()
        passes(14 * 60)
        assert not clock.is_over

    def test_never_is_never(self, passes):
        clock = IdleClock(0)
        passes(1e9)
        assert (clock.is_over, clock.left) == (False, None)


class TestTheSetting:
    @pytest.mark.parametrize(("said", "minutes"), [("", 15), ("  ", 15), ("0", 0), ("5", 5), (" 1440 ", 1440)])
    def test_it_is_whole_minutes(self, monkeypatch, said, minutes):
        monkeypatch.setenv(IDLE_VARIABLE, said)
        assert idle_minutes() == minutes

    @pytest.mark.parametrize("said", ["-1", "1.5", "soon", "1441", "9" * 30, "15m", "²", "٣"])
    def test_anything_else_is_refused_in_a_line(self, monkeypatch, said):
        monkeypatch.setenv(IDLE_VARIABLE, said)
        with pytest.raises(TestingTrackerError, match=r"takes whole minutes from 1 to 1440, or 0 for never\.$"):
            idle_minutes()

    def test_it_is_fifteen_where_nothing_says_so(self, monkeypatch):
        monkeypatch.delenv(IDLE_VARIABLE, raising=False)
        assert idle_minutes() == 15

    @pytest.mark.parametrize(
        "words", [("log",), ("decide",), ("today", "--watch"), ("participant", "join", "A17", "B04")]
    )
    def test_a_bad_one_begins_no_conversation(self, staffed, words, monkeypatch):
        monkeypatch.setenv(IDLE_VARIABLE, "soon")
        more = ("--reason", "x") if "join" in words else ()
        staffed("result", "A17", "positive", "--analyte", "cocaine")
        terminal = Terminal(staffed, *words, *more)
        assert "IDLE_MINUTES is 'soon'" in " ".join(terminal.said.split())
        assert terminal.leaves_with() == 1


@pytest.mark.one_database(reason="what is recorded is asked in test_log too")
class TestAtATerminal:
    def test_log_closes_and_says_what_is_on_record_and_how_to_go_on(self, staffed):
        terminal = Terminal(staffed, "log", asks=CODES_OR_RESULTS, minute=0.2)
        terminal.type("A17 n")
        terminal.type("B04")
        os.write(terminal.end, b"coc")  # typed, and not entered
        status, said = terminal.ends_by_itself()
        assert status == 0
        assert "Nothing was recorded for B04." in said
        assert "Logged 1: negative 1" in said
        assert "nobody touched it for 15 minutes. What was entered is on record" in said
        assert re.search(r"`testing-tracker .*--today \S+ log` goes on\.", said)
        assert "Still awaited" not in said
        assert staffed.rows("SELECT count(*) FROM result") == [(1,)]

    def test_a_key_begins_anew_also_one_of_a_scanner(self, staffed):
        terminal = Terminal(staffed, "log", asks=CODES_OR_RESULTS, minute=0.2)
        begun = time.monotonic()
        for character in "A17 n":
            time.sleep(1.0)
            os.write(terminal.end, character.encode())
        assert time.monotonic() - begun > 15 * 0.2
        assert "negative logged." in " ".join(terminal.type("").split())
        terminal.type("q")
        assert "by itself" not in terminal.said
        assert terminal.leaves_with() == 0

    def test_decide_takes_the_record_off_the_screen(self, staffed):
        staffed("result", "A17", "positive", "--analyte", "cocaine")
        terminal = Terminal(staffed, "decide", minute=0.15)
        status, said = terminal.ends_by_itself()
        assert status == 0
        assert "Done: nothing. Still open: 1 recommendation." in said
        assert said.endswith("decide` goes on.")
        assert "A17" not in said.partition("Done: ")[2]

    def test_the_screen_that_stays_leaves_nobody_on_the_terminal(self, staffed):
        pid, end = started(hurried(staffed, 0.2, "today", "--watch"), 80, 24)
        printed = b""
        while True:
            try:
                printed += os.read(end, 65536)
            except OSError:
                break
        _, status = os.waitpid(pid, 0)
        os.close(end)
        assert os.waitstatus_to_exitcode(status) == 0
        board, _, left = printed.rpartition(b"\x1b[?1049l")
        assert b"A17" in board
        assert b"A17" not in left
        assert "Closed by itself" in " ".join(left.decode().split())
        assert "today --watch` goes on." in " ".join(left.decode().split())

    def test_a_question_that_nobody_answers_does_nothing(self, staffed):
        staffed.today = "2026-11-23"
        terminal = Terminal(
            staffed, "participant", "join", "A17", "B04", "--reason", "same", asks=re.compile("N]:$"), minute=0.1
        )
        status, said = terminal.ends_by_itself()
        assert status == 1
        assert "Error: Nobody answered for 15 minutes, so nothing was done." in said
        assert staffed.rows("SELECT count(*) FROM audit_entry WHERE act LIKE '%join%'") == [(0,)]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarm clock for a process here")
def test_an_answered_question_ends_nothing_later():
    """What was agreed to may take longer than that, and an alarm that still ran would end it halfway."""
    before = signal.getsignal(signal.SIGALRM)
    with ends_when_idle():
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) == before


def test_a_pipe_is_nobody_who_went_away(staffed, monkeypatch):
    monkeypatch.setattr(idle, "MINUTE", 0.0)
    assert "Logged 1" in staffed("log", input="A17 n\n")


def test_every_question_goes_through_the_one_door():
    """`confirmed`, because a question that waits for ever is a record that stays on the screen."""
    package = Path(testing_tracker.__file__).parent
    asking = [
        f"{file.relative_to(package)}:{node.lineno}"
        for file in package.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("click.confirm", "click.prompt", "click.pause", "click.getchar", "input")
    ]
    assert {one.partition(":")[0] for one in asking} == {"cli/desk/asking.py"}
