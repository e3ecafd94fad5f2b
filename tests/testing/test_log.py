"""The log session: a row of cups, a line a cup, at a terminal and from a pipe."""

import os
import re
import subprocess
import sys

import pytest
from conftest import made_once
from sqlalchemy import Engine, event
from terminals import Terminal

PROMPT = re.compile(r"(code|scheduled, cause\)|, s\)|why \w+|which laboratory|code \(lab .*\)):$")


@made_once
def staffed(clinic):
    """Five participants are due on Monday."""
    clinic.add("A17", "A18", "B04", "C21", "D-9")
    clinic("draw")


def at_terminal(clinic, *arguments: str, columns: int = 120) -> Terminal:
    """A nurse at a real terminal."""
    return Terminal(clinic, "log", *arguments, columns=columns, rows=40, asks=PROMPT)


def outcomes(clinic) -> list[str]:
    return [clinic.status(code) for code in ("A17", "A18", "B04", "C21", "D-9")]


class TestAtATerminal:
    """What a nurse types, and what she sees."""

    def test_a_row_of_cups_with_mistakes(self, staffed):
        staffed("prescription", "add", "A17", "bup")
        desk = at_terminal(staffed)
        assert "Prescribed: buprenorphine" in desk.type("A17")
        assert "negative logged" in desk.type("n")
        assert "Recommendation 1 for B04, open" in desk.type("b04 coc opi")
        assert "a1 can be A17, A18" in desk.type("a1")
        assert "There is no participant Z9" in desk.type("Z9")
        desk.type("8")  # the end of a code is enough
        assert "did you mean cocaine" in desk.type("cocain")
        assert "why invalid" in desk.type("i")
        assert "invalid logged" in desk.type("leaked")
        assert "taken back; it is due again" in desk.type("u")
        desk.type("C21 m")
        desk.type("d-9 r left the room")
        assert "Logged 4: negative 1, positive 1, invalid 0, missed 1, refused 1. Undone: 1." in desk.type("q")
        assert desk.leaves_with() == 0
        assert outcomes(staffed) == ["collected negative", "due", "collected positive", "missed", "refused"]
        assert "All holds" in staffed("verify")

    def test_every_line_is_on_disk_before_the_next_is_asked_for(self, staffed):
        desk = at_terminal(staffed)
        desk.type("A17 n")
        assert staffed.status("A17") == "collected negative"
        os.kill(desk.pid, 9)
        desk.leaves_with()
        assert staffed.status("A17") == "collected negative"

    @pytest.mark.parametrize("end", ["\x04", "\x03"], ids=["Ctrl-D", "Ctrl-C"])
    def test_the_usual_ways_out_close_with_the_tally(self, staffed, end):
        desk = at_terminal(staffed)
        desk.type("A17 n")
        assert "Logged 1" in desk.type("", end=end)
        assert desk.leaves_with() == 0

    def test_a_scanner_sends_a_code_and_enter_fast(self, staffed):
        desk = at_terminal(staffed)
        os.write(desk.end, b"A17\rn\rA18\rn\r")
        desk.type("q")
        assert outcomes(staffed)[:2] == ["collected negative", "collected negative"]

    def test_two_draws_on_a_day_are_asked_about(self, staffed):
        staffed("test", "A17", "--reason", "seemed intoxicated")
        desk = at_terminal(staffed)
        assert "two draws" in desk.type("A17 coc")
        desk.type("cause")
        desk.type("q")
        assert staffed.rows("SELECT kind FROM draw WHERE outcome = 'positive'") == [("for-cause",)]

    def test_a_line_that_cannot_be_recorded_leaves_its_draw_open(self, staffed):
        staffed("collected", "A17")
        desk = at_terminal(staffed)
        said = desk.type("A17 m")
        assert "collected" in said
        assert "A17 (n, analytes" in said
        assert "negative logged" in desk.type("n")

    def test_the_end_of_a_code_and_its_result_in_one_line(self, staffed):
        desk = at_terminal(staffed)
        assert "A17's draw of 2026-11-16: negative logged" in desk.type("17 n")


