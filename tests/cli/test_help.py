"""`--help` names every command once, in groups, with its whole sentence, and the variables; at any width."""

import re
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from testing_tracker.cli import _COMMANDS, _GROUPS, program
from testing_tracker.cli.help.around import TYPED, VARIABLES
from testing_tracker.cli.help.page import HelpPage, kept_lines
from testing_tracker.rules.said import Looks, day_said, time_said, week_said

PACKAGE = Path(__file__).parents[2] / "testing_tracker"


def help_of(*command: str, columns: int = 80, name: str = "tt") -> list[str]:
    done = CliRunner().invoke(program, [*command, "--help"], terminal_width=columns, prog_name=name)
    assert done.exit_code == 0
    return done.output.splitlines()


def commands(command: click.Command = program, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The words of every command, groups too."""
    found = [words]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found += commands(command.get_command(context, name), (*words, name))
    return found


ALL = [*commands(), ("result", "import")]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_no_word_is_broken_and_no_line_is_too_long(words):
    """Narrow or wide, the words are the same; only one that is longer than the page stands out of it."""
    wide = help_of(*words, columns=1000)
    for columns in (38, 80):
        lines = help_of(*words, columns=columns)
        too_long = [line for line in lines if len(line) > columns and len(line.split()) > 1]
        assert [line for line in too_long if "," not in line or ", " in line] == []  # a csv file's line stays one
        assert sorted(" ".join(lines).replace(" \\ ", " ").split()) == sorted(" ".join(wide).split())
        assert [line for line in lines[1:] if re.search(r"[a-z,]\s*\.\.\.$", line)] == []


def test_every_command_is_there_once_in_its_group():
    lines = help_of()
    assert [line[:-1] for line in lines if line[:-1] in _GROUPS] == list(_GROUPS)
    start, end = lines.index(f"{next(iter(_GROUPS))}:"), lines.index("What is typed:")
    listed = [found[1] for line in lines[start:end] if (found := re.match(r"  (\w+) ", line))]
    assert sorted(listed) == sorted(_COMMANDS)


def test_a_noun_lists_its_verbs_with_their_sentences():
    text = " ".join(" ".join(help_of("participant")).split())
    assert "cancel Take back an enrolment that was a mistake, where nothing" in text


def test_it_says_the_name_by_which_it_was_called():
    """Also where the name and the command would stand on two lines."""
    for columns in range(30, 100):
        text = "\n".join(help_of("restore", columns=columns))
        assert "testing-tracker" not in text
        assert "`tt --database NEW" in " ".join(text.split())


def test_every_variable_is_told():
    """Each that the program asks the environment for; what begins like its own is so wherever it stands."""
    own = {
        name
        for file in PACKAGE.rglob("*.py")
        for name in re.findall(r"(?<!_)TESTING_TRACKER_[A-Z_]+", file.read_text("utf-8"))
    }
    asked = {
        name
        for file in PACKAGE.rglob("*.py")
        if file.parent.name != "web"  # whose `environ` is a request's
        for name in re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", file.read_text("utf-8"))
    }
    told = " ".join(f"{names} {' '.join(said)}" for names, said in VARIABLES.items())
    assert len(own) > 8
    assert "NO_COLOR" in asked
    assert [name for name in sorted((own - {"TESTING_TRACKER_"}) | asked) if not re.search(rf"\b{name}\b", told)] == []
    listed = " ".join(help_of())
    assert [name for name in own if name not in listed and name != "TESTING_TRACKER_"] == []


def test_no_variable_is_told_that_nobody_asks_for():
    text = "".join(file.read_text("utf-8") for file in PACKAGE.rglob("*.py") if file.name != "around.py")
    by_libraries = {"COLUMNS", "XDG_DATA_HOME"}
    names = {name for names in VARIABLES for name in names.split(", ")} - by_libraries
    assert [name for name in names if f'"{name}"' not in text] == []


def test_what_is_said_to_be_typed_is_understood():
    days = re.split(", | or ", TYPED["DATE"].partition(". ")[0])
    assert len(days) == 9
    for day in days:
        day_said(day, date(2026, 11, 20), Looks.BACK)
    for time in re.split(", | or ", TYPED["TIME"].partition("m,")[0] + "m"):
        assert time_said(time).hour == 9
    for week in re.split(", | or ", TYPED["WEEK"].partition(";")[0]):
        assert week_said(week, date(2026, 11, 20))


class TestFolding:
    def test_a_long_option_is_no_place_to_fold(self):
        page = HelpPage(width=24)
        page.write_text("Read what --collected-at says of A-17, or 2026-11-19 does.")
        assert page.getvalue() == "Read what --collected-at\nsays of A-17, or\n2026-11-19 does.\n"

    def test_columns_stand_below_one_another_where_they_have_no_room(self):
        lines = ["  n negative    c collected", "  name              what it is"]
        assert kept_lines(lines, 80) == lines
        assert kept_lines(lines, 20) == ["  n negative", "  c collected", "  name", "      what it is"]

    def test_a_sentence_of_several_lines_is_folded_as_one(self):
        lines = ["A code, then what its cup says; or both", "in one line.", "Another day: `A17@fri n`."]
        assert kept_lines(lines, 24) == [
            "A code, then what its",
            "  cup says; or both in",
            "  one line.",
            "Another day: `A17@fri",
            "  n`.",
        ]
