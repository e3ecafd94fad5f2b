"""The manual page: all that `--help` says, as troff that every `man` reads; the one that is installed is today's."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from testing_tracker.cli import program
from testing_tracker.cli.help.around import EXIT_STATUSES, FILES, TYPED, VARIABLES
from testing_tracker.cli.help.examples import called, examples_of
from testing_tracker.cli.help.man_page import escaped

PROJECT = Path(__file__).parents[2]
REQUESTS = {".TH", ".SH", ".SS", ".PP", ".TP", ".RS", ".RE", ".nf", ".fi", ".nh", ".ad"}


@pytest.fixture(scope="module")
def page() -> str:
    done = CliRunner().invoke(program, ["manual"])
    assert done.exit_code == 0
    return done.output


def read(page: str) -> str:
    """What a reader sees: the letters, without the orders to troff."""
    lines = [re.sub(r"^\.(SH|SS) ", "", line) for line in page.splitlines()]
    text = " ".join(line for line in lines if not line.startswith("."))
    text = re.sub(r"\\f[BR]|\\&", "", text)
    for sign, letter in ((r"\-", "-"), (r"\(aq", "'"), (r"\(ga", "`"), (r"\(ha", "^"), (r"\(ti", "~"), (r"\e", "\\")):
        text = text.replace(sign, letter)
    return " ".join(re.sub(r"\\\[u(\w{4})\]", lambda found: chr(int(found[1], 16)), text).split())


def test_the_one_in_the_project_is_as_it_is_printed(page):
    kept = (PROJECT / "docs" / "testing-tracker.1").read_text("utf-8")
    assert kept == page, "print it anew: testing-tracker manual > docs/testing-tracker.1"
    assert (PROJECT / "docs" / "tt.1").read_text("utf-8") == ".so man1/testing-tracker.1\n"


def test_whoever_installs_the_program_has_it_under_both_names():
    wheel = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    for name in ("testing-tracker", "tt"):
        assert wheel["shared-data"][f"docs/{name}.1"] == f"share/man/man1/{name}.1"


def test_it_is_the_same_at_any_terminal_and_for_both_names(page, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert CliRunner().invoke(program, ["manual"], prog_name="tt", terminal_width=200).output == page


def test_every_command_option_and_example_is_in_it(page):
    text = read(page)
    for words in called():
        for example in examples_of(words):
            assert f" {example} " in f"{text} ".replace(" \\ ", " ")
        command: click.Command = program
        context = click.Context(program)
        for word in words.split():
            below = command.get_command(context, word) if isinstance(command, click.Group) else None
            command, context = below or command, click.Context(below or command, parent=context)
        assert " ".join(words.split()) in text
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
            assert record is None or " ".join(f"{record[0]} {record[1]}".replace("`", "").split()) in text


def test_variables_files_and_exit_statuses_are_in_it(page):
    text = read(page)
    for name, said in {**TYPED, **VARIABLES, **FILES, **EXIT_STATUSES}.items():
        assert f"{name} {said if isinstance(said, str) else ' '.join(said)}".replace("`", "") in text


def test_nothing_of_a_text_is_an_order_to_troff(page):
    assert page.isascii()
    for line in page.splitlines():
        assert not line.startswith("'")
        assert not line.startswith(".") or line.split()[0] in REQUESTS, line
        assert re.sub(r"\\(?:f[BR]|&|-|e|\((?:aq|ga|ha|ti)|\[u[0-9A-F]{4}\])", "", line).count("\\") == 0, line
        assert not re.search(r"(?<!\\)-", line), line  # a bare one is a typographic hyphen, and cannot be pasted


@pytest.mark.parametrize(
    ("text", "troff"),
    [
        (".toml files", r"\&.toml files"),
        ("'a' and \\b", r"\&\(aqa\(aq and \eb"),
        ("say `tt due --on mon`", r"say \fBtt due \-\-on mon\fR"),
        ("a … b", r"a \[u2026] b"),
    ],
)
def test_what_troff_would_read_otherwise_is_escaped(text, troff):
    assert escaped(text) == troff


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff is installed")
def test_it_is_set_without_a_complaint(page):
    """At a narrow terminal too; what can be pasted has the signs that were typed."""
    for columns in ("60n", "80n"):
        groff = ["groff", "-man", "-Tutf8", "-ww", "-P-cbou", f"-rLL={columns}"]
        done = subprocess.run(groff, input=page, capture_output=True, text=True, check=True, timeout=60)
        assert [line for line in done.stderr.splitlines() if "break line" not in line] == []
        assert "tt participant add C30 --schedule random-2 --level iop" in done.stdout
