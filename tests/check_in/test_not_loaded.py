"""Where no rule of checking in was ever in force, nothing of it is loaded: the call list is as fast as it was."""

import os
import subprocess
import sys

import databases
import pytest
from checked_in import CheckedIn

ONLY_WITH_A_RULE = (
    "testing_tracker.store.tables.check_in",
    "testing_tracker.services.check_in.rules_in_force",
    "testing_tracker.services.check_in.who_is_told",
    "testing_tracker.web",
)

pytestmark = [
    pytest.mark.skipif(databases.SERVER is not None, reason="a server's file is asked in the same way"),
    pytest.mark.skipif(databases.ENCRYPTED, reason="an encrypted file is asked in the same way"),
]


def loaded_by(clinic, *words: str) -> set[str]:
    """The modules that a command loads, in a process of its own."""
    given = ["--database", clinic.url, "--today", clinic.today, *words]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "testing_tracker", *given],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr[-600:]
    return {line.split("|")[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("words", [("due",), ("today",), ("result", "A17", "negative")], ids=" ".join)
def test_without_a_rule_a_command_loads_nothing_of_checking_in(clinic, words):
    clinic.add("A17")
    clinic("draw")
    assert loaded_by(clinic, *words).isdisjoint(ONLY_WITH_A_RULE)


def test_with_a_rule_the_call_list_asks_who_is_told(clinic):
    clinic.add("A17")
    CheckedIn(clinic).rule("2026-11-17")
    clinic.today = "2026-11-17"
    assert "testing_tracker.services.check_in.rules_in_force" in loaded_by(clinic, "due")
