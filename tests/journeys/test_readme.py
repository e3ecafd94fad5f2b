"""The sessions of the README and of its four pages are typed as they stand there, and print what they say there."""

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from freezegun import freeze_time

from testing_tracker.cli import _COMMANDS, program

pytestmark = pytest.mark.sqlite_only(reason="the pages' clinics are files")

PROJECT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/nurse.md", "docs/clinician.md", "docs/manager.md", "docs/administrator.md"]
BLOCK = re.compile(
    r"(?:<!-- at (?P<at>.+?) -->\n\n)?```console\n(?P<session>.*?)```"
    r"|<!-- file (?P<file>\S+) -->\n\n```\w*\n(?P<content>.*?)```",
    re.DOTALL,
)
QUESTION = re.compile(r"^(?:TRAINING )?(code|\S+ \(.+\)): (.*)\n", re.MULTILINE)
SAID_TO_A_TERMINAL_ONLY = re.compile(r"awaited\. Type or scan|: \S+, due\.")
LINES_THAT_A_PIPE_JOINS = re.compile(r" (Recommendation \d)")
TYPED = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Reader:
    """Somebody who types a page word for word, in a home folder of their own, as the account `nurse`."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home, self.patch, self.hand = home, patch, CliRunner()
        patch.chdir(home)
        patch.setattr("testing_tracker.store.work.current_account", lambda: "nurse")
        patch.setenv("USER", "nurse")

    def types(self, page: str) -> Iterator[tuple[str, str, str]]:
        """Each command of a page, what the page says that it prints, and what it printed."""
        for block in BLOCK.finditer(page):
            if block["file"]:
                (self.home / block["file"]).write_text(block["content"], encoding="utf-8")
                continue
            for command, expected in TYPED.findall(block["session"]):
                with self.clock(block["at"]):
                    if command.endswith(" log"):
                        answers, expected = the_conversation(expected)
                        printed = LINES_THAT_A_PIPE_JOINS.sub("\n\\1", self.printed(command, answers))
                    else:
                        printed = self.printed(command)
                yield command, expected, printed.replace(f"{self.home}/", "~/")

    def clock(self, at: str | None):
        """On a live database the time that the page names; a training database pretends its day by itself."""
        if at is None:
            return nullcontext()
        return freeze_time(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("America/Los_Angeles")))

    def printed(self, command: str, answers: str | None = None) -> str:
        word, *rest = (os.path.expandvars(word).replace("~/", f"{self.home}/") for word in shlex.split(command))
        if word == "export":
            for setting in rest:
                self.patch.setenv(*setting.split("=", 1))
            return ""
        assert word == "testing-tracker", f"nobody can type this here: {command}"
        return self.hand.invoke(program, rest, input=answers, catch_exceptions=False).output


def the_conversation(session: str) -> tuple[str, str]:
    """What is typed in a `log` session, a line a cup as from a pipe, and what is said to it there."""
    lines: list[str] = []
    for question, answer in QUESTION.findall(session):
        if question == "code":
            lines.append(answer)
        else:
            lines[-1] += f" {answer}"
    told = [line for line in QUESTION.sub("", session).splitlines() if not SAID_TO_A_TERMINAL_ONLY.search(line)]
    return "\n".join(lines), "\n".join(told).replace("TRAINING Recommendation", "Recommendation")


@pytest.mark.parametrize("name", PAGES)
def test_the_sessions_print_what_the_page_says(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTING_TRACKER_DATABASE", f"{tmp_path}/clinic.db")
    typed = 0
    for command, expected, printed in Reader(tmp_path, monkeypatch).types((PROJECT / name).read_text("utf-8")):
        assert plain(printed) == plain(expected), command
        typed += 1
    assert typed >= 5


def plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_longer_than_one_reads(name):
    assert len((PROJECT / name).read_text("utf-8").splitlines()) <= (200 if name == "README.md" else 220)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name):
    page = PROJECT / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert links
    for link in links:
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_every_command_is_on_one_of_the_pages(command):
    pages = [(PROJECT / name).read_text("utf-8") for name in PAGES]
    assert any(f"`{command}" in page or f"testing-tracker {command}" in page for page in pages)
