"""Backups: a copy of the database's file or its key in another place, and bringing such a copy back.

Those of a database on a server are made in `server_backups`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from testing_tracker.clock import ClockOf
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Timezones
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.watched import Advance
from testing_tracker.services.drawing import keys, known_to_key
from testing_tracker.store import copies, facilities, integrity, own_files, sqlite_file
from testing_tracker.store.copies import check_nothing_beside, copy_database
from testing_tracker.store.encryption import key_place
from testing_tracker.store.engine import (
    SCHEMA_VERSION,
    begun_encrypted,
    complaints_explained,
    make_engine,
    reading_all,
    schema_of,
    writing_all,
)
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.location import AnyLocation, Location
from testing_tracker.store.own_files import Output
from testing_tracker.store.places import PlaceForFile, look
from testing_tracker.store.queries import id_of
from testing_tracker.store.server.dumps import BEGINNING
from testing_tracker.store.tables import AuditEntry, Facility, LedgerPage
from testing_tracker.store.whole_files import whole_file
from testing_tracker.store.work import Work, work_in

if TYPE_CHECKING:
    from testing_tracker.store.encryption.key_place import KeyPlace

_FIRST_WITH_A_KEY = "0002"


@dataclass(frozen=True)
class Copy:
    """What is in a copy: whose it is, the newest page of its ledger, its schema, and when its newest entry was made.

    `facility` and its timezones are those of the first one, beside which there are so many `others`. `page` is 0 where
    the ledger had not begun; an old schema's is not looked into, and is None.
    """

    facility: str
    others: int
    timezones: Timezones
    training: bool
    schema: str
    page: int | None
    newest_entry: datetime | None


@dataclass(frozen=True)
class Restored:
    """A copy that was brought back, and what is still wrong with its key: nothing when that is in its place.

    `behind` says what the key sealed and the copy has not, which is to be acknowledged.
    """

    copy: Copy
    key_problem: str | None
    behind: str | None = None


def make(
    location: Location, file: Path, progress: Advance, *, overwrite: bool, encrypted_by: "KeyPlace | None" = None
) -> Copy:
    """Copy the database, while it is in use, into a file that only its owner may read; checked before it counts.

    The copy of an encrypted one has its key, unless a place is given for another, and none lies in a copy's folder.
    Nobody has a plain one open in this process when its copy is to be encrypted: two libraries read it.
    Raises TestingTrackerError where something stands there, unless it is to be overwritten, and where the database is
    damaged: then no file is made, and an earlier one stays.
    """
    check_place(location, look(file), Output.COPY, overwrite=overwrite)
    try:
        with whole_file(file, overwrite=overwrite) as made, ExitStack() as kept:
            if encrypted_by is not None:
                encrypted_by.refuse_beside(location.path)
                kept.enter_context(begun_encrypted(made.path, encrypted_by, file))
            elif sqlite_file.is_encrypted(location.path):
                kept.enter_context(key_place.taken_from(None, file))
            copy_database(location.path, made.path, progress)
            copy = _look_into(made.path, f"The database {location.path} is damaged, so no copy of it was made")
            copies.seal(made.path)
            return copy
    except OSError as error:
        raise cannot_write(file, error) from None


def record_made(work: Work, copy: Copy) -> None:
    """Put on a facility's record that a backup was made; where it is, is nobody's business."""
    work.on_record(Act.BACKUP_MAKE, page=copy.page, schema=copy.schema)


def _work_in_each(session: Session, clock_of: ClockOf) -> Iterator[Work]:
    for facility in facilities.every(session):
        yield work_in(session, facility, clock_of, SHIPPED)


def record_key_copy(work: Work) -> None:
    """Put on a facility's record that its key was copied."""
    work.on_record(Act.KEY_COPY)


def copy_key(location: AnyLocation, file: Path, *, overwrite: bool) -> None:
    """Copy the key file, for its owner alone. Raises TestingTrackerError where something stands there."""
    check_place(location, look(file), Output.KEY_COPY, overwrite=overwrite)
    try:
        with whole_file(file, overwrite=overwrite) as made:
            made.path.write_bytes(location.key.path.read_bytes())
    except OSError as error:
        raise cannot_write(file, error) from None


