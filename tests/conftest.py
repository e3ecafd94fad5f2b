"""A clinic to work in: commands typed as a nurse would, on a training database that pretends the day."""

import gc
import json
import os
import re
import shlex
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import databases
import pytest
from click.testing import CliRunner, Result
from databases import key_of as key_of
from hypothesis import settings

from testing_tracker import chance
from testing_tracker.cli import program
from testing_tracker.store.location import locate
from testing_tracker.store.tables import check_in  # noqa: F401  no table can be declared while time is frozen

settings.register_profile("same every time", derandomize=True, deadline=None, database=None)
settings.load_profile("same every time")
# Ten times the examples, others each time: `python -m pytest --hypothesis-profile thorough`, for a night.
settings.register_profile("thorough", deadline=None, database=None, max_examples=1_000, print_blob=True)


def is_thorough() -> bool:
    """Whether the tests were asked to take a night."""
    return settings.default is settings.get_profile("thorough")


def examples(number: int, **more: object) -> settings:
    """So many examples of a property that takes long to try, and ten times as many for a night."""
    return settings(max_examples=number * 10 if is_thorough() else number, **more)


MONDAY = "2026-11-16"  # ISO week 47; no clock changes, no holidays


@dataclass
class Clinic:
    """A training database and the day that it is there; a live one with the real day for None."""

    database: Path  # of a database on a server, what the tests call it by
    today: str | None

    def __post_init__(self) -> None:
        databases.make_room(self.database)

    def run(self, *arguments: str, input: str | None = None) -> Result:
        """Type a command, whatever comes of it."""
        start = ["--database", self.url, *(["--today", self.today] if self.today else [])]
        if databases.ENCRYPTED and arguments[:1] == ("init",) and "--encrypted" not in arguments:
            arguments = (*arguments, "--encrypted")
        return CliRunner().invoke(program, [*start, *arguments], input=input)

    def __call__(self, *arguments: str, input: str | None = None) -> str:
        """Type a command that works; what it prints."""
        if "staff" in arguments and arguments[arguments.index("staff") + 1] == "add":
            databases.make_known([arguments[arguments.index("add") + 1]])  # a server lets in only whom it knows
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

    def as_pasted(self, command: str) -> str:
        """A command as it is printed to be pasted into any shell: with which database it is for, and the day."""
        given = ["--database", self.url, *(["--today", self.today] if self.today else [])]
        return command.replace("testing-tracker ", f"testing-tracker {shlex.join(given)} ")

    @property
    def url(self) -> str:
        """What `--database` takes."""
        return databases.url_of(self.database)

    @property
    def location(self):
        return locate(self.url)

    def copy(self, database: Path) -> "Clinic":
        """The same clinic once more, in another database."""
        databases.copy(self.database, database)
        return Clinic(database, self.today)

    def contents(self) -> list[str]:
        """Every row of the database, as text."""
        return databases.contents(self.database)

    def rows(self, query: str) -> list[tuple]:
        """The rows of a query; cells as SQLite keeps them, on whatever database."""
        return databases.rows(self.database, query)

    def change(self, *statements: str) -> int:
        """Change records as somebody who may do everything with the database; how many rows were changed."""
        return databases.change(self.database, *statements)

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
    names = ("DATABASE", "FACILITY", "TODAY", "DEBUG", "KEY_FILE", "ANALYTES", "DELIVERY", "WEB", "CHECKIN")
    names = (*names, "LOG_FORMAT", "LONGEST_GAP")
    for name in (*names, *([] if databases.ENCRYPTED else ["ENCRYPTION_KEY"])):
        monkeypatch.delenv(f"TESTING_TRACKER_{name}", raising=False)


