"""Every command on a server, by everybody whom it lets in under a name of their own: done, or refused in a line.

As `people/test_every_command_by_role` has it for files, but nobody pretends anything here: each command comes over a
connection of whoever typed it, with what that role was granted and the policies in force.
"""

import re
from json import loads
from pathlib import Path

import databases
import pytest
from acts import READS
from cli.test_examples import BEFORE, FRIDAY, folder_for_examples, on_a_friday, typed
from conftest import MONDAY
from people.test_every_command_by_role import NEVER_NOW, STRANGER, at_a_terminal, line_of, may, refused
from test_server_roles import PEOPLE, AtServer

from testing_tracker.rules.people.permitted import PERMITTED, THE_OWNERS_ON_A_SERVER
from testing_tracker.rules.words import Role

pytestmark = pytest.mark.postgresql_only

ROLES = (Path(__file__).parents[2] / "docs" / "roles.md").read_text(encoding="utf-8")
KNOWN = ("jdoe", "mkay")  # whom the examples name
READING = {*READS, "check", "facility list", "schedule list", "schedule show", "staff list", "status", "verify"}


@pytest.fixture(scope="module")
def kept(made_clinic, tmp_path_factory):
    """The clinic on a Friday, whose owner is no administrator, with somebody of each role; each test copies it."""
    folder = tmp_path_factory.mktemp("kept")
    clinic = AtServer(folder / "work.db", MONDAY)
    clinic.who = clinic.named("owner")
    with databases.roles_dropped_afterwards(clinic.database, [clinic.named(one) for one in PEOPLE]):
        databases.make_roles({clinic.named(one): "CREATEROLE" if one == "owner" else "" for one in PEOPLE})
        databases.make_known(KNOWN)
        databases.make_for(clinic.database, clinic.who)
        clinic("init", "--training", "--timezone", "America/Los_Angeles")
        on_a_friday(clinic, clinic.who)
        for role in Role:
            clinic("staff", "add", clinic.named(role), "--role", role)
        databases.keep(clinic.database, folder / "kept.db")
        yield AtServer(folder / "kept.db", FRIDAY, clinic.who)
        databases.drop(folder / "kept.db")


def anew(kept: AtServer) -> AtServer:
    """The clinic as it was kept, under the name that its groups have."""
    clinic = AtServer(kept.database.with_name("work.db"), kept.today, kept.who)
    databases.copy(kept.database, clinic.database)
    databases.give_to(clinic.database, kept.who)
    clinic.sql("SELECT let_staff_work()")
    return clinic


@pytest.mark.parametrize("words", sorted({*PERMITTED, ""}))
def test_it_is_for_the_roles_of_the_table(words, kept, tmp_path, monkeypatch, machine_zone):
    machine_zone("America/Los_Angeles")
    monkeypatch.setenv("TESTING_TRACKER_TODAY", FRIDAY)
    monkeypatch.setenv("TESTING_TRACKER_CHECKIN", "checkin.toml")
    if words == "decide":
        at_a_terminal(monkeypatch)
    clinic = None
    for role in (*Role, STRANGER):
        monkeypatch.chdir(folder_for_examples(tmp_path / role))
        if clinic is None:
            clinic = anew(kept)
            monkeypatch.setenv("TESTING_TRACKER_DATABASE", clinic.url)
            for command in BEFORE.get(words, ()):
                typed(command)
        who = clinic.named(role)
        monkeypatch.setenv("TESTING_TRACKER_DATABASE", clinic.as_(role).url)
        done = typed(line_of(words))
        denied = clinic.sql(f"SELECT detail FROM audit_entry WHERE act = 'access denied' AND account = '{who}'")
        if words in THE_OWNERS_ON_A_SERVER and may(words, role):
            assert (done.exit_code, done.stdout) == (1, "")
            assert re.search(f"is for the owner of the database's tables, {kept.who}, and you are {who}", done.stderr)
        elif may(words, role) and words in NEVER_NOW:
            assert (done.exit_code, done.stdout, denied) == (1, "", [])
            assert "On a day that is only pretended nothing is sent" in done.stderr
        elif may(words, role):
            assert (done.exit_code, denied) == (0, []), f"{role}: {line_of(words)}\n{done.output}"
            clinic = clinic if words in READING else None
        else:
            assert done.exit_code == 1, f"{role}: {line_of(words)}\n{done.output}"
            assert "staff add" in done.stderr
            assert "permission denied" not in done.stderr
            if role != STRANGER:
                assert [loads(detail)["command"] for (detail,) in denied] == [refused(words, role)]


@pytest.mark.parametrize("who", ["owner", *Role, STRANGER])
def test_what_makes_tables_is_the_owners(who, kept, tmp_path, monkeypatch):
    clinic = anew(kept)
    backup = tmp_path / "copy"
    clinic("backup", str(backup))
    theirs = clinic.as_(who)
    migrated, made, restored = theirs.run("migrate"), theirs.run("init"), theirs.run("restore", str(backup))
    for done in (made, restored):
        assert (done.exit_code, done.stdout) == (1, "")
        assert "permission denied" not in done.stderr
    if who == "owner":
        assert "is up to date" in migrated.stdout
    else:
        assert (migrated.exit_code, migrated.stdout) == (1, "")
        assert re.search("is for the owner of the database's tables|is not on the list", migrated.stderr)


def test_the_page_says_which_those_are():
    (line,) = re.findall(r"On a server .* takes? the owner .*", ROLES)
    assert set(re.findall("`([a-z ]+)`", line)) >= THE_OWNERS_ON_A_SERVER