class TestFromAPipe:
    """A file of lines, or another program."""

    def test_lines_are_logged_and_refused_ones_named(self, staffed):
        done = staffed.run("log", input="A17 n\r\nB04 coc opi\nZ9 n\nA17 n\nC21 i cup leaked\nA18 sugar\n\nD-9\nm\n")
        assert done.exit_code == 1
        assert "-:3: There is no participant Z9" in done.stderr
        assert "-:4: A17's draw of 2026-11-16 already has a result" in done.stderr
        assert "-:6:" in done.stderr
        assert "Logged 4: negative 1, positive 1, invalid 1, missed 1, refused 0" in done.stdout
        assert "Lines refused: 3" in done.stdout
        assert outcomes(staffed) == ["collected negative", "due", "collected positive", "collected invalid", "missed"]

    def test_what_a_prescription_explains_is_said(self, staffed):
        staffed("prescription", "add", "A17", "cocaine")
        assert "Expected: a prescription explains cocaine" in staffed("log", input="A17 coc\n")

    def test_the_next_code_is_never_taken_for_the_open_draws_result(self, staffed):
        done = staffed.run("log", input="A17\nA18 n\n")
        assert "A17 stands there without a result" in done.stderr
        assert outcomes(staffed)[:2] == ["due", "collected negative"]

    def test_where_a_laboratorys_name_stands_is_said(self, staffed):
        assert "stands on a line of its own" in staffed.run("log", input="A17 lab Northside n\n").output

    def test_yesterdays_cups(self, staffed):
        staffed.today = "2026-11-17"
        staffed("log", "--on", "yesterday", input="A17 n\n")
        assert staffed.status("A17", "yesterday") == "collected negative"

    def test_a_day_to_come_is_refused(self, staffed):
        assert "is in the future" in staffed.refused("log", "--on", "2026-11-17", input="A17 n\n")

    def test_a_cup_asks_the_database_little(self, staffed):
        asked: list[str] = []

        def remember(_connection, _cursor, statement: str, *_rest) -> None:
            asked.append(statement)

        event.listen(Engine, "before_cursor_execute", remember)
        try:
            staffed("log", input="A17 n\n")
            for_one = len(asked)
            staffed("log", input="A18 n\nB04 n\n")
        finally:
            event.remove(Engine, "before_cursor_execute", remember)
        for_two = len(asked) - for_one
        assert for_two - for_one <= 20

    def test_it_writes_what_single_commands_write(self, staffed, tmp_path):
        other = staffed.copy(tmp_path / "other.db")
        staffed("log", input="A17 n\nB04 coc opi\nC21 i leaked\nA18 m\nD-9 r\n")
        other("result", "A17", "negative")
        other("result", "B04", "positive", "--analyte", "cocaine", "--analyte", "opiates")
        other("result", "C21", "invalid", "--note", "leaked")
        other("missed", "A18")
        other("refused", "D-9")
        assert staffed.contents() == other.contents()

    def test_two_nurses_at_the_same_cups_lose_and_double_nothing(self, staffed):
        codes = [f"N{number}" for number in range(20)]
        staffed.add(*codes, schedule="fixed-3")
        staffed("draw")
        command = [sys.executable, "-m", "testing_tracker", "--database", staffed.url]
        lines = "".join(f"{code} n\n" for code in codes)
        nurses = [
            subprocess.Popen([*command, "--today", staffed.today, "log"], stdin=-1, stdout=-1, stderr=-1, text=True)
            for _ in range(2)
        ]
        said = [nurse.communicate(lines) for nurse in nurses]
        logged = [int(re.search(r"Logged (\d+)", out)[1]) for out, _ in said]
        assert sum(logged) == 20
        assert sum(err.count("already has a result") for _, err in said) == 20
        assert all(staffed.status(code) == "collected negative" for code in codes)
