"""Examines a database, file or on a server: is it sound, complete, closed to others, and as it was recorded?"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from testing_tracker.clock import ClockOf
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.services.drawing import keys
from testing_tracker.services.keeping.checking.before_passing_on import is_about_shape
from testing_tracker.services.keeping.checking.checks import verify
from testing_tracker.services.keeping.checking.recent import verify_recent
from testing_tracker.services.keeping.checking.replay import Verification
from testing_tracker.store import facilities, integrity, sqlite_file
from testing_tracker.store.encryption import key_place
from testing_tracker.store.engine import SCHEMA_VERSION, complaints_explained, make_engine, reading_all
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.location import AnyLocation, Location, ServerLocation
from testing_tracker.store.queries import id_of
from testing_tracker.store.server import postgresql, row_security, server_integrity, standing_grants, way
from testing_tracker.store.work import Work, work_in


class Soundness(StrEnum):
    """What an examination found. `unchecked`: it could not be told, because of something else that is wrong."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"
    UNCHECKED = "unchecked"


@dataclass(frozen=True)
class Examined:
    """One thing that was examined."""

    what: str
    state: Soundness
    detail: str


@dataclass
class Examination:
    """All that was examined. `damaged`: the file itself is not what the program wrote, so its counts mean nothing."""

    lines: list[Examined] = field(default_factory=list)
    damaged: bool = False
    training: bool = False

    @property
    def wrong(self) -> list[Examined]:
        return [line for line in self.lines if line.state is Soundness.WRONG]

    def add(self, what: str, told: list[str], fine: str) -> bool:
        """Add a line about what was told to be wrong, or that all is fine; whether it is."""
        more = f" ({len(told) - 1} more)" if len(told) > 1 else ""
        self.lines.append(
            Examined(what, Soundness.WRONG if told else Soundness.OK, f"{told[0]}{more}" if told else fine)
        )
        return not told


def examine(location: Location, clock_of: ClockOf, vocabulary: Vocabulary, *, recent: bool = False) -> Examination:
    """Examine the database, and change nothing; it is not brought up to date for that. `recent`: of the records only
    what is new.

    Raises TestingTrackerError when there is no file to examine, or it cannot be opened.
    """
    found = Examination()
    revision = _examine_file(location.path, found)
    found.lines.append(_permissions("permissions of the database", location.path))
    about_encryption = len(found.lines)
    if revision == SCHEMA_VERSION:
        examine_records(location, clock_of, vocabulary, found, if_damaged="the file is damaged", recent=recent)
    found.lines.insert(about_encryption, _encryption(location.path, is_training=found.training))
    return found


def _examine_file(path: Path, found: Examination) -> str | None:
    """The file itself; returns its schema's number where it has one."""
    if not path.is_file():
        raise TestingTrackerError(f"There is no database at {path}.")
    if not os.access(path, os.R_OK):
        raise TestingTrackerError(f"{path} cannot be read. Check its permissions.")
    with complaints_explained(), integrity.opened(path) as connection:
        found.damaged = not found.add("pages", integrity.damage(connection), "every page and index holds")
        if found.damaged:
            return None
        found.damaged = not found.add("references", integrity.broken_references(connection), "every row's are there")
        revision = integrity.revision_of(connection)
        found.lines.append(schema_line(revision))
        if revision is not None and revision <= SCHEMA_VERSION:
            told = integrity.differences(connection, revision)
            found.add("tables and triggers", told, "as the program made them")
    return revision


def schema_line(revision: str | None, brought_by: str = "the next command brings it") -> Examined:
    """About the schema's number, None where there is none; `brought_by` says what brings an earlier one up to date."""
    if revision is None:
        return Examined("schema", Soundness.WRONG, "this is not a database of testing-tracker")
    if revision > SCHEMA_VERSION:
        return Examined(
            "schema", Soundness.WRONG, f"{revision} is of a newer version of testing-tracker; update the program"
        )
    if revision < SCHEMA_VERSION:
        return Examined("schema", Soundness.NOTE, f"{revision}; {brought_by} to {SCHEMA_VERSION}")
    return Examined("schema", Soundness.OK, revision)


def _permissions(what: str, path: Path) -> Examined:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        return Examined(what, Soundness.WRONG, f"open to others (mode {mode:o}); close it with `chmod 600 {path}`")
    return Examined(what, Soundness.OK, "for its owner alone")


def _encryption(path: Path, *, is_training: bool) -> Examined:
    what = "encryption"
    if sqlite_file.is_plain_against_word(path):
        state = Soundness.NOTE if is_training else Soundness.WRONG
        return Examined(what, state, f"none, and {key_place.VARIABLE} says where a key is: it may be another file")
    if not sqlite_file.is_encrypted(path):
        return Examined(what, Soundness.OK, "none: whoever has the file can read it")
    place = key_place.usual_place()
    if place is not None and place.is_on_disk_of(path):
        return Examined(what, Soundness.NOTE, f"its key {place} is on the same disk: who takes that has both")
    return Examined(what, Soundness.OK, f"with the key {place}")


def examine_records(
    location: AnyLocation,
    clock_of: ClockOf,
    vocabulary: Vocabulary,
    found: Examination,
    *,
    if_damaged: str,
    recent: bool = False,
) -> None:
    """The key, the ledger and the draws, of a database that is sound; of another one only that it is not."""
    if found.damaged:
        found.lines.append(Examined("records", Soundness.UNCHECKED, if_damaged))
        return
    engine = make_engine(location)
    try:
        with reading_all(engine) as session:
            every = facilities.every(session)
            for facility in every:
                found.training = facility.training
                work = work_in(session, facility, clock_of, vocabulary)
                of = f" of {facility.name}" if len(every) > 1 else ""
                problem = keys.problem_with(session, work.facility_id, location.key, work.today)
                fine = "in its place, and the one that today's draws come from"
                found.add(f"key{of}", [problem] if problem else [], fine)
                found.lines.extend(_records(work, location, of, recent=recent))
    except TestingTrackerError as error:
        found.damaged = True
        found.add("records", [str(error)], "")
    except Exception as error:  # whatever a garbled row makes the program stumble over
        found.damaged = True
        found.add("records", [f"something on record cannot be read ({type(error).__name__})"], "")
    finally:
        engine.dispose()


