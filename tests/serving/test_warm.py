"""What a server has ready: what commands would otherwise load and compile, for plain and encrypted files."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from conftest import MONDAY, Clinic
from served import served

from testing_tracker.cli import program
from testing_tracker.serving.socket.warm import LIVED
from testing_tracker.store import sqlite_file
from testing_tracker.store.encryption import key_place

pytestmark = pytest.mark.sqlite_only("forks and sockets; a server's database is PostgreSQL's own")
DAY = [["result", "A17", "negative"], ["result", "B04", "positive", "--analyte", "cocaine"], ["due"], ["missed", "C05"]]

# A process of its own: what is warm stays so, and is frozen. What its commands compile and load is counted.
_COUNTED = """
import contextlib, json, sys
from sqlalchemy.sql.compiler import SQLCompiler
from testing_tracker.cli.command_line import run
from testing_tracker.cli import program
from testing_tracker.serving.socket.warm import warm
database, today, is_encrypted, day = json.loads(sys.argv[1])
warm(run, is_encrypted=is_encrypted)
compiled, loaded, make = [], set(sys.modules), SQLCompiler.__init__
def counted(self, *arguments, **more):
    make(self, *arguments, **more)
    compiled.append(self.string)
SQLCompiler.__init__ = counted
for words in day:
    try:
        run(["--database", database, "--today", today, *words])
    except SystemExit as left:
        assert not left.code, words
print("COUNTED", json.dumps([compiled, sorted(set(sys.modules) - loaded)]))
"""


@pytest.fixture(params=["plain", "encrypted"])
def clinic(request, tmp_path, monkeypatch) -> Clinic:
    options = ["--training", "--timezone", "America/Los_Angeles"]
    if request.param == "encrypted":
        pytest.importorskip("sqlcipher3")
        (tmp_path / "stick").mkdir()
        monkeypatch.setenv(key_place.VARIABLE, f"file:{tmp_path / 'stick' / 'key'}")
        options.append("--encrypted")
    made = Clinic(tmp_path / "clinic" / "clinic.db", MONDAY)
    made("init", *options)
    made.add("A17", "B04", "C05", "D06")
    made("draw")
    return made


def test_every_line_that_is_lived_beforehand_does_what_it_says(tmp_path):
    for day, line in LIVED:
        Clinic(tmp_path / "clinic.db", day)(*line.split())


def test_a_nurses_day_compiles_and_loads_nothing_more(clinic):
    said = json.dumps([str(clinic.database), clinic.today, sqlite_file.is_encrypted(clinic.database), DAY])
    done = subprocess.run([sys.executable, "-c", _COUNTED, said], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    compiled, loaded = json.loads(done.stdout.partition("COUNTED")[2])
    assert compiled == []
    assert loaded == []


def test_a_clinic_is_served_and_the_key_of_an_encrypted_one_is_the_servers_alone(clinic):
    others = {name: value for name, value in os.environ.items() if name != key_place.VARIABLE}
    with served(clinic) as running:
        done = running.ask("result", "A17", "positive", "--analyte", "cocaine", env=others)
        assert (done.returncode, done.stderr) == (0, "")
        assert "collected,positive" in running.ask("due", "--format", "csv", env=others).stdout
        refused = running.ask("result", "A17", "negative", env=others)
        assert refused.returncode == 1
        assert "Error: " in refused.stderr
        assert "went wrong" not in refused.stderr
    assert clinic.status("A17") == "collected positive"
    clinic("check")


def test_everybody_of_a_database_on_a_server_has_a_login_so_no_socket_stands_before_it():
    """Behind the socket all would be the account that serves it, which may do what each of them may."""
    url = "postgresql://nurse@127.0.0.1:1/clinic"
    for words in (["serve", "--socket"], ["systemd", "print", "--socket"]):
        done = CliRunner().invoke(program, ["--database", url, *words])
        assert done.exit_code == 1
        assert "login of their own" in done.stderr
