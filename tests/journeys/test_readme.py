"""The sessions of the README and of its pages are typed as they stand there, and print what they say there."""

import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner
from freezegun import freeze_time

from testing_tracker.cli import _COMMANDS, program
from testing_tracker.rules.keeping.stuck import Matter
from testing_tracker.serving.events import Event

pytestmark = pytest.mark.sqlite_only(reason="the pages' clinics are files")

PROJECT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    *(
        f"docs/{page}.md"
        for page in (
            *("nurse", "clinician", "manager", "administrator", "spreadsheets", "socket", "encryption"),
            "checkin",
        )
    ),
]
QUESTION = " Right? [y/N]: "
BLOCK = re.compile(
    r"(?:<!-- at (?P<at>.+?) -->\n\n)?```console\n(?P<session>.*?)```"
    r"|<!-- file (?P<file>\S+) -->\n\n```\w*\n(?P<content>.*?)```",
    re.DOTALL,
)
TYPED = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Reader:
    """Somebody who types a page word for word, in a home folder of their own, as the account `nurse`."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home, self.patch, self.hand = home, patch, CliRunner()
        patch.chdir(home)
        patch.setattr("testing_tracker.store.work.current_account", lambda: "nurse")
        patch.setenv("USER", "nurse")
        patch.setenv("COLUMNS", "120")
        patch.setenv("LINES", "40")

    def types(self, page: str) -> Iterator[tuple[str, str, str]]:
        """Each command of a page, what the page says that it prints, and what it printed."""
        for block in BLOCK.finditer(page):
            if block["file"]:
                (self.home / block["file"]).write_text(block["content"], encoding="utf-8")
                continue
            for command, expected in TYPED.findall(block["session"]):
                with self.clock(block["at"]), self.at_a_terminal(expected):
                    printed = self.printed(command, "y\n" if QUESTION in expected else None)
                yield command, expected, printed.replace(f"{self.home}/", "~/")

    def clock(self, at: str | None):
        """On a live database the time that the page names; a training database pretends its day by itself."""
        if at is None:
            return nullcontext()
        return freeze_time(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("America/Los_Angeles")))

    @contextmanager
    def at_a_terminal(self, session: str) -> Iterator[None]:
        """Whoever is asked answers what the page has behind the question; the screen has 120 columns."""
        terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True), stdout=sys.stdout, stderr=sys.stderr)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("prompt_toolkit.PromptSession", lambda **_: Typist(session))
            if QUESTION in session:
                patch.setattr("testing_tracker.cli.desk.asking.sys", terminal)
            for conversation in ("log", "decide"):
                patch.setattr(f"testing_tracker.cli.{conversation}.sys", terminal)
            yield

    def printed(self, command: str, answers: str | None = None) -> str:
        word, *rest = (os.path.expandvars(word).replace("~/", f"{self.home}/") for word in shlex.split(command))
        if word == "export":
            for setting in rest:
                self.patch.setenv(*setting.split("=", 1))
            return ""
        if word == "mkdir":
            Path(*rest).mkdir()
            return ""
        assert word in ("testing-tracker", "tt"), f"nobody can type this here: {command}"
        return self.hand.invoke(program, rest, input=answers, catch_exceptions=False, prog_name=word).output


class Typist:
    """Whoever types in a session of `log` or `decide`: what the page has behind each question."""

    def __init__(self, session: str) -> None:
        self.left = f"\n{session}"
        keys = SimpleNamespace(before_key_press=SimpleNamespace(add_handler=lambda _: None))
        self.app = SimpleNamespace(key_processor=keys)

    def prompt(self, question: str, **_: object) -> str:
        _, asked, after = self.left.partition(f"\n{question}")
        if not asked:
            raise EOFError  # the page does not have this question
        answer, _, self.left = after.partition("\n")
        self.left = f"\n{self.left}"
        click.echo(f"{question}{answer}")
        return answer


@pytest.mark.parametrize("name", PAGES)
def test_the_sessions_print_what_the_page_says(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTING_TRACKER_DATABASE", f"{tmp_path}/clinic.db")
    typed = 0
    for command, expected, printed in Reader(tmp_path, monkeypatch).types((PROJECT / name).read_text("utf-8")):
        assert plain(printed) == plain(expected), command
        typed += 1
    assert typed >= 5


def plain(text: str) -> str:
    text = re.sub(r"page \d+ [0-9a-f]{64}", "page N …", text)  # a digest of all that is on record, and of when
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


def test_the_page_about_operations_has_every_matter_of_doctor_and_every_event_of_serve():
    page = (PROJECT / "docs" / "operations.md").read_text("utf-8")
    rows = {word for row in re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE) for word in row.split(", ")}
    assert {*Matter, *(f"`{event}`" for event in Event)} - rows == set()
