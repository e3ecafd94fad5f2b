"""Shell completion: what it offers, and that neither a key press nor a help page waits for the database library."""

import os
import subprocess
import sys

import pytest
from conftest import acting_as

from testing_tracker.account import current_account
from testing_tracker.cli import _COMMANDS

pytestmark = pytest.mark.one_database(reason="what a shell is offered")

RUN = """
import sys
sys.argv[0] = "testing-tracker"
from testing_tracker.__main__ import main
try:
    main()
finally:
    print([name for name in ("sqlmodel", "sqlalchemy", "rich", "apscheduler") if name in sys.modules], file=sys.stderr)
"""


def run(*arguments, **environment):
    """Run the program in a process of its own; what it prints, and which heavy libraries it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.strip()


def offered(database, *words):
    """What bash is offered for the last of the words; nothing heavy may be loaded for it."""
    typed = ["testing-tracker", "--database", str(database), *words]
    printed, heavy = run(
        _TESTING_TRACKER_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(typed),
        COMP_CWORD=str(len(typed) - 1),
    )
    assert heavy == "[]"
    return [line.partition(",")[2] for line in printed.splitlines() if line]


@pytest.fixture
def database(clinic):
    clinic.add("A17", "a18", schedule="fixed-2")
    clinic.add("B2", schedule="fixed-1")  # not due on a Monday
    clinic("draw")
    clinic("result", "A17", "negative")
    return clinic.url


def test_commands(database):
    everything = offered(database, "")
    assert {"due", "draw", "result", "recommendation", "completion"} <= set(everything)
    assert offered(database, "rec") == ["recommendation"]


def test_participant_codes_in_any_case(database):
    assert offered(database, "participant", "show", "") == ["A17", "a18", "B2"]
    assert offered(database, "participant", "show", "A") == ["A17", "a18"]


def test_result_offers_those_whose_draw_is_open(database):
    assert offered(database, "result", "") == ["a18"]
    assert offered(database, "result", "a18", "pos") == ["positive"]


def test_schedule_names(database):
    assert offered(database, "participant", "set-schedule", "A17", "random") == ["random-1", "random-2", "random-3"]


def test_who_may_not_list_them_is_offered_none(database, clinic):
    clinic("staff", "add", "nurse-7", "--role", "manager")
    clinic("staff", "add", current_account(), "--role", "clinician")
    assert offered(database, "participant", "show", "") == ["A17", "a18", "B2"]
    with acting_as("nurse-7"):
        clinic("staff", "remove", current_account(), "--role", "manager")
        clinic("staff", "remove", current_account(), "--role", "clinician")
    for words in (("participant", "show"), ("result",), ("participant", "set-schedule", "A17")):
        assert offered(database, *words, "") == [], words  # the nights need none of these
    assert offered(database, "--facility", "") != []
    with acting_as("nurse-7"):
        clinic("staff", "remove", current_account(), "--role", "nights")
    assert offered(database, "--facility", "") == []
    assert offered(database, "due", "--fo") == ["--format"]


def test_where_facilities_share_a_database_each_is_offered_its_own(database, clinic):
    clinic("facility", "add", "Ostkreuz")
    clinic("--facility", "Ostkreuz", "participant", "add", "Z9", "--schedule", "fixed-2", "--level", "iop")
    assert offered(database, "--facility", "ostkreuz", "participant", "show", "") == ["Z9"]
    assert offered(database, "--facility", "1", "participant", "show", "") == ["A17", "a18", "B2"]
    assert offered(database, "participant", "show", "") == []
    assert offered(database, "--facility", "Ost") == ["Ostkreuz"]


def test_analytes(database):
    assert "cocaine" in offered(database, "result", "a18", "positive", "--analyte", "co")


def test_without_a_database_there_is_nothing_to_offer_and_nothing_is_made(tmp_path):
    assert offered(tmp_path / "none.db", "participant", "show", "") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_the_program(shell):
    script, heavy = run("completion", shell)
    assert f"_TESTING_TRACKER_COMPLETE={shell}_complete" in script
    assert heavy == "[]"


def test_bash_takes_the_script():
    script, _ = run("completion", "bash")
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in sorted(_COMMANDS))])
def test_help_loads_nothing_heavy(arguments):
    printed, heavy = run(*arguments)
    assert printed
    assert heavy == "[]"


def test_numbers_of_what_waits_and_whose_it_is(database, clinic):
    clinic("result", "a18", "positive", "--analyte", "cocaine")
    assert offered(database, "recommendation", "accept", "") == ["1", "a18"]
    assert offered(database, "recommendation", "show", "A") == ["a18"]
    assert offered(database, "recommendation", "reopen", "") == []
    clinic("recommendation", "decline", "1", "--reason", "talked")
    assert offered(database, "recommendation", "accept", "") == []
    assert offered(database, "recommendation", "reopen", "") == ["1", "a18"]
    assert offered(database, "review", "done", "") == []
