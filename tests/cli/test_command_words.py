"""Which command a word means: the near ones are named, and a beginning is taken at a terminal only."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from terminals import started

from testing_tracker.cli import program

pytestmark = pytest.mark.one_database(reason="which command is meant")

CALLED = """
import sys
sys.argv[0] = {name!r}
from testing_tracker.__main__ import main
main()
"""


def at_terminal(clinic, *arguments: str, name: str = "tt") -> tuple[str, int]:
    """What a person sees who types this at a real terminal, without its ends of lines; and the exit status."""
    words = ["--database", clinic.url, "--today", clinic.today, *arguments]
    command = [sys.executable, "-c", CALLED.format(name=name), *words]
    pid, end = started(command, 200, 24, TERM="dumb")
    seen = b""
    while True:
        try:
            data = os.read(end, 65536)
        except OSError:  # how Linux says that the terminal is not used any more
            break
        if not data:
            break
        seen += data
    os.close(end)
    return seen.decode().replace("\r\n", "\n"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def in_a_pipe(*arguments: str, name: str = "tt") -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", CALLED.format(name=name), *arguments]
    return subprocess.run(command, input="", capture_output=True, text=True, timeout=30, check=False)


class TestNearOnes:
    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            (["reslut"], "There is no command 'reslut'. Did you mean result?"),
            (["DUE"], "There is no command 'DUE'. Did you mean due?"),
            (["partcipant", "list"], "Did you mean participant?"),
            (["participant", "trasnfer"], "There is no command 'trasnfer'. Did you mean transfer?"),
            (["participant", "xyz"], "`program participant --help` lists them all."),
            (["result", "A17", "n", "--anlyte", "coc"], "'--analyte'"),
            (["--databse", "x", "due"], "'--databse'. Did you mean '--database'?"),
        ],
    )
    def test_are_named_for_commands_subcommands_and_options(self, typed, said):
        done = CliRunner().invoke(program, typed)
        assert done.exit_code == 2
        assert said in done.stderr.splitlines()[-1]

    @pytest.mark.parametrize(
        ("typed", "meant"), [(["rec", "list"], "recommendation"), (["participant", "tr"], "transfer"), (["du"], "due")]
    )
    def test_a_beginning_is_refused_with_the_command_where_nobody_reads(self, typed, meant):
        done = CliRunner().invoke(program, typed)
        assert done.exit_code == 2
        assert f"Did you mean {meant}?" in done.stderr
        assert not done.stdout


class TestAtATerminal:
    def test_a_beginning_is_taken_and_said(self, clinic):
        clinic.add("A17")
        seen, status = at_terminal(clinic, "part", "li")
        assert "Note: 'part' is tt participant.\nNote: 'li' is tt participant list.\n" in seen
        assert "A17" in seen
        assert status == 0

    def test_a_beginning_of_two_is_refused_with_both(self, clinic):
        seen, status = at_terminal(clinic, "sta")
        assert "Error: 'sta' could be staff or status; write more of it." in seen
        assert status == 2


class TestTheShortName:
    def test_usage_and_hints_are_what_one_can_type(self, clinic):
        help_page = in_a_pipe("--help")
        assert help_page.stdout.startswith("Usage: tt [OPTIONS] [COMMAND] [ARGS]...")
        assert "`tt demo`" in help_page.stdout
        wrong = in_a_pipe("--database", clinic.url, "--today", clinic.today, "result", "A17", "coccain")
        assert "did you mean cocaine? `tt analyte list` has them all." in wrong.stderr
        refused = in_a_pipe("--database", clinic.url, "--today", clinic.today, "participant", "show", "A17")
        assert (
            refused.stderr == "Error: There is no participant A17. `tt participant list` shows them all. (TRAINING)\n"
        )
        assert in_a_pipe("du").stderr.startswith("Usage: tt [OPTIONS] [COMMAND] [ARGS]...\nTry 'tt --help' for help.")

    def test_the_long_one_says_the_long_one(self, clinic):
        refused = in_a_pipe(
            "--database", clinic.url, "--today", clinic.today, "participant", "show", "A17", name="testing-tracker"
        )
        assert "`testing-tracker participant list`" in refused.stderr

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_completion_serves_both(self, shell):
        script = in_a_pipe("completion", shell).stdout
        for name in ("TESTING_TRACKER", "TT"):
            assert f"_{name}_COMPLETE={shell}_complete" in script

    def test_bash_completes_it(self, tmp_path, clinic):
        (tmp_path / "tt").write_text(
            f"#!/bin/sh\nexec {sys.executable} -c '{CALLED.format(name='tt')}' \"$@\"\n".replace("'tt'", '"tt"')
        )
        (tmp_path / "tt").chmod(0o755)
        typed = "COMP_WORDS=(tt recomm); COMP_CWORD=1; _tt_completion tt; echo ${COMPREPLY[0]}"
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        script = f'eval "$(tt completion bash)"; {typed}'
        done = subprocess.run(
            ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=30, check=True
        )
        assert done.stdout == "recommendation\n", done.stderr
