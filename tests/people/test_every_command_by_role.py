"""Every command, typed by every role and by somebody who is not on the list: done or refused as the table has it.

What is typed are the examples of the help, in the clinic that `test_examples` makes for them.
"""

from json import loads
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace

import pytest
from cli.test_examples import ALL, BEFORE, LIVE, at_work, busy, examples_of, typed  # noqa: F401  two are fixtures
from conftest import Clinic, acting_as

from testing_tracker.rules.people.permitted import (
    NIGHTS_NEED,
    OF_ANOTHER,
    PERMITTED,
    WHOEVER_OWNS_THE_FILE,
    WITHOUT_RECORDS,
    roles_for,
)
from testing_tracker.rules.words import FIRST, LINE, Role

pytestmark = pytest.mark.sqlite_only(reason="on a server the account is the one that logged in, which no test pretends")

STRANGER = "stranger"
LINES = {"": "", LINE: "A17 n"}
READS = {"report print", "report export", "proof write"}  # what an auditor's reading puts on record
BY_ANOTHER = ("amend", "swap")  # the examples correct what somebody else recorded yesterday
FREE = WHOEVER_OWNS_THE_FILE | WITHOUT_RECORDS
TAKES_LONG = {"demo"}  # and makes a database of its own
NEVER_NOW = {"notice send"}  # check-in has closed by then; tests/check_in/test_notice_commands.py


def line_of(words: str) -> str:
    """What is typed behind the program's name."""
    return LINES[words] if words in LINES else examples_of(words)[0].removeprefix("tt ")


def may(words: str, role: str) -> bool:
    what = OF_ANOTHER if words in BY_ANOTHER else words or FIRST
    return words in FREE or (role != STRANGER and (Role(role) in roles_for(what) or _runs_by_itself(words, role)))


def _runs_by_itself(words: str, role: str) -> bool:
    return words in NIGHTS_NEED and role in (Role.MANAGER, Role.NIGHTS)


@pytest.fixture
def staffed_clinic(at_work: Clinic) -> Clinic:  # noqa: F811
    """Somebody of each role is on the list, and somebody is not."""
    for role in Role:
        at_work("staff", "add", role, "--role", role)
    return at_work


TRIED = {*PERMITTED, *WHOEVER_OWNS_THE_FILE, *WITHOUT_RECORDS, ""} - TAKES_LONG - NEVER_NOW


@pytest.mark.parametrize("words", sorted(TRIED))
def test_it_is_for_the_roles_of_the_table(words, staffed_clinic, tmp_path, monkeypatch):
    if words == "decide":
        at_a_terminal(monkeypatch)
    here = Path.cwd()
    for role in (*Role, STRANGER):
        monkeypatch.chdir(copytree(here, tmp_path / role))
        clinic = staffed_clinic.copy(tmp_path / f"{role}.db")
        monkeypatch.setenv("TESTING_TRACKER_DATABASE", str(clinic.database))
        for command in BEFORE.get(words, ()):
            typed(command)
        line = line_of(words)
        with pytest.MonkeyPatch.context() as patch, acting_as(role):
            if words in LIVE:
                patch.delenv("TESTING_TRACKER_TODAY")
            done = typed(line)
        denied = clinic.rows("SELECT account, detail FROM audit_entry WHERE act = 'access denied'")
        if may(words, role):
            assert (done.exit_code, denied) == (0, []), f"{role}: {line}\n{done.output}"
            assert role != Role.AUDITOR or words in FREE or acts_of(clinic, role) <= READS
        else:
            assert done.exit_code == 1, f"{role}: {line}\n{done.output}"
            assert "staff add" in done.stderr
            ((account, detail),) = denied
            assert (account, loads(detail)["command"]) == (role, refused(words, role))


def refused(words: str, role: str) -> str:
    """What an account is refused: the command, what it may do besides, or to look whose code stands in its place."""
    if words in BY_ANOTHER and role == Role.NURSE:
        return OF_ANOTHER
    return FIRST if words == LINE and not may(FIRST, role) else words or FIRST


def acts_of(clinic: Clinic, account: str) -> set[str]:
    return {act for (act,) in clinic.rows(f"SELECT act FROM audit_entry WHERE account = '{account}'")}


def at_a_terminal(monkeypatch) -> None:
    """Where somebody leaves at once."""

    def leave() -> str:
        raise EOFError

    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("testing_tracker.cli.decide.sys", terminal)
    monkeypatch.setattr("testing_tracker.cli.decide.prompt", lambda question: leave)


def test_what_is_tried_here_is_all_there_is():
    assert {words for words in ALL if examples_of(words)} >= PERMITTED.keys() - {LINE}
