"""A server as a network has one: people log in by password or certificate, behind PgBouncer, with a standby."""

import json
import os
import subprocess
import sys

import pytest
import servers
from conftest import MONDAY, Clinic

pytestmark = pytest.mark.postgresql_only
NURSES = ("anna", "ben")
CODES = [f"{letter}{number}" for letter in "ABCD" for number in range(5)]


class OnOwnServer(Clinic):
    """A clinic on the tests' own server; `url` is whoever's is at work."""

    def __post_init__(self) -> None:
        """Its database is made by `init`."""

    url = ""


@pytest.fixture(scope="module")
def at_work(own_server, tmp_path_factory):
    """A training clinic with two nurses, who log in by password, and twenty participants who are due on Monday."""
    people = ["owner", *NURSES, "cert-nurse"]
    roles = ["CREATE ROLE owner LOGIN CREATEROLE", *(f'CREATE ROLE "{name}" LOGIN' for name in people[1:])]
    own_server.administer("CREATE ROLE with_password", *roles, "CREATE DATABASE clinic OWNER owner")
    own_server.administer(*(f"ALTER ROLE {name} PASSWORD 'pw-of-{name}'" for name in NURSES))
    own_server.administer(f"GRANT with_password TO {', '.join(NURSES)}")
    clinic = OnOwnServer(tmp_path_factory.mktemp("own") / "clinic", MONDAY)
    clinic.url = own_server.url("owner", "clinic")
    clinic("init", "--training", "--timezone", "America/Los_Angeles")
    if "owner" not in clinic("staff", "list"):
        clinic("staff", "add", "owner", "--role", "manager")
    for name in people[1:]:
        clinic("staff", "add", name, "--role", "nurse")
    clinic.add(*CODES)
    clinic("draw")
    return clinic


def at(clinic, url) -> OnOwnServer:
    other = OnOwnServer(clinic.database, clinic.today)
    other.url = url
    return other


@pytest.fixture(scope="module")
def pooled(own_server, at_work):
    if not servers.pooler():
        missing = "needs PgBouncer: apt-get install pgbouncer"
        pytest.fail(missing) if "TESTING_TRACKER_TEST_ALL" in os.environ else pytest.skip(missing)
    own_server.add_pooler({name: f"pw-of-{name}" for name in NURSES})
    return {name: own_server.url(f"{name}:pw-of-{name}", "clinic", servers.POOLED) for name in NURSES}


@pytest.fixture(scope="module")
def standby(own_server, at_work):
    own_server.add_standby()
    own_server.wait_for_standby()
    return at(at_work, own_server.url("owner", "clinic", servers.STANDBY))


class TestLoggingIn:
    def test_by_password(self, own_server, at_work):
        url = own_server.url("anna:pw-of-anna", "clinic")
        at(at_work, url)("participant", "add", "P1", "--schedule", "fixed-1", "--level", "iop")
        ((account,),) = own_server.administer(_LAST, database="clinic")
        assert account == "anna"
        said = at(at_work, own_server.url("anna:wrong", "clinic")).run("due")
        assert "Check the password" in said.stderr
        assert "wrong" not in said.stderr

    def test_by_certificate(self, own_server, at_work, certificates):
        """Its common name is the role; with it nobody logs in as somebody else."""
        theirs = own_server.certificates
        (theirs / "server.key").chmod(0o600)
        given = f"sslmode=verify-full&sslrootcert={certificates}/ca.pem&sslcert={theirs}/server.pem"
        url = f"postgresql://cert-nurse@localhost:{own_server.port}/clinic?{given}&sslkey={theirs}/server.key"
        at(at_work, url)("participant", "add", "P2", "--schedule", "fixed-1", "--level", "iop")
        assert own_server.administer(_LAST, database="clinic") == [("cert-nurse",)]
        assert at(at_work, url.replace("cert-nurse@", "owner@")).run("due").exit_code == 1


_LAST = "SELECT account FROM audit_entry ORDER BY id DESC LIMIT 1"


@pytest.fixture(scope="module")
def live(own_server, at_work, tmp_path_factory):
    """A clinic that is no training database, and the options of a URL that goes over the network."""
    if own_server.outside is None:
        missing = "needs an address that is no loopback"
        pytest.fail(missing) if "TESTING_TRACKER_TEST_ALL" in os.environ else pytest.skip(missing)
    own_server.administer("CREATE ROLE in_the_open", "GRANT in_the_open TO owner", "CREATE DATABASE live OWNER owner")
    clinic = OnOwnServer(tmp_path_factory.mktemp("live") / "live", "")
    clinic.today = ""
    clinic.url = own_server.url("owner", "live")
    clinic("init", "--timezone", "America/Los_Angeles")
    return clinic