def _records(work: Work, location: AnyLocation, of: str, *, recent: bool) -> Iterator[Examined]:
    result = verify_recent(work, location.key) if recent else verify(work, location.key)
    yield _held_against(result, f"records{of}", recent=recent)
    if result.notes:
        more = f" ({len(result.notes) - 1} more; `testing-tracker verify` names them)" if result.notes[1:] else ""
        yield Examined(f"notes{of}", Soundness.NOTE, f"{result.notes[0]}{more}")


def _held_against(result: Verification, what: str, *, recent: bool) -> Examined:
    found = [problem for problem in result.problems if not is_about_shape(problem.what)]
    problems = [problem for problem in found if not problem.lacks_key]
    if problems:
        more = f" ({len(problems) - 1} more; `testing-tracker verify` names them)" if problems[1:] else ""
        return Examined(what, Soundness.WRONG, f"{problems[0]}{more}")
    if found:
        return Examined(what, Soundness.UNCHECKED, "cannot be compared with the draws without the key")
    hold = f"{result.days} days, {result.decisions} decisions, {result.drawn} draws"
    return Examined(what, Soundness.OK, f"{'what is new holds' if recent else 'all hold'}: {hold}")


def is_damaged(location: Location) -> bool:
    """Whether the file is damaged, or its records are not those that were written: why a command may have failed."""
    try:
        found = Examination()
        revision = _examine_file(location.path, found)
        if found.wrong or revision != SCHEMA_VERSION:
            return bool(found.wrong)
        engine = make_engine(location)
        try:
            with reading_all(engine) as session:
                return any(ledger.first_broken_page(session, id_of(one)) for one in facilities.every(session))
        finally:
            engine.dispose()
    except Exception:
        return True  # it is asked only after something has failed, and now this has failed too


def examine_server(
    location: ServerLocation, clock_of: ClockOf, vocabulary: Vocabulary, *, recent: bool = False
) -> Examination:
    """Examine the database, and change nothing; as `examine` does.

    Raises TestingTrackerError when it cannot be reached.
    """
    found = Examination()
    engine = make_engine(location)
    try:
        with complaints_explained(), engine.connect() as connection:
            revision = _examine_database(connection, found)
            open_way, trusts = way.open_to_others(connection), way.trusts_whoever_answers(connection)
    finally:
        engine.dispose()
    if revision == SCHEMA_VERSION:
        examine_records(location, clock_of, vocabulary, found, if_damaged="the database is damaged", recent=recent)
    found.lines.insert(1, _connection(open_way, trusts=trusts, is_training=found.training))
    return found


def _connection(open_way: str | None, *, trusts: bool, is_training: bool) -> Examined:
    """The way to the server: names and results go over it."""
    what = "connection"
    if open_way is not None:
        state = Soundness.NOTE if is_training else Soundness.WRONG
        return Examined(what, state, f"{open_way}: whoever is between can read and change it; {way.REMEDY}")
    if trusts:
        detail = "encrypted, and nothing says that it is the right server: end the URL with `?sslmode=verify-full`"
        return Examined(what, Soundness.NOTE, detail)
    return Examined(what, Soundness.OK, "nobody between can read it")


def _examine_database(connection: Connection, found: Examination) -> str | None:
    """The database itself; returns its schema's number where it has one."""
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    found.lines.append(_server(connection))
    revision = postgresql.schema_in(connection)
    found.lines.append(schema_line(revision, "`testing-tracker migrate` brings it"))
    if revision != SCHEMA_VERSION:
        return revision
    row_security.refuse_who_sees_nothing(connection)
    told = server_integrity.damage(connection)
    if told is None:
        detail = "not examined: there is no extension amcheck in this database that this user may use"
        found.lines.append(Examined("pages", Soundness.NOTE, detail))
    else:
        found.damaged = not found.add("pages", told, "every index holds")
    whole = found.add("references", server_integrity.broken_references(connection), "every row's are there")
    found.damaged = found.damaged or not whole
    found.add("tables and triggers", server_integrity.differences(connection), "as the program made them")
    _examine_grants(connection, found)
    return revision


def _examine_grants(connection: Connection, found: Examination) -> None:
    """Whether the server lets each do what the list of the staff says; what somebody may have meant so is a note."""
    granted = standing_grants.differences(connection)
    if not granted.wrong and granted.besides:
        found.lines.append(Examined("grants", Soundness.NOTE, "; ".join(granted.besides)))
        return
    remedy = "; the owner brings them in line by `testing-tracker migrate`, and takes what is by hand by REVOKE"
    more = f" ({len(granted.wrong) - 1} more)" if len(granted.wrong) > 1 else ""
    told = [f"{granted.wrong[0]}{more}{remedy}"] if granted.wrong else []
    found.add("grants", told, "each may do what the list of the staff says")


def _server(connection: Connection) -> Examined:
    version = str(connection.exec_driver_sql("SHOW server_version").scalar())
    major = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    if major < server_integrity.EARLIEST_SERVER:
        return Examined(
            "server", Soundness.WRONG, f"PostgreSQL {version}; needed is {server_integrity.EARLIEST_SERVER} or later"
        )
    return Examined("server", Soundness.OK, f"PostgreSQL {version}")
