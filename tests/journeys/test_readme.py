"""The README's sessions are typed as they stand there, and print what they say there."""

import re
import shlex
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from freezegun import freeze_time

from testing_tracker import account
from testing_tracker.cli import _COMMANDS, program

pytestmark = pytest.mark.sqlite_only(reason="the README's clinic is a file")

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^\$ testing-tracker (.*)\n((?:[^$\n].*\n|\n)*)", re.MULTILINE)
SESSIONS = re.findall(r"<!-- at (.+?) -->\n\n```console\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def nurse(tmp_path, monkeypatch):
    """A nurse at a live database in her home folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TESTING_TRACKER_DATABASE", "clinic.db")
    monkeypatch.setattr("testing_tracker.acting.current_account", lambda: "nurse")
    assert account.current_account()
    return CliRunner()


def test_the_sessions_print_what_the_readme_says(nurse):
    assert len(SESSIONS) >= 5
    for moment, session in SESSIONS:
        with freeze_time(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("America/Los_Angeles"))):
            for command, expected in COMMAND.findall(session):
                done = nurse.invoke(program, shlex.split(command), catch_exceptions=False)
                assert plain(done.output) == plain(expected.replace("~/clinic.db", f"{Path.cwd()}/clinic.db")), command


def plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_every_command_is_in_the_readme(command):
    assert f"`{command}" in README or f"testing-tracker {command}" in README