class TestTheWayToTheServer:
    """`check` and `doctor` name a connection that others can read on its way."""

    def said(self, clinic, own_server, address, options, database="live") -> tuple[str, str]:
        url = f"postgresql://owner@{address}:{own_server.port}/{database}?{options}"
        done = at(clinic, url).run("check", "--format", "json")
        ((state, detail),) = [
            (one["state"], one["detail"]) for one in json.loads(done.stdout) if one["what"] == "connection"
        ]
        assert done.exit_code == (state == "wrong"), done.output
        doctor = at(clinic, url).run("doctor").stdout
        assert ("without TLS" in doctor) == (state == "wrong"), doctor
        return state, detail

    def test_what_leaves_the_machine_in_the_open_is_wrong(self, own_server, live):
        state, detail = self.said(live, own_server, own_server.outside, "sslmode=disable")
        assert state == "wrong"
        assert detail.startswith(f"without TLS to {own_server.outside}: ")
        assert "sslmode=verify-full" in detail
        assert "hostssl" in detail

    def test_who_makes_a_database_is_told(self, own_server, live, tmp_path):
        own_server.administer("CREATE DATABASE in_the_open OWNER owner")
        clinic = OnOwnServer(tmp_path / "in_the_open", "")
        clinic.today = ""
        clinic.url = f"postgresql://owner@{own_server.outside}:{own_server.port}/in_the_open?sslmode=disable"
        done = clinic.run("init", "--timezone", "America/Los_Angeles")
        assert f"the connection to the server goes without TLS to {own_server.outside}" in done.stderr

    def test_of_a_training_database_it_is_a_note(self, own_server, live, at_work):
        assert self.said(at_work, own_server, own_server.outside, "sslmode=disable", "clinic")[0] == "note"

    def test_encrypted_to_whoever_answers_is_a_note(self, own_server, live):
        state, detail = self.said(live, own_server, own_server.outside, "sslmode=require")
        assert (state, "sslmode=verify-full" in detail) == ("note", True)

    def test_encrypted_to_the_right_server_is_fine(self, own_server, live, certificates):
        options = f"sslmode=verify-full&sslrootcert={certificates}/ca.pem&hostaddr={own_server.outside}"
        assert self.said(live, own_server, "localhost", options)[0] == "ok"

    def test_within_the_machine_it_is_fine(self, own_server, live):
        assert self.said(live, own_server, "127.0.0.1", "sslmode=disable")[0] == "ok"
        done = live.run("check", "--format", "json")  # over the socket
        assert {one["state"] for one in json.loads(done.stdout) if one["what"] == "connection"} == {"ok"}


class TestBehindPgBouncer:
    """In transaction mode each transaction may come over another connection, and two people share two."""

    def test_a_days_work_of_several_at_once(self, own_server, at_work, pooled):
        at(at_work, pooled["anna"])("due")
        logs = []
        for number, letter in enumerate("ABCD"):
            name = NURSES[number % 2]
            lines = "".join(f"{code} {'pos coc' if code[1] == '3' else 'neg'}\n" for code in CODES if code[0] == letter)
            logs.append((name, start(pooled[name], lines, "log")))
        for _, process in logs:
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, err + out
        assert {line["status"] for line in at_work.json("due") if line["participant"] in CODES} == {"collected"}
        by = "SELECT recorded_by, count(*) FROM result GROUP BY 1 ORDER BY 1"
        assert own_server.administer(by, database="clinic") == [("anna", 10), ("ben", 10)]
        assert "All holds" in at_work("verify")
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' OR relation = 'facility'::regclass"
        assert own_server.administer(held, database="clinic") == [(0,)]

    def test_again_and_again_over_few_connections(self, at_work, pooled):
        """A statement that one connection had prepared would be unknown to the next."""
        for name in (*NURSES, *NURSES, *NURSES):
            at(at_work, pooled[name])("participant", "list")
        anna = at(at_work, pooled["anna"])
        anna("test", "A1", "--reason", "seemed ill")
        anna("draw")


def start(url: str, typed: str, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "testing_tracker", "--database", url, "--today", MONDAY, *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdin.write(typed)
    process.stdin.flush()
    return process


class TestOnAStandby:
    @pytest.mark.parametrize(
        "command",
        [
            "due", "today", "status", "verify", "check", "report network", "report outcomes", "participant list",
            "schedule list", "schedule show random-2", "recommendation list", "review list", "staff list",
            "facility list", "confirmation list",
        ],
    )  # fmt: skip
    def test_what_only_reads_works(self, standby, command):
        standby(*command.split())

    @pytest.mark.parametrize(
        "command",
        [
            "result A1 negative", "draw", "participant add Z9 --schedule fixed-1 --level iop", "report weekly",
            "facility add Ostkreuz", "staff add anna --role clinician", "key rotate --reason x", "history export",
        ],
    )  # fmt: skip
    def test_what_writes_says_that_it_is_one(self, standby, command):
        done = standby.run(*command.split())
        assert (done.exit_code, done.stdout) == (1, "")
        assert "This is a standby, which only reads" in done.stderr
        assert done.stderr.count("\n") == 1

    def test_it_follows(self, own_server, at_work, standby):
        at_work("participant", "add", "S1", "--schedule", "fixed-1", "--level", "iop")
        own_server.wait_for_standby()
        assert "S1" in standby("participant", "list")
