"""`--help` names every command once, in groups, with its whole sentence, on 80 columns."""

import re

import click
from click.testing import CliRunner

from testing_tracker.cli import _COMMANDS, _GROUPS, program


def help_of(*command: str) -> list[str]:
    done = CliRunner().invoke(program, [*command, "--help"], terminal_width=80)
    assert done.exit_code == 0
    return done.output.splitlines()


def test_no_sentence_is_cut_off_and_no_line_is_too_long():
    commands = {name: program.get_command(click.Context(program), name) for name in _COMMANDS}
    nouns = [name for name, command in commands.items() if isinstance(command, click.Group)]
    assert len(nouns) > 10
    for noun in ([], *([name] for name in nouns)):
        lines = help_of(*noun)
        assert max(map(len, lines)) <= 80
        assert [line for line in lines[1:] if line.rstrip().endswith("...")] == []


def test_every_command_is_there_once_in_its_group():
    lines = help_of()
    assert [line[:-1] for line in lines if line[:-1] in _GROUPS] == list(_GROUPS)
    listed = [
        found[1] for line in lines[lines.index(f"{next(iter(_GROUPS))}:") :] if (found := re.match(r"  (\w+) ", line))
    ]
    assert sorted(listed) == sorted(_COMMANDS)


def test_a_noun_lists_its_verbs_with_their_sentences():
    text = " ".join(" ".join(help_of("participant")).split())
    assert "cancel Take back an enrolment that was a mistake, where nothing" in text