def check_place(location: AnyLocation, place: PlaceForFile, output: Output, *, overwrite: bool) -> None:
    """Raise TestingTrackerError for a place that no copy may be written to."""
    own_files.check_place(place, location, output, overwrite=overwrite)
    check_nothing_beside(place)


def cannot_write(file: Path, error: OSError) -> TestingTrackerError:
    """The refusal of a copy that could not be written, with its remedy."""
    if isinstance(error, FileExistsError):
        return TestingTrackerError(
            f"There is something at {file} already. Nothing was changed; give another place, or --overwrite."
        )
    return TestingTrackerError(f"Cannot write {file}: {error.strerror}. Nothing was changed.")


def restore(
    location: Location, file: Path, clock_of: ClockOf, progress: Advance, *, accept_changed: bool = False
) -> Restored:
    """Bring a copy back to where there is no database; it is checked first, and there whole or not at all.

    A copy of an earlier schema is brought up to date when it is first opened. Raises TestingTrackerError where there
    is something already, and for a copy that is damaged, not this program's, of a newer program, or whose records
    were changed behind the program's back (unless that is accepted).
    """
    if not file.is_file():
        raise TestingTrackerError(f"There is no file {file} to bring back.")
    _refuse_dump(file)
    is_encrypted = sqlite_file.is_encrypted(file)
    if sqlite_file.is_plain(file) and key_place.usual_place() is not None:
        raise TestingTrackerError(
            f"{file} is not encrypted, and {key_place.VARIABLE} says that the database is to be. Nothing was changed. "
            "To encrypt what is in it: bring it back with that variable left out, copy what is then there by `backup "
            "--encrypt`, and bring that copy back."
        )
    check_nothing_beside(look(file))
    there = look(location.path)
    check_nothing_beside(there)
    own_files.refuse_beside(there)
    try:
        location.path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as kept, whole_file(location.path) as made:
            if is_encrypted:
                kept.enter_context(key_place.taken_from(None, location.path))
            copy = _look_into(file, f"{file} is damaged, and was not brought back; take an earlier backup")
            if not accept_changed:
                _check_to_the_letter(file, copy.schema)
            copy_database(file, made.path, progress)
            if copy.schema == SCHEMA_VERSION:
                problem, behind = _finish(made.path, location, clock_of, accept_changed=accept_changed)
            else:
                is_there = location.key.path.exists() or copy.schema < _FIRST_WITH_A_KEY
                problem, behind = None if is_there else f"The key file {location.key.path} is missing.", None
    except FileExistsError:
        raise TestingTrackerError(
            f"There is something at {location.path} already. Nothing was changed; a backup is brought back to a new "
            "place only. Give one with --database, or move what is there away."
        ) from None
    except OSError as error:
        raise TestingTrackerError(f"Cannot write {location.path}: {error.strerror}. Nothing was changed.") from None
    return Restored(copy, problem, behind)


def _refuse_dump(file: Path) -> None:
    try:
        with open(file, "rb") as opened:
            is_dump = opened.read(len(BEGINNING)) == BEGINNING
    except OSError as error:
        raise TestingTrackerError(f"{file} cannot be read: {error.strerror}.") from None
    if is_dump:
        raise TestingTrackerError(
            f"{file} is a backup of a database on a server. Bring it back into an empty database there: give "
            "--database its postgresql:// URL."
        )


def _finish(
    made: Path, location: Location, clock_of: ClockOf, *, accept_changed: bool
) -> tuple[str | None, str | None]:
    """Check the ledger of a copy, and put on record that it was brought back, as `record_restored` does."""
    engine = make_engine(Location(made))
    try:
        if not accept_changed:
            with reading_all(engine) as session:
                check_ledgers(session)
        with writing_all(engine) as session:
            return record_restored(session, location, clock_of)
    finally:
        engine.dispose()


def record_restored(session: Session, location: AnyLocation, clock_of: ClockOf) -> tuple[str | None, str | None]:
    """Put on each facility's record that a copy was brought back.

    Returns what is wrong with the key of any, and what the key of any has sealed that is not in the copy.
    """
    problems, behind = [], []
    for work in _work_in_each(session, clock_of):
        page, _ = ledger.last_page(session, work.facility_id)
        work.on_record(Act.BACKUP_RESTORE, page=page)
        problems.append(keys.problem_with(session, work.facility_id, location.key, work.today))
        behind.append(known_to_key.what_is_gone(work, location.key, page))
    return _first(problems), _first(behind)


