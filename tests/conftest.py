"""A clinic to work in: commands typed as a nurse would, on a training database that pretends the day."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import settings

from testing_tracker import chance
from testing_tracker.cli import program

settings.register_profile("same every time", derandomize=True, deadline=None, database=None)
settings.load_profile("same every time")

MONDAY = "2026-11-16"  # ISO week 47; no clock changes, no holidays


@dataclass
class Clinic:
    """A training database and the day that it is there; a live one with the real day for None."""

    database: Path
    today: str | None

    def run(self, *arguments: str, input: str | None = None) -> Result:
        """Type a command, whatever comes of it."""
        start = ["--database", str(self.database), *(["--today", self.today] if self.today else [])]
        return CliRunner().invoke(program, [*start, *arguments], input=input)

    def __call__(self, *arguments: str, input: str | None = None) -> str:
        """Type a command that works; what it prints."""
        done = self.run(*arguments, input=input)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *arguments: str):
        return json.loads(self(*arguments, "--format", "json"))

    def refused(self, *arguments: str, input: str | None = None) -> str:
        """Type a command that is refused: status 1, one line on stderr, and nothing changed."""
        before = self.contents()
        done = self.run(*arguments, input=input)
        assert done.exit_code == 1, done.output
        assert done.stdout == ""
        assert done.stderr.startswith("Error: ")
        assert self.contents() == before
        return done.stderr.removeprefix("Error: ").strip().removesuffix(" (TRAINING)")

    def json_of_refused(self, *arguments: str) -> list[tuple]:
        """Type a `verify` that is refused: what it says does not hold, by day, participant and what."""
        done = self.run(*arguments, "--format", "json")
        assert done.exit_code == 1, done.output
        return [tuple(problem.values()) for problem in json.loads(done.stdout)["problems"]]

    def contents(self) -> list[str]:
        """Every row of the database, as text."""
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(self.database)) as connection:
            return list(connection.iterdump())

    def rows(self, query: str) -> list[tuple]:
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()

    def add(self, *codes: str, schedule: str = "fixed-2", level: str = "iop", **options: str) -> None:
        more = [part for name, value in options.items() for part in (f"--{name}", value)]
        for code in codes:
            self("participant", "add", code, "--schedule", schedule, "--level", level, *more)

    def status(self, code: str, on: str = "today") -> str:
        """What has become of a participant's draw of a day, with its outcome; `none` where there is none."""
        found = [line for line in self.json("due", "--on", on) if line["participant"] == code]
        return " ".join(filter(None, (found[0]["status"], found[0]["outcome"]))) if found else "none"


@pytest.fixture(autouse=True)
def _no_settings_of_the_tester(monkeypatch):
    for name in ("DATABASE", "TODAY", "DEBUG", "KEY_FILE", "ANALYTES", "DELIVERY"):
        monkeypatch.delenv(f"TESTING_TRACKER_{name}", raising=False)


@pytest.fixture(scope="session", autouse=True)
def _the_same_draws_every_time():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chance, "new_seed", lambda: bytes(range(32)))
        yield


@pytest.fixture(scope="session")
def made_clinic(tmp_path_factory) -> Path:
    """A fresh database and its key, made once; each test works on a copy."""
    database = tmp_path_factory.mktemp("clinic") / "clinic.db"
    Clinic(database, MONDAY)("init", "--training", "--timezone", "America/Los_Angeles")
    return database


@pytest.fixture
def clinic(made_clinic, tmp_path) -> Clinic:
    """A clinic on a Monday morning, with nobody enrolled."""
    clinic = Clinic(tmp_path / "clinic.db", MONDAY)
    for made, copy in ((made_clinic, clinic.database), (key_of(made_clinic), key_of(clinic.database))):
        shutil.copy(made, copy)  # with its mode
    return clinic


def key_of(database: Path) -> Path:
    """Where a database's key is."""
    return database.with_name(f"{database.name}.key")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Path:
    """A mail server's certificate and the authority that it is from."""
    import post_office

    return post_office.make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=["tls", "starttls"])
def office(request, certificates):
    """A mail server that is open, in both ways of TLS."""
    from post_office import PostOffice

    office = PostOffice(certificates, starttls=request.param == "starttls")
    office.open()
    yield office
    office.close()


@pytest.fixture
def machine_zone():
    """Sets the machine's own timezone."""
    import tzlocal

    with pytest.MonkeyPatch.context() as patch:

        def set_zone(name: str) -> None:
            patch.setenv("TZ", name)
            tzlocal.reload_localzone()

        yield set_zone
    tzlocal.reload_localzone()


@pytest.fixture(scope="session")
def forks(tmp_path_factory):
    """Runs the program in processes of their own that need not load it first."""
    from faults.forks import Forks

    with Forks(tmp_path_factory.mktemp("forks")) as forks:
        yield forks
