"""How many keys the twelve most frequent acts cost, Enter and blanks included; a scanner counts as one key.

Each is typed as it is counted, by the program's short name, and has to do what it is for. What `log` costs at a
terminal is in testing/test_log_said.py.
"""

import pytest
from conftest import made_once

pytestmark = pytest.mark.one_database(reason="how much is typed for what the log session does")
KEYS = {  # act, what is typed behind `tt`: the most keys it may cost, and what it says
    "A17 n": (9, "negative logged"),
    "A17 coc": (11, "positive for cocaine logged"),
    "A17 coc fen": (15, "positive for cocaine, fentanyl logged"),
    "A17 coc=320": (15, "positive for cocaine logged"),
    "A17 e court date": (20, "excused (was due)"),
    "A17 m": (9, "missed (was due)"),
    "A17 r": (9, "refused (was due)"),
    "A17 u": (9, "tried and could not provide"),
    "A17 c": (9, "collected (was due)"),
    "A17 i leaked": (16, "invalid logged"),
    "A17@fri n": (13, "draw of 2026-11-13: negative logged"),
    "": (3, "2 due"),  # the board
}


@made_once
def desk(clinic):
    """A17 and B04 are due on Friday and on Monday; of Friday nobody has recorded anything."""
    clinic.today = "2026-11-13"
    clinic.add("A17", "B04", schedule="fixed-3", enrolled="2026-11-02")
    clinic("draw")
    clinic.today = "2026-11-16"
    clinic("draw")


def keys_of(typed: str) -> int:
    return len(f"tt {typed}".strip()) + 1


@pytest.mark.parametrize("typed", KEYS)
def test_an_act_costs_no_more_keys_and_does_what_it_is_for(desk, typed):
    most, said = KEYS[typed]
    assert keys_of(typed) <= most
    assert said in desk(*typed.split())


class TestAParticipantInPlaceOfACommand:
    """A line of `log`, for which no command has to be remembered."""

    def test_it_is_the_same_as_in_log(self, desk):
        desk("a17", "n")
        other = desk.copy(desk.database.with_name("other.db"))
        desk("B04", "coc")
        other("log", input="B04 coc\n")
        assert desk.json("due") == other.json("due")

    def test_a_code_that_is_a_command_is_the_command(self, desk):
        desk.change("UPDATE participant SET code = 'due', code_key = 'due' WHERE code = 'B04'")
        assert "participant" in desk("due").splitlines()[1]
        assert desk.run("due", "n").exit_code == 2

    def test_alone_it_says_what_can_be_done(self, desk):
        done = desk.run("A17")
        assert done.exit_code == 2
        assert "A17 is a participant. `program A17 n` logs a result" in done.stderr

    def test_a_code_that_is_not_quite_one_names_the_near_ones_and_takes_none(self, desk):
        desk.add("P03")
        before = desk.contents()
        done = desk.run("p3", "n")
        assert done.exit_code == 2
        assert "Error: There is no command and no participant 'p3'. Did you mean P03?" in done.stderr
        assert desk.contents() == before

    @pytest.mark.parametrize("typed", [("A", "n"), ("Z999", "n"), ("statu", "n"), ("nobody", "n")])
    def test_what_is_no_whole_code_is_no_command(self, desk, typed):
        before = desk.contents()
        done = desk.run(*typed)
        assert done.exit_code == 2
        assert "There is no command" in done.stderr
        assert desk.contents() == before

    @pytest.mark.parametrize("said", ["coccain", "n coc", "@mon n", "--on fri", "q", "lab n"])
    def test_what_says_nothing_is_refused_in_a_line_and_nothing_is_recorded(self, desk, said):
        desk.refused(*(f"A17{said}" if said.startswith("@") else f"A17 {said}").split())

    def test_the_database_is_opened_once_and_what_is_noted_is_noted_once(self, desk, monkeypatch):
        from testing_tracker.store import engine

        opened: list[object] = []
        make = engine.make_engine
        monkeypatch.setattr(engine, "make_engine", lambda location: opened.append(location) or make(location))
        desk("A17", "n")
        assert len(opened) == 1
        name = desk.rows("SELECT name FROM facility")[0][0]
        desk("facility", "rename", "Eastgate", "--reason", "moved")
        done = desk.run("--facility", name, "B04", "n")
        assert "negative logged" in done.stdout
        assert done.stderr.count("is called Eastgate now") == 1

    @pytest.mark.parametrize("typed", [("A17", "n"), ("Z999", "n"), ("A17@fri", "n")])
    def test_where_the_records_cannot_be_read_a_code_is_refused_with_what_is_wrong(self, desk, typed):
        desk.change("UPDATE facility SET training = false")
        assert "--today works on a training database only" in desk.refused(*typed)
        assert "There is no command 'statu'" in desk.run("statu").stderr

    def test_in_a_database_that_is_not_there_it_is_no_command(self, tmp_path):
        from click.testing import CliRunner

        from testing_tracker.cli import program

        done = CliRunner().invoke(program, ["--database", str(tmp_path / "none.db"), "A17", "n"])
        assert (done.exit_code, list(tmp_path.iterdir())) == (2, [])

    @pytest.mark.parametrize(
        "said",
        ["\x1b[31mn", "coc=1e999", "coc=-1", "'; DROP TABLE draw; --", "x" * 3_900, "#", "@", "n\nB04 n"],
    )
    def test_whatever_is_said_it_is_refused_in_a_line(self, desk, said):
        done = desk.run("A17", said)
        assert done.exit_code in (1, 2)
        assert "Traceback" not in done.output
        assert "\x1b" not in done.output
        assert desk.rows("SELECT count(*) FROM result") == [(0,)]
