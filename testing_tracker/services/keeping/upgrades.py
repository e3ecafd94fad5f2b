"""Brings a database that an earlier version of the program made up to date, after making a copy of it."""

from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from itertools import count, zip_longest
from pathlib import Path

from sqlmodel import Session, select

from testing_tracker import chance
from testing_tracker.clock import ClockOf
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.day_secrets import chain_of
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.services.drawing import keys
from testing_tracker.services.keeping.facilities import grant_to_staff, refuse_unless_owner
from testing_tracker.services.people import staff
from testing_tracker.store import copies, facilities, integrity, migrations, sqlite_file
from testing_tracker.store.engine import SCHEMA_VERSION, make_engine, schema_of, writing_all
from testing_tracker.store.location import AnyLocation, Location
from testing_tracker.store.tables import KeyChain
from testing_tracker.store.whole_files import whole_file
from testing_tracker.store.work import Work, work_in


def bring_up_to_date(location: AnyLocation, clock_of: ClockOf, tell: Callable[[str], None]) -> None:
    """Bring a database of an earlier schema to this program's; `tell` takes a line about what was done.

    Of a SQLite database a copy is made before. Raises TestingTrackerError when it cannot be done; then the database is
    as it was.
    """
    engine = make_engine(location)
    try:
        with writing_all(engine, has_tables=False) as session:
            refuse_unless_owner(session, "migrate")
            found = schema_of(location)
            if found >= SCHEMA_VERSION:
                return  # another process was first
            copy = f"; a copy from before is {_copy(location, found)}" if isinstance(location, Location) else ""
            migrations.upgrade(session.connection())
            tell(f"the database was brought from schema {found} to {SCHEMA_VERSION}{copy}.")
            for facility in facilities.every(session):
                work = work_in(session, facility, clock_of, SHIPPED)
                if work.is_pretended and not facility.training:
                    raise TestingTrackerError(
                        "A live database is brought up to date on the real day. Leave --today out."
                    )
                work.on_record(Act.SCHEMA_UPGRADE, earlier=found, now=SCHEMA_VERSION)
                _begin_first_chain(work, location, tell)
                _give_roles(work, tell)
            _grant(session, tell)
        location.key.finish()
    finally:
        engine.dispose()


def grant_anew(location: AnyLocation, tell: Callable[[str], None]) -> None:
    """Grant the staff anew what their roles are for, as after a copy was brought into another database of a server.

    What says there whose rows they are is made anew too.
    """
    from testing_tracker.store.server import row_security

    engine = make_engine(location)
    try:
        with writing_all(engine) as session:
            refuse_unless_owner(session, "migrate")
            row_security.make_functions(session.connection())
            _grant(session, tell)
    finally:
        engine.dispose()


def _grant(session: Session, tell: Callable[[str], None]) -> None:
    left = grant_to_staff(session)
    if left:
        tell(left_to_grant(left))


def left_to_grant(statements: Sequence[str]) -> str:
    """What an administrator of the server has to do, so that the staff may work."""
    return (
        f"the server's administrator has to run, so that everybody may do what the staff's list says: "
        f"{'; '.join(statements)};{_THEN if any(one.startswith('CREATE') for one in statements) else ''}"
    )


_THEN = " and after that the database's owner `testing-tracker migrate`, which grants the rest"


def _copy(location: Location, found: str) -> Path:
    """A copy of the database as it is, readable by its owner alone; an earlier one is kept, and none made twice."""
    copy = location.beside(f".schema-{found}")
    try:
        for number in count(2):
            with suppress(FileExistsError), whole_file(copy) as made:
                copies.copy_database(location.path, made.path, lambda _: None)
                return copy
            if _is_copy_of(location, copy):
                return copy  # of an attempt that came no further
            copy = location.beside(f".schema-{found}.{number}")
    except OSError as error:
        raise TestingTrackerError(
            f"The database has to be brought up to date, and no copy of it can be made at {copy}: {error.strerror}. "
            "Nothing was changed."
        ) from None
    raise AssertionError("there is always one more number")


def _is_copy_of(location: Location, copy: Path) -> bool:
    """Whether a regular file holds just what is in the database."""
    if copy.is_symlink() or not copy.is_file():
        return False
    try:
        with closing(sqlite_file.connect(location.path)) as source, integrity.opened(copy) as target:
            return all(one == other for one, other in zip_longest(integrity.rows(source), integrity.rows(target)))
    except sqlite_file.complaints():
        return False


def _give_roles(work: Work, tell: Callable[[str], None]) -> None:
    """Let those go on who did something at a facility with a list of its staff, which binds all of them from now on."""
    given = staff.carry_over(work)
    if given:
        said = "; ".join(f"{account} {' and '.join(roles)}" for account, roles in given.items())
        tell(
            f"the list of the staff of {work.facility.name} says from now on who may do what; roles were given by what "
            f"accounts did until now: {said}. `testing-tracker staff list` shows them."
        )


def _begin_first_chain(work: Work, location: AnyLocation, tell: Callable[[str], None]) -> None:
    """The key of a database whose draws had none."""
    if work.session.exec(select(KeyChain)).first() is not None:
        return
    seed = chance.new_seed()
    location.key.begin(chain_of(seed, work.today).anchor, seed)
    row = keys.start_chain(work, work.today, seed, "the first key, when draws became checkable")
    tell(
        f"from now on draws come from the key {location.key.path}; keep it secret, and keep a copy in another safe "
        f"place. Anchor, to check the draws against: {row.anchor}, from {row.first_day} on"
    )