@pytest.fixture(scope="session", autouse=True)
def _the_same_draws_every_time():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chance, "new_seed", lambda: bytes(range(32)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_databases():
    """Commands share compiled statements, and no database waits for the disk; see `databases.quick`."""
    with pytest.MonkeyPatch.context() as patch:
        databases.quick(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_stick_with_the_key(tmp_path_factory):
    if databases.ENCRYPTED:
        os.environ["TESTING_TRACKER_ENCRYPTION_KEY"] = f"file:{tmp_path_factory.mktemp('stick') / 'key'}"


@pytest.fixture(scope="session")
def made_clinic(tmp_path_factory) -> Path:
    """A fresh database and its key, made once; each test works on a copy."""
    database = tmp_path_factory.mktemp("clinic") / "clinic.db"
    Clinic(database, MONDAY)("init", "--training", "--timezone", "America/Los_Angeles")
    return database


@pytest.fixture
def clinic(made_clinic, tmp_path) -> Clinic:
    """A clinic on a Monday morning, with nobody enrolled."""
    databases.copy(made_clinic, tmp_path / "clinic.db")
    return Clinic(tmp_path / "clinic.db", MONDAY)


@contextmanager
def acting_as(account: str):
    """Whatever is typed in the block is typed by another account."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("testing_tracker.store.work.current_account", lambda: account)
        yield


def denied(clinic: Clinic, *arguments: str, input: str | None = None) -> str:
    """Type a command that the account acting may not do: refused in a line, and nothing changed but that it is on
    record. The line ends with whom to ask."""
    before = clinic.contents()
    done = clinic.run(*arguments, input=input)
    assert (done.exit_code, done.stdout) == (1, ""), done.output
    assert [row for row in clinic.contents() if row not in before and not re.search("access denied|ledger", row)] == []
    said = done.stderr.removeprefix("Error: ").strip().removesuffix(" (TRAINING)")
    assert re.search(r"(is not on the list of those|takes an? ).*\. (Ask|You may) .* staff add .*\.$", said)
    return said


def made_once(live):
    """A fixture of the clinic after what a function has it live through: once in a run; later tests get a copy."""
    made: list[Clinic] = []

    @pytest.fixture(name=live.__name__)
    def after(clinic, tmp_path_factory) -> Clinic:
        if made:
            databases.copy(made[0].database, clinic.database)
            clinic.today = made[0].today
        else:
            live(clinic)
            kept = tmp_path_factory.mktemp("made once") / "clinic.db"
            databases.keep(clinic.database, kept)
            made.append(Clinic(kept, clinic.today))
        return clinic

    after.__doc__ = live.__doc__
    return after


@made_once
def staffed(clinic):
    """Two participants are due on Monday, and one has a result."""
    clinic.add("A17", "B04")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Path:
    """A mail server's certificate and the authority that it is from."""
    import post_office

    return post_office.make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def own_server(certificates, tmp_path_factory):
    """A server of its own for what the shared one cannot be; see `servers`."""
    import post_office
    import servers

    people = post_office.make_certificates(tmp_path_factory.mktemp("people"), name="cert-nurse")
    with servers.server(certificates, people) as server:
        server.certificates = people
        yield server


@pytest.fixture(params=["starttls"] if databases.SERVER else ["tls", "starttls"])
def office(request, certificates):
    """A mail server that is open, in both ways of TLS."""
    from post_office import PostOffice

    office = PostOffice(certificates, starttls=request.param == "starttls")
    office.open()
    yield office
    office.close()


@pytest.fixture
def kept_events():
    """What is told by `serve`'s parts that a test runs by itself."""
    import logging

    from testing_tracker.serving.events import LOGGER

    class Kept(logging.Handler):
        def __init__(self) -> None:
            super().__init__()
            self.told: list[str] = []
            self.complaints: list[str] = []

        def emit(self, record: logging.LogRecord) -> None:
            (self.complaints if record.levelno >= logging.WARNING else self.told).append(record.getMessage())

    kept = Kept()
    LOGGER.addHandler(kept)
    LOGGER.setLevel(logging.INFO)
    yield kept
    LOGGER.removeHandler(kept)


@pytest.fixture
def one_office(certificates):
    """A mail server that is open, with STARTTLS: for what does not depend on the way."""
    from post_office import PostOffice

    office = PostOffice(certificates, starttls=True)
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


@pytest.fixture
def network(clinic, monkeypatch) -> Clinic:
    """A clinic on the west coast whose database a second one, in Berlin, shares."""
    with monkeypatch.context() as patch:
        patch.setattr(chance, "new_seed", lambda: bytes(range(32, 64)))
        clinic("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
    return clinic


def at_facility(network: Clinic, facility: str, *arguments: str) -> str:
    """Type a command for one of a network's facilities."""
    return network("--facility", facility, *arguments)


@pytest.fixture(scope="session")
def forks(tmp_path_factory):
    """Runs the program in processes of their own that need not load it first."""
    from faults.forks import Forks

    with Forks(tmp_path_factory.mktemp("forks")) as forks:
        yield forks


@pytest.fixture(scope="session", autouse=True)
def _signals_as_at_a_terminal():
    """A shell has whatever it runs in the background ignore these two, and what the tests start would as well."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _the_program_compiled_once(tmp_path_factory):
    """Processes that tests start compile the program once, where the tester's Python may not keep it compiled."""
    with pytest.MonkeyPatch.context() as patch:
        if sys.dont_write_bytecode:
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
            patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("compiled")))
        yield


@pytest.fixture(autouse=True)
def _databases_of_a_test_are_dropped_after_it():
    with databases.dropped_afterwards():
        yield


def pytest_configure(config):
    config.addinivalue_line("markers", "sqlite_only(reason): about the SQLite file itself; not for a server")
    config.addinivalue_line("markers", "one_database(reason): asks no database for what other tests do not ask it for")
    config.addinivalue_line("markers", "postgresql_only: about a database on a server")


def pytest_collection_finish(session):
    """Leave out of every later search for garbage what is there until the end: modules and collected tests."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: not is_of(item, LONG))
    if not databases.SERVER:
        # Not left out for good: the second run of `.ci/run` has a server, and there nothing of this is skipped.
        no_server = pytest.mark.skip(reason="needs a server: `.ci/postgresql` starts one of the package postgresql")
        for item in items:
            if item.get_closest_marker("postgresql_only"):
                item.add_marker(no_server)
        return
    left_out = [item for item in items if not may_differ_on_a_server(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if may_differ_on_a_server(item)]


# Every statement that these have a database run is run on a server by some other test too; they were found by listening
# to one whole run. Where a query is added that only one of them runs, it goes from here.
SAID_ON_A_SERVER_BY_OTHERS = [
    "cli/test_database.py",
    "deciding/test_recommendation.py",
    "drawing/test_draw.py",
    "drawing/test_key.py",
    "drawing/test_missed_rules.py",
    "drawing/test_questions_in_sight.py",
    "drawing/test_training_days.py",
    "drawing/test_two_draws.py",
    "exchange/test_imports.py",
    "exchange/test_result_rows.py",
    "keeping/test_doctor.py",
    "keeping/test_rewriting.py",
    "keeping/test_status.py",
    "people/test_before_the_first_day.py",
    "people/test_cancelling.py",
    "people/test_discharge_from_a_past_day.py",
    "people/test_look_alikes.py",
    "people/test_new_codes.py",
    "people/test_participant.py",
    "people/test_random_corrections.py",
    "reporting/test_report_participant.py",
    "reporting/test_talk.py",
    "reporting/test_weekly_screen.py",
    "schedules/test_calendar_life.py",
    "schedules/test_closed_by_the_facility.py",
    "schedules/test_facility_corrected.py",
    "schedules/test_library_versions.py",
    "serving/test_network_unattended.py",
    "serving/test_serve_delivery.py",
    "serving/test_serve_events.py",
    "testing/test_analyte.py",
    "testing/test_analyte_by_analyte.py",
    "testing/test_beside_a_definitive.py",
    "testing/test_cold_cups.py",
    "testing/test_collected.py",
    "testing/test_definitive.py",
    "testing/test_happened.py",
    "testing/test_judged_by.py",
    "testing/test_log.py",
    "testing/test_prescription.py",
    "testing/test_result.py",
    "testing/test_second_cup.py",
    "testing/test_swapping.py",
    "testing/test_taking_back.py",
    "testing/test_what_was_said_of_a_collection.py",
]
# What takes longest begins first, so that no core waits for it at the end.
LONG = ("keeping/test_verify.py", "faults/", "journeys/test_ctn0094.py", "keeping/test_random_walk.py", "browser/")


def is_of(item, files) -> bool:
    """Whether a test is of one of these files or folders of tests/."""
    return item.nodeid.removeprefix("tests/").startswith(tuple(files))


def may_differ_on_a_server(item) -> bool:
    """Whether a test is run on a server too: it has a database, and is not marked as saying nothing new there.

    Every database of another test is in its folder, or is a copy of the clinic's that was made once. `one_database`
    stands where a file takes long and every statement that it has the database run is run by some other test on a
    server too.
    """
    if item.get_closest_marker("postgresql_only"):
        return True
    if item.get_closest_marker("sqlite_only") or item.get_closest_marker("one_database"):
        return False
    if is_of(item, SAID_ON_A_SERVER_BY_OTHERS):
        return False
    return not {"made_clinic", "tmp_path"}.isdisjoint(item.fixturenames)


@pytest.fixture
def door(tmp_path):
    """The check-in page of a facility on a Monday at 5:12, when it is open and answers are known."""
    from web.front_door import FrontDoor

    made = FrontDoor(tmp_path / "clinic.db.web")
    made.fill()
    yield made
    made.close()