def _first(said: Iterable[str | None]) -> str | None:
    return next((one for one in said if one is not None), None)


def check_ledgers(session: Session) -> None:
    """Raise TestingTrackerError where the records in a copy are not those that the ledgers in it know."""
    for one in facilities.every(session):
        broken = ledger.first_broken_page(session, id_of(one))
        if broken is None:
            continue
        where = f"page {broken.page_id} of its ledger does not hold" if broken.page_id else "rows are not in its ledger"
        raise TestingTrackerError(
            f"Records in this backup were changed behind the program's back ({where}), so it was not brought back. "
            "Take an earlier one; if there is no better one, add --accept-changed, and `testing-tracker verify` names "
            "what was changed."
        )


def _look_into(file: Path, if_damaged: str) -> Copy:
    """What is in a copy. Raises TestingTrackerError when it is damaged, or not one of ours."""
    schema = None
    with complaints_explained(), integrity.opened(file) as connection:
        told = integrity.damage(connection) or integrity.broken_references(connection)
    if not told:
        schema = _schema_of_copy(file)
    if schema is None:
        more = f" ({len(told) - 1} more)" if len(told) > 1 else ""
        raise TestingTrackerError(f"{if_damaged}: {told[0]}{more}.")
    engine = make_engine(Location(file))
    try:
        with reading_all(engine) as session:
            return content(session, schema)
    finally:
        engine.dispose()


def _check_to_the_letter(file: Path, schema: str) -> None:
    """Raise TestingTrackerError where a byte of a copy changed, or its tables and triggers are not the program's.

    What they no longer refuse would be found when it is too late.
    """
    if copies.is_broken(file):
        raise TestingTrackerError(
            f"{file} is damaged, and was not brought back; take an earlier backup: it is not to the byte what was "
            "written. If there is no better one, add --accept-changed, and look at what `testing-tracker verify` says."
        )
    with complaints_explained(), integrity.opened(file) as connection:
        refuse_other_shape(integrity.differences(connection, schema, to_the_letter=True))


def refuse_other_shape(told: Sequence[str]) -> None:
    """Raise TestingTrackerError where something was told of a copy that the program did not make so."""
    if told:
        more = f" ({len(told) - 1} more)" if len(told) > 1 else ""
        raise TestingTrackerError(
            f"Tables in this backup were changed behind the program's back ({told[0]}{more}), so it was not brought "
            "back. Take an earlier one; if there is no better one, add --accept-changed, and `testing-tracker check` "
            "says more."
        )


def _schema_of_copy(file: Path) -> str:
    try:
        schema = schema_of(Location(file))
    except TestingTrackerError:
        raise TestingTrackerError(f"{file} is not a backup of testing-tracker's database.") from None
    refuse_newer(schema)
    return schema


def refuse_newer(schema: str) -> None:
    """Raise TestingTrackerError for a copy that a newer program made."""
    if schema > SCHEMA_VERSION:
        raise TestingTrackerError(
            f"The backup was made by a newer version of testing-tracker (its schema is {schema}, this program knows "
            f"{SCHEMA_VERSION}). Update the program first; nothing was changed."
        )


def content(session: Session, schema: str) -> Copy:
    """What is in a database. Asks for single columns, because an earlier schema may not have the others."""
    about = session.exec(select(Facility.name, Facility.timezone, Facility.training).order_by(col(Facility.id))).all()
    if not about:
        raise TestingTrackerError("The file has no facility that can be read: it is damaged.")
    name, first_timezone, training = about[0]
    timezones = Timezones(first_timezone)
    page = None
    if schema == SCHEMA_VERSION:
        page = session.exec(select(LedgerPage.id).order_by(col(LedgerPage.id).desc()).limit(1)).first() or 0
        timezones = facilities.timezones_of(session, facilities.every(session)[0])
    newest = session.exec(select(AuditEntry.at).order_by(col(AuditEntry.id).desc()).limit(1)).first()
    return Copy(name, len(about) - 1, timezones, training, schema=schema, page=page, newest_entry=newest)
